"""The table of records: rows by keys and mouse, columns that people choose, move and sort by."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from kdh_desktop.core.records.record_filter import Field, RecordOrder
from kdh_desktop.gui.records.cell_delegate import CellDelegate
from kdh_desktop.gui.records.columns import LEAST_WIDTH, Column
from kdh_desktop.gui.records.record_table_model import RecordTableModel
from kdh_desktop.gui.theme import GRID, Theme

if TYPE_CHECKING:
    from kdh_desktop.core.records.record_store import RecordStore

Index = QModelIndex | QPersistentModelIndex

_STRETCHED = {Field.TITLE, Field.LABELS}
_MOST_CHOSEN = 1000
"""Chosen rows that are chosen again in a renewed list; each of them costs Qt some time."""


class RecordTable(QTableView):
    """One row is looked at, any number are chosen; whole rows, never single cells."""

    row_entered = Signal()
    """Another row is looked at."""
    chosen_changed = Signal()
    """Other rows are chosen."""
    order_wanted = Signal(object)
    """A header was chosen: the `RecordOrder` that it asks for."""
    columns_changed = Signal()
    """A column was moved or made wider."""

    def __init__(
        self, *, model: RecordTableModel, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._records = model
        self._theme = theme
        self._order = RecordOrder()
        self._is_filling = False
        self._widths: list[int] = []
        self.columns_action: QAction | None = None
        self.setModel(model)
        self.setItemDelegate(CellDelegate(self, theme))
        self.setAccessibleName(self.tr("Records"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        rows = self.verticalHeader()
        rows.hide()
        # Fixed, so that no row has to be looked at to know where the others stand.
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(1)
        rows.setDefaultSectionSize(self.fontMetrics().height() + GRID + 2)
        header = self.horizontalHeader()
        header.setAccessibleName(self.tr("Columns"))
        header.setSectionsMovable(True)
        header.setSectionsClickable(True)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(LEAST_WIDTH)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSortIndicatorShown(True)
        # Whole rows are chosen, never columns; to see that, Qt would go through all rows for
        # every header that it paints, for seconds where all of 100,000 are chosen.
        header.setSelectionModel(QItemSelectionModel(model, header))
        header.sectionClicked.connect(self._take_header)
        header.sectionMoved.connect(self._take_move)
        header.sectionResized.connect(self._take_width)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._show_header_menu)
        theme.changed.connect(self.viewport().update)

    # Rows

    @property
    def current_id(self) -> int | None:
        """Id of the record that is looked at."""
        return self._records.record_id(self.currentIndex().row())

    @property
    def _parts(self) -> list[QItemSelectionRange]:
        return self.selectionModel().selection().toList()

    @property
    def chosen_count(self) -> int:
        """How many rows are chosen."""
        return sum(part.height() for part in self._parts)

    @property
    def chosen_ids(self) -> array[int]:
        """Ids of the records in the chosen rows, in the order of the list."""
        parts = sorted((part.top(), part.bottom()) for part in self._parts)
        ids = array("q")
        for top, bottom in parts:
            ids.extend(self._records.ids_of(top, bottom))
        return ids

    def take_list(self, store: RecordStore | None, ids: array[int], *, keep_place: bool) -> None:
        """Show another list, from its top or where the person is."""
        row, place = self.currentIndex().row(), self._scrolled()
        following = self._records.ids_of(max(row, 0), self._records.rowCount() - 1)
        chosen = self.chosen_ids if 1 < self.chosen_count <= _MOST_CHOSEN else array("q")
        self._is_filling = True
        self._records.show(store, ids)
        if keep_place:
            self.go_to(self._first_row_of(following, otherwise=0 if row < 0 else len(ids) - 1))
            self._choose_again(chosen)
            self.verticalScrollBar().setValue(place)
        else:
            self.go_to(0)
            self.scrollToTop()
        self._is_filling = False
        self.row_entered.emit()
        self.chosen_changed.emit()

    def go_to(self, row: int) -> bool:
        """Look at a row, which is then the only one chosen; False where there is none."""
        if not 0 <= row < self._records.rowCount():
            return False
        column = max(self.currentIndex().column(), 0)
        index = self._records.index(row, min(column, self._records.columnCount() - 1))
        self.setCurrentIndex(index)
        # Qt goes by the keys that are held down, which may be those of Ctrl+PgDown or of an undo.
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(index, flags.ClearAndSelect | flags.Rows)
        if not self._is_filling:
            self.scrollTo(index)
        return True

    def go_on(self, step: int = 1) -> bool:
        """Look at the next row, or the one before; False at the end of the list."""
        return self.go_to(self.currentIndex().row() + step)

    def _first_row_of(self, ids: array[int], *, otherwise: int) -> int:
        """Where the first of some records stands that is still on the list."""
        found = self._records.row_of(ids[0]) if ids else None
        if found is None:
            here = set(self._records.ids_of(0, self._records.rowCount() - 1))
            left = next((one for one in ids if one in here), None)
            found = None if left is None else self._records.row_of(left)
        return otherwise if found is None else found

    def _choose_again(self, ids: array[int]) -> None:
        last = self._records.columnCount() - 1
        choice = QItemSelection()
        for row in self._records.rows_of(ids):
            choice.select(self._records.index(row, 0), self._records.index(row, last))
        self.selectionModel().select(choice, QItemSelectionModel.SelectionFlag.Select)

    def _scrolled(self) -> int:
        return self.verticalScrollBar().value()

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if current.row() != previous.row():
            # The line under either row is drawn by all of its cells.
            for index in (previous, current):
                place = self.visualRect(index)
                self.viewport().update(0, place.top(), self.viewport().width(), place.height())
            if not self._is_filling:
                self.row_entered.emit()

    def selectionChanged(self, chosen: QItemSelection, given_up: QItemSelection) -> None:
        super().selectionChanged(chosen, given_up)
        if not self._is_filling:
            self.chosen_changed.emit()

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        column = max(self.currentIndex().column(), 0)
        match action:
            case QAbstractItemView.CursorAction.MoveHome:
                return self._records.index(0, column)
            case QAbstractItemView.CursorAction.MoveEnd:
                return self._records.index(self._records.rowCount() - 1, column)
            case _:
                return super().moveCursor(action, modifiers)

    def keyboardSearch(self, _search: str) -> None:
        """Nothing: Qt would read all rows to find one that begins with the letter."""

    # Columns

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns as they stand from left to right, with the widths that were chosen."""
        header = self.horizontalHeader()
        places = (header.logicalIndex(place) for place in range(header.count()))
        return tuple(
            replace(self._records.columns[place], width=self._widths[place]) for place in places
        )

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns."""
        row, place = self.currentIndex().row(), self._scrolled()
        header = self.horizontalHeader()
        self._is_filling = True
        for number in range(header.count()):
            header.moveSection(header.visualIndex(number), number)
        self._records.set_columns(columns)
        self._widths = [column.width for column in columns]
        self._fit_columns()
        self.go_to(row)
        self.verticalScrollBar().setValue(place)
        self._is_filling = False
        self._show_order()
        self.chosen_changed.emit()

    def show_order(self, order: RecordOrder) -> None:
        """Mark the column that the list is sorted by."""
        self._order = order
        self._show_order()

    def order_by(self, key: Field | str) -> RecordOrder:
        """The order that choosing a header asks for: up first, or down for probabilities."""
        if self._order.by == key:
            return RecordOrder(key, is_descending=not self._order.is_descending)
        return RecordOrder(key, is_descending=not isinstance(key, Field))

    def is_sorted_by(self, key: Field | str) -> bool:
        """Whether the list is in the order of a column."""
        return self._order.by == key

    def _show_order(self) -> None:
        keys = [column.key for column in self._records.columns]
        place = keys.index(self._order.by) if self._order.by in keys else -1
        down = Qt.SortOrder.DescendingOrder
        up = Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(place, down if self._order.is_descending else up)

    def _take_header(self, place: int) -> None:
        self.order_wanted.emit(self.order_by(self._records.columns[place].key))

    def _take_move(self) -> None:
        if not self._is_filling:
            self.columns_changed.emit()

    def _take_width(self, number: int, _old: int, width: int) -> None:
        if not self._is_filling:
            self._widths[number] = width
            self.columns_changed.emit()

    def _fit_columns(self) -> None:
        """Give room that is left over to the columns that have more to say than they show."""
        stretched = [
            number for number, one in enumerate(self._records.columns) if one.key in _STRETCHED
        ]
        rest = max(self.viewport().width() - sum(self._widths), 0)
        was_filling, self._is_filling = self._is_filling, True
        for number, width in enumerate(self._widths):
            more = rest // len(stretched) if number in stretched else 0
            self.horizontalHeader().resizeSection(number, width + more)
        self._is_filling = was_filling

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit_columns()

    def _show_header_menu(self, place: QPoint) -> None:
        header = self.horizontalHeader()
        number = header.logicalIndexAt(place)
        if number < 0:
            return
        column = self._records.columns[number]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for words, is_down in ((self.tr("Sort up"), False), (self.tr("Sort down"), True)):
            order = RecordOrder(column.key, is_descending=is_down)
            menu.addAction(words, partial(self.order_wanted.emit, order))
        menu.addSeparator()
        hide = menu.addAction(self.tr("Hide this column"), partial(self._hide, column.key))
        hide.setEnabled(len(self._records.columns) > 1)
        if self.columns_action is not None:
            menu.addAction(self.columns_action)
        menu.popup(header.mapToGlobal(place))

    def _hide(self, key: Field | str) -> None:
        self.set_columns([column for column in self.columns if column.key != key])
        self.columns_changed.emit()
