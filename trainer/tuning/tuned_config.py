"""From a run's configuration to the best one that a swarm finds for the run's texts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    require_dimensions_fit,
    value_at,
)
from kdh_desktop.core.training_config import NetworkConfig, NetworkKind, RunConfig
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
from trainer.running.texts import folds_of, read_run_texts
from trainer.teacher import Corpus, TeacherTrainer
from trainer.tuning import InTurn, SideBySide, Tuner, TuningOutcome
from trainer.tuning.objective import JudgedTexts, OutOfFold, has_own_teachers

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
    """Reads texts together with what a teacher said of them, where one did."""

    texts: Texts
    taught: Path | None

    def __call__(self) -> JudgedTexts:
        texts = self.texts()
        if self.taught is None:
            return JudgedTexts(texts)
        found = NetworkScores.load(self.taught)
        pairs = zip(found.text_logits, found.of_sentences(), strict=True)
        return JudgedTexts(texts, [SoftTargets(*pair) for pair in pairs])


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
    teacher_work: Path | None = None,
) -> tuple[RunConfig, TuningOutcome]:
    """Search for the configuration with the best out-of-fold score.

    Where students learn from a teacher that is not tuned itself, it is trained first, as the
    configuration says, and its out-of-fold scores teach the students of all positions.

    Args:
        config: What to begin from.
        tuning: What may change, and the budget.
        texts: Reads the texts to judge with.
        encoder: Folder of the base encoder.
        work: With the same folder a search that was stopped goes on.
        devices: Names of the devices, one position at a time on each; a name may come twice.
        emit: Takes events.
        control: Cancels, pauses, or ends the search with the best so far.
        teacher_work: Folder for the stages of a teacher that is not tuned, where a run will take
            them up; one of the search's own by default.

    Returns:
        The configuration at the best position, and what was found.

    Raises:
        TrainingError: Space, texts or base encoder cannot be used, or nothing could be trained.
        Cancelled: The user stopped it; it can be resumed.
    """
    try:
        require_dimensions_fit(config, tuning)
    except ValueError as error:
        raise TrainingError(
            f"The search space cannot be used: {error}.", "Correct it and start again."
        ) from error
    read = texts()
    fingerprint = _fingerprint(config, tuning, read, encoder)
    work = work / fingerprint[:12]
    for network in (config.teacher.network, config.distillation.network):
        # Before any position is judged: it would score nothing rather than fail.
        _base(network, config, read, encoder, work)
    spec = OutOfFold(config, tuning, _Read(texts, None), encoder, work)
    if spec.is_of_student and not spec.has_own_teachers and config.distillation.distil.epochs:
        taught = work / "taught.npz"
        if teacher_work is None:
            _forget_cut_short(work / "teacher", taught)
        if not taught.exists():
            base = _base(config.teacher.network, config, read, encoder, work)
            runner = StageRunner(
                teacher_work or work / "teacher",
                stages=config.teacher.folds * config.teacher.members
                + config.teacher.has_linear_member,
                emit=emit,
                control=control,
            )
            _teach(config, read, base, runner, device=devices[0]).save(taught)
        spec = OutOfFold(config, tuning, _Read(texts, taught), encoder, work)
    outcome = _search(spec, fingerprint, devices, emit=emit, control=control)
    found = [one for one in (outcome.swarm, outcome.control) if one is not None]
    if found and all(one.best_score == 0 for one in found):
        raise TrainingError(
            "No position of the search space could be trained.",
            "Narrow the space, or try the configuration alone first.",
        )
    emit(StageScored({f"{one.name}_best_out_of_fold_micro_f1": one.best_score for one in found}))
    return at_position(config, outcome.best_values), outcome


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


def _forget_cut_short(teacher: Path, taught: Path) -> None:
    """Forget a teacher whose training "stop and keep the best" cut short, and what it said.

    The search that was ended so is over. One that goes on is to be taught by a whole teacher.
    """
    if is_cut_short(teacher):
        taught.unlink(missing_ok=True)
        aside = teacher.with_name("teacher-cut-short")
        shutil.rmtree(aside, ignore_errors=True)
        teacher.rename(aside)  # at once, so that a kill leaves no part of it without its mark
        shutil.rmtree(aside)


def _teach(
    config: RunConfig,
    texts: Sequence[LabelledText],
    base: NetworkBase,
    runner: StageRunner,
    *,
    device: str,
) -> NetworkScores:
    """Train the teacher; its soft targets of the texts, in the form of a network's scores."""
    how = config.teacher
    repeat_exactly(torch.device(device))
    learner = Learner(
        how.network,
        base,
        labels=target_matrix(texts).shape[1],
        max_tokens=config.max_tokens,
        sentence_weight=config.sentence_weight,
        runner=runner,
        device=torch.device(device),
    )
    runner.work.mkdir(parents=True, exist_ok=True)
    teacher = TeacherTrainer(
        Corpus.encoded(texts, (), base.encoder),
        folds_of(texts, folds=how.folds, seed=config.seed),
        config=config,
        learner=learner,
        work=runner.work,
    ).train()
    return NetworkScores(
        np.stack([one.text_logits for one in teacher.labelled]),
        np.concatenate([one.sentence_logits for one in teacher.labelled]),
        np.array([len(one.sentence_logits) for one in teacher.labelled], np.int64),
    )


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
    if has_own_teachers(tuning) and not any(x.startswith("teacher.") for x in tuning.dimensions):
        # Such positions were judged by students of one teacher that did not fit most of them.
        facts["teachers"] = "of each position"
    return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
