"""Plain text, Word documents and PDF: one text or several, or a plain sentence why not."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.imported import FileFormat
from tests.core.importing.trip import trip, write
from tests.data.nasty_tables import (
    pdf,
    protected_pdf,
    word_document,
    word_file,
    word_run,
    zipped,
)

BODY = (
    "We counted invented cells in twelve dishes over five weeks, and wrote down how many of them "
    "were left. Growth was slower in the dishes that stood by the window. Nobody knows why this "
    "was so, and we did not ask. The dishes were washed after the study had come to its end."
)
OTHER = (
    "A second group of invented patients was treated with nothing at all for half a year. Most of "
    "them felt better afterwards. We think that they had not been ill in the first place, which is "
    "a weakness of this study. Larger studies of people who are well are needed to be certain."
)
PUBMED = (
    "1. J Invent Oncol. 2020 May 1;38(13):1-9. doi: 10.5555/Invented.1. Epub 2020 Apr 2.\n\n"
    "Invented cells in dishes.\n\n"
    "Muster A(1), Beispiel B(2).\n\n"
    "Author information:\n(1)Institute of Inventions, Nowhere.\n\n"
    f"{BODY}\n\n"
    "DOI: 10.5555/Invented.1\nPMID: 30000001 [Indexed for MEDLINE]\n\n\n"
    "2. J Invent Oncol. 2021;39:10-12. doi: 10.5555/Invented.2.\n\n"
    "A letter without an abstract.\n\n"
    "Muster A(1).\n\n"
    "PMID: 30000002\n"
)


def test_texts_between_blank_lines_come_in_with_their_titles_and_lines(tmp_path: Path) -> None:
    text = f"Cells in dishes\n\n{BODY}\n\n\nOn being well\n\n{OTHER}\n"
    found = trip(write(tmp_path, text.replace("\n", "\r\n")))
    assert found.inspection.plan.format is FileFormat.PLAIN_TEXT
    assert [(r.row, r.title, r.abstract) for r in found.records] == [
        (1, "Cells in dishes", BODY),
        (6, "On being well", OTHER),
    ]


def test_one_text_stays_one(tmp_path: Path) -> None:
    found = trip(write(tmp_path, BODY))
    assert [(r.title, r.abstract) for r in found.records] == [("", BODY)]
    assert not found.inspection.needs_look


def test_lines_that_are_abstracts_are_texts_of_their_own(tmp_path: Path) -> None:
    found = trip(write(tmp_path, f"{BODY}\n{OTHER}\n{BODY}\n{OTHER}"))
    assert [(r.row, r.abstract) for r in found.records] == [
        *((1, BODY), (2, OTHER), (3, BODY), (4, OTHER))
    ]


def test_the_display_of_pubmed_comes_in_with_its_fields(tmp_path: Path) -> None:
    found = trip(write(tmp_path, PUBMED))
    first, second = found.records
    assert (first.title, first.abstract) == ("Invented cells in dishes.", BODY)
    assert (first.pmid, first.doi, first.year) == ("30000001", "10.5555/invented.1", 2020)
    assert (first.journal, first.authors) == ("J Invent Oncol", "Muster A; Beispiel B")
    assert (second.pmid, second.title) == ("30000002", "A letter without an abstract.")
    assert second.abstract == ""


@pytest.mark.parametrize("encoding", ["cp1252", "cp932", "utf-16"])
def test_text_in_another_encoding_is_read_right_or_asked_about(
    tmp_path: Path, encoding: str
) -> None:
    word = {"cp1252": "Größe", "cp932": "心電図検査", "utf-16": "心電図"}[encoding]
    found = trip(write(tmp_path, f"{BODY} {word}".encode(encoding)))
    assert found.records[0].abstract == f"{BODY} {word}"
    assert found.inspection.needs_look == (encoding != "utf-16")


def run(text: str) -> str:
    return word_run(text)


def test_a_word_document_reads_as_if_all_changes_were_accepted(tmp_path: Path) -> None:
    changed = (
        run(BODY[:100])
        + f"<w:del>{run('DELETED').replace('w:t', 'w:delText')}</w:del>"
        + f"<w:ins>{run(BODY[100:150])}</w:ins>"
        + f"<w:moveFrom>{run('MOVED')}</w:moveFrom>"
        + f"<w:moveTo>{run(BODY[150:])}</w:moveTo>"
        + word_run("HIDDEN", "<w:vanish/>")
        + '<w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:t xml:space="preserve"> </w:t>'
        + "<w:noBreakHyphen/><w:tab/></w:r>"
    )
    found = trip(write(tmp_path, word_document(run("Cells in dishes"), changed, "")))
    assert found.inspection.plan.format is FileFormat.WORD_DOCUMENT
    assert [(r.row, r.title, r.abstract) for r in found.records] == [
        (1, "Cells in dishes", f"{BODY} -")
    ]
    assert "insertions were read, deletions were not" in found.notices
    assert "Hidden text" in found.notices


def test_a_word_document_of_the_browser_is_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(write(tmp_path, word_document(run(BODY)))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["word/document2.xml"] = parts.pop("word/document.xml")
    found = trip(write(tmp_path, zipped(parts)))
    assert [r.abstract for r in found.records] == [BODY]


def test_greek_letters_of_the_symbol_font_are_read(tmp_path: Path) -> None:
    def sign(font: str, place: str) -> str:
        return f'<w:r><w:sym w:font="{font}" w:char="{place}"/></w:r>'

    body = (
        f"{sign('Wingdings', 'F0E0')}{run('TNF-')}{sign('Symbol', 'F061')}{run(' at 5 ')}"
        f"{sign('Symbol', '006D')}{run('g ')}{sign('Arial', '00B1')}{run(' 1. ' + BODY)}"
    )
    (record,) = trip(write(tmp_path, word_document(body))).records
    assert record.abstract == f"TNF-α at 5 μg ± 1. {BODY}"


def test_paragraphs_whose_end_was_deleted_are_one(tmp_path: Path) -> None:
    joined = "<w:pPr><w:rPr><w:del/></w:rPr></w:pPr>" + run(BODY[:120])
    found = trip(write(tmp_path, word_document(joined, run(BODY[120:]))))
    assert [r.abstract for r in found.records] == [BODY]


def test_cells_of_tables_and_frames_are_read_once(tmp_path: Path) -> None:
    frame = f"<w:p>{run(BODY)}</w:p>"
    both = (
        f"<mc:AlternateContent xmlns:mc='x'><mc:Choice>{frame}</mc:Choice>"
        f"<mc:Fallback>{frame}</mc:Fallback></mc:AlternateContent>"
    )
    cell = f"<w:tbl><w:tr><w:tc><w:p>{run(OTHER)}</w:p></w:tc></w:tr></w:tbl>"
    found = trip(write(tmp_path, word_file(f"<w:body><w:p><w:r>{both}</w:r></w:p>{cell}</w:body>")))
    assert [r.abstract for r in found.records] == [BODY, OTHER]


def test_a_pdf_with_text_comes_in_as_one_text(tmp_path: Path) -> None:
    lines = "Cells (all invented) grew in\ndishes and were coun-\nted by hand.\nNone was left."
    found = trip(write(tmp_path, pdf(lines, "", "A second page holds some more.")))
    assert found.inspection.plan.format is FileFormat.PDF
    first = "Cells (all invented) grew in dishes and were counted by hand. None was left."
    text = f"{first}\n\nA second page holds some more."
    assert [r.abstract for r in found.records] == [text]
    assert "1 page holds no text" in found.notices


REFUSED: dict[str, tuple[bytes, str]] = {
    "a PDF of pictures": (pdf("", ""), "pictures of pages, and no text"),
    "a protected PDF": (protected_pdf("Some words."), "protected by a password"),
    "a damaged PDF": (b"%PDF-1.7\n1 0 obj <<", "damaged"),
    "half a PDF": (pdf("Some words that are long enough.")[:200], "damaged|no text"),
    "an empty document": (word_document("", ""), "holds no text"),
    "a document without a body": (zipped({"word/document.xml": ""}), "damaged"),
    "a document that is no XML": (zipped({"word/document.xml": "<w:p"}), "damaged"),
    "a document of entities": (
        word_document(run("x"), head='<!DOCTYPE x [<!ENTITY a "ha">]>'),
        "damaged",
    ),
    "a document that names a file": (
        word_document("&m;", head='<!DOCTYPE x [<!ENTITY m SYSTEM "file:///etc/passwd">]>'),
        "damaged",
    ),
    "a bomb of a document": (zipped({"word/document.xml": bytes(700_000_000)}), "larger than"),
    "blanks": (b" \n\t\r\n ", ""),
}


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED)
def test_what_holds_no_text_says_so(tmp_path: Path, content: bytes, words: str) -> None:
    path = write(tmp_path, content)
    start = time.monotonic()
    with pytest.raises(InputError, match=words or None) as refused:
        trip(path)
    assert refused.value.remedy
    assert time.monotonic() - start < 8
