"""Every format holds exactly what was asked for, to the letter, and says what it could not hold."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine
import rispy

from kdh_desktop.core.errors import Cancelled, ExportError, InputError
from kdh_desktop.core.exporting.columns import (
    DecisionColumn,
    ExportColumn,
    FieldColumn,
    OriginalColumn,
    PresenceColumn,
    ProbabilityColumn,
    label_columns,
    original_columns,
)
from kdh_desktop.core.exporting.outcome import ExportFormat
from kdh_desktop.core.exporting.provenance import Provenance
from kdh_desktop.core.exporting.records_file import export_records
from kdh_desktop.core.exporting.rows import RowMaker
from kdh_desktop.core.exporting.workbook_file import fit, is_sound, write_workbook
from kdh_desktop.core.formula_guard import guarded, unguarded
from kdh_desktop.core.importing.imported import (
    ColumnMapping,
    ColumnRole,
    FileFormat,
    ImportedRecord,
    ImportPlan,
)
from kdh_desktop.core.records.import_batch import BatchKind, BatchSource
from kdh_desktop.core.records.record_filter import Field
from kdh_desktop.core.records.stored import RecordDetail
from tests.data.nasty_exports import (
    FORMULAS,
    LETTERS,
    UNWRITABLE,
    UNWRITABLE_CLEANED,
    UNWRITABLE_COUNT,
    disk_full_at,
)
from tests.data.stored_records import LABELS, MODEL_ID, MODEL_SHA256, MadeStore, detail

COLUMNS: tuple[ExportColumn, ...] = (
    FieldColumn(Field.ID),
    FieldColumn(Field.TITLE),
    FieldColumn(Field.YEAR),
    *label_columns(LABELS),
    PresenceColumn("vessels"),
    DecisionColumn("vessels"),
)
TITLES = [
    *("id", "title", "year", "labels"),
    *("p: Sustaining growth", "p: Inducing angiogenesis", "p: Activating invasion"),
    *("Inducing angiogenesis", "decision: Inducing angiogenesis"),
]
STORE = MadeStore.of(
    detail(
        1,
        ImportedRecord(row=2, title="Ångström", year=1999),
        probabilities={"growth": 0.9, "vessels": 0.41, "spread": 1 / 3},
        decisions={"vessels": False},
    ),
    detail(2, decisions={"growth": True}),
)
ROWS = [
    [1, "Ångström", 1999, "Sustaining growth", 0.9, 0.41, 0.333333, "absent", "absent"],
    [2, "Title 2", None, "Sustaining growth", None, None, None, None, None],
]


def texts_store(texts: Sequence[str]) -> MadeStore:
    return MadeStore.of(
        *(
            detail(place, ImportedRecord(row=place, title=text))
            for place, text in enumerate(texts, 1)
        )
    )


def export(
    store: MadeStore,
    path: Path,
    columns: Sequence[ExportColumn] = (FieldColumn(Field.TITLE),),
    **options: Any,
) -> Any:
    file_format = ExportFormat(path.suffix[1:])
    return export_records(
        store, list(store.records), path, file_format=file_format, columns=columns, **options
    )


def workbook_rows(path: Path) -> list[list[Any]]:
    book = openpyxl.load_workbook(path)
    return [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]


def sheet_rows(path: Path) -> list[list[Any]]:
    """The cells as a program reads them that knows Excel's own escapes."""
    book = python_calamine.CalamineWorkbook.from_path(path)
    return list(book.get_sheet_by_name("Records").to_python())


def csv_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, strict=True))


def test_workbook_holds_the_columns_in_order(tmp_path: Path) -> None:
    outcome = export(STORE, tmp_path / "out.xlsx", COLUMNS)
    assert workbook_rows(tmp_path / "out.xlsx") == [TITLES, *ROWS]
    assert (outcome.rows, outcome.files, outcome.cuts) == (2, (tmp_path / "out.xlsx",), ())
    assert outcome.notices == ()


