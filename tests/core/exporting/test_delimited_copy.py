"""Delimited text comes back with every line as it was, and labels behind."""

from __future__ import annotations

import codecs
import csv
import dataclasses
import gzip
import hashlib
from pathlib import Path

import pytest

from kdh_desktop.core.errors import ExportError, InputError
from kdh_desktop.core.exporting.copy_columns import ID_TITLE
from kdh_desktop.core.exporting.corrections_in import read_corrections
from kdh_desktop.core.exporting.outcome import ExportOutcome
from kdh_desktop.core.exporting.workbook_copy import export_workbook_copy
from kdh_desktop.core.importing.imported import (
    ColumnMapping,
    ColumnRole,
    FileFormat,
    ImportedRecord,
    ImportPlan,
)
from kdh_desktop.core.importing.table import TableLayout
from kdh_desktop.core.records.stored import ReviewChange
from tests.data.nasty_exports import disk_full_at
from tests.data.original_workbooks import batch_of
from tests.data.stored_records import LABELS, MadeLabel, MadeStore, detail

TEXT = (
    "id;Titre;=x\r\n"
    '1;"Café; ""VEGF""\r\nen deux lignes";=HYPERLINK("http://example.invalid")\r\n'
    "\r\n"
    "00123;Étude;SEPT1\r\n"
    "3;Sans fin;;;\r\n"
    "4;Trop court\r\n"
    "5;Retiré;x"
)
FIRST_LINES = (2, 5, 6)


def made_store(
    original: Path, *, encoding: str, header_row: int = 1, labels: tuple[MadeLabel, ...] = LABELS
) -> MadeStore:
    plan = ImportPlan(
        FileFormat.DELIMITED,
        layout=TableLayout(header_row=header_row, encoding=encoding),
        mapping=ColumnMapping(((ColumnRole.ID, 0), (ColumnRole.TITLE, 1))),
    )
    titles = ('Café; "VEGF"\nen deux lignes', "Étude", "Sans fin")
    records = [
        detail(
            number,
            ImportedRecord(row=line + header_row - 1, title=title),
            probabilities={"growth": 0.9, "vessels": 0.1, "spread": 0.1},
        )
        for number, (line, title) in enumerate(zip(FIRST_LINES, titles, strict=True), 1)
    ]
    batch = batch_of(original, plan=plan, columns=("id", "Titre", "=x"), records=3)
    return MadeStore({record.id: record for record in records}, labels, batch)


def copied(
    folder: Path, data: bytes, encoding: str, *, header_row: int = 1
) -> tuple[Path, MadeStore, ExportOutcome]:
    original, copy = folder / "list.csv", folder / "copy.csv"
    original.write_bytes(data)
    store = made_store(original, encoding=encoding, header_row=header_row)
    return copy, store, export_workbook_copy(store, 1, original, copy)


def rows_of(path: Path, encoding: str) -> list[list[str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file, delimiter=";", strict=True))


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8-sig", b""),
        ("cp1252", b""),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16-le", b""),
    ],
)
def test_every_line_is_as_it_was(tmp_path: Path, encoding: str, mark: bytes) -> None:
    data = mark + TEXT.encode(encoding)
    named = "utf-16" if mark else encoding
    copy, _, outcome = copied(tmp_path, data, named)
    found = rows_of(copy, named)
    original = rows_of(tmp_path / "list.csv", named)
    assert copy.read_bytes()[:10] == data[:10]
    assert [row[:3] for row in found if row] == [row[:3] for row in original if row]
    assert [len(row) for row in found] == [14, 14, 0, 14, 14, 2, 3]
    assert found[0][-1] == ID_TITLE
    assert [row[-1][:3] for row in found if row] == ["KDH", "r1-", "r2-", "r3-", "Tro", "x"]
    assert found[1][5:9] == ["Sustaining growth", "present", "absent", "absent"]
    assert not copy.read_bytes().endswith("\n".encode(named.removesuffix("-sig")))
    assert outcome.rows == 3
    assert outcome.notices[0].startswith("2 cells of the original begin like a formula")


