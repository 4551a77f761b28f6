"""The dialog that asks how a table lies in its file, and which column is what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from kdh_desktop.core.importing.imported import (
    ColumnMapping,
    ColumnRole,
    FileFormat,
    FileInspection,
    ImportPlan,
    Sheet,
    TablePreview,
)
from kdh_desktop.core.importing.table import TableLayout
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.importing.reading_dialog import ReadingDialog
from tests.gui.conftest import press
from tests.gui.looks import rich_labels, unnamed

MAPPING = ColumnMapping(((ColumnRole.TITLE, 1), (ColumnRole.ABSTRACT, 2)))
TABLE = TablePreview(
    sheets=(Sheet("Reading list", is_hidden=False, rows=3), Sheet("Old", is_hidden=True, rows=9)),
    above=(("My list", "", ""), ("id", "Title", "Text", "id")),
    columns=("id", "Title", "Text", "id"),
    rows=(("1", "One", "Words of one.", "a"), ("2", "Two", "Words of two.", "b")),
)
INSPECTION = FileInspection(
    plan=ImportPlan(
        FileFormat.WORKBOOK,
        layout=TableLayout(sheet="Reading list", header_row=2),
        mapping=MAPPING,
    ),
    needs_look=True,
    encodings=(),
    sample="",
    table=TABLE,
    records=(),
    notices=("Two columns are called id.",),
)

MakeDialog = Callable[..., ReadingDialog]


@pytest.fixture
def make(desktop: Desktop, qtbot: QtBot) -> MakeDialog:
    kept: list[ReadingDialog] = []

    def make_dialog(inspection: FileInspection = INSPECTION, files_left: int = 0) -> ReadingDialog:
        dialog = ReadingDialog(
            name="list.xlsx",
            inspection=inspection,
            files_left=files_left,
            theme=desktop.theme,
            icons=desktop.icons,
        )
        kept.append(dialog)
        qtbot.addWidget(dialog)
        with qtbot.waitExposed(dialog):
            dialog.open()
        return dialog

    return make_dialog


def header(dialog: ReadingDialog, column: int) -> object:
    return dialog.table.model().headerData(column, Qt.Orientation.Horizontal)


def test_guess_is_shown_over_the_columns_and_in_the_lists(make: MakeDialog) -> None:
    dialog = make()
    assert [header(dialog, place) for place in range(4)] == ["A", "Title", "Abstract or text", "D"]
    assert dialog.roles.boxes[ColumnRole.ABSTRACT].currentText() == "Text"
    assert dialog.roles.boxes[ColumnRole.PMID].currentText() == "(none)"
    assert dialog.roles.carried.text() == "Carried along unchanged: id, id"
    assert dialog.table.model().index(2, 2).data() == "Words of one."
    assert "called id" in dialog.notices.text()
    assert dialog.import_button.isEnabled()
    assert QApplication.focusWidget() is dialog.import_button


def test_columns_of_the_same_name_are_told_apart(make: MakeDialog) -> None:
    box = make().roles.boxes[ColumnRole.ID]
    assert [box.itemText(row) for row in range(box.count())] == [
        *("(none)", "id (A)", "Title", "Text", "id (D)")
    ]


def test_column_that_gets_a_role_leaves_the_one_it_had(make: MakeDialog) -> None:
    dialog = make()
    box = dialog.roles.boxes[ColumnRole.KEYWORDS]
    box.setFocus()
    press(box, "End")  # the last column
    press(box, "Up")
    assert box.currentText() == "Text"
    assert dialog.roles.boxes[ColumnRole.ABSTRACT].currentText() == "(none)"
    assert dialog.plan.mapping.role(2) == ColumnRole.KEYWORDS
    assert header(dialog, 2) == "Keywords"


def test_nothing_is_imported_without_a_text_column(make: MakeDialog, qtbot: QtBot) -> None:
    plan = replace(INSPECTION.plan, mapping=ColumnMapping())
    dialog = make(replace(INSPECTION, plan=plan))
    assert not dialog.import_button.isEnabled()
    assert "Choose the column" in dialog.problem.text()
    box = dialog.roles.boxes[ColumnRole.ABSTRACT]
    assert QApplication.focusWidget() is box
    press(dialog, "Return")
    assert dialog.isVisible()
    for _ in range(3):
        press(box, "Down")
    assert dialog.problem.text() == ""
    with qtbot.waitSignal(dialog.accepted):
        press(box, "Return")
    assert dialog.plan.mapping == ColumnMapping(((ColumnRole.ABSTRACT, 2),))


def test_another_sheet_asks_for_another_look_with_everything_guessed_anew(
    make: MakeDialog, qtbot: QtBot
) -> None:
    dialog = make()
    box = dialog.layout_form.sheet
    assert box.itemText(1) == "Old (9 rows), hidden"
    box.setFocus()
    with qtbot.waitSignal(dialog.look_wanted) as asked:
        press(box, "Down")
    [plan] = asked.args
    assert plan.layout == TableLayout(sheet="Old", header_row=None)
    assert plan.mapping == ColumnMapping()
    assert not dialog.import_button.isEnabled()
    dialog.show_inspection(replace(INSPECTION, plan=replace(plan, mapping=MAPPING)))
    assert dialog.import_button.isEnabled()


def test_click_on_a_row_above_makes_it_the_header(make: MakeDialog, qtbot: QtBot) -> None:
    dialog = make()
    rows = dialog.table.verticalHeader()
    with qtbot.waitSignal(dialog.look_wanted) as asked:
        QTest.mouseClick(
            rows.viewport(),
            Qt.MouseButton.LeftButton,
            pos=rows.viewport().rect().topLeft()
            + type(rows.viewport().pos())(5, rows.sectionViewportPosition(0) + 5),
        )
    [plan] = asked.args
    assert plan.layout.header_row == 1


def test_nothing_is_imported_in_the_old_way_while_another_is_looked_at(
    make: MakeDialog, qtbot: QtBot
) -> None:
    dialog = make()
    dialog.layout_form.sheet.setFocus()
    with qtbot.waitSignal(dialog.look_wanted):
        press(dialog.layout_form.sheet, "Down")
    box = dialog.roles.boxes[ColumnRole.KEYWORDS]
    for words in ("Reading…", "The sheet is protected."):
        press(box, "Down")
        assert dialog.problem.text() == words
        assert not dialog.import_button.isEnabled()
        dialog.show_failure("The sheet is protected.")


def test_failed_look_says_why_and_stops_the_import(make: MakeDialog) -> None:
    dialog = make()
    dialog.show_failure("The sheet is protected.")
    assert dialog.problem.text() == "The sheet is protected."
    assert not dialog.import_button.isEnabled()


def test_encoding_that_is_not_certain_can_be_chosen(make: MakeDialog, qtbot: QtBot) -> None:
    text = FileInspection(
        plan=ImportPlan(FileFormat.RIS, encoding="cp1252"),
        needs_look=True,
        encodings=("cp1252", "cp1251"),
        sample="TI  - Über Zellen",
        table=None,
        records=(),
        notices=(),
    )
    dialog = make(text)
    assert dialog.sample.toPlainText() == "TI  - Über Zellen"
    assert not dialog.table.isVisible()
    box = dialog.layout_form.encoding
    assert box.currentText() == "Windows-1252 (Western Europe)"
    with qtbot.waitSignal(dialog.look_wanted) as asked:
        press(box, "Down")
    assert asked.args[0].encoding == "cp1251"


def test_what_the_file_leaves_no_choice_of_is_not_asked(make: MakeDialog) -> None:
    form = make(replace(INSPECTION, table=replace(TABLE, sheets=TABLE.sheets[:1]))).layout_form
    assert not form.sheet.isVisible()
    assert not form.encoding.isVisible()
    assert not form.delimiter.isVisible()
    assert form.header_row.isVisible()


def test_skip_is_offered_only_where_there_are_other_files(make: MakeDialog, qtbot: QtBot) -> None:
    assert not make().skip_button.isVisible()
    dialog = make(files_left=2)
    assert dialog.same_box.isVisible()
    with qtbot.waitSignals([dialog.skipped, dialog.rejected]):
        dialog.skip_button.click()


def test_every_control_is_named_and_plain(make: MakeDialog) -> None:
    dialog = make(files_left=1)
    assert unnamed(dialog) == []
    assert rich_labels(dialog) == []
