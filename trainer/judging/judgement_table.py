"""Judgements and differences of models, as tables for people and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from trainer.judging.deletion import DeletionTest
from trainer.judging.evidence import EvidenceFigures
from trainer.judging.judgement import Judgement, LabelFigures, ModelDifference
from trainer.judging.resampling import Estimate
from trainer.judging.significance import (
    Comparison,
    Disagreements,
    p_value_claim,
    p_value_words,
)

_OVERALL = {
    "micro_f1": "micro-F1",
    "macro_f1": "macro-F1",
    "weighted_f1": "weighted F1",
    "subset_accuracy": "subset accuracy",
    "example_f1": "example-based F1",
    "hamming_loss": "Hamming loss",
    "mean_average_precision": "mean average precision",
    "calibration_error": "calibration error, all decisions",
    "mean_calibration_error": "calibration error, mean of labels",
}
_EVIDENCE = {
    "precision_at_1": "best sentence carries the label",
    "precision": "precision of shown sentences",
    "recall": "recall of shown sentences",
    "f1": "F1 of shown sentences",
    "overall_f1": "F1, wrong and missed labels counted",
}
_NOTE = "Points of 100; intervals of 95 % from the bootstrap over texts, groups drawn whole."


def as_json(judgements: Sequence[Judgement], difference: ModelDifference | None) -> str:
    """One JSON object: the judgements in order, and their difference or null."""
    found = {
        "judgements": [asdict(one) for one in judgements],
        "difference": None if difference is None else asdict(difference),
    }
    return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def as_text(judgements: Sequence[Judgement], difference: ModelDifference | None) -> str:
    """The same as tables."""
    parts = [_judgement(one) for one in judgements]
    if difference is not None:
        parts.append(_difference(difference))
    return "\n".join(parts)


def _judgement(one: Judgement) -> str:
    overall = [_row(words, getattr(one, name)) for name, words in _OVERALL.items()]
    noise = _points(one.mean_calibration_noise)
    parts = [
        f"{one.bundle} on {one.texts} texts. {_NOTE}\n",
        _table([("", "value", "low", "high"), *overall]),
        f"Were every probability true, the labels' mean calibration error would be {noise}.\n",
        _labels(one.labels),
    ]
    if one.evidence is not None:
        parts.append(_evidence(one.evidence))
    if one.deletion is not None:
        parts.append(_deletion(one.deletion))
    return "\n".join(parts)


def _labels(labels: Sequence[LabelFigures]) -> str:
    head = ("label", "there", "found", "precision", "recall", "F1", "low", "high")
    rows = [
        (
            label.name,
            *(str(label.there), str(label.found)),
            *(_points(one.value) for one in (label.precision, label.recall, label.f1)),
            *(_points(label.f1.low), _points(label.f1.high)),
            *(_points(one.value) for one in (label.average_precision, label.calibration_error)),
            *(_points(label.calibration_error.low), _points(label.calibration_error.high)),
        )
        for label in labels
    ]
    return _table([(*head, "AP", "cal. error", "low", "high"), *rows])


def _evidence(evidence: EvidenceFigures) -> str:
    rows = [_row(words, getattr(evidence, name)) for name, words in _EVIDENCE.items()]
    head = (f"evidence for {evidence.labels} rightly found labels", "value", "low", "high")
    return _table([head, *rows])


def _deletion(deletion: DeletionTest) -> str:
    by = deletion.probability
    return (
        f"Without the sentence shown for it a label falls by {_points(deletion.shown_fall)} points "
        f"of probability,\nwithout another sentence of its text by {_points(deletion.other_fall)}: "
        f"{_points(by.difference)} more ({_points(by.low)} to {_points(by.high)}, "
        f"{p_value_claim(by.p_value)}),\nand more in {_points(deletion.more_often)} % of "
        f"{deletion.labels} labels. The whole text's own logit falls by "
        f"{deletion.text_logit.difference:.2f} more\n({deletion.text_logit.low:.2f} to "
        f"{deletion.text_logit.high:.2f}, {p_value_claim(deletion.text_logit.p_value)}).\n"
    )


def _difference(one: ModelDifference) -> str:
    figures = [_compared(_OVERALL[name], found) for name, found in one.figures.items()]
    labels = [
        (*_compared(label.id, label.f1), p_value_words(label.corrected_p_value))
        for label in one.labels
    ]
    return "\n".join(
        [
            f"{one.first} less {one.second} on {one.texts} texts. {_NOTE}\n",
            _table([("", "difference", "low", "high", "p"), *figures]),
            _table([("F1 of label", "difference", "low", "high", "p", "Holm's p"), *labels]),
            _mcnemar("decisions", one.decisions) + _mcnemar("texts", one.exact_matches),
        ]
    )


def _mcnemar(what: str, one: Disagreements) -> str:
    return (
        f"McNemar: {one.first_only} {what} right in the first alone, "
        f"{one.second_only} in the second alone, {p_value_claim(one.p_value)}\n"
    )


def _row(words: str, one: Estimate) -> tuple[str, ...]:
    return (words, _points(one.value), _points(one.low), _points(one.high))


def _compared(words: str, one: Comparison) -> tuple[str, ...]:
    numbers = (f"{100 * value:+.1f}" for value in (one.difference, one.low, one.high))
    return (words, *numbers, p_value_words(one.p_value))


def _points(share: float) -> str:
    return f"{100 * share:.1f}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(map(str.rjust, row[1:], widths[1:]))],
        ).rstrip()
        for row in rows
    ]
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines) + "\n"
