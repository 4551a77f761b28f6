"""What a bundle keeps of texts that were not trained on, for limits chosen later."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.classification.held_out import HeldOutCounts
from trainer.export.candidate import CalibrationScores
from trainer.judging.calibration import fit_calibrations
from trainer.judging.evaluation import ServedScores
from trainer.judging.judgement import ScoredTexts, decide


def held_out_counts(
    folds: CalibrationScores, judged: ScoredTexts | None, *, has_nested_members: bool
) -> HeldOutCounts:
    """Counts on the texts that the bundle itself was judged on, else on the calibration folds.

    The texts it was judged on come first though they are fewer: nothing was trained, calibrated or
    chosen on them, and it is this very model that scored them.

    Args:
        folds: Scores of the training texts by students that did not see them.
        judged: The bundle's scores of texts that were kept back, or None where there were none.
        has_nested_members: Whether the teachers of those students had not seen the folds either.
    """
    if judged is not None:
        protocol = (
            f"{len(judged.truth)} texts on which nothing was trained or chosen, scored once by "
            "this model."
        )
        return HeldOutCounts.of(judged.probabilities, judged.truth, protocol=protocol)
    truth = ServedScores.join(folds.int8).truth
    flattery = (
        ""
        if has_nested_members
        else " Their teachers had seen it, so the figures flatter a little."
    )
    protocol = (
        f"{len(truth)} training texts, each scored by a student that did not see it.{flattery}"
    )
    _, probabilities = cross_calibrated(folds.int8)
    return HeldOutCounts.of(probabilities, truth, protocol=protocol)


def cross_calibrated(
    folds: Sequence[ServedScores],
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Decisions and probabilities of each fold with the calibration of the others, joined.

    Args:
        folds: Scores fold by fold; with a single one its calibration is its own.

    Returns:
        Both of shape (texts, labels), fold after fold.
    """
    present: list[NDArray[np.bool_]] = []
    probabilities: list[NDArray[np.float64]] = []
    for fold in folds:
        rest = ServedScores.join([other for other in folds if other is not fold] or [fold])
        calibrations = fit_calibrations(rest.decision_logits, rest.truth)
        of_fold, is_there = decide(fold, calibrations)
        present.append(is_there)
        probabilities.append(of_fold)
    return np.concatenate(present), np.concatenate(probabilities)
