"""What the list is narrowed down to, as chips that can be taken away one by one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from kdh_desktop.gui.flow_layout import FlowLayout
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.plain_text import plain_tooltip
from kdh_desktop.gui.records.filter_steps import Chip
from kdh_desktop.gui.theme import Theme

_LONGEST = 48


class ChipRow(QWidget):
    """One button for each condition, and one for all of them."""

    filter_wanted = Signal(object)
    """Another `RecordFilter`."""
    clear_wanted = Signal()
    """Nothing shall be left out any more."""

    def __init__(self, *, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._chips: tuple[Chip, ...] = ()
        self._buttons: list[QToolButton] = []
        self._layout = FlowLayout(self)
        self.clear_button = QToolButton()
        self.clear_button.setText(self.tr("Clear all"))
        self.clear_button.setAccessibleName(self.tr("Clear all filters and the search"))
        self.clear_button.setToolTip(self.clear_button.accessibleName())
        self.clear_button.setProperty("kind", "quiet")
        self.clear_button.clicked.connect(self.clear_wanted)
        self._layout.addWidget(self.clear_button)
        theme.changed.connect(self._take_colors)
        self.hide()

    @property
    def buttons(self) -> Sequence[QToolButton]:
        """The chips."""
        return self._buttons

    def show_chips(self, chips: Sequence[Chip], *, can_clear: bool) -> None:
        """Show other conditions; whoever was on a chip stays on the one in its place."""
        self.clear_button.setVisible(can_clear)
        self.setVisible(can_clear)
        if tuple(chips) == self._chips:
            return
        self._chips = tuple(chips)
        held = next((row for row, one in enumerate(self._buttons) if one.hasFocus()), None)
        for button in self._buttons:
            self._layout.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._layout.removeWidget(self.clear_button)
        self._buttons = [self._button(chip) for chip in chips]
        for button in (*self._buttons, self.clear_button):
            self._layout.addWidget(button)
            button.show()
        self._take_colors()
        if held is not None:
            (*self._buttons, self.clear_button)[min(held, len(self._buttons))].setFocus()

    def _button(self, chip: Chip) -> QToolButton:
        button = QToolButton(self)
        words = chip.words
        # Without the sign that Qt would take for a letter for Alt: a file may have one.
        shown = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1].rstrip()}…"
        button.setText(shown.replace("&", "&&"))
        button.setAccessibleName(self.tr("Filter {condition}: take away").format(condition=words))
        button.setToolTip(plain_tooltip(self.tr("Take away: {condition}").format(condition=words)))
        button.setProperty("kind", "chip")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        button.setIconSize(QSize(14, 14))
        button.clicked.connect(lambda: self.filter_wanted.emit(chip.without))
        return button

    def _take_colors(self) -> None:
        icon = self._icons.icon("close", self._theme.colors.text)
        for button in self._buttons:
            button.setIcon(icon)
