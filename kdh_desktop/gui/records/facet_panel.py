"""The panel at the left: narrow the list down by what the records have in common."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.records.record_filter import RecordFilter
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.records.facet_groups import GroupKey, groups_of
from kdh_desktop.gui.records.facet_table_model import FacetTableModel
from kdh_desktop.gui.records.record_list import Counts
from kdh_desktop.gui.theme import GRID

_CLOSED = {GroupKey.YEAR, GroupKey.JOURNAL}
"""Groups that are long, and closed at first."""


class FacetTree(QTreeView):
    """Values to choose; the arrow keys walk, the space bar and Return choose."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setHeaderHidden(True)
        self.setIndentation(GRID + GRID // 4)
        self.setRootIsDecorated(True)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setExpandsOnDoubleClick(False)
        self.setItemDelegate(_RowDelegate(self))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        is_choice = event.key() in {Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if is_choice and index.isValid():
            self.take(index)
        else:
            super().keyPressEvent(event)

    def take(self, index: QModelIndex) -> None:
        """Choose a value, or open or close a group."""
        model = self.model()
        if isinstance(model, FacetTableModel) and model.value(index) is not None:
            model.toggle(index)
        else:
            group = index.siblingAtColumn(0)
            self.setExpanded(group, not self.isExpanded(group))


class _RowDelegate(QStyledItemDelegate):
    """Leaves clicks to the tree: all of a row chooses its value, not the box alone."""

    def editorEvent(
        self,
        _event: QEvent,
        _model: QAbstractItemModel,
        _option: QStyleOptionViewItem,
        _index: QModelIndex | QPersistentModelIndex,
    ) -> bool:
        return False


class FacetPanel(QWidget):
    """Shows counts, and says which value a person chooses."""

    value_toggled = Signal(object, object)
    """A person chose a value, or gave it up: its `GroupKey` and its key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._closed = set(_CLOSED)
        self.heading = plain_label(self.tr("Filter"), kind="heading")
        self.tree = FacetTree(self.tr("Values to filter by"))
        self.model = FacetTableModel(self.tree.font(), self)
        self.model.value_toggled.connect(self.value_toggled)
        self.tree.setModel(self.model)
        # After the tree, which closes all groups when the model is another.
        self.model.modelReset.connect(self._open_groups)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        # As wide as any count: to fit the widest, Qt would ask for all of them, time and again.
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(1, self.fontMetrics().horizontalAdvance("100,000") + GRID)
        self.tree.expanded.connect(
            lambda index: self._closed.discard(self.model.group(index.row()))
        )
        self.tree.collapsed.connect(lambda index: self._closed.add(self.model.group(index.row())))
        self.tree.clicked.connect(self.tree.take)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addWidget(self.heading)
        layout.addWidget(self.tree, 1)
        self.setMinimumWidth(20 * GRID)

    def show_counts(
        self, counts: Counts | None, where: RecordFilter, names: dict[str, str]
    ) -> None:
        """Show how many records each value would leave."""
        self.model.show([] if counts is None else groups_of(counts, where, names))

    def _open_groups(self) -> None:
        for place in range(self.model.rowCount()):
            index = self.model.index(place, 0)
            self.tree.setExpanded(index, self.model.group(place) not in self._closed)
