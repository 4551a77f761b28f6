"""Suspicious labels as they pass between processes, and into a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.suspicious_labels import (
    SuspiciousLabel,
    SuspiciousLabels,
    suspects_from_json,
    suspects_to_csv,
    suspects_to_json,
)


def suspect(**values: object) -> SuspiciousLabel:
    usual: dict[str, object] = {
        "source": 0,
        "id": "7",
        "beginning": "We studied cells.",
        "label": "Inducing angiogenesis",
        "is_labelled": True,
        "probability": 0.03,
    }
    return SuspiciousLabel(**(usual | values))  # type: ignore[arg-type]


def test_disagreement_counts_in_both_directions() -> None:
    assert suspect(probability=0.03).disagreement == pytest.approx(0.97)
    assert suspect(is_labelled=False, probability=0.9).disagreement == pytest.approx(0.9)


def test_the_outcome_comes_back_as_it_was_sent() -> None:
    found = SuspiciousLabels("m", 2, ("Inducing angiogenesis",), ("Other",), 1, (suspect(),))
    assert suspects_from_json(suspects_to_json(found)) == found
    assert found.is_comparable


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"model": 1}'])
def test_what_is_no_outcome_is_refused(text: str) -> None:
    with pytest.raises(TrainingError):
        suspects_from_json(text)


def test_no_cell_of_the_saved_list_is_a_formula() -> None:
    texts = ["=HYPERLINK()", "+1", "-cmd|x", "@SUM", "\t=1", "\uff1d1+1", 'He said "no", then left']
    rows = list(
        csv.reader(io.StringIO(suspects_to_csv([suspect(beginning=x, id=x) for x in texts])))
    )
    assert len(rows) == 1 + len(texts)
    for row in rows[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\uff1d")) for cell in row)
    assert rows[-1][4] == texts[-1]
