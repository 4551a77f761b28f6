"""`kdh records`: what the window does with stored records, without a window."""
