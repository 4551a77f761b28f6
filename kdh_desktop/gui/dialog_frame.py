"""The frame of dialogs that only show something: their content, and a button that closes them."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QVBoxLayout, QWidget

from kdh_desktop.gui.theme import GRID


def frame_dialog(dialog: QDialog, content: QWidget, *, close: str) -> QPushButton:
    """Lay out `dialog` with `content` above a default button named `close`; the button comes back.

    Escape and the button both close the dialog.
    """
    buttons = QDialogButtonBox()
    button = buttons.addButton(close, QDialogButtonBox.ButtonRole.RejectRole)
    button.setAccessibleName(close)
    button.setDefault(True)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
    layout.addWidget(content, 1)
    layout.addWidget(buttons)
    return button
