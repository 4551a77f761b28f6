"""What crosses a thread, a process or a module: texts, and what the model says of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kdh_desktop.core.labels import Label


class Band(StrEnum):
    """How sure the model is of one label, by the limits in the bundle's manifest."""

    PRESENT = "present"
    NEEDS_REVIEW = "needs_review"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Record:
    """One text to classify.

    Attributes:
        id: Identifier within its source: a PubMed id, a row id, or a running number.
        text: The text exactly as the user gave it; offsets of evidence point into it.
    """

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sentence that speaks for a label.

    Attributes:
        start: First character, as an offset into `Record.text`.
        end: One past the last character, as an offset into `Record.text`.
        text: `Record.text[start:end]`.
        score: Probability in 0..1 that this sentence alone carries the label.
    """

    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class LabelScore:
    """What the model says of one label.

    Attributes:
        label: The label.
        probability: Calibrated probability in 0..1.
        threshold: Probability from which the label is present, in 0..1.
        band: How sure the model is.
        evidence: Sentences that speak for it, best first; empty when none is clear.
    """

    label: Label
    probability: float
    threshold: float
    band: Band
    evidence: tuple[Evidence, ...]

    @property
    def is_present(self) -> bool:
        """Whether the label counts as present: probability at or over the threshold."""
        return self.probability >= self.threshold


class WarningCode(StrEnum):
    """What a user should know about how a text was read."""

    EMPTY = "empty"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    CUT_INTO_WINDOWS = "cut_into_windows"
    OUT_OF_DOMAIN = "out_of_domain"
    NOT_ENGLISH = "not_english"
    CLEANED = "cleaned"
    LOOKALIKE_LETTERS = "lookalike_letters"


@dataclass(frozen=True, slots=True)
class TextWarning:
    """One warning about one text.

    Attributes:
        code: What kind, for programs.
        message: One or two sentences for people; quotes nothing of the text.
    """

    code: WarningCode
    message: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one model says of one record.

    Attributes:
        record: The record.
        model_id: Bundle id of the model.
        scores: One per label, in column order; empty when the text holds nothing to classify.
        tokens: Word pieces read, without special tokens.
        windows: Windows that the text was cut into; 0 for an empty text.
        warnings: What the user should know, most serious first.
    """

    record: Record
    model_id: str
    scores: tuple[LabelScore, ...]
    tokens: int
    windows: int
    warnings: tuple[TextWarning, ...]

    @property
    def by_probability(self) -> tuple[LabelScore, ...]:
        """Scores by falling probability."""
        return tuple(sorted(self.scores, key=lambda score: -score.probability))