def test_provenance_lies_beside_the_copy(tmp_path: Path) -> None:
    copy, _, outcome = copied(tmp_path, TEXT.encode(), "utf-8")
    assert outcome.files == (copy, tmp_path / "copy provenance.csv")
    with outcome.files[1].open(encoding="utf-8-sig", newline="") as file:
        about = dict(csv.reader(file))
    sha256 = hashlib.sha256((tmp_path / "list.csv").read_bytes()).hexdigest()
    assert about["Original file, SHA-256"] == sha256
    assert about["Rows with labels"] == "3"


def test_provenance_of_an_earlier_copy_is_replaced_and_no_other_file(tmp_path: Path) -> None:
    copy, store, outcome = copied(tmp_path, TEXT.encode(), "utf-8")
    export_workbook_copy(store, 1, tmp_path / "list.csv", copy)
    copy.write_bytes(b"old")
    for other in (b"", b"Program,mine\n", b"\xff\xfe\x00", b'"' * 300_000):
        outcome.files[1].write_bytes(other)
        with pytest.raises(InputError, match="another file has its name"):
            export_workbook_copy(store, 1, tmp_path / "list.csv", copy)
        assert outcome.files[1].read_bytes() == other
    assert copy.read_bytes() == b"old"


def test_provenance_takes_the_place_of_no_original(tmp_path: Path) -> None:
    original = tmp_path / "copy provenance.csv"
    original.write_bytes(TEXT.encode())
    with pytest.raises(InputError, match="another file has its name"):
        export_workbook_copy(
            made_store(original, encoding="utf-8"), 1, original, tmp_path / "copy.csv"
        )
    assert original.read_bytes() == TEXT.encode()


def test_provenance_runs_no_formula_that_the_file_s_name_is(tmp_path: Path) -> None:
    original = tmp_path / "=1+1,\x01.csv"
    original.write_bytes(TEXT.encode())
    labels = (MadeLabel("growth", "=1+1"),)
    store = made_store(original, encoding="utf-8", labels=labels)
    outcome = export_workbook_copy(store, 1, original, tmp_path / "copy.csv")
    with outcome.files[1].open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert ["Original file", "'=1+1,.csv"] in lines
    assert not [cell for line in lines for cell in line if cell.startswith("=")]


def test_packed_original_is_refused_for_what_it_is(tmp_path: Path) -> None:
    original, copy = tmp_path / "list.csv", tmp_path / "copy.csv"
    original.write_bytes(gzip.compress(TEXT.encode()))
    with pytest.raises(InputError, match="packed by gzip"):
        export_workbook_copy(made_store(original, encoding="utf-8"), 1, original, copy)
    assert list(tmp_path.iterdir()) == [original]


def test_lines_above_the_header_stay_alone(tmp_path: Path) -> None:
    above = "sep=;\r\nA reading list\r\n"
    copy, _, _ = copied(tmp_path, (above + TEXT).encode(), "utf-8", header_row=3)
    assert copy.read_bytes().startswith(above.encode() + b"id;Titre;=x;;;KDH labels;")


def test_line_that_names_the_delimiter_is_no_header(tmp_path: Path) -> None:
    original, copy = tmp_path / "list.csv", tmp_path / "copy.csv"
    original.write_bytes(b"sep=;\r\nid;Titre;x\r\n1;a;b\r\n2;c;d\r\n")
    store = made_store(original, encoding="utf-8")
    [record, *_] = store.records.values()
    record = dataclasses.replace(record, imported=dataclasses.replace(record.imported, row=3))
    export_workbook_copy(dataclasses.replace(store, records={1: record}), 1, original, copy)
    lines = copy.read_bytes().split(b"\r\n")
    assert lines[1].startswith(b"id;Titre;x;KDH labels;")
    assert lines[2].startswith(b"1;a;b;Sustaining growth;")
    assert lines[3] == b"2;c;d" + b";" * 9


