"""How shall this file be read? Asked where the file itself does not say for certain."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.importing.imported import (
    ColumnMapping,
    ColumnRole,
    FileInspection,
    ImportPlan,
)
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.importing.layout_form import LayoutForm
from kdh_desktop.gui.importing.preview_table_model import PreviewTableModel
from kdh_desktop.gui.importing.roles_form import RolesForm
from kdh_desktop.gui.importing.words import format_name
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.problem_line import ProblemLine
from kdh_desktop.gui.theme import GRID, Theme

_COLUMN_WIDTH = 20 * GRID
_ROW_HEIGHT = 3 * GRID


class ReadingDialog(QDialog):
    """Shows how a file would be read, and lets a person say otherwise.

    It asks for another look at the file by `look_wanted`, and is told by `show_inspection`.

    Attributes:
        is_skipped: Whether it was closed because this one file shall be left out.
    """

    look_wanted = Signal(object)
    """An `ImportPlan` to read the file's beginning with."""
    skipped = Signal()
    """This file shall not be taken in, the others may."""

    def __init__(
        self,
        *,
        name: str,
        inspection: FileInspection,
        files_left: int,
        theme: Theme,
        icons: Icons,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("How to read the file"))
        self._inspection = inspection
        self.is_skipped = False
        self.layout_form = LayoutForm()
        self.roles = RolesForm()
        self.table = self._table(theme)
        self.sample = _sample_box(self.tr("Beginning of the file"))
        self.notices = plain_label()
        self.problem = ProblemLine(theme, icons)
        self.same_box = QCheckBox(self.tr("Read the other tables with these columns in this way"))
        self.same_box.setVisible(files_left > 0 and inspection.table is not None)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self._heading(name, inspection))
        layout.addWidget(self.notices)
        layout.addWidget(self._middle(), 1)
        layout.addWidget(self.same_box)
        layout.addWidget(self.problem)
        layout.addWidget(self._buttons(files_left))
        self.layout_form.plan_changed.connect(self._look)
        self.roles.mapping_changed.connect(self._take_mapping)
        self.resize(118 * GRID, 76 * GRID)
        self.show_inspection(inspection)
        self._focus_first()

    # What it shows

    def show_inspection(self, inspection: FileInspection) -> None:
        """Show how the file's beginning reads."""
        self._inspection = inspection
        self._is_read = True
        self.layout_form.show_inspection(inspection)
        table = inspection.table
        if table is None:
            self.sample.setPlainText(inspection.sample)
        else:
            plan = inspection.plan
            self.roles.show_columns(table.columns, plan.mapping)
            self._model.show_table(table, plan.mapping, header_row=plan.layout.header_row or 0)
        self._pages.setCurrentIndex(0 if table is not None else 1)
        self.roles.setVisible(table is not None)
        self._forms.setHidden(table is None and self.layout_form.is_empty)
        self.notices.setText("\n".join(inspection.notices))
        self.notices.setVisible(bool(inspection.notices))
        self._show_problem()

    def show_failure(self, message: str) -> None:
        """Say that the file cannot be read in the way that was asked for."""
        self._is_read = False
        self._set_problem(message)

    @property
    def inspection(self) -> FileInspection:
        """The last look at the file, with the plan that was chosen."""
        return self._inspection

    @property
    def plan(self) -> ImportPlan:
        """How the file shall be read."""
        return self._inspection.plan

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the table's columns; none of other files."""
        table = self._inspection.table
        return () if table is None else table.columns

    def accept(self) -> None:
        if self.import_button.isEnabled():
            super().accept()

    # Its parts

    def _heading(self, name: str, inspection: FileInspection) -> QWidget:
        heading = QWidget()
        column = QVBoxLayout(heading)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(plain_label(name, kind="heading"))
        column.addWidget(plain_label(format_name(inspection.plan.format), kind="muted"))
        return heading

    def _table(self, theme: Theme) -> QTableView:
        self._model = PreviewTableModel(theme.colors, self)
        table = QTableView()
        table.setModel(self._model)
        table.setAccessibleName(self.tr("First rows of the table"))
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.horizontalHeader().setDefaultSectionSize(_COLUMN_WIDTH)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        table.horizontalHeader().setHighlightSections(False)
        table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        table.verticalHeader().sectionClicked.connect(self._choose_header)
        table.verticalHeader().setToolTip(self.tr("Click a row above to make it the header"))
        return table

    def _middle(self) -> QWidget:
        _align_labels(self.layout_form, self.roles)
        forms = QWidget()
        column = QVBoxLayout(forms)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(self.layout_form)
        column.addWidget(self.roles)
        column.addStretch(1)
        area = self._forms = QScrollArea()
        area.setWidget(forms)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setMinimumWidth(40 * GRID)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.table)
        self._pages.addWidget(self.sample)
        middle = QSplitter(Qt.Orientation.Horizontal)
        middle.setChildrenCollapsible(False)
        middle.setHandleWidth(GRID)
        middle.addWidget(area)
        middle.addWidget(self._pages)
        middle.setStretchFactor(1, 1)
        return middle

    def _buttons(self, files_left: int) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        self.import_button = buttons.addButton(
            self.tr("Import"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.import_button.setProperty("kind", "main")
        self.import_button.setDefault(True)
        self.skip_button = QPushButton(self.tr("&Skip this file"))
        self.skip_button.clicked.connect(self._skip)
        buttons.addButton(self.skip_button, QDialogButtonBox.ButtonRole.ActionRole)
        self.skip_button.setVisible(files_left > 0)
        cancel = buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        for button in (self.import_button, self.skip_button, cancel):
            button.setAccessibleName(button.text().replace("&", ""))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        return buttons

    # What happens in it

    def _look(self, plan: ImportPlan) -> None:
        self._is_read = False
        self._set_problem(self.tr("Reading…"), is_warning=False)
        self.look_wanted.emit(plan)

    def _take_mapping(self, mapping: ColumnMapping) -> None:
        plan = replace(self._inspection.plan, mapping=mapping)
        self._inspection = replace(self._inspection, plan=plan)
        self._model.show_mapping(mapping)
        self._show_problem()

    def _choose_header(self, row: int) -> None:
        number = self._model.row_number(row)
        if number is not None:
            self.layout_form.choose_header(number)

    def _skip(self) -> None:
        self.is_skipped = True
        self.skipped.emit()
        self.reject()

    def _show_problem(self) -> None:
        if not self._is_read:
            return  # what is said of the way that was asked for stays, until it was read in it
        table = self._inspection.table
        if table is None:
            is_readable = bool(self._inspection.records)
            words = self.tr("Nothing at the beginning of the file can be read in this way.")
            self._set_problem("" if is_readable else words)
        elif table.problem:
            self._set_problem(table.problem)
        elif not _has_text(self._inspection.plan.mapping):
            self._set_problem(self.tr("Choose the column that holds the abstract or the title."))
        else:
            self._set_problem("")

    def _set_problem(self, message: str, *, is_warning: bool = True) -> None:
        self.problem.say(message, is_warning=is_warning)
        self.import_button.setEnabled(not message)

    def _focus_first(self) -> None:
        """Where a person has to do something; else on the button that goes on."""
        if self.import_button.isEnabled():
            self.import_button.setFocus()
        else:
            self.roles.boxes[ColumnRole.ABSTRACT].setFocus()


def _has_text(mapping: ColumnMapping) -> bool:
    return any(mapping.place(role) is not None for role in (ColumnRole.TITLE, ColumnRole.ABSTRACT))


def _align_labels(*forms: QWidget) -> None:
    """Let the fields of several forms begin at the same place."""
    labels = [
        label for form in forms for label in form.findChildren(QLabel) if label.buddy() is not None
    ]
    width = max(label.sizeHint().width() for label in labels)
    for label in labels:
        label.setMinimumWidth(width)


def _sample_box(name: str) -> QPlainTextEdit:
    box = QPlainTextEdit()
    box.setAccessibleName(name)
    box.setReadOnly(True)
    box.setTabChangesFocus(True)
    return box
