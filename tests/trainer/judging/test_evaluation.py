"""A model is judged on what a user would be shown, against what the corpus says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.model_bundle import ModelBundle, open_bundle
from kdh_desktop.core.classification.prediction import TextScores
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from tests.data.tiny_bundle import KEYWORDS, make_tiny_bundle
from trainer.corpus import LabelledText
from trainer.judging import evaluation
from trainer.judging.evaluation import (
    ServedScores,
    _sentence_truth,
    best_evidence_threshold,
    classifier_for,
    score_texts,
    served_scores,
)


def text_of(*sentences: str, rows: list[list[int]]) -> LabelledText:
    targets = np.array(rows, np.float32)
    return LabelledText("1", sentences, sentences, targets.max(axis=0), targets)


def served_with(spans: list[tuple[int, int]]) -> TextScores:
    nothing = np.zeros((len(spans), 2), np.float32)
    return TextScores(nothing[0], nothing, tuple(spans), nothing[0], tokens=9, windows=1)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        pytest.param([(0, 10), (11, 21)], [[1, 0], [0, 1]], id="the same sentences"),
        pytest.param([(0, 21)], [[1, 1]], id="both as one"),
        pytest.param([(0, 5), (5, 10), (11, 21)], [[1, 0], [1, 0], [0, 1]], id="one as two"),
        pytest.param([(0, 13), (14, 21)], [[1, 0], [0, 1]], id="parted a little late"),
        pytest.param([(0, 21), (21, 21)], [[1, 1], [0, 0]], id="one without characters"),
    ],
)
def test_a_sentence_has_the_labels_of_those_it_mostly_overlaps(
    spans: list[tuple[int, int]], expected: list[list[int]]
) -> None:
    text = text_of("a" * 10, "b" * 10, rows=[[1, 0], [0, 1]])
    truth = _sentence_truth(text, served_with(spans))
    assert truth is not None
    assert truth.tolist() == expected


def scores_of(
    sentence_logits: list[list[list[float]]], sentence_truth: list[list[list[float]]]
) -> ServedScores:
    logits = tuple(np.array(x, np.float32) for x in sentence_logits)
    truth = tuple(np.array(x, np.float32) for x in sentence_truth)
    return ServedScores(
        np.stack([x.max(axis=0) for x in logits]),
        np.stack([x.max(axis=0) for x in truth]),
        logits,
        truth,
    )


SCORES = scores_of(
    [[[3.0, -1.0], [1.0, 2.0]], [[-2.0, 0.5], [-3.0, 1.5]]],
    [[[1, 0], [0, 1]], [[0, 1], [0, 0]]],
)


def test_the_evidence_threshold_parts_sentences_with_and_without_the_label() -> None:
    scores = scores_of([[[2.0], [-2.0], [0.5]]], [[[1], [0], [1]]])
    assert 1 / (1 + np.exp(2)) < best_evidence_threshold(scores) < 1 / (1 + np.exp(-0.5))


def only_as_a_whole(scores: ServedScores) -> ServedScores:
    """The scores with the sentences' labels forgotten."""
    return replace(scores, sentence_truth=(None,) * len(scores.sentence_truth))


def test_without_sentence_labels_the_evidence_threshold_is_the_usual_one() -> None:
    assert best_evidence_threshold(only_as_a_whole(SCORES)) == 0.5


def test_texts_without_sentence_labels_have_no_part_in_the_evidence_threshold() -> None:
    mixed = ServedScores.join([SCORES, only_as_a_whole(SCORES)])
    assert best_evidence_threshold(mixed) == best_evidence_threshold(SCORES)


def test_scores_of_several_sets_are_joined_in_order() -> None:
    joined = ServedScores.join([SCORES, SCORES])
    assert joined.decision_logits.tolist() == [*SCORES.decision_logits.tolist()] * 2
    assert joined.truth.shape == (4, 2)
    assert len(joined.sentence_logits) == len(joined.sentence_truth) == 4


def test_texts_are_judged_by_the_classifier_that_serves(tiny_bundle: ModelBundle) -> None:
    label = HALLMARKS_OF_CANCER[4].id
    word = KEYWORDS[label][0]
    targets = np.zeros((2, 10), np.float32)
    targets[1, 4] = 1
    sentences = ("We studied cancer cells.", f"In them {word} was seen.")
    text = LabelledText("1", sentences, sentences, targets.max(axis=0), targets)
    classifier = OnnxClassifier(tiny_bundle, threads=1)
    scores = served_scores(classifier, [text, text])
    np.testing.assert_array_equal(scores.truth, [targets.max(axis=0)] * 2)
    assert int(scores.decision_logits[0].argmax()) == 4
    assert scores.sentence_truth[0] is not None
    np.testing.assert_array_equal(scores.sentence_truth[0], targets)
    (raw,) = classifier.score([text.text])
    np.testing.assert_array_equal(scores.decision_logits[0], raw.decision_logits)


def test_progress_is_told_from_time_to_time(
    tiny_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "_TOLD_TEXTS", 2)
    told: list[int] = []
    classifier = OnnxClassifier(tiny_bundle, threads=1)
    texts = [f"Text {number} of cancer cells." for number in range(5)]
    found = score_texts(classifier, texts, on_progress=told.append)
    assert told == [2, 4, 5]
    whole = classifier.score(texts)
    for one, other in zip(found, whole, strict=True):
        np.testing.assert_array_equal(one.decision_logits, other.decision_logits)


def test_a_network_that_scores_no_sentences_is_judged_on_texts_alone(tmp_path: Path) -> None:
    folder, key = make_tiny_bundle(tmp_path / "bundle", has_token_logits=False)
    classifier = OnnxClassifier(open_bundle(folder, trusted_keys=[key]), threads=1)
    targets = np.zeros((1, 10), np.float32)
    sentences = ("We studied cancer cells.",)
    scores = served_scores(
        classifier, [LabelledText("1", sentences, sentences, targets[0], targets)]
    )
    assert scores.sentence_truth[0] is not None
    assert scores.sentence_logits[0].shape == scores.sentence_truth[0].shape == (0, 10)


def test_an_unsigned_model_is_served_from_its_bytes_alone(tiny_bundle: ModelBundle) -> None:
    classifier = classifier_for(
        tiny_bundle.model, tiny_bundle.tokenizer, tiny_bundle.manifest, threads=1
    )
    assert not classifier.bundle.folder.exists()
    assert classifier.bundle.model == tiny_bundle.model
    assert len(classifier.score(["One sentence of cancer cells."])) == 1
