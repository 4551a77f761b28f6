"""Which row of a table names its columns, and which column is what: by names, then by content.

A guess never stands alone: every doubt is a sentence, and a person who decides for the file reads
it. Names that say what a column is for leave none, unless its content says otherwise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kdh_desktop.core.importing.column_names import NamedColumn, named_columns
from kdh_desktop.core.importing.identifiers import doi_of, named_pmid_in, pmid_of, year_of
from kdh_desktop.core.importing.imported import ColumnMapping, ColumnRole
from kdh_desktop.core.importing.table_parsing import RawRow

LOOKED_AT_ROWS = 200
"""Rows that a guess is made from."""

_HEADER_WITHIN = 30
_MAX_NAME = 80
_MIN_ABSTRACT_WORDS = 20
_TITLE_WORDS = (3, 40)
_MOSTLY = 0.8
_LEAST_SURE_PMID = 100_000
"""PMIDs below are of the first years only, and any small number looks like one."""

_TEXT_ROLES = {ColumnRole.ABSTRACT, ColumnRole.TITLE}
_LETTER = re.compile(r"[^\W\d_]")

_WORDS = {
    ColumnRole.TITLE: "title",
    ColumnRole.ABSTRACT: "abstract",
    ColumnRole.ID: "id",
    ColumnRole.PMID: "PMID",
    ColumnRole.DOI: "DOI",
    ColumnRole.YEAR: "year",
    ColumnRole.JOURNAL: "journal",
    ColumnRole.AUTHORS: "authors",
    ColumnRole.KEYWORDS: "keywords",
}

_NO_HEADER = "No row names the columns, so what they hold was guessed."
_UNKNOWN_HEADER = "The names of the columns do not say what they hold."
_LOW_HEADER = "There are rows above the one that names the columns."
_GUESSED_TEXT = "Which column holds the texts was guessed from what is in it."
_ONLY_TITLES = "No column seems to hold abstracts: only titles would be taken in."
_NO_TEXT = "No column seems to hold texts."


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """How a table seems to be laid out.

    Attributes:
        header_row: Number of the row that names the columns; 0 where none does.
        mapping: Which column is what.
        doubts: Why a person should look, one sentence each; empty where it is sure.
    """

    header_row: int
    mapping: ColumnMapping
    doubts: tuple[str, ...]


def guess_columns(rows: Sequence[RawRow], header_row: int | None = None) -> ColumnGuess:
    """Guess from the first rows of a table.

    Args:
        rows: The first `LOOKED_AT_ROWS` or so, header and titles above included.
        header_row: The row that names the columns, 0 for none; None where it is to be found.
    """
    sound = [row for row in rows if not row.problem and not row.is_empty]
    doubts: list[str] = []
    if header_row is None:
        header_row = _header_of(sound)
        if header_row == 0:
            doubts.append(_NO_HEADER)
        elif sound and sound[0].number < header_row:
            doubts.append(_LOW_HEADER)
    names = next((row.cells for row in sound if row.number == header_row), [])
    columns = _contents([row for row in sound if row.number > header_row])
    mapping, more = _mapped(names, columns)
    if header_row and names and not named_columns(names):
        doubts.append(_UNKNOWN_HEADER)
    return ColumnGuess(header_row, mapping, tuple(dict.fromkeys([*doubts, *more])))


def _header_of(rows: Sequence[RawRow]) -> int:
    """The row with most known names; else one that looks like names above other content."""
    best = (0, 0)
    for place, row in enumerate(rows[:_HEADER_WITHIN]):
        known = named_columns(row.cells)
        roles = {column.role for column in known if column.is_exact}
        is_short = all(len(cell) <= _MAX_NAME for cell in row.cells)
        if is_short and (len(roles) >= 2 or roles & _TEXT_ROLES):
            best = max(best, (len(roles), -place))
    if best[0]:
        return rows[-best[1]].number
    return _unknown_header_of(rows)


def _unknown_header_of(rows: Sequence[RawRow]) -> int:
    width = Counter(_width(row) for row in rows).most_common(1)[0][0] if rows else 0
    fitting = [row for row in rows if _width(row) == width]
    if len(fitting) < 2:
        return 0
    first = [cell.strip() for cell in fitting[0].cells[:width]]
    are_names = (
        all(0 < len(cell) <= _MAX_NAME and _LETTER.search(cell) for cell in first)
        and len(set(first)) == len(first)
        and not any(cell.endswith((".", "?", "!")) for cell in first)
    )
    below = _contents(fitting[1:])
    stands_out = any(
        (content.numeric > _MOSTLY and not name.isdecimal())
        or content.mean_words > 4 * len(name.split())
        for content, name in zip(below, first, strict=False)
    )
    return fitting[0].number if are_names and stands_out else 0


def _width(row: RawRow) -> int:
    """Place after the last cell that holds something."""
    return max((place for place, cell in enumerate(row.cells, 1) if cell.strip()), default=0)


@dataclass(frozen=True, slots=True)
class _Content:
    """What the cells of a column are like; shares are of those that hold something.

    `sure_pmids` are those that are such whatever their column is called.
    """

    filled: int
    distinct: float
    numeric: float
    pmids: float
    sure_pmids: float
    dois: float
    years: float
    mean_words: float


def _contents(rows: Sequence[RawRow]) -> list[_Content]:
    width = max(map(_width, rows), default=0)
    return [
        _content([row.cells[place] for row in rows if place < len(row.cells)])
        for place in range(width)
    ]


def _content(cells: Iterable[str]) -> _Content:
    filled = [cell.strip() for cell in cells if cell.strip()]
    count = max(1, len(filled))
    return _Content(
        filled=len(filled),
        distinct=len(set(filled)) / count,
        numeric=sum(cell.replace(".", "", 1).isdecimal() for cell in filled) / count,
        pmids=sum(bool(pmid_of(cell)) for cell in filled) / count,
        sure_pmids=_share_of_sure_pmids(filled),
        dois=sum(bool(doi_of(cell)) for cell in filled) / count,
        years=sum(year_of(cell) is not None for cell in filled) / count,
        mean_words=sum(map(_word_count, filled)) / count,
    )


def _share_of_sure_pmids(cells: Sequence[str]) -> float:
    """Share of cells that are PMIDs by themselves: such as say so, or are long enough.

    None are where they mostly count by one: those are numbers of cases or rows, and other files
    have the same.
    """
    found = [(cell, int(pmid_of(cell) or 0)) for cell in cells]
    steps = [abs(after - before) for (_, before), (_, after) in pairwise(found)]
    if steps.count(1) > len(steps) / 2:
        return 0.0
    sure = (number >= _LEAST_SURE_PMID or named_pmid_in(cell) for cell, number in found)
    return sum(map(bool, sure)) / max(1, len(cells))


def _word_count(text: str) -> int:
    """Words of a text; of one in a script without blanks, about as many."""
    sample = text[:5_000]
    unspaced = sum("\u3040" <= character <= "\u9fff" for character in sample)
    return len(sample.split()) + unspaced // 2


def _mapped(
    names: Sequence[str], columns: Sequence[_Content]
) -> tuple[ColumnMapping, tuple[str, ...]]:
    doubts: list[str] = []
    taken: dict[ColumnRole, int] = {}
    for role in ColumnRole:
        named = [column for column in named_columns(names) if column.role is role]
        fitting = [column for column in named if _fits(role, _at(columns, column.place))]
        if fitting:
            best = min(fitting, key=lambda column: (column.rank, column.place))
            taken[role] = best.place
            doubts.extend(_doubts_about(best, fitting))
        elif any(column.rank == 0 for column in named) and any(
            _at(columns, column.place).filled for column in named
        ):
            doubts.append(f"The column that is called {_WORDS[role]} does not look like one.")
    doubts.extend(_add_by_content(taken, columns))
    return ColumnMapping(tuple(taken.items())), tuple(doubts)


def _at(columns: Sequence[_Content], place: int) -> _Content:
    return columns[place] if place < len(columns) else _content([])


def _fits(role: ColumnRole, content: _Content) -> bool:
    """Whether the content of a column does not speak against its name."""
    if not content.filled:
        return role in _TEXT_ROLES
    match role:
        case ColumnRole.PMID:
            return content.pmids >= _MOSTLY
        case ColumnRole.DOI:
            return content.dois >= _MOSTLY / 2
        case ColumnRole.YEAR:
            return content.years >= _MOSTLY
        case ColumnRole.ABSTRACT | ColumnRole.TITLE:
            return content.numeric < _MOSTLY
        case ColumnRole.ID:
            return content.distinct >= _MOSTLY / 2
        case _:
            return True


def _doubts_about(best: NamedColumn, fitting: Sequence[NamedColumn]) -> list[str]:
    doubts = []
    if not best.is_exact:
        doubts.append(
            f"Which column is the {_WORDS[best.role]} was guessed from a part of its name."
        )
    if sum(column.rank == best.rank for column in fitting) > 1:
        doubts.append(f"Several columns are called {_WORDS[best.role]}; the first was taken.")
    return doubts


def _add_by_content(taken: dict[ColumnRole, int], columns: Sequence[_Content]) -> list[str]:
    """Add the columns that only their content tells, and say so where it matters."""
    doubts = []
    free = [place for place in range(len(columns)) if place not in taken.values()]
    if ColumnRole.ABSTRACT not in taken:
        _take(taken, ColumnRole.ABSTRACT, _likely_abstract(columns, free), free)
        if ColumnRole.ABSTRACT in taken:
            doubts.append(_GUESSED_TEXT)
    if ColumnRole.TITLE not in taken and (doubts or ColumnRole.ABSTRACT not in taken):
        _take(taken, ColumnRole.TITLE, _likely_title(columns, free), free)
        if ColumnRole.TITLE in taken:
            doubts.append(_GUESSED_TEXT)
    if not taken.keys() & _TEXT_ROLES:
        doubts.append(_NO_TEXT)
    elif ColumnRole.ABSTRACT not in taken:
        doubts.append(_ONLY_TITLES)
    if doubts:
        _add_numbers(taken, columns, free)
    return doubts


def _take(
    taken: dict[ColumnRole, int], role: ColumnRole, place: int | None, free: list[int]
) -> None:
    if role not in taken and place is not None:
        taken[role] = place
        free.remove(place)


def _likely_abstract(columns: Sequence[_Content], free: Sequence[int]) -> int | None:
    fitting = [place for place in free if columns[place].mean_words >= _MIN_ABSTRACT_WORDS]
    return max(fitting, key=lambda place: columns[place].mean_words, default=None)


def _likely_title(columns: Sequence[_Content], free: Sequence[int]) -> int | None:
    least, most = _TITLE_WORDS
    fitting = [
        place
        for place in free
        if least <= columns[place].mean_words <= most and columns[place].distinct >= _MOSTLY
    ]
    return max(fitting, key=lambda place: columns[place].mean_words, default=None)


def _add_numbers(
    taken: dict[ColumnRole, int], columns: Sequence[_Content], free: list[int]
) -> None:
    """Add DOIs, years, PMIDs and ids by their patterns, since a person will look anyway."""
    for role, is_likely in _PATTERNS.items():
        likely = (one for one in free if columns[one].filled and is_likely(columns[one]))
        _take(taken, role, next(likely, None), free)


_PATTERNS: dict[ColumnRole, Callable[[_Content], bool]] = {
    ColumnRole.DOI: lambda content: content.dois > _MOSTLY,
    ColumnRole.YEAR: lambda content: min(content.years, content.numeric) > _MOSTLY,
    ColumnRole.PMID: lambda content: (
        min(content.pmids, content.sure_pmids, content.distinct) > _MOSTLY
    ),
    ColumnRole.ID: lambda content: content.distinct == 1 and content.mean_words == 1,
}
