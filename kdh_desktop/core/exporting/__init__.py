"""From predictions to what other programs read."""
