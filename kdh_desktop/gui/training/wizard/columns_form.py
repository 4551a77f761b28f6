"""Which column or field of a file holds texts, labels and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from kdh_desktop.gui.calm_combo_box import CalmComboBox
from kdh_desktop.gui.plain_text import field_label
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.wizard.column_guess import LabelColumns

_NAME_CHARACTERS = 40
_LIST_HEIGHT = 30 * GRID
_ROW_HEIGHT = 24


class ColumnsForm(QWidget):
    """A list of columns for each purpose, and the two ways in which labels can stand."""

    changed = Signal(object)
    """A `LabelColumns`."""

    def __init__(self, *, has_marks: bool, parent: QWidget | None = None) -> None:
        """Make the form; with `has_marks` labels may also stand in a column each."""
        super().__init__(parent)
        self._chosen = LabelColumns()
        self._boxes: dict[str, CalmComboBox] = {}
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setVerticalSpacing(GRID // 2)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, words in self._purposes():
            self._boxes[name] = self._column_box(name, words)
        self.way = CalmComboBox(self.tr("How labels stand"))
        self.way.addItem(self.tr("As names in one column"), userData=False)
        if has_marks:
            self.way.addItem(self.tr("As yes or no, a column each"), userData=True)
        self.way.activated.connect(self._take_way)
        self._add(self.tr("Labels"), self.way)
        self.labels = self._boxes["labels"] = self._column_box("labels", self.tr("Names in"))
        self.separator = QLineEdit()
        self.separator.setAccessibleName(self.tr("What stands between two names"))
        self.separator.setMaxLength(3)
        self.separator.textEdited.connect(self._take_separator)
        if has_marks:
            self._add(self.tr("Divided by"), self.separator)
        self.marks = QListWidget()
        self.marks.setAccessibleName(self.tr("Columns that are labels"))
        self.marks.setMinimumHeight(_LIST_HEIGHT)
        self.marks.itemChanged.connect(lambda _item: self._take_marks())
        self._add(self.tr("Columns"), self.marks)

    @property
    def boxes(self) -> dict[str, CalmComboBox]:
        """The lists of columns, by purpose."""
        return self._boxes

    def show_columns(self, columns: Sequence[str], chosen: LabelColumns) -> None:
        """Offer other columns, with what they seem to be."""
        self._chosen = chosen
        for name, box in self._boxes.items():
            box.clear()
            box.addItem(self.tr("(none)"), None)
            for column in columns:
                box.addItem(_shortened(column), column)
            box.setCurrentIndex(max(0, box.findData(getattr(chosen, name))))
        self.way.setCurrentIndex(max(0, self.way.findData(chosen.has_marks)))
        self.separator.setText(chosen.separator)
        self.marks.blockSignals(True)  # noqa: FBT003  # Qt's way
        self.marks.clear()
        for column in columns:
            item = QListWidgetItem(_shortened(column))
            item.setData(Qt.ItemDataRole.UserRole, column)
            item.setSizeHint(QSize(0, _ROW_HEIGHT))
            is_on = column in chosen.marks
            item.setCheckState(Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked)
            self.marks.addItem(item)
        self.marks.blockSignals(False)  # noqa: FBT003
        self._show_way()

    def _purposes(self) -> tuple[tuple[str, str], ...]:
        return (
            ("text", self.tr("Text")),
            ("title", self.tr("Title")),
            ("id", self.tr("Id")),
            ("group", self.tr("Belongs to")),
        )

    def _column_box(self, name: str, words: str) -> CalmComboBox:
        box = CalmComboBox(self.tr("Column for: {purpose}").format(purpose=words))
        box.activated.connect(lambda _at: self._change(**{name: box.currentData()}))
        self._add(words, box)
        return box

    def _add(self, words: str, field: QWidget) -> None:
        self._form.addRow(field_label(words, field), field)

    def _take_way(self) -> None:
        self._change(has_marks=bool(self.way.currentData()))
        self._show_way()

    def _take_separator(self, words: str) -> None:
        self._change(separator=words or ";")

    def _take_marks(self) -> None:
        items = [self.marks.item(row) for row in range(self.marks.count())]
        chosen = [one for one in items if one.checkState() == Qt.CheckState.Checked]
        self._change(marks=tuple(str(one.data(Qt.ItemDataRole.UserRole)) for one in chosen))

    def _show_way(self) -> None:
        has_marks = self._chosen.has_marks
        for field, is_shown in (
            (self.labels, not has_marks),
            (self.separator, not has_marks),
            (self.marks, has_marks),
        ):
            if self._form.indexOf(field) >= 0:
                self._form.setRowVisible(field, is_shown)

    def _change(self, **values: Any) -> None:
        self._chosen = replace(self._chosen, **values)
        self.changed.emit(self._chosen)


def _shortened(name: str) -> str:
    words = " ".join(name.split())
    return words if len(words) <= _NAME_CHARACTERS else f"{words[: _NAME_CHARACTERS - 1]}…"
