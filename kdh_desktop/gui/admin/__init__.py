"""The administrator's door: its dialogs, its menu, and what locks it by itself."""
