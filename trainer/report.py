"""The figures that a run reports, each under the protocol that its name says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.confidence import calibrated_probabilities
from trainer.calibration import fit_calibrations
from trainer.candidate import CalibrationScores
from trainer.corpus import LabelledText
from trainer.evaluation import ServedScores, served_scores
from trainer.evidence import evidence_precision_at_1
from trainer.metrics import Decisions, Tally, calibration_error, figures, micro_f1
from trainer.onnx_export import check_int8
from trainer.resampling import estimate
from trainer.stacking import nested_decisions
from trainer.teacher import Teacher


def teacher_figures(teacher: Teacher, truth: NDArray[np.float32]) -> dict[str, float]:
    """Out-of-fold figures of the teacher and its members.

    The threshold of each fold is taken from the other folds, and so is the stacking.
    """
    joined = figures(teacher.decide(truth), truth)
    found = {"micro_f1": joined.micro_f1, "macro_f1": joined.macro_f1}
    for name, scores in zip(("network", "linear"), teacher.members, strict=False):
        found[f"{name}_micro_f1"] = micro_f1(_decide(scores, truth, teacher.fold_of), truth)
    return {name: round(value, 4) for name, value in found.items()}


def calibration_figures(held_out: CalibrationScores) -> dict[str, float]:
    """Figures of the calibration students, each on the fold it did not see.

    Calibration and threshold for each fold come from the other folds; with a single fold they
    come from that fold itself, and the figures flatter.

    Raises:
        TrainingError: int8 loses more micro-F1 against float32 than is allowed.
    """
    int8_present, probabilities = _cross_calibrated(held_out.int8)
    float32_present, _ = _cross_calibrated(held_out.float32)
    joined = ServedScores.join(held_out.int8)
    of_int8 = figures(int8_present, joined.truth)
    float32_f1 = micro_f1(float32_present, joined.truth)
    check_int8(float32_f1, of_int8.micro_f1)
    found = {
        "texts": float(len(joined.truth)),
        "micro_f1": of_int8.micro_f1,
        "macro_f1": of_int8.macro_f1,
        "float32_micro_f1": float32_f1,
        "calibration_error": calibration_error(probabilities, joined.truth),
        **_evidence(joined, int8_present),
    }
    return {name: round(value, 4) for name, value in found.items()}


def held_out_figures(
    classifier: OnnxClassifier,
    texts: Sequence[LabelledText],
    linear_present: NDArray[np.bool_] | None,
    *,
    seed: int,
) -> dict[str, float]:
    """Figures of the bundle itself on texts that nothing was trained or chosen on.

    Args:
        classifier: The bundle, calibrated.
        texts: The texts.
        linear_present: The linear member's decisions on them, boolean (texts, labels), or
            None.
        seed: Of the bootstrap over texts.
    """
    scores = served_scores(classifier, texts)
    calibrations = classifier.bundle.manifest.calibrations
    probabilities = calibrated_probabilities(scores.decision_logits, calibrations)
    present = probabilities >= np.array([one.threshold for one in calibrations])
    truth = scores.truth
    of_micro_f1 = estimate(
        Decisions.statistic(Tally.micro_f1)(present, truth), size=len(truth), seed=seed
    )
    of_bundle = figures(present, truth)
    found = {
        "texts": float(len(texts)),
        "micro_f1": of_bundle.micro_f1,
        "micro_f1_low": of_micro_f1.low,
        "micro_f1_high": of_micro_f1.high,
        "macro_f1": of_bundle.macro_f1,
        "calibration_error": calibration_error(probabilities, truth),
        **_evidence(scores, present),
    }
    if linear_present is not None:
        of_linear = figures(linear_present, truth)
        found |= {"linear_micro_f1": of_linear.micro_f1, "linear_macro_f1": of_linear.macro_f1}
    per_label = zip(classifier.labels.ids, of_bundle.label_f1, strict=True)
    found |= {f"f1.{label}": value for label, value in per_label}
    return {name: round(value, 4) for name, value in found.items()}


def _evidence(scores: ServedScores, present: NDArray[np.bool_]) -> dict[str, float]:
    """How good the evidence is, left out where the corpus labels no sentence."""
    found = evidence_precision_at_1(scores, present)
    return {} if found is None else {"evidence_precision_at_1": found}


def _decide(
    scores: NDArray[np.float32], truth: NDArray[np.float32], fold_of: NDArray[np.int64]
) -> NDArray[np.bool_]:
    return nested_decisions(lambda _, own: scores[own], truth=truth, fold_of=fold_of)


def _cross_calibrated(
    folds: Sequence[ServedScores],
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Decisions and probabilities of each fold with the calibration of the others, joined."""
    present: list[NDArray[np.bool_]] = []
    probabilities: list[NDArray[np.float64]] = []
    for fold in folds:
        rest = ServedScores.join([other for other in folds if other is not fold] or [fold])
        calibrations = fit_calibrations(rest.decision_logits, rest.truth)
        of_fold = calibrated_probabilities(fold.decision_logits, calibrations)
        present.append(of_fold >= calibrations[0].threshold)
        probabilities.append(of_fold)
    return np.concatenate(present), np.concatenate(probabilities)
