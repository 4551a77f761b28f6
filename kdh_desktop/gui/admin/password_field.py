"""A field for a secret, with a button that shows what was typed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QWidget

from kdh_desktop.gui.theme import GRID

_MOST_CHARACTERS = 1024


class PasswordField(QWidget):
    """Hides what is typed until somebody asks to see it."""

    edited = Signal()
    """A person typed."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = QLineEdit()
        self.line.setAccessibleName(name)
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.line.setMaxLength(_MOST_CHARACTERS)
        self.line.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhNoAutoUppercase
        )
        self.line.textEdited.connect(lambda _text: self.edited.emit())
        self.show_button = QToolButton()
        self.show_button.setCheckable(True)
        self.show_button.toggled.connect(self._show)
        self._name = name
        self.setFocusProxy(self.line)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.show_button)
        self._show(is_shown=False)

    @property
    def text(self) -> str:
        """What was typed."""
        return self.line.text()

    def clear(self) -> None:
        """Forget what was typed, and hide what will be."""
        self.line.clear()
        self.show_button.setChecked(False)

    def _show(self, is_shown: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if is_shown else QLineEdit.EchoMode.Password
        self.line.setEchoMode(mode)
        self.show_button.setText(self.tr("Hide") if is_shown else self.tr("Show"))
        words = self.tr("Hide: {field}") if is_shown else self.tr("Show: {field}")
        self.show_button.setAccessibleName(words.format(field=self._name))
