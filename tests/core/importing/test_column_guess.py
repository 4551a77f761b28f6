"""Columns are guessed by name and content; whatever is not sure is said."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdh_desktop.core.importing.column_guess import ColumnGuess, guess_columns
from kdh_desktop.core.importing.column_names import named_columns
from kdh_desktop.core.importing.identifiers import doi_of, pmid_of, year_of
from kdh_desktop.core.importing.imported import ColumnRole
from kdh_desktop.core.importing.table_parsing import RawRow
from tests.data.nasty_references import abstract_of, title_of

LONG = (
    "We counted invented cells in dishes by hand, and wrote down how many of them were left. " * 4
)


def guess(*rows: Sequence[str], header_row: int | None = None) -> ColumnGuess:
    return guess_columns([RawRow(n, list(row)) for n, row in enumerate(rows, 1)], header_row)


def roles(found: ColumnGuess) -> dict[str, int]:
    return {role.name: place for role, place in found.mapping.columns}


EXPORTS = {
    "PubMed": "PMID,Title,Authors,Citation,First Author,Journal/Book,Publication Year,"
    "Create Date,PMCID,NIHMS ID,DOI",
    "Scopus": "Authors,Author full names,Title,Year,Source title,Volume,DOI,Link,Abstract,"
    "Author Keywords,Index Keywords,PubMed ID,Source,EID",
    "Web of Science": "Publication Type,Authors,Article Title,Source Title,Author Keywords,"
    "Keywords Plus,Abstract,Publication Year,DOI,Pubmed Id,UT (Unique WOS ID)",
    "Web of Science tags": "PT,AU,AF,TI,SO,DE,ID,AB,PY,DI,PM,UT",
    "Embase": "Title,Source title,Author Names,Publication Year,Abstract,Embase Accession ID,"
    "Medline PMID,DOI",
    "Rayyan": "key,title,year,month,day,journal,issn,authors,url,abstract,notes,doi,keywords",
    "Covidence": "Title,Authors,Abstract,Published Year,Journal,DOI,Ref,Covidence #,Study",
    "Zotero": "Key,Item Type,Publication Year,Author,Title,Publication Title,ISSN,DOI,"
    "Abstract Note,Date,Manual Tags",
    "German": "Nr.,Titel,Zusammenfassung,Jahr,Zeitschrift,Autoren,Schlagwörter",
    "French": "Titre,Résumé,Année,Revue,Auteurs,Mots-clés",
    "Spanish": "Título,Resumen,Año,Revista,Autores,Palabras clave",
    "Chinese": "编号,标题,摘要,出版年,期刊,作者,关键词",
    "Japanese": "番号,タイトル,抄録,発行年,雑誌名,著者,キーワード",
}
CELLS = {
    ColumnRole.TITLE: "{n} Invented finding on TP53",
    ColumnRole.ABSTRACT: LONG + "{n}",
    ColumnRole.PMID: "3000000{n}",
    ColumnRole.DOI: "10.5555/Invented.{n}",
    ColumnRole.YEAR: "200{n}",
    ColumnRole.ID: "acc-{n}",
}


def export(header: str) -> list[list[str]]:
    """The header, and rows that fit it."""
    names = header.split(",")
    by_place = {column.place: column.role for column in named_columns(names)}
    rows = [
        [
            CELLS.get(by_place.get(place, ColumnRole.JOURNAL), "words").format(n=n)
            for place in range(len(names))
        ]
        for n in range(1, 8)
    ]
    return [names, *rows]


@pytest.mark.parametrize("header", EXPORTS.values(), ids=EXPORTS)
def test_exports_of_databases_and_in_other_languages_are_known(header: str) -> None:
    rows = export(header)
    found = guess(*rows)
    assert found.header_row == 1
    known = roles(found)
    if "PMCID" in header:
        assert (known["TITLE"], known["PMID"], known["JOURNAL"], known["YEAR"]) == (1, 0, 5, 6)
        assert found.doubts == (
            "No column seems to hold abstracts: only titles would be taken in.",
        )
        return
    assert {"TITLE", "ABSTRACT", "YEAR", "JOURNAL", "AUTHORS"} <= known.keys()
    assert found.doubts == ()
    assert rows[1][known["ABSTRACT"]].startswith("We counted")
    assert "Invented finding" in rows[1][known["TITLE"]]


def test_the_better_name_wins_and_the_journal_is_no_title() -> None:
    names = ["Publication Title", "Title", "Text", "Abstract", "Accession Number", "ID"]
    assert roles(guess(names, ["J", "A title", LONG, LONG, "a", "1"])) == {
        "JOURNAL": 0,
        "TITLE": 1,
        "ABSTRACT": 3,
        "ID": 5,
    }


def test_names_that_only_hint_are_taken_with_a_doubt() -> None:
    found = guess(["Title", "Abstract (our translation)"], ["A title", LONG])
    assert roles(found) == {"TITLE": 0, "ABSTRACT": 1}
    assert any("guessed from a part of its name" in doubt for doubt in found.doubts)


def test_a_name_that_its_content_belies_is_doubted() -> None:
    found = guess(["abstract", "PMID", "year"], [LONG, "see text", "12 mg"], [LONG, "x", "3 mg"])
    assert roles(found) == {"ABSTRACT": 0}
    assert "The column that is called PMID does not look like one." in found.doubts
    assert "The column that is called year does not look like one." in found.doubts


def test_two_columns_of_one_name_are_doubted() -> None:
    found = guess(["id", "id", "abstract"], ["1", "2", LONG])
    assert roles(found)["ID"] == 0
    assert found.doubts == ("Several columns are called id; the first was taken.",)


def test_a_header_below_titles_is_found_and_doubted() -> None:
    found = guess(["Reading list"], ["May 2026"], ["id", "title", "abstract"], ["1", "t", LONG])
    assert found.header_row == 3
    assert found.doubts == ("There are rows above the one that names the columns.",)


def test_without_names_content_is_guessed_with_doubts() -> None:
    rows = [
        [f"{n}", title_of(n), abstract_of(n) * 3, f"10.5555/x.{n}", "2020", f"3000{n}"]
        for n in range(1, 9)
    ]
    found = guess(*rows)
    assert found.header_row == 0
    expected = {"ABSTRACT": 2, "TITLE": 1, "DOI": 3, "YEAR": 4}
    assert roles(found).items() >= expected.items()
    assert found.doubts[0].startswith("No row names the columns")
    assert any("guessed from what is in it" in doubt for doubt in found.doubts)


def unnamed(numbers: Sequence[str]) -> dict[str, int]:
    """What a table is taken for that has numbers, titles and texts, and names nothing."""
    return roles(guess(*([n, title_of(row), LONG] for row, n in enumerate(numbers, 1))))


@pytest.mark.parametrize(
    "numbers",
    [
        [f"{n}" for n in range(1, 9)],
        [f"{30_000_000 + n}" for n in range(8)],
        ["7", "19", "4", "820", "33", "12345", "8", "21"],
    ],
    ids=["rows", "long numbers that count", "cases"],
)
def test_running_and_short_numbers_are_ids_and_no_pubmed_ids(numbers: list[str]) -> None:
    assert unnamed(numbers) == {"ID": 0, "TITLE": 1, "ABSTRACT": 2}


@pytest.mark.parametrize(
    "numbers",
    [
        ["31415926", "27182818", "16180339", "14142135", "9953", "36787944", "5772156", "6931471"],
        [f"PMID: {n * n}" for n in range(3, 9)],
    ],
    ids=["long", "that say so"],
)
def test_numbers_that_are_mostly_typical_are_pubmed_ids(numbers: list[str]) -> None:
    assert unnamed(numbers) == {"PMID": 0, "TITLE": 1, "ABSTRACT": 2}


def test_unknown_names_are_a_header_and_doubted() -> None:
    rows = [[f"{n}", title_of(n), abstract_of(n) * 3] for n in range(1, 9)]
    found = guess(["code", "what", "words"], *rows)
    assert found.header_row == 1
    assert roles(found).items() >= {"ABSTRACT": 2, "TITLE": 1}.items()
    assert "The names of the columns do not say what they hold." in found.doubts


def test_numbers_alone_are_no_texts() -> None:
    found = guess(["abstract", "b"], ["1", "2"], ["3", "4"])
    assert "ABSTRACT" not in roles(found)
    assert "No column seems to hold texts." in found.doubts


def test_broken_and_empty_rows_do_not_mislead() -> None:
    rows = [
        RawRow(1, ["", ""]),
        RawRow(2, ["id", "abstract"]),
        RawRow(3, [], problem="A quotation mark is not closed."),
        RawRow(9, ["1", LONG]),
    ]
    found = guess_columns(rows)
    assert (found.header_row, found.doubts) == (2, ())


def test_an_empty_table_has_no_columns() -> None:
    assert guess().mapping.columns == ()
    assert guess().doubts


@given(
    st.lists(st.lists(st.text(max_size=30), max_size=6), max_size=12),
    st.none() | st.integers(0, 15),
)
def test_any_table_can_be_guessed(rows: list[list[str]], header_row: int | None) -> None:
    found = guess(*rows, header_row=header_row)
    places = [place for _, place in found.mapping.columns]
    assert len(set(places)) == len(places)
    assert all(0 <= place < 6 for place in places)
    if header_row is not None:
        assert found.header_row == header_row


@pytest.mark.parametrize(
    ("text", "pmid"),
    [
        ("12345678", "12345678"),
        ("PMID: 123", "123"),
        ("https://pubmed.ncbi.nlm.nih.gov/123/", "123"),
        ("00123", "123"),
        ("123.0", "123"),
        ("1234567890", ""),
        ("PMC123", ""),
        ("0", ""),
        ("12 mg", ""),
    ],
)
def test_pmids_are_brought_to_one_form(text: str, pmid: str) -> None:
    assert pmid_of(text) == pmid


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.1000/AbC(1)2", "10.1000/abc(1)2"),
        ("https://doi.org/10.1000/x", "10.1000/x"),
        ("doi: 10.1000.10/x.", "10.1000.10/x"),
        ("10.1000", ""),
        ("see 10.1000/x", ""),
    ],
)
def test_dois_are_brought_to_one_form(text: str, doi: str) -> None:
    assert doi_of(text) == doi


@pytest.mark.parametrize(
    ("text", "year"),
    [("2020", 2020), ("2020.0", 2020), ("1 May 2020", 2020), ("2019-2020", 2019), ("12020", None)],
)
def test_years_are_found_in_dates(text: str, year: int | None) -> None:
    assert year_of(text) == year
