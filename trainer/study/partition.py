"""How the texts of a study are divided: folds, nested samples, inner folds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.errors import TrainingError
from trainer.splits import stratified_folds, stratified_samples
from trainer.study.cells import Cell, plan_cells
from trainer.study.config import StudyConfig
from trainer.study.system_kinds import Sample

SPLIT_SEED = 20_250_507
"""Divides the texts the same way whatever the seeds of the trainings are."""


@dataclass(frozen=True)
class Partition:
    """The folds and samples of one study.

    Attributes:
        config: The study.
        targets: Labels, float32 (texts, labels).
        groups: Number of each text's group, int64 (texts,), from 0; None where each stands for
            itself.
    """

    config: StudyConfig
    targets: NDArray[np.float32]
    groups: NDArray[np.int64] | None = None

    def check(self) -> None:
        """Check that every cell has texts to learn from and to be judged on.

        Raises:
            TrainingError: A sample is larger than the corpus, or a fold or an inner one is empty.
        """
        planned = plan_cells(self.config, texts=len(self.targets), labels=self.targets.shape[1])
        cells = [one.cell for one in planned]
        alike = {(cell.sample, cell.fold, cell.inner is None): cell for cell in cells}
        if not all(map(self._is_filled, alike.values())):
            raise TrainingError(
                "The texts do not fill all folds of the study: copies of a text, and texts of a "
                "group, stay together.",
                "Give it more texts or groups, or set fewer folds and inner folds, or larger "
                "samples, in its configuration.",
            )

    def _is_filled(self, cell: Cell) -> bool:
        if cell.inner is not None:
            return len(np.unique(self.inner_fold_of(cell))) == self.config.inner_folds
        return len(self.outer(cell)) > 0 and len(self.held_out(cell)) > 0

    @cached_property
    def fold_of(self) -> NDArray[np.int64]:
        """Fold of every text, int64 (texts,)."""
        return stratified_folds(
            self.targets, folds=self.config.folds, seed=SPLIT_SEED, groups=self.groups
        )

    @cached_property
    def in_sample(self) -> dict[Sample, NDArray[np.bool_]]:
        """By sample which texts belong to it, boolean (texts,); smaller lie in larger ones.

        Raises:
            TrainingError: A sample is larger than the corpus.
        """
        sizes = sorted(size for size in self.config.samples if size is not None)
        if sizes and sizes[-1] > len(self.targets):
            raise TrainingError(
                f"The study has a sample of {sizes[-1]} texts, and the corpus only "
                f"{len(self.targets)}.",
                "Give it a larger corpus, or the study smaller samples.",
            )
        samples: dict[Sample, NDArray[np.bool_]] = {None: np.ones(len(self.targets), bool)}
        drawn = (
            stratified_samples(self.targets, sizes=sizes, seed=SPLIT_SEED, groups=self.groups)
            if sizes
            else []
        )
        for size, rows in zip(sizes, drawn, strict=True):
            samples[size] = np.zeros(len(self.targets), bool)
            samples[size][rows] = True
        return samples

    def held_out(self, cell: Cell) -> NDArray[np.intp]:
        """Rows that a cell is judged on: all of its fold."""
        return np.flatnonzero(self.fold_of == cell.fold)

    def outer(self, cell: Cell) -> NDArray[np.intp]:
        """Rows of a cell's sample outside its fold."""
        return np.flatnonzero(self.in_sample[cell.sample] & (self.fold_of != cell.fold))

    def inner_fold_of(self, cell: Cell) -> NDArray[np.int64]:
        """Inner fold of each of the `outer` rows of a cell."""
        rows = self.outer(cell)
        groups = None if self.groups is None else self.groups[rows]
        return stratified_folds(
            self.targets[rows], folds=self.config.inner_folds, seed=SPLIT_SEED, groups=groups
        )

    def seen(self, cell: Cell) -> NDArray[np.intp]:
        """Rows that a cell is trained on."""
        rows = self.outer(cell)
        if cell.inner is None:
            return rows
        return evenly(rows[self.inner_fold_of(cell) != cell.inner], self.config.inner_texts)

    def kept_back(self, cell: Cell) -> NDArray[np.intp]:
        """Rows of the inner fold that a cell keeps back; none where it keeps none."""
        rows = self.outer(cell)
        return rows[:0] if cell.inner is None else rows[self.inner_fold_of(cell) == cell.inner]

    @cached_property
    def group_of(self) -> NDArray[np.int64]:
        """Number of each text's group, from 0, int64 (texts,)."""
        if self.groups is None:
            return np.arange(len(self.targets))
        return self.groups


def evenly(rows: NDArray[np.intp], limit: int) -> NDArray[np.intp]:
    """At most `limit` of the rows, evenly spread; 0 takes all."""
    if limit == 0 or limit >= len(rows):
        return rows
    return rows[np.linspace(0, len(rows) - 1, limit).astype(np.intp)]
