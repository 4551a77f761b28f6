"""Asks in writing why a model shall be used that no gate let pass."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.classification.gate import MAX_REASON, checked_reason
from kdh_desktop.core.errors import InputError
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.plain_text import field_label, plain_label
from kdh_desktop.gui.theme import GRID, Theme

_WIDTH = 78 * GRID
_MOST_REASONS = 6
"""The comparison behind the dialog shows all of them."""


class ReasonDialog(QDialog):
    """A sentence at least; it goes into the history of the models and into the audit log."""

    given = Signal(str)
    """The reason; the dialog has closed."""

    def __init__(
        self,
        *,
        question: str,
        reasons: Sequence[str],
        theme: Theme,
        icons: Icons,
        parent: QWidget | None = None,
    ) -> None:
        """Ask.

        Args:
            question: One sentence.
            reasons: What speaks against it.
            theme: Colours.
            icons: Icons.
            parent: The window that the question is about.
        """
        super().__init__(parent)
        self.setWindowTitle(self.tr("Put into force all the same"))
        sign = QLabel()
        sign.setPixmap(icons.icon("warning", theme.colors.warning).pixmap(QSize(32, 32)))
        sign.setAccessibleName(self.tr("Warning"))
        heading = plain_label(question, kind="heading")
        against = plain_label("\n".join(f"•  {reason}" for reason in reasons[:_MOST_REASONS]))
        self.edit = QPlainTextEdit()
        self.edit.setAccessibleName(self.tr("Why it shall be used all the same"))
        self.edit.setPlaceholderText(
            self.tr("For example: our pathologists checked 40 texts by hand on Monday.")
        )
        self.edit.setTabChangesFocus(True)
        self.edit.setMinimumHeight(9 * GRID)
        self.hint = plain_label(kind="muted")
        kept = plain_label(
            self.tr(
                "Your words are kept in the history of the models and in the audit log. Write "
                "nothing about patients."
            ),
            kind="muted",
        )
        top = QHBoxLayout()
        top.setSpacing(2 * GRID)
        top.addWidget(sign, 0)
        top.addWidget(heading, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addWidget(against)
        layout.addWidget(field_label(self.tr("&Why shall it be used all the same?"), self.edit))
        layout.addWidget(self.edit, 1)
        layout.addWidget(self.hint)
        layout.addWidget(kept)
        layout.addWidget(self._buttons())
        self.edit.textChanged.connect(self._look)
        self._look()
        # Words that wrap need more height than a layout asks for by itself.
        self.resize(_WIDTH, layout.totalHeightForWidth(_WIDTH))
        self.edit.setFocus()

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        self.go_on = buttons.addButton(self.tr("&Go on…"), QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        for button in (self.go_on, cancel):
            button.setAccessibleName(button.text().replace("&", ""))
            button.setAutoDefault(False)
        buttons.accepted.connect(self._send)
        buttons.rejected.connect(self.reject)
        return buttons

    def _look(self) -> None:
        try:
            checked_reason(self.edit.toPlainText())
        except InputError as error:
            self.go_on.setEnabled(False)
            self.hint.setText(str(error))
        else:
            self.go_on.setEnabled(True)
            self.hint.setText(self.tr("The password is asked for next."))

    def _send(self) -> None:
        if self.go_on.isEnabled():
            reason = checked_reason(self.edit.toPlainText())[:MAX_REASON]
            self.accept()
            self.given.emit(reason)