def test_csv_holds_the_same_cells(tmp_path: Path) -> None:
    export(STORE, tmp_path / "out.csv", COLUMNS)
    texts = [["" if cell is None else str(cell) for cell in row] for row in ROWS]
    assert csv_rows(tmp_path / "out.csv") == [TITLES, *texts]
    raw = (tmp_path / "out.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 3


def test_json_lines_hold_the_same_cells(tmp_path: Path) -> None:
    export(STORE, tmp_path / "out.jsonl", COLUMNS)
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    values = [json.loads(line) for line in lines]
    assert values == [dict(zip(TITLES, row, strict=True)) for row in ROWS]


def test_workbook_says_where_its_labels_come_from(tmp_path: Path) -> None:
    export(STORE, tmp_path / "out.xlsx", COLUMNS)
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    about = {row[0].value: row[1].value for row in book["Provenance"].iter_rows()}
    assert about["Model"] == MODEL_ID
    assert about["Model, SHA-256 of its manifest"] == MODEL_SHA256
    assert about["Threshold: Inducing angiogenesis"] == 0.4
    assert about["Records classified"] == 1
    assert about["Decisions against the model"] == 1


@pytest.mark.parametrize("ending", ["xlsx", "jsonl"])
@pytest.mark.parametrize("texts", [LETTERS, FORMULAS], ids=["letters", "formulas"])
def test_text_is_kept_to_the_letter(tmp_path: Path, ending: str, texts: dict[str, str]) -> None:
    path = tmp_path / f"out.{ending}"
    export(texts_store([*texts.values()]), path)
    if ending == "jsonl":
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        found = [json.loads(line)["title"] for line in lines]
    else:
        found = [row[0] for row in sheet_rows(path)][1:]
    assert dict(zip(texts, found, strict=True)) == texts


def test_workbook_holds_no_live_formula_link_number_or_date(tmp_path: Path) -> None:
    texts = [*FORMULAS.values(), *LETTERS.values()]
    export(texts_store(texts), tmp_path / "out.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["Records"]
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}
    assert all(cell.quotePrefix for cell in cells)
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in xml
    assert b"hyperlink" not in xml.lower().replace(b"=hyperlink(", b"")


OWN_XML = (
    "<r></r>",
    "<r><t>not bold</t></r>",
    '<r></r></is></c><c r="B2"><f>1+1</f></c><c r="C2" t="inlineStr"><is><r></r>',
    "<r> unclosed & _x0041_ \n <t></r>",
    "<r>" + "x" * 32_800,
    "<r>" + "x" * 32_760 + "</r>" + "x",
)


def test_text_that_looks_like_the_library_s_own_xml_stays_a_text(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    columns: list[ExportColumn] = [OriginalColumn("<r><t>name</t></r>"), FieldColumn(Field.TITLE)]
    store = texts_store(OWN_XML)
    outcome = export(store, path, columns)
    kept = [text[:32_767] for text in OWN_XML]
    assert sheet_rows(path) == [["<r><t>name</t></r>", "title"], *(["", text] for text in kept)]
    assert [cut.record_id for cut in outcome.cuts] == [5, 6]
    sheet = openpyxl.load_workbook(path)["Records"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s", "n"}
    assert sheet["B2"].font.b is False
    assert sheet["B2"].number_format == "@"
    with zipfile.ZipFile(path) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_workbook_whose_sheet_is_no_sound_xml_is_not_sound(tmp_path: Path) -> None:
    path, broken = tmp_path / "out.xlsx", tmp_path / "broken.xlsx"
    export(texts_store(["t"]), path)
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(broken, "w") as copy:
        for name in archive.namelist():
            data = archive.read(name)
            copy.writestr(name, data.replace(b"<is>", b"<is><") if "sheet1" in name else data)
    assert is_sound(path)
    assert not is_sound(broken)


def test_csv_runs_nothing_and_gives_every_text_back(tmp_path: Path) -> None:
    texts = [*FORMULAS.values(), *LETTERS.values()]
    outcome = export(texts_store(texts), tmp_path / "out.csv")
    cells = [row[0] for row in csv_rows(tmp_path / "out.csv")[1:]]
    assert not [cell for cell in cells if cell[0] in "=+@\t\r\n"]
    assert [cell for cell in cells if cell.startswith("-")] == ["-0.530"], "a number stays one"
    assert [unguarded(cell) for cell in cells] == texts
    assert outcome.notices[0].startswith(f"{len(FORMULAS) - 1} cells begin like a formula")


@pytest.mark.parametrize("text", ["-5", "-5,5", "-1e-5", "5", "a=b", "", "'quoted'"])
def test_plain_texts_and_numbers_are_left_alone_in_csv(text: str) -> None:
    assert guarded(text) == unguarded(text) == text


@pytest.mark.parametrize("ending", ["xlsx", "csv", "jsonl"])
def test_characters_that_no_file_can_hold_are_left_out_and_counted(
    tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"out.{ending}"
    outcome = export(texts_store([UNWRITABLE]), path)
    assert outcome.notices == (
        f"{UNWRITABLE_COUNT} characters that no file can hold were left out.",
    )
    if ending == "xlsx":
        assert workbook_rows(path)[1] == [UNWRITABLE_CLEANED]
    else:
        assert UNWRITABLE_CLEANED in path.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("text", "kept"),
    [("x" * 32_767, 32_767), ("x" * 32_768, 32_767), ("😀" * 20_000, 16_383)],
    ids=["just fits", "one too many", "40,000 units"],
)
def test_cut_texts_are_listed(tmp_path: Path, text: str, kept: int) -> None:
    outcome = export(texts_store(["short", text]), tmp_path / "out.xlsx")
    assert workbook_rows(tmp_path / "out.xlsx")[2] == [text[:kept]]
    found = [(cut.record_id, cut.column, cut.kept, cut.length) for cut in outcome.cuts]
    assert found == ([] if kept == len(text) else [(2, "title", kept, len(text))])
    flat = export(texts_store([text]), tmp_path / "out.csv")
    assert flat.cuts == ()
    assert [notice[:28] for notice in flat.notices] == (
        ["1 text is longer than the 32"] if len(text) == 32_768 else []
    )
    assert csv_rows(tmp_path / "out.csv")[1] == [text]


def test_no_character_is_halved() -> None:
    assert fit("a😀😀", 4) == "a😀"
    assert fit("a😀😀", 5) == "a😀😀"


def test_more_rows_than_a_sheet_holds_go_to_further_sheets(tmp_path: Path) -> None:
    store = texts_store([f"t{number}" for number in range(1, 8)])
    maker = RowMaker([FieldColumn(Field.TITLE)], LABELS)
    outcome = write_workbook(
        map(maker.row, store.records.values()),
        tmp_path / "out.xlsx",
        titles=maker.titles,
        provenance=Provenance(LABELS),
        max_rows=4,
    )
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    found = {
        sheet.title: [row[0] for row in sheet.iter_rows(values_only=True)]
        for sheet in book.worksheets
    }
    assert found["Records"] == ["title", "t1", "t2", "t3"]
    assert found["Records 2"] == ["title", "t4", "t5", "t6"]
    assert found["Records 3"] == ["title", "t7"]
    assert outcome.rows == 7
    assert outcome.notices == ("A sheet holds 3 records, so there are 3 sheets of them.",)


@pytest.mark.stress
def test_1_048_576_records_fill_two_sheets(tmp_path: Path) -> None:
    record = detail(1, ImportedRecord(row=1, source_id="x"))
    store = MadeStore({1: record})
    outcome = export_records(
        store,
        [1] * 1_048_576,
        tmp_path / "out.xlsx",
        file_format=ExportFormat.WORKBOOK,
        columns=[FieldColumn(Field.SOURCE_ID)],
    )
    book = openpyxl.load_workbook(tmp_path / "out.xlsx", read_only=True)
    counts = [sum(1 for _ in sheet.iter_rows()) for sheet in book.worksheets[:2]]
    assert counts == [1_048_576, 2]
    assert outcome.rows == 1_048_576


def test_too_many_columns_are_refused_before_work(tmp_path: Path) -> None:
    columns = [FieldColumn(Field.TITLE)] * 16_385
    with pytest.raises(InputError, match="16,384 columns"):
        export(STORE, tmp_path / "out.xlsx", columns)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [str(one) for one in ExportFormat])
def test_full_disk_leaves_the_old_file(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out.{ending}"
    path.write_bytes(b"old")
    store = texts_store(["".join(chr(33 + n * n % 90) for n in range(9_000))] * 50)
    with disk_full_at(100_000), pytest.raises(ExportError, match="disk is full"):
        export(store, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_disk_that_is_full_when_the_workbook_is_put_together_leaves_the_old_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "out.xlsx"
    path.write_bytes(b"old")
    with disk_full_at(1_500), pytest.raises(ExportError, match="disk is full"):
        export(texts_store(["short"]), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", [str(one) for one in ExportFormat])
def test_stop_leaves_the_old_file(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out.{ending}"
    path.write_bytes(b"old")
    asked: list[int] = []

    def should_stop() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(Cancelled):
        export(texts_store(["t"] * 9), path, should_stop=should_stop)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_progress_ends_at_the_whole(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    store = texts_store(["t"] * 450)
    export(store, tmp_path / "out.csv", on_progress=lambda *at: told.append(at))
    assert told == [(200, 450), (400, 450), (450, 450)]


def test_nothing_to_export_gives_a_header(tmp_path: Path) -> None:
    for ending in ("xlsx", "csv"):
        assert export(MadeStore.of(), tmp_path / f"out.{ending}").rows == 0
    assert workbook_rows(tmp_path / "out.xlsx") == csv_rows(tmp_path / "out.csv") == [["title"]]


def test_ris_is_read_back_with_labels_as_keywords(tmp_path: Path) -> None:
    record = ImportedRecord(
        row=1,
        title="TP53 in\nmice",
        abstract="BACKGROUND: x.\n\nAB  - not a tag\nER  - ",
        source_id="A 1",
        pmid="123",
        doi="10.1/x",
        year=2001,
        journal="J. Made Up",
        authors="Doe, J.; Roe, R.",
        keywords="mice; Inducing angiogenesis",
    )
    probabilities = {"growth": 0.9, "vessels": 0.9, "spread": 0.1}
    store = MadeStore.of(
        detail(7, record, probabilities=probabilities, note="see =1+1"),
        detail(8, ImportedRecord(row=2, abstract="Only a text.")),
    )
    outcome = export(store, tmp_path / "out.ris")
    with (tmp_path / "out.ris").open(encoding="utf-8-sig") as file:
        first, second = rispy.load(file)
    assert outcome.rows == 2
    assert first["title"] == "TP53 in mice"
    assert first["abstract"] == "BACKGROUND: x. AB - not a tag ER -"
    assert first["authors"] == ["Doe, J.", "Roe, R."]
    assert first["keywords"] == ["Sustaining growth", "Inducing angiogenesis", "mice"]
    assert (first["id"], first["doi"], first["year"]) == ("A 1", "10.1/x", "2001")
    assert first["accession_number"] == "123"
    assert first["notes"] == ["see =1+1"]
    assert second["abstract"] == "Only a text."


def test_original_columns_come_in_the_table_s_order_under_their_names(tmp_path: Path) -> None:
    roles = ((ColumnRole.ID, 0), (ColumnRole.TITLE, 2), (ColumnRole.YEAR, 6))
    plan = ImportPlan(FileFormat.WORKBOOK, mapping=ColumnMapping(roles))
    names = ("id", "x", "Text", "x", "ID", "", "Year")
    columns = original_columns(BatchSource(BatchKind.FILE, "a.xlsx", plan=plan, columns=names))
    assert columns[0] == OriginalColumn("id", 0, Field.SOURCE_ID)
    extra = (("x", ""), ("x", "second"), ("ID", "other"), ("Column F", "nameless"))
    first = ImportedRecord(row=2, title="T", source_id="s", year=2020, extra=extra)
    second = ImportedRecord(row=3, title="bare", extra=(("Year", "Mar 2020"),), year=2020)
    export(
        MadeStore.of(detail(1, first), detail(2, second)),
        tmp_path / "out.csv",
        [*columns, *label_columns(LABELS[:1])],
    )
    labels = ["labels", "p: Sustaining growth"]
    assert csv_rows(tmp_path / "out.csv") == [
        ["id", "x", "Text", "x (2)", "ID (2)", "Column F", "Year", *labels],
        ["s", "", "T", "second", "other", "nameless", "2020", "", ""],
        ["", "", "bare", "", "", "", "Mar 2020", "", ""],
    ]


def test_label_that_the_model_lacks_is_called_by_its_id() -> None:
    record: RecordDetail = detail(1, probabilities={"growth": 0.1}, decisions={"older": True})
    row = RowMaker([FieldColumn(Field.LABELS), ProbabilityColumn("older")], LABELS).row(record)
    assert row.cells == ("older", None)
