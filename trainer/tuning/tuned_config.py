"""From a run's configuration to the best one that a swarm finds for the run's texts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch

from kdh_desktop.core.corpus_source import CorpusSource
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.search_space import (
    TuningConfig,
    at_position,
    value_at,
)
from kdh_desktop.core.training_config import (
    NetworkConfig,
    NetworkKind,
    RunConfig,
    is_student_judged,
    require_search_fits,
)
from kdh_desktop.core.training_protocol import Event, StageScored
from trainer.corpus import LabelledText, corpus_digest, groups_digest, target_matrix
from trainer.learning.batching import SoftTargets
from trainer.learning.learner import Learner
from trainer.learning.network_scores import NetworkScores
from trainer.learning.stages import StageRunner
from trainer.networks.base import NetworkBase
from trainer.process.control import RunControl
from trainer.process.device import repeat_exactly
from trainer.process.work_folder import is_cut_short
from trainer.running.stage_count import count_blind_teachers
from trainer.running.texts import folds_of, read_run_texts
from trainer.teacher import Corpus, Teacher, TeacherTrainer
from trainer.tuning import InTurn, SideBySide, Tuner, TuningOutcome
from trainer.tuning.objective import (
    JudgedTexts,
    OutOfFold,
    with_blind_teachers,
)

Texts = Callable[[], Sequence[LabelledText]]
"""Reads the labelled texts; it can be sent to another process."""


@dataclass(frozen=True, slots=True)
class TrainingTexts:
    """Reads the texts that a run trains on, and never those it is judged on.

    Attributes:
        config: The run's.
        corpus: To train on.
        judged: To judge on; where there are none, the run's share of the corpus is left out.
    """

    config: RunConfig
    corpus: tuple[CorpusSource, ...]
    judged: tuple[CorpusSource, ...] = ()

    def __call__(self) -> Sequence[LabelledText]:
        """Check and read them.

        Raises:
            TrainingError: They cannot be read, or cannot be trained on.
            InputError: A file cannot be read.
        """
        return read_run_texts(
            self.config, corpus=self.corpus, judged=self.judged, transfer=None
        ).train


@dataclass(frozen=True, slots=True)
class _Read:
    """Reads texts together with what teachers said of them, where any did."""

    texts: Texts
    taught: tuple[Path, ...]
    """For each fold the file of what a teacher that knows nothing of it says of the others."""

    def __call__(self) -> JudgedTexts:
        return JudgedTexts(self.texts(), [_read_soft(path) for path in self.taught])


def tune_config(
    config: RunConfig,
    tuning: TuningConfig,
    *,
    texts: Texts,
    encoder: Path,
    work: Path,
    devices: Sequence[str],
    emit: Callable[[Event], None],
    control: RunControl,
) -> tuple[RunConfig, TuningOutcome]:
    """Search for the configuration with the best out-of-fold score.

    Where students learn from a teacher that is not tuned itself, one is trained first for each fold
    of the search: it knows nothing of that fold, and teaches the students of all positions that are
    judged on it.

    Args:
        config: What to begin from.
        tuning: What may change, and the budget.
        texts: Reads the texts to judge with.
        encoder: Folder of the base encoder.
        work: With the same folder a search that was stopped goes on.
        devices: Names of the devices, one position at a time on each; a name may come twice.
        emit: Takes events.
        control: Cancels, pauses, or ends the search with the best so far.

    Returns:
        The configuration at the best position, and what was found.

    Raises:
        TrainingError: Space, texts or base encoder cannot be used, or nothing could be trained.
        Cancelled: The user stopped it; it can be resumed.
    """
    try:
        require_search_fits(config, tuning)
    except ValueError as error:
        raise TrainingError(
            f"The search space cannot be used: {error}.", "Correct it and start again."
        ) from error
    read = texts()
    fingerprint = _fingerprint(config, tuning, read, encoder)
    work = work / fingerprint[:12]
    for network in (config.teacher.network, config.distillation.network):
        # Else the first position that does not fit the base ends the search, hours later.
        _base(network, _longest(config, tuning), read, encoder, work)
    spec = OutOfFold(config, tuning, _Read(texts, ()), encoder, work)
    if spec.is_of_student and not spec.has_own_teachers and config.distillation.distil.epochs:
        teaching = _Teaching(with_blind_teachers(config, tuning), encoder, work)
        judged = JudgedTexts(read).drawn(tuning.texts, seed=config.seed)
        taught = teaching.of_each_fold(judged, read, device=devices[0], emit=emit, control=control)
        spec = replace(spec, read=_Read(texts, taught))
    outcome = _search(spec, fingerprint, devices, emit=emit, control=control)
    found = [one for one in (outcome.swarm, outcome.control) if one is not None]
    if found and all(one.best_score == 0 for one in found):
        raise TrainingError(
            "No position of the search space could be trained.",
            "Narrow the space, or try the configuration alone first.",
        )
    emit(StageScored({f"{one.name}_best_out_of_fold_micro_f1": one.best_score for one in found}))
    return at_position(config, outcome.best_values), outcome


def _longest(config: RunConfig, tuning: TuningConfig) -> RunConfig:
    """The configuration with the longest windows of the search space."""
    windows = tuning.dimensions.get("max_tokens")
    if windows is None:
        return config
    return at_position(config, {"max_tokens": max(windows.ends, key=float)})


def _search(
    spec: OutOfFold,
    fingerprint: str,
    devices: Sequence[str],
    *,
    emit: Callable[[Event], None],
    control: RunControl,
) -> TuningOutcome:
    values = {path: value_at(spec.config, path) for path in spec.tuning.dimensions}
    evaluators: InTurn | SideBySide
    if len(devices) == 1:
        evaluators = InTurn(spec, device=devices[0], control=control)
    else:
        evaluators = SideBySide(spec, devices=devices, control=control)
    with evaluators:
        tuner = Tuner(
            spec.tuning,
            seed=spec.config.seed,
            start={path: value for path, value in values.items() if value is not None},
            fingerprint=fingerprint,
            work=spec.work,
            evaluators=evaluators,
            emit=emit,
            control=control,
        )
        return tuner.tune(spec.p_value)


@dataclass(frozen=True, slots=True)
class _Teaching:
    """Trains the teachers of all positions' students, or takes up what they said before."""

    config: RunConfig
    encoder: Path
    work: Path

    def of_each_fold(
        self,
        judged: Sequence[LabelledText],
        read: Sequence[LabelledText],
        *,
        device: str,
        emit: Callable[[Event], None],
        control: RunControl,
    ) -> tuple[Path, ...]:
        """Files of soft targets, for each fold of what a teacher without it says of the others."""
        config = self.config
        files = [self.work / f"taught-{fold}.npz" for fold in range(config.teacher.folds)]
        self._forget_cut_short(files)
        if all(path.exists() for path in files):
            return tuple(files)
        base = _base(config.teacher.network, config, read, self.encoder, self.work)
        stages = count_blind_teachers(config, labels=target_matrix(judged).shape[1])
        self._folder.mkdir(parents=True, exist_ok=True)
        runner = StageRunner(self._folder, stages=stages, emit=emit, control=control)
        teachers = self._teachers(judged, base, runner, device=device)
        for fold, path in enumerate(files):
            _scores_of(teachers.train_without(fold)).save(path)
        return tuple(files)

    @property
    def _folder(self) -> Path:
        return self.work / "teacher"

    def _teachers(
        self,
        judged: Sequence[LabelledText],
        base: NetworkBase,
        runner: StageRunner,
        *,
        device: str,
    ) -> TeacherTrainer:
        config = self.config
        repeat_exactly(torch.device(device))
        learner = Learner(
            config.teacher.network,
            base,
            labels=target_matrix(judged).shape[1],
            max_tokens=config.max_tokens,
            sentence_weight=config.sentence_weight,
            runner=runner,
            device=torch.device(device),
        )
        return TeacherTrainer(
            Corpus.encoded(judged, (), base.encoder),
            folds_of(judged, folds=config.teacher.folds, seed=config.seed),
            config=config,
            learner=learner,
            work=runner.work,
        )

    def _forget_cut_short(self, files: Sequence[Path]) -> None:
        """Forget teachers whose training "stop and keep the best" cut short, and what they said.

        The search that was ended so is over. One that goes on is to be taught by whole teachers.
        """
        if is_cut_short(self._folder):
            for path in files:
                path.unlink(missing_ok=True)
            aside = self._folder.with_name("teacher-cut-short")
            shutil.rmtree(aside, ignore_errors=True)
            self._folder.rename(aside)  # at once: a kill leaves no part of it without its mark
            shutil.rmtree(aside)


