"""From records and predictions to what other programs read."""
