"""The student: distilled from the teacher's soft targets, then fine-tuned on hard labels.

Source: response-based distillation after Hinton et al. 2015 and Huang et al. 2022; sequential
fine-tuning after Sakai and Lam 2025 (KDH-MLTC).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from kdh_desktop.core.training_config import Augmentation, RunConfig
from trainer.learning.batching import Example, SoftTargets
from trainer.learning.learner import Learner, Lesson
from trainer.learning.objectives import hard_objective, mixed_objective, soft_objective
from trainer.teacher import Corpus, Teacher, pick


@dataclass(frozen=True, slots=True)
class TaughtExamples:
    """Examples with a teacher's soft targets on them.

    Attributes:
        labelled: Those that the teacher speaks of.
        unlabelled: The transfer set.
    """

    labelled: list[Example]
    unlabelled: list[Example]

    @classmethod
    def of(cls, teacher: Teacher, corpus: Corpus) -> TaughtExamples:
        """Put what a teacher says on the examples of a corpus."""
        return cls(
            with_soft(pick(corpus.labelled_examples, teacher.rows), teacher.labelled),
            with_soft(corpus.unlabelled_examples, teacher.unlabelled),
        )


class StudentTrainer:
    """Trains students from one teacher; the part on unlabelled texts is shared by all."""

    def __init__(
        self, name: str, taught: TaughtExamples, *, config: RunConfig, learner: Learner
    ) -> None:
        """Take what students learn from; nothing is trained yet."""
        self._name = name
        self._taught = taught
        self._config = config
        self.learner = learner

    def train(self, name: str, rows: NDArray[np.bool_] | None = None) -> nn.Module:
        """Train a student called `name`.

        Args:
            name: Of its stages.
            rows: The taught labelled texts to learn from, boolean; all by default.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        config, how = self._config, self._config.distillation
        labelled = self._taught.labelled if rows is None else pick(self._taught.labelled, rows)
        mixed = mixed_objective(
            sentence_loss=config.sentence_loss,
            temperature=how.temperature,
            alpha=how.alpha,
            soft_loss=how.soft_loss,
        )
        hard = hard_objective(sentence_loss=config.sentence_loss)
        # Soft targets are those of the whole text: none of its sentences may be dropped.
        whole = replace(config.augmentation, sentence_dropout=0.0)
        stages = (
            (f"{name}-distil", mixed, how.distil, whole),
            (f"{name}-fine-tune", hard, how.fine_tune, config.augmentation),
        )
        network, state = None, self._after_transfer
        for stage, objective, schedule, augmentation in stages:
            if schedule.epochs:
                lesson = Lesson(objective, schedule, augmentation, config.seed)
                network = self.learner.fit(stage, labelled, lesson, start=state)
                state = dict(network.state_dict())
        return self._of_state(state) if network is None else network

    @cached_property
    def _after_transfer(self) -> dict[str, torch.Tensor] | None:
        """State of a network distilled on the unlabelled texts, None where that is left out."""
        config, how = self._config, self._config.distillation
        if not self._taught.unlabelled or not how.transfer.epochs:
            return None
        soft = soft_objective(
            sentence_loss=config.sentence_loss,
            temperature=how.temperature,
            soft_loss=how.soft_loss,
        )
        lesson = Lesson(soft, how.transfer, Augmentation(), config.seed)
        network = self.learner.fit(f"{self._name}-transfer", self._taught.unlabelled, lesson)
        return dict(network.state_dict())

    def _of_state(self, state: dict[str, torch.Tensor] | None) -> nn.Module:
        """A network of that state, or an untrained one."""
        network = self.learner.new_network(self._config.seed)
        if state is not None:
            network.load_state_dict(state)
        return network


def with_soft(examples: Sequence[Example], soft: Sequence[SoftTargets]) -> list[Example]:
    """Examples with what a teacher says of each."""
    return [replace(one, soft=targets) for one, targets in zip(examples, soft, strict=True)]
