"""A comparison of a candidate with the model in force, as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

from kdh_desktop.core.classification.comparison import (
    Figure,
    JudgedModel,
    ModelComparison,
    labels_in_words,
    points,
    seen_in_words,
    signed_points,
    whole_in_words,
)
from kdh_desktop.core.classification.gate import judge_gate
from trainer.judging.significance import p_value_words


def comparison_as_text(comparison: ModelComparison) -> str:
    """All but the texts themselves."""
    verdict = judge_gate(comparison)
    gate = "The gate lets it pass." if verdict.passes else "The gate refuses it:"
    words = [whole_in_words(comparison), labels_in_words(comparison), seen_in_words(comparison)]
    heading = (
        f"{comparison.candidate.bundle_id} beside {comparison.active.bundle_id} on "
        f"{comparison.texts} texts that were kept back."
    )
    parts = [
        heading,
        "",
        *(sentence for sentence in words if sentence),
        "",
        _figures(comparison),
        _labels(comparison),
        f"Labels change on {len(comparison.changed)} texts.",
        gate,
        *(f"- {reason}" for reason in verdict.reasons),
        *(f"To know: {caution}" for caution in verdict.cautions),
    ]
    return "\n".join(parts) + "\n"


def _figures(one: ModelComparison) -> str:
    rows: list[tuple[str, ...]] = [
        (
            name.replace("_", " "),
            _figure(one.candidate.figures[name]),
            _figure(one.active.figures.get(name)),
            signed_points(one.differences[name].value) if name in one.differences else "",
        )
        for name in one.candidate.figures
    ]
    rows += [
        ("texts a second", *map(_speed, (one.candidate, one.active)), ""),
        ("MB", *(f"{x.model_bytes / 1e6:.1f}" for x in (one.candidate, one.active)), ""),
    ]
    return _table([("", "candidate", "in force", "difference"), *rows])


def _labels(one: ModelComparison) -> str:
    rows = [
        (
            label.name,
            str(label.positives),
            _figure(label.candidate),
            _figure(label.active),
            "" if label.difference is None else signed_points(label.difference.value),
            "" if label.corrected_p_value is None else p_value_words(label.corrected_p_value),
        )
        for label in one.labels
    ]
    head = ("F1 of label", "texts", "candidate", "in force", "difference", "Holm's p")
    return _table([head, *rows])


def _figure(figure: Figure | None) -> str:
    if figure is None:
        return ""
    return f"{points(figure.value)} ({points(figure.low)} to {points(figure.high)})"


def _speed(model: JudgedModel) -> str:
    return "" if model.texts_per_s is None else f"{model.texts_per_s:.1f}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in rows
    ]
    return "\n".join(lines) + "\n"
