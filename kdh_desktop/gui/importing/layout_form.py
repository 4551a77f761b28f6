"""Where a table lies in its file, and in which encoding a text is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QSpinBox, QWidget

from kdh_desktop.core.importing.imported import (
    ColumnMapping,
    FileFormat,
    FileInspection,
    ImportPlan,
    Sheet,
)
from kdh_desktop.core.importing.table import TableLayout
from kdh_desktop.gui.calm_combo_box import CalmComboBox
from kdh_desktop.gui.importing.words import encoding_name
from kdh_desktop.gui.plain_text import field_label
from kdh_desktop.gui.theme import GRID

_MOST_HEADER_ROW = 1000
_DELIMITERS = (",", ";", "\t", "|")


class LayoutForm(QWidget):
    """Shows only what the file leaves open."""

    plan_changed = Signal(object)
    """An `ImportPlan` to look at the file with once more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan = ImportPlan(FileFormat.PLAIN_TEXT)
        self.sheet = CalmComboBox(self.tr("Sheet"))
        self.header_row = QSpinBox()
        self.header_row.setAccessibleName(self.tr("Row with the names of the columns"))
        self.header_row.setRange(0, _MOST_HEADER_ROW)
        self.header_row.setSpecialValueText(self.tr("None"))
        # Not at every digit that is typed: each change reads the file again.
        self.header_row.setKeyboardTracking(False)
        self.header_row.lineEdit().setTextMargins(GRID // 2, 0, 0, 0)
        self.encoding = CalmComboBox(self.tr("Encoding"))
        self.delimiter = CalmComboBox(self.tr("Columns are divided by"))
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setVerticalSpacing(GRID // 2)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._add(self.tr("Sheet"), self.sheet)
        self._add(self.tr("Header row"), self.header_row)
        self._add(self.tr("Encoding"), self.encoding)
        self._add(self.tr("Divided by"), self.delimiter)
        self.sheet.activated.connect(lambda _at: self._change(self._with_sheet))
        self.encoding.activated.connect(lambda _at: self._change(self._with_encoding))
        self.delimiter.activated.connect(lambda _at: self._change(self._with_delimiter))
        self.header_row.valueChanged.connect(lambda _row: self._change(self._with_header))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to choose."""
        return not any(self._form.isRowVisible(row) for row in range(self._form.rowCount()))

    def show_inspection(self, inspection: FileInspection) -> None:
        """Offer what the file leaves open."""
        plan, table = inspection.plan, inspection.table
        self._plan = plan
        sheets = table.sheets if table is not None else ()
        self._fill(self.sheet, [(self._sheet_words(sheet), sheet.name) for sheet in sheets])
        self._select(self.sheet, plan.layout.sheet)
        self.header_row.blockSignals(True)  # noqa: FBT003  # Qt's way
        self.header_row.setValue(plan.layout.header_row or 0)
        self.header_row.blockSignals(False)  # noqa: FBT003
        encoding = plan.layout.encoding if plan.format.is_table else plan.encoding
        encodings = list(inspection.encodings)
        if encodings and encoding is not None and encoding not in encodings:
            encodings.insert(0, encoding)
        self._fill(self.encoding, [(encoding_name(name), name) for name in encodings])
        self._select(self.encoding, encoding)
        is_delimited = plan.format == FileFormat.DELIMITED
        self._fill(self.delimiter, self._delimiters() if is_delimited else [])
        self._select(self.delimiter, plan.layout.delimiter)
        self._form.setRowVisible(self.sheet, len(sheets) > 1)
        self._form.setRowVisible(self.header_row, plan.format.is_table)
        self._form.setRowVisible(self.encoding, len(encodings) > 1)
        self._form.setRowVisible(self.delimiter, is_delimited)

    def choose_header(self, row: int) -> None:
        """Take another row as the header, as after a click on it."""
        self.header_row.setValue(row)

    def _add(self, words: str, field: QWidget) -> None:
        self._form.addRow(field_label(words, field), field)

    def _delimiters(self) -> list[tuple[str, str | None]]:
        names = (self.tr("Comma"), self.tr("Semicolon"), self.tr("Tab"), self.tr("Bar"))
        return [(self.tr("Whatever fits"), None), *zip(names, _DELIMITERS, strict=True)]

    def _sheet_words(self, sheet: Sheet) -> str:
        words = sheet.name
        if sheet.rows is not None:
            words = self.tr("{name} ({count} rows)").format(name=words, count=f"{sheet.rows:,}")
        return self.tr("{name}, hidden").format(name=words) if sheet.is_hidden else words

    def _fill(self, box: CalmComboBox, items: list[tuple[str, str | None]]) -> None:
        box.clear()
        for words, value in items:
            box.addItem(words, value)

    def _select(self, box: CalmComboBox, value: str | None) -> None:
        place = next((at for at in range(box.count()) if box.itemData(at) == value), 0)
        box.setCurrentIndex(place)

    def _change(self, change: Callable[[ImportPlan], ImportPlan]) -> None:
        plan = change(self._plan)
        if plan != self._plan:
            self._plan = plan
            self.plan_changed.emit(plan)

    def _with_sheet(self, plan: ImportPlan) -> ImportPlan:
        return _relaid(plan, replace(plan.layout, sheet=self.sheet.currentData(), header_row=None))

    def _with_header(self, plan: ImportPlan) -> ImportPlan:
        return _relaid(plan, replace(plan.layout, header_row=self.header_row.value()))

    def _with_delimiter(self, plan: ImportPlan) -> ImportPlan:
        return _relaid(plan, replace(plan.layout, delimiter=self.delimiter.currentData()))

    def _with_encoding(self, plan: ImportPlan) -> ImportPlan:
        encoding = self.encoding.currentData()
        if plan.format.is_table:
            return replace(plan, layout=replace(plan.layout, encoding=encoding))
        return replace(plan, encoding=encoding)


def _relaid(plan: ImportPlan, layout: TableLayout) -> ImportPlan:
    """Another layout; what the columns are has to be guessed anew, as they may be others."""
    return replace(plan, layout=layout, mapping=ColumnMapping())
