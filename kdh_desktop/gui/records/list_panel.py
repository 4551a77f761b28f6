"""The list in the middle of the page: search, chips, table, and what can be done with all of it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.gui.guide_panel import GuidePanel
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.records.actions import RecordActions
from kdh_desktop.gui.records.chip_row import ChipRow
from kdh_desktop.gui.records.record_table import RecordTable
from kdh_desktop.gui.records.record_table_model import RecordTableModel
from kdh_desktop.gui.records.saving_sign import SavingSign
from kdh_desktop.gui.theme import GRID, Theme

_TYPING_MS = 80
"""A question follows this long after the last key, so that fast typing asks once."""


class SearchBox(QLineEdit):
    """Words to search for; Return or Down goes on to the list, Escape clears."""

    search_wanted = Signal(str)
    """Other words, once the person pauses."""
    left = Signal()
    """The person goes on to the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Search"))
        self.setPlaceholderText(self.tr("Search titles, abstracts, authors, ids… (Ctrl+F)"))
        self.setClearButtonEnabled(True)
        for button in self.findChildren(QToolButton):
            button.setAccessibleName(self.tr("Clear the search"))
        self.setMaxLength(400)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_TYPING_MS)
        self._timer.timeout.connect(self._ask)
        self.textEdited.connect(lambda _words: self._timer.start())
        self.textChanged.connect(self._take_clear)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Down | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._ask()
                self.left.emit()
            case Qt.Key.Key_Escape if self.text():
                self.clear()
            case Qt.Key.Key_Escape:
                self.left.emit()
            case _:
                super().keyPressEvent(event)

    def show_search(self, words: str) -> None:
        """Show words that were not typed here."""
        if self.text().strip() != words:
            self.setText(words)

    def _take_clear(self, words: str) -> None:
        # The cross at the end of the box is no edit to Qt.
        if not words:
            self._ask()

    def _ask(self) -> None:
        self._timer.stop()
        self.search_wanted.emit(self.text().strip())


class ListPanel(QWidget):
    """Only shows and offers; the page decides."""

    def __init__(
        self,
        *,
        model: RecordTableModel,
        theme: Theme,
        icons: Icons,
        actions: RecordActions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._actions = actions
        self.search = SearchBox()
        self.chips = ChipRow(theme=theme, icons=icons)
        self.table = RecordTable(model=model, theme=theme)
        self.table.columns_action = actions.columns
        self.guide = GuidePanel()
        # Less than it needs: where it is shown, nothing stands below the list.
        for part in (self.table, self.guide):
            part.setMinimumHeight(4 * GRID)
        self.clear_button = self.guide.add_button(
            self.tr("Clear search and filters"), actions.clear
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.guide)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addLayout(self._head())
        layout.addWidget(self.chips)
        layout.addWidget(self._stack, 1)
        self._foot_line = QWidget()
        self._foot_line.setLayout(self._foot())
        layout.addWidget(self._foot_line)
        theme.changed.connect(self._take_colors)
        self._take_colors()

    def _head(self) -> QHBoxLayout:
        actions = self._actions
        self.facets_button = _tool(actions.facets)
        self.facets_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.import_button = _push(actions.import_files)
        self.classify_button = _push(actions.classify)
        self.export_button = _push(actions.export)
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        row.addWidget(self.facets_button)
        row.addWidget(self.search, 1)
        for button in (self.import_button, self.classify_button, self.export_button):
            row.addWidget(button)
        return row

    def _foot(self) -> QHBoxLayout:
        actions = self._actions
        self.count = plain_label(kind="muted")
        self.count.setWordWrap(False)
        self.count.setMinimumWidth(1)
        self.saving = SavingSign()
        self.refresh_button = _push(actions.refresh)
        self.refresh_button.setText(self.tr("List has changed: refresh"))
        self.refresh_button.setAccessibleName(self.refresh_button.text())
        self.refresh_button.hide()
        self.undo_button, self.redo_button = _tool(actions.undo), _tool(actions.redo)
        for button in (self.undo_button, self.redo_button):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.accept_button = _push(actions.accept_many)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        row.addWidget(self.count, 1)
        row.addWidget(self.saving)
        row.addWidget(self.refresh_button)
        row.addWidget(self.undo_button)
        row.addWidget(self.redo_button)
        row.addWidget(self.accept_button)
        return row

    def set_compact(self, *, is_compact: bool) -> None:
        """Leave out the line under the list, all of which the menus offer as well."""
        self._foot_line.setHidden(is_compact)

    def show_table(self) -> None:
        """Show the list."""
        self._stack.setCurrentIndex(0)

    def show_guide(self, heading: str, words: str) -> None:
        """Say what to do, where the filter leaves nothing."""
        had_focus = self.table.hasFocus()
        self.guide.say(heading, words, buttons=(self.clear_button,))
        self._stack.setCurrentIndex(1)
        if had_focus:
            self.clear_button.setFocus()

    @property
    def is_table_shown(self) -> bool:
        """Whether there is a list to show."""
        return self._stack.currentIndex() == 0

    def _take_colors(self) -> None:
        color = self._theme.colors.text
        self._actions.undo.setIcon(self._icons.icon("undo", color))
        self._actions.redo.setIcon(self._icons.icon("redo", color))
        self._actions.facets.setIcon(self._icons.icon("filter", color))


def _tool(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setAccessibleName(action.text().replace("&", ""))
    button.setIconSize(QSize(18, 18))
    return button


def _push(action: QAction) -> QPushButton:
    # Without the letter for Alt, which belongs to the menu.
    button = QPushButton(action.text().replace("&", ""))
    button.setAccessibleName(button.text().removesuffix("…"))
    button.setToolTip(action.toolTip())
    button.setEnabled(action.isEnabled())
    button.clicked.connect(action.trigger)
    action.enabledChanged.connect(button.setEnabled)
    return button
