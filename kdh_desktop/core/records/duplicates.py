"""Finding records that seem to be one: by PubMed id, by DOI, and by nearly the same text.

Texts are read twice and never all held: once for a sketch of each, and again where sketches say
that two are worth comparing. Whatever is found joins records, and a group is all that is joined.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kdh_desktop.core.errors import Cancelled
from kdh_desktop.core.records.links import Link, Links
from kdh_desktop.core.records.near_text import (
    MOST_COMPARED,
    PlainText,
    Sketches,
    candidates,
    likeness,
    plain_words,
    sketches_of,
    works_agree,
)
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.reviewing import PLACES, SAID_BY_PEOPLE
from kdh_desktop.core.records.stored import DuplicateGroup

if TYPE_CHECKING:
    from sqlite3 import Connection

Reading = Callable[[], AbstractContextManager["Connection"]]

_AT_ONCE = 1_000
_NEIGHBOURS = 8
"""Records that a record is compared with, where very many share a number."""

_SHARED_BY_MANY = 4
"""Above so many records, a DOI may be that of a whole book of abstracts."""

_READING = 0.7
"""Share of the work that reading is, for the progress."""

_TEXTS = """
SELECT l.record_id, substr(r.title, 1, {letters}), substr(r.abstract, 1, {letters}), l.year, r.pmid
FROM listing l CROSS JOIN record r ON r.id = l.record_id
WHERE NOT l.is_hidden AND {which} ORDER BY l.record_id
"""

_SHARED = """
SELECT r.{0}, r.id FROM record r CROSS JOIN listing l ON l.record_id = r.id AND NOT l.is_hidden
WHERE r.{0} IN (SELECT {0} FROM record WHERE {0} <> '' GROUP BY {0} HAVING count(*) > 1)
ORDER BY r.{0}, r.id
"""

# What a person did comes first, then how much a record says, then which was there first.
_WORTH = f"""
SELECT r.id, l.review = {PLACES[ReviewStatus.CONFIRMED]},
    {SAID_BY_PEOPLE},
    l.review <> {PLACES[ReviewStatus.OPEN]} OR n.words IS NOT NULL,
    (r.title <> '') + (r.abstract <> '') + (r.source_id <> '') + (r.pmid <> '') + (r.doi <> '')
        + (r.authors <> '') + (r.keywords <> '') + (l.year IS NOT NULL)
        + (l.journal_id IS NOT NULL),
    json_array_length(r.extra), length(r.title) + length(r.abstract)
FROM record r JOIN listing l ON l.record_id = r.id LEFT JOIN note n ON n.record_id = r.id
WHERE r.id IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - put together from constants


def find_duplicates(
    reading: Reading,
    *,
    on_progress: Callable[[float], None],
    should_stop: Callable[[], bool],
) -> list[DuplicateGroup]:
    """Groups of records that seem to be one, by the record to keep.

    Args:
        reading: Lends a connection; it is given back between steps.
        on_progress: Told the share that is done, in 0..1.
        should_stop: Asked between steps.

    Raises:
        Cancelled: The user stopped it.
    """

    def report(share: float) -> None:
        if should_stop():
            raise Cancelled("The search for duplicates was stopped.")
        on_progress(share)

    links = Links()
    _link_shared(reading, links, lambda: report(0.0))
    texts = _sketch(reading, lambda share: report(_READING * share))
    pairs = candidates(texts.sketches, texts.lengths)
    for start in range(0, len(pairs), _AT_ONCE):
        report(_READING + (1 - _READING) * start / len(pairs))
        _link_near(reading, links, texts.ids[pairs[start : start + _AT_ONCE]].tolist())
    with reading() as db:
        groups = _groups(db, links)
    report(1.0)
    return groups


def _link_shared(reading: Reading, links: Links, pause: Callable[[], None]) -> None:
    """Join what has the same PubMed id or DOI."""
    for reason in ("pmid", "doi"):
        pause()
        shared: dict[str, list[int]] = defaultdict(list)
        with reading() as db:
            for value, record in db.execute(_SHARED.format(reason)):
                shared[value].append(record)
        doubtful: list[Sequence[int]] = []
        for records in shared.values():
            # Nothing but a DOI looks like one, while any number may stand where a PMID should.
            if reason == "doi" and len(records) <= _SHARED_BY_MANY:
                for record in records[1:]:
                    links.join(records[0], record, Link(reason))
            else:
                doubtful.append(records)
        for some in _portions(doubtful):
            pause()
            with reading() as db:
                _link_agreeing(db, links, some, reason=reason)


