"""One training run from texts to a signed bundle: the whole story on one screen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray
from torch import nn

from kdh_desktop.core.classification.manifest import Manifest
from kdh_desktop.core.classification.model_bundle import write_bundle
from kdh_desktop.core.training_config import NetworkConfig, NetworkKind, RunConfig
from kdh_desktop.core.training_protocol import CandidateReady, Event, RunStarted, StageScored
from trainer.base_encoder import check_base_encoder
from trainer.candidate import CalibrationScores, Candidate, export_candidate, parity_gap
from trainer.control import RunControl
from trainer.corpus import corpus_digest, target_matrix
from trainer.distillation import StudentTrainer, TaughtExamples
from trainer.learner import Learner
from trainer.linear import LinearMember
from trainer.manifest_draft import draft_manifest
from trainer.metrics import best_threshold
from trainer.model_card import model_card
from trainer.network_base import NetworkBase
from trainer.provenance import fingerprint_of, provenance_of
from trainer.report import calibration_figures, held_out_figures, teacher_figures
from trainer.run_texts import RunTexts, read_run_texts
from trainer.splits import stratified_folds
from trainer.stage_count import count_stages
from trainer.stages import StageRunner, claim_work_folder
from trainer.teacher import Corpus, TeacherTrainer, pick

PARITY_TEXTS = 200


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
    run = _Run.begin(config, files, emit=emit, control=control)
    teachers = run.teachers()
    teacher = teachers.train()
    metrics: dict[str, object] = {}

    def report(name: str, figures: dict[str, float]) -> None:
        metrics[name] = figures
        emit(StageScored(figures))

    report("teacher_out_of_fold", teacher_figures(teacher, run.truth))
    corpus = run.corpus(config.distillation.network)
    taught = TaughtExamples.of(teacher, corpus)
    students = run.students("student", taught)
    student = students.train("student")
    held_out = CalibrationScores()
    for fold in range(config.distillation.calibration_folds):
        if config.distillation.nested_members:
            of_fold = TaughtExamples.of(teachers.train_without(fold), corpus)
            judged = run.students(f"calibration-{fold}", of_fold).train(f"calibration-{fold}")
        else:
            judged = students.train(f"calibration-{fold}", teachers.fold_of != fold)
        held_out.add(run.exported(judged), pick(run.texts.train, teachers.fold_of == fold))

    run.runner.start("export")
    run.calibrate(held_out)
    candidate = run.exported(student)
    encoder = students.learner.base.encoder
    gap = parity_gap(student, candidate, run.texts.train[:PARITY_TEXTS], encoder)
    report("student_held_out_folds", calibration_figures(held_out))

    run.runner.start("judge")
    linear = teacher.members[-1] if config.teacher.has_linear_member else None
    report("student_dev", run.judge(candidate, linear))
    run.write(candidate, metrics | {"float32_parity_gap": gap}, key)
    emit(CandidateReady(run.draft.bundle_id))


@dataclass(slots=True)
class _Run:
    """What the steps of one run share.

    Attributes:
        config: What is asked.
        files: Where it reads and writes.
        texts: What it read.
        runner: Trains stages and keeps what they leave.
        device: What is computed on.
        draft: The manifest as far as it is known.
        corpora: Texts encoded for each base in use.
    """

    config: RunConfig
    files: RunFiles
    texts: RunTexts
    runner: StageRunner
    device: torch.device
    draft: Manifest
    corpora: dict[Path, Corpus] = dataclasses.field(default_factory=dict)

    @classmethod
    def begin(
        cls,
        config: RunConfig,
        files: RunFiles,
        *,
        emit: Callable[[Event], None],
        control: RunControl,
    ) -> _Run:
        """Read the texts and take the work folder.

        Raises:
            TrainingError: The texts, the base encoder or the work folder cannot be used.
        """
        limit = config.distillation.transfer_texts
        texts = read_run_texts(files.corpus, files.transfer, transfer_texts=limit)
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        provenance = provenance_of(
            config,
            labelled=corpus_digest(texts.train),
            unlabelled=corpus_digest(texts.unlabelled),
            encoder=_encoder_digest(config, files.encoder),
            device=device.type,
        )
        claim_work_folder(files.work, fingerprint_of(provenance))
        emit(RunStarted(len(texts.train), len(texts.unlabelled), device.type))
        stages = count_stages(
            config, labels=len(texts.labels), has_unlabelled=bool(texts.unlabelled)
        )
        runner = StageRunner(files.work, stages=stages, emit=emit, control=control)
        base = _base(config.distillation.network, config, files, texts)
        draft = draft_manifest(config, texts, base, provenance=provenance)
        return cls(config, files, texts, runner, device, draft)

    @property
    def truth(self) -> NDArray[np.float32]:
        """Labels of the texts trained on, float32 (texts, labels)."""
        return target_matrix(self.texts.train)

    def learner(self, network: NetworkConfig) -> Learner:
        """What trains networks of that kind."""
        return Learner(
            network,
            _base(network, self.config, self.files, self.texts),
            labels=len(self.texts.labels),
            max_tokens=self.config.max_tokens,
            sentence_weight=self.config.sentence_weight,
            runner=self.runner,
            device=self.device,
        )

    def corpus(self, network: NetworkConfig) -> Corpus:
        """The texts, encoded for networks of that kind."""
        base = _base(network, self.config, self.files, self.texts)
        if base.folder not in self.corpora:
            self.corpora[base.folder] = Corpus.encoded(
                self.texts.train, self.texts.unlabelled, base.encoder
            )
        return self.corpora[base.folder]

    def teachers(self) -> TeacherTrainer:
        """What trains teachers."""
        network = self.config.teacher.network
        folds = self.config.teacher.folds
        return TeacherTrainer(
            self.corpus(network),
            stratified_folds(self.truth, folds=folds, seed=self.config.seed),
            config=self.config,
            learner=self.learner(network),
            work=self.files.work,
        )

    def students(self, name: str, taught: TaughtExamples) -> StudentTrainer:
        """What trains students of one teacher."""
        learner = self.learner(self.config.distillation.network)
        return StudentTrainer(name, taught, config=self.config, learner=learner)

    def exported(self, student: nn.Module) -> Candidate:
        """A student in the forms it is served in."""
        folder = _base(self.config.distillation.network, self.config, self.files, self.texts).folder
        return export_candidate(student, folder, self.draft)

    def calibrate(self, held_out: CalibrationScores) -> None:
        """Take calibration and limits from students that did not see what they scored."""
        self.draft = dataclasses.replace(
            self.draft,
            calibrations=held_out.fit(),
            evidence_threshold=held_out.evidence_threshold(),
        )

    def judge(self, candidate: Candidate, linear: NDArray[np.float32] | None) -> dict[str, float]:
        """Figures on the texts that nothing was trained or chosen on, beside a linear member.

        Args:
            candidate: The student.
            linear: Out-of-fold scores of linear members, to choose their threshold by.
        """
        judged = self.texts.judged
        present = None
        if linear is not None:
            scores = LinearMember().fit(self.texts.train).score(judged)
            present = scores >= best_threshold(linear, self.truth)
        return held_out_figures(candidate.int8, judged, present, seed=self.config.seed)

    def write(
        self, candidate: Candidate, metrics: Mapping[str, object], key: Ed25519PrivateKey
    ) -> None:
        """Write the bundle."""
        manifest = dataclasses.replace(self.draft, metrics=metrics)
        card = model_card(manifest, model_bytes=len(candidate.int8_model))
        contents = {
            "model.onnx": candidate.int8_model,
            "tokenizer.json": candidate.tokenizer,
            "MODEL_CARD.md": card.encode(),
        }
        write_bundle(self.files.out, manifest=manifest, files=contents, key=key)


def _base(
    network: NetworkConfig, config: RunConfig, files: RunFiles, texts: RunTexts
) -> NetworkBase:
    return NetworkBase.of(
        network,
        base_encoder=files.encoder,
        vocabulary=files.work / "vocabulary",
        labelled=texts.train,
        unlabelled=texts.unlabelled,
        max_tokens=config.max_tokens,
        seed=config.seed,
    )


def _encoder_digest(config: RunConfig, encoder: Path) -> str:
    """SHA-256 of the base encoder's weights, empty where no network is built on it.

    Raises:
        TrainingError: The base encoder cannot be used.
    """
    networks = (config.teacher.network, config.distillation.network)
    if all(network.kind is not NetworkKind.TRANSFORMER for network in networks):
        return ""
    check_base_encoder(encoder, max_tokens=config.max_tokens)
    return sha256((encoder / "model.safetensors").read_bytes()).hexdigest()
