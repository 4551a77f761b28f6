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

from kdh_desktop.core.training_config import Augmentation, RunConfig, Schedule
from trainer.batching import Batches, Example, PieceIds, SoftTargets
from trainer.objectives import hard_objective, mixed_objective, soft_objective
from trainer.stages import StagePlan, StageRunner
from trainer.teacher import NewNetwork
from trainer.training_loop import Objective


@dataclass(frozen=True, slots=True)
class TaughtExamples:
    """Examples with the teacher's soft targets on them."""

    labelled: list[Example]
    unlabelled: list[Example]

    @classmethod
    def join(
        cls,
        labelled: Sequence[Example],
        labelled_soft: Sequence[SoftTargets],
        unlabelled: Sequence[Example],
        unlabelled_soft: Sequence[SoftTargets],
    ) -> TaughtExamples:
        """Put soft targets on examples, in order."""
        return cls(
            [replace(x, soft=soft) for x, soft in zip(labelled, labelled_soft, strict=True)],
            [replace(x, soft=soft) for x, soft in zip(unlabelled, unlabelled_soft, strict=True)],
        )


class StudentTrainer:
    """Trains students from one teacher; the part on unlabelled texts is shared by all."""

    def __init__(
        self,
        taught: TaughtExamples,
        *,
        config: RunConfig,
        piece_ids: PieceIds,
        new_network: NewNetwork,
        runner: StageRunner,
    ) -> None:
        """Take what students learn from; nothing is trained yet."""
        self._taught = taught
        self._config = config
        self._piece_ids = piece_ids
        self._new_network = new_network
        self._runner = runner

    def train(self, name: str, rows: NDArray[np.bool_]) -> nn.Module:
        """Train a student on the labelled texts in `rows`, boolean (texts,), and all others.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        config, how = self._config, self._config.distillation
        labelled = [x for x, is_in in zip(self._taught.labelled, rows, strict=True) if is_in]
        network = self._new_network(config.seed)
        if self._taught.unlabelled:
            network.load_state_dict(self._after_transfer)
        mixed = mixed_objective(
            sentence_loss=config.sentence_loss, temperature=how.temperature, alpha=how.alpha
        )
        no_dropout = replace(config.augmentation, sentence_dropout=0.0)
        self._stage(f"{name}-distil", network, labelled, mixed, how.distil, no_dropout)
        hard = hard_objective(sentence_loss=config.sentence_loss)
        self._stage(
            f"{name}-fine-tune", network, labelled, hard, how.fine_tune, config.augmentation
        )
        return network

    @cached_property
    def _after_transfer(self) -> dict[str, torch.Tensor]:
        """State of a network distilled on the unlabelled texts."""
        config = self._config
        network = self._new_network(config.seed)
        soft = soft_objective(
            sentence_loss=config.sentence_loss, temperature=config.distillation.temperature
        )
        # A text's soft targets are those of all its sentences: none may be dropped.
        self._stage(
            "student-transfer",
            network,
            self._taught.unlabelled,
            soft,
            config.distillation.transfer,
            Augmentation(),
        )
        return dict(network.state_dict())

    def _stage(
        self,
        name: str,
        network: nn.Module,
        examples: list[Example],
        objective: Objective,
        schedule: Schedule,
        augmentation: Augmentation,
    ) -> None:
        if schedule.epochs == 0:
            return
        batches = Batches(
            examples,
            piece_ids=self._piece_ids,
            max_tokens=self._config.max_tokens,
            batch_size=schedule.batch_size,
        )
        plan = StagePlan(objective, schedule, augmentation, self._config.seed)
        self._runner.train(name, network, batches, plan)
