"""The wizard as a whole: steps, keys, what is kept, the door, and the request at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from kdh_desktop.core.corpus_source import TableSource
from kdh_desktop.core.runs.run_folder import request_from_json, request_to_json
from kdh_desktop.core.runs.run_presets import Preset, preset_of
from kdh_desktop.core.runs.training_runs import RunRequest
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.training.wizard.draft import Checked, CheckKey
from kdh_desktop.gui.training.wizard.training_wizard import TrainingWizard
from tests.data.told_runs import an_administrator
from tests.gui.conftest import press_in
from tests.gui.looks import clipped, rich_labels, unnamed
from tests.gui.training.wizard.conftest import wait_for_check


@pytest.fixture(scope="module")
def known() -> dict[CheckKey, Checked]:
    """What the trainer said of the sample, so that it is asked once."""
    return {}


@pytest.fixture
def ready(wizard: TrainingWizard, qtbot: QtBot, known: dict[CheckKey, Checked]) -> TrainingWizard:
    """The wizard with the sample, checked."""
    wizard.data_page.sample_button.click()
    key = wizard.keeper.draft.check_key
    if key in known:
        wizard.keeper.change(checked=known[key])
    wait_for_check(qtbot, wizard)
    checked = wizard.keeper.draft.checked
    assert checked is not None
    known[key] = checked
    assert wizard.data_page.problem == ""
    return wizard


def request_of(wizard: TrainingWizard, qtbot: QtBot) -> RunRequest:
    with qtbot.waitSignal(wizard.start_wanted) as wanted:
        wizard.start_button.click()
    request = wanted.args[0]
    assert isinstance(request, RunRequest)
    return request


def test_defaults_alone_lead_from_the_sample_to_a_request(
    ready: TrainingWizard, qtbot: QtBot
) -> None:
    for _ in range(len(ready.pages) - 1):
        assert ready.next_button.isEnabled()
        ready.next_button.click()
    request = request_of(ready, qtbot)
    assert not ready.isVisible()
    assert preset_of(request.config) is Preset.QUICK
    assert request.config.judged_share == 0.2
    source = request.corpus[0]
    assert isinstance(source, TableSource)
    assert source.path.endswith("labelled.csv")
    assert (request.judged, request.transfer, request.encoder) == ((), None, None)
    assert request_from_json(request_to_json(request)) == request


def test_next_waits_for_texts_and_says_so(wizard: TrainingWizard) -> None:
    assert not wizard.next_button.isEnabled()
    assert "Choose texts" in wizard.problem.text()
    assert wizard.problem.isVisible()
    assert [step.isEnabled() for step in wizard.steps] == [True, *[False] * 5]
    wizard.next()
    assert wizard.page is wizard.data_page


def test_the_trip_is_done_by_keys_alone(wizard: TrainingWizard, qtbot: QtBot) -> None:
    assert QApplication.focusWidget() is wizard.data_page.sample_button
    press_in(wizard, "Space")
    wait_for_check(qtbot, wizard)
    for page in wizard.pages[1:]:
        press_in(wizard, "Alt+Right")
        assert wizard.page is page
        focused = QApplication.focusWidget()
        assert focused is not None
        assert page.isAncestorOf(focused)
    press_in(wizard, "Alt+Left")
    assert wizard.page is wizard.pages[-2]
    press_in(wizard, "Alt+Right")
    with qtbot.waitSignal(wizard.start_wanted):
        press_in(wizard, "Return")


def test_no_step_loses_what_was_chosen_on_another(ready: TrainingWizard) -> None:
    ready.data_page.share.setValue(30)
    ready.go_to(2)
    ready.method_page.fields.controls["distillation.alpha"].setValue(0.3)  # type: ignore[attr-defined]
    ready.go_to(5)
    ready.review_page.name.setText("Spring")
    ready.review_page.name.textEdited.emit("Spring")
    for place in (0, 1, 2, 3, 4, 5):
        ready.go_to(place)
    ready.close()
    ready.open()
    assert ready.data_page.share.value() == 30
    assert ready.keeper.config.distillation.alpha == 0.3
    assert ready.review_page.name.text() == "Spring"
    assert ready.method_page.choices[None].isChecked()


def test_a_locked_door_hides_the_wizard_and_an_open_one_brings_it_back(
    ready: TrainingWizard, desktop: Desktop
) -> None:
    ready.go_to(3)
    desktop.door.lock()
    assert not ready.isVisible()
    desktop.door._take(an_administrator())
    assert ready.isVisible()
    assert ready.page is ready.tuning_page
    assert len(ready.keeper.draft.sources) == 1


def test_a_closed_wizard_stays_closed_when_the_door_opens(
    ready: TrainingWizard, desktop: Desktop
) -> None:
    ready.close()
    desktop.door.lock()
    desktop.door._take(an_administrator())
    assert not ready.isVisible()


def test_the_recipe_of_the_last_run_is_remembered_without_its_texts(
    ready: TrainingWizard, qtbot: QtBot, make_wizard: Callable[[], TrainingWizard]
) -> None:
    ready.method_page.choices[Preset.BALANCED].click()
    ready.go_to(5)
    ready.review_page.name.textEdited.emit("Ward seven")
    # Another number of folds, and longer texts: they are checked anew.
    assert not ready.start_button.isEnabled()
    wait_for_check(qtbot, ready)
    assert request_of(ready, qtbot).config.name == "ward-seven"
    assert ready.title == "Ward seven"
    again = make_wizard()
    assert preset_of(again.keeper.config) is Preset.BALANCED
    assert again.keeper.draft.sources == ()
    assert again.title == ""


def test_an_earlier_run_can_be_planned_again(ready: TrainingWizard, qtbot: QtBot) -> None:
    request = ready.keeper.draft.request()
    ready.keeper.change(sources=(), device="cpu", title="")
    ready.begin_with(request, title="Again")
    assert ready.keeper.draft.request().corpus == request.corpus
    assert ready.title == "Again"


def test_an_earlier_run_without_its_judges_keeps_back_what_the_page_says(
    ready: TrainingWizard,
) -> None:
    ready.data_page._change_use()
    request = ready.keeper.draft.request()
    assert request.config.judged_share == 0
    ready.begin_with(replace(request, judged=(), corpus=request.judged))
    share = ready.keeper.draft.request().config.judged_share
    assert share > 0
    assert ready.data_page.share.value() == round(100 * share)


@pytest.mark.parametrize("size", [(1040, 640), (1500, 900)])
def test_every_step_fits_and_can_be_named(
    ready: TrainingWizard, size: tuple[int, int], qtbot: QtBot
) -> None:
    ready.tuning_page.switch.click()
    for place in range(len(ready.pages)):
        ready.go_to(place)
        ready.resize(*size)
        QApplication.processEvents()
        assert (ready.width(), ready.height()) == size
        assert clipped(ready) == []
    assert unnamed(ready) == []
    assert rich_labels(ready) == []


def test_it_lives_with_words_that_are_longer(
    long_words: QObject, make_wizard: Callable[[], TrainingWizard]
) -> None:
    wizard = make_wizard()
    for place in range(len(wizard.pages)):
        wizard.go_to(place)
        wizard.resize(1248, 660)
        QApplication.processEvents()
        assert wizard.width() == 1248
