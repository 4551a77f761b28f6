"""Which columns the table has and by which it is sorted, as people choose and come back to it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from kdh_desktop.gui.records.column_dialog import ColumnDialog
from kdh_desktop.gui.records.columns import Column, all_columns, remembered_columns, to_keep
from kdh_desktop.gui.records.record_table import RecordTable
from kdh_desktop.gui.settings import Settings

_TABLE = "records"


class ColumnChoice(QObject):
    """Keeps the choice in the settings, and offers the labels of the active model as well."""

    order_wanted = Signal(object)
    """The `RecordOrder` that was chosen in the menu."""

    def __init__(self, *, page: QWidget, table: RecordTable, settings: Settings) -> None:
        super().__init__(page)
        self._page = page
        self._table = table
        self._settings = settings
        self.offered: tuple[Column, ...] = ()
        self._menu = QMenu(self.tr("&Sort by"), page)
        self._menu.aboutToShow.connect(self._fill_menu)
        table.columns_changed.connect(self.keep)

    @property
    def sort_menu(self) -> QAction:
        """A menu of the columns that are shown, for those who do without a mouse."""
        return self._menu.menuAction()

    def take_labels(self, labels: Sequence[tuple[str, str]]) -> None:
        """Offer other labels, and show what was chosen before as far as it can be."""
        self.offered = all_columns(labels)
        kept = self._settings.columns(_TABLE)
        self._table.set_columns(remembered_columns(self.offered, kept))

    def choose(self) -> None:
        """Ask for the columns."""
        dialog = ColumnDialog(shown=self._table.columns, offered=self.offered, parent=self._page)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.columns_chosen.connect(self.take)
        dialog.open()

    def take(self, columns: Sequence[Column]) -> None:
        """Show other columns, and remember them."""
        self._table.set_columns(columns)
        self.keep()

    def keep(self) -> None:
        """Remember the columns and their widths."""
        if self._table.columns:
            self._settings.keep_columns(_TABLE, to_keep(self._table.columns))

    def _fill_menu(self) -> None:
        self._menu.clear()
        for column in self._table.columns:
            order = self._table.order_by(column.key)
            action = self._menu.addAction(column.name, partial(self.order_wanted.emit, order))
            action.setCheckable(True)
            action.setChecked(self._table.is_sorted_by(column.key))
