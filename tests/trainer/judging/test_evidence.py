"""Shown sentences are judged against those that the corpus labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.record import Record
from tests.data.tiny_bundle import KEYWORDS
from trainer.corpus import LabelledText
from trainer.judging.evaluation import ServedScores, served_scores
from trainer.judging.evidence import (
    EvidenceFigures,
    _shown,
    evidence_figures,
    evidence_precision_at_1,
)
from trainer.judging.judgement import decide

Rows = list[list[float]]


def scores_of(sentence_logits: list[Rows], sentence_truth: list[Rows | None]) -> ServedScores:
    """Scores whose texts have the labels of their sentences, or all of them."""
    logits = tuple(np.array(x, np.float32).reshape(-1, 2) for x in sentence_logits)
    truth = tuple(
        None if x is None else np.array(x, np.float32).reshape(-1, 2) for x in sentence_truth
    )
    of_texts = [np.ones(2, np.float32) if x is None else x.max(axis=0, initial=0) for x in truth]
    decision = [x.max(axis=0, initial=-9) for x in logits]
    return ServedScores(np.stack(decision), np.stack(of_texts), logits, truth)


SCORES = scores_of(
    [[[3.0, -1.0], [1.0, 2.0]], [[-2.0, 0.5], [-3.0, 1.5]]],
    [[[1, 0], [0, 1]], [[0, 1], [0, 0]]],
)


def present(*rows: list[bool]) -> NDArray[np.bool_]:
    return np.array(rows)


def judged(
    scores: ServedScores, found: NDArray[np.bool_], threshold: float = 0.5
) -> EvidenceFigures:
    figures = evidence_figures(scores, found, threshold=threshold, seed=0, draws=50)
    assert figures is not None
    assert figures.precision_at_1.value == evidence_precision_at_1(scores, found)
    return figures


def test_evidence_is_right_where_the_best_sentence_has_the_label() -> None:
    both = present([True, True], [False, False])
    assert judged(SCORES, both).precision_at_1.value == 1.0
    three = judged(SCORES, present([True, True], [False, True]))
    assert three.labels == 3
    assert three.precision_at_1.value == pytest.approx(2 / 3)
    wrong = judged(SCORES, present([False, False], [False, True]))
    assert wrong.precision_at_1.value == 0.0


def test_all_shown_sentences_are_counted_against_all_that_have_the_label() -> None:
    found = judged(SCORES, present([True, True], [False, True]))
    # First text: for label 0 both sentences are shown and one has it; for label 1 the right one.
    # Second text: for label 1 both are shown and one has it.
    assert found.precision.value == pytest.approx(3 / 5)
    assert found.recall.value == 1.0
    assert found.f1.value == pytest.approx(6 / 8)
    assert found.overall_f1.value == pytest.approx(6 / 8)


def test_a_sentence_under_the_threshold_is_not_shown() -> None:
    found = judged(SCORES, present([True, True], [False, True]), threshold=0.85)
    # One sentence for each label of the first text; the second has none that is clear.
    assert found.precision.value == 1.0
    assert found.recall.value == pytest.approx(2 / 3)
    assert found.precision_at_1.value == pytest.approx(2 / 3)


def test_wrong_and_missed_labels_cost_the_overall_figure_alone() -> None:
    found = present([True, True], [False, True])
    right = judged(SCORES, found, threshold=0.85)
    missed = judged(SCORES, present([True, False], [False, True]), threshold=0.85)
    assert missed.precision.value == 1.0
    assert missed.overall_f1.value < right.overall_f1.value
    wrong = replace(
        SCORES, sentence_logits=(SCORES.sentence_logits[0], SCORES.sentence_logits[1] + 9)
    )
    accused = judged(wrong, present([True, True], [True, False]), threshold=0.85)
    assert (accused.labels, accused.precision.value) == (2, 1.0)
    assert accused.overall_f1.value < 0.6


def test_without_sentence_labels_there_is_nothing_to_say_of_evidence() -> None:
    bare = replace(SCORES, sentence_truth=(None, None))
    found = present([True, True], [True, True])
    assert evidence_precision_at_1(bare, found) is None
    assert evidence_figures(bare, found, threshold=0.5, seed=0) is None


def test_a_network_that_scores_no_sentences_has_no_evidence() -> None:
    empty = scores_of([[], []], [[], []])
    found = present([True, True], [True, True])
    assert evidence_precision_at_1(empty, found) is None
    assert evidence_figures(empty, found, threshold=0.5, seed=0) is None


def test_texts_without_sentence_labels_have_no_part_in_the_figures() -> None:
    mixed = ServedScores.join([SCORES, replace(SCORES, sentence_truth=(None, None))])
    found = present([True, True], [False, True])
    both = judged(mixed, np.concatenate([found, found]))
    alone = judged(SCORES, found)
    for name in ("precision_at_1", "precision", "recall", "f1", "overall_f1"):
        assert getattr(both, name).value == getattr(alone, name).value
    assert both.labels == alone.labels


def test_where_no_label_was_rightly_found_the_figures_are_nought() -> None:
    nothing = judged(SCORES, present([False, False], [False, False]))
    assert (nothing.labels, nothing.precision_at_1.value, nothing.f1.value) == (0, 0.0, 0.0)


def test_judged_are_the_sentences_that_a_user_is_shown(tiny_bundle: ModelBundle) -> None:
    words = [KEYWORDS[label.id][0] for label in HALLMARKS_OF_CANCER]
    sentences = (*(f"We studied {word} in cells." for word in words[:3]), "It was the same.")
    text = LabelledText("1", sentences, sentences, np.zeros(10, np.float32))
    classifier = OnnxClassifier(tiny_bundle, threads=1)
    manifest = tiny_bundle.manifest
    scores = served_scores(classifier, [text])
    _, found = decide(scores, manifest.calibrations)
    shown = _shown(scores.sentence_logits[0], found[0], manifest.evidence_threshold)
    (prediction,) = classifier.predict([Record("1", text.text)])
    assert found[0].sum() == 3
    for label, score in enumerate(prediction.scores):
        expected = {one.text for one in score.evidence if score.is_present}
        assert {sentences[row] for row in np.flatnonzero(shown[:, label])} == expected
