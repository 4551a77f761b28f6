"""How sure the model is: from logits to calibrated probabilities, and from those to bands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.classification.manifest import LabelCalibration
from kdh_desktop.core.record import Band


def sigmoid(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Logistic function, elementwise, without overflow for logits of any size."""
    values = np.asarray(logits, dtype=np.float64)
    small = np.exp(-np.abs(values))
    return np.where(values >= 0, 1.0, small) / (1.0 + small)


def calibrated_probabilities(
    decision_logits: NDArray[np.floating], calibrations: Sequence[LabelCalibration]
) -> NDArray[np.float64]:
    """Probabilities in 0..1 from decision logits; arguments as in `calibrated_logits`."""
    return sigmoid(calibrated_logits(decision_logits, calibrations))


def calibrated_logits(
    decision_logits: NDArray[np.floating], calibrations: Sequence[LabelCalibration]
) -> NDArray[np.float64]:
    """Logits of calibrated probabilities from decision logits.

    Source: Platt 1999, equation 1, per label.

    Args:
        decision_logits: Shape (..., labels).
        calibrations: One per label.
    """
    slopes = np.array([calibration.slope for calibration in calibrations])
    intercepts = np.array([calibration.intercept for calibration in calibrations])
    return np.asarray(slopes * decision_logits + intercepts, np.float64)


def band_of(probability: float, calibration: LabelCalibration) -> Band:
    """Band in which a probability lies; limits belong to the band above them."""
    if probability >= calibration.present_from:
        return Band.PRESENT
    if probability >= calibration.review_from:
        return Band.NEEDS_REVIEW
    return Band.ABSENT
