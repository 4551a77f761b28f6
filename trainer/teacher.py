"""The teacher: networks trained fold by fold, joined by a linear member.

Each labelled text is scored by the members that did not see it (out of fold); other texts by the
mean of all members. There may be several networks for a fold, from several seeds. A logistic
regression on the out-of-fold scores joins networks and linear member into calibrated logits, which
are the student's soft targets.

A teacher can be made that never saw one of the folds, not even through its soft targets on the
others: each of its networks is trained without that fold and the one it scores. A student of such
a teacher can be judged on the fold.

Source: stacking after Wolpert 1992; soft targets from a teacher's outputs after Hinton et al.
2015 and Huang et al. 2022.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import nn

from kdh_desktop.core.training_config import RunConfig, TeacherMethod
from trainer.corpus import LabelledText, target_matrix
from trainer.learning.batching import Encoder, Example, SoftTargets
from trainer.learning.learner import Learner, Lesson
from trainer.learning.network_scores import NetworkScores
from trainer.learning.objectives import hard_objective
from trainer.linear import LinearMember
from trainer.process.durable import save_arrays
from trainer.running.planned_stages import stages_of_network
from trainer.stacking import Stacker, nested_decisions

Folds = frozenset[int]
"""Folds that a member was trained without."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts of a run with their encodings, in the same order."""

    labelled: Sequence[LabelledText]
    unlabelled: Sequence[LabelledText]
    labelled_examples: Sequence[Example]
    unlabelled_examples: Sequence[Example]

    @classmethod
    def encoded(
        cls,
        labelled: Sequence[LabelledText],
        unlabelled: Sequence[LabelledText],
        encoder: Encoder,
    ) -> Self:
        """Encode texts."""
        return cls(labelled, unlabelled, encoder.examples(labelled), encoder.examples(unlabelled))


