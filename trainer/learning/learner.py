"""One kind of network on one base, learning from examples: what every stage trains with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from kdh_desktop.core.training_config import Augmentation, NetworkConfig, Schedule
from trainer.judging.metrics import best_threshold, micro_f1
from trainer.learning.batching import Batches, Example
from trainer.learning.network_scores import NetworkScores, score
from trainer.learning.quantisation_training import quantisation_in_the_loop
from trainer.learning.stages import StagePlan, StageRunner
from trainer.learning.training_loop import Objective
from trainer.networks.base import NetworkBase
from trainer.networks.binary_relevance import BinaryRelevance, of_one_label
from trainer.networks.build import build_network
from trainer.process.device import give_memory_back
from trainer.process.memory import is_memory_short
from trainer.running.estimate import MEASURED_TEXTS, NetworkCost, measure_network
from trainer.splits import group_numbers, stratified_split

SCORING_BATCH = 16


@dataclass(frozen=True, slots=True)
class Lesson:
    """How a network learns.

    Attributes:
        objective: The loss.
        schedule: How long and how fast.
        augmentation: How texts are varied.
        seed: Decides the first weights of what is not pretrained, the order and the dropout.
    """

    objective: Objective
    schedule: Schedule
    augmentation: Augmentation
    seed: int


@dataclass(frozen=True, slots=True)
class Learner:
    """Makes networks of one kind, trains them and lets them score.

    Attributes:
        network: What they are.
        base: What they are built on.
        labels: Number of labels.
        max_tokens: Word pieces in one window, special tokens included.
        sentence_weight: Weight in 0..1 of the best sentence in the decision logit.
        runner: Trains stages and keeps what they leave.
        device: What is computed on.
    """

    network: NetworkConfig
    base: NetworkBase
    labels: int
    max_tokens: int
    sentence_weight: float
    runner: StageRunner
    device: torch.device

    def new_network(self, seed: int, *, labels: int | None = None) -> nn.Module:
        """An untrained network on the device, for all labels or for `labels` many."""
        many = self.labels if labels is None else labels
        return build_network(self.network, self.base.folder, labels=many, seed=seed).to(self.device)

    def fit(
        self,
        name: str,
        examples: Sequence[Example],
        lesson: Lesson,
        *,
        start: Mapping[str, torch.Tensor] | None = None,
    ) -> nn.Module:
        """Train one network for all labels, or take up what the stage `name` left.

        Args:
            name: Of the stage; unique in its run.
            examples: What to learn from.
            lesson: How.
            start: State to start from; a fresh network's by default.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
            Diverged: The settings are at fault.
            TrainingError: Memory is short, or the disk fails; it can be resumed.
        """
        return self._fit(name, examples, lesson, labels=self.labels, start=start)

    def fit_each_label(
        self, name: str, examples: Sequence[Example], lesson: Lesson
    ) -> BinaryRelevance:
        """Train one network for each label.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
            Diverged: The settings are at fault.
            TrainingError: Memory is short, or the disk fails; it can be resumed.
        """
        return BinaryRelevance(
            [
                self._fit(
                    f"{name}-label-{column}", of_one_label(examples, column), lesson, labels=1
                )
                for column in range(self.labels)
            ]
        )

    def scores(self, network: nn.Module, examples: Sequence[Example]) -> NetworkScores:
        """What a network says of texts."""
        return score(network, self._batches(examples, SCORING_BATCH), control=self.runner.control)

    def keep_scores(self, name: str, network: nn.Module, examples: Sequence[Example]) -> None:
        """Keep what a network says of texts in the work folder; a kill loses little of it."""
        self.runner.keep_scores(name, network, self._batches(examples, SCORING_BATCH))

    def cost(self, examples: Sequence[Example], *, batch_size: int) -> NetworkCost:
        """What learning takes on this device, measured on some texts of middle length.

        Where memory is short for them, on fewer: training would part its batches, too.

        Args:
            examples: What there is to learn from.
            batch_size: Texts in a step of the training; no more are measured.
        """
        ordered = sorted(examples, key=lambda example: sum(map(len, example.pieces)))
        texts = min(MEASURED_TEXTS, batch_size)
        while True:
            first = max(0, (len(ordered) - texts) // 2)
            batches = self._batches(ordered[first : first + texts], texts)
            try:
                return measure_network(self.new_network(0), batches)
            except (MemoryError, RuntimeError) as error:
                if texts == 1 or not is_memory_short(error):
                    raise
            give_memory_back(self.device)
            texts //= 2

    def _fit(
        self,
        name: str,
        examples: Sequence[Example],
        lesson: Lesson,
        *,
        labels: int,
        start: Mapping[str, torch.Tensor] | None = None,
    ) -> nn.Module:
        network = self.new_network(lesson.seed, labels=labels)
        if start is not None:
            network.load_state_dict(start)
        learnt, kept_back = _part(examples, lesson)
        plan = StagePlan(
            lesson.objective,
            lesson.schedule,
            lesson.augmentation,
            lesson.seed,
            validate=self._validation(kept_back),
        )
        batches = self._batches(learnt, lesson.schedule.batch_size)
        is_rounding = lesson.schedule.has_int8_rounding
        with quantisation_in_the_loop(network) if is_rounding else nullcontext():
            self.runner.train(name, network, batches, plan)
        return network

    def _validation(self, kept_back: Sequence[Example]) -> Callable[[nn.Module], float] | None:
        """Micro-F1 on texts kept back, at the threshold that suits them best.

        None where nothing can be found in them: all epochs would be worth the same, and the first
        one would stay the best, whatever is learnt afterwards.
        """
        truth = _targets(kept_back)
        if not truth.any():
            return None

        def validate(network: nn.Module) -> float:
            found = self.scores(network, kept_back).decision_logits(self.sentence_weight)
            return micro_f1(found >= best_threshold(found, truth), truth)

        return validate

    def _batches(self, examples: Sequence[Example], size: int) -> Batches:
        return Batches(
            examples,
            piece_ids=self.base.encoder.piece_ids,
            max_tokens=self.max_tokens,
            batch_size=size,
        )


def _part(examples: Sequence[Example], lesson: Lesson) -> tuple[list[Example], list[Example]]:
    """Examples to learn from and examples kept back: every label's share, and groups whole."""
    share = lesson.schedule.validation_share
    if share == 0:
        return list(examples), []
    part_of = stratified_split(
        _targets(examples),
        shares=(1 - share, share),
        seed=lesson.seed,
        groups=group_numbers([one.group for one in examples]),
    )
    learnt = [one for one, part in zip(examples, part_of, strict=True) if part == 0]
    return learnt, [one for one, part in zip(examples, part_of, strict=True) if part == 1]


def _targets(examples: Sequence[Example]) -> NDArray[np.float32]:
    known = [one.text_targets for one in examples if one.text_targets is not None]
    if len(known) < len(examples):
        raise ValueError("texts without labels cannot be kept back to choose the best epoch by")
    return np.stack(known) if known else np.zeros((0, 0), np.float32)
