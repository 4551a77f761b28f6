"""What a label hangs on is found by taking sentences away, through the model that serves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from tests.data.tiny_bundle import KEYWORDS
from trainer.judging.deletion import OTHERS, DeletionTest, _trials, _without, deletion_test
from trainer.judging.evaluation import score_texts

WORDS = [KEYWORDS[label.id][0] for label in HALLMARKS_OF_CANCER]
PLAIN = "We studied the cells of patients."


class CountedClassifier(OnnxClassifier):
    """Keeps the texts that it is asked to score."""

    asked: list[str]

    def score(self, texts: Sequence[str]) -> list:  # type: ignore[type-arg]
        self.asked = [*getattr(self, "asked", []), *texts]
        return super().score(texts)


@pytest.fixture
def classifier(tiny_bundle: ModelBundle) -> CountedClassifier:
    return CountedClassifier(tiny_bundle, threads=1)


def text_about(*labels: int) -> str:
    """A text with one sentence for each label, plain ones around them."""
    sentences = [f"In mice {WORDS[label]} was increased." for label in labels]
    return " ".join([PLAIN, *sentences, "The results were the same."])


def outcome(
    classifier: OnnxClassifier, texts: Sequence[str], found: NDArray[np.bool_] | None = None
) -> DeletionTest | None:
    scores = score_texts(classifier, texts)
    if found is None:
        found = np.stack([one.decision_logits for one in scores]) > 0
    return deletion_test(classifier, texts, scores, found, seed=0, draws=99)


def test_a_label_falls_without_its_own_sentence_and_no_other(
    classifier: CountedClassifier,
) -> None:
    texts = [text_about(label % 10, (label + 3) % 10) for label in range(12)]
    found = outcome(classifier, texts)
    assert found is not None
    assert (found.labels, found.texts, found.more_often) == (24, 12, 1.0)
    assert found.shown_fall > 0.5
    assert abs(found.other_fall) < 0.1
    for comparison in (found.probability, found.text_logit):
        assert 0 < comparison.low <= comparison.difference <= comparison.high
        assert comparison.p_value == pytest.approx(0.01)
    assert found.probability.difference == pytest.approx(found.shown_fall - found.other_fall)


def test_what_two_sentences_say_hangs_on_neither(classifier: CountedClassifier) -> None:
    once, twice = outcome(classifier, [text_about(4)]), outcome(classifier, [text_about(4, 4)])
    assert once is not None
    assert twice is not None
    assert twice.shown_fall < 0.1 < once.shown_fall


def test_every_shortened_text_is_scored_once(classifier: CountedClassifier) -> None:
    texts = [text_about(0, 1, 2), text_about(3, 4, 5)]
    scores = score_texts(classifier, texts)
    found = np.stack([one.decision_logits for one in scores]) > 0
    classifier.asked.clear()
    told: list[tuple[int, int]] = []
    assert deletion_test(
        classifier,
        texts,
        scores,
        found,
        seed=0,
        draws=9,
        on_progress=lambda done, of: told.append((done, of)),
    )
    assert len(classifier.asked) == len(set(classifier.asked)) <= sum(map(sentences_in, texts))
    assert told[-1] == (len(classifier.asked), len(classifier.asked))


def sentences_in(text: str) -> int:
    return text.count(".")


def test_the_others_are_of_the_same_text_and_never_the_shown_one(
    classifier: CountedClassifier,
) -> None:
    texts = [text_about(0, 1, 2), text_about(3)]
    scores = score_texts(classifier, texts)
    found = np.stack([one.decision_logits for one in scores]) > 0
    trials = _trials(scores, found, threshold=0.5, rng=np.random.default_rng(0))
    assert [(one.text, one.label) for one in trials] == [(0, 0), (0, 1), (0, 2), (1, 3)]
    for one in trials:
        rows = range(len(scores[one.text].sentence_spans))
        assert one.shown == scores[one.text].sentence_logits[:, one.label].argmax()
        assert one.shown not in one.others
        assert len(set(one.others)) == OTHERS
        assert set(one.others) <= set(rows)


def test_the_choice_of_others_follows_from_the_seed(classifier: CountedClassifier) -> None:
    texts = [text_about(*range(6))]
    scores = score_texts(classifier, texts)
    found = np.stack([one.decision_logits for one in scores]) > 0
    first, again, other = (
        _trials(scores, found, threshold=0.5, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_a_sentence_is_taken_out_of_the_text_as_the_model_reads_it(
    classifier: CountedClassifier,
) -> None:
    text = f"{PLAIN}  In mice\u200b {WORDS[0]} rose.\nThe results were the same."
    (scores,) = score_texts(classifier, [text])
    assert _without(text, scores, 0) == f"In mice {WORDS[0]} rose.\nThe results were the same."
    assert _without(text, scores, 1) == f"{PLAIN}  The results were the same."
    assert _without(text, scores, 2) == f"{PLAIN}  In mice {WORDS[0]} rose.\n"


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param([f"In mice {WORDS[0]} was increased."], id="a single sentence"),
        pytest.param([f"{PLAIN} {PLAIN}"], id="no label"),
    ],
)
def test_where_nothing_can_be_taken_away_there_is_no_test(
    classifier: CountedClassifier, texts: list[str]
) -> None:
    assert outcome(classifier, texts) is None


def test_a_label_without_a_clear_sentence_has_no_part(classifier: CountedClassifier) -> None:
    found = np.zeros((1, 10), bool)
    found[0, [0, 7]] = True
    result = outcome(classifier, [text_about(0)], found)
    assert result is not None
    assert result.labels == 1