def _link_agreeing(
    db: Connection, links: Links, groups: Iterable[Sequence[int]], *, reason: str
) -> None:
    """Join the records of each group whose texts may be of one work."""
    found = _texts_of(db, chain.from_iterable(groups))
    for records in groups:
        # One of them may have been removed meanwhile.
        texts = sorted(
            ((record, found[record]) for record in records if record in found),
            key=lambda item: item[1].title,
        )
        for place, (record, text) in enumerate(texts):
            for other, before in texts[max(0, place - _NEIGHBOURS) : place]:
                if works_agree(text, before):
                    links.join(other, record, Link(reason))
                    break


def _portions(groups: Iterable[Sequence[int]]) -> Iterator[list[Sequence[int]]]:
    """Groups of records, together about as many as are read at once."""
    portion: list[Sequence[int]] = []
    size = 0
    for group in groups:
        portion.append(group)
        size += len(group)
        if size >= _AT_ONCE:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


@dataclass(frozen=True)
class _Sketched:
    """All texts as far as they are held.

    Attributes:
        ids: Records, by rising id.
        lengths: Letters of each text.
        sketches: One row for each.
    """

    ids: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    sketches: Sketches


def _sketch(reading: Reading, report: Callable[[float], None]) -> _Sketched:
    """Read every text once."""
    statement = _TEXTS.format(which="l.record_id > :after", letters=MOST_COMPARED) + " LIMIT :limit"
    ids: list[int] = []
    lengths: list[int] = []
    sketches: list[Sketches] = [sketches_of([])]
    with reading() as db:
        [total] = db.execute("SELECT count(*) FROM listing WHERE NOT is_hidden").fetchone()
    while True:
        report(min(1.0, len(ids) / max(1, total)))
        with reading() as db:
            values = {"after": ids[-1] if ids else 0, "limit": _AT_ONCE}
            some = dict(map(_plain, db.execute(statement, values)))
        if not some:
            break
        ids += some
        lengths += [len(text.whole) for text in some.values()]
        sketches.append(sketches_of(list(some.values())))
    return _Sketched(np.array(ids, np.int64), np.array(lengths, np.int64), np.concatenate(sketches))


def _link_near(reading: Reading, links: Links, pairs: Iterable[tuple[int, int]]) -> None:
    """Join the pairs that are near, of those that are not joined anyway."""
    open_pairs = [(one, other) for one, other in pairs if not links.are_joined(one, other)]
    with reading() as db:
        texts = _texts_of(db, {record for pair in open_pairs for record in pair})
    for one, other in open_pairs:
        # One of them may have been removed meanwhile.
        if links.are_joined(one, other) or not texts.keys() >= {one, other}:
            continue
        similarity = likeness(texts[one], texts[other])
        if similarity:
            links.join(one, other, Link("text", similarity))


def _texts_of(db: Connection, records: Iterable[int]) -> dict[int, PlainText]:
    statement = _TEXTS.format(
        which="l.record_id IN (SELECT value FROM json_each(?))", letters=MOST_COMPARED
    )
    return dict(map(_plain, db.execute(statement, (json.dumps(list(records)),))))


def _plain(row: tuple[int, str, str, int | None, str]) -> tuple[int, PlainText]:
    record, title, abstract, year, pmid = row
    return record, PlainText(plain_words(title), plain_words(abstract), year, pmid)


def _groups(db: Connection, links: Links) -> list[DuplicateGroup]:
    found = list(links.groups())
    members = json.dumps([record for records, _ in found for record in records])
    worth = {
        record: (is_confirmed, decided.bit_count(), *rest, -record)
        for record, is_confirmed, decided, *rest in db.execute(_WORTH, (members,))
    }
    groups = [
        DuplicateGroup(
            tuple(sorted(records, key=worth.__getitem__, reverse=True)),
            link.reason,
            link.similarity,
        )
        for records, link in found
    ]
    return sorted(groups, key=lambda group: group.records)
