"""Records that seem to be one, side by side; merged when a person says so."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.records.stored import DuplicateGroup, RecordDetail
from kdh_desktop.gui.calm_combo_box import CalmComboBox
from kdh_desktop.gui.importing.comparison_table import ComparisonTable
from kdh_desktop.gui.importing.duplicates_work import ShownGroup
from kdh_desktop.gui.importing.group_table_model import GroupTableModel
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_text import field_label, plain_label
from kdh_desktop.gui.theme import GRID

_TICK_WIDTH = 3 * GRID


class DuplicatesDialog(QDialog):
    """Asks for the records of a group by `records_wanted`, and for merging by `merge_wanted`."""

    records_wanted = Signal(object)
    """A `DuplicateGroup` to read the records of."""
    merge_wanted = Signal(object)
    """A tuple of `ShownGroup` to merge."""

    def __init__(self, groups: Sequence[ShownGroup], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Duplicates"))
        self.groups = GroupTableModel(self)
        self._shown: DuplicateGroup | None = None
        self._is_merging = False
        self._records: tuple[RecordDetail, ...] = ()
        self.heading = plain_label(kind="heading")
        self.table = self._table()
        self.comparison = ComparisonTable(self.tr("Records of the group, side by side"))
        self.keep_box = CalmComboBox(self.tr("Record to keep"))
        self.keep_box.activated.connect(self._keep)
        self.words = plain_label(kind="muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self.heading)
        layout.addWidget(
            plain_label(
                self.tr(
                    "Merging keeps one record of a group. What it lacks is taken from the others, "
                    "and what they say otherwise is carried along. It can be undone."
                ),
                kind="muted",
            )
        )
        layout.addWidget(self._middle(), 1)
        layout.addWidget(self.words)
        layout.addWidget(self._buttons())
        self.groups.marks_changed.connect(self._count)
        self.resize(130 * GRID, 80 * GRID)
        self.show_groups(groups)
        self.table.setFocus()

    # What it shows

    def show_groups(self, groups: Sequence[ShownGroup]) -> None:
        """Show other groups."""
        self.groups.show_groups(groups)
        self._begin_again()

    def remove_groups(self, records: Collection[int]) -> None:
        """Take away the groups that some records were in; what was chosen for others stays."""
        self.groups.remove_groups(records)
        self._begin_again()

    def _begin_again(self) -> None:
        count = len(self.groups.groups)
        if count == 1:
            words = self.tr("1 group of records seems to be one record each.")
        else:
            words = self.tr("{count} groups of records seem to be one record each.").format(
                count=f"{count:,}"
            )
        self.heading.setText(words if count else self.tr("There are no duplicates."))
        self.table.resizeColumnsToContents()
        # The view does not count the ticks in.
        self.table.setColumnWidth(0, self.table.columnWidth(0) + _TICK_WIDTH)
        if count:
            self.table.setCurrentIndex(self.groups.index(0, 0))
        else:
            self._show_records(None, ())
            self.close_button.setFocus()
        self._count()

    def show_records(self, group: DuplicateGroup, records: Sequence[RecordDetail]) -> None:
        """Show the records of a group, unless another one is looked at by now."""
        if self._shown is not None and set(self._shown.records) == set(group.records):
            self._show_records(group, records)

    def end_merging(self) -> None:
        """Offer to merge again, once what was merged has an end."""
        self._is_merging = False
        self._count()

    def say(self, words: str) -> None:
        """Say what became of merging."""
        self.words.setText(words)
        announce(self, words)

    def _show_records(self, group: DuplicateGroup | None, records: Sequence[RecordDetail]) -> None:
        self._records = tuple(records)
        self.comparison.comparison.show_records(records)
        self.keep_box.clear()
        for number, record in enumerate(records, start=1):
            words = self.tr("Record {number} ({file})").format(number=number, file=record.file)
            self.keep_box.addItem(words, record.id)
        self.keep_box.setEnabled(group is not None)

    # Its parts

    def _table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.groups)
        table.setAccessibleName(self.tr("Groups of duplicates"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.horizontalHeader().setStretchLastSection(True)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        table.selectionModel().currentRowChanged.connect(self._look_at)
        return table

    def _middle(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table, 1)
        row = QHBoxLayout()
        self.all_button = _button(self.tr("Mark &all"))
        self.none_button = _button(self.tr("Mark &none"))
        self.all_button.clicked.connect(lambda: self.groups.mark_all(is_marked=True))
        self.none_button.clicked.connect(lambda: self.groups.mark_all(is_marked=False))
        row.addWidget(self.all_button)
        row.addWidget(self.none_button)
        row.addStretch(1)
        column.addLayout(row)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.comparison, 1)
        row = QHBoxLayout()
        row.addWidget(field_label(self.tr("&Keep"), self.keep_box))
        row.addWidget(self.keep_box, 1)
        column.addLayout(row)
        middle = QSplitter(Qt.Orientation.Horizontal)
        middle.setChildrenCollapsible(False)
        middle.setHandleWidth(2 * GRID)
        middle.addWidget(left)
        middle.addWidget(right)
        middle.setSizes([50 * GRID, 80 * GRID])
        return middle

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        self.merge_button = _button("")
        self.merge_button.setProperty("kind", "main")
        self.merge_button.clicked.connect(self._merge)
        buttons.addButton(self.merge_button, QDialogButtonBox.ButtonRole.ActionRole)
        self.close_button = buttons.addButton(
            self.tr("Close"), QDialogButtonBox.ButtonRole.RejectRole
        )
        self.close_button.setAccessibleName(self.tr("Close"))
        buttons.rejected.connect(self.reject)
        return buttons

    # What happens in it

    def _look_at(self, index: QModelIndex, _before: QModelIndex) -> None:
        if index.isValid():
            self._shown = self.groups.groups[index.row()].group
            self.records_wanted.emit(self._shown)

    def _keep(self) -> None:
        record_id = self.keep_box.currentData()
        row = self.table.currentIndex().row()
        if record_id is None or row < 0:
            return
        shown = self.groups.groups[row].keeping(record_id)
        self.groups.replace_group(row, shown)
        self._shown = shown.group
        by_id = {record.id: record for record in self._records}
        self._show_records(shown.group, [by_id[one] for one in shown.group.records])

    def _count(self) -> None:
        count = len(self.groups.marked)
        words = (
            self.tr("&Merge 1 marked group")
            if count == 1
            else self.tr("&Merge {count} marked groups").format(count=f"{count:,}")
        )
        self.merge_button.setText(words)
        self.merge_button.setAccessibleName(words.replace("&", ""))
        self.merge_button.setEnabled(count > 0 and not self._is_merging)

    def _merge(self) -> None:
        self._is_merging = True
        self._count()
        self.merge_wanted.emit(self.groups.marked)


def _button(words: str) -> QPushButton:
    button = QPushButton(words)
    button.setAccessibleName(words.replace("&", ""))
    button.setAutoDefault(False)
    return button
