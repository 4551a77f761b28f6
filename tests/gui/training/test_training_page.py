"""The Training page as a person meets it: locked, empty, with runs, and with one that goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QInputDialog, QLabel, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from kdh_desktop.core.corpus_report import CorpusReport
from kdh_desktop.core.corpus_source import CorrectionsSource
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.process_lock import try_lock
from kdh_desktop.core.runs.run_ending import EndingKind, RunEnding
from kdh_desktop.core.runs.training_runs import RunFolder
from kdh_desktop.core.training_progress import RunProgress, RunState, progress_of
from kdh_desktop.core.training_protocol import RunPaused
from kdh_desktop.gui.admin.unlock_dialog import UnlockDialog
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.training.run_comparison import differing_settings, figures_of
from kdh_desktop.gui.training.run_shown import RunShown
from kdh_desktop.gui.training.training_page import TrainingPage
from kdh_desktop.gui.training.wizard.draft import Checked, ChosenSource
from kdh_desktop.gui.training_desk import ActiveRun, EndedRun, RunWish
from tests.data.told_runs import Teller, cut_run, keep_run
from tests.gui.conftest import ChosenFiles, press_in
from tests.gui.looks import clipped, resize, rich_labels, unnamed, widgets_below
from tests.gui.test_record_desk import click
from tests.gui.training.conftest import open_door, panel_of, summary_of, view_of


def choose(page: TrainingPage, run: RunFolder) -> None:
    panel_of(page).list.choose(run)


def buttons_of(page: TrainingPage) -> list[str]:
    """Words on the buttons of the run that can be pressed."""
    buttons = view_of(page).header.buttons.values()
    return [button.text() for button in buttons if button.isVisible() and button.isEnabled()]


def let_go_on(
    desktop: Desktop, run: RunFolder, progress: RunProgress | None = None, **changes: object
) -> ActiveRun:
    """Let a run go on, without a process; it is told to be where `progress` says."""
    found = progress or summary_of(desktop, run).progress
    active = ActiveRun(run, "", replace(found, state=RunState.RUNNING), has_begun=True)
    active = replace(active, **changes)  # type: ignore[arg-type]  # names of fields
    desktop.trainings._active = active
    desktop.trainings.changed.emit()
    return active


@pytest.fixture
def going_on(
    opened: TrainingPage, desktop: Desktop, runs: dict[str, RunFolder]
) -> Iterator[TrainingPage]:
    choose(opened, runs["interrupted"])
    let_go_on(desktop, runs["interrupted"])
    yield opened
    desktop.trainings._active = None
    desktop.trainings.changed.emit()


# The door


def test_locked_page_says_what_it_is_for_and_offers_to_set_a_password(
    training: TrainingPage,
) -> None:
    assert "labelled texts of your hospital" in training.door.words.text()
    assert training.door.button.text() == "Set a password…"
    assert not training.commands.train.isEnabled()
    assert not training.door.running.isVisible()


def test_page_with_a_password_opens_with_it(desktop: Desktop, qtbot: QtBot) -> None:
    from tests.gui.admin.conftest import PASSWORD, try_password

    desktop.door._door.access.set_up(PASSWORD)
    page = desktop.window.training_page
    desktop.window.go_to_page(2)
    desktop.door.changed.emit()
    assert page.door.button.text() == "Unlock…"
    page.door.button.click()
    assert isinstance(desktop.door.dialog, UnlockDialog)
    try_password(desktop.door, PASSWORD, qtbot)
    qtbot.waitUntil(page.guide.isVisible)
    assert page.guide.heading.text() == "No training yet"
    assert page.commands.train.isEnabled()


def test_locking_takes_everything_away_at_once(
    opened: TrainingPage, desktop: Desktop, runs: dict[str, RunFolder]
) -> None:
    assert panel_of(opened).isVisible()
    opened.commands.delete.trigger()
    assert isinstance(QApplication.activeModalWidget(), QMessageBox)
    desktop.door.lock()
    assert opened.door.isVisible()
    assert not panel_of(opened).isVisible()
    assert panel_of(opened).list.runs.runs == ()
    assert QApplication.activeModalWidget() is None
    assert not any(action.isEnabled() for action in opened.commands.of_runs)


def test_a_training_that_goes_on_is_one_line_without_controls_while_locked(
    going_on: TrainingPage, desktop: Desktop
) -> None:
    desktop.door.lock()
    line = going_on.door.running
    assert line.isVisible()
    assert line.words.text().startswith("A training goes on: Running, 27 % done, about ")
    assert line.findChildren(QPushButton) == []
    [work] = desktop.window.panel.works
    assert work.heading == "Training a model"
    assert (work.can_pause, work.can_cancel, work.is_minor) == (False, False, True)


# The list and the run


def test_runs_are_listed_with_what_became_of_them(
    opened: TrainingPage, runs: dict[str, RunFolder]
) -> None:
    model = panel_of(opened).list.runs
    told = [str(model.index(row, 0).data(11)) for row in range(model.rowCount())]
    assert [words.split(", 2026")[0] for words in told] == [
        "hospital, Interrupted",
        "Too fast, Failed",
        "Quick try, Finished, F1 79.0",
        "With a search, Finished, F1 82.0",
    ]


def test_a_finished_run_can_be_compared_with_the_model_in_force(
    opened: TrainingPage, desktop: Desktop, runs: dict[str, RunFolder], qtbot: QtBot
) -> None:
    choose(opened, runs["finished"])
    assert buttons_of(opened) == [
        "Compare with the model in force…",
        "Run again…",
        "Delete…",
    ]
    with qtbot.waitSignal(opened.comparison_wanted) as wanted:
        opened.commands.judge.trigger()
    assert wanted.args is not None
    assert wanted.args[0] == summary_of(desktop, runs["finished"])
    header = view_of(opened).header
    assert "F1 79.0 on texts it had not seen" in header.facts.text()
    assert header.now.isHidden()


def test_a_failed_run_says_why_and_what_to_do(
    opened: TrainingPage, runs: dict[str, RunFolder]
) -> None:
    choose(opened, runs["failed"])
    words = view_of(opened).header.trouble.words.text()
    assert words == "The loss is no longer a number. Choose a lower learning rate."
    assert buttons_of(opened) == ["Resume", "Run again…", "Delete…"]


def test_an_interrupted_run_offers_to_go_on(
    opened: TrainingPage, runs: dict[str, RunFolder]
) -> None:
    choose(opened, runs["interrupted"])
    assert "Resume it" in view_of(opened).header.trouble.words.text()
    assert "Resume" in buttons_of(opened)
    stands = [row[2] for row in view_of(opened).stages.table.rows.rows]
    assert stands[0].startswith("done, F1 ")  # type: ignore[union-attr]
    assert stands[-1] == "stopped"


def test_stages_are_listed_in_words_and_choosing_one_shows_its_course(
    opened: TrainingPage, runs: dict[str, RunFolder]
) -> None:
    choose(opened, runs["finished"])
    view = view_of(opened)
    assert view.loss.title.text() == "Loss: Student learns from the labels"
    assert view.stages.table.rows.rows[0][0] == "Teacher, fold 1 of 3"
    view.stages.table.setCurrentIndex(view.stages.table.rows.index(1, 0))
    assert view.loss.title.text() == "Loss: Teacher, fold 2 of 3"
    assert view.validation.title.text() == "Validation F1: Teacher, fold 2 of 3"
    assert "says what it thinks of these" in view.stages.purpose.text()


def test_search_charts_are_there_only_where_there_was_a_search(
    opened: TrainingPage, runs: dict[str, RunFolder], qtbot: QtBot
) -> None:
    view = view_of(opened)
    choose(opened, runs["finished"])
    assert not view.search.isVisible()
    choose(opened, runs["search"])
    assert view.search.isVisibleTo(view)
    qtbot.waitUntil(lambda: view.is_drawn)
    assert view.space.across.count() == 3
    view.space.across.setCurrentIndex(2)
    qtbot.waitUntil(lambda: view.is_drawn)
    assert view.space.chart is not None
    assert view.space.chart.across.title == "Soft loss"


def test_the_log_is_read_when_it_is_unfolded(
    opened: TrainingPage, runs: dict[str, RunFolder], qtbot: QtBot
) -> None:
    log = view_of(opened).log
    assert not log.text.isVisibleTo(log)
    log.button.click()
    qtbot.waitUntil(lambda: "training on 2 threads" in log.text.toPlainText())


def test_a_chart_is_saved_from_the_page(
    opened: TrainingPage,
    runs: dict[str, RunFolder],
    chosen_files: ChosenFiles,
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    choose(opened, runs["finished"])
    qtbot.waitUntil(lambda: view_of(opened).is_drawn)
    target = tmp_path / "labels.csv"
    chosen_files.files = [target]
    view_of(opened).labels.save_button.menu().actions()[2].trigger()
    qtbot.waitUntil(target.exists)
    assert "Avoiding immune destruction" in target.read_text("utf-8-sig")
    assert chosen_files.asked == ["Save the chart"]


def test_a_chart_that_cannot_be_saved_is_told_with_the_way_out(
    opened: TrainingPage,
    runs: dict[str, RunFolder],
    chosen_files: ChosenFiles,
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    choose(opened, runs["finished"])
    qtbot.waitUntil(lambda: view_of(opened).is_drawn)
    chosen_files.files = [tmp_path / "no" / "folder" / "labels.csv"]
    view_of(opened).labels.save_button.menu().actions()[2].trigger()
    qtbot.waitUntil(lambda: bool(opened.notices.messages))
    assert "no such folder" in opened.notices.messages["training:trouble"]


# A run that goes on


def test_what_goes_on_is_told_in_words_with_the_time_left(going_on: TrainingPage) -> None:
    header = view_of(going_on).header
    assert header.state.text() == "Running"
    assert header.now.text().startswith("Teacher, fold 3 of 3: learning from 866 texts, pass 5")
    assert "27 % done" in header.facts.text()
    assert " left" in header.facts.text()
    assert header.bar.value() // 10 == 27
    assert buttons_of(going_on) == [
        "Pause",
        "Stop and keep the best…",
        "Stop for now",
        "Discard…",
    ]
    assert not going_on.commands.train.isEnabled(), "one training at a time"


def test_a_press_is_answered_at_once(
    going_on: TrainingPage, desktop: Desktop, runs: dict[str, RunFolder]
) -> None:
    of = going_on.commands
    for wish, action, words in (
        (RunWish.PAUSE, of.pause, "Pausing…"),
        (RunWish.KEEP_BEST, of.keep_best, "Coming to its end…"),
        (RunWish.STOP, of.stop, "Stopping…"),
        (RunWish.DISCARD, of.discard, "Discarding…"),
    ):
        let_go_on(desktop, runs["interrupted"], wish=wish)
        assert action.text().replace("&", "").endswith("ing…") or wish is RunWish.KEEP_BEST
        assert not action.isEnabled()
        assert view_of(going_on).header.state.text() == words


def test_a_run_that_is_cut_short_says_so_and_can_be_paused(
    going_on: TrainingPage, desktop: Desktop, runs: dict[str, RunFolder]
) -> None:
    let_go_on(desktop, runs["interrupted"], is_cut_short=True)
    assert view_of(going_on).header.state.text() == "Coming to its end…"
    assert buttons_of(going_on) == ["Pause", "Stop for now", "Discard…"]
    assert going_on.commands.keep_best.text() == "&Keeping the best…"


def test_a_paused_run_can_go_on(
    going_on: TrainingPage, desktop: Desktop, runs: dict[str, RunFolder]
) -> None:
    teller = Teller()
    teller.told = cut_run(seed=3)
    teller.tell(RunPaused())
    paused = progress_of(teller.told)
    desktop.trainings._active = ActiveRun(runs["interrupted"], "", paused, has_begun=True)
    desktop.trainings.changed.emit()
    header = view_of(going_on).header
    assert header.state.text() == "Paused"
    assert header.now.text().endswith("waits until you let it go on")
    assert buttons_of(going_on)[0] == "Go on"


def test_a_run_that_does_not_answer_is_pointed_out(
    going_on: TrainingPage, desktop: Desktop, runs: dict[str, RunFolder]
) -> None:
    let_go_on(desktop, runs["interrupted"], is_silent=True)
    assert "does not answer" in view_of(going_on).header.trouble.words.text()


@pytest.mark.parametrize("command", ["discard", "keep_best"])
def test_what_cannot_be_taken_back_asks_first_and_changes_nothing_by_itself(
    going_on: TrainingPage, desktop: Desktop, command: str
) -> None:
    getattr(going_on.commands, command).trigger()
    question = going_on.steps_of_runs.question
    assert isinstance(question, QMessageBox)
    assert question.defaultButton().text() == "Let it go on"
    assert desktop.trainings.active is not None
    assert desktop.trainings.active.wish is None
    question.reject()


def test_cutting_a_training_short_says_what_is_kept_and_is_then_done(
    going_on: TrainingPage, desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[bool] = []
    monkeypatch.setattr(desktop.trainings, "keep_best", lambda: kept.append(True))
    going_on.commands.keep_best.trigger()
    question = going_on.steps_of_runs.question
    assert isinstance(question, QMessageBox)
    assert "cannot be taken back" in question.informativeText()
    click(question, "Keep the best")
    assert kept == [True]


def test_the_end_of_a_run_is_told_on_every_page_and_leads_back(
    going_on: TrainingPage, desktop: Desktop, runs: dict[str, RunFolder]
) -> None:
    for kind, words in (
        (EndingKind.STOPPED, "The training was stopped."),
        (EndingKind.KILLED, "It was killed. Go on."),
        (EndingKind.FINISHED, "The training has finished."),
    ):
        ending = RunEnding(kind, "It was killed.", "Go on.")
        desktop.trainings.ended.emit(EndedRun(runs["interrupted"], ending, RunProgress()))
        assert desktop.window.notices.messages["training:ended"].startswith(words)
    desktop.trainings._active = None
    desktop.trainings.changed.emit()
    assert desktop.window.panel.works == ()
    desktop.window.go_to_page(0)
    buttons = desktop.window.notices.findChildren(QPushButton)
    next(x for x in buttons if x.text() == "Show" and x.isVisibleTo(desktop.window)).click()
    assert desktop.window.current_page is going_on
    assert "training:ended" not in desktop.window.notices.messages


def test_the_end_of_a_run_leads_back_by_the_password_where_the_door_is_shut(
    going_on: TrainingPage, desktop: Desktop, runs: dict[str, RunFolder]
) -> None:
    desktop.door._door.access.set_up("correct horse battery")
    ending = RunEnding(EndingKind.FINISHED, "", "")
    desktop.trainings.ended.emit(EndedRun(runs["interrupted"], ending, RunProgress()))
    desktop.door.lock()
    buttons = desktop.window.notices.findChildren(QPushButton)
    next(x for x in buttons if x.text() == "Show" and x.isVisibleTo(desktop.window)).click()
    assert desktop.window.current_page is going_on
    dialog = desktop.door.dialog
    assert isinstance(dialog, UnlockDialog)
    dialog.reject()


# Past runs


def test_deleting_asks_and_then_takes_the_run_away(
    opened: TrainingPage, desktop: Desktop, runs: dict[str, RunFolder], qtbot: QtBot
) -> None:
    choose(opened, runs["failed"])
    opened.commands.delete.trigger()
    question = opened.steps_of_runs.question
    assert question is not None
    assert question.text() == "Delete “Too fast”?"
    next(x for x in question.buttons() if x.text() == "Delete").click()
    qtbot.waitUntil(lambda: len(desktop.trainings.runs) == 3)
    assert not runs["failed"].folder.exists()
    assert len(panel_of(opened).list.runs.runs) == 3


def test_a_run_is_called_something_else(
    opened: TrainingPage, runs: dict[str, RunFolder], qtbot: QtBot
) -> None:
    choose(opened, runs["interrupted"])
    opened.commands.rename.trigger()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QInputDialog)
    dialog.setTextValue("Night run")
    dialog.accept()
    qtbot.waitUntil(lambda: view_of(opened).header.title.text() == "Night run")


def test_two_runs_are_compared_side_by_side(
    opened: TrainingPage, runs: dict[str, RunFolder]
) -> None:
    runs_list = panel_of(opened).list
    choose(opened, runs["finished"])
    assert not opened.commands.compare.isEnabled()
    model = runs_list.selectionModel()
    model.select(runs_list.runs.index(3, 0), model.SelectionFlag.Select)
    assert opened.commands.compare.isEnabled()
    opened.commands.compare.trigger()
    dialog = opened.steps_of_runs.comparison
    assert dialog is not None
    figures = {str(row[0]): row[1:] for row in dialog.figures.rows.rows}
    assert figures["F1 over all decisions (micro)"] == ("79.0", "82.0")
    assert dialog.loss.chart is not None
    assert [series.name for series in dialog.loss.chart.series] == ["Quick try", "With a search"]
    assert dialog.stage.currentText() == "Student learns from the teacher"
    assert unnamed(dialog) == []
    dialog.reject()
    assert opened.steps_of_runs.comparison is None


def test_only_settings_that_differ_are_compared(paths: AppPaths, desktop: Desktop) -> None:
    told = cut_run()
    folders = [
        keep_run(paths, told, title="One"),
        keep_run(
            paths,
            told,
            title="One",
            day=21,
            change=lambda config: replace(config, seed=config.seed + 1, max_tokens=99),
        ),
    ]
    summaries = [desktop.trainings.folders.summary(folder) for folder in folders]
    shown = [RunShown.of(summary, None) for summary in summaries]
    rows = {row[0]: row[1:] for row in differing_settings(shown)}
    assert set(rows) == {"Seed", "Longest piece of text"}
    assert rows["Longest piece of text"][1] == "99"
    assert figures_of(shown)


# The wizard


def test_train_a_model_opens_the_wizard_and_the_sample_is_taken(
    opened: TrainingPage, qtbot: QtBot
) -> None:
    opened.commands.train.trigger()
    wizard = opened.steps_of_runs.wizard
    assert wizard is not None
    assert wizard.isVisible()
    wizard.close()


def test_a_run_starts_anew_with_the_settings_of_an_old_one(
    opened: TrainingPage, runs: dict[str, RunFolder], qtbot: QtBot
) -> None:
    choose(opened, runs["finished"])
    opened.commands.again.trigger()
    qtbot.waitUntil(lambda: opened.steps_of_runs.wizard is not None)
    wizard = opened.steps_of_runs.wizard
    assert wizard is not None
    qtbot.waitUntil(wizard.isVisible)
    assert len(wizard.keeper.draft.sources) == 1
    wizard.close()


def test_a_plan_is_not_given_up_for_the_settings_of_an_old_run_without_a_question(
    opened: TrainingPage, runs: dict[str, RunFolder], qtbot: QtBot
) -> None:
    opened.commands.train.trigger()
    wizard = opened.steps_of_runs.wizard
    assert wizard is not None
    planned = (ChosenSource(CorrectionsSource("/none.jsonl"), "planned"),)
    wizard.keeper.change(sources=planned, title="My plan")
    wizard.close()
    choose(opened, runs["finished"])
    opened.commands.again.trigger()
    qtbot.waitUntil(lambda: opened.steps_of_runs.question is not None)
    question = opened.steps_of_runs.question
    assert question is not None
    click(question, "Keep my plan")
    assert wizard.keeper.draft.sources == planned
    assert not wizard.isVisible()
    opened.commands.again.trigger()
    qtbot.waitUntil(lambda: opened.steps_of_runs.question is not question)
    question = opened.steps_of_runs.question
    assert question is not None
    click(question, "Give it up")
    qtbot.waitUntil(wizard.isVisible)
    assert wizard.keeper.draft.sources != planned
    wizard.close()


def test_a_run_that_could_not_start_is_still_planned_and_its_copy_goes_with_the_plan(
    opened: TrainingPage, desktop: Desktop, runs: dict[str, RunFolder], qtbot: QtBot
) -> None:
    opened.commands.train.trigger()
    wizard = opened.steps_of_runs.wizard
    assert wizard is not None
    copy = desktop.trainings.folders.new_reviewed_file()
    reviewed = ChosenSource(CorrectionsSource(str(copy)), "reviewed", is_reviewed=True)
    planned = replace(wizard.keeper.draft, sources=(reviewed,), title="My plan")
    report = CorpusReport((), (), 1.0, 3, None, ())
    wizard.keeper.show(replace(planned, checked=Checked(planned.check_key, report)))
    other = os.open(runs["failed"].lock, os.O_RDWR | os.O_CREAT)
    assert try_lock(other)
    wizard.start()
    qtbot.waitUntil(lambda: "training:trouble" in opened.notices.messages)
    os.close(other)
    assert "going on already" in opened.notices.messages["training:trouble"]
    assert copy.exists()
    choose(opened, runs["finished"])
    opened.commands.again.trigger()
    qtbot.waitUntil(lambda: opened.steps_of_runs.question is not None)
    assert wizard.title == "My plan"
    question = opened.steps_of_runs.question
    assert question is not None
    click(question, "Give it up")
    qtbot.waitUntil(wizard.isVisible)
    assert not copy.exists()
    wizard.close()


def test_closing_the_window_forgets_what_was_planned(
    opened: TrainingPage, desktop: Desktop, qtbot: QtBot
) -> None:
    copy = desktop.trainings.folders.new_reviewed_file()
    desktop.window.close()
    qtbot.waitUntil(desktop.window.isHidden)
    assert not copy.exists()


# Looks and keys


def test_every_control_has_a_name_and_words_are_plain(
    drawn: TrainingPage, desktop: Desktop, runs: dict[str, RunFolder], qtbot: QtBot
) -> None:
    choose(drawn, runs["search"])
    qtbot.waitUntil(lambda: view_of(drawn).is_drawn)
    assert len(list(widgets_below(drawn))) > 60
    assert unnamed(desktop.window) == []
    assert rich_labels(desktop.window) == []


def test_nothing_is_clipped(
    drawn: TrainingPage, desktop: Desktop, runs: dict[str, RunFolder], qtbot: QtBot
) -> None:
    choose(drawn, runs["search"])
    qtbot.waitUntil(lambda: view_of(drawn).is_drawn)
    for width, height in ((1280, 720), (1920, 1080), (960, 540)):
        resize(desktop.window, qtbot, width, height)
        # Cards find their places one after the other.
        qtbot.waitUntil(lambda: clipped(desktop.window) == [])


def test_long_translations_are_not_clipped(
    long_words: None, opened: TrainingPage, desktop: Desktop, qtbot: QtBot
) -> None:
    resize(desktop.window, qtbot, 1280, 720)
    qtbot.waitUntil(lambda: view_of(opened).is_drawn)
    qtbot.waitUntil(lambda: clipped(desktop.window) == [])


def test_locked_page_fits_a_small_window(
    training: TrainingPage, desktop: Desktop, qtbot: QtBot
) -> None:
    resize(desktop.window, qtbot, 640, 360)
    assert clipped(desktop.window) == []


def test_every_word_on_the_page_can_be_translated(
    long_words: None, training: TrainingPage, desktop: Desktop
) -> None:
    open_door(desktop)
    labels = [label.text() for label in training.findChildren(QLabel)]
    words = [*labels, *(one.text() for one in training.findChildren(QPushButton))]
    own = [text for text in words if text]
    assert len(own) > 6
    assert [text for text in own if "~" not in text] == []


def test_charts_are_reached_by_tab_and_the_way_goes_on(
    drawn: TrainingPage, desktop: Desktop, runs: dict[str, RunFolder], qtbot: QtBot
) -> None:
    choose(drawn, runs["search"])
    qtbot.waitUntil(lambda: view_of(drawn).is_drawn)
    panel_of(drawn).list.setFocus()
    seen = set()
    for _ in range(80):
        press_in(desktop.window, "Tab")
        seen.add(QApplication.focusWidget())
    canvases = {card.canvas for card in view_of(drawn).charts}
    assert canvases <= seen
    assert view_of(drawn).stages.table in seen
    assert panel_of(drawn).list in seen, "Tab comes round"
