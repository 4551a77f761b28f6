"""What a bundle keeps of held-out texts says which texts they were."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.export.candidate import CalibrationScores
from trainer.judging.evaluation import ServedScores
from trainer.judging.held_out import cross_calibrated, held_out_counts


@pytest.fixture
def folds() -> CalibrationScores:
    generator = np.random.default_rng(3)
    parts = []
    for _ in range(2):
        truth = generator.integers(0, 2, (40, 3)).astype(np.float32)
        logits = (4 * truth - 2 + generator.normal(0, 1, truth.shape)).astype(np.float32)
        parts.append(ServedScores(logits, truth, (), ()))
    return CalibrationScores(int8=parts, float32=parts)


def test_without_texts_to_be_judged_on_the_folds_are_counted(folds: CalibrationScores) -> None:
    counts = held_out_counts(folds, None, has_nested_members=True)
    truth = ServedScores.join(folds.int8).truth
    assert counts.texts == 80
    assert [sum(row) for row in counts.positives] == list(truth.sum(axis=0))
    assert counts.protocol == ("80 training texts, each scored by a student that did not see it.")


def test_counts_of_the_folds_use_the_calibration_of_the_other_folds(
    folds: CalibrationScores,
) -> None:
    counts = held_out_counts(folds, None, has_nested_members=True)
    present, probabilities = cross_calibrated(folds.int8)
    assert present.shape == probabilities.shape == (80, 3)
    for label, row in enumerate(zip(counts.positives, counts.negatives, strict=True)):
        over_half = sum(sum(part[50:]) for part in row)
        assert over_half == int((probabilities[:, label] >= 0.5).sum())


def test_counts_that_flatter_say_so(folds: CalibrationScores) -> None:
    assert "flatter" in held_out_counts(folds, None, has_nested_members=False).protocol
