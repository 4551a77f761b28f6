from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdh_desktop.core.classification.confidence import (
    band_of,
    calibrated_probabilities,
    sigmoid,
)
from kdh_desktop.core.classification.evidence import MAX_SENTENCES, pick_evidence
from kdh_desktop.core.classification.manifest import LabelCalibration
from kdh_desktop.core.record import Band

LIMITS = LabelCalibration(
    slope=2.0, intercept=-1.0, threshold=0.5, review_from=0.25, present_from=0.75
)


@pytest.mark.parametrize(
    ("probability", "band"),
    [
        (0.0, Band.ABSENT),
        (0.2499, Band.ABSENT),
        (0.25, Band.NEEDS_REVIEW),
        (0.5, Band.NEEDS_REVIEW),
        (0.7499, Band.NEEDS_REVIEW),
        (0.75, Band.PRESENT),
        (1.0, Band.PRESENT),
    ],
)
def test_limits_belong_to_the_band_above(probability: float, band: Band) -> None:
    assert band_of(probability, LIMITS) is band


@given(st.lists(st.floats(width=32), min_size=1))
def test_sigmoid_is_right_and_silent_for_logits_of_any_size(logits: list[float]) -> None:
    found = sigmoid(np.array(logits, dtype=np.float32))
    real = ~np.isnan(logits)
    assert ((found[real] >= 0) & (found[real] <= 1)).all()
    moderate = np.abs(logits) < 30
    expected = 1 / (1 + np.exp(-np.array(logits)[moderate]))
    np.testing.assert_allclose(found[moderate], expected, rtol=1e-6)


def test_each_label_is_calibrated_by_its_own_slope_and_intercept() -> None:
    plain = LabelCalibration(
        slope=1.0, intercept=0.0, threshold=0.5, review_from=0.5, present_from=0.5
    )
    found = calibrated_probabilities(np.array([0.5, 0.0], dtype=np.float32), [LIMITS, plain])
    np.testing.assert_allclose(found, [0.5, 0.5])


SPANS = [(0, 2), (3, 5), (6, 8), (9, 11), (12, 14)]
TEXT = "ab cd ef gh ij"


def picked(scores: list[float], threshold: float = 0.5) -> list[str]:
    evidence = pick_evidence(
        np.array(scores), SPANS, pasted=TEXT, offsets=range(len(TEXT) + 1), threshold=threshold
    )
    return [item.text for item in evidence]


def test_best_sentences_come_first_and_at_most_three() -> None:
    assert picked([0.6, 0.9, 0.7, 0.8, 0.55]) == ["cd", "gh", "ef"]
    assert MAX_SENTENCES == 3


def test_among_equals_the_earlier_comes_first() -> None:
    assert picked([0.9, 0.9, 0.9, 0.9, 0.9]) == ["ab", "cd", "ef"]


def test_threshold_belongs_to_the_sentences_shown() -> None:
    assert picked([0.5, 0.4999, 0.0, 0.0, 0.0]) == ["ab"]


def test_no_clear_sentence_gives_no_evidence() -> None:
    assert picked([0.4] * 5) == []


def test_network_without_sentences_gives_no_evidence() -> None:
    found = pick_evidence(np.empty(0), [], pasted=TEXT, offsets=range(15), threshold=0.5)
    assert found == ()


def test_places_are_those_of_the_pasted_text() -> None:
    pasted = "\u200bab\u200b cd"
    (evidence,) = pick_evidence(
        np.array([0.1, 0.9]),
        [(0, 2), (3, 5)],
        pasted=pasted,
        offsets=[1, 2, 4, 5, 6, 7],
        threshold=0.5,
    )
    assert (evidence.start, evidence.end, evidence.text) == (5, 7, "cd")
