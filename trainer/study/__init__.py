"""Comparisons of systems over folds, sample sizes and seeds, and the report on them."""
