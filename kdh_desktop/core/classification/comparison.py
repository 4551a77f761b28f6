"""A candidate and the model in force, judged on the same texts: the figures, and what they mean.

The trainer writes a `ModelComparison` as one JSON object, the window reads it. All figures lie in
0..1, with intervals of 95 % from the bootstrap over texts; differences are candidate minus active.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.json_values import build, parse_json, to_json_value

SIGNIFICANT = 0.05
"""A p-value, corrected for the number of labels, under which a label is called better or worse."""

FIRST_WORDS = 60
"""Words of a text whose labels change that are shown."""

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its interval of 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference on the same texts, candidate minus active.

    Attributes:
        value: The difference.
        low: Lower end of its interval of 95 %.
        high: Upper end.
        p_value: How often chance alone would give as large a difference either way, in (0, 1].
    """

    value: float
    low: float
    high: float
    p_value: float


class Direction(StrEnum):
    """What a paired test says of a label."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"


@dataclass(frozen=True, slots=True)
class LabelComparison:
    """One label, in both models.

    Attributes:
        id: Of the label.
        name: What people read.
        positives: Judged texts that have it.
        candidate: F1 of the candidate.
        active: F1 of the active model, or None where it does not know the candidate's labels.
        difference: Of the two, or None.
        corrected_p_value: The difference's p-value by Holm's correction, or None.
    """

    id: str
    name: str
    positives: int
    candidate: Figure
    active: Figure | None = None
    difference: Difference | None = None
    corrected_p_value: float | None = None

    @property
    def direction(self) -> Direction:
        """Better or worse only where chance does not explain it."""
        if self.difference is None or (self.corrected_p_value or 1.0) >= SIGNIFICANT:
            return Direction.SAME
        return Direction.BETTER if self.difference.value > 0 else Direction.WORSE


@dataclass(frozen=True, slots=True)
class Seen:
    """How many of the judged texts a model was trained on.

    Attributes:
        texts: The number, at least.
        may_be_more: Whether others may be among its training texts, which cannot be looked up.
    """

    texts: int
    may_be_more: bool = False


@dataclass(frozen=True, slots=True)
class JudgedModel:
    """One model on the judged texts.

    Attributes:
        bundle_id: Its id.
        created_utc: When it was made, ISO 8601.
        model_bytes: Size of its network.
        shows_evidence: Whether its network says which sentences speak for a label.
        seen: Judged texts that it was trained on.
        texts_per_s: Abstracts a second, measured in turns with the other model; None where there
            was no text to measure on.
        figures: Figures of the whole by name: ``micro_f1``, ``macro_f1``, ``weighted_f1``,
            ``subset_accuracy``, ``mean_average_precision``, ``calibration_error`` (over all
            decisions), ``mean_calibration_error`` (mean of labels) and, where sentences are
            labelled, ``evidence_precision_at_1`` and ``evidence_f1``.
    """

    bundle_id: str
    created_utc: str
    model_bytes: int
    shows_evidence: bool
    seen: Seen
    texts_per_s: float | None
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class CandidateChecks:
    """What was looked at beside its figures.

    Attributes:
        parity_gap: Largest difference in probability between the trained network and its export,
            as the run measured it; None where the bundle does not say.
        known_sentences: Invented sentences of which every model of these labels must know the
            label; 0 where the candidate has other labels.
        known_right: How many of them came out right.
    """

    parity_gap: float | None
    known_sentences: int
    known_right: int


@dataclass(frozen=True, slots=True)
class ChangedText:
    """One judged text of which the two models say something else; never kept anywhere.

    Attributes:
        id: Of the text in its source.
        first_words: Its beginning.
        before: Names of the labels by the active model.
        after: Names of the labels by the candidate.
        truth: Names of its own labels.
    """

    id: str
    first_words: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    truth: tuple[str, ...]

    @property
    def gain(self) -> int:
        """Decisions that become right, less those that become wrong."""
        truth = set(self.truth)
        return len(truth ^ set(self.before)) - len(truth ^ set(self.after))


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """All that is known of a candidate beside the model in force.

    Attributes:
        run: Id of the run that trained the candidate.
        texts: Judged texts; 0 where the run kept none back.
        candidate: The candidate.
        active: The model in force; without figures where it has other labels.
        has_same_labels: Whether both know the same labels; else the candidate stands alone.
        differences: Paired differences of the figures, by their names.
        labels: Label by label.
        changed: Texts whose labels change.
        checks: What else was looked at.
        version: Of this form.
    """

    run: str
    texts: int
    candidate: JudgedModel
    active: JudgedModel
    has_same_labels: bool
    differences: Mapping[str, Difference]
    labels: tuple[LabelComparison, ...]
    changed: tuple[ChangedText, ...]
    checks: CandidateChecks
    version: int = _VERSION

    def labels_that_are(self, direction: Direction) -> tuple[LabelComparison, ...]:
        """The labels of which the paired test says so."""
        return tuple(label for label in self.labels if label.direction is direction)


def comparison_to_json(comparison: ModelComparison) -> str:
    """One JSON object, on one line."""
    return json.dumps(to_json_value(comparison), ensure_ascii=False, allow_nan=False) + "\n"


def comparison_from_json(text: str) -> ModelComparison:
    """Read what `comparison_to_json` wrote.

    Raises:
        InputError: It is no comparison.
    """
    try:
        return build(ModelComparison, parse_json(text), "comparison")
    except (TypeError, ValueError) as error:
        # What the message names may be a text's; the window shows none of it.
        raise InputError(
            "The comparison did not come to an end that can be read.", "Compare again."
        ) from error


def labels_in_words(comparison: ModelComparison) -> str:
    """What the paired tests say of the labels, as one or two sentences.

    Source: paired bootstrap of each label's F1, p-values by Holm's correction.
    """
    if not comparison.has_same_labels:
        return (
            "The model in force knows other labels, so the two cannot be compared: the candidate "
            "is judged alone."
        )
    if comparison.texts == 0:
        return "No texts were kept back to judge on, so nothing can be said of single labels."
    better, same, worse = (len(comparison.labels_that_are(one)) for one in Direction)
    if not better and not worse:
        return (
            f"No label is better or worse by more than chance explains on these "
            f"{_counted(comparison.texts, 'text')}. {_plain_tally(comparison)}"
        )
    names = ", ".join(label.name for label in comparison.labels_that_are(Direction.WORSE))
    ending = f"worse on {worse}: {names}." if worse else "worse on none."
    return f"Better on {better}, same on {same}, {ending}"


def whole_in_words(comparison: ModelComparison) -> str:
    """What the paired test says of micro-F1, as one sentence; empty where there was none."""
    found = comparison.differences.get("micro_f1")
    if found is None:
        return ""
    if abs(found.value) < 0.0005:
        return f"Micro-F1 is the same in both on these {_counted(comparison.texts, 'text')}."
    verb = "rises" if found.value > 0 else "falls"
    chance = (
        "more than chance explains" if found.p_value < SIGNIFICANT else "which chance may explain"
    )
    return (
        f"Micro-F1 {verb} by {points(abs(found.value))} points (95 % interval "
        f"{signed_points(found.low)} to {signed_points(found.high)}), {chance}."
    )


def seen_in_words(comparison: ModelComparison) -> str:
    """Whether the active model's figures flatter it, as one sentence; else empty."""
    seen, of = comparison.active.seen, comparison.texts
    if of == 0 or not comparison.has_same_labels:
        return ""
    if seen.texts == of:
        return (
            "The model in force was trained on these very texts: its figures here flatter it, and "
            "the candidate may be better than it looks beside it."
        )
    if seen.texts:
        return (
            f"The model in force was trained on {seen.texts} of these {of} texts: its figures here "
            "flatter it."
        )
    if seen.may_be_more:
        return (
            "The model in force may have been trained on some of these texts; then its figures "
            "here flatter it."
        )
    return ""


def points(share: float) -> str:
    """A share as points of 100."""
    return f"{100 * share:.1f}"


def signed_points(share: float) -> str:
    """A difference of shares as points of 100, with its sign."""
    return f"{100 * share:+.1f}".replace("-", "\N{MINUS SIGN}")


def _plain_tally(comparison: ModelComparison) -> str:
    values = [x.difference.value for x in comparison.labels if x.difference is not None]
    higher = sum(value > 0.0005 for value in values)
    lower = sum(value < -0.0005 for value in values)
    if not higher and not lower:
        return "The figures of all labels are the same."
    return (
        f"Taken as they are, the figures are higher on {higher}, equal on "
        f"{len(values) - higher - lower}, lower on {lower}."
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else noun + 's'}"
