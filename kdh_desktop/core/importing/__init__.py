"""From pasted or imported material to records."""
