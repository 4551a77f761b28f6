"""Choosing texts: files with their columns, folders, reviewed records; and what the check says."""

from __future__ import annotations

import csv
import json
import stat
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from kdh_desktop.core.corpus_report import CorpusReport
from kdh_desktop.core.corpus_source import (
    CorrectionsSource,
    HocSource,
    JsonLinesSource,
    TableSource,
)
from kdh_desktop.core.errors import Cancelled
from kdh_desktop.core.exporting import corrections
from kdh_desktop.core.exporting.corrections import CorrectionsOutcome, export_corrections
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import OperationKind, ReviewChange
from kdh_desktop.core.suspicious_labels import SuspiciousLabel, SuspiciousLabels
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.jobs import Job
from kdh_desktop.gui.training.wizard.columns_dialog import ColumnsDialog
from kdh_desktop.gui.training.wizard.draft import Checked, ChosenSource
from kdh_desktop.gui.training.wizard.hoc_dialog import HocDialog
from kdh_desktop.gui.training.wizard.suspects_dialog import SuspectsDialog
from kdh_desktop.gui.training.wizard.trainer_calls import ask_trainer, probe_work, suspects_work
from kdh_desktop.gui.training.wizard.training_wizard import TrainingWizard
from kdh_desktop.gui.window_parts import WindowParts
from tests.data.tiny_corpus import tiny_texts_and_names, write_tiny_corpus
from tests.data.tiny_store import SOURCE, invented_records
from tests.gui.conftest import ChosenFiles
from tests.gui.training.wizard.conftest import WAIT_MS, wait_for_check


def columns_asked(wizard: TrainingWizard, qtbot: QtBot, path: Path) -> ColumnsDialog:
    wizard.data_page.finder.take_file(path)
    qtbot.waitUntil(lambda: wizard.data_page.finder.dialog is not None, timeout=WAIT_MS)
    dialog = wizard.data_page.finder.dialog
    assert isinstance(dialog, ColumnsDialog)
    return dialog


