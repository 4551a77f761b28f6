"""The trainings of a cell: one stage each, on the texts that the cell may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from kdh_desktop.core.training_config import Augmentation, Schedule
from trainer.corpus import LabelledText
from trainer.learning.batching import Example, SoftTargets
from trainer.learning.learner import Learner, Lesson
from trainer.learning.network_scores import NetworkScores
from trainer.learning.objectives import hard_objective, mixed_objective, soft_objective
from trainer.learning.stages import StageRunner
from trainer.learning.training_loop import Objective
from trainer.networks.base import NetworkBase
from trainer.networks.binary_relevance import BinaryRelevance
from trainer.process.control import RunControl
from trainer.study.cells import Cell, Logits
from trainer.study.system_kinds import Chain, DistilledSystem, HardSystem

State = Mapping[str, torch.Tensor] | None
"""The network that a stage starts from; None for a fresh one."""

_T = TypeVar("_T")


class Encoded:
    """The study's texts as one kind of network reads them."""

    def __init__(
        self,
        base: NetworkBase,
        labelled: Sequence[LabelledText],
        unlabelled: Sequence[LabelledText],
    ) -> None:
        """Take the texts; nothing is encoded before it is asked for."""
        self._base = base
        self._labelled = labelled
        self._unlabelled = unlabelled

    @cached_property
    def labelled(self) -> list[Example]:
        """The labelled texts, in order."""
        return self._base.encoder.examples(self._labelled)

    @cached_property
    def unlabelled(self) -> list[Example]:
        """The unlabelled texts, in order."""
        return self._base.encoder.examples(self._unlabelled)

    def pick(self, rows: NDArray[np.intp]) -> list[Example]:
        """Some of the labelled texts."""
        return [self.labelled[row] for row in rows]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cell is trained.

    Attributes:
        cell: The cell.
        learner: Trains networks of the cell's kind.
        encoded: All texts of the study.
        seen: Texts that the cell learns from.
        folder: For checkpoints.
        sentence_loss: Weight of the sentences' loss over the texts'.
        augmentation: How texts are varied where labels are hard.
        batch_size: Texts in a step; None takes the schedule's.
    """

    cell: Cell
    learner: Learner
    encoded: Encoded
    seen: Sequence[Example]
    folder: Path
    sentence_loss: float
    augmentation: Augmentation
    batch_size: int | None

    @property
    def seed(self) -> int:
        """Seed of its trainings; cells of one seed and fold share it, whatever the system."""
        return 1000 * self.cell.seed + self.cell.fold

    def on(self, seen: Sequence[Example], folder: Path, control: RunControl) -> Place:
        """The same with other texts to learn from and another folder."""
        runner = StageRunner(folder, stages=1, emit=lambda _event: None, control=control)
        return replace(self, seen=seen, folder=folder, learner=replace(self.learner, runner=runner))

    def fit(self, system: HardSystem, *, start: State = None) -> nn.Module:
        """Train one network for all labels on hard labels."""
        return self.learner.fit(system.id, self.seen, self._hard(system), start=start)

    def fit_each_label(self, system: HardSystem) -> BinaryRelevance:
        """Train one network for each label on hard labels."""
        return self.learner.fit_each_label(system.id, self.seen, self._hard(system))

    def distil(self, system: DistilledSystem, taught: Logits, *, start: State = None) -> nn.Module:
        """Train on the labelled texts with what a teacher says of them."""
        objective = mixed_objective(
            sentence_loss=self.sentence_loss,
            temperature=system.temperature,
            alpha=system.alpha,
            soft_loss=system.soft_loss,
        )
        # A text's soft targets are those of all its sentences: none may be dropped.
        whole = replace(self.augmentation, sentence_dropout=0.0)
        lesson = self._lesson(objective, system.schedule, whole)
        return self.learner.fit(system.id, _taught(self.seen, taught), lesson, start=start)

    def transfer(
        self,
        system: DistilledSystem,
        unlabelled: Sequence[Example],
        taught: Logits,
        *,
        start: State = None,
    ) -> nn.Module:
        """Train on unlabelled texts with what a teacher says of them."""
        objective = soft_objective(
            sentence_loss=self.sentence_loss,
            temperature=system.temperature,
            soft_loss=system.soft_loss,
        )
        lesson = self._lesson(objective, system.schedule, Augmentation())
        return self.learner.fit(system.id, _taught(unlabelled, taught), lesson, start=start)

    def train_chain(self, chain: Chain, taught: Logits) -> nn.Module:
        """Train the stages of a chain one after the other."""
        place = replace(self, sentence_loss=chain.sentence_loss)
        network = place.distil(chain.distilled, taught)
        if chain.fine_tuned is None:
            return network
        return place.fit(chain.fine_tuned, start=dict(network.state_dict()))

    def _hard(self, system: HardSystem) -> Lesson:
        objective = hard_objective(sentence_loss=self.sentence_loss)
        return self._lesson(objective, system.schedule, self.augmentation)

    def _lesson(self, objective: Objective, schedule: Schedule, varied: Augmentation) -> Lesson:
        if self.batch_size is not None:
            schedule = replace(schedule, batch_size=self.batch_size)
        return Lesson(objective, schedule, varied, self.seed)


def logits_of(scores: NetworkScores) -> Logits:
    """A network's scores as a cell keeps them."""
    return Logits(scores.text_logits, scores.sentence_logits, scores.sentences)


def scores_of(logits: Logits) -> NetworkScores:
    """What a cell keeps as a network's scores."""
    return NetworkScores(logits.text_logits, logits.sentence_logits, logits.sentences)


def required(kept: _T | None) -> _T:
    """What a cell keeps because another was planned to need it."""
    if kept is None:
        raise ValueError("a cell did not keep what others need of it")
    return kept


def _taught(examples: Sequence[Example], taught: Logits) -> list[Example]:
    """Examples with the teacher's logits on them."""
    of_sentences = scores_of(taught).of_sentences()
    return [
        replace(example, soft=SoftTargets(of_text, of_own))
        for example, of_text, of_own in zip(examples, taught.text_logits, of_sentences, strict=True)
    ]