def _scores_of(teacher: Teacher) -> NetworkScores:
    """What a teacher says of the texts that it speaks of, in the form of a network's scores."""
    return NetworkScores(
        np.stack([one.text_logits for one in teacher.labelled]),
        np.concatenate([one.sentence_logits for one in teacher.labelled]),
        np.array([len(one.sentence_logits) for one in teacher.labelled], np.int64),
    )


def _read_soft(path: Path) -> list[SoftTargets]:
    found = NetworkScores.load(path)
    pairs = zip(found.text_logits, found.of_sentences(), strict=True)
    return [SoftTargets(*pair) for pair in pairs]


def _base(
    network: NetworkConfig,
    config: RunConfig,
    texts: Sequence[LabelledText],
    encoder: Path,
    work: Path,
) -> NetworkBase:
    return NetworkBase.of(
        network,
        base_encoder=encoder,
        vocabulary=work / "vocabulary",
        labelled=texts,
        unlabelled=(),
        max_tokens=config.max_tokens,
        seed=config.seed,
    )


def _fingerprint(
    config: RunConfig, tuning: TuningConfig, texts: Sequence[LabelledText], encoder: Path
) -> str:
    """SHA-256 of all that evaluations depend on but the machine and the libraries."""
    networks = (config.teacher.network, config.distillation.network)
    weights = encoder / "model.safetensors"
    is_encoder_used = any(one.kind is NetworkKind.TRANSFORMER for one in networks)
    facts = {
        "config": to_json_value(config),
        "tuning": to_json_value(tuning),
        "texts": corpus_digest(texts),
        "encoder": sha256(weights.read_bytes()).hexdigest()
        if is_encoder_used and weights.exists()
        else "",
    }
    groups = groups_digest(texts)
    if groups:
        facts["groups"] = groups
    if is_student_judged(tuning):
        # Students were judged once on folds that their teachers had seen.
        facts["teachers"] = "blind"
    return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
