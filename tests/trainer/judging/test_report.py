"""What the manifest keeps of a judgement, and a card that says what was done and no more."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.held_out import BINS, HeldOutCounts
from kdh_desktop.core.classification.manifest import Manifest
from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER, Label, LabelSet
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.training_config import (
    NetworkConfig,
    NetworkKind,
    RunConfig,
    SoftLoss,
    TeacherMethod,
)
from trainer.corpus import LabelledText, read_hoc, target_matrix
from trainer.export.model_card import model_card
from trainer.export.provenance import provenance_of
from trainer.judging.judgement import judge, score_labelled
from trainer.judging.report import held_out_figures, teacher_figures
from trainer.running.texts import RunTexts
from trainer.teacher import Teacher
from trainer.tuning import SearchOutcome, TuningOutcome

NO_EVIDENCE = {"evidence_precision_at_1", "evidence_f1"}
OVER_LINEAR = {f"over_linear_{part}" for part in ("difference", "low", "high", "p_value")}


@pytest.fixture(scope="module")
def texts(tiny_corpus: Path) -> list[LabelledText]:
    return read_hoc(tiny_corpus, ids_file="dev.txt", labels=HALLMARKS_OF_CANCER)


@pytest.fixture(scope="module")
def classifier(tiny_bundle: ModelBundle) -> OnnxClassifier:
    return OnnxClassifier(tiny_bundle, threads=1)


@pytest.fixture(scope="module")
def dev(classifier: OnnxClassifier, texts: list[LabelledText]) -> dict[str, float]:
    nothing = np.zeros((len(texts), 10), bool)
    return held_out_figures(score_labelled(classifier, texts), nothing, seed=0)


def test_what_is_never_divided_is_resampled_whole_for_the_teacher_too(
    tiny_texts: list[LabelledText],
) -> None:
    """Sixty texts of six patients, of whom the teacher knows nothing of one, say less."""
    truth = target_matrix(tiny_texts)
    patient = np.arange(len(tiny_texts)) // 10
    said = np.where(patient[:, None] == 0, truth[::-1], truth)
    teacher = Teacher(np.ones(len(truth), bool), patient % 2, (4 * said - 2,), [], [])
    grouped = [replace(text, group=str(its)) for text, its in zip(tiny_texts, patient, strict=True)]
    alone, together = (teacher_figures(teacher, some) for some in (tiny_texts, grouped))
    assert together["micro_f1"] == alone["micro_f1"]
    widths = [found["micro_f1_high"] - found["micro_f1_low"] for found in (alone, together)]
    assert widths[1] > widths[0]


def test_networks_of_one_label_each_are_judged_by_thresholds_of_their_own(
    tiny_texts: list[LabelledText],
) -> None:
    """Each network tells its label apart without fault, and on a scale of its own."""
    truth = target_matrix(tiny_texts)
    apart = (4 * truth - 2 + 10 * np.arange(truth.shape[1])).astype(np.float32)
    fold_of = np.arange(len(truth)) % 2
    teacher = Teacher(np.ones(len(truth), bool), fold_of, (apart, apart), [], [])
    each = replace(teacher, has_own_thresholds=True)
    together, alone = (teacher_figures(one, tiny_texts) for one in (teacher, each))
    assert alone["network_micro_f1"] == 1.0 > together["network_micro_f1"]
    assert alone["linear_micro_f1"] == together["linear_micro_f1"]


def test_the_manifest_has_the_figures_of_the_judgement(
    classifier: OnnxClassifier, texts: list[LabelledText], dev: dict[str, float]
) -> None:
    judgement = judge(score_labelled(classifier, texts), seed=0)
    assert dev["texts"] == len(texts)
    for name in ("micro_f1", "weighted_f1", "hamming_loss", "mean_calibration_error"):
        assert dev[name] == round(getattr(judgement, name).value, 4)
    assert judgement.evidence is not None
    assert judgement.deletion is not None
    assert dev["evidence_f1"] == round(judgement.evidence.f1.value, 4)
    assert dev["deletion_difference"] == round(judgement.deletion.probability.difference, 4)
    for label in judgement.labels:
        assert dev[f"average_precision.{label.id}"] == round(label.average_precision.value, 4)


def test_the_manifest_stays_small(dev: dict[str, float]) -> None:
    assert len(json.dumps(dev, allow_nan=False)) < 6000


def test_a_model_is_compared_with_the_linear_member_on_the_same_texts(
    classifier: OnnxClassifier, texts: list[LabelledText], dev: dict[str, float]
) -> None:
    assert dev["linear_micro_f1"] == 0.0
    assert dev["over_linear_difference"] == dev["micro_f1"]
    perfect = held_out_figures(score_labelled(classifier, texts), target_matrix(texts) > 0, seed=0)
    assert perfect["linear_micro_f1"] == 1.0
    assert perfect["over_linear_high"] < 0
    assert perfect["over_linear_p_value"] < 0.05


def test_what_was_not_there_has_no_figures(
    classifier: OnnxClassifier, texts: list[LabelledText], dev: dict[str, float]
) -> None:
    bare = [replace(text, sentence_targets=None) for text in texts]
    found = held_out_figures(score_labelled(classifier, bare), None, seed=0)
    missing = {*NO_EVIDENCE, *OVER_LINEAR, "linear_micro_f1", "linear_macro_f1"}
    assert found == {name: value for name, value in dev.items() if name not in missing}


@pytest.fixture
def manifest(tiny_bundle: ModelBundle, tiny_config: RunConfig, dev: dict[str, float]) -> Manifest:
    of_decisions = {"texts": 60.0, "micro_f1": 0.8, "micro_f1_low": 0.7, "micro_f1_high": 0.9}
    of_decisions |= {"macro_f1": 0.75, "weighted_f1": 0.8, "subset_accuracy": 0.6}
    return with_config(
        replace(
            tiny_bundle.manifest,
            metrics={
                "teacher_out_of_fold": of_decisions
                | {"network_micro_f1": 0.79, "linear_micro_f1": 0.71},
                "student_held_out_folds": of_decisions | {"float32_micro_f1": 0.81},
                "student_kept_back": dev,
                "float32_parity_gap": 2e-7,
            },
        ),
        tiny_config,
    )


def with_config(manifest: Manifest, config: RunConfig) -> Manifest:
    texts = RunTexts(HALLMARKS_OF_CANCER, [], [], [])
    provenance = provenance_of(config, texts, encoder="c" * 64, device="cpu")
    return replace(manifest, provenance=json.loads(json.dumps(to_json_value(provenance))))


def card_of(manifest: Manifest) -> str:
    """The card with its lines joined, since they may break anywhere."""
    card = model_card(manifest, model_bytes=22_800_000)
    assert not re.search(r"[{}]|None|nan", card)
    return re.sub(r"\s+", " ", card)


def test_the_card_says_which_texts_the_limits_for_accepting_come_from(manifest: Manifest) -> None:
    assert "without a look" not in card_of(manifest)
    none = (((0,) * BINS),) * len(manifest.labels)
    counts = HeldOutCounts("Invented texts, scored once.", 0, none, none)
    assert "Invented texts, scored once. They hold" in card_of(replace(manifest, held_out=counts))


def test_the_card_shows_every_kind_of_figure(manifest: Manifest, dev: dict[str, float]) -> None:
    card = card_of(manifest)
    points = f"{100 * dev['micro_f1']:.1f} ({100 * dev['micro_f1_low']:.1f} to"
    assert (
        f"| this model (int8) | 12 texts, judged once; 95 % bootstrap interval | {points}" in card
    )
    assert "the file has 22.8 MB" in card
    for words in ("paired bootstrap", "Hamming loss", "best sentence", "falls by", "2.0e-07"):
        assert words in card
    for label in manifest.labels:
        assert f"| {label.name} | {100 * dev[f'precision.{label.id}']:.1f} |" in card


def test_the_card_says_how_the_model_was_made(manifest: Manifest, tiny_config: RunConfig) -> None:
    card = card_of(manifest)
    assert "linear support vector machine" in card
    assert "Bernoulli KL per label, temperature 2, weight 0.7" in card
    assert "their figures below flatter" in card
    how = tiny_config.distillation
    other = replace(
        tiny_config,
        teacher=replace(
            tiny_config.teacher,
            method=TeacherMethod.BINARY_RELEVANCE,
            has_linear_member=False,
            members=2,
            folds=3,
        ),
        distillation=replace(
            how,
            soft_loss=SoftLoss.SOFTMAX,
            network=NetworkConfig(NetworkKind.HAN),
            transfer=replace(how.transfer, epochs=0),
            fine_tune=replace(how.fine_tune, epochs=0),
            nested_members=1,
        ),
    )
    card = card_of(with_config(manifest, other))
    assert "2 networks (transformer, one for each label)" in card
    assert "HAN, a hierarchical attention network" in card
    assert "softmax across labels" in card
    for words in ("support vector machine by", "unlabelled texts", "fine-tuned", "flatter"):
        assert words not in card


def test_the_card_names_the_encoder_that_ships(manifest: Manifest) -> None:
    weights = (AppPaths.default().base_encoder / "model.safetensors").read_bytes()
    digest = hashlib.sha256(weights).hexdigest()
    provenance = {**manifest.provenance, "encoder_sha256": digest}
    card = card_of(replace(manifest, provenance=provenance))
    assert "base weights of all-MiniLM-L6-v2 in float16, Apache-2.0" in card


def test_the_card_of_a_run_that_was_cut_short_says_so(manifest: Manifest) -> None:
    whole = card_of(manifest)
    assert "trained in the same way" in whole
    assert "cut short" not in whole
    short = {**manifest.provenance, "was_cut_short": True}
    card = card_of(replace(manifest, provenance=short))
    assert "The run was cut short on request" in card
    assert "had one epoch at most" in card
    assert "trained in the same way" not in card
    told_of_whole = {**manifest.provenance, "was_cut_short": False}
    assert card_of(replace(manifest, provenance=told_of_whole)) == whole


def as_if_nothing_was_kept_back(manifest: Manifest, config: RunConfig) -> Manifest:
    metrics: dict[str, Any] = dict(manifest.metrics)
    its = metrics.pop("student_kept_back") | {"float32_micro_f1": 0.81}
    metrics["student_held_out_folds"] = its
    return with_config(replace(manifest, metrics=metrics), config)


def test_only_a_card_of_kept_back_texts_claims_that_nothing_was_chosen_on_them(
    manifest: Manifest, tiny_config: RunConfig
) -> None:
    card = card_of(manifest)
    assert "Nothing was chosen on the texts this model is judged on." in card
    assert "No texts were kept back" not in card
    bare = as_if_nothing_was_kept_back(manifest, tiny_config)
    card = card_of(bare)
    assert "No texts were kept back" in card
    assert "calibration and threshold from the other folds." in card
    assert "judged on its training texts, fold by fold, by students without the fold" in card
    for words in ("Nothing was chosen", "calibration only", "folds it did not see"):
        assert words not in card
    of_one_fold = replace(tiny_config.distillation, calibration_folds=1)
    card = card_of(with_config(bare, replace(tiny_config, distillation=of_one_fold)))
    assert "from the same fold, which flatters." in card


def test_the_card_says_what_a_search_chose(manifest: Manifest) -> None:
    assert "Search:" not in card_of(manifest)
    swarm = SearchOutcome("swarm", {"distillation.alpha": 0.4}, 0.71, (0.71,), (0.7,), 12, 3)
    control = replace(swarm, name="random", best_values={"distillation.alpha": 0.6}, evaluations=11)
    outcome = TuningOutcome(swarm, control, None, 0.5)

    def searched(outcome: TuningOutcome) -> str:
        tuning = json.loads(json.dumps(to_json_value(outcome)))
        return card_of(replace(manifest, metrics={**manifest.metrics, "tuning": tuning}))

    card = searched(outcome)
    assert "1. Search:" in card
    assert "(by a particle swarm 12 and at random 11), the one with distillation.alpha 0.4" in card
    assert "on training texts (71.0)" in card
    better = replace(outcome, control=replace(control, best_score=0.8))
    assert "the one with distillation.alpha 0.6" in searched(better)
    assert "at random" not in searched(replace(outcome, control=None))
    ended = TuningOutcome(None, None, None, None)
    assert "nothing was chosen by it" in searched(ended)


def test_the_card_says_nothing_of_what_was_not_measured(manifest: Manifest) -> None:
    metrics: dict[str, Any] = dict(manifest.metrics)
    missing = {*NO_EVIDENCE, *OVER_LINEAR, "linear_micro_f1", "linear_macro_f1"}
    metrics["student_kept_back"] = {
        name: value
        for name, value in metrics["student_kept_back"].items()
        if name not in missing and not name.startswith("deletion")
    }
    del metrics["teacher_out_of_fold"]["linear_micro_f1"]
    card = card_of(replace(manifest, metrics=metrics))
    for words in ("linear member", "linear SVM", "best sentence of", "falls by"):
        assert words not in card


def test_the_card_of_other_labels_does_not_speak_of_hallmarks(manifest: Manifest) -> None:
    labels = LabelSet(
        tuple(Label(label.id + "_2", label.name, label.definition) for label in manifest.labels)
    )
    figures = dict(manifest.metrics["student_kept_back"])
    figures |= {f"{name}_2": value for name, value in figures.items() if "." in name}
    metrics = {**manifest.metrics, "student_kept_back": figures}
    card = card_of(replace(manifest, labels=labels, metrics=metrics))
    assert "Sorts texts by 10 labels" in card
    assert "cancer research" not in card
