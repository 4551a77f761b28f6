"""A copy of a workbook with columns added to one sheet and a sheet added behind all others.

Runs in the disposable process, which may write no file: the copy goes back in pieces. Files in
the archive that need no change are taken over as they are; macros are left behind.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.exporting.copy_request import CopyRequest, in_pieces, original
from kdh_desktop.core.exporting.rows import Cell
from kdh_desktop.core.exporting.sheet_edit import Addition, cell_xml, edited_sheet
from kdh_desktop.core.exporting.sheet_reading import (
    MAX_COLUMNS,
    Survey,
    corners,
    letters_of,
    survey_sheet,
    whole_number,
    widened,
)
from kdh_desktop.core.exporting.workbook_parts import Part, WorkbookParts
from kdh_desktop.core.exporting.xml_edit import Element
from kdh_desktop.core.importing.workbook import check_members
from kdh_desktop.core.importing.zipped import opened
from kdh_desktop.core.json_values import build

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def copy_workbook(argument: dict[str, Any]) -> Iterator[Any]:
    """What the parent should know, as an object; then the copy, in pieces of base64.

    Args:
        argument: A `CopyRequest` and, as ``rows``, cells by the number of their row.

    Raises:
        InputError: It is another file, damaged, or cannot take the columns.
    """
    rows = {int(number): cells for number, cells in argument.pop("rows").items()}
    request = build(CopyRequest, argument, "request")
    copy = io.BytesIO()
    with original(request.path, request.sha256) as file, opened(file) as archive:
        check_members(archive)
        notices, area = _copy(WorkbookParts(archive), request, rows=rows, into=copy)
    yield {"notices": notices, "columns": area}
    yield from in_pieces(copy)


def _copy(
    parts: WorkbookParts,
    request: CopyRequest,
    *,
    rows: dict[int, Sequence[Cell]],
    into: io.BytesIO,
) -> tuple[list[str], str]:
    """Write the copy; give notices and the letters of the new columns."""
    sheet = parts.sheet(request.layout.sheet)
    survey = survey_sheet(parts.pieces(sheet.member), header_row=request.header_row)
    tables = [(part, part.only("table")) for part in parts.tables(sheet)]
    first = _first_free_column(survey, [table for _, table in tables], request.header_row)
    if first + len(request.columns) - 1 > MAX_COLUMNS:
        raise InputError(
            "The sheet has no room for more columns.", "Delete columns that are not needed."
        )
    does_reach = _reaches(survey.filter_area, request.header_row, first)
    last = first + len(request.columns) - 1
    addition = Addition(
        header_row=request.header_row,
        first_column=first,
        columns=request.columns,
        rows=rows,
        header_style=survey.header_style,
        filter_area=widened(survey.filter_area, last) if does_reach else "",
    )
    notices = [*_notices_of(parts, survey)]
    is_left_out = bool(survey.filter_area) and not does_reach
    if does_reach:
        for element in parts.filter_names(sheet):
            parts.widen_filter_name(element, letters_of(last))
    for part, table in tables:
        is_left_out |= not _extend_table(parts, part, table, addition=addition)
    if is_left_out:
        notices.append(_LEFT_OUT)
    columns = f"{letters_of(first)}:{letters_of(last)}"
    about = [*request.about, ("Columns added", columns)]
    parts.add_sheet(parts.free_sheet_name(request.about_title), _about_sheet(about))
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as copy:
        pieces = edited_sheet(parts.pieces(sheet.member), addition)
        parts.write(copy, {sheet.member: pieces})
    return notices, columns


_LEFT_OUT = (
    "A table or filter of the sheet does not reach the added columns: "
    "when you sort, choose all columns, or rows and labels no longer belong together."
)


def _first_free_column(survey: Survey, tables: Sequence[Element], header_row: int) -> int:
    """The column after all that has content, tables and filters included."""
    areas = [table.attributes.get("ref", "A1") for table in tables]
    areas += [survey.filter_area] if survey.filter_area else []
    ends = [corners(area)[1] for area in areas]
    return 1 + max([survey.last_column, *(column for column, row in ends if row >= header_row)])


def _reaches(area: str, header_row: int, first: int) -> bool:
    """Whether an area begins at the header and ends where the new columns begin."""
    if not area:
        return False
    (_, top), (right, _) = corners(area)
    return top == header_row and right == first - 1


def _extend_table(parts: WorkbookParts, part: Part, table: Element, *, addition: Addition) -> bool:
    """Let a table hold the new columns, where it can; whether nothing is left to be said."""
    area = table.attributes.get("ref", "A1")
    if corners(area)[1][1] <= addition.header_row:
        return True  # it lies above
    is_plain = table.attributes.get("tableType", "worksheet") == "worksheet"
    has_header = table.attributes.get("headerRowCount", "1") != "0"
    reaches = _reaches(area, addition.header_row, addition.first_column)
    if not (is_plain and has_header and reaches):
        return False
    parts.set_attributes(part, table, {"ref": widened(area, addition.last_column)})
    for own in part.named("autoFilter"):
        new = widened(own.attributes.get("ref", area), addition.last_column)
        parts.set_attributes(part, own, {"ref": new})
    columns = part.only("tableColumns")
    old = part.named("tableColumn")
    last_id = max((whole_number(one.attributes.get("id"), 0) for one in old), default=0)
    new_ones = "".join(
        f'<{columns.prefix}tableColumn id="{number}" name={quoteattr(column.title)}/>'
        for number, column in enumerate(addition.columns, last_id + 1)
    )
    count = str(len(old) + len(addition.columns))
    parts.set_attributes(part, columns, {"count": count})
    parts.append(part, columns, new_ones)
    return True


def _notices_of(parts: WorkbookParts, survey: Survey) -> Iterator[str]:
    if parts.leave_macros():
        yield "The workbook holds macros; the copy does not."
    if any(name.startswith("_xmlsignatures/") for name in parts.names):
        yield "The workbook is signed; the signature does not hold for the copy."
    if survey.is_protected:
        yield "The sheet is protected: take the protection off to correct labels in it."


def _about_sheet(lines: Sequence[Sequence[Cell]]) -> bytes:
    rows = "".join(
        f'<row r="{number}">'
        + "".join(cell_xml((place, number), cell) for place, cell in enumerate(line, 1))
        + "</row>"
        for number, line in enumerate(lines, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<worksheet xmlns="{_MAIN}"><cols><col min="1" max="1" width="44" customWidth="1"/>'
        f'<col min="2" max="2" width="72" customWidth="1"/></cols>'
        f"<sheetData>{rows}</sheetData></worksheet>"
    ).encode()
