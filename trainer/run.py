"""One training run from texts to a signed bundle: the whole story on one screen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray
from tokenizers import Tokenizer

from kdh_desktop.core.classification.manifest import LabelCalibration, Manifest
from kdh_desktop.core.classification.model_bundle import write_bundle
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER, LabelSet
from kdh_desktop.core.training_config import RunConfig
from kdh_desktop.core.training_protocol import CandidateReady, Event, RunStarted, StageScored
from trainer.base_encoder import check_base_encoder
from trainer.batching import Encoder
from trainer.candidate import CalibrationScores, Candidate, export_candidate, parity_gap
from trainer.control import RunControl
from trainer.corpus import (
    LabelledText,
    corpus_digest,
    read_hoc,
    read_unlabelled,
    target_matrix,
)
from trainer.distillation import StudentTrainer, TaughtExamples
from trainer.domain import build_domain
from trainer.linear import LinearMember
from trainer.metrics import best_threshold
from trainer.model_card import model_card
from trainer.networks.transformer import TransformerNetwork, load_transformer
from trainer.provenance import fingerprint_of, provenance_of
from trainer.report import calibration_figures, held_out_figures, teacher_figures
from trainer.stages import StageRunner, claim_work_folder
from trainer.teacher import Corpus, Teacher, train_teacher

TRANSFER_MIN_WORDS = 60
WINDOW_STRIDE = 384


@dataclass(frozen=True, slots=True)
class RunFiles:
    """Where a run reads and writes.

    Attributes:
        corpus: HoC folder with ``train.txt`` (trained on) and ``dev.txt`` (judged on, once).
        transfer: JSON lines of unlabelled texts, or None.
        encoder: Folder of the base encoder: safetensors weights, config, ``tokenizer.json``.
        work: States and scores of stages; a run with the same work folder goes on where it was.
        out: Folder of the bundle.
    """

    corpus: Path
    transfer: Path | None
    encoder: Path
    work: Path
    out: Path


def run_training(
    config: RunConfig,
    files: RunFiles,
    *,
    key: Ed25519PrivateKey,
    emit: Callable[[Event], None],
    control: RunControl,
) -> None:
    """Train teacher and student, calibrate, export, judge, and write the bundle.

    Raises:
        TrainingError: The texts cannot be used, or the export does not agree with the network.
        Cancelled: The user stopped it; it can be resumed.
    """
    labels = HALLMARKS_OF_CANCER
    check_base_encoder(files.encoder, max_tokens=config.max_tokens)
    encoder = Encoder(Tokenizer.from_file(str(files.encoder / "tokenizer.json")))
    corpus = _read(config, files, encoder, labels)
    draft = _draft_manifest(config, files, corpus, labels)
    claim_work_folder(files.work, fingerprint_of(draft.provenance))
    emit(RunStarted(len(corpus.labelled), len(corpus.unlabelled), _device().type))

    def new_network(seed: int) -> TransformerNetwork:
        torch.manual_seed(seed)
        network = load_transformer(
            files.encoder, labels=len(labels), dropout=config.distillation.network.dropout
        )
        return network.to(_device())

    runner = StageRunner(files.work, stages=_stages(config, corpus), emit=emit, control=control)
    teacher = train_teacher(
        corpus,
        config=config,
        encoder=encoder,
        new_network=new_network,
        runner=runner,
        work=files.work,
    )
    truth = target_matrix(corpus.labelled)
    of_teacher = teacher_figures(teacher, truth)
    emit(StageScored(of_teacher))

    taught = TaughtExamples.join(
        corpus.labelled_examples, teacher.labelled, corpus.unlabelled_examples, teacher.unlabelled
    )
    students = StudentTrainer(
        taught,
        config=config,
        piece_ids=encoder.piece_ids,
        new_network=new_network,
        runner=runner,
    )
    student = students.train("student", np.ones(len(truth), bool))
    held_out = _calibration_scores(config, corpus, teacher, students, draft, files)
    runner.start("export")
    calibrations = held_out.fit()
    draft = dataclasses.replace(
        draft, calibrations=calibrations, evidence_threshold=held_out.evidence_threshold()
    )
    candidate = export_candidate(student, files.encoder, draft)
    gap = parity_gap(student, candidate, corpus.labelled[:200], encoder)
    of_calibration = calibration_figures(held_out)
    emit(StageScored(of_calibration))

    runner.start("judge")
    of_student = _judge(candidate, corpus, teacher, files, seed=config.seed)
    emit(StageScored(of_student))
    metrics = {
        "teacher_out_of_fold": of_teacher,
        "student_held_out_folds": of_calibration,
        "student_dev": of_student,
        "float32_parity_gap": gap,
    }
    _write(candidate, dataclasses.replace(draft, metrics=metrics), files.out, key)
    emit(CandidateReady(draft.bundle_id))


def _judge(
    candidate: Candidate, corpus: Corpus, teacher: Teacher, files: RunFiles, *, seed: int
) -> dict[str, float]:
    """Figures on the abstracts that nothing was trained or chosen on, beside the linear member."""
    judged = read_hoc(files.corpus, ids_file="dev.txt", labels=candidate.int8.labels)
    linear = LinearMember().fit(corpus.labelled).score(judged)
    threshold = best_threshold(teacher.linear_out_of_fold, target_matrix(corpus.labelled))
    return held_out_figures(candidate.int8, judged, linear >= threshold, seed=seed)


def _write(candidate: Candidate, manifest: Manifest, out: Path, key: Ed25519PrivateKey) -> None:
    card = model_card(manifest, model_bytes=len(candidate.int8_model))
    contents = {
        "model.onnx": candidate.int8_model,
        "tokenizer.json": candidate.tokenizer,
        "MODEL_CARD.md": card.encode(),
    }
    write_bundle(out, manifest=manifest, files=contents, key=key)


def _stages(config: RunConfig, corpus: Corpus) -> int:
    """How many stages the run will tell of."""
    how = config.distillation
    of_student = sum(schedule.epochs > 0 for schedule in (how.distil, how.fine_tune))
    students = of_student * (1 + how.calibration_folds)
    transfer = int(bool(corpus.unlabelled) and how.transfer.epochs > 0)
    linear, export, judge = 1, 1, 1
    return (
        config.teacher.folds * config.teacher.members
        + linear
        + transfer
        + students
        + export
        + judge
    )


def _read(config: RunConfig, files: RunFiles, encoder: Encoder, labels: LabelSet) -> Corpus:
    labelled = read_hoc(files.corpus, ids_file="train.txt", labels=labels)
    unlabelled: list[LabelledText] = []
    if files.transfer is not None:
        unlabelled = read_unlabelled(
            files.transfer,
            limit=config.distillation.transfer_texts,
            min_words=TRANSFER_MIN_WORDS,
        )
    return Corpus(labelled, unlabelled, encoder.examples(labelled), encoder.examples(unlabelled))


def _calibration_scores(
    config: RunConfig,
    corpus: Corpus,
    teacher: Teacher,
    students: StudentTrainer,
    draft: Manifest,
    files: RunFiles,
) -> CalibrationScores:
    """Train a further student without each calibration fold and let it score that fold."""
    collected = CalibrationScores()
    for fold in range(config.distillation.calibration_folds):
        rows: NDArray[np.bool_] = teacher.fold_of != fold
        student = students.train(f"calibration-{fold}", rows)
        unseen = [text for text, is_in in zip(corpus.labelled, rows, strict=True) if not is_in]
        collected.add(export_candidate(student, files.encoder, draft), unseen)
    return collected


def _draft_manifest(
    config: RunConfig, files: RunFiles, corpus: Corpus, labels: LabelSet
) -> Manifest:
    """A manifest whose logits are not calibrated yet."""
    now = datetime.now(UTC)
    neutral = LabelCalibration(1.0, 0.0, 0.5, 0.5, 0.5)
    texts = [text.text for text in (*corpus.labelled, *corpus.unlabelled)]
    tokenizer = Tokenizer.from_file(str(files.encoder / "tokenizer.json"))
    return Manifest(
        bundle_id=f"{config.name}-{now:%Y%m%d-%H%M%S}",
        created_utc=now.isoformat(timespec="seconds"),
        labels=labels,
        calibrations=(neutral,) * len(labels),
        max_tokens=config.max_tokens,
        window_stride=min(WINDOW_STRIDE, config.max_tokens - 2),
        sentence_weight=config.sentence_weight,
        evidence_threshold=0.5,
        domain=build_domain(texts, tokenizer),
        metrics={},
        provenance=provenance_of(
            config,
            labelled=corpus_digest(corpus.labelled),
            unlabelled=corpus_digest(corpus.unlabelled),
            encoder=sha256((files.encoder / "model.safetensors").read_bytes()).hexdigest(),
            device=_device().type,
        ),
        files=(),
    )


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
