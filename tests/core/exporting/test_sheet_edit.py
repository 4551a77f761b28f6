"""Cells are added to a sheet's XML at the right places, however it is written and read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.exporting.sheet_edit import Addition, NewColumn, edited_sheet
from kdh_desktop.core.exporting.sheet_reading import (
    column_and_row,
    corners,
    letters_of,
    survey_sheet,
    widened,
)
from kdh_desktop.core.exporting.xml_edit import cell_text, with_attributes

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
COLUMNS = (NewColumn("Labels", 20), NewColumn("One & all", 10, ("yes", "no")))


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def edited(data: bytes, rows: dict[int, tuple[object, ...]], size: int = 1 << 20) -> bytes:
    survey = survey_sheet(pieces(data, size), header_row=1)
    addition = Addition(
        header_row=1,
        first_column=survey.last_column + 1,
        columns=COLUMNS,
        rows=rows,  # type: ignore[arg-type]
    )
    return b"".join(edited_sheet(pieces(data, size), addition))


def cells(data: bytes) -> dict[str, tuple[str | None, str]]:
    """Type and text of each cell with content, by its place."""
    found: dict[str, tuple[str | None, str]] = {}
    row_number = 0
    for row in ET.fromstring(data).iter(f"{{{MAIN}}}row"):
        row_number = int(row.get("r") or row_number + 1)
        column = 0
        for cell in row.iter(f"{{{MAIN}}}c"):
            place = cell.get("r")
            column = column_and_row(place)[0] if place else column + 1
            text = "".join(cell.itertext())
            if len(cell):
                found[f"{letters_of(column)}{row_number}"] = (cell.get("t"), text)
    return found


@st.composite
def sheets(draw: st.DrawFn) -> tuple[bytes, int]:
    """The XML of a sheet as some program might write it, and how many rows it has."""
    prefix = draw(st.sampled_from(["", "x:"]))
    quote = draw(st.sampled_from(["'", '"']))
    count = draw(st.integers(2, 5))
    has_places = draw(st.booleans())
    rows = []
    for row in range(1, count + 1):
        parts = []
        width = draw(st.integers(1, 4))
        for column in range(1, width + 1):
            place = f" r={quote}{letters_of(column)}{row}{quote}" if has_places else ""
            style = draw(st.sampled_from(["", f" s={quote}3{quote}"]))
            text = draw(st.sampled_from(["7", "a &lt; b", "<![CDATA[</row>]]>", "é😀"]))
            kind = draw(st.sampled_from(["value", "text", "formula", "style", "closed style"]))
            if column == 1 or kind == "value":
                body = f"<{prefix}v>{text}</{prefix}v>"
            elif kind == "text":
                body = f"<{prefix}is><{prefix}t>{text}</{prefix}t></{prefix}is>"
            elif kind == "formula":
                body = f"<{prefix}f>A1&gt;2</{prefix}f><{prefix}v>{text}</{prefix}v>"
            else:
                body = ""
            if kind == "closed style" and column > 1:
                parts.append(f"<{prefix}c{place}{style}/>")
            else:
                parts.append(f"<{prefix}c{place}{style}>{body}</{prefix}c>")
            parts.append(draw(st.sampled_from(["", "\n", "<!-- <c> -->"])))
        number = f" r={quote}{row}{quote}" if has_places else ""
        spans = draw(st.sampled_from(["", f" spans={quote}1:4{quote}"]))
        rows.append(f"<{prefix}row{number}{spans}>{''.join(parts)}</{prefix}row>")
    above = draw(
        st.sampled_from(
            [
                "",
                f"<{prefix}dimension ref={quote}A1{quote}/>",
                (
                    f"<{prefix}cols><{prefix}col min={quote}1{quote} max={quote}9{quote} "
                    f"width={quote}9{quote}/></{prefix}cols>"
                ),
            ]
        )
    )
    below = draw(
        st.sampled_from(
            [
                "",
                f"<{prefix}pageMargins left={quote}1{quote}/>",
                (
                    f"<{prefix}dataValidations count={quote}1{quote}><{prefix}dataValidation "
                    f"sqref={quote}A1{quote}/></{prefix}dataValidations>"
                ),
                (
                    f"<{prefix}extLst><{prefix}ext><{prefix}row/><{prefix}d/></{prefix}ext>"
                    f"</{prefix}extLst>"
                ),
            ]
        )
    )
    space = f"xmlns:x={quote}{MAIN}{quote}" if prefix else f"xmlns={quote}{MAIN}{quote}"
    data = (
        f"<{prefix}worksheet {space}>{above}<{prefix}sheetData>{''.join(rows)}"
        f"</{prefix}sheetData>{below}</{prefix}worksheet>"
    )
    return data.encode(), count


@given(sheets(), st.integers(1, 90))
def test_original_cells_stay_and_new_ones_come_behind(sheet: tuple[bytes, int], size: int) -> None:
    data, count = sheet
    rows: dict[int, tuple[object, ...]] = {
        row: (f"=x{row}", row / 4) for row in range(2, count + 1)
    }
    whole = edited(data, rows)
    assert edited(data, rows, size) == whole, "pieces make no difference"
    before, after = cells(data), cells(whole)
    assert {place: after[place] for place in before} == before
    first = survey_sheet([data], header_row=1).last_column + 1
    added = {place: cell for place, cell in after.items() if place not in before}
    expected: dict[str, tuple[str | None, str]] = {
        f"{letters_of(first)}1": ("inlineStr", "Labels"),
        f"{letters_of(first + 1)}1": ("inlineStr", "One & all"),
    }
    for row in rows:
        expected[f"{letters_of(first)}{row}"] = ("inlineStr", f"=x{row}")
        expected[f"{letters_of(first + 1)}{row}"] = (None, repr(row / 4))
    assert added == expected
    places = [one.get("r") for one in ET.fromstring(whole).iter(f"{{{MAIN}}}c")]
    given_places = [place for place in places if place]
    assert len(set(given_places)) == len(given_places), "no cell is there twice"


@given(sheets())
def test_all_else_is_byte_for_byte_the_same(sheet: tuple[bytes, int]) -> None:
    data, count = sheet
    whole = edited(data, dict.fromkeys(range(2, count + 1), (None, None)))
    added = re.compile(
        rb'<(?:x:)?cols>.*?</(?:x:)?cols>|<(?:x:)?dimension[^>]*>|\sspans=(["\']).*?\1'
        rb"|<(?:x:)?c [^>]*inlineStr.*?</(?:x:)?c>|</?(?:x:)?dataValidations[^>]*>"
        rb'|<(?:x:)?dataValidation type="list".*?</(?:x:)?dataValidation>'
    )
    # Texts would look like ours; empty cells may have to make room for ours.
    confusing = re.compile(rb"<(?:x:)?is>|<(?:x:)?c[^>v]*(?:/>|></)")
    if not confusing.search(data):
        assert added.sub(b"", whole) == added.sub(b"", data)


def test_row_that_is_missing_is_damage() -> None:
    data = (
        f'<worksheet xmlns="{MAIN}"><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>'
    )
    with pytest.raises(InputError):
        edited(data.encode(), {7: ("x", None)})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<worksheet>",
        b"<worksheet><sheetData><row r='x'/></sheetData></worksheet>",
        b"<worksheet><sheetData><row r='1'><c r='1A'/></row></sheetData></worksheet>",
        b'<?xml version="1.0" encoding="UTF-16"?><worksheet/>',
        "<worksheet/>".encode("utf-16"),
    ],
)
def test_what_is_no_sheet_is_damage(data: bytes) -> None:
    with pytest.raises(InputError):
        edited(data, {})


def test_columns_are_counted_as_spreadsheets_do() -> None:
    assert [letters_of(column) for column in (1, 26, 27, 52, 703, 16_384)] == [
        *("A", "Z", "AA", "AZ", "AAA", "XFD"),
    ]
    assert column_and_row("$XFD$1048576") == (16_384, 1_048_576)
    assert corners("B2") == ((2, 2), (2, 2))
    assert widened("A4:G9", 28) == "A4:AB9"


def test_what_looks_like_an_escape_stays_what_it_is() -> None:
    assert cell_text("_x0041_ <&>") == "_x005F_x0041_ &lt;&amp;&gt;"


def test_attributes_are_set_anew_added_and_taken_out() -> None:
    tag = b"<a b='1' c = \"2\" />"
    assert with_attributes(tag, {"b": '"', "c": None, "d": "4"}) == b'<a b=\'"\' d="4"/>'
