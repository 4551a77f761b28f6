"""Further pretraining of a base encoder on unlabelled texts."""