def write_rows(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def shown_problems(wizard: TrainingWizard) -> str:
    report = wizard.keeper.draft.checked
    assert report is not None
    assert report.report is not None
    return " ".join(one.message for one in report.report.problems)


def test_columns_of_a_table_are_guessed_and_it_is_checked_by_a_child(
    wizard: TrainingWizard, qtbot: QtBot, table: Path, chosen_files: ChosenFiles
) -> None:
    chosen_files.files = [table]
    wizard.data_page.add_actions["file"].trigger()
    qtbot.waitUntil(lambda: wizard.data_page.finder.dialog is not None, timeout=WAIT_MS)
    dialog = wizard.data_page.finder.dialog
    assert isinstance(dialog, ColumnsDialog)
    dialog.take_button.click()
    (chosen,) = wizard.keeper.draft.sources
    source = chosen.source
    assert isinstance(source, TableSource)
    assert chosen.name == "ward-seven.csv"
    assert (source.path, source.text_column, source.labels_column) == (
        *(str(table), "abstract"),
        "labels",
    )
    assert (source.id_column, source.title_column, source.group_column) == (
        *("pmid", "title"),
        "patient",
    )
    wait_for_check(qtbot, wizard)
    assert wizard.data_page.problem == ""
    assert wizard.data_page.model.index(0, 2).data() == "120"
    assert wizard.data_page.panel.balance.rows.rowCount() == 10


def test_columns_of_yes_and_no_are_labels_and_can_be_taken_off(
    wizard: TrainingWizard, qtbot: QtBot, tmp_path: Path
) -> None:
    rows: list[list[object]] = [["text", "Angiogenesis", "Metastasis", "checked"]]
    rows += [[text, int("vessels" in text), 0, "x"] for text, _ in tiny_texts_and_names(12)]
    dialog = columns_asked(wizard, qtbot, write_rows(tmp_path / "marks.csv", rows))
    assert dialog.form.way.currentData() is True
    item = dialog.form.marks.item(3)
    assert item is not None
    item.setCheckState(Qt.CheckState.Unchecked)
    source = dialog.source
    assert isinstance(source, TableSource)
    assert source.label_columns == ("Angiogenesis", "Metastasis")
    assert source.labels_column is None


def test_a_look_that_comes_when_the_dialog_is_gone_is_for_nobody(
    wizard: TrainingWizard, qtbot: QtBot, table: Path
) -> None:
    dialog = columns_asked(wizard, qtbot, table)
    dialog.header_row.setValue(3)
    dialog.reject()
    jobs = wizard.data_page.finder._parts.jobs
    qtbot.waitUntil(lambda: not jobs._running, timeout=WAIT_MS)
    assert wizard.data_page.finder.dialog is None


def test_a_table_whose_columns_say_nothing_has_to_be_explained(
    wizard: TrainingWizard, qtbot: QtBot, tmp_path: Path
) -> None:
    rows = [["a", "b"], *[[f"short {n}", "Angiogenesis"] for n in range(8)]]
    dialog = columns_asked(wizard, qtbot, write_rows(tmp_path / "odd.csv", rows))
    assert not dialog.take_button.isEnabled()
    assert "Choose the column" in dialog.problem.text()
    for name, column in (("text", "a"), ("labels", "b")):
        box = dialog.form.boxes[name]
        box.setCurrentIndex(box.findData(column))
        box.activated.emit(box.currentIndex())
    assert dialog.take_button.isEnabled()


def test_fields_of_json_lines_are_offered_and_reviewed_records_are_known(
    wizard: TrainingWizard, qtbot: QtBot, tmp_path: Path
) -> None:
    lines = tmp_path / "texts.jsonl"
    lines.write_text(
        "".join(
            json.dumps({"pmid": n, "abstract": text, "topics": names}) + "\n"
            for n, (text, names) in enumerate(tiny_texts_and_names(20))
        ),
        "utf-8",
    )
    dialog = columns_asked(wizard, qtbot, lines)
    assert dialog.source == JsonLinesSource(str(lines), "abstract", "topics", id_field="pmid")
    dialog.reject()
    corrections = tmp_path / "reviewed.jsonl"
    corrections.write_text('{"id": "1", "text": "Cells.", "decisions": {"x": true}}\n', "utf-8")
    wizard.data_page.finder.take_file(corrections)
    qtbot.waitUntil(lambda: len(wizard.keeper.draft.sources) == 1, timeout=WAIT_MS)
    assert wizard.keeper.draft.sources[0].source == CorrectionsSource(str(corrections))


def test_a_hoc_folder_is_divided_by_its_lists(
    wizard: TrainingWizard, qtbot: QtBot, tmp_path: Path, chosen_files: ChosenFiles
) -> None:
    folder = write_tiny_corpus(tmp_path / "hoc")
    (folder / "dev.txt").rename(folder / "test.txt")
    chosen_files.files = [folder]
    wizard.data_page.add_actions["folder"].trigger()
    qtbot.waitUntil(lambda: wizard.data_page.finder.dialog is not None)
    dialog = wizard.data_page.finder.dialog
    assert isinstance(dialog, HocDialog)
    dialog.take_button.click()
    request = wizard.keeper.draft.request()
    assert request.corpus == (HocSource(str(folder), "train.txt"),)
    assert request.judged == (HocSource(str(folder), "test.txt"),)
    assert request.config.judged_share == 0
    assert not wizard.data_page.share.isEnabled()
    wait_for_check(qtbot, wizard)
    assert not wizard.data_page.panel.balance.isColumnHidden(3)


@pytest.mark.parametrize("made", ["empty folder", "references"])
def test_what_holds_no_labels_is_refused_in_words(
    wizard: TrainingWizard, qtbot: QtBot, tmp_path: Path, made: str
) -> None:
    finder = wizard.data_page.finder
    with qtbot.waitSignal(finder.failed, timeout=WAIT_MS):
        if made == "empty folder":
            finder.take_folder(tmp_path)
        else:
            path = tmp_path / "refs.nbib"
            path.write_text("PMID- 1\nTI  - A title\nAB  - Cells grew.\n\n", "utf-8")
            finder.take_file(path)
    assert wizard.data_page.note.isVisible()
    assert wizard.keeper.draft.sources == ()


NASTY: dict[str, tuple[list[tuple[str, str]], str]] = {
    "three rows": ([(f"Text {n} about cells.", "Angiogenesis") for n in range(3)], "3"),
    "no label at all": ([(f"Text {n}.", "") for n in range(40)], "label"),
    "one label in every text": ([(f"Text {n}.", "Angiogenesis") for n in range(40)], "every text"),
    "empty texts": ([("", "Angiogenesis")] * 30, "no text"),
}


@pytest.mark.parametrize("case", NASTY)
def test_texts_that_cannot_be_learnt_are_reported_before_any_training(
    wizard: TrainingWizard, qtbot: QtBot, tmp_path: Path, case: str
) -> None:
    rows, words = NASTY[case]
    path = write_rows(tmp_path / "nasty.csv", [("text", "labels"), *rows])
    source = TableSource(str(path), "text", labels_column="labels")
    wizard.keeper.change(sources=(ChosenSource(source, "nasty.csv"),))
    wait_for_check(qtbot, wizard)
    assert not wizard.next_button.isEnabled()
    assert wizard.problem.text()
    said = shown_problems(wizard)
    assert words in said.casefold(), said


def test_a_misspelt_label_and_one_label_alone_are_pointed_out(
    wizard: TrainingWizard, qtbot: QtBot, tmp_path: Path
) -> None:
    rows = [(text, "; ".join(names)) for text, names in tiny_texts_and_names(120)]
    rows += [("A last text on growth of vessels.", "Inducing  angiogenesys")]
    path = write_rows(tmp_path / "misspelt.csv", [("text", "labels"), *rows])
    source = TableSource(str(path), "text", labels_column="labels")
    wizard.keeper.change(sources=(ChosenSource(source, "misspelt.csv"),))
    wait_for_check(qtbot, wizard)
    assert "angiogenesys" in shown_problems(wizard)


def test_the_same_text_in_both_parts_blocks(
    wizard: TrainingWizard, qtbot: QtBot, table: Path
) -> None:
    source = TableSource(str(table), "abstract", labels_column="labels")
    other = TableSource(str(table), "abstract", labels_column="labels", id_column="pmid")
    wizard.keeper.change(
        sources=(ChosenSource(source, "learn"), ChosenSource(other, "judge", is_judge=True))
    )
    wait_for_check(qtbot, wizard)
    assert "kept for judging" in wizard.data_page.problem
    assert not wizard.next_button.isEnabled()


def test_texts_to_judge_on_alone_are_not_checked_but_say_what_is_missing(
    wizard: TrainingWizard, table: Path
) -> None:
    source = TableSource(str(table), "abstract", labels_column="labels")
    learnt = replace(wizard.keeper.draft, sources=(ChosenSource(source, "texts"),))
    report = CorpusReport((), (), 1.0, 3, None, ())
    wizard.keeper.show(replace(learnt, checked=Checked(learnt.check_key, report)))
    assert wizard.data_page.panel.summary.text() == "Ready: nothing speaks against these texts"
    wizard.data_page.use_button.click()
    assert wizard.keeper.draft.has_judges
    assert not wizard.checker.is_checking
    assert wizard.keeper.draft.checked is None
    assert wizard.data_page.panel.summary.text() == "Nothing to learn from yet"
    assert wizard.data_page.problem == "Choose texts to learn from."
    wizard.data_page.use_button.click()
    assert wizard.checker.is_checking


def test_a_file_that_is_gone_is_told_and_can_be_checked_again(
    wizard: TrainingWizard, qtbot: QtBot, table: Path
) -> None:
    moved = table.rename(table.with_name("moved.csv"))
    source = TableSource(str(table), "abstract", labels_column="labels")
    wizard.keeper.change(sources=(ChosenSource(source, "texts"),))
    wait_for_check(qtbot, wizard)
    assert wizard.data_page.panel.summary.text() == "The texts cannot be read"
    moved.rename(table)
    wizard.data_page.panel.again.click()
    wait_for_check(qtbot, wizard)
    assert wizard.data_page.problem == ""


def test_without_a_reviewed_record_there_is_nothing_to_copy(
    wizard: TrainingWizard, store: RecordStore, qtbot: QtBot
) -> None:
    store.add_records(store.begin_import(SOURCE), invented_records(3))
    wizard.data_page.add_actions["reviewed"].trigger()
    qtbot.waitUntil(lambda: "reviewed" in wizard.data_page.note.text(), timeout=WAIT_MS)
    assert wizard.keeper.draft.sources == ()
    assert list(wizard.presets.all()) == []


def label_and_confirm(store: RecordStore, records: Sequence[int]) -> None:
    decision = (store.active_labels[0].id, True)
    changes = [ReviewChange(record, (decision,)) for record in records]
    store.review(changes, kind=OperationKind.DECIDE)
    assert store.confirm(records) == len(records)


def test_reviewed_records_are_copied_until_nobody_wants_them(
    wizard: TrainingWizard, store: RecordStore, qtbot: QtBot
) -> None:
    store.add_records(store.begin_import(SOURCE), invented_records(5))
    label_and_confirm(store, [1, 2, 4])
    wizard.data_page.add_actions["reviewed"].trigger()
    qtbot.waitUntil(lambda: len(wizard.keeper.draft.sources) == 1, timeout=WAIT_MS)
    (chosen,) = wizard.keeper.draft.sources
    assert chosen.name == "Reviewed records (3)"
    assert isinstance(chosen.source, CorrectionsSource)
    copy = Path(chosen.source.path)
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    assert len(copy.read_text("utf-8").splitlines()) == 1 + 3
    wizard.data_page.table.setCurrentIndex(wizard.data_page.model.index(0, 0))
    wizard.data_page.remove_button.click()
    assert not copy.exists()
    assert wizard.keeper.draft.sources == ()


def test_a_copy_that_nobody_waits_for_any_more_is_deleted(
    wizard: TrainingWizard,
    store: RecordStore,
    desktop: Desktop,
    paths: AppPaths,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.add_records(store.begin_import(SOURCE), invented_records(2))
    label_and_confirm(store, [1, 2])
    written, given_up = Event(), Event()

    def export(*arguments: Any, **options: Any) -> CorrectionsOutcome:
        outcome = export_corrections(*arguments, **options)
        written.set()
        given_up.wait()
        return outcome

    monkeypatch.setattr(corrections, "export_corrections", export)
    wizard.data_page.add_actions["reviewed"].trigger()
    qtbot.waitUntil(written.is_set, timeout=WAIT_MS)
    assert list(paths.runs.rglob("*.jsonl"))
    wizard.close()
    given_up.set()
    qtbot.waitUntil(lambda: not list(paths.runs.rglob("*.jsonl")), timeout=WAIT_MS)
    assert wizard.keeper.draft.sources == ()


def test_a_copy_that_a_run_has_taken_is_not_offered_again(
    wizard: TrainingWizard, store: RecordStore, qtbot: QtBot
) -> None:
    store.add_records(store.begin_import(SOURCE), invented_records(2))
    label_and_confirm(store, [1, 2])
    wizard.data_page.add_actions["reviewed"].trigger()
    qtbot.waitUntil(lambda: len(wizard.keeper.draft.sources) == 1, timeout=WAIT_MS)
    source = wizard.keeper.draft.sources[0].source
    assert isinstance(source, CorrectionsSource)
    wizard.close()
    Path(source.path).unlink()
    wizard.open()
    assert wizard.keeper.draft.sources == ()


def test_nothing_of_a_private_session_is_copied(wizard: TrainingWizard, desktop: Desktop) -> None:
    desktop.desk.begin_private()
    wizard.data_page.add_actions["reviewed"].trigger()
    assert "private session" in wizard.data_page.note.text().casefold()
    desktop.desk.end_private()


def test_no_name_of_a_file_is_an_argument_of_the_trainer(
    wizard: TrainingWizard, qtbot: QtBot, table: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "arguments.json"
    script = tmp_path / "trainer.py"
    script.write_text(
        "import json, os, stat, sys\n"
        "mode = stat.S_IMODE(os.stat(os.path.dirname(sys.argv[2])).st_mode)\n"
        f"json.dump([sys.argv[2:], mode], open({str(kept)!r}, 'w'))\n"
        "print('{}')\n",
        "utf-8",
    )
    source = TableSource(str(table), "abstract", labels_column="labels")
    work = suspects_work(
        [ChosenSource(source, "x")],
        tmp_path / "model",
        command=lambda: [sys.executable, str(script)],
    )
    with pytest.raises(Exception, match="cannot be read"):
        work(Job(lambda _value: None))
    arguments, mode = json.loads(kept.read_text("utf-8"))
    assert "ward-seven" not in " ".join(arguments)
    assert stat.S_IMODE(mode) == 0o700


def test_a_trial_that_is_given_up_leaves_nothing_that_it_made_of_the_texts(
    wizard: TrainingWizard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, temporary = tmp_path / "trainer.py", tmp_path / "temporary"
    script.write_text(
        "import pathlib, sys, time\n"
        "work = pathlib.Path(sys.argv[sys.argv.index('--work') + 1])\n"
        "(work / 'vocabulary').mkdir()\n"
        "time.sleep(60)\n",
        "utf-8",
    )
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    class GivenUp(Job):
        def should_stop(self) -> bool:
            return any(temporary.rglob("vocabulary"))

    work = probe_work(wizard.keeper.draft.request(), command=lambda: [sys.executable, str(script)])
    with pytest.raises(Cancelled):
        work(GivenUp(lambda _value: None))
    assert list(temporary.iterdir()) == []


def test_a_trainer_that_breaks_is_told_in_a_sentence(tmp_path: Path) -> None:
    script = tmp_path / "trainer.py"
    script.write_text("import os\nos._exit(139)\n", "utf-8")
    with pytest.raises(Exception, match="ended without an answer"):
        ask_trainer(
            ["check"], Job(lambda _value: None), command=lambda: [sys.executable, str(script)]
        )


def suspects_given(found: SuspiciousLabels) -> Callable[..., Callable[[Job], SuspiciousLabels]]:
    def answer(_job: Job) -> SuspiciousLabels:
        return found

    return lambda _sources, _folder: answer


def test_suspicious_labels_are_listed_and_saved(
    wizard: TrainingWizard,
    parts: WindowParts,
    qtbot: QtBot,
    tmp_path: Path,
    chosen_files: ChosenFiles,
) -> None:
    one = SuspiciousLabel(0, "12", "=We studied cells", "Inducing angiogenesis", True, 0.03)
    found = SuspiciousLabels("model", 40, ("Inducing angiogenesis",), ("Other",), 300, (one,))
    dialog = SuspectsDialog(parts, (), wizard, work=suspects_given(found))
    qtbot.addWidget(dialog)
    dialog.open()
    qtbot.waitUntil(dialog.save_button.isEnabled)
    assert dialog.table.rows.rows[0][2] == "labelled yes, model says 3%"
    assert "300" in dialog.words.text()
    chosen_files.files = [tmp_path / "suspects.csv"]
    dialog.save_button.click()
    qtbot.waitUntil(lambda: "saved" in dialog.words.text())
    assert "'=We studied cells" in (tmp_path / "suspects.csv").read_text("utf-8-sig")


def test_other_labels_than_the_model_knows_are_said_to_be_so(
    wizard: TrainingWizard, parts: WindowParts, qtbot: QtBot
) -> None:
    found = SuspiciousLabels("model", 40, (), ("Diabetes",), 0, ())
    dialog = SuspectsDialog(parts, (), wizard, work=suspects_given(found))
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: "knows none" in dialog.words.text())
    assert not dialog.save_button.isEnabled()
