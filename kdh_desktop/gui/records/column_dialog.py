"""Which columns the table has, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.records.record_filter import Field
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.records.columns import Column, first_columns
from kdh_desktop.gui.theme import GRID

_COLUMN = Qt.ItemDataRole.UserRole


class ColumnDialog(QDialog):
    """A list to tick and to move; the table follows when it is agreed to."""

    columns_chosen = Signal(list)
    """The columns, from left to right."""

    def __init__(
        self,
        *,
        shown: Sequence[Column],
        offered: Sequence[Column],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Columns"))
        self._offered = offered
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Columns from left to right"))
        self.list.setSelectionMode(QListWidget.SelectionMode.SingleSelection)
        # Rows of the letters' height would cover the edges of boxes that are not ticked.
        self.list.setSpacing(GRID // 4)
        self.up_button = self._button(self.tr("Move &up"), lambda: self._move(-1))
        self.down_button = self._button(self.tr("Move &down"), lambda: self._move(1))
        usual = self._button(self.tr("&As at first"), lambda: self._fill(first_columns(offered)))
        side = QVBoxLayout()
        for button in (self.up_button, self.down_button, usual):
            side.addWidget(button)
        side.addStretch(1)
        middle = QHBoxLayout()
        middle.addWidget(self.list, 1)
        middle.addLayout(side)
        box = QDialogButtonBox()
        self.ok_button = box.addButton(self.tr("Show"), QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = box.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        for button in (self.ok_button, cancel):
            button.setAccessibleName(button.text())
        self.ok_button.setProperty("kind", "main")
        self.ok_button.setDefault(True)
        box.accepted.connect(self._agree)
        box.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        words = self.tr(
            "Tick what the table shows. Names of hallmarks stand for the model's probabilities; "
            "exports have the same columns."
        )
        layout.addWidget(plain_label(words))
        layout.addLayout(middle, 1)
        layout.addWidget(box)
        self.list.itemChanged.connect(self._check)
        self._fill(shown)
        self.list.setFocus()
        self.resize(56 * GRID, 64 * GRID)

    @property
    def chosen(self) -> list[Column]:
        """The ticked columns, from left to right."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return [item.data(_COLUMN) for item in items if item.checkState() == Qt.CheckState.Checked]

    def _button(self, words: str, call: Callable[[], None]) -> QPushButton:
        button = QPushButton(words)
        button.setAccessibleName(words.replace("&", ""))
        button.setAutoDefault(False)
        # Without the state that the signal sends.
        button.clicked.connect(lambda _checked: call())
        return button

    def _fill(self, shown: Sequence[Column]) -> None:
        keys = {column.key for column in shown}
        self.list.clear()
        for column in (*shown, *(one for one in self._offered if one.key not in keys)):
            is_field = isinstance(column.key, Field)
            name = column.name if is_field else self.tr("Probability: {name}")
            item = QListWidgetItem(name.format(name=column.name))
            item.setData(_COLUMN, column)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            is_on = column.key in keys
            item.setCheckState(Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked)
            item.setSizeHint(QSize(0, max(self.fontMetrics().height() + 2, 5 * GRID // 2)))
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _move(self, step: int) -> None:
        row = self.list.currentRow()
        if 0 <= row + step < self.list.count():
            item = self.list.takeItem(row)
            self.list.insertItem(row + step, item)
            self.list.setCurrentRow(row + step)

    def _check(self) -> None:
        self.ok_button.setEnabled(bool(self.chosen))

    def _agree(self) -> None:
        self.columns_chosen.emit(self.chosen)
        self.accept()
