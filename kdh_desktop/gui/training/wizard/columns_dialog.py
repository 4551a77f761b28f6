"""Which column holds what? Asked of every file of labelled texts, with its first rows in sight."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QSpinBox,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.corpus_source import CorpusSource, JsonLinesSource, TableSource
from kdh_desktop.core.importing.imported import ColumnMapping, FileInspection
from kdh_desktop.gui.calm_combo_box import CalmComboBox
from kdh_desktop.gui.plain_table import PlainTable
from kdh_desktop.gui.plain_text import field_label, plain_label
from kdh_desktop.gui.problem_line import ProblemLine
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.wizard.column_guess import (
    LabelColumns,
    guess_label_columns,
    usable_columns,
)
from kdh_desktop.gui.training.wizard.columns_form import ColumnsForm
from kdh_desktop.gui.training.wizard.field_form import tidy_spin_box
from kdh_desktop.gui.training.wizard.file_looks import FileLook, LinesLook
from kdh_desktop.gui.training.wizard.step_page import scrolled
from kdh_desktop.gui.window_parts import WindowParts

_MOST_HEADER_ROW = 1000
_SHOWN_CHARACTERS = 160


class ColumnsDialog(QDialog):
    """Shows how a file begins, guesses what its columns are, and lets a person say otherwise.

    It asks for another look at a table by `look_wanted`, and is told by `show_look`.
    """

    look_wanted = Signal(object)
    """An `ImportPlan` to read the table's beginning with."""

    def __init__(self, parts: WindowParts, path: Path, look: FileLook, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("What the columns hold"))
        self._path = path
        self._look = look
        self._columns: tuple[str, ...] = ()
        self._chosen = LabelColumns()
        self.form = ColumnsForm(has_marks=isinstance(look, FileInspection))
        self.form.changed.connect(self._take)
        self.sheet = CalmComboBox(self.tr("Sheet"))
        self.header_row = QSpinBox()
        self.header_row.setAccessibleName(self.tr("Row with the names of the columns"))
        self.header_row.setRange(1, _MOST_HEADER_ROW)
        tidy_spin_box(self.header_row)
        self.encoding = CalmComboBox(self.tr("Encoding"))
        self._place = QWidget()
        self._place_form = QFormLayout(self._place)
        self._preview_box = QVBoxLayout()
        self._table: PlainTable | None = None
        self.notices = plain_label(kind="muted")
        self.problem = ProblemLine(parts.theme, parts.icons)
        self._lay_out(path.name)
        self.sheet.activated.connect(self._change_place)
        self.encoding.activated.connect(self._change_place)
        self.header_row.valueChanged.connect(self._change_place)
        self.resize(118 * GRID, 72 * GRID)
        self.show_look(look)
        if self.take_button.isEnabled():
            self.take_button.setFocus()
        else:
            self.form.boxes["text"].setFocus()

    @property
    def source(self) -> CorpusSource:
        """What was chosen; to be asked for after the dialog was accepted."""
        chosen, path = self._chosen, str(self._path)
        text, labels = chosen.text or "", chosen.labels or ""
        if isinstance(self._look, LinesLook):
            fields = {"id_field": chosen.id, "title_field": chosen.title}
            return JsonLinesSource(path, text, labels, **fields, group_field=chosen.group)
        layout = self._look.plan.layout
        return TableSource(
            path,
            text,
            labels_column=None if chosen.has_marks else labels,
            separator=chosen.separator,
            label_columns=chosen.marks if chosen.has_marks else (),
            id_column=chosen.id,
            title_column=chosen.title,
            group_column=chosen.group,
            sheet=layout.sheet,
            header_row=layout.header_row or 1,
            encoding=layout.encoding,
            delimiter=layout.delimiter,
        )

    def show_look(self, look: FileLook) -> None:
        """Show how the file begins, and what its columns seem to be."""
        self._look = look
        self._is_read = True
        if isinstance(look, LinesLook):
            columns, rows, header = look.fields, look.rows, None
            self._place.hide()
            self.notices.hide()
        else:
            table = look.table
            columns = () if table is None else table.columns
            rows = () if table is None else table.rows
            header = table.above[-1] if table is not None and table.above else None
            self._show_place(look)
        self._columns = usable_columns(columns, header)
        places = [columns.index(name) for name in self._columns]
        usable = [[row[at] if at < len(row) else "" for at in places] for row in rows]
        self._chosen = guess_label_columns(self._columns, usable)
        self.form.show_columns(self._columns, self._chosen)
        self._show_rows(columns, rows)
        self._show_problem()

    def show_failure(self, message: str) -> None:
        """Say that the file cannot be read in the way that was asked for."""
        self._is_read = False
        self._set_problem(message)

    def accept(self) -> None:
        if self.take_button.isEnabled():
            super().accept()

    def _lay_out(self, name: str) -> None:
        self._place_form.setContentsMargins(0, 0, 0, 0)
        self._place_form.setVerticalSpacing(GRID // 2)
        for words, field in (
            (self.tr("Sheet"), self.sheet),
            (self.tr("Header row"), self.header_row),
            (self.tr("Encoding"), self.encoding),
        ):
            self._place_form.addRow(field_label(words, field), field)
        forms = QWidget()
        left = QVBoxLayout(forms)
        left.setContentsMargins(0, 0, GRID, 0)
        left.setSpacing(2 * GRID)
        left.addWidget(self._place)
        left.addWidget(self.form)
        left.addStretch(1)
        area = scrolled(forms)
        area.setMinimumWidth(42 * GRID)
        preview = QWidget()
        preview.setLayout(self._preview_box)
        self._preview_box.setContentsMargins(0, 0, 0, 0)
        middle = QSplitter(Qt.Orientation.Horizontal)
        middle.setChildrenCollapsible(False)
        middle.setHandleWidth(GRID)
        middle.addWidget(area)
        middle.addWidget(preview)
        middle.setStretchFactor(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(plain_label(name, kind="heading"))
        layout.addWidget(self.notices)
        layout.addWidget(middle, 1)
        layout.addWidget(self.problem)
        layout.addWidget(self._buttons())

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        self.take_button = buttons.addButton(
            self.tr("Take these texts"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.take_button.setProperty("kind", "main")
        self.take_button.setDefault(True)
        cancel = buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        for button in (self.take_button, cancel):
            button.setAccessibleName(button.text())
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        return buttons

    def _show_place(self, look: FileInspection) -> None:
        layout = look.plan.layout
        sheets = () if look.table is None else look.table.sheets
        for box, items, chosen in (
            (self.sheet, [(one.name, one.name) for one in sheets], layout.sheet),
            (self.encoding, [(one, one) for one in look.encodings], layout.encoding),
        ):
            box.clear()
            for words, value in items:
                box.addItem(words, value)
            box.setCurrentIndex(max(0, box.findData(chosen)))
        self.header_row.blockSignals(True)  # noqa: FBT003  # Qt's way
        self.header_row.setValue(layout.header_row or 1)
        self.header_row.blockSignals(False)  # noqa: FBT003
        self._place_form.setRowVisible(self.sheet, self.sheet.count() > 1)
        self._place_form.setRowVisible(self.encoding, self.encoding.count() > 1)
        # What the import says of columns without a role is no concern here.
        said = [one for one in look.notices if "hidden sheet" in one or "encoding" in one.lower()]
        self.notices.setText("\n".join(said))
        self.notices.setVisible(bool(said))

    def _show_rows(self, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> None:
        if self._table is not None:
            self._preview_box.removeWidget(self._table)
            self._table.deleteLater()
        table = self._table = PlainTable(self.tr("First rows of the file"), columns or ("",))
        width = len(columns)
        cut = [tuple(cell[:_SHOWN_CHARACTERS] for cell in row[:width]) for row in rows]
        table.show_rows([(*row, *[""] * (width - len(row))) for row in cut])
        self._preview_box.addWidget(table)

    def _change_place(self) -> None:
        if isinstance(self._look, LinesLook):
            return
        plan = self._look.plan
        layout = replace(
            plan.layout,
            sheet=self.sheet.currentData() if self.sheet.count() else plan.layout.sheet,
            header_row=self.header_row.value(),
            encoding=self.encoding.currentData() if self.encoding.count() else plan.layout.encoding,
        )
        if layout.sheet != plan.layout.sheet:
            layout = replace(layout, header_row=None)
        self._is_read = False
        self._set_problem(self.tr("Reading…"), is_warning=False)
        self.look_wanted.emit(replace(plan, layout=layout, mapping=ColumnMapping()))

    def _take(self, chosen: LabelColumns) -> None:
        self._chosen = chosen
        self._show_problem()

    def _show_problem(self) -> None:
        if not self._is_read:
            return  # what is said of the way that was asked for stays, until it was read in it
        chosen = self._chosen
        table = None if isinstance(self._look, LinesLook) else self._look.table
        used = [one for one in (chosen.text, chosen.title, chosen.id) if one is not None]
        if table is not None and table.problem:
            self._set_problem(table.problem)
        elif chosen.text is None:
            self._set_problem(self.tr("Choose the column that holds the texts."))
        elif chosen.has_marks and not chosen.marks:
            self._set_problem(self.tr("Tick the columns that are labels."))
        elif not chosen.has_marks and chosen.labels is None:
            self._set_problem(self.tr("Choose the column that holds the names of the labels."))
        elif len(set(used)) < len(used) or (not chosen.has_marks and chosen.labels in used):
            self._set_problem(self.tr("One column was chosen for two things."))
        elif chosen.has_marks and set(used) & set(chosen.marks):
            self._set_problem(self.tr("A column that holds texts or ids is ticked as a label."))
        else:
            self._set_problem("")

    def _set_problem(self, message: str, *, is_warning: bool = True) -> None:
        self.problem.say(message, is_warning=is_warning)
        self.take_button.setEnabled(not message)
