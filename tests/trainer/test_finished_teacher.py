"""A finished model teaches another one: nothing is trained for it, and all it says is its own."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.confidence import calibrated_probabilities, sigmoid
from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER, LabelSet
from kdh_desktop.core.training_config import NetworkConfig, RunConfig
from kdh_desktop.core.training_protocol import StageStarted
from tests.trainer.conftest import TrainerProcess, run_trainer
from trainer.corpus import LabelledText
from trainer.finished_teacher import FinishedTeacher
from trainer.judging.student_choice import form_of
from trainer.learning.stages import StageRunner
from trainer.process.control import RunControl
from trainer.running.steps import RunFiles, TrainingRun
from trainer.running.texts import RunTexts


@pytest.fixture
def runner(tmp_path: Path) -> StageRunner:
    return StageRunner(tmp_path, stages=1, emit=lambda _: None, control=RunControl())


@pytest.fixture
def texts() -> RunTexts:
    """A few that fit the tiny model's window."""
    sentences = ("P53 checkpoint was lost in mice.", "The vegf increased.", "Apoptosis of cells.")
    several = [
        LabelledText(f"{count}", sentences[:count], sentences[:count], None) for count in (3, 1, 2)
    ]
    return RunTexts(HALLMARKS_OF_CANCER, several, [], several[1:])


@pytest.fixture(scope="module")
def finished_config(tiny_config: RunConfig) -> RunConfig:
    """A student of one layer, taught by a finished model."""
    how = tiny_config.distillation
    return replace(
        tiny_config,
        teacher=replace(tiny_config.teacher, is_finished=True),
        distillation=replace(
            how,
            network=NetworkConfig(layers=1),
            distil=replace(how.distil, epochs=8),
            calibration_folds=1,
        ),
    )


def test_it_says_what_the_program_would_say(
    tiny_bundle: ModelBundle, texts: RunTexts, runner: StageRunner
) -> None:
    classifier = OnnxClassifier(tiny_bundle)
    teacher = FinishedTeacher(tiny_bundle, texts.labels, runner=runner).teach(
        texts, np.array([0, 1, 0])
    )
    served = classifier.score([text.text for text in texts.train])
    calibrations = tiny_bundle.manifest.calibrations
    for soft, scores, decision in zip(teacher.labelled, served, teacher.members[0], strict=True):
        assert scores.windows == 1
        assert len(soft.sentence_logits) == len(scores.sentence_spans)
        np.testing.assert_allclose(soft.sentence_logits, scores.sentence_logits, atol=1e-5)
        np.testing.assert_allclose(decision, scores.decision_logits, atol=1e-5)
        expected = calibrated_probabilities(scores.decision_logits, calibrations)
        np.testing.assert_allclose(sigmoid(soft.text_logits), expected, atol=1e-5)
    assert teacher.rows.all()
    assert len(teacher.unlabelled) == 2


def test_labels_in_another_order_find_their_columns(
    tiny_bundle: ModelBundle, texts: RunTexts, tmp_path: Path
) -> None:
    found = []
    for order in (1, -1):
        labels = LabelSet(tuple(HALLMARKS_OF_CANCER)[::order])
        place = tmp_path / str(order)
        place.mkdir()
        keeps = StageRunner(place, stages=1, emit=lambda _: None, control=RunControl())
        teacher = FinishedTeacher(tiny_bundle, labels, runner=keeps)
        found.append(teacher.teach(texts, np.zeros(3, np.int64)))
    for one, turned in zip(found[0].labelled, found[1].labelled, strict=True):
        np.testing.assert_array_equal(one.text_logits, turned.text_logits[::-1])
        np.testing.assert_array_equal(one.sentence_logits, turned.sentence_logits[:, ::-1])


def test_a_model_of_other_labels_cannot_teach(
    tiny_bundle: ModelBundle, runner: StageRunner
) -> None:
    fewer = LabelSet(tuple(HALLMARKS_OF_CANCER)[:9])
    with pytest.raises(TrainingError, match="knows other labels"):
        FinishedTeacher(tiny_bundle, fewer, runner=runner)


def test_recipe_and_files_must_speak_of_the_same_teacher(
    tiny_config: RunConfig,
    finished_config: RunConfig,
    tiny_bundle: ModelBundle,
    tiny_corpus: Path,
    tiny_encoder: Path,
    tmp_path: Path,
) -> None:
    files = RunFiles(
        (HocSource(str(tiny_corpus)),), (), None, tiny_encoder, tmp_path / "work", tmp_path / "out"
    )
    for config, teacher, said in (
        (finished_config, None, "none was named"),
        (tiny_config, tiny_bundle, "the configuration trains one"),
    ):
        with pytest.raises(TrainingError, match=said):
            TrainingRun(
                config, replace(files, teacher=teacher), emit=lambda _: None, control=RunControl()
            )


@pytest.fixture(scope="module")
def taught(
    finished_config: RunConfig,
    tiny_run: TrainerProcess,
    tiny_corpus: Path,
    tiny_transfer: Path,
    tiny_encoder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> TrainerProcess:
    """The whole trip with the command: the model of the tiny run teaches one of half its depth."""
    folder = tmp_path_factory.mktemp("taught")
    teacher = ("--teacher", str(tiny_run.folder / "bundle"))
    run = partial(
        run_trainer, folder, finished_config, tiny_corpus, tiny_transfer, tiny_encoder, *teacher
    )
    refused = run()
    assert refused.returncode == 4
    assert "not signed" in refused.stderr
    shutil.copytree(tiny_run.folder / "keys", folder / "home" / "data" / "kdh-desktop" / "keys")
    done = run()
    return TrainerProcess(done.returncode, tuple(done.stdout.splitlines()), done.stderr, folder)


def test_nothing_is_trained_for_it(taught: TrainerProcess) -> None:
    assert taught.exit_code == 0, taught.said
    stages = [event for event in taught.events if isinstance(event, StageStarted)]
    assert [stage.name for stage in stages] == [
        "teacher",
        "student-transfer",
        "student-distil",
        "student-fine-tune",
        "calibration-0-distil",
        "calibration-0-fine-tune",
        "export",
        "judge",
    ]
    assert {stage.stages for stage in stages} == {len(stages)}
    kept = {path.name for path in (taught.folder / "work").glob("teacher*")}
    assert kept == {"teacher-labelled.npz", "teacher-unlabelled.npz"}


def test_both_can_be_compared_by_their_forms(
    taught: TrainerProcess, tiny_run: TrainerProcess
) -> None:
    student, teacher = form_of(taught.bundle.model), form_of(tiny_run.bundle.model)
    assert (student.layers, teacher.layers) == (1, 2)
    assert student.inner == teacher.inner


def test_the_student_is_half_as_deep_and_says_who_taught_it(
    taught: TrainerProcess, tiny_run: TrainerProcess
) -> None:
    student, teacher = taught.bundle, tiny_run.bundle
    assert len(student.model) < len(teacher.model)
    provenance, metrics = student.manifest.provenance, student.manifest.metrics
    assert provenance["teacher"] == teacher.id
    assert provenance["teacher_sha256"] == teacher.manifest_sha256
    assert "teacher_out_of_fold" not in metrics
    assert metrics["teacher_on_training_texts"]["micro_f1"] > 0.9
    assert "linear_micro_f1" not in metrics["student_kept_back"]
    assert metrics["student_kept_back"]["micro_f1"] > 0.7
    card = " ".join(student.model_card.split())
    assert f"the finished model {teacher.id}" in card
    assert "where it was trained on them, this flatters" in card
