"""A small record store of which everything is known, and what its queries should answer.

`KnownStore` makes records, predictions, decisions and removals by chance and keeps them as plain
Python values beside the store, so that filters and orders can be worked out without SQL.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER, Label, LabelSet
from kdh_desktop.core.record import Band
from kdh_desktop.core.records.import_batch import BatchKind, BatchSource
from kdh_desktop.core.records.record_filter import (
    Field,
    Queue,
    RecordFilter,
    RecordOrder,
    ReviewStatus,
)
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import OperationKind, ReviewChange
from tests.data.tiny_store import prediction_of, tiny_manifest

OLD_LABEL = "left-behind"
"""A label of an older model, which only decisions name by now."""

LABELS = tuple(label.id for label in HALLMARKS_OF_CANCER)[:4]
ALL_LABELS = (*LABELS, OLD_LABEL)
JOURNALS = ("", "Cell", "nature", "Nature", "Annals of Invention")
WORDS = (
    "p53 p53-mediated P5 angiogenesis Angio T-cell cells naïve naive NEAR OR 'quoted' 10.5555/x "
    "肿瘤细胞 抗肿瘤 βeta"
).split()


@dataclass
class KnownRecord:
    """What is known of one record."""

    id: int
    batch: int
    given: ImportedRecord
    probabilities: dict[str, float] | None = None
    decisions: dict[str, bool] = field(default_factory=dict)
    review: ReviewStatus = ReviewStatus.OPEN
    note: str = ""
    is_hidden: bool = False

    @property
    def labels(self) -> set[str]:
        """Labels that count as present."""
        said = self.probabilities or {}
        return {
            label
            for label in ALL_LABELS
            if self.decisions.get(label, said.get(label, 0.0) >= _THRESHOLD)
        }

    def bands(self, labels: Sequence[str]) -> set[Band]:
        """Bands in which the model puts any of some labels."""
        said = self.probabilities or {}
        return {_band(said[label]) for label in labels if label in said}

    def is_in(self, queue: Queue) -> bool:
        """Whether it waits in a queue."""
        if queue is Queue.DISAGREEMENT:
            return self.conflict is not None
        is_settled = self.review in {ReviewStatus.CONFIRMED, ReviewStatus.ACCEPTED}
        return Band.NEEDS_REVIEW in self.bands(LABELS) and not is_settled

    @property
    def margin(self) -> float:
        """Least distance of a probability from the threshold."""
        return min(abs(one - _THRESHOLD) for one in (self.probabilities or {}).values())

    @property
    def conflict(self) -> float | None:
        """Greatest distance from the threshold where person and model differ."""
        said = self.probabilities or {}
        return max(
            (
                abs(said[label] - _THRESHOLD)
                for label, is_present in self.decisions.items()
                if label in said and is_present != (said[label] >= _THRESHOLD)
            ),
            default=None,
        )

    @property
    def tokens(self) -> list[list[str]]:
        """Words by place, lower case and without accents; Chinese characters each by itself."""
        given = self.given
        other = (
            f"{given.authors}\n{given.journal}\n{given.keywords}\n{given.source_id}\n{given.pmid}"
        )
        return [tokens_of(text) for text in (given.title, given.abstract, other)]


def tokens_of(text: str) -> list[str]:
    """Words of a text as a search sees them."""
    return re.findall(r"[肿瘤细胞抗]|[^\W肿瘤细胞抗]+", text.lower().replace("ï", "i"))


def is_found(record: KnownRecord, search: str) -> bool:
    """Whether all words of a search stand in a record, each as the beginning of words."""
    phrases = [tokens_of(word) for word in search.split()]
    phrases = [phrase for phrase in phrases if phrase]
    return bool(phrases) and all(
        any(_stands_in(phrase, tokens) for tokens in record.tokens) for phrase in phrases
    )


def _stands_in(phrase: list[str], tokens: list[str]) -> bool:
    *whole, last = phrase
    return any(
        tokens[start : start + len(whole)] == whole
        and tokens[start + len(whole) : start + len(phrase)][-1:] != []
        and tokens[start + len(whole)].startswith(last)
        for start in range(len(tokens) - len(whole))
    )


_THRESHOLD = 0.5


def _band(probability: float) -> Band:
    if probability >= 0.8:
        return Band.PRESENT
    return Band.NEEDS_REVIEW if probability >= 0.3 else Band.ABSENT


@dataclass
class KnownStore:
    """A store, and all that is known of it."""

    store: RecordStore
    records: list[KnownRecord]

    def matching(self, where: RecordFilter) -> list[KnownRecord]:
        """Records that a filter leaves, by id."""
        return [one for one in self.records if not one.is_hidden and _matches(one, where)]

    def in_order(self, where: RecordFilter, order: RecordOrder) -> list[int]:
        """Ids of those records in an order."""
        found = self.matching(where)
        if where.queue is not None and order == RecordOrder():
            if where.queue is Queue.NEEDS_REVIEW:
                return [one.id for one in sorted(found, key=lambda x: x.margin)]
            return [one.id for one in sorted(found, key=lambda x: -(x.conflict or 0))]
        keys = {one.id: _key(one, order.by) for one in found}
        with_key = [one for one in found if keys[one.id] is not None]
        # Python, too, leaves ties in their order when it sorts the other way round.
        with_key.sort(key=lambda one: keys[one.id], reverse=order.is_descending)
        return [one.id for one in with_key + [one for one in found if keys[one.id] is None]]


def _key(record: KnownRecord, by: Field | str) -> Any:
    given = record.given
    values: dict[Field | str, Any] = {
        Field.ID: record.id,
        Field.TITLE: (given.title or given.abstract).casefold()[:40] or None,
        Field.ABSTRACT: given.abstract.lower()[:40] or None,
        Field.LABELS: tuple(i for i, x in enumerate(ALL_LABELS) if x in record.labels) or None,
        Field.REVIEW: list(ReviewStatus).index(record.review),
        Field.YEAR: given.year,
        Field.JOURNAL: given.journal.lower() or None,
        Field.AUTHORS: given.authors.lower() or None,
        Field.PMID: int(given.pmid) if given.pmid else None,
        Field.DOI: given.doi or None,
        Field.SOURCE_ID: _number_or_word(given.source_id) if given.source_id else None,
        Field.KEYWORDS: given.keywords.lower()[:40] or None,
        Field.FILE: (f"file {(record.batch - 1) % 2}", record.batch),
        Field.ROW: given.row,
        Field.NOTE: record.note.lower() or None,
    }
    return values[by] if by in values else (record.probabilities or {}).get(by)


def _number_or_word(text: str) -> tuple[bool, int, str]:
    return (False, int(text), "") if text.isdigit() else (True, 0, text.lower())


def _matches(record: KnownRecord, where: RecordFilter) -> bool:
    quantifier = all if where.has_all_labels else any
    has_labels = not where.labels or quantifier(x in record.labels for x in where.labels)
    is_bare = record.probabilities is not None and not record.labels
    return (
        (not where.search.strip() or is_found(record, where.search))
        and has_labels
        and (not where.without_labels or is_bare)
        and (not where.bands or bool(record.bands(where.labels or LABELS) & set(where.bands)))
        and (not where.reviews or record.review in where.reviews)
        and (not where.batches or record.batch in where.batches)
        and (not where.years or record.given.year in where.years)
        and (
            not where.journals
            or record.given.journal.lower() in {name.lower() for name in where.journals}
        )
        and (where.queue is None or record.is_in(where.queue))
        and where.is_predicted in {None, record.probabilities is not None}
        and (where.ids is None or record.id in where.ids)
    )


@cache
def known_store(seed: int) -> KnownStore:
    """A store made by chance; the same seed gives the same store, which nobody may change."""
    chance = random.Random(seed)
    store = RecordStore.in_memory()
    old = LabelSet((Label(OLD_LABEL, "Left behind", ""),))
    store.activate_model(tiny_manifest("old", old), manifest_sha256="01" * 32)
    labels = LabelSet(tuple(x for x in HALLMARKS_OF_CANCER if x.id in LABELS))
    store.activate_model(tiny_manifest("tiny-1", labels), manifest_sha256="02" * 32)
    records: list[KnownRecord] = []
    for number in range(4):
        source = BatchSource(BatchKind.FILE, f"File {number % 2}", sha256=f"{number}")
        batch = store.begin_import(source)
        given = [_given(chance, row) for row in range(1, 16)]
        for record, one in zip(store.add_records(batch, given), given, strict=True):
            records.append(KnownRecord(record, batch, one))
        store.finish_import(batch)
    _speak(store, records, chance)
    _hide(store, records, chance)
    return KnownStore(store, records)


def _given(chance: random.Random, row: int) -> ImportedRecord:
    def some(most: int) -> str:
        return " ".join(chance.choices(WORDS, k=chance.randint(0, most)))

    return ImportedRecord(
        row=row,
        title=some(3),
        abstract=some(8),
        source_id=chance.choice(["", "7", "007", "12", "A1", "a2", str(10**20)]),
        pmid=chance.choice(["", str(chance.randint(1, 200))]),
        doi=chance.choice(["", f"10.5555/{chance.randint(1, 9)}"]),
        year=chance.choice([None, 1999, 2000, 2020]),
        journal=chance.choice(JOURNALS),
        authors=chance.choice(["", "Doe J", "de Roe R", "Abe K; Doe J"]),
        keywords=some(2),
    )


def _speak(store: RecordStore, records: list[KnownRecord], chance: random.Random) -> None:
    for record in records:
        if chance.random() < 0.8:
            is_empty = chance.random() < 0.1
            levels = [0.0, 0.1, 0.3, 0.45, 0.5, 0.6, 0.8, 0.95]
            said = {} if is_empty else {label: chance.choice(levels) for label in LABELS}
            prediction = prediction_of(record.given.text, said, labels=store.active_labels)
            if is_empty:
                prediction = replace(prediction, scores=())
            store.add_predictions([(record.id, prediction)])
            record.probabilities = said
        if chance.random() < 0.5:
            chosen = chance.sample(ALL_LABELS, chance.randint(0, 3))
            record.decisions = {label: chance.random() < 0.5 for label in chosen}
            record.review = chance.choice(list(ReviewStatus))
            record.note = chance.choice(["", "Look", "again"])
            change = ReviewChange(
                record.id, tuple(record.decisions.items()), record.review, record.note
            )
            store.review([change], kind=OperationKind.DECIDE)


def _hide(store: RecordStore, records: list[KnownRecord], chance: random.Random) -> None:
    gone = {record.id for record in chance.sample(records, 5)}
    store.remove_records(gone)
    batch = records[-1].batch
    store.remove_batch(batch)
    for record in records:
        record.is_hidden = record.id in gone or record.batch == batch
