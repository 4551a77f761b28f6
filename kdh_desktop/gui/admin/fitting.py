"""Dialogs that grow when they have more to say."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog


def grow_to_fit(dialog: QDialog, *, least_width: int) -> None:
    """Make a dialog as large as its words need at least; it never becomes smaller.

    A window is not laid out anew by itself when words in it wrap into more lines, and one that
    was given a least width by hand may be narrower than its buttons.
    """
    layout = dialog.layout()
    if layout is None:
        return
    layout.activate()
    width = max(dialog.width(), least_width, layout.minimumSize().width())
    needed = layout.minimumSize().height()
    if layout.hasHeightForWidth():
        needed = max(needed, layout.totalMinimumHeightForWidth(width))
    dialog.setMinimumWidth(max(least_width, layout.minimumSize().width()))
    if dialog.width() < width or dialog.height() < needed:
        dialog.resize(width, max(dialog.height(), needed))
