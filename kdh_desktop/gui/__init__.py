"""The window: PySide6 widgets, one folder per page."""
