"""What the training process wrote beside its events, folded away until somebody asks."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QToolButton, QVBoxLayout, QWidget

from kdh_desktop.gui.theme import GRID

_LINES = 500


class LogCard(QFrame):
    """Shows the last lines of the log."""

    opened = Signal()
    """Somebody wants to see the log."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.button = QToolButton()
        self.button.setProperty("kind", "quiet")
        self.button.setCheckable(True)
        self.button.toggled.connect(self._fold)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName(self.tr("Log of the training"))
        self.text.setMaximumBlockCount(_LINES)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(24 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        layout.addWidget(self.button)
        layout.addWidget(self.text)
        self._fold(is_open=False)

    @property
    def is_open(self) -> bool:
        """Whether the lines are shown."""
        return self.button.isChecked()

    def show_lines(self, lines: tuple[str, ...]) -> None:
        """Show the last lines; whoever reads further up is left there."""
        words = "\n".join(lines) or self.tr("The training has written nothing here.")
        if words == self.text.toPlainText():
            return
        bar = self.text.verticalScrollBar()
        is_at_end, place = bar.value() >= bar.maximum() - 2, bar.value()
        self.text.setPlainText(words)
        bar.setValue(bar.maximum() if is_at_end else place)

    def _fold(self, is_open: bool) -> None:
        words = self.tr("Hide the log") if is_open else self.tr("Show the log")
        self.button.setText(words)
        self.button.setAccessibleName(words)
        self.text.setVisible(is_open)
        if is_open:
            self.opened.emit()
