"""A run can be paused, resumed, cancelled and told to keep its best, from another thread."""

from __future__ import annotations

import threading

import pytest

from kdh_desktop.core.errors import Cancelled
from trainer.process.control import RunControl


def test_nothing_is_wished_at_first() -> None:
    control = RunControl()
    control.check()
    wishes = (control.is_cancelled, control.is_paused, control.is_keeping_best)
    assert wishes == (False, False, False)


def test_a_cancelled_run_ends_at_every_check() -> None:
    control = RunControl()
    control.cancel()
    for _ in range(2):
        with pytest.raises(Cancelled):
            control.check()


@pytest.fixture
def control() -> RunControl:
    control = RunControl()
    control.pause()
    return control


def checking(control: RunControl) -> tuple[threading.Thread, list[str]]:
    """A thread that checks a paused control, and how that ended."""
    ends: list[str] = []

    def check() -> None:
        try:
            control.check()
            ends.append("went on")
        except Cancelled:
            ends.append("cancelled")

    thread = threading.Thread(target=check)
    thread.start()
    thread.join(0.15)
    assert thread.is_alive()
    return thread, ends


def test_a_paused_run_waits_until_it_is_resumed(control: RunControl) -> None:
    thread, ends = checking(control)
    control.resume()
    thread.join(10)
    assert ends == ["went on"]


def test_a_paused_run_can_be_cancelled(control: RunControl) -> None:
    thread, ends = checking(control)
    control.cancel()
    thread.join(10)
    assert ends == ["cancelled"]


def test_a_paused_run_goes_on_to_keep_its_best(control: RunControl) -> None:
    thread, ends = checking(control)
    control.keep_best()
    thread.join(10)
    assert ends == ["went on"]
    assert control.is_keeping_best