def test_corrections_in_the_copy_are_found(tmp_path: Path) -> None:
    copy, store, _ = copied(tmp_path, TEXT.encode("cp1252"), "cp1252")
    data = copy.read_bytes()
    copy.write_bytes(data.replace(b";present;absent;", b";present;present;", 1))
    found = read_corrections(copy, store)
    assert found.changes == (ReviewChange(1, (("vessels", True),)),)
    assert (found.conflicts, found.rows, found.unmatched) == ((), 3, 2)


def test_label_that_is_a_formula_is_run_by_no_program_and_can_be_corrected(tmp_path: Path) -> None:
    original, copy = tmp_path / "list.csv", tmp_path / "copy.csv"
    original.write_bytes(TEXT.encode())
    store = made_store(original, encoding="utf-8", labels=(MadeLabel("growth", "=SUM(A1)"),))
    export_workbook_copy(store, 1, original, copy)
    header, first, *_ = rows_of(copy, "utf-8")
    assert header[5:9] == ["KDH labels", "KDH 1: =SUM(A1)", "KDH checked", "p: =SUM(A1)"]
    assert first[2:9] == [
        '=HYPERLINK("http://example.invalid")',
        "",
        "",
        "'=SUM(A1)",
        "present",
        "",
        "0.9",
    ]
    copy.write_bytes(copy.read_bytes().replace(b";present;", b";absent;", 1))
    found = read_corrections(copy, store)
    assert found.changes == (ReviewChange(1, (("growth", False),)),)
    assert found.conflicts == ()


def test_quotation_marks_in_names_of_labels_are_letters_where_all_are(tmp_path: Path) -> None:
    original, copy = tmp_path / "list.tsv", tmp_path / "copy.tsv"
    original.write_bytes(b'id\tTitre\t=x\n1\t"a\tb"\n2\t"c\td\n')
    store = made_store(original, encoding="utf-8", labels=(MadeLabel("growth", 'The "W" effect'),))
    store = dataclasses.replace(store, records={1: store.records[1]})
    export_workbook_copy(store, 1, original, copy)
    header, first, second = copy.read_text(encoding="utf-8").splitlines()
    assert header.startswith('id\tTitre\t=x\tKDH labels\tKDH 1: The "W" effect\t')
    assert first.startswith('1\t"a\tb"\tThe "W" effect\tpresent\t')
    assert second == '2\t"c\td' + "\t" * 5


def test_labels_that_the_encoding_lacks_are_refused(tmp_path: Path) -> None:
    original, copy = tmp_path / "list.csv", tmp_path / "copy.csv"
    original.write_bytes(TEXT.encode("cp1252"))
    store = made_store(original, encoding="cp1252", labels=(MadeLabel("growth", "増殖"),))
    with pytest.raises(InputError, match="cannot be written in the file's encoding"):
        export_workbook_copy(store, 1, original, copy)
    assert list(tmp_path.iterdir()) == [original]


def test_text_of_one_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one column"):
        copied(tmp_path, b"Title\none\ntwo\nthree, and more\nfour\n", "utf-8")


def test_full_disk_leaves_both_old_files(tmp_path: Path) -> None:
    original = tmp_path / "list.csv"
    original.write_bytes(TEXT.encode() + b"\r\n" + b"6;x;y\r\n" * 1_000)
    store = made_store(original, encoding="utf-8")
    old = [tmp_path / "copy.csv", tmp_path / "copy provenance.csv"]
    before = [b"old", b'"Original file, SHA-256",0\n']
    for path, data in zip(old, before, strict=True):
        path.write_bytes(data)
    with disk_full_at(3_000), pytest.raises(ExportError, match="disk is full"):
        export_workbook_copy(store, 1, original, old[0])
    assert [path.read_bytes() for path in old] == before
    assert len(list(tmp_path.iterdir())) == 3
