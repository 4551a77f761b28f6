"""The figures that a run reports, each under the protocol that its name says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.labels import LabelSet
from trainer.corpus import LabelledText, target_matrix
from trainer.corpus.duplicates import groups_of
from trainer.export.candidate import CalibrationScores
from trainer.export.onnx_export import check_int8
from trainer.judging.evaluation import ServedScores
from trainer.judging.evidence import evidence_precision_at_1
from trainer.judging.held_out import cross_calibrated
from trainer.judging.judgement import Judgement, ScoredTexts, judge
from trainer.judging.metrics import (
    Decisions,
    Tally,
    average_precision,
    calibration_error,
    calibration_noise,
    figures,
    micro_f1,
    weighted_label_calibration_errors,
)
from trainer.judging.resampling import Estimate, Groups, estimate, observe
from trainer.judging.significance import Comparison, paired_bootstrap
from trainer.stacking import out_of_fold_decisions
from trainer.teacher import Teacher


def teacher_figures(
    teacher: Teacher, texts: Sequence[LabelledText], *, seed: int = 0
) -> dict[str, float]:
    """Out-of-fold figures of the teacher of some texts, and of its members.

    The thresholds of each fold are taken from the other folds, and so is the stacking.
    """
    truth = target_matrix(texts)
    found = _of_decisions(teacher.decide(truth), truth, groups=groups_of(texts), seed=seed)
    kinds = {"network": teacher.has_own_thresholds, "linear": False}
    for (name, is_each), scores in zip(kinds.items(), teacher.members, strict=False):
        present = out_of_fold_decisions(
            scores, truth=truth, fold_of=teacher.fold_of, has_own_thresholds=is_each
        )
        found[f"{name}_micro_f1"] = micro_f1(present, truth)
    return _rounded(found)


def calibration_figures(
    held_out: CalibrationScores, labels: LabelSet, *, seed: int = 0
) -> dict[str, float]:
    """Figures of the calibration students, each on the fold it did not see.

    Calibration and threshold for each fold come from the other folds; with a single fold they
    come from that fold itself, and the figures flatter.

    Raises:
        TrainingError: int8 loses more micro-F1 against float32 than is allowed.
    """
    present, probabilities = cross_calibrated(held_out.int8)
    float32_present, _ = cross_calibrated(held_out.float32)
    joined = ServedScores.join(held_out.int8)
    truth = joined.truth
    float32_f1 = micro_f1(float32_present, truth)
    groups = groups_of(held_out.texts)
    found = _of_decisions(present, truth, groups=groups, seed=seed)
    lost = paired_bootstrap(
        float32_present,
        present,
        truth,
        statistic=Decisions.statistic(Tally.micro_f1),
        seed=seed,
        groups=groups,
    )
    check_int8(lost.difference, at_least=lost.low)
    errors = weighted_label_calibration_errors(probabilities, truth)
    found |= {
        "float32_micro_f1": float32_f1,
        "mean_average_precision": float(np.mean(average_precision(probabilities, truth))),
        "calibration_error": calibration_error(probabilities, truth),
        "mean_calibration_error": float(observe(errors, size=len(truth)).mean()),
        "mean_calibration_noise": calibration_noise(probabilities, seed=seed),
    }
    evidence = evidence_precision_at_1(joined, present)
    if evidence is not None:
        found["evidence_precision_at_1"] = evidence
    plain = figures(present, truth)
    of_labels = {
        "f1": plain.label_f1,
        "precision": plain.label_precision,
        "recall": plain.label_recall,
        "average_precision": average_precision(probabilities, truth),
        "calibration_error": observe(errors, size=len(truth)),
    }
    for name, values in of_labels.items():
        pairs = zip(labels.ids, values, strict=True)
        found |= {f"{name}.{label}": float(value) for label, value in pairs}
    return _rounded(found)


def held_out_figures(
    scored: ScoredTexts, linear_present: NDArray[np.bool_] | None, *, seed: int
) -> dict[str, float]:
    """Figures of the bundle itself on texts that nothing was trained or chosen on.

    Args:
        scored: The texts, scored by the bundle, calibrated.
        linear_present: The linear member's decisions on them, boolean (texts, labels), or
            None.
        seed: Of the bootstrap over texts, and of the sentences taken away.
    """
    found = _flat(judge(scored, seed=seed))
    if linear_present is not None:
        of_linear = figures(linear_present, scored.truth)
        over = paired_bootstrap(
            scored.present,
            linear_present,
            scored.truth,
            statistic=Decisions.statistic(Tally.micro_f1),
            seed=seed,
            groups=scored.groups,
        )
        found |= {"linear_micro_f1": of_linear.micro_f1, "linear_macro_f1": of_linear.macro_f1}
        found |= _compared("over_linear", over)
    return _rounded(found)


def _flat(judgement: Judgement) -> dict[str, float]:
    """What the manifest keeps of a judgement."""
    found = {"texts": float(judgement.texts)}
    for name in ("micro_f1", "macro_f1", "calibration_error", "mean_calibration_error"):
        one: Estimate = getattr(judgement, name)
        found |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
    for name in (
        *("weighted_f1", "subset_accuracy", "example_f1", "hamming_loss"),
        "mean_average_precision",
    ):
        found[name] = getattr(judgement, name).value
    found["mean_calibration_noise"] = judgement.mean_calibration_noise
    if (evidence := judgement.evidence) is not None:
        found |= {
            "evidence_precision_at_1": evidence.precision_at_1.value,
            "evidence_f1": evidence.f1.value,
        }
    if (deletion := judgement.deletion) is not None:
        found |= _compared("deletion", deletion.probability)
        found["deletion_more_often"] = deletion.more_often
    for label in judgement.labels:
        for name in ("f1", "precision", "recall", "average_precision", "calibration_error"):
            found[f"{name}.{label.id}"] = getattr(label, name).value
    return found


def _compared(name: str, one: Comparison) -> dict[str, float]:
    return {
        f"{name}_difference": one.difference,
        f"{name}_low": one.low,
        f"{name}_high": one.high,
        f"{name}_p_value": one.p_value,
    }


def _of_decisions(
    present: NDArray[np.bool_], truth: NDArray[np.float32], *, groups: Groups, seed: int
) -> dict[str, float]:
    plain = figures(present, truth)
    statistic = Decisions.statistic(Tally.micro_f1)(present, truth)
    interval = estimate(statistic, size=len(truth), seed=seed, groups=groups)
    return {
        "texts": float(len(truth)),
        "micro_f1": plain.micro_f1,
        "micro_f1_low": interval.low,
        "micro_f1_high": interval.high,
        "macro_f1": plain.macro_f1,
        "weighted_f1": plain.weighted_f1,
        "subset_accuracy": plain.subset_accuracy,
        "example_f1": plain.example_f1,
        "hamming_loss": plain.hamming_loss,
    }


def _rounded(found: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in found.items()}
