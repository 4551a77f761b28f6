"""From the window to files that other people read."""
