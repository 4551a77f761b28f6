"""Cycles are freed, on the GUI thread, and not while a job works with many objects."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from kdh_desktop.gui.sweeper import Sweeper


class Knot:
    """An object that only a collector can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def sweeper(qapp: object) -> Iterator[Sweeper]:
    sweeper = Sweeper()
    sweeper.start()
    yield sweeper
    sweeper.stop()
    assert gc.isenabled()


def test_cycles_are_freed_in_time(sweeper: Sweeper) -> None:
    knot = weakref.ref(Knot())
    assert knot() is not None
    for _ in range(30):
        sweeper.sweep()
    assert knot() is None


def test_no_other_thread_frees_what_may_be_a_widget(sweeper: Sweeper) -> None:
    knot = weakref.ref(Knot())

    def work() -> None:
        for _ in range(100):
            _ = [[] for _ in range(1_000)]

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert knot() is not None


def test_libraries_that_were_loaded_since_do_not_keep_cycles_from_being_freed(
    sweeper: Sweeper,
) -> None:
    loaded = [[number] for number in range(50_000)]
    sweeper.settle()
    knot = weakref.ref(Knot())
    for _ in range(30):
        sweeper.sweep()
    assert knot() is None
    assert len(loaded) == 50_000


def test_many_objects_of_a_job_are_left_alone_until_it_is_done(sweeper: Sweeper) -> None:
    knot = weakref.ref(Knot())
    records = [[number] for number in range(50_000)]
    for _ in range(30):
        sweeper.sweep()
    assert knot() is not None
    del records
    for _ in range(30):
        sweeper.sweep()
    assert knot() is None
