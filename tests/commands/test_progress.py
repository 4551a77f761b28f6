"""Progress changes in place on a terminal, and comes now and then anywhere else."""

from __future__ import annotations

import io
import os

import pytest

from kdh_desktop.commands.progress import ProgressLine, bulk_words, time_words
from kdh_desktop.core.records.bulk_run import BulkProgress


class Stream(io.StringIO):
    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_terminal_shows_the_latest_state_in_one_line() -> None:
    stream, clock = Stream(is_terminal=True), Clock()
    line = ProgressLine(stream, clock=clock)
    for words in ("one", "two", "three"):
        line.show(words)
        clock.now += 0.15
    line.say("done")
    assert stream.getvalue() == "\r\x1b[Kone\r\x1b[Kthree\r\x1b[Kdone\n"


def test_file_gets_a_line_now_and_then_and_no_escapes() -> None:
    stream, clock = Stream(is_terminal=False), Clock()
    line = ProgressLine(stream, clock=clock)
    for second in range(25):
        clock.now = float(second)
        line.show(f"at {second}")
    line.say("done")
    assert stream.getvalue().splitlines() == ["at 0", "at 10", "at 20", "done"]


def test_state_after_a_line_that_stays_is_shown_at_once() -> None:
    stream = Stream(is_terminal=False)
    line = ProgressLine(stream, clock=Clock())
    line.show("first work")
    line.clear()
    line.show("second work")
    assert stream.getvalue().splitlines() == ["first work", "second work"]


def test_progress_that_nobody_reads_ends_no_work() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        line = ProgressLine(stream, clock=Clock())
        line.show("working")
        line.say("done")
        line.clear()


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (BulkProgress(0, 0), "Classified 0 of 0"),
        (BulkProgress(0, 2000), "Classified 0 of 2,000 (0 %)"),
        (
            BulkProgress(1500, 2000, 48.26),
            "Classified 1,500 of 2,000 (75 %), 48.3 a second, 11 s left",
        ),
        (BulkProgress(2000, 2000, 50.0), "Classified 2,000 of 2,000 (100 %), 50.0 a second"),
    ],
)
def test_bulk_words_say_rate_and_time_left(progress: BulkProgress, words: str) -> None:
    assert bulk_words(progress) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "0 s"), (59.0, "59 s"), (61.0, "2 min"), (3599.0, "1 h 0 min"), (5400.0, "1 h 30 min")],
)
def test_time_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert time_words(seconds) == words
