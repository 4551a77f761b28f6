"""Files on their way into the store: picked, dropped, asked about, taken in, summed up."""

from __future__ import annotations

import csv
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from kdh_desktop.core.importing.imported import (
    ImportedRecord,
    ImportPlan,
    Reading,
)
from kdh_desktop.core.importing.reading import read_records
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.records.import_batch import BatchKind
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.first_instance import become_first
from kdh_desktop.gui.app import Desktop, Doorbell
from kdh_desktop.gui.importing.import_work import expand_work
from kdh_desktop.gui.jobs import Job
from kdh_desktop.gui.journeys import Journeys
from tests.data.reference_files import abstract_of, ris_of
from tests.gui.conftest import ChosenFiles, StartDesktop, paste, press, press_in
from tests.gui.importing.conftest import make_workbook, wait_for_question, wait_for_summary
from tests.gui.looks import rich_labels, unnamed
from tests.gui.test_first_instance import ROOT, SECOND
from tests.gui.test_record_desk import click


def titles(store: RecordStore) -> list[str]:
    return [row.title for row in store.rows(store.ids())]


def test_file_that_is_certain_is_taken_in_without_a_question(
    journeys: Journeys, store: RecordStore, ris: Path, qtbot: QtBot
) -> None:
    journeys.take_in([ris])
    summary = wait_for_summary(journeys, qtbot)
    assert journeys.imports.dialog is None
    assert summary.heading.text() == "4 records were taken in. 1 row was refused."
    assert summary.table.rows.rows == [("refs.ris", 4, 1, "")]
    assert len(store.ids()) == 4
    assert QApplication.focusWidget() is summary.classify_button
    assert unnamed(summary) == []
    assert rich_labels(summary) == []
    assert not journeys.imports.is_active


