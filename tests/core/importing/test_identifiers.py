"""Ids are found in whatever form databases write them, and no other number is taken for one."""

from __future__ import annotations

import time

import pytest

from kdh_desktop.core.importing.identifiers import (
    doi_in,
    doi_of,
    named_pmid_in,
    pmid_of,
    year_in,
    year_of,
)

OLD_DOI = "10.1002/(SICI)1097-0142(19990101)85:1<1::AID-INV1>3.0.CO;2-X"


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.5555/ABC.1", "10.5555/abc.1"),
        ("doi: 10.5555/abc.1.", "10.5555/abc.1"),
        ("https://doi.org/10.5555/abc(19)1", "10.5555/abc(19)1"),
        ("https://dx.doi.org/10.5555%2Fabc%2819%291", "10.5555/abc(19)1"),
        ("See (https://doi.org/10.5555/abc), and others.", "10.5555/abc"),
        ("10.5555/abc.1 [doi]", "10.5555/abc.1"),
        (OLD_DOI, OLD_DOI.lower()),
        ("https://www.invented.example/10.5555/abc]", "10.5555/abc"),
        ("version 10.2/3", ""),
        ("100% of 10.5555", ""),
        ("", ""),
    ],
)
def test_a_doi_is_found_in_a_text(text: str, doi: str) -> None:
    assert doi_in(text) == doi
    assert doi_of(doi) == doi


@pytest.mark.parametrize(
    ("text", "pmid"),
    [
        ("PUBMED 31234567,EMBASE 60000004", "31234567"),
        ("PMID: 0012345", "12345"),
        ("https://pubmed.ncbi.nlm.nih.gov/31234567/", "31234567"),
        ("http://www.ncbi.nlm.nih.gov/pubmed/31234567?dopt=Citation", "31234567"),
        ("MEDLINE:31234567", "31234567"),
        ("31234567", ""),
        ("PMID 1234567890123", ""),
        ("EMBASE 60000004", ""),
    ],
)
def test_a_pubmed_id_is_found_where_it_is_named(text: str, pmid: str) -> None:
    assert named_pmid_in(text) == pmid
    assert pmid_of(pmid) == pmid


@pytest.mark.parametrize(
    ("text", "year"),
    [("2019//", 2019), ("1998 Jan-Feb", 1998), ("May 2020", 2020), ("20205", None), ("", None)],
)
def test_a_year_is_found_in_a_date(text: str, year: int | None) -> None:
    assert year_of(text) == year
    assert year_in(f"{text} {'and so on ' * 10}") == year
    assert year_of(f"{text} {'and so on ' * 10}") is None, "a sentence is no date"


@pytest.mark.parametrize("run", [" ", ")", "10.1111", "10.5555/", "10.5555/)", "pubmed ", "0", "%"])
def test_long_runs_of_anything_are_searched_in_time(run: str) -> None:
    text = run * (1_000_000 // len(run))
    start = time.monotonic()
    for search in (doi_in, doi_of, named_pmid_in, pmid_of, year_in):
        search(text)
    assert time.monotonic() - start < 5
