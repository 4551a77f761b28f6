"""Training runs: a folder each, what was asked, and what came of it."""