def test_summary_of_one_record_speaks_of_one(
    journeys: Journeys, store: RecordStore, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "one.ris"
    path.write_text(ris_of(1), encoding="utf-8")
    journeys.take_in([path])
    summary = wait_for_summary(journeys, qtbot)
    assert summary.heading.text() == "1 record was taken in."
    assert summary.classify_button.text() == "&Classify 1 record"


def test_table_is_asked_about_and_read_as_was_said(
    journeys: Journeys, store: RecordStore, workbook: Path, qtbot: QtBot
) -> None:
    journeys.take_in([workbook])
    dialog = wait_for_question(journeys, qtbot)
    assert dialog.plan.layout.header_row == 2
    assert dialog.import_button.isEnabled()
    press_in(dialog, "Return")
    wait_for_summary(journeys, qtbot)
    assert titles(store) == [f"Row {number}" for number in range(1, 5)]
    [batch] = store.batches()
    assert batch.source.columns == ("Nr", "Title", "Abstract", "Remarks")
    [detail, *_] = store.details(store.ids())
    assert ("Remarks", "keep") in detail.imported.extra


def test_other_header_row_reads_the_table_again(
    journeys: Journeys, workbook: Path, qtbot: QtBot
) -> None:
    journeys.take_in([workbook])
    dialog = wait_for_question(journeys, qtbot)
    dialog.layout_form.choose_header(1)
    qtbot.waitUntil(lambda: dialog.columns[:1] == ("A colleague's list",), timeout=20_000)
    dialog.layout_form.choose_header(2)
    qtbot.waitUntil(dialog.import_button.isEnabled, timeout=20_000)
    assert dialog.columns == ("Nr", "Title", "Abstract", "Remarks")
    dialog.reject()


def test_questions_come_before_anything_is_taken_in(
    journeys: Journeys, store: RecordStore, ris: Path, workbook: Path, qtbot: QtBot
) -> None:
    journeys.take_in([ris, workbook])
    wait_for_question(journeys, qtbot)
    assert store.batches() == []
    dialog = journeys.imports.dialog
    assert dialog is not None
    dialog.reject()
    qtbot.waitUntil(lambda: not journeys.imports.is_active)
    assert store.batches() == []
    assert journeys.report.summary is None


def test_skipped_file_is_left_out_and_the_others_come_in(
    journeys: Journeys, store: RecordStore, ris: Path, workbook: Path, qtbot: QtBot
) -> None:
    journeys.take_in([workbook, ris])
    wait_for_question(journeys, qtbot).skip_button.click()
    summary = wait_for_summary(journeys, qtbot)
    assert [row[:2] for row in summary.table.rows.rows] == [("list.xlsx", ""), ("refs.ris", 4)]
    assert len(store.ids()) == 4


def test_tables_with_the_same_columns_are_read_alike_when_told_to(
    journeys: Journeys, store: RecordStore, tmp_path: Path, qtbot: QtBot
) -> None:
    files = [make_workbook(tmp_path / f"{rows}.xlsx", rows) for rows in (1, 2, 3)]
    journeys.take_in(files)
    dialog = wait_for_question(journeys, qtbot)
    dialog.same_box.setChecked(True)
    press_in(dialog, "Return")
    summary = wait_for_summary(journeys, qtbot)
    assert summary.records == 6


def make_table(path: Path, *titles: str, above: int = 0, encoding: str = "utf-8") -> Path:
    lines = [f"Line {number}," for number in range(above)] + ["Title,Abstract"]
    lines += [f"{title},{abstract_of(place)}" for place, title in enumerate(titles)]
    path.write_text("\n".join(lines), encoding=encoding)
    return path


def answer_for_all(journeys: Journeys, qtbot: QtBot) -> None:
    dialog = wait_for_question(journeys, qtbot)
    dialog.same_box.setChecked(True)
    press_in(dialog, "Return")


def test_table_that_is_read_like_another_keeps_its_own_encoding(
    journeys: Journeys, store: RecordStore, tmp_path: Path, qtbot: QtBot
) -> None:
    older = make_table(tmp_path / "older.csv", "Über Zellen", encoding="cp1252")
    newer = make_table(tmp_path / "newer.csv", "Für Mäuse")
    journeys.take_in([older, newer])
    answer_for_all(journeys, qtbot)
    wait_for_summary(journeys, qtbot)
    assert titles(store) == ["Über Zellen", "Für Mäuse"]


def test_table_that_is_read_like_another_loses_no_row_to_its_header(
    journeys: Journeys, store: RecordStore, tmp_path: Path, qtbot: QtBot
) -> None:
    low = make_table(tmp_path / "low.csv", "Fourth line", above=2)
    high = make_table(tmp_path / "high.csv", "Second line", "Third line", "Fourth line")
    journeys.take_in([low, high])
    answer_for_all(journeys, qtbot)
    summary = wait_for_summary(journeys, qtbot)
    assert summary.records == 4
    assert titles(store)[1:] == ["Second line", "Third line", "Fourth line"]


def test_table_that_lies_otherwise_than_the_one_like_it_is_asked_about(
    journeys: Journeys, store: RecordStore, tmp_path: Path, qtbot: QtBot
) -> None:
    western = make_table(tmp_path / "western.csv", "Über Zellen", encoding="cp1252")
    eastern = make_table(tmp_path / "eastern.csv", "О клетках опухоли", encoding="cp1251")
    low = make_table(tmp_path / "low.csv", "Plain", above=2)
    journeys.take_in([western, eastern, low])
    answer_for_all(journeys, qtbot)
    for _ in range(2):
        press_in(wait_for_question(journeys, qtbot), "Return")
    wait_for_summary(journeys, qtbot)
    assert titles(store) == ["Über Zellen", "О клетках опухоли", "Plain"]


def test_folder_gives_its_files_and_names_what_cannot_be_read(
    journeys: Journeys, chosen_files: ChosenFiles, ris: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "broken.xlsx").write_bytes(b"PK\x03\x04 nothing")
    (folder / "more.ris").write_text(ris_of(2), encoding="utf-8")
    chosen_files.files = [folder]
    journeys.take_in([tmp_path / "gone", ris])
    summary = wait_for_summary(journeys, qtbot)
    assert [outcome.name for outcome in summary.outcomes] == ["gone", "refs.ris"]
    assert summary.outcomes[0].error is not None
    summary.reject()
    journeys._ask_folder()
    qtbot.waitUntil(lambda: journeys.report.summary not in {None, summary}, timeout=20_000)
    again = journeys.report.summary
    assert again is not None
    assert [outcome.name for outcome in again.outcomes] == ["broken.xlsx", "more.ris"]
    assert again.records == 2


def test_same_file_twice_is_left_out_and_taken_in_on_request(
    journeys: Journeys, store: RecordStore, ris: Path, qtbot: QtBot
) -> None:
    journeys.take_in([ris])
    wait_for_summary(journeys, qtbot).reject()
    journeys.take_in([ris])
    summary = wait_for_summary(journeys, qtbot)
    assert "taken in before" in str(summary.table.rows.rows[0][3])
    assert len(store.ids()) == 4
    summary.again_button.click()
    qtbot.waitUntil(lambda: journeys.report.summary not in {None, summary}, timeout=20_000)
    assert len(store.ids()) == 8


def test_refused_rows_are_shown_and_saved(
    journeys: Journeys, chosen_files: ChosenFiles, ris: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    chosen_files.files = [tmp_path / "refused.csv"]
    journeys.take_in([ris])
    summary = wait_for_summary(journeys, qtbot)
    summary.problems_button.click()
    qtbot.waitUntil(lambda: journeys.report.problems is not None)
    problems = journeys.report.problems
    assert problems is not None
    [row] = problems.table.rows.rows
    assert row[:2] == ("refs.ris", 3)
    assert all(row)
    assert unnamed(problems) == []
    problems.save_button.click()
    qtbot.waitUntil(lambda: problems.words.text() == "The list was saved.")
    with (tmp_path / "refused.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1][:2] == ["refs.ris", "3"]
    problems.reject()
    summary.reject()


def test_pasted_table_is_taken_in_and_never_lies_on_the_disk(
    journeys: Journeys, desktop: Desktop, store: RecordStore, qtbot: QtBot
) -> None:
    lines = ["Title\tAbstract", *(f"Pasted {n}\t{abstract_of(n)}" for n in range(3))]
    QGuiApplication.clipboard().setText("\n".join(lines))
    press_in(desktop.window, "Ctrl+Shift+V")
    qtbot.waitUntil(
        lambda: journeys.imports.dialog is not None or journeys.report.summary is not None,
        timeout=20_000,
    )
    if journeys.imports.dialog is not None:
        press_in(journeys.imports.dialog, "Return")
    wait_for_summary(journeys, qtbot)
    assert titles(store) == ["Pasted 0", "Pasted 1", "Pasted 2"]
    [batch] = store.batches()
    assert batch.source.kind == BatchKind.PASTED
    assert batch.source.path == ""


def test_rows_pasted_into_the_text_box_are_offered_as_a_table(
    journeys: Journeys, desktop: Desktop, store: RecordStore, qtbot: QtBot
) -> None:
    page = desktop.window.classify_page
    lines = ["Title\tAbstract", *(f"Pasted {n}\t{abstract_of(n)}" for n in range(3))]
    paste(page.text_pane.editor, "\n".join(lines))
    click(page.notices, "Import as a table")
    assert page.session.is_blank
    qtbot.waitUntil(
        lambda: journeys.imports.dialog is not None or journeys.report.summary is not None,
        timeout=20_000,
    )
    if journeys.imports.dialog is not None:
        press_in(journeys.imports.dialog, "Return")
    wait_for_summary(journeys, qtbot)
    assert len(store.ids()) == 3


def test_text_with_a_tab_is_no_table(desktop: Desktop) -> None:
    page = desktop.window.classify_page
    paste(page.text_pane.editor, f"Title\tof a text\n\n{abstract_of(1)}\n{abstract_of(2)}")
    assert "paste" not in page.notices.messages


def test_files_of_a_second_start_are_taken_in_by_the_first_window(
    journeys: Journeys,
    desktop: Desktop,
    store: RecordStore,
    paths: AppPaths,
    ris: Path,
    qtbot: QtBot,
) -> None:
    first = become_first(paths.data)
    assert first is not None
    doorbell = Doorbell(first, desktop.window)
    doorbell.rung.connect(desktop.take_visit)
    desktop.window.showMinimized()
    with subprocess.Popen(
        [sys.executable, "-c", SECOND, str(paths.data), str(ris)], cwd=ROOT
    ) as second:
        summary = wait_for_summary(journeys, qtbot)
        assert second.wait(timeout=20) == 0
    assert summary.records == 4
    assert not desktop.window.isMinimized()
    first.close()


def test_empty_clipboard_says_what_to_do(desktop: Desktop, store: RecordStore) -> None:
    QGuiApplication.clipboard().clear()
    desktop.window.files.paste_table.trigger()
    assert "copy rows" in desktop.window.notices.messages["paste"]


def test_import_can_be_stopped_and_goes_on_later(
    journeys: Journeys,
    desktop: Desktop,
    store: RecordStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    path = tmp_path / "many.ris"
    path.write_text(ris_of(1_200), encoding="utf-8")
    real, gate, is_waiting = read_records, threading.Event(), threading.Event()

    def gated(source: Path, plan: ImportPlan, **options: object) -> Iterator[Reading]:
        for row in real(source, plan, **options):  # type: ignore[arg-type]
            if isinstance(row, ImportedRecord) and row.row == 700:
                is_waiting.set()
                gate.wait(timeout=60)
            yield row

    monkeypatch.setattr("kdh_desktop.core.records.intake.read_records", gated)
    journeys.take_in([path])
    qtbot.waitUntil(is_waiting.is_set, timeout=20_000)
    qtbot.waitUntil(lambda: "500" in desktop.window.panel.works[0].words)
    [row] = desktop.window.panel._rows
    row.cancel_button.click()
    assert desktop.window.panel.works[0].is_stopping
    gate.set()
    summary = wait_for_summary(journeys, qtbot)
    [batch] = summary.batches
    assert not batch.is_finished
    assert 500 <= batch.records < 1_200
    assert "go on where it stopped" in str(summary.table.rows.rows[0][3])
    summary.reject()
    journeys.take_in([path])
    qtbot.waitUntil(lambda: journeys.report.summary not in {None, summary}, timeout=20_000)
    assert len(store.ids()) == 1_200
    assert len(store.batches()) == 1


def test_files_given_before_the_store_is_open_wait_for_it(
    start: StartDesktop, ris: Path, qtbot: QtBot
) -> None:
    desktop = start()
    desktop.window.files_given.emit([ris])
    wait_for_summary(desktop.window.journeys, qtbot)


def test_without_a_store_nothing_is_taken_in_and_the_way_out_is_named(
    start: StartDesktop, ris: Path, qtbot: QtBot
) -> None:
    desktop = start(execute=lambda _work: None)
    desktop.window.journeys.take_in([ris])
    assert "not open" in desktop.window.notices.messages["import"]


def drop(desktop: Desktop, mime: QMimeData) -> None:
    """Drag over the rail, where no page is, and let go."""
    parts = (
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    enter = QDragEnterEvent(QPoint(20, 300), *parts)
    QApplication.sendEvent(desktop.window, enter)
    assert enter.isAccepted()
    assert desktop.window.drops.sign.isVisible()
    QApplication.sendEvent(desktop.window, QDropEvent(QPointF(20, 300), *parts))
    assert not desktop.window.drops.sign.isVisible()


def test_files_dropped_anywhere_on_the_window_are_taken_in(
    journeys: Journeys, desktop: Desktop, store: RecordStore, ris: Path, qtbot: QtBot
) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(ris))])
    drop(desktop, mime)
    wait_for_summary(journeys, qtbot)
    assert len(store.ids()) == 4


def test_files_pasted_into_the_text_box_are_taken_in(
    journeys: Journeys, desktop: Desktop, store: RecordStore, ris: Path, qtbot: QtBot
) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(ris))])
    QGuiApplication.clipboard().setMimeData(mime)
    press(desktop.window.classify_page.text_pane.editor, "Ctrl+V")
    wait_for_summary(journeys, qtbot)
    assert len(store.ids()) == 4


