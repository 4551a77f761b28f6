"""Classifying many records in the background: started, seen, paused, stopped, told when done."""
