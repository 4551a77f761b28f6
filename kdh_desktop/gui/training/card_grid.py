"""Cards side by side, in as many columns as there is room for, in a page that scrolls."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QGridLayout, QScrollArea, QWidget

from kdh_desktop.gui.theme import GRID

_NARROWEST = 48 * GRID
_MOST_COLUMNS = 3


class CardGrid(QScrollArea):
    """Shows the cards that have something to show, in their order."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inside = QWidget()
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(0, 0, GRID, 0)
        self._grid.setSpacing(GRID)
        self.setWidget(self._inside)
        self._cards: list[tuple[QWidget, bool]] = []
        self._waiting: deque[tuple[QWidget, bool]] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._put_next)
        self._placed: tuple[int, tuple[QWidget, ...]] = (0, ())
        self._wanted: set[QWidget] = set()

    def add_card(self, card: QWidget, *, is_wide: bool = False, is_wanted: bool = True) -> None:
        """Another card, below those there are; a wide one has a row for itself.

        Cards are put on the page one at a time, as each takes a while to be laid out: the window
        stays alive meanwhile.
        """
        self._waiting.append((card, is_wide))
        if is_wanted:
            self._wanted.add(card)
        self._timer.start()

    @property
    def is_complete(self) -> bool:
        """Whether all cards are on the page."""
        return not self._waiting

    def _put_next(self) -> None:
        if self._waiting:
            self._cards.append(self._waiting.popleft())
            self._place()
        if not self._waiting:
            self._timer.stop()

    def set_wanted(self, card: QWidget, *, is_wanted: bool) -> None:
        """Show a card, or leave it out."""
        if is_wanted != (card in self._wanted):
            (self._wanted.add if is_wanted else self._wanted.discard)(card)
            self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002  # Qt's name
        moved = super().focusNextPrevChild(next)
        focus = QApplication.focusWidget()
        if moved and focus is not None and self.isAncestorOf(focus):
            # All of a chart, and not only the middle of its upper edge.
            self.ensureWidgetVisible(focus, GRID, GRID)
        return moved

    @property
    def columns(self) -> int:
        """How many cards stand side by side."""
        return max(1, min(_MOST_COLUMNS, self.viewport().width() // _NARROWEST))

    def _place(self) -> None:
        columns = self.columns
        shown = tuple(card for card, _ in self._cards if card in self._wanted)
        if self._placed == (columns, shown):
            return
        self._placed = (columns, shown)
        row = column = 0
        for card, is_wide in self._cards:
            if card not in self._wanted:
                if card.parentWidget() is not None:
                    self._grid.removeWidget(card)
                    card.hide()
                continue
            if is_wide and column:
                row, column = row + 1, 0
            self._grid.addWidget(card, row, column, 1, columns if is_wide else 1)
            card.show()
            column = columns if is_wide else column + 1
            if column >= columns:
                row, column = row + 1, 0
        for place in range(_MOST_COLUMNS):
            self._grid.setColumnStretch(place, int(place < columns))
        for place in range(self._grid.rowCount()):
            self._grid.setRowStretch(place, 0)
        self._grid.setRowStretch(row + 1, 1)