def test_files_on_the_network_are_not_opened(desktop: Desktop, store: RecordStore) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("file://host.example/share/a.ris")])
    drop(desktop, mime)
    assert "network" in desktop.window.notices.messages["import"]


def test_summary_leads_to_the_records_of_the_import(
    journeys: Journeys, desktop: Desktop, store: RecordStore, ris: Path, qtbot: QtBot
) -> None:
    journeys.take_in([ris])
    wait_for_summary(journeys, qtbot).show_button.click()
    records = desktop.window.records_page
    assert desktop.window.current_page is records
    qtbot.waitUntil(lambda: len(records.records.ids) == 4)


def test_whole_trip_from_file_to_labels_by_keys_alone(
    journeys: Journeys,
    desktop: Desktop,
    store: RecordStore,
    workbook: Path,
    chosen_files: ChosenFiles,
    qtbot: QtBot,
) -> None:
    chosen_files.files = [workbook]
    press_in(desktop.window, "Ctrl+O")
    press_in(wait_for_question(journeys, qtbot), "Return")
    press_in(wait_for_summary(journeys, qtbot), "Return")
    qtbot.waitUntil(lambda: store.count_unpredicted() == 0, timeout=20_000)
    qtbot.waitUntil(lambda: not journeys.bulk.is_active)
    assert desktop.window.notices.messages["bulk:done"] == "4 records were classified."
    assert all(row.labels for row in store.rows(store.ids()))


