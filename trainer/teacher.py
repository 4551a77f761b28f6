"""The teacher: networks trained fold by fold, joined by a linear member.

Each labelled text is scored by the members that did not see it (out of fold); other texts by the
mean of all members. A logistic regression on the out-of-fold scores joins network and linear
member into calibrated logits, which are the student's soft targets.

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
from sklearn.linear_model import LogisticRegression
from torch import nn

from kdh_desktop.core.training_protocol import RunConfig
from trainer.batching import Batches, Encoder, Example, SoftTargets
from trainer.corpus import LabelledText, target_matrix
from trainer.linear import LinearMember
from trainer.metrics import best_threshold
from trainer.network_scores import NetworkScores, score
from trainer.objectives import hard_objective
from trainer.splits import stratified_folds
from trainer.stages import StagePlan, StageRunner

SCORING_BATCH = 16


@dataclass(frozen=True, slots=True)
class Teacher:
    """What the teacher says.

    Attributes:
        fold_of: Fold of each labelled text, int64 (texts,).
        out_of_fold: Decision logits of the labelled texts, float32 (texts, labels).
        linear_out_of_fold: The linear member's own scores of them, float32 (texts, labels).
        labelled: Soft targets of the labelled texts.
        unlabelled: Soft targets of the unlabelled texts.
    """

    fold_of: NDArray[np.int64]
    out_of_fold: NDArray[np.float32]
    linear_out_of_fold: NDArray[np.float32]
    labelled: list[SoftTargets]
    unlabelled: list[SoftTargets]


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
    new_network: Callable[[], nn.Module],
    runner: StageRunner,
    work: Path,
) -> Teacher:
    """Train all members and let them score the labelled and the unlabelled texts.

    Raises:
        Cancelled: The user stopped it; it can be resumed.
    """
    truth = target_matrix(corpus.labelled)
    folds = config.teacher.folds
    fold_of = stratified_folds(truth, folds=folds, seed=config.seed)

    def batches(examples: Sequence[Example], size: int) -> Batches:
        return Batches(
            examples,
            piece_ids=encoder.piece_ids,
            max_tokens=config.max_tokens,
            batch_size=size,
        )

    held_out: list[NetworkScores] = []
    elsewhere: list[NetworkScores] = []
    for fold in range(folds):
        network = new_network()
        seen = _pick(corpus.labelled_examples, fold_of != fold)
        plan = StagePlan(
            hard_objective(sentence_loss=config.sentence_loss),
            config.teacher.schedule,
            config.augmentation,
            config.seed + fold,
        )
        name = f"teacher-{fold}"
        runner.train(name, network, batches(seen, config.teacher.schedule.batch_size), plan)
        unseen = _pick(corpus.labelled_examples, fold_of == fold)
        for scores, part, examples in (
            (held_out, "held-out", unseen),
            (elsewhere, "unlabelled", corpus.unlabelled_examples),
        ):
            path = work / f"{name}-{part}.npz"
            if not path.exists():
                score(network, batches(examples, SCORING_BATCH)).save(path)
            scores.append(NetworkScores.load(path))
    network_scores = _in_text_order(held_out, fold_of)
    runner.start("linear member")
    linear = _LinearScores.train(corpus, fold_of)
    return _join(
        config, fold_of, truth, network_scores, NetworkScores.mean(elsewhere), linear
    )


@dataclass(frozen=True, slots=True)
class _LinearScores:
    out_of_fold: NDArray[np.float32]
    unlabelled: NDArray[np.float32]

    @classmethod
    def train(cls, corpus: Corpus, fold_of: NDArray[np.int64]) -> _LinearScores:
        labelled = target_matrix(corpus.labelled)
        unlabelled: list[NDArray[np.float32]] = []
        for fold in range(int(fold_of.max()) + 1):
            member = LinearMember().fit(_pick(corpus.labelled, fold_of != fold))
            labelled[fold_of == fold] = member.score(_pick(corpus.labelled, fold_of == fold))
            if corpus.unlabelled:
                unlabelled.append(member.score(corpus.unlabelled))
        nothing = np.zeros((0, labelled.shape[1]), np.float32)
        return cls(labelled, np.mean(unlabelled, axis=0) if unlabelled else nothing)


class Stacker:
    """Joins a network's and a linear member's scores into one calibrated logit per label."""

    def __init__(self) -> None:
        """Make an unfitted one."""
        self._regression = LogisticRegression(C=10.0, max_iter=1000)

    def fit(
        self,
        network: NDArray[np.float32],
        linear: NDArray[np.float32],
        truth: NDArray[np.float32],
    ) -> Stacker:
        """Fit two shared factors and one intercept per label; all arrays (texts, labels)."""
        self._regression.fit(self._features(network, linear), truth.ravel().astype(int))
        return self

    def logits(
        self, network: NDArray[np.float32], linear: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Calibrated logits, float32 (texts, labels)."""
        joined = self._regression.decision_function(self._features(network, linear))
        shaped: NDArray[np.float32] = joined.reshape(network.shape).astype(np.float32)
        return shaped

    @staticmethod
    def _features(
        network: NDArray[np.float32], linear: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        texts, labels = network.shape
        which = np.tile(np.eye(labels, dtype=np.float32), (texts, 1))
        return np.column_stack([network.ravel(), linear.ravel(), which])


def nested_decisions(
    logits_without: Callable[[NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.float32]],
    *,
    truth: NDArray[np.float32],
    fold_of: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Decisions on each fold with everything fitted, thresholds too, on the other folds alone.

    Args:
        logits_without: From the rows to fit on and the rows to score to logits of the latter.
        truth: (texts, labels).
        fold_of: (texts,).

    Returns:
        Boolean (texts, labels).
    """
    present = np.zeros(truth.shape, bool)
    for fold in np.unique(fold_of):
        rest, own = fold_of != fold, fold_of == fold
        threshold = best_threshold(logits_without(rest, rest), truth[rest])
        present[own] = logits_without(rest, own) >= threshold
    return present


def _join(
    config: RunConfig,
    fold_of: NDArray[np.int64],
    truth: NDArray[np.float32],
    held_out: NetworkScores,
    elsewhere: NetworkScores,
    linear: _LinearScores,
) -> Teacher:
    decision = held_out.decision_logits(config.sentence_weight)
    stacker = Stacker().fit(decision, linear.out_of_fold, truth)
    out_of_fold = stacker.logits(decision, linear.out_of_fold)
    other = stacker.logits(elsewhere.decision_logits(config.sentence_weight), linear.unlabelled)
    return Teacher(
        fold_of,
        out_of_fold,
        linear.out_of_fold,
        [SoftTargets(*pair) for pair in zip(out_of_fold, held_out.of_sentences(), strict=True)],
        [SoftTargets(*pair) for pair in zip(other, elsewhere.of_sentences(), strict=True)],
    )


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
