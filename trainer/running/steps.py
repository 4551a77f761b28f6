"""What the steps of one run share, and the steps themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray
from torch import nn

from kdh_desktop.core.classification.classifier import TextScores
from kdh_desktop.core.classification.manifest import Manifest
from kdh_desktop.core.classification.model_bundle import ModelBundle, write_bundle
from kdh_desktop.core.corpus_source import CorpusSource
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.training_config import NetworkConfig, NetworkKind, RunConfig
from kdh_desktop.core.training_protocol import Event, RunEstimated
from trainer.corpus import LabelledText, target_matrix
from trainer.distillation import StudentTrainer, TaughtExamples
from trainer.export.candidate import Candidate, export_candidate
from trainer.export.manifest_draft import draft_manifest
from trainer.export.model_card import model_card
from trainer.export.provenance import provenance_of
from trainer.finished_teacher import FinishedTeacher
from trainer.judging.judgement import ScoredTexts, scored_already
from trainer.judging.metrics import best_threshold
from trainer.judging.report import held_out_figures
from trainer.learning.learner import Learner
from trainer.learning.stages import StageRunner
from trainer.linear import LinearMember
from trainer.networks.base import NetworkBase
from trainer.networks.base_encoder import check_base_encoder
from trainer.process.control import RunControl
from trainer.process.device import choose_device, repeat_exactly
from trainer.process.work_folder import CHECKPOINT_EVERY_S
from trainer.running.estimate import NetworkCost, estimate_rest, stage_costs
from trainer.running.kept_scores import keep_scores, kept_scores
from trainer.running.planned_search import planned_search
from trainer.running.planned_stages import CorpusSize, planned_stages, smallest_batch
from trainer.running.progress import RunProgress
from trainer.running.stage_count import count_stages
from trainer.running.texts import RunTexts, folds_of, read_run_texts
from trainer.teacher import Corpus, Teacher, TeacherTrainer, pick


@dataclass(frozen=True, slots=True)
class RunFiles:
    """Where a run reads and writes.

    Attributes:
        corpus: Texts to train on.
        judged: Texts to be judged on, once; there may be none.
        transfer: JSON lines of unlabelled texts, or None.
        encoder: Folder of the base encoder: safetensors weights, config, ``tokenizer.json``.
        work: States and scores of stages; a run with the same work folder goes on where it was.
        out: Folder of the bundle.
        teacher: A finished model that teaches, verified; None where a teacher is trained.
    """

    corpus: tuple[CorpusSource, ...]
    judged: tuple[CorpusSource, ...]
    transfer: Path | None
    encoder: Path
    work: Path
    out: Path
    teacher: ModelBundle | None = None


class TrainingRun:
    """The texts, networks and files of one run; every step takes up what was done before."""

    def __init__(
        self,
        config: RunConfig,
        files: RunFiles,
        *,
        emit: Callable[[Event], None],
        control: RunControl,
        jobs: int = 1,
        device: torch.device | None = None,
        checkpoint_every_s: float = CHECKPOINT_EVERY_S,
    ) -> None:
        """Read the texts; nothing is written or trained yet.

        Args:
            config: What is asked.
            files: Where it reads and writes.
            emit: Takes events.
            control: Cancels the run, lets it wait, or lets it come to its end soon.
            jobs: Over 1, there is a stage in which networks are trained side by side.
            device: Where to compute; the fastest there is by default.
            checkpoint_every_s: Longest time between two checkpoints.

        Raises:
            TrainingError: The texts or the base encoder cannot be used, or the recipe speaks of
                another teacher than the files do.
        """
        _check_teacher(config, files)
        _check_transfer(config, files)
        self.config = config
        self.files = files
        self.texts: RunTexts = read_run_texts(
            config, corpus=files.corpus, judged=files.judged, transfer=files.transfer
        )
        self.device = device or choose_device()
        repeat_exactly(self.device)
        self.provenance = provenance_of(
            config,
            self.texts,
            encoder=_encoder_digest(config, files.encoder),
            teacher=files.teacher,
            device=self.device.type,
        )
        stages = count_stages(
            config, labels=len(self.texts.labels), has_unlabelled=bool(self.texts.unlabelled)
        )
        self.runner = StageRunner(
            files.work,
            stages=stages + (jobs > 1),
            emit=emit,
            control=control,
            checkpoint_every_s=checkpoint_every_s,
        )
        self._corpora: dict[Path, Corpus] = {}
        self._students: StudentTrainer | None = None

    @cached_property
    def truth(self) -> NDArray[np.float32]:
        """Labels of the texts trained on, float32 (texts, labels)."""
        return target_matrix(self.texts.train)

    def estimate(self, jobs: int) -> RunEstimated:
        """What the run will still take; its progress is measured against that from now on.

        Args:
            jobs: Networks trained side by side.

        Raises:
            TrainingError: The disk has not enough room.
        """
        control, labels = self.runner.control, len(self.texts.labels)
        stages = planned_stages(self.config, self._size, labels=labels)
        self.runner.progress = RunProgress(stage_costs(stages, self._costs), control)
        return estimate_rest(
            [*planned_search(self.config, self._size, labels=labels), *stages],
            self._costs,
            work=self.files.work,
            jobs=jobs,
            is_keeping_best=control.is_keeping_best,
        )

    @property
    def search_s(self) -> float:
        """Seconds of the estimate that are those of the search before the run."""
        works = planned_search(self.config, self._size, labels=len(self.texts.labels))
        return sum(cost.seconds for cost in stage_costs(works, self._costs))

    @cached_property
    def fold_of(self) -> NDArray[np.int64]:
        """Fold of each text trained on, int64 (texts,)."""
        folds = self.config.teacher.folds
        return folds_of(self.texts.train, folds=folds, seed=self.config.seed)

    @cached_property
    def teachers(self) -> TeacherTrainer:
        """What trains teachers."""
        network = self.config.teacher.network
        return TeacherTrainer(
            self._corpus(network),
            self.fold_of,
            config=self.config,
            learner=self._learner(network),
            work=self.files.work,
        )

    @cached_property
    def teacher(self) -> Teacher:
        """The teacher of all texts, trained when first asked for, or the finished one.

        Raises:
            TrainingError: The finished one has other labels.
            Cancelled: The user stopped it; it can be resumed.
        """
        if self.files.teacher is None:
            return self.teachers.train()
        finished = FinishedTeacher(self.files.teacher, self.texts.labels, runner=self.runner)
        return finished.teach(self.texts, self.fold_of)

    @cached_property
    def student_base(self) -> NetworkBase:
        """What students are built on."""
        return self._base(self.config.distillation.network)

    def draft(self) -> Manifest:
        """The manifest as far as it is known before calibration."""
        return draft_manifest(
            self.config, self.texts, self.student_base, provenance=self.provenance
        )

    def train_student(self, without: int | None = None) -> nn.Module:
        """Train the student, or one that never saw the texts of a fold.

        Args:
            without: The fold.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        if without is None:
            return self._students_of_all().train("student")
        name = f"calibration-{without}"
        if not self.config.distillation.nested_members:
            rows: NDArray[np.bool_] = self.fold_of != without
            return self._students_of_all().train(name, rows)
        corpus = self._corpus(self.config.distillation.network)
        taught = TaughtExamples.of(self.teachers.train_without(without), corpus)
        return self._student_trainer(name, taught).train(name)

    def texts_in(self, fold: int) -> list[LabelledText]:
        """The texts trained on that lie in a fold."""
        return pick(self.texts.train, self.fold_of == fold)

    def export(self, student: nn.Module, manifest: Manifest) -> Candidate:
        """A student in the forms it is served in."""
        return export_candidate(student, self.student_base.folder, manifest)

    def score_unseen(self, fold: int, manifest: Manifest) -> dict[str, list[TextScores]]:
        """What the student that never saw a fold says of its texts, as ``int8`` and ``float32``.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        student = self.train_student(fold)
        forms = ("int8", "float32")
        paths = {form: self.files.work / f"calibration-{fold}-{form}.npz" for form in forms}
        if all(path.exists() for path in paths.values()):
            self.runner.progress.take_up_rest()
        else:
            candidate, texts = self.export(student, manifest), self.texts_in(fold)
            keep_scores(paths["int8"], candidate.int8, texts)
            keep_scores(paths["float32"], candidate.float32, texts)
        return {form: kept_scores(path) for form, path in paths.items()}

    def score_judged(self, candidate: Candidate) -> ScoredTexts | None:
        """The student's scores of the texts that nothing was trained or chosen on, if any."""
        texts, path = self.texts.judged, self.files.work / "judged.npz"
        if not texts:
            return None
        if not path.exists():
            keep_scores(path, candidate.int8, texts)
        return scored_already(candidate.int8, texts, kept_scores(path))

    def judge(self, scored: ScoredTexts) -> dict[str, float]:
        """Figures on the texts that nothing was trained or chosen on, beside a linear member.

        Args:
            scored: The student's scores of them.
        """
        present = None
        teacher = self.config.teacher
        if teacher.has_linear_member and not teacher.is_finished:
            # Its threshold is chosen by what the teacher's linear members said out of fold.
            out_of_fold = self.teacher.members[-1]
            scores = LinearMember().fit(self.texts.train).score(self.texts.judged)
            present = scores >= best_threshold(out_of_fold, self.truth)
        return held_out_figures(scored, present, seed=self.config.seed)

    def write(self, candidate: Candidate, manifest: Manifest, key: Ed25519PrivateKey) -> None:
        """Write the bundle."""
        card = model_card(manifest, model_bytes=len(candidate.int8_model))
        contents = {
            "model.onnx": candidate.int8_model,
            "tokenizer.json": candidate.tokenizer,
            "MODEL_CARD.md": card.encode(),
        }
        write_bundle(self.files.out, manifest=manifest, files=contents, key=key)

    @cached_property
    def _size(self) -> CorpusSize:
        texts = self._corpus(self.config.distillation.network)
        return CorpusSize.of(
            texts.labelled_examples, texts.unlabelled_examples, max_tokens=self.config.max_tokens
        )

    @cached_property
    def _costs(self) -> dict[NetworkConfig, NetworkCost]:
        """What each kind of network takes on this device."""
        return {
            network: self._learner(network).cost(
                self._corpus(network).labelled_examples,
                batch_size=smallest_batch(self.config, network),
            )
            for network in self.config.networks
        }

    def _students_of_all(self) -> StudentTrainer:
        """What trains students of the teacher of all texts."""
        if self._students is None:
            corpus = self._corpus(self.config.distillation.network)
            taught = TaughtExamples.of(self.teacher, corpus)
            self._students = self._student_trainer("student", taught)
        return self._students

    def _student_trainer(self, name: str, taught: TaughtExamples) -> StudentTrainer:
        learner = self._learner(self.config.distillation.network)
        return StudentTrainer(name, taught, config=self.config, learner=learner)

    def _learner(self, network: NetworkConfig) -> Learner:
        return Learner(
            network,
            self._base(network),
            labels=len(self.texts.labels),
            max_tokens=self.config.max_tokens,
            sentence_weight=self.config.sentence_weight,
            runner=self.runner,
            device=self.device,
        )

    def _corpus(self, network: NetworkConfig) -> Corpus:
        """The texts, encoded for networks of that kind."""
        base = self._base(network)
        if base.folder not in self._corpora:
            self._corpora[base.folder] = Corpus.encoded(
                self.texts.train, self.texts.unlabelled, base.encoder
            )
        return self._corpora[base.folder]

    def _base(self, network: NetworkConfig) -> NetworkBase:
        return NetworkBase.of(
            network,
            base_encoder=self.files.encoder,
            vocabulary=self.files.work / "vocabulary",
            labelled=self.texts.train,
            unlabelled=self.texts.unlabelled,
            max_tokens=self.config.max_tokens,
            seed=self.config.seed,
            check=self.runner.control.check,
        )


