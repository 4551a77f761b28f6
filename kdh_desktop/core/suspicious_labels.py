"""Labels of a training set that the model in force would not have given, worst first.

What people wrote and what a model says may both be wrong; the list says where to look.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.formula_guard import guarded
from kdh_desktop.core.json_values import build, parse_json, to_json_value

MAX_SUSPECTS = 200
"""Pairs of text and label that are listed; all of them are counted."""

LEAST_DISAGREEMENT = 0.5
"""Distance in 0..1 of the label to the probability from which a pair is worth a look."""

FIRST_CHARACTERS = 160
"""Characters of a text that stand in the list, so that a person knows it again."""


@dataclass(frozen=True, slots=True)
class SuspiciousLabel:
    """One label of one text.

    Attributes:
        source: Place of the source in the order given, from 0.
        id: Id of the text in its source.
        beginning: First words of the text.
        label: Name of the label.
        is_labelled: Whether the text carries it.
        probability: Calibrated probability in 0..1 that the model gives it.
    """

    source: int
    id: str
    beginning: str
    label: str
    is_labelled: bool
    probability: float

    @property
    def disagreement(self) -> float:
        """How far label and model are apart, in 0..1."""
        return 1 - self.probability if self.is_labelled else self.probability


@dataclass(frozen=True, slots=True)
class SuspiciousLabels:
    """What came of the comparison.

    Attributes:
        model: Id of the model.
        texts: Texts that were compared.
        compared: Names of the labels that the model knows, too.
        unknown: Names of the labels that it does not know, which were left out.
        count: Pairs that are at least `LEAST_DISAGREEMENT` apart.
        suspects: The first `MAX_SUSPECTS` of them, worst first.
    """

    model: str
    texts: int
    compared: tuple[str, ...]
    unknown: tuple[str, ...]
    count: int
    suspects: tuple[SuspiciousLabel, ...]

    @property
    def is_comparable(self) -> bool:
        """Whether the model knows any of the labels."""
        return bool(self.compared)


def suspects_to_json(found: SuspiciousLabels) -> str:
    """The outcome as one JSON object."""
    return json.dumps(to_json_value(found), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def suspects_from_json(text: str) -> SuspiciousLabels:
    """Read what `suspects_to_json` wrote.

    Raises:
        TrainingError: It is none.
    """
    try:
        return build(SuspiciousLabels, parse_json(text), "suspicious labels")
    except (TypeError, ValueError) as error:
        raise TrainingError(
            f"The list of suspicious labels cannot be read: {error}.", "Make it again."
        ) from error


def suspects_to_csv(found: Sequence[SuspiciousLabel]) -> str:
    """The list as a table for a spreadsheet; no cell can be taken for a formula."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")
    lines.writerow(["id", "label", "labelled", "probability", "text begins"])
    for one in found:
        lines.writerow(
            [
                guarded(one.id),
                guarded(one.label),
                "yes" if one.is_labelled else "no",
                f"{one.probability:.4f}",
                guarded(one.beginning),
            ]
        )
    return out.getvalue()
