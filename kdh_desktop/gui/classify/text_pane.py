"""The left half of the page: the texts, the text box, and the button that starts it all."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.gui.classify.actions import ClassifyActions
from kdh_desktop.gui.classify.text_editor import TextEditor
from kdh_desktop.gui.classify.text_row_delegate import TextRowDelegate
from kdh_desktop.gui.classify.text_table_model import TextTableModel
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.list_view import RowListView
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID, Theme


class TextPane(QWidget):
    """Only shows and offers; the page decides."""

    def __init__(
        self,
        *,
        theme: Theme,
        icons: Icons,
        model: TextTableModel,
        actions: ClassifyActions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._actions = actions
        self.list = RowListView(self.tr("Texts"))
        self.list.setModel(model)
        self.list.setItemDelegate(TextRowDelegate(self.list, theme))
        self.list.setUniformItemSizes(True)
        self.list.setMinimumHeight(6 * GRID)
        self.editor = TextEditor(theme=theme)
        self.editor.setAccessibleName(self.tr("Text to classify"))
        self.editor.setAccessibleDescription(
            self.tr("Paste a title and abstract here, then press Ctrl+Enter.")
        )
        self.editor.setPlaceholderText(
            self.tr(
                "Paste a title and abstract here, or drop a text file.\n"
                "Separate several texts by blank lines."
            )
        )
        self.editor.setMinimumHeight(8 * GRID)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setHandleWidth(GRID)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(self.editor)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setSizes([20 * GRID, 40 * GRID])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addLayout(self._header(actions))
        layout.addWidget(self.splitter, 1)
        layout.addLayout(self._footer(actions))
        self.show_count(1, 0)
        theme.changed.connect(self._take_colors)
        self._take_colors()

    def _take_colors(self) -> None:
        color = self._theme.colors.text
        self._actions.previous.setIcon(self._icons.icon("previous", color))
        self._actions.next.setIcon(self._icons.icon("next", color))

    def _header(self, actions: ClassifyActions) -> QHBoxLayout:
        self.heading = plain_label(self.tr("Text"), kind="heading")
        self.heading.setWordWrap(False)
        self.previous_button = _tool(actions.previous)
        self.next_button = _tool(actions.next)
        for button in (self.previous_button, self.next_button):
            button.setProperty("kind", "quiet")
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        head = QHBoxLayout()
        head.setSpacing(GRID // 2)
        head.addWidget(self.heading)
        head.addWidget(self.previous_button)
        head.addWidget(self.next_button)
        head.addStretch(1)
        self._example_button = _tool(actions.example)
        head.addWidget(self._example_button)
        head.addWidget(_tool(actions.clear))
        return head

    def _footer(self, actions: ClassifyActions) -> QHBoxLayout:
        self.hint = plain_label(kind="muted")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setMinimumWidth(5 * GRID)
        self.progress.setAccessibleName(self.tr("Progress of the classification"))
        self.progress_words = plain_label(kind="muted")
        self.progress_words.setWordWrap(False)
        self.cancel_button = _button(actions.cancel)
        busy = QWidget()
        row = QHBoxLayout(busy)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.progress, 1)
        row.addWidget(self.progress_words)
        row.addWidget(self.cancel_button)
        self._footer_stack = QStackedWidget()
        self._footer_stack.addWidget(self.hint)
        self._footer_stack.addWidget(busy)
        self._footer_stack.setSizePolicy(
            self.hint.sizePolicy().horizontalPolicy(), self.hint.sizePolicy().verticalPolicy()
        )
        self.classify_button = _button(actions.classify)
        self.classify_button.setProperty("kind", "main")
        footer = QHBoxLayout()
        footer.setSpacing(GRID)
        footer.addWidget(self._footer_stack, 1)
        footer.addWidget(self.classify_button, 0, Qt.AlignmentFlag.AlignBottom)
        return footer

    def show_count(self, count: int, row: int) -> None:
        """Show which of how many texts is looked at; the list only where there are several."""
        has_several = count > 1
        self.heading.setText(
            self.tr("Text {number} of {count}").format(number=row + 1, count=count)
            if has_several
            else self.tr("Text")
        )
        for widget in (self.list, self.previous_button, self.next_button):
            widget.setVisible(has_several)

    def set_compact(self, is_compact: bool) -> None:
        """Leave out what the menu and the empty page offer as well, where there is no room."""
        self._example_button.setHidden(is_compact)

    @property
    def is_progress_shown(self) -> bool:
        """Whether progress stands in the place of the hint."""
        return self._footer_stack.currentIndex() == 1

    def show_progress(self, done: int, total: int, words: str) -> None:
        """Show how far the work is; with one text to do, only that it goes on."""
        self.progress.setRange(0, total if total > 1 else 0)
        self.progress.setValue(done)
        self.progress_words.setText(words)
        self._footer_stack.setCurrentIndex(1)

    def hide_progress(self) -> None:
        """Show the hint again; whoever was on the cancel button comes back to the text."""
        had_focus = self.cancel_button.hasFocus()
        self._footer_stack.setCurrentIndex(0)
        if had_focus:
            self.editor.setFocus()


def _tool(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setAccessibleName(action.text().replace("&", ""))
    return button


def _button(action: QAction) -> QPushButton:
    # Without the letter for Alt, which belongs to the menu.
    button = QPushButton(action.text().replace("&", ""))
    button.setAccessibleName(button.text())
    button.setToolTip(action.toolTip())
    button.clicked.connect(action.trigger)
    return button
