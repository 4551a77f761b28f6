"""The teacher: networks trained fold by fold, joined by a linear member.

Each labelled text is scored by the members that did not see it (out of fold); other texts by the
mean of all members. There may be several networks for a fold, from several seeds. A logistic
regression on the out-of-fold scores joins networks and linear member into calibrated logits, which
are the student's soft targets.

Source: stacking after Wolpert 1992; soft targets from a teacher's outputs after Hinton et al.
2015 and Huang et al. 2022.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import nn

from kdh_desktop.core.training_config import RunConfig
from trainer.batching import Batches, Encoder, Example, SoftTargets
from trainer.corpus import LabelledText, target_matrix
from trainer.linear import LinearMember
from trainer.network_scores import NetworkScores, score
from trainer.objectives import hard_objective
from trainer.splits import stratified_folds
from trainer.stacking import Stacker, nested_decisions
from trainer.stages import StagePlan, StageRunner

SCORING_BATCH = 16

NewNetwork = Callable[[int], nn.Module]
"""From a seed to an untrained network on the base encoder."""


@dataclass(frozen=True, slots=True)
class Teacher:
    """What the teacher says.

    Attributes:
        fold_of: Fold of each labelled text, int64 (texts,).
        network_out_of_fold: Decision logits of the networks, float32 (texts, labels).
        linear_out_of_fold: Scores of the linear members, float32 (texts, labels).
        labelled: Soft targets of the labelled texts.
        unlabelled: Soft targets of the unlabelled texts.
    """

    fold_of: NDArray[np.int64]
    network_out_of_fold: NDArray[np.float32]
    linear_out_of_fold: NDArray[np.float32]
    labelled: list[SoftTargets]
    unlabelled: list[SoftTargets]

    def decide(self, truth: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Decisions on each fold by all members, joined and cut as fits the other folds best."""

        def score(fit: NDArray[np.bool_], rows: NDArray[np.bool_]) -> NDArray[np.float32]:
            network, linear = self.network_out_of_fold, self.linear_out_of_fold
            stacker = Stacker().fit(network[fit], linear[fit], truth[fit])
            return stacker.logits(network[rows], linear[rows])

        return nested_decisions(score, truth=truth, fold_of=self.fold_of)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts of a run with their encodings, in the same order."""

    labelled: Sequence[LabelledText]
    unlabelled: Sequence[LabelledText]
    labelled_examples: Sequence[Example]
    unlabelled_examples: Sequence[Example]


def train_teacher(
    corpus: Corpus,
    *,
    config: RunConfig,
    encoder: Encoder,
    new_network: NewNetwork,
    runner: StageRunner,
    work: Path,
) -> Teacher:
    """Train all members and let them score the labelled and the unlabelled texts.

    Raises:
        Cancelled: The user stopped it; it can be resumed.
    """
    truth = target_matrix(corpus.labelled)
    how = config.teacher
    fold_of = stratified_folds(truth, folds=how.folds, seed=config.seed)
    members = TeacherMembers(
        corpus,
        fold_of,
        config=config,
        encoder=encoder,
        new_network=new_network,
        runner=runner,
        work=work,
    )
    held_out: list[NetworkScores] = []
    elsewhere: list[NetworkScores] = []
    for fold in range(how.folds):
        several = [members.train(fold, member) for member in range(how.members)]
        held_out.append(NetworkScores.mean([of_fold for of_fold, _ in several]))
        elsewhere += [of_others for _, of_others in several if of_others is not None]
    runner.start("linear member")
    linear = _LinearScores.train(corpus, fold_of, work / "linear.npz")
    return _join(config, fold_of, truth, _in_text_order(held_out, fold_of), elsewhere, linear)


class TeacherMembers:
    """The teacher's networks: one or several for each fold, trained without it."""

    def __init__(
        self,
        corpus: Corpus,
        fold_of: NDArray[np.int64],
        *,
        config: RunConfig,
        encoder: Encoder,
        new_network: NewNetwork,
        runner: StageRunner,
        work: Path,
    ) -> None:
        """Take what the networks learn from and are asked for; nothing is trained yet."""
        self._corpus = corpus
        self._fold_of = fold_of
        self._config = config
        self._encoder = encoder
        self._new_network = new_network
        self._runner = runner
        self._work = work

    def train(self, fold: int, member: int) -> tuple[NetworkScores, NetworkScores | None]:
        """Train one network, or take up what it left when it was trained before.

        Returns:
            Its scores of the texts of `fold`, and of the unlabelled texts where there are any.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        schedule = self._config.teacher.schedule
        seed = self._config.seed + fold + 1000 * member
        plan = StagePlan(
            hard_objective(sentence_loss=self._config.sentence_loss),
            schedule,
            self._config.augmentation,
            seed,
        )
        name = f"teacher-{fold}" + (f"-{member}" if member else "")
        network = self._new_network(self._config.seed + 1000 * member)
        labelled = self._corpus.labelled_examples
        seen = self._batches(_pick(labelled, self._fold_of != fold), schedule.batch_size)
        self._runner.train(name, network, seen, plan)
        held_out = self._scores(
            network, _pick(labelled, self._fold_of == fold), self._work / f"{name}-held-out.npz"
        )
        if not self._corpus.unlabelled:
            return held_out, None
        others = self._work / f"{name}-unlabelled.npz"
        return held_out, self._scores(network, self._corpus.unlabelled_examples, others)

    def _scores(self, network: nn.Module, examples: Sequence[Example], path: Path) -> NetworkScores:
        if not path.exists():
            score(network, self._batches(examples, SCORING_BATCH)).save(path)
        return NetworkScores.load(path)

    def _batches(self, examples: Sequence[Example], size: int) -> Batches:
        return Batches(
            examples,
            piece_ids=self._encoder.piece_ids,
            max_tokens=self._config.max_tokens,
            batch_size=size,
        )


@dataclass(frozen=True, slots=True)
class _LinearScores:
    out_of_fold: NDArray[np.float32]
    unlabelled: NDArray[np.float32]

    @classmethod
    def train(cls, corpus: Corpus, fold_of: NDArray[np.int64], path: Path) -> _LinearScores:
        """Train the linear members, or take up what they left at `path`."""
        if not path.exists():
            found = cls._trained(corpus, fold_of)
            temporary = path.with_name(path.name + ".part.npz")
            np.savez(temporary, out_of_fold=found.out_of_fold, unlabelled=found.unlabelled)
            temporary.replace(path)
        with np.load(path, allow_pickle=False) as arrays:
            return cls(arrays["out_of_fold"], arrays["unlabelled"])

    @classmethod
    def _trained(cls, corpus: Corpus, fold_of: NDArray[np.int64]) -> _LinearScores:
        labelled = target_matrix(corpus.labelled)
        unlabelled: list[NDArray[np.float32]] = []
        for fold in range(int(fold_of.max()) + 1):
            member = LinearMember().fit(_pick(corpus.labelled, fold_of != fold))
            labelled[fold_of == fold] = member.score(_pick(corpus.labelled, fold_of == fold))
            if corpus.unlabelled:
                unlabelled.append(member.score(corpus.unlabelled))
        nothing = np.zeros((0, labelled.shape[1]), np.float32)
        return cls(labelled, np.mean(unlabelled, axis=0) if unlabelled else nothing)


def _join(
    config: RunConfig,
    fold_of: NDArray[np.int64],
    truth: NDArray[np.float32],
    held_out: NetworkScores,
    elsewhere: Sequence[NetworkScores],
    linear: _LinearScores,
) -> Teacher:
    decision = held_out.decision_logits(config.sentence_weight)
    stacker = Stacker().fit(decision, linear.out_of_fold, truth)
    labelled = stacker.logits(decision, linear.out_of_fold)
    unlabelled: list[SoftTargets] = []
    if elsewhere:
        mean = NetworkScores.mean(elsewhere)
        joined = stacker.logits(mean.decision_logits(config.sentence_weight), linear.unlabelled)
        unlabelled = _soft_targets(joined, mean)
    return Teacher(
        fold_of, decision, linear.out_of_fold, _soft_targets(labelled, held_out), unlabelled
    )


def _soft_targets(text_logits: NDArray[np.float32], network: NetworkScores) -> list[SoftTargets]:
    pairs = zip(text_logits, network.of_sentences(), strict=True)
    return [SoftTargets(of_text, of_sentences) for of_text, of_sentences in pairs]


def _in_text_order(held_out: Sequence[NetworkScores], fold_of: NDArray[np.int64]) -> NetworkScores:
    """Put the folds' scores back into the order of the texts."""
    positions = np.concatenate([np.flatnonzero(fold_of == fold) for fold in range(len(held_out))])
    order = np.argsort(positions)
    sentences = [part for scores in held_out for part in scores.of_sentences()]
    return NetworkScores(
        np.concatenate([scores.text_logits for scores in held_out])[order],
        np.concatenate([sentences[index] for index in order]),
        np.concatenate([scores.sentences for scores in held_out])[order],
    )


_T = TypeVar("_T")


def _pick(items: Sequence[_T], rows: NDArray[np.bool_]) -> list[_T]:
    return [item for item, is_in in zip(items, rows, strict=True) if is_in]
