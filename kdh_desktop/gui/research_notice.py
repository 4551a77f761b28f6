"""Shown once, at the first start: what the program is not for."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from kdh_desktop.gui.about_dialog import research_use_sentence
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID


class ResearchNotice(QDialog):
    """Accepted when read; closed in another way, it comes back at the next start."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Before you start"))
        buttons = QDialogButtonBox()
        accept = buttons.addButton(self.tr("I understand"), QDialogButtonBox.ButtonRole.AcceptRole)
        accept.setProperty("kind", "main")
        accept.setAccessibleName(self.tr("I understand"))
        accept.setDefault(True)
        buttons.accepted.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(plain_label(self.tr("Research use, not for diagnosis"), kind="heading"))
        layout.addWidget(plain_label(research_use_sentence()))
        layout.addWidget(
            plain_label(self.tr("Nothing that you paste leaves this computer."), kind="muted")
        )
        layout.addWidget(buttons)
        self.setMinimumWidth(52 * GRID)
        accept.setFocus()
