"""How good decisions, probabilities and evidence are, and how sure that is."""