def test_files_given_in_a_private_session_are_not_taken_in_after_it(
    journeys: Journeys,
    desktop: Desktop,
    store: RecordStore,
    ris: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    gate = threading.Event()

    def held(paths: Sequence[Path]) -> Callable[[Job], tuple[Path, ...]]:
        def work(job: Job) -> tuple[Path, ...]:
            gate.wait(10)
            return expand_work(paths)(job)

        return work

    monkeypatch.setattr("kdh_desktop.gui.importing.import_flow.expand_work", held)
    desktop.window.files.private.trigger()
    journeys.take_in([ris.parent])
    desktop.window.files.private.trigger()
    assert not desktop.desk.is_private
    gate.set()
    qtbot.waitUntil(lambda: "import" in desktop.window.notices.messages)
    assert not journeys.imports.is_active
    assert len(store.ids()) == 0


def test_private_session_does_not_end_under_an_import_that_came_after_the_question(
    journeys: Journeys, desktop: Desktop, store: RecordStore, workbook: Path, qtbot: QtBot
) -> None:
    desktop.window.files.private.trigger()
    paste(desktop.window.classify_page.text_pane.editor, abstract_of(1))
    desktop.window.files.private.trigger()
    # As when the program is started a second time, with a file.
    desktop.window.files_given.emit([workbook])
    question = wait_for_question(journeys, qtbot)
    assert journeys.private.question is not None
    click(journeys.private.question, "End and forget")
    assert desktop.desk.is_private
    assert "Wait until the work below has ended" in desktop.window.notices.messages["private"]
    question.reject()


def test_table_that_was_pasted_over_one_of_several_texts_leaves_the_others(
    desktop: Desktop, store: RecordStore, journeys: Journeys, qtbot: QtBot
) -> None:
    page = desktop.window.classify_page
    paste(page.text_pane.editor, abstract_of(1))
    page.session.add_text(abstract_of(2))
    page.text_pane.editor.selectAll()
    lines = ["Title\tAbstract", *(f"Pasted {n}\t{abstract_of(n)}" for n in range(3))]
    paste(page.text_pane.editor, "\n".join(lines))
    click(page.notices, "Import as a table")
    qtbot.waitUntil(
        lambda: journeys.imports.dialog is not None or journeys.report.summary is not None,
        timeout=20_000,
    )
    if journeys.imports.dialog is not None:
        press_in(journeys.imports.dialog, "Return")
    wait_for_summary(journeys, qtbot)
    click(page.notices, "Undo")
    assert page.session.entries[0].record.text == abstract_of(1)
