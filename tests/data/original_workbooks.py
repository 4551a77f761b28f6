"""Workbooks as people have them, with all that a copy must not lose."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import io
import random
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import xlsxwriter

from kdh_desktop.core.importing.imported import (
    ColumnMapping,
    ColumnRole,
    FileFormat,
    ImportedRecord,
    ImportPlan,
)
from kdh_desktop.core.importing.table import TableLayout
from kdh_desktop.core.records.import_batch import BatchKind, BatchSource, ImportBatch
from tests.data.nasty_exports import FORMULAS, LETTERS

COLUMNS = ("id", "Title", "Abstract", "Score", "When", "Twice", "Odd")
SHEET, HEADER_ROW = "Data", 4
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)


def make_workbook(path: Path, rows: int, *, table: bool = False, seed: int = 0) -> None:
    """A workbook of three sheets; the second has three rows above a header, then `rows` rows."""
    chance = random.Random(seed)
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False})
    formats = _formats(book)
    book.add_worksheet("Read me").write("A1", "See the second sheet.")
    sheet = book.add_worksheet(SHEET)
    hidden = book.add_worksheet("Old")
    hidden.write_column(0, 0, ["other", "people"])
    hidden.very_hidden()
    sheet.merge_range("A1:D1", "Reading list of the unit", formats["head"])
    sheet.write_url("A2", "https://example.invalid/list", string="Where it is from")
    sheet.write_row(HEADER_ROW - 1, 0, COLUMNS, formats["head"])
    odd = [*LETTERS.values(), *FORMULAS.values()]
    for number in range(rows):
        at = HEADER_ROW + number
        title, abstract = words(chance, 8), words(chance, 120)
        sheet.write_string(at, 0, f"{number:05}", formats["text"])
        sheet.write_string(at, 1, title)
        sheet.write_string(at, 2, abstract, formats["wrap"])
        sheet.write_number(at, 3, chance.random() * 1e6, formats["money"])
        sheet.write_datetime(at, 4, dt.date(2020, 1, 1 + number % 28), formats["date"])
        sheet.write_formula(at, 5, f"=D{at + 1}*2", formats["money"], number * 2)
        if number % 3:
            sheet.write_string(at, 6, odd[number % len(odd)])
        elif number % 2:
            sheet.write_boolean(at, 6, True)
    last = HEADER_ROW + rows - 1
    sheet.set_row(HEADER_ROW, 40)
    sheet.set_column("A:A", 9)
    sheet.set_column("C:H", 60)
    sheet.set_column("I:XFD", 3)
    sheet.freeze_panes(HEADER_ROW, 1)
    sheet.data_validation("D5:D9", {"validate": "decimal", "criteria": ">", "value": 0})
    sheet.conditional_format("D5:D99", {"type": "3_color_scale"})
    sheet.write_comment("B5", "Look at this one")
    sheet.insert_image("J2", "pixel.png", {"image_data": io.BytesIO(_PIXEL)})
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": f"={SHEET}!$D$5:$D$9"})
    sheet.insert_chart("K20", chart)
    sheet.set_landscape()
    sheet.set_footer("&CPage &P")
    book.define_name("Scores", f"={SHEET}!$D$5:$D$9")
    area = (HEADER_ROW - 1, 0, last, len(COLUMNS) - 1)
    if table:
        sheet.add_table(*area, {"columns": [{"header": name} for name in COLUMNS]})
    else:
        sheet.autofilter(*area)
    book.close()


def words(chance: random.Random, count: int) -> str:
    """Invented words."""
    return " ".join(chance.choices(("tumour", "vegf", "cells", "p53", "growth", "mice"), k=count))


def _formats(book: Any) -> Mapping[str, Any]:
    return {
        "head": book.add_format({"bold": True, "bg_color": "#ddeeff", "border": 1}),
        "text": book.add_format({"num_format": "@"}),
        "wrap": book.add_format({"text_wrap": True, "font_name": "Georgia"}),
        "money": book.add_format({"num_format": "#,##0.00"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
    }


def batch_of(
    path: Path,
    *,
    plan: ImportPlan | None = None,
    columns: tuple[str, ...] = COLUMNS,
    records: int = 0,
) -> ImportBatch:
    """The import of such a file."""
    plan = plan or ImportPlan(
        FileFormat.WORKBOOK,
        layout=TableLayout(sheet=SHEET, header_row=HEADER_ROW),
        mapping=ColumnMapping(
            ((ColumnRole.ID, 0), (ColumnRole.TITLE, 1), (ColumnRole.ABSTRACT, 2))
        ),
    )
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    source = BatchSource(BatchKind.FILE, path.name, str(path), sha256, plan, columns)
    return ImportBatch(
        id=1,
        source=source,
        begun_utc="2026-11-20T09:00:00+00:00",
        is_finished=True,
        records=records,
        refused=0,
        last_row=HEADER_ROW + records,
        notices=(),
        is_removed=False,
    )


def imported_rows(rows: int, *, seed: int = 0) -> list[ImportedRecord]:
    """The records of `make_workbook`."""
    chance = random.Random(seed)
    found = []
    for number in range(rows):
        title, abstract = words(chance, 8), words(chance, 120)
        chance.random()
        row = HEADER_ROW + number + 1
        found.append(
            ImportedRecord(row=row, title=title, abstract=abstract, source_id=f"{number:05}")
        )
    return found


def rewritten(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Write a ZIP file anew, with each member changed, or left out where None is given."""
    with zipfile.ZipFile(path) as old:
        members = [(info, old.read(info)) for info in old.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for info, data in members:
            changed = change(info.filename, data)
            if changed is not None:
                new.writestr(info, changed)
