"""Add columns to a sheet of a workbook without touching anything else in it.

The sheet is copied piece by piece and byte for byte, with the new cells put in. Every original
cell stays as its program wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from kdh_desktop.core.exporting.rows import Cell
from kdh_desktop.core.exporting.sheet_reading import SheetReading, corners, letters_of, whole_number
from kdh_desktop.core.exporting.xml_edit import (
    cell_text,
    closing_tag_at,
    tag_at,
    with_attributes,
)
from kdh_desktop.core.importing.zipped import damaged

_AFTER_VALIDATIONS = frozenset(
    "hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks "
    "customProperties cellWatches ignoredErrors smartTags drawing legacyDrawing legacyDrawingHF "
    "drawingHF picture oleObjects controls webPublishItems tableParts extLst".split()
)


@dataclass(frozen=True, slots=True)
class NewColumn:
    """A column to add.

    Attributes:
        title: What the header row says.
        width: In characters.
        choices: Values that a drop-down offers; empty for none.
    """

    title: str
    width: float
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Addition:
    """What is added to a sheet.

    Attributes:
        header_row: Row that names the columns, from 1.
        first_column: Place of the first new column, from 1.
        columns: The new columns.
        rows: Cells by the row's number.
        header_style: Style of the new header cells, or empty.
        filter_area: New area of the sheet's filter; empty to leave it.
    """

    header_row: int
    first_column: int
    columns: Sequence[NewColumn]
    rows: Mapping[int, Sequence[Cell]]
    header_style: str = ""
    filter_area: str = ""

    @property
    def last_column(self) -> int:
        """Place of the last new column."""
        return self.first_column + len(self.columns) - 1


def edited_sheet(pieces: Iterable[bytes], addition: Addition) -> Iterator[bytes]:
    """The sheet with the new columns, piece by piece.

    Raises:
        InputError: It is damaged, or its rows are not where they should be.
    """
    reading = _Editing(addition)
    for piece in pieces:
        yield reading.take(piece)
    yield reading.finish()


@dataclass(frozen=True, slots=True)
class _Late:
    """A cell with a style and no content that stands where new cells will, or behind."""

    column: int
    style: str
    start: int
    end: int


class _Editing(SheetReading):
    def __init__(self, addition: Addition) -> None:
        super().__init__()
        self._addition = addition
        self._left = {addition.header_row, *addition.rows}
        self._buffer = bytearray()
        self._base = 0  # place of the buffer's first byte in the sheet
        self._done = 0  # up to here the sheet is written
        self._seen = 0  # up to here it is understood
        self._hold: int | None = None  # from here it will be written anew, all at once
        self._out: list[bytes] = []
        self._tag = b""  # of the part, row or cell
        self._is_ours = False  # whether the row gets new cells
        self._is_written = False  # whether it has got them
        self._late: list[_Late] = []
        self._widths: list[tuple[int, int, bytes]] = []
        self._has_widths = False
        self._has_choices = False

    def take(self, piece: bytes) -> bytes:
        self._buffer += piece
        self.parse(piece, is_last=False)
        self._write_to(self._seen if self._hold is None else min(self._seen, self._hold))
        return self._taken()

    def finish(self) -> bytes:
        self.parse(b"", is_last=True)
        if self._left:
            raise damaged()
        self._write_to(self._base + len(self._buffer))
        return self._taken()

    def _taken(self) -> bytes:
        del self._buffer[: self._done - self._base]
        self._base = self._done
        out = b"".join(self._out)
        self._out.clear()
        return out

    def _write_to(self, end: int) -> None:
        if end > self._done:
            self._out.append(self._bytes(self._done, end))
            self._done = end

    def _bytes(self, start: int, end: int) -> bytes:
        return bytes(self._buffer[start - self._base : end - self._base])

    def _replace(self, start: int, end: int, new: str | bytes) -> None:
        self._write_to(start)
        self._out.append(new.encode() if isinstance(new, str) else new)
        self._done = end
        self._hold = None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._seen = self._parser.CurrentByteIndex
        super()._start(name, attributes)

    def _end(self, name: str) -> None:
        self._seen = self._parser.CurrentByteIndex
        super()._end(name)

    def _take_tag(self) -> bytes:
        self._tag = tag_at(self._buffer, self._seen - self._base)
        return self._tag

    def _end_of_element(self, start: int) -> int:
        """First byte after the element that ends here and whose tag was taken."""
        if self._tag.endswith(b"/>"):
            return start + len(self._tag)
        return self._seen + len(closing_tag_at(self._buffer, self._seen - self._base))

    def _start_part(self, local: str, attributes: dict[str, str]) -> None:
        start, addition = self._seen, self._addition
        tag = self._take_tag()
        after = start + len(tag)
        if local == "dimension":
            area = self._dimension(attributes.get("ref", "A1"))
            self._replace(start, after, with_attributes(tag, {"ref": area}))
        elif local == "cols":
            self._hold = start
        elif local == "sheetData" and not self._has_widths:
            self._replace(start, start, self._all_widths())
        elif local == "autoFilter" and addition.filter_area:
            self._replace(start, after, with_attributes(tag, {"ref": addition.filter_area}))
        elif local == "dataValidations":
            count = whole_number(attributes.get("count"), 0) + len(self._choices())
            self._replace(start, after, with_attributes(tag, {"count": str(count)}))
        elif local in _AFTER_VALIDATIONS:
            self._add_choices()

    def _start_member(self, local: str, attributes: dict[str, str]) -> None:
        if self._part == "cols" and local == "col":
            first = whole_number(attributes.get("min"), 1)
            last = whole_number(attributes.get("max"), first)
            tag = tag_at(self._buffer, self._seen - self._base)
            self._widths.append((first, last, tag))

    def _end_part(self, local: str) -> None:
        if local == "cols" and self._hold is not None:
            self._replace(self._hold, self._end_of_element(self._hold), self._all_widths())
        elif local == "dataValidations" and not self._has_choices:
            self._replace(self._seen, self._seen, "".join(self._choices()))
            self._has_choices = True

    def _end_sheet(self) -> None:
        self._add_choices()

    def _start_row(self) -> None:
        self._is_ours = self._row in self._left
        self._is_written = False
        self._late = []
        if not self._is_ours:
            return
        self._left.discard(self._row)
        start = self._seen
        tag = self._take_tag()
        new = with_attributes(tag, {"spans": None})
        if tag.endswith(b"/>"):
            opened = new[:-2].rstrip().decode() + ">"
            row = f"{opened}{self._cells({})}</{self._prefix}row>"
            self._replace(start, start + len(tag), row)
            self._is_written = True
        else:
            self._replace(start, start + len(tag), new)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        if not self._is_ours:
            return
        if self._column >= self._addition.first_column:
            self._take_tag()
            if self._hold is None:
                self._hold = self._seen
            style = attributes.get("s", "")
            self._late.append(_Late(self._column, style, self._seen, self._seen))
        elif self._late:
            raise damaged()

    def _end_cell(self) -> None:
        if self._is_ours and self._column >= self._addition.first_column:
            late = self._late.pop()
            end = self._end_of_element(late.start)
            self._late.append(_Late(late.column, late.style, late.start, end))

    def _end_row(self) -> None:
        if not self._is_ours or self._is_written:
            return
        if not self._late:
            self._replace(self._seen, self._seen, self._cells({}))
            return
        last = self._addition.last_column
        styles = {late.column: late.style for late in self._late}
        behind = [self._bytes(x.start, x.end) for x in self._late if x.column > last]
        cells = self._cells(styles).encode() + b"".join(behind)
        self._replace(self._late[0].start, self._late[-1].end, cells)

    def _cells(self, styles: Mapping[int, str]) -> str:
        addition = self._addition
        is_header = self._row == addition.header_row
        titles = [column.title for column in addition.columns]
        cells: Sequence[Cell] = titles if is_header else addition.rows[self._row]
        found: list[str] = []
        for column, cell in enumerate(cells, addition.first_column):
            style = addition.header_style if is_header else styles.get(column, "")
            found.append(cell_xml((column, self._row), cell, prefix=self._prefix, style=style))
        return "".join(found)

    def _dimension(self, area: str) -> str:
        (left, top), (right, bottom) = corners(area)
        rows = [self._addition.header_row, *self._addition.rows]
        right = max(right, self._addition.last_column)
        first = f"{letters_of(left)}{min(top, *rows)}"
        return f"{first}:{letters_of(right)}{max(bottom, *rows)}"

    def _all_widths(self) -> str:
        """Widths of all columns: those there were, but for ours."""
        self._has_widths = True
        first, last = self._addition.first_column, self._addition.last_column
        kept: list[tuple[int, str]] = []
        for low, high, tag in self._widths:
            for start, end in ((low, min(high, first - 1)), (max(low, last + 1), high)):
                if start <= end:
                    new = with_attributes(tag, {"min": str(start), "max": str(end)})
                    kept.append((start, new.decode().removesuffix(">").removesuffix("/") + "/>"))
        for place, column in enumerate(self._addition.columns, first):
            width = f'min="{place}" max="{place}" width="{column.width:g}" customWidth="1"'
            kept.append((place, f"<{self._prefix}col {width}/>"))
        inner = "".join(tag for _, tag in sorted(kept))
        return f"<{self._prefix}cols>{inner}</{self._prefix}cols>"

    def _add_choices(self) -> None:
        choices = self._choices()
        if choices and not self._has_choices:
            name = f"{self._prefix}dataValidations"
            all_of_them = f'<{name} count="{len(choices)}">{"".join(choices)}</{name}>'
            self._replace(self._seen, self._seen, all_of_them)
        self._has_choices = True

    def _choices(self) -> list[str]:
        """Drop-downs, one for each column that has one."""
        addition, prefix = self._addition, self._prefix
        last_row = max(addition.rows, default=addition.header_row + 1)
        found: list[str] = []
        for place, column in enumerate(addition.columns, addition.first_column):
            if not column.choices:
                continue
            letters = letters_of(place)
            area = f"{letters}{addition.header_row + 1}:{letters}{last_row}"
            offered = escape(",".join(column.choices))
            found.append(
                f'<{prefix}dataValidation type="list" allowBlank="1" showErrorMessage="1" '
                f'sqref="{area}"><{prefix}formula1>"{offered}"</{prefix}formula1>'
                f"</{prefix}dataValidation>"
            )
        return found


def cell_xml(at: tuple[int, int], cell: Cell, *, prefix: str = "", style: str = "") -> str:
    """One cell as a sheet's XML; texts stand in it as they are, and are never formulas."""
    if cell is None and not style:
        return ""
    place = f'r="{letters_of(at[0])}{at[1]}"' + (f' s="{style}"' if style else "")
    if cell is None:
        return f"<{prefix}c {place}/>"
    if not isinstance(cell, str):
        return f"<{prefix}c {place}><{prefix}v>{cell!r}</{prefix}v></{prefix}c>"
    text = f'<{prefix}t xml:space="preserve">{cell_text(cell)}</{prefix}t>'
    return f'<{prefix}c {place} t="inlineStr"><{prefix}is>{text}</{prefix}is></{prefix}c>'
