from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kdh_desktop.core.runs.run_ending import (
    EndingKind,
    ProcessEnd,
    RunEnding,
    ending_of,
    keep_ending,
    kept_ending,
)
from kdh_desktop.core.training_progress import RunProgress, RunState
from kdh_desktop.core.training_protocol import RunFailed

GOING_ON = RunProgress(state=RunState.RUNNING)
FINISHED = RunProgress(state=RunState.FINISHED, bundle_id="tiny-1")
FAILED = RunProgress(state=RunState.FAILED, failure=RunFailed("The disk is full.", "Free some."))
WELL = ProcessEnd(0)


@pytest.mark.parametrize(
    ("progress", "end", "kind"),
    [
        (FINISHED, WELL, EndingKind.FINISHED),
        (FINISHED, replace(WELL, was_stopped=True), EndingKind.FINISHED),
        (FINISHED, replace(WELL, has_candidate=False), EndingKind.NO_RESULT),
        (GOING_ON, WELL, EndingKind.NO_RESULT),
        (GOING_ON, ProcessEnd(3, was_stopped=True), EndingKind.STOPPED),
        (GOING_ON, ProcessEnd(-9, was_stopped=True), EndingKind.STOPPED),
        (FAILED, ProcessEnd(2), EndingKind.FAILED),
        (GOING_ON, ProcessEnd(-9), EndingKind.KILLED),
        (GOING_ON, ProcessEnd(-9, was_memory_short=True), EndingKind.NO_MEMORY),
        (GOING_ON, ProcessEnd(-15), EndingKind.KILLED),
        (GOING_ON, ProcessEnd(-11), EndingKind.BROKEN),
        (GOING_ON, ProcessEnd(1), EndingKind.BROKEN),
        (GOING_ON, ProcessEnd(-9, is_understood=False), EndingKind.NOT_UNDERSTOOD),
        (replace(GOING_ON, state=RunState.CANCELLED), ProcessEnd(3), EndingKind.KILLED),
    ],
)
def test_every_ending_has_a_sentence_and_what_to_do(
    progress: RunProgress, end: ProcessEnd, kind: EndingKind
) -> None:
    ending = ending_of(progress, end)
    assert ending.kind is kind
    assert ending.message.endswith(".")
    assert ending.is_good == (ending.remedy == "")


def test_an_ending_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    ending = RunEnding(EndingKind.KILLED, "It was killed.", "Go on.")
    keep_ending(tmp_path / "ended.json", ending)
    assert kept_ending(tmp_path / "ended.json") == ending
    (tmp_path / "ended.json").write_text("[", encoding="utf-8")
    assert kept_ending(tmp_path / "ended.json") is None
    assert kept_ending(tmp_path / "gone") is None
