"""The whole run: from texts to a signed bundle that says truly what it is."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.confidence import calibrated_probabilities
from kdh_desktop.core.classification.model_bundle import ModelBundle, open_bundle
from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.errors import Cancelled, TrainingError, VerificationError
from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.training_config import RunConfig
from kdh_desktop.core.training_protocol import (
    BatchesDone,
    CandidateReady,
    EpochFinished,
    Event,
    RunEstimated,
    RunStarted,
    StageScored,
    StageStarted,
)
from tests.trainer.conftest import CancelledAfter, TrainerProcess
from trainer.corpus import LabelledText, corpus_digest, read_hoc, target_matrix
from trainer.judging.evaluation import served_scores
from trainer.judging.metrics import micro_f1
from trainer.process.control import RunControl
from trainer.process.work_folder import note_cut_short
from trainer.run import run_training
from trainer.running.steps import RunFiles, TrainingRun

CPU = torch.device("cpu")
STAGES = [
    "teacher-without-0",
    "teacher-without-1",
    "linear member",
    "student-transfer",
    "student-distil",
    "student-fine-tune",
    "calibration-0-distil",
    "calibration-0-fine-tune",
    "calibration-1-distil",
    "calibration-1-fine-tune",
    "export",
    "judge",
]


@dataclass(frozen=True)
class ResumedRun:
    """A run that was cancelled in the middle of a stage and then taken up again."""

    before: list[Event]
    files_after_cancel: set[str]
    is_bundle_there_after_cancel: bool
    after: list[Event]
    bundle: ModelBundle


@pytest.fixture(scope="module")
def files(
    tmp_path_factory: pytest.TempPathFactory,
    tiny_corpus: Path,
    tiny_transfer: Path,
    tiny_encoder: Path,
) -> RunFiles:
    folder = tmp_path_factory.mktemp("run")
    return RunFiles(
        corpus=(HocSource(str(tiny_corpus)),),
        judged=(HocSource(str(tiny_corpus), "dev.txt"),),
        transfer=tiny_transfer,
        encoder=tiny_encoder,
        work=folder / "work",
        out=folder / "bundle",
    )


@pytest.fixture(scope="module")
def resumed(files: RunFiles, tiny_config: RunConfig) -> ResumedRun:
    key = Ed25519PrivateKey.generate()
    before: list[Event] = []
    after: list[Event] = []
    control = RunControl()

    def emit(event: Event) -> None:
        before.append(event)
        if is_in_the_middle_of_distillation(before):
            control.cancel()

    with pytest.raises(Cancelled):
        run_training(
            tiny_config,
            files,
            key=key,
            emit=emit,
            control=control,
            device=CPU,
            checkpoint_every_s=0.05,
        )
    names = {path.name for path in files.work.iterdir()}
    is_there = files.out.exists()
    run_training(tiny_config, files, key=key, emit=after.append, control=RunControl(), device=CPU)
    bundle = open_bundle(files.out, trusted_keys=[key.public_key()])
    return ResumedRun(before, names, is_there, after, bundle)


def is_in_the_middle_of_distillation(events: list[Event]) -> bool:
    """Whether the student is in its eighth epoch of the labelled texts."""
    stages = [event.name for event in events if isinstance(event, StageStarted)]
    last = events[-1]
    is_there = isinstance(last, BatchesDone) and last.epoch == 8
    return stages[-1:] == ["student-distil"] and is_there


def by_stage(events: list[Event]) -> Iterator[tuple[str, list[Event]]]:
    """The events between one start of a stage and the next."""
    name, held = "", list[Event]()
    for event in events:
        if isinstance(event, StageStarted):
            yield name, held
            name, held = event.name, []
        else:
            held.append(event)
    yield name, held


def epochs_of(events: list[Event]) -> dict[str, list[int]]:
    return {
        name: [event.epoch for event in held if isinstance(event, EpochFinished)]
        for name, held in by_stage(events)
    }


def without_id_and_time(bundle: ModelBundle) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(bundle.manifest.to_json())
    del raw["bundle_id"], raw["created_utc"], raw["files"]
    return raw


def test_stages_are_told_in_order_and_as_many_as_announced(tiny_run: TrainerProcess) -> None:
    stages = [event for event in tiny_run.events if isinstance(event, StageStarted)]
    assert [stage.name for stage in stages] == STAGES
    assert [stage.stage for stage in stages] == list(range(1, len(STAGES) + 1))
    assert {stage.stages for stage in stages} == {len(STAGES)}


def test_a_run_begins_with_its_texts_and_ends_with_its_bundle(tiny_run: TrainerProcess) -> None:
    assert tiny_run.events[0] == RunStarted(60, 10, "cpu")
    assert tiny_run.events[-1] == CandidateReady(tiny_run.bundle.id)


def test_every_stage_runs_through_the_epochs_of_its_schedule(
    tiny_run: TrainerProcess, tiny_config: RunConfig
) -> None:
    how = tiny_config.distillation
    expected = {"teacher": tiny_config.teacher.schedule, "transfer": how.transfer}
    expected |= {"distil": how.distil, "tune": how.fine_tune}
    for name, epochs in epochs_of(tiny_run.events).items():
        schedule = next((x for part, x in expected.items() if part in name), None)
        assert epochs == list(range(1, schedule.epochs + 1) if schedule else []), name


def test_no_event_holds_a_text_of_the_corpus(
    tiny_run: TrainerProcess, tiny_corpus: Path, tiny_transfer: Path
) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (tiny_corpus / "text").iterdir()]
    texts += [json.loads(x)["text"] for x in tiny_transfer.read_text("utf-8").splitlines()]
    told = " ".join(words(" ".join(tiny_run.lines) + tiny_run.said))
    assert texts
    for text in texts:
        for (first, second), (_, third) in pairwise(pairwise(words(text))):
            assert f"{first} {second} {third}" not in told


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def test_the_bundle_opens_with_its_key_and_no_other(resumed: ResumedRun, files: RunFiles) -> None:
    other = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(VerificationError, match="not signed"):
        open_bundle(files.out, trusted_keys=[other])
    assert resumed.bundle.labels == HALLMARKS_OF_CANCER


def test_the_manifest_says_what_it_was_trained_on(
    tiny_run: TrainerProcess,
    tiny_config: RunConfig,
    tiny_texts: list[LabelledText],
    tiny_encoder: Path,
) -> None:
    found = tiny_run.bundle.manifest.provenance
    weights = (tiny_encoder / "model.safetensors").read_bytes()
    assert found["config"] == to_json_value(tiny_config)
    assert found["labelled_sha256"] == corpus_digest(tiny_texts)
    assert found["encoder_sha256"] == hashlib.sha256(weights).hexdigest()
    assert found["device"] == "cpu"
    assert {"torch", "transformers", "onnxruntime"} <= found["libraries"].keys()


def test_the_figures_told_are_those_of_the_manifest(tiny_run: TrainerProcess) -> None:
    metrics = tiny_run.bundle.manifest.metrics
    told = [dict(event.figures) for event in tiny_run.events if isinstance(event, StageScored)]
    assert told == [
        metrics["teacher_out_of_fold"],
        metrics["student_held_out_folds"],
        metrics["student_kept_back"],
    ]


def test_the_figures_are_consistent(tiny_run: TrainerProcess) -> None:
    metrics = tiny_run.bundle.manifest.metrics
    dev, held = metrics["student_kept_back"], metrics["student_held_out_folds"]
    assert (dev["texts"], held["texts"]) == (12, 60)
    assert dev["micro_f1_low"] <= dev["micro_f1"] <= dev["micro_f1_high"]
    per_label = [dev[f"f1.{label.id}"] for label in HALLMARKS_OF_CANCER]
    assert np.mean(per_label) == pytest.approx(dev["macro_f1"], abs=1e-4)
    for figures in (dev, held, metrics["teacher_out_of_fold"]):
        for name, value in figures.items():
            is_difference = name.startswith(("over_linear", "deletion"))
            assert name == "texts" or -is_difference <= value <= 1, name
    assert 0 <= metrics["float32_parity_gap"] <= 1e-4
    assert held["micro_f1"] >= held["float32_micro_f1"] - 0.005


def test_the_tiny_student_has_learned(tiny_run: TrainerProcess) -> None:
    metrics = tiny_run.bundle.manifest.metrics
    assert metrics["teacher_out_of_fold"]["micro_f1"] > 0.9
    assert metrics["student_held_out_folds"]["micro_f1"] > 0.7
    assert metrics["student_kept_back"]["micro_f1"] > 0.9


def test_the_served_bundle_has_the_figures_that_it_claims(
    tiny_run: TrainerProcess, tiny_corpus: Path
) -> None:
    judged = read_hoc(tiny_corpus, ids_file="dev.txt", labels=HALLMARKS_OF_CANCER)
    manifest = tiny_run.bundle.manifest
    scores = served_scores(OnnxClassifier(tiny_run.bundle, threads=1), judged)
    probabilities = calibrated_probabilities(scores.decision_logits, manifest.calibrations)
    found = micro_f1(probabilities >= manifest.calibrations[0].threshold, scores.truth)
    assert round(found, 4) == manifest.metrics["student_kept_back"]["micro_f1"]


def test_the_bundle_keeps_its_decisions_on_the_texts_it_was_judged_on(
    tiny_run: TrainerProcess, tiny_corpus: Path
) -> None:
    judged = read_hoc(tiny_corpus, ids_file="dev.txt", labels=HALLMARKS_OF_CANCER)
    manifest = tiny_run.bundle.manifest
    counts = manifest.held_out
    assert counts is not None
    assert (counts.texts, len(counts.positives)) == (12, len(HALLMARKS_OF_CANCER))
    assert [sum(row) for row in counts.positives] == list(target_matrix(judged).sum(axis=0))
    assert counts.protocol.startswith("12 texts on which nothing was trained or chosen")
    assert counts.protocol in re.sub(r"\s+", " ", tiny_run.bundle.model_card)


def test_one_threshold_stands_for_all_labels_and_limits_rise(tiny_run: TrainerProcess) -> None:
    calibrations = tiny_run.bundle.manifest.calibrations
    limits = {(one.review_from, one.threshold, one.present_from) for one in calibrations}
    assert len(limits) == 1
    assert all(one.slope > 0 for one in calibrations)
    assert 0 < tiny_run.bundle.manifest.evidence_threshold < 1


def test_the_model_card_shows_the_figures(tiny_run: TrainerProcess) -> None:
    card, metrics = tiny_run.bundle.model_card, tiny_run.bundle.manifest.metrics
    assert card.startswith(f"# {tiny_run.bundle.id}\n")
    assert "Not for diagnosis" in card
    for part in ("teacher_out_of_fold", "student_held_out_folds", "student_kept_back"):
        assert f"{100 * metrics[part]['micro_f1']:.1f}" in card
    assert all(f"| {label.name} | " in card for label in HALLMARKS_OF_CANCER)
    assert "{" not in card


def test_the_bundle_holds_no_text_and_no_folder_of_this_machine(
    tiny_run: TrainerProcess, tiny_texts: list[LabelledText]
) -> None:
    manifest = tiny_run.bundle.manifest.to_json().decode()
    for content in (manifest, tiny_run.bundle.model_card):
        assert str(tiny_run.folder) not in content
        assert not any(text.sentences[1] in content for text in tiny_texts)
    assert str(Path(__file__).parents[2]).encode() not in tiny_run.bundle.model


def test_cancel_in_the_middle_leaves_work_and_no_bundle(resumed: ResumedRun) -> None:
    assert not resumed.is_bundle_there_after_cancel
    assert {
        "teacher-without-0.finished",
        "teacher-without-1.finished",
    } <= resumed.files_after_cancel
    assert "student-distil.checkpoint" in resumed.files_after_cancel
    assert not any(name.endswith(".part") for name in resumed.files_after_cancel)
    assert epochs_of(resumed.before)["student-distil"] == list(range(1, 8))


def test_a_resumed_run_trains_nothing_again(resumed: ResumedRun, tiny_config: RunConfig) -> None:
    epochs = epochs_of(resumed.after)
    assert (
        epochs["teacher-without-0"]
        == epochs["teacher-without-1"]
        == epochs["student-transfer"]
        == []
    )
    last = tiny_config.distillation.distil.epochs
    assert epochs["student-distil"] == list(range(8, last + 1))
    assert [name for name in epochs if name] == STAGES


def test_a_resumed_run_gives_the_bundle_of_an_unbroken_one(
    resumed: ResumedRun, tiny_run: TrainerProcess
) -> None:
    unbroken = tiny_run.bundle
    assert without_id_and_time(resumed.bundle) == without_id_and_time(unbroken)
    assert resumed.bundle.model == unbroken.model
    assert resumed.bundle.tokenizer == unbroken.tokenizer


@pytest.mark.parametrize(
    ("has_transfer", "members", "fine_tune_epochs", "expected"),
    [(True, 1, 3, 12), (False, 1, 3, 11), (True, 3, 3, 16), (True, 1, 0, 9), (False, 2, 0, 10)],
)
def test_stages_that_are_left_out_are_not_announced(
    files: RunFiles,
    tiny_config: RunConfig,
    tmp_path: Path,
    has_transfer: bool,
    members: int,
    fine_tune_epochs: int,
    expected: int,
) -> None:
    how = tiny_config.distillation
    config = replace(
        tiny_config,
        teacher=replace(tiny_config.teacher, members=members),
        distillation=replace(how, fine_tune=replace(how.fine_tune, epochs=fine_tune_epochs)),
    )
    places = replace(
        files, work=tmp_path / "work", transfer=files.transfer if has_transfer else None
    )
    told: list[Event] = []
    with pytest.raises(Cancelled):
        run_training(
            config,
            places,
            key=Ed25519PrivateKey.generate(),
            emit=told.append,
            control=CancelledAfter(1),
            device=CPU,
        )
    started, estimated, *rest = told
    assert started == RunStarted(60, 10 if has_transfer else 0, "cpu")
    assert isinstance(estimated, RunEstimated)
    assert rest == [StageStarted(1, expected, "teacher-without-0")]


def test_what_cannot_be_used_is_told_before_anything_is_trained(
    files: RunFiles, tiny_config: RunConfig, tmp_path: Path
) -> None:
    told: list[Event] = []
    for wrong in (
        replace(files, encoder=tmp_path),
        replace(files, corpus=(HocSource(str(tmp_path)),)),
        replace(files, transfer=tmp_path / "none.jsonl"),
    ):
        with pytest.raises(TrainingError):
            run_training(
                tiny_config,
                replace(wrong, work=tmp_path / "work", out=tmp_path / "out"),
                key=Ed25519PrivateKey.generate(),
                emit=told.append,
                control=RunControl(),
                device=CPU,
            )
    assert told == []
    assert not (tmp_path / "out").exists()


def test_texts_without_labels_cannot_choose_the_best_epoch(
    files: RunFiles, tiny_config: RunConfig, tmp_path: Path
) -> None:
    how = tiny_config.distillation
    choosy = replace(how, transfer=replace(how.transfer, validation_share=0.2))
    config = replace(tiny_config, distillation=choosy)
    places = replace(files, work=tmp_path / "work")
    with pytest.raises(TrainingError, match="keeps texts without labels back"):
        TrainingRun(config, places, emit=lambda _: None, control=RunControl(), device=CPU)
    without = replace(places, transfer=None)
    TrainingRun(config, without, emit=lambda _: None, control=RunControl(), device=CPU)


def test_a_run_whose_stages_were_cut_short_is_resumed_to_end_soon(
    files: RunFiles, tiny_config: RunConfig, tmp_path: Path
) -> None:
    """Its bundle then says so, too: that follows from what the control says."""
    places = replace(files, work=tmp_path / "work", out=tmp_path / "bundle")

    def keeps_best() -> bool:
        control = CancelledAfter(0)
        with pytest.raises(Cancelled):
            run_training(
                tiny_config,
                places,
                key=Ed25519PrivateKey.generate(),
                emit=lambda _: None,
                control=control,
                device=CPU,
            )
        return control.is_keeping_best

    assert not keeps_best()
    note_cut_short(places.work)
    assert keeps_best()


@pytest.mark.stress
def test_a_run_that_keeps_its_best_comes_to_a_candidate_that_says_so(
    files: RunFiles, tiny_config: RunConfig, tmp_path: Path
) -> None:
    told: list[Event] = []
    control, key = RunControl(), Ed25519PrivateKey.generate()

    def emit(event: Event) -> None:
        told.append(event)
        if isinstance(event, BatchesDone) and event.epoch == 3:
            control.keep_best()

    places = replace(files, work=tmp_path / "work", out=tmp_path / "bundle")
    run_training(tiny_config, places, key=key, emit=emit, control=control, device=CPU)
    epochs = epochs_of(told)
    assert epochs.pop("teacher-without-0") == [1, 2, 3]
    assert all(found in ([], [1]) for found in epochs.values())
    bundle = open_bundle(places.out, trusted_keys=[key.public_key()])
    assert bundle.manifest.provenance["was_cut_short"] is True