def _check_teacher(config: RunConfig, files: RunFiles) -> None:
    """Refuse files that do not fit the recipe."""
    if config.teacher.is_finished and files.teacher is None:
        raise TrainingError(
            "The configuration wants a finished model to teach, and none was named.",
            "Name its folder with --teacher.",
        )
    if files.teacher is not None and not config.teacher.is_finished:
        raise TrainingError(
            "A finished model was named as the teacher, and the configuration trains one.",
            "Leave --teacher out, or set is_finished in the teacher's part of the configuration.",
        )


def _check_transfer(config: RunConfig, files: RunFiles) -> None:
    """Refuse to keep texts without labels back: no epoch can be chosen by them."""
    how = config.distillation
    is_asked = files.transfer is not None and how.transfer_texts > 0 and how.transfer.epochs > 0
    if is_asked and how.transfer.validation_share > 0:
        raise TrainingError(
            "The configuration keeps texts without labels back to choose the best epoch by.",
            "Set validation_share and patience to 0 in the transfer's part of the configuration.",
        )


def _encoder_digest(config: RunConfig, encoder: Path) -> str:
    """SHA-256 of the base encoder's weights, empty where no network is built on it.

    Raises:
        TrainingError: The base encoder cannot be used.
    """
    if all(network.kind is not NetworkKind.TRANSFORMER for network in config.networks):
        return ""
    check_base_encoder(encoder, max_tokens=config.max_tokens)
    return sha256((encoder / "model.safetensors").read_bytes()).hexdigest()
