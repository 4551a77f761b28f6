"""The steps of one run, and what they share."""
