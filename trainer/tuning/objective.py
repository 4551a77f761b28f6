"""How good a position is: out-of-fold micro-F1 on the training texts, and never on others."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from kdh_desktop.core.search_space import TuningConfig, at_position
from kdh_desktop.core.training_config import (
    MIN_BLIND_FOLDS,
    NetworkConfig,
    RunConfig,
    Schedule,
    TeacherMethod,
    has_own_teachers,
    is_student_judged,
)
from trainer.corpus import LabelledText, target_matrix
from trainer.corpus.duplicates import groups_of
from trainer.distillation import StudentTrainer, TaughtExamples, with_soft
from trainer.judging.metrics import Decisions, Tally, best_thresholds, micro_f1
from trainer.judging.significance import paired_bootstrap
from trainer.learning.batching import Example, SoftTargets
from trainer.learning.learner import Learner
from trainer.learning.network_scores import NetworkScores
from trainer.learning.stages import StageRunner
from trainer.learning.training_state import Diverged
from trainer.networks.base import NetworkBase
from trainer.process.control import RunControl
from trainer.process.device import repeat_exactly
from trainer.process.durable import save_arrays
from trainer.running.texts import folds_of
from trainer.splits import stratified_samples
from trainer.stacking import out_of_fold_decisions
from trainer.teacher import Corpus, Teacher, TeacherTrainer, pick
from trainer.tuning.positions import Report, Values, key_of


@dataclass(frozen=True, slots=True)
class JudgedTexts:
    """What positions are judged on.

    Attributes:
        texts: Labelled texts to train on; those that are judged are drawn from them.
        soft: For each fold of the drawn texts what a teacher that knows nothing of it says of the
            others, in order; empty where a position trains its own teachers, or where students
            have none.
    """

    texts: Sequence[LabelledText]
    soft: Sequence[Sequence[SoftTargets]] = ()

    def drawn(self, many: int, *, seed: int) -> Sequence[LabelledText]:
        """As many of the texts, or all for 0, in order, with their labels' shares."""
        if many == 0 or many >= len(self.texts):
            return self.texts
        rows = stratified_samples(target_matrix(self.texts), sizes=[many], seed=seed)[0]
        return [self.texts[row] for row in rows]


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Opens the objective in any process: reads the texts there, and judges on a device.

    Attributes:
        config: The run's, whose fields are tuned.
        tuning: Space, folds and budget.
        read: Gives the texts; it can be sent to another process.
        encoder: Folder of the base encoder.
        work: Folder for what evaluations leave.
    """

    config: RunConfig
    tuning: TuningConfig
    read: Callable[[], JudgedTexts]
    encoder: Path
    work: Path

    def __call__(self, device: str, control: RunControl) -> OutOfFoldObjective:
        """Read the texts and get ready.

        Raises:
            TrainingError: The texts or the base encoder cannot be used.
        """
        return OutOfFoldObjective(self, self.read(), device=torch.device(device), control=control)

    @property
    def has_own_teachers(self) -> bool:
        """Whether each position trains a teacher of its own."""
        return has_own_teachers(self.tuning)

    @property
    def is_of_student(self) -> bool:
        """Whether it is the student that is judged."""
        return is_student_judged(self.tuning)

    def folder(self, values: Values) -> Path:
        """Where an evaluation keeps what it has done, so that a killed one goes on."""
        return self.work / "positions" / sha256(key_of(values).encode()).hexdigest()[:20]

    def p_value(self, first: Values, second: Values) -> float:
        """How often chance alone would part two judged positions as far, on resampled texts."""
        present, truth = _decisions(self.folder(first))
        other, _ = _decisions(self.folder(second))
        judged = self.read().drawn(self.tuning.texts, seed=self.config.seed)
        compared = paired_bootstrap(
            present,
            other,
            truth,
            statistic=Decisions.statistic(Tally.micro_f1),
            seed=self.config.seed,
            groups=groups_of(judged),
        )
        return compared.p_value


class OutOfFoldObjective:
    """Trains at a position fold by fold, and reports the score over the folds done so far.

    Unlabelled texts are left out: every teacher would have to label them anew. A position whose
    fields do not go together, or at which training diverges, scores 0. Whatever else fails is not
    the position's fault, and ends the search where it can go on.

    A student's teacher knows nothing of the fold that the student is judged on: else its score
    would flatter, and the more so the more it listens to its teacher.
    """

    def __init__(
        self, spec: OutOfFold, judged: JudgedTexts, *, device: torch.device, control: RunControl
    ) -> None:
        """Take the texts to judge on; nothing is trained yet."""
        repeat_exactly(device)
        self.spec = spec
        self.device = device
        self.control = control
        self._all_texts = judged.texts
        self.texts, self.soft = judged.drawn(spec.tuning.texts, seed=spec.config.seed), judged.soft
        self.truth = target_matrix(self.texts)
        folds, seed = spec.tuning.folds, spec.config.seed
        self.fold_of = folds_of(self.texts, folds=folds, seed=seed)
        self._corpora: dict[Path, Corpus] = {}

    def __call__(self, values: Values, report: Report) -> float:
        """Judge a position; see `Objective`.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
            TrainingError: Memory is short, or the disk fails; it can be resumed.
        """
        folder = self.spec.folder(values)
        nothing = np.zeros(self.truth.shape, bool)
        try:
            config = affordable(at_position(self.spec.config, values), self.spec.tuning)
        except ValueError:
            _keep(folder, nothing, self.truth)
            return 0.0
        try:
            present = _Position(self, config, folder, report).decisions()
        except Diverged:
            present = nothing
        if present is None:
            return 0.0
        _keep(folder, present, self.truth)
        return micro_f1(present, self.truth)

    def base(self, network: NetworkConfig, config: RunConfig) -> NetworkBase:
        """What a network is built on."""
        return NetworkBase.of(
            network,
            base_encoder=self.spec.encoder,
            vocabulary=self.spec.work / "vocabulary",
            labelled=self._all_texts,
            unlabelled=(),
            max_tokens=config.max_tokens,
            seed=self.spec.config.seed,
        )

    def corpus(self, base: NetworkBase) -> Corpus:
        """The texts, encoded for what is built on a base."""
        if base.folder not in self._corpora:
            self._corpora[base.folder] = Corpus.encoded(self.texts, (), base.encoder)
        return self._corpora[base.folder]

    def score(
        self, scores: NDArray[np.float32], *, folds: int, has_own_thresholds: bool = False
    ) -> float:
        """Micro-F1 over the first folds, at thresholds from the others of them.

        Of a single fold, at its own best thresholds: they flatter every position alike.
        """
        rows = self.fold_of < folds
        found, truth, fold_of = scores[rows], self.truth[rows], self.fold_of[rows]
        if folds == 1:
            at = best_thresholds(found, truth, has_own_thresholds=has_own_thresholds)
            return micro_f1(found >= at, truth)
        present = out_of_fold_decisions(
            found, truth=truth, fold_of=fold_of, has_own_thresholds=has_own_thresholds
        )
        return micro_f1(present, truth)


@dataclass(frozen=True)
class _Position:
    """One evaluation."""

    of: OutOfFoldObjective
    config: RunConfig
    folder: Path
    report: Report

    def decisions(self) -> NDArray[np.bool_] | None:
        """Decisions (texts, labels), or None where the position was given up."""
        if not self.of.spec.is_of_student:
            teacher = self._teacher()
            return None if teacher is None else teacher.decide(self.of.truth)
        scores = self._student_scores()
        if scores is None:
            return None
        return out_of_fold_decisions(scores, truth=self.of.truth, fold_of=self.of.fold_of)

    def _teacher(self) -> Teacher | None:
        """The position's own teacher, or None where it was given up."""
        networks = self._teachers.networks
        is_each = self.config.teacher.method is TeacherMethod.BINARY_RELEVANCE
        scores = np.zeros_like(self.of.truth)
        for fold in range(self.of.spec.tuning.folds):
            found = networks.of_labelled(frozenset({fold}), 0)
            self._forget_networks()
            scores[self.of.fold_of == fold] = found.decision_logits(self.config.sentence_weight)
            so_far = self.of.score(scores, folds=fold + 1, has_own_thresholds=is_each)
            if not self.report(fold, so_far):
                return None
        return self._teachers.train()

    def _student_scores(self) -> NDArray[np.float32] | None:
        """Out-of-fold scores of students, or None where the position was given up."""
        learner = self._learner(self.config.distillation.network)
        examples = self.of.corpus(learner.base).labelled_examples
        scores = np.zeros_like(self.of.truth)
        for fold in range(self.of.spec.tuning.folds):
            own = self.of.fold_of == fold
            path = self.folder / f"student-{fold}.npz"
            if not path.exists():
                students = StudentTrainer(
                    f"student-{fold}",
                    TaughtExamples(self._taught(fold, pick(examples, ~own)), []),
                    config=self.config,
                    learner=learner,
                )
                network = students.train(path.stem)
                learner.keep_scores(path.stem, network, pick(examples, own))
            self._forget_networks()
            found = NetworkScores.load(path)
            scores[own] = found.decision_logits(self.config.sentence_weight)
            if not self.report(fold, self.of.score(scores, folds=fold + 1)):
                return None
        return scores

    def _taught(self, fold: int, examples: list[Example]) -> list[Example]:
        """Examples of the other folds, with what a teacher says that knows nothing of this one."""
        if not self.config.distillation.distil.epochs:
            return examples
        if self.of.spec.has_own_teachers:
            return with_soft(examples, self._teachers.train_without(fold).labelled)
        return with_soft(examples, self.of.soft[fold]) if self.of.soft else examples

    @cached_property
    def _teachers(self) -> TeacherTrainer:
        learner = self._learner(self.config.teacher.network)
        corpus = self.of.corpus(learner.base)
        return TeacherTrainer(
            corpus, self.of.fold_of, config=self.config, learner=learner, work=self.folder
        )

    def _learner(self, network: NetworkConfig) -> Learner:
        self.folder.mkdir(parents=True, exist_ok=True)
        stages = StageRunner(self.folder, stages=0, emit=lambda _: None, control=self.of.control)
        return Learner(
            network,
            self.of.base(network, self.config),
            labels=self.of.truth.shape[1],
            max_tokens=self.config.max_tokens,
            sentence_weight=self.config.sentence_weight,
            runner=stages,
            device=self.of.device,
        )

    def _forget_networks(self) -> None:
        """Once a fold is scored its networks are not needed any more, and they are large."""
        for entry in self.folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.suffix != ".npz":
                entry.unlink()


