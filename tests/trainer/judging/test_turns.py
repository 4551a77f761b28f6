"""Two models score in turns, and what else the machine does makes neither look slower."""

from __future__ import annotations

import pytest

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.model_bundle import open_bundle
from tests.data.tiny_bundle import make_tiny_bundle
from trainer.judging.turns import BLOCK, score_in_turns

TEXTS = [f"In {number} mice the protein increased angiogenesis." for number in range(BLOCK + 9)]


@pytest.fixture(scope="module")
def classifiers(tmp_path_factory: pytest.TempPathFactory) -> list[OnnxClassifier]:
    folder = tmp_path_factory.mktemp("turns")
    made = [make_tiny_bundle(folder / str(seed), seed=seed) for seed in (0, 1)]
    return [OnnxClassifier(open_bundle(place, trusted_keys=[key])) for place, key in made]


def test_each_model_scores_all_texts_in_order_as_if_alone(
    classifiers: list[OnnxClassifier],
) -> None:
    told: list[int] = []
    turns = score_in_turns(classifiers, TEXTS, on_progress=told.append, least_s=0.0)
    assert told == [BLOCK, len(TEXTS)]
    for classifier, turn in zip(classifiers, turns, strict=True):
        alone = classifier.score(TEXTS)
        assert len(turn.raw) == len(TEXTS)
        assert all(
            (one.decision_logits == other.decision_logits).all()
            for one, other in zip(turn.raw, alone, strict=True)
        )


def test_equal_models_are_equally_fast(classifiers: list[OnnxClassifier]) -> None:
    first, second = score_in_turns([classifiers[0], classifiers[0]], TEXTS, least_s=0.3)
    assert 0.5 < first.texts_per_s / second.texts_per_s < 2.0


def test_few_texts_are_scored_again_until_there_is_something_to_measure(
    classifiers: list[OnnxClassifier],
) -> None:
    told: list[int] = []
    score_in_turns(classifiers, TEXTS[:2], on_progress=told.append, least_s=0.02)
    assert len(told) > 1
    assert set(told) == {2}, "nobody is told of more texts than there are"
