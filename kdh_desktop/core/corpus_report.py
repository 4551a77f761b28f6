"""What a check of labelled texts found, before anything is trained on them.

It quotes no text. Rows are named by their number in their source, and by their id.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import build, parse_json, to_json_value

MAX_PLACES = 100
"""Places that a problem names; it counts all of them."""


class ProblemKind(StrEnum):
    """What is wrong, for programs."""

    NO_TEXTS = "no_texts"
    FEW_TEXTS = "few_texts"
    UNREADABLE_ROWS = "unreadable_rows"
    NUMBERS_OR_DATES_AS_TEXT = "numbers_or_dates_as_text"
    EMPTY_TEXTS = "empty_texts"
    INCOMPLETE = "incomplete"
    DUPLICATE_IDS = "duplicate_ids"
    UNKNOWN_LABELS = "unknown_labels"
    SIMILAR_LABELS = "similar_labels"
    NOT_LABELS = "not_labels"
    ONE_LABEL = "one_label"
    NO_POSITIVES = "no_positives"
    NO_NEGATIVES = "no_negatives"
    FEW_POSITIVES = "few_positives"
    FEW_GROUPS = "few_groups"
    CONFLICTING_LABELS = "conflicting_labels"
    EXACT_DUPLICATES = "exact_duplicates"
    NEAR_DUPLICATES = "near_duplicates"
    IN_TRAIN_AND_TEST = "in_train_and_test"
    NEARLY_IN_TRAIN_AND_TEST = "nearly_in_train_and_test"
    GROUP_IN_TRAIN_AND_TEST = "group_in_train_and_test"
    LONG_TEXTS = "long_texts"
    UNKNOWN_PIECES = "unknown_pieces"
    FILE_NOTICE = "file_notice"


class Severity(StrEnum):
    """Whether training may start in spite of it."""

    BLOCKING = "blocking"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a problem lies.

    Attributes:
        source: Place of the source in the report's list, from 0.
        row: Row, line or running number in that source, from 1.
        id: Id of the text; empty where it has none.
        like: Row of the other text of a pair, from 1; None where there is none.
        like_source: Source of that text.
    """

    source: int
    row: int
    id: str = ""
    like: int | None = None
    like_source: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        kind: What, for programs.
        severity: Whether it blocks training.
        message: What was found, as one sentence.
        remedy: What to do about it, as one sentence.
        count: How many texts, pairs or labels it concerns.
        places: Where, the first `MAX_PLACES` of them.
        labels: Names of the labels that it concerns.
    """

    kind: ProblemKind
    severity: Severity
    message: str
    remedy: str
    count: int = 0
    places: tuple[Place, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """What one source holds.

    Attributes:
        name: Its file's or folder's name, without the path.
        is_test: Whether it is kept for judging.
        rows: Rows that were found.
        texts: Texts that can be used.
        without_labels: Those of them that carry no label.
        with_sentence_labels: Those of them whose sentences are labelled.
        groups: Number of groups; 0 where texts are not grouped.
    """

    name: str
    is_test: bool
    rows: int
    texts: int
    without_labels: int
    with_sentence_labels: int
    groups: int


@dataclass(frozen=True, slots=True)
class LabelBalance:
    """How often a label occurs among the texts to train on.

    Attributes:
        id: Its id.
        name: Its name.
        positives: Texts that carry it.
        share: The same as a share in 0..1 of all texts.
        test_positives: Texts kept for judging that carry it.
    """

    id: str
    name: str
    positives: int
    share: float
    test_positives: int = 0


@dataclass(frozen=True, slots=True)
class Lengths:
    """Lengths of the texts to train on, in word pieces without special ones.

    Attributes:
        median: Half of the texts are no longer.
        p90: Nine of ten are no longer.
        p99: 99 of 100 are no longer.
        longest: The longest text.
        window: Pieces that the model reads at once, special ones included.
        share_over: Share in 0..1 of texts that do not fit into the window.
        unknown_share: Share in 0..1 of pieces that the vocabulary does not know.
    """

    median: int
    p90: int
    p99: int
    longest: int
    window: int
    share_over: float
    unknown_share: float


@dataclass(frozen=True, slots=True)
class CorpusReport:
    """What a check found.

    Attributes:
        sources: One for each source, in the order given.
        labels: One for each label, in the order of the columns.
        labels_per_text: Mean number of labels of a text to train on.
        folds: Number of folds that the check was for.
        lengths: Lengths of the texts; None where there is no text or no tokenizer.
        problems: Blocking ones first.
    """

    sources: tuple[SourceCounts, ...]
    labels: tuple[LabelBalance, ...]
    labels_per_text: float
    folds: int
    lengths: Lengths | None
    problems: tuple[Problem, ...]

    @property
    def blocking(self) -> tuple[Problem, ...]:
        """Problems that training must not start with."""
        return tuple(one for one in self.problems if one.severity is Severity.BLOCKING)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Problems to look at that training may start with."""
        return tuple(one for one in self.problems if one.severity is Severity.WARNING)


def report_to_json(report: CorpusReport) -> str:
    """A report as one JSON object."""
    return json.dumps(to_json_value(report), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def report_from_json(text: str) -> CorpusReport:
    """Read what `report_to_json` wrote.

    Raises:
        TrainingError: It is no report.
    """
    try:
        return build(CorpusReport, parse_json(text), "report")
    except (TypeError, ValueError) as error:
        raise TrainingError(
            f"The report on the corpus cannot be read: {error}.", "Check the corpus again."
        ) from error
