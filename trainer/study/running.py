"""Work off the cells of a study side by side, and go on where a killed one was."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from trainer.process import side_by_side
from trainer.process.control import RunControl
from trainer.process.side_by_side import OpenWork, work_off
from trainer.study.cells import Cell, CellStore, Planned, order_by_urgency


def run_cells(
    planned: Sequence[Planned],
    *,
    store: CellStore,
    open_work: OpenWork[Cell],
    jobs: int,
    control: RunControl,
    say: Callable[[str], None],
) -> None:
    """Train every cell that has left no whole file yet, the most urgent ones first.

    Args:
        planned: The cells, each after those that it needs.
        store: Where their files lie.
        open_work: Opens in each process what trains a cell and leaves its result in the store.
        jobs: Number of processes side by side.
        control: Is asked between looks whether to go on.
        say: Told of every cell that is finished.

    Raises:
        Cancelled: The user stopped it; it can be resumed.
        TrainingError: A cell cannot be trained, or a process ended without a word.
    """
    finished = {one.cell for one in planned if store.load(one.cell) is not None}
    left = [one for one in planned if one.cell not in finished]
    say(f"{len(finished)} of {len(planned)} cells are there")
    if not left:
        return
    progress = _Progress(left, len(planned))
    work_off(
        [side_by_side.Planned(one.cell, frozenset(one.needs)) for one in order_by_urgency(planned)],
        open_work,
        jobs=jobs,
        control=control,
        on_done=lambda cell: say(progress.after(cell)),
        done=finished,
    )


class _Progress:
    """How far the study is, and how long it will take."""

    def __init__(self, left: Sequence[Planned], cells: int) -> None:
        self._effort_of = {one.cell: one.effort for one in left}
        self._cells = cells
        self._done = cells - len(left)
        self._effort = sum(self._effort_of.values())
        self._effort_done = 0.0
        self._begun = time.monotonic()

    def after(self, cell: Cell) -> str:
        """What to say once a cell is done."""
        self._done += 1
        self._effort_done += self._effort_of[cell]
        gone = time.monotonic() - self._begun
        left = gone * (self._effort - self._effort_done) / max(self._effort_done, 1e-9)
        rest = "" if self._done == self._cells else f"; about {left / 60:.1f} minutes left"
        return f"{self._done} of {self._cells} cells: {cell.id}{rest}"