def with_blind_teachers(config: RunConfig, tuning: TuningConfig) -> RunConfig:
    """A run whose teachers know nothing of one fold each, in the folds of the tuning."""
    folds = tuning.folds
    is_possible = folds >= MIN_BLIND_FOLDS  # else teachers are judged themselves
    return replace(
        config,
        teacher=replace(config.teacher, folds=folds, members=1),
        distillation=replace(
            config.distillation, calibration_folds=folds, nested_members=int(is_possible)
        ),
    )


def affordable(config: RunConfig, tuning: TuningConfig) -> RunConfig:
    """The run that judges a position: a share of the epochs, and the folds of the tuning."""

    def shorter(schedule: Schedule) -> Schedule:
        epochs = max(1, round(schedule.epochs * tuning.epoch_share)) if schedule.epochs else 0
        return replace(schedule, epochs=epochs)

    config = with_blind_teachers(config, tuning)
    teacher = replace(config.teacher, schedule=shorter(config.teacher.schedule))
    distillation = replace(
        config.distillation,
        distil=shorter(config.distillation.distil),
        fine_tune=shorter(config.distillation.fine_tune),
    )
    return replace(config, teacher=teacher, distillation=distillation)


def _keep(folder: Path, present: NDArray[np.bool_], truth: NDArray[np.float32]) -> None:
    # On the disk before the journal tells of it: the bests of the searches are compared by it.
    save_arrays(folder / "decisions.npz", present=present, truth=truth)


def _decisions(folder: Path) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    with np.load(folder / "decisions.npz", allow_pickle=False) as arrays:
        return arrays["present"], arrays["truth"]
