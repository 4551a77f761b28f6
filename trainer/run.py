"""One training run from texts to a signed bundle: the whole story on one screen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial

import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kdh_desktop.core.training_config import RunConfig
from kdh_desktop.core.training_protocol import (
    CandidateReady,
    Event,
    RunStarted,
    ScoredOn,
    StageScored,
)
from trainer.export.candidate import CalibrationScores, parity_gap
from trainer.export.provenance import fingerprint_of
from trainer.judging.held_out import cross_calibrated, held_out_counts
from trainer.judging.reliability import reliability_of
from trainer.judging.report import calibration_figures, teacher_figures
from trainer.process.control import RunControl
from trainer.process.work_folder import CHECKPOINT_EVERY_S, claim_work_folder, is_cut_short
from trainer.running.steps import RunFiles, TrainingRun
from trainer.running.tasks import train_side_by_side
from trainer.running.tuning import tune_run

PARITY_TEXTS = 200


def run_training(
    config: RunConfig,
    files: RunFiles,
    *,
    key: Ed25519PrivateKey,
    emit: Callable[[Event], None],
    control: RunControl,
    jobs: int = 1,
    device: torch.device | None = None,
    checkpoint_every_s: float = CHECKPOINT_EVERY_S,
) -> None:
    """Train teacher and student, calibrate, export, judge, and write the bundle.

    Args:
        config: What is asked.
        files: Where it reads and writes.
        key: Signs the bundle.
        emit: Takes events.
        control: Cancels the run, lets it wait, or lets it come to its end soon.
        jobs: Networks trained side by side, each in a process of its own.
        device: Where to compute; the fastest there is by default.
        checkpoint_every_s: Longest time between two checkpoints.

    Raises:
        TrainingError: The texts cannot be used, the disk is too small, memory is short, or the
            export does not agree with the network.
        Cancelled: The user stopped it; it can be resumed.
    """
    open_run = partial(
        TrainingRun,
        files=files,
        emit=emit,
        control=control,
        jobs=jobs,
        device=device,
        checkpoint_every_s=checkpoint_every_s,
    )
    run = open_run(config)
    _take_up(run, control)
    emit(RunStarted(len(run.texts.train), len(run.texts.unlabelled), run.device.type))
    metrics: dict[str, object] = {}
    if config.tuning is not None:
        config, metrics["tuning"] = tune_run(
            run, config.tuning, jobs=jobs, emit=emit, control=control
        )
        run = open_run(config)
    emit(run.estimate(jobs))
    if jobs > 1:
        train_side_by_side(run, jobs=jobs, emit=emit, control=control)

    def report(name: str, figures: dict[str, float]) -> None:
        metrics[name] = figures
        emit(StageScored(figures))

    is_finished = config.teacher.is_finished
    protocol = "teacher_on_training_texts" if is_finished else "teacher_out_of_fold"
    report(protocol, teacher_figures(run.teacher, run.texts.train))
    student = run.train_student()
    draft = run.draft()
    held_out = CalibrationScores()
    for fold in range(config.distillation.calibration_folds):
        held_out.add(run.texts_in(fold), **run.score_unseen(fold, draft))

    run.runner.start("export")
    calibrated = dataclasses.replace(
        draft, calibrations=held_out.fit(), evidence_threshold=held_out.evidence_threshold()
    )
    candidate = run.export(student, calibrated)
    texts, encoder = run.texts.train[:PARITY_TEXTS], run.student_base.encoder
    metrics["float32_parity_gap"] = parity_gap(student, candidate, texts, encoder)
    report("student_held_out_folds", calibration_figures(held_out, run.texts.labels))
    _, believed = cross_calibrated(held_out.int8)
    emit(reliability_of(ScoredOn.HELD_OUT_FOLDS, believed, held_out.truth))

    run.runner.start("judge")
    judged = run.score_judged(candidate)
    if judged is not None:
        report("student_kept_back", run.judge(judged))
        emit(reliability_of(ScoredOn.JUDGED_TEXTS, judged.probabilities, judged.truth))
    provenance = {**calibrated.provenance, "was_cut_short": control.is_keeping_best}
    counts = held_out_counts(
        held_out, judged, has_nested_members=bool(config.distillation.nested_members)
    )
    finished = dataclasses.replace(
        calibrated, metrics=metrics, provenance=provenance, held_out=counts
    )
    run.write(candidate, finished, key)
    emit(CandidateReady(calibrated.bundle_id))


def _take_up(run: TrainingRun, control: RunControl) -> None:
    """Make the work folder the run's own, or go on there as it was told to."""
    claim_work_folder(run.files.work, fingerprint_of(run.provenance))
    if is_cut_short(run.files.work):
        # Else stages that were cut short would be joined by whole ones, and nobody told.
        control.keep_best()