@dataclass(frozen=True, slots=True)
class Teacher:
    """What a teacher says of the labelled texts it may know, and of the unlabelled ones.

    Attributes:
        rows: Which labelled texts it speaks of, boolean (all labelled texts,); "texts" below are
            these, in order.
        fold_of: Fold of each text, int64 (texts,).
        members: Out-of-fold scores of the members, each float32 (texts, labels): decision logits
            of the networks, then scores of the linear members where there are any.
        labelled: Soft targets of the texts.
        unlabelled: Soft targets of the unlabelled texts.
        has_own_thresholds: Whether each label is decided by its own threshold, as where it has a
            network of its own; else all share one.
    """

    rows: NDArray[np.bool_]
    fold_of: NDArray[np.int64]
    members: tuple[NDArray[np.float32], ...]
    labelled: list[SoftTargets]
    unlabelled: list[SoftTargets]
    has_own_thresholds: bool = False

    def decide(self, truth: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Decisions on each fold by all members, joined and cut as fits the other folds best."""

        def score(fit: NDArray[np.bool_], rows: NDArray[np.bool_]) -> NDArray[np.float32]:
            stacker = Stacker().fit([one[fit] for one in self.members], truth[fit])
            return stacker.logits([one[rows] for one in self.members])

        return nested_decisions(
            score,
            truth=truth,
            fold_of=self.fold_of,
            has_own_thresholds=self.has_own_thresholds,
        )


class TeacherTrainer:
    """Trains teachers; what they share is trained once, and kept in the work folder."""

    def __init__(
        self,
        corpus: Corpus,
        fold_of: NDArray[np.int64],
        *,
        config: RunConfig,
        learner: Learner,
        work: Path,
    ) -> None:
        """Take what the members learn from; nothing is trained yet.

        Args:
            corpus: Encoded for the teacher's networks.
            fold_of: Fold of each labelled text, in 0..config.teacher.folds-1.
            config: The run's.
            learner: Trains the networks.
            work: Folder for their scores.
        """
        self._corpus = corpus
        self._config = config
        self._truth = target_matrix(corpus.labelled)
        self.fold_of = fold_of
        self.networks = TeacherNetworks(corpus, fold_of, config=config, learner=learner, work=work)
        self._linear = LinearMembers(corpus, fold_of, work=work)
        self._runner = learner.runner

    def train(self) -> Teacher:
        """The teacher of all labelled texts.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        left_out = [frozenset({fold}) for fold in range(self._config.teacher.folds)]
        return self._teacher(
            np.ones(len(self.fold_of), bool),
            left_out=left_out,
            members=self._config.teacher.members,
            speaking_of_others=left_out,
        )

    def train_without(self, fold: int) -> Teacher:
        """A teacher that knows nothing of the texts of `fold`.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        others = [other for other in range(self._config.teacher.folds) if other != fold]
        return self._teacher(
            self.fold_of != fold,
            left_out=[frozenset({fold, other}) for other in others],
            members=self._config.distillation.nested_members,
            speaking_of_others=[frozenset({fold})],
        )

    def train_member(self, left_out: Folds, member: int | None) -> None:
        """Train one network, or the linear member (None), and keep what it says.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        if member is None:
            self._linear.of_labelled(left_out)
        else:
            self.networks.of_labelled(left_out, member)

    def _teacher(
        self,
        rows: NDArray[np.bool_],
        *,
        left_out: Sequence[Folds],
        members: int,
        speaking_of_others: Sequence[Folds],
    ) -> Teacher:
        """Join members, each trained without some folds and scoring those among `rows`."""
        weight = self._config.sentence_weight
        scores = [
            NetworkScores.mean([self.networks.of_labelled(out, m) for m in range(members)])
            for out in left_out
        ]
        networks = _in_text_order(scores, [self._scored_by(out) for out in left_out], rows)
        decisions = [networks.decision_logits(weight)]
        if self._config.teacher.has_linear_member:
            is_kept = all(map(self._linear.is_kept, left_out))
            begin = self._runner.take_up if is_kept else self._runner.start
            begin("linear member")
            linear = np.zeros_like(self._truth)
            for out in left_out:
                linear[self._scored_by(out)] = self._linear.of_labelled(out)
            decisions.append(linear[rows])
        stacker = Stacker().fit(decisions, self._truth[rows])
        labelled = soft_targets(stacker.logits(decisions), networks)
        unlabelled = self._of_others(stacker, speaking_of_others)
        return Teacher(
            rows,
            self.fold_of[rows],
            tuple(decisions),
            labelled,
            unlabelled,
            has_own_thresholds=self._config.teacher.method is TeacherMethod.BINARY_RELEVANCE,
        )

    def _of_others(self, stacker: Stacker, left_out: Sequence[Folds]) -> list[SoftTargets]:
        """Soft targets of the unlabelled texts from the mean of members."""
        if not self._corpus.unlabelled:
            return []
        members = range(self._config.teacher.members)
        mean = NetworkScores.mean(
            [self.networks.of_unlabelled(out, m) for out in left_out for m in members]
        )
        decisions = [mean.decision_logits(self._config.sentence_weight)]
        if self._config.teacher.has_linear_member:
            of_linear = [self._linear.of_unlabelled(out) for out in left_out]
            decisions.append(np.mean(of_linear, axis=0, dtype=np.float32))
        return soft_targets(stacker.logits(decisions), mean)

    def _scored_by(self, left_out: Folds) -> NDArray[np.bool_]:
        return _is_in(self.fold_of, left_out)


class TeacherNetworks:
    """The teacher's networks, each trained without some of the folds, and what they say."""

    def __init__(
        self,
        corpus: Corpus,
        fold_of: NDArray[np.int64],
        *,
        config: RunConfig,
        learner: Learner,
        work: Path,
    ) -> None:
        """Take what the networks learn from and are asked for; nothing is trained yet."""
        self._corpus = corpus
        self._fold_of = fold_of
        self._config = config
        self._learner = learner
        self._work = work
        self._told: set[str] = set()

    def of_labelled(self, left_out: Folds, member: int) -> NetworkScores:
        """Scores of the labelled texts in the folds that the network was trained without.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        return NetworkScores.load(self._scored(left_out, member)["held-out"])

    def of_unlabelled(self, left_out: Folds, member: int) -> NetworkScores:
        """Scores of the unlabelled texts, by a network trained without one fold.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        return NetworkScores.load(self._scored(left_out, member)["unlabelled"])

    def _scored(self, left_out: Folds, member: int) -> dict[str, Path]:
        """Files of what a network says; it is trained for them where one is missing."""
        name = _name("teacher", left_out, member)
        asked = {"held-out": pick(self._corpus.labelled_examples, _is_in(self._fold_of, left_out))}
        if self._corpus.unlabelled and len(left_out) == 1:
            asked["unlabelled"] = list(self._corpus.unlabelled_examples)
        paths = {what: self._work / f"{name}-{what}.npz" for what in asked}
        if name not in self._told:
            self._told.add(name)
            if all(path.exists() for path in paths.values()):
                method, labels = self._config.teacher.method, self._learner.labels
                for stage in stages_of_network(name, method, labels=labels):
                    self._learner.runner.take_up(stage)
            else:
                network = self._fit(name, left_out, member)
                for what, examples in asked.items():
                    self._learner.keep_scores(f"{name}-{what}", network, examples)
        return paths

    def _fit(self, name: str, left_out: Folds, member: int) -> nn.Module:
        how = self._config.teacher
        lesson = Lesson(
            hard_objective(sentence_loss=self._config.sentence_loss),
            how.schedule,
            self._config.augmentation,
            seed=self._config.seed + min(left_out) + 1000 * member,
        )
        seen = pick(self._corpus.labelled_examples, ~_is_in(self._fold_of, left_out))
        if how.method is TeacherMethod.BINARY_RELEVANCE:
            return self._learner.fit_each_label(name, seen, lesson)
        return self._learner.fit(name, seen, lesson)


class LinearMembers:
    """The teacher's linear members, each trained without some of the folds."""

    def __init__(self, corpus: Corpus, fold_of: NDArray[np.int64], *, work: Path) -> None:
        """Take what they learn from; nothing is trained yet."""
        self._corpus = corpus
        self._fold_of = fold_of
        self._work = work

    def is_kept(self, left_out: Folds) -> bool:
        """Whether one was trained before, so that what it says only needs to be read."""
        return self._path(left_out).exists()

    def of_labelled(self, left_out: Folds) -> NDArray[np.float32]:
        """Scores of the labelled texts in `left_out`, float32 (texts, labels)."""
        return self._scores(left_out)[0]

    def of_unlabelled(self, left_out: Folds) -> NDArray[np.float32]:
        """Scores of the unlabelled texts, float32 (texts, labels)."""
        return self._scores(left_out)[1]

    def _scores(self, left_out: Folds) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Train a member and let it score, or take up what it left when it was trained before."""
        path = self._path(left_out)
        asked = self._corpus.unlabelled if len(left_out) == 1 else ()
        if path.exists():
            with np.load(path, allow_pickle=False) as arrays:
                held_out, others = arrays["held_out"], arrays["unlabelled"]
            # Whoever trained it may not have asked for the unlabelled texts.
            if len(others) == len(asked) or not asked:
                return held_out, others
        is_out = _is_in(self._fold_of, left_out)
        member = LinearMember().fit(pick(self._corpus.labelled, ~is_out))
        held_out = member.score(pick(self._corpus.labelled, is_out))
        others = member.score(asked) if asked else held_out[:0]
        save_arrays(path, held_out=held_out, unlabelled=others)
        return held_out, others

    def _path(self, left_out: Folds) -> Path:
        return self._work / f"{_name('linear', left_out)}.npz"


def _name(kind: str, left_out: Folds, member: int = 0) -> str:
    """Of a stage or file: what was trained, without which folds, and from which of the seeds."""
    folds = "-".join(map(str, sorted(left_out)))
    return f"{kind}-without-{folds}" + (f"-member-{member}" if member else "")


def _is_in(fold_of: NDArray[np.int64], folds: Folds) -> NDArray[np.bool_]:
    return np.isin(fold_of, sorted(folds))


def soft_targets(text_logits: NDArray[np.float32], network: NetworkScores) -> list[SoftTargets]:
    """Calibrated logits of texts, float32 (texts, labels), with a network's of their sentences."""
    pairs = zip(text_logits, network.of_sentences(), strict=True)
    return [SoftTargets(of_text, of_sentences) for of_text, of_sentences in pairs]


def _in_text_order(
    several: Sequence[NetworkScores],
    scored_by: Sequence[NDArray[np.bool_]],
    rows: NDArray[np.bool_],
) -> NetworkScores:
    """Put scores of parts of the texts into the order of the texts.

    Args:
        several: Scores, each of some of the texts.
        scored_by: Which, each boolean (all texts,); together they cover `rows`.
        rows: The texts to keep, boolean (all texts,).
    """
    of_text: dict[int, NDArray[np.float32]] = {}
    of_sentences: dict[int, NDArray[np.float32]] = {}
    for scores, scored in zip(several, scored_by, strict=True):
        positions = np.flatnonzero(scored).tolist()
        of_text |= dict(zip(positions, scores.text_logits, strict=True))
        of_sentences |= dict(zip(positions, scores.of_sentences(), strict=True))
    kept = np.flatnonzero(rows).tolist()
    return NetworkScores(
        np.stack([of_text[position] for position in kept]),
        np.concatenate([of_sentences[position] for position in kept]),
        np.array([len(of_sentences[position]) for position in kept], np.int64),
    )


_T = TypeVar("_T")


def pick(items: Sequence[_T], rows: NDArray[np.bool_]) -> list[_T]:
    """The items in `rows`, in order."""
    return [item for item, is_in in zip(items, rows, strict=True) if is_in]
