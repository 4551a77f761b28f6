"""The labelled sample that ships with the program."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from kdh_desktop.core.labels import HALLMARKS_OF_CANCER

SAMPLE = Path(__file__).parents[2] / "resources" / "sample" / "labelled.csv"


def rows() -> list[dict[str, str]]:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def labels_of(row: dict[str, str]) -> list[str]:
    return [name.strip() for name in row["labels"].split(";") if name.strip()]


def test_it_holds_enough_texts_of_every_label_and_some_of_none() -> None:
    found = rows()
    assert len(found) == 240
    counts = Counter(name for row in found for name in labels_of(row))
    assert set(counts) == set(HALLMARKS_OF_CANCER.names)
    assert min(counts.values()) >= 20
    assert sum(not labels_of(row) for row in found) >= 30
    assert max(len(labels_of(row)) for row in found) <= 3


def test_no_text_or_id_is_there_twice_and_each_reads_as_an_abstract() -> None:
    found = rows()
    assert len({row["id"] for row in found}) == len(found)
    assert len({row["text"] for row in found}) == len(found)
    for row in found:
        assert 3 <= row["text"].count(". ") + 1 <= 7
        assert row["text"][0].isupper() or row["text"][0].isdecimal()
        assert not any(mark in row["text"] for mark in "{}")
