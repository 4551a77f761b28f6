"""Several texts in one paste are told apart, and one text is never torn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdh_desktop.core.importing.pasted_text import find_pasted_texts, split_pasted_text

FIRST = (
    "Loss of the kinase Abc1 makes colon cells resistant to drugs that start apoptosis. We "
    "deleted the gene in four cell lines and in mice, and measured caspase activity after "
    "treatment. Activity fell by half, and tumours grew back within three weeks. Abc1 is "
    "therefore needed for cell death."
)
SECOND = (
    "Blood vessels in breast tumours leak, and the growth factor Xyz is blamed for it. In this "
    "study, 120 patients received an antibody against Xyz together with the usual therapy. The "
    "density of small vessels fell and survival without progression rose from six to nine "
    "months. Blocking Xyz slows the growth of vessels in patients."
)
TITLE = "Abc1 is needed for the death of colon cancer cells"
OTHER_TITLE = "Outcomes of patients treated against Xyz: a randomised trial"
STRUCTURED = (
    "BACKGROUND: Telomeres shorten in most cells, but not in these.\n\n"
    "METHODS: We measured their length in 80 biopsies, and followed the patients for a year. "
    "Samples were taken at the start, after three months and at the end, and were read by two "
    "people who did not know from whom they came. A third decided where they differed.\n\n"
    "RESULTS: Length was kept in 61 biopsies, all of which expressed telomerase.\n\n"
    "CONCLUSIONS: Telomerase keeps the telomeres of these tumours."
)


def pubmed(number: int, pmid: str, *, body: str | None = FIRST, title: str = TITLE + ".") -> str:
    parts = [
        (
            f"{number}. J Invent Oncol. 2021 May 1;38(13):1425-1436. doi:\n10.0000/jio.{pmid}. "
            "2021 Mar 2."
        ),
        title,
        "Miller-Smith JA(1)(2), van den Berg C(2), O'Hara D 3rd(3), Li XY(#)(4); Group\nABC(1).",
        (
            "Author information:\n(1)Department of Cells, University of Nowhere, Nowhere. It has\n"
            "two buildings. And a garden.\n(2)Institute of Things."
        ),
        "Comment in\n    Lancet Nowhere. 2021 Jun;3(2):12.",
        *([body] if body is not None else []),
        "© 2021. The Author(s).",
        f"DOI: 10.0000/jio.{pmid}\nPMCID: PMC{pmid}\nPMID: {pmid} [Indexed for MEDLINE]",
        "Conflict of interest statement: None.",
    ]
    parts[-2:] = reversed(parts[-2:])
    return "\n\n".join(parts)


def texts_of(paste: str) -> list[str]:
    return [record.text for record in split_pasted_text(paste)]


@pytest.mark.parametrize("paste", ["", " \n\t\n ", "\n\n\n", "-----", "\u2003\r\n"])
def test_blanks_and_rules_hold_no_text(paste: str) -> None:
    assert split_pasted_text(paste) == []


def test_one_text_is_kept_to_the_letter_without_the_blanks_around_it() -> None:
    records = split_pasted_text(f"\n  {FIRST}\n\n")
    assert [(record.id, record.text) for record in records] == [("1", FIRST)]


@pytest.mark.parametrize("blank", ["\n\n", "\r\n\r\n", "\r\r", "\n \t\n", "\n\n\n\n"])
def test_two_abstracts_divided_by_a_blank_line_are_two_texts(blank: str) -> None:
    records = split_pasted_text(FIRST + blank + SECOND)
    assert [(r.id, r.text) for r in records] == [("1", FIRST), ("2", SECOND)]


def test_a_title_goes_with_the_abstract_below_it() -> None:
    paste = f"{TITLE}\n\n{FIRST}"
    assert texts_of(paste) == [paste]


def test_titles_and_authors_between_abstracts_go_with_the_one_below() -> None:
    one = f"{TITLE}\n\nJ. Miller, C. Berg\n\n{FIRST}"
    other = f"{OTHER_TITLE}\n\n{SECOND}"
    assert texts_of(f"{one}\n\n{other}") == [one, other]


def test_sections_of_a_structured_abstract_stay_together() -> None:
    assert texts_of(STRUCTURED) == [STRUCTURED]


@pytest.mark.parametrize("follower", [SECOND, f"{OTHER_TITLE}\n\n{SECOND}", STRUCTURED])
def test_a_structured_abstract_ends_where_the_next_text_begins(follower: str) -> None:
    assert texts_of(f"{STRUCTURED}\n\n{follower}") == [STRUCTURED, follower]


def test_an_abstract_with_its_headings_inside_one_paragraph_ends_with_it() -> None:
    inline = STRUCTURED.replace("\n\n", " ")
    assert texts_of(f"{inline}\n\n{SECOND}") == [inline, SECOND]


def test_headings_on_lines_of_their_own_go_with_what_follows() -> None:
    paste = (
        f"{TITLE}\n\nAbstract\n\nPurpose\n\n{FIRST}\n\nMaterials and methods\n\n{SECOND}\n\n"
        f"Conclusion\n\nAbc1 matters.\n\nKeywords: death; colon"
    )
    assert texts_of(paste) == [paste]


def test_a_second_paragraph_inside_a_section_stays_until_the_results_have_come() -> None:
    paste = f"METHODS: {FIRST}\n\n{SECOND}\n\nRESULTS: All cells died. None grew back."
    assert texts_of(paste) == [paste]


@pytest.mark.parametrize("opener", ["However,", "Taken together,", "These results", "as before,"])
def test_a_paragraph_that_reads_on_stays_with_the_one_above(opener: str) -> None:
    paste = f"{FIRST}\n\n{opener} {SECOND}"
    assert texts_of(paste) == [paste]


@pytest.mark.parametrize("gene", ["p53", "mTOR", "let-7", "siRNA", "Next-generation"])
def test_a_gene_symbol_in_small_letters_begins_a_text_like_any_word(gene: str) -> None:
    other = f"{gene} matters here. {SECOND}"
    assert texts_of(f"{FIRST}\n\n{other}") == [FIRST, other]


def test_closing_lines_stay_with_the_abstract_above_them() -> None:
    one = f"{FIRST}\n\nKeywords: apoptosis; kinase\n\ndoi: 10.0000/x\n\n© 2021 Nobody"
    assert texts_of(f"{one}\n\n{SECOND}") == [one, SECOND]


def test_short_lines_divided_by_blank_lines_are_one_text() -> None:
    paste = "Cells died.\n\nVessels grew.\n\nMice lived. They were well."
    assert texts_of(paste) == [paste]


def test_a_text_with_every_line_spaced_out_is_one_text() -> None:
    paste = "\n\n".join(f"{FIRST} {SECOND}".split(". "))
    assert texts_of(paste) == [paste]


@pytest.mark.parametrize("rule", ["---", "* * *", "==========", "\t___ "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_ruled_line_always_divides(rule: str, end: str) -> None:
    paste = f"One short text.{end}{rule}{end}Another."
    assert texts_of(paste) == ["One short text.", "Another."]


def test_dashes_inside_a_line_do_not_divide() -> None:
    assert texts_of("Dose --- in mg --- was low.") == ["Dose --- in mg --- was low."]


def test_pubmed_records_come_with_their_id_and_their_abstract_only() -> None:
    paste = f"{pubmed(1, '30000001')}\n\n\n{pubmed(2, '30000002', body=SECOND)}\n"
    records = split_pasted_text(paste)
    assert [(r.id, r.text) for r in records] == [("30000001", FIRST), ("30000002", SECOND)]


def test_pubmed_abstract_of_several_paragraphs_is_whole() -> None:
    paste = pubmed(7, "30000003", body=STRUCTURED)
    assert texts_of(paste) == [STRUCTURED]


def test_pubmed_record_without_an_abstract_is_known_by_its_title() -> None:
    records = split_pasted_text(pubmed(1, "30000004", body=None))
    assert [(r.id, r.text) for r in records] == [("30000004", TITLE + ".")]


def test_pubmed_record_without_authors_keeps_title_and_abstract_in_one_piece() -> None:
    citation, title, *_ = pubmed(1, "30000005").split("\n\n")
    records = split_pasted_text(f"{citation}\n\n{title}\n\n{FIRST}\n\nPMID: 30000005")
    assert [r.text for r in records] == [f"{title}\n\n{FIRST}"]


def test_numbered_paragraph_with_a_year_inside_an_abstract_begins_no_record() -> None:
    body = f"{FIRST}\n\n9. Trial of Xyz. 2019 Jan;3: it failed.\n\n{SECOND}"
    records = split_pasted_text(pubmed(1, "30000006", body=body) + "\n\n" + pubmed(2, "30000007"))
    assert [r.id for r in records] == ["30000006", "30000007"]
    assert records[0].text == body


def test_pubmed_record_cut_off_before_its_id_is_kept_under_its_number() -> None:
    cut = pubmed(2, "30000009", body=SECOND).split("\n\n©")[0]
    records = split_pasted_text(f"{pubmed(1, '30000008')}\n\n{cut}")
    assert [(r.id, r.text) for r in records] == [("30000008", FIRST), ("2", SECOND)]


def test_plain_text_after_a_pubmed_record_is_a_text_of_its_own() -> None:
    records = split_pasted_text(f"{pubmed(1, '30000010')}\n\n{SECOND}")
    assert [(r.id, r.text) for r in records] == [("30000010", FIRST), ("2", SECOND)]


def test_the_same_pubmed_id_twice_gives_two_different_ids() -> None:
    paste = f"{pubmed(1, '30000011')}\n\n{pubmed(2, '30000011', body=SECOND)}"
    assert [r.id for r in split_pasted_text(paste)] == ["30000011", "30000011 (2)"]


def test_numbered_abstracts_without_any_pubmed_id_lose_nothing() -> None:
    paste = f"1. Trial. 2019 May;3: {FIRST}\n\n2. Trial. 2020 May;3: {SECOND}"
    assert "\n\n".join(texts_of(paste)) == paste


def test_windows_line_ends_make_no_difference_to_pubmed_records() -> None:
    paste = f"{pubmed(1, '30000012')}\n\n{pubmed(2, '30000013', body=SECOND)}"
    unix, windows = (split_pasted_text(x) for x in (paste, paste.replace("\n", "\r\n")))
    assert [r.id for r in unix] == [r.id for r in windows]
    assert [r.text for r in unix] == [r.text for r in windows]


PIECES = st.sampled_from(
    [FIRST, SECOND, STRUCTURED, TITLE, "METHODS: x", "Results", "---", pubmed(1, "1"), "7. a", "©"]
)
SPACES = st.sampled_from(["\n\n", "\r\n\r\n", "\n", " ", "\n\n\n", ""])


@given(st.lists(st.tuples(PIECES | st.text(max_size=30), SPACES), max_size=8))
def test_texts_are_verbatim_pieces_in_order_with_ids_of_their_own(
    parts: list[tuple[str, str]],
) -> None:
    paste = "".join(piece + space for piece, space in parts)
    end = 0
    found = find_pasted_texts(paste)
    for pasted in found:
        text = pasted.record.text
        assert pasted.start >= end
        end = pasted.start + len(text)
        assert paste[pasted.start : end] == text
        assert text == text.strip() != ""
    assert len({pasted.record.id for pasted in found}) == len(found)


@given(st.lists(st.sampled_from([FIRST, SECOND, TITLE, STRUCTURED, "Keywords: x"]), max_size=6))
def test_outside_pubmed_records_every_word_ends_up_in_some_text(pieces: list[str]) -> None:
    paste = "\n\n".join(pieces)
    assert " ".join(texts_of(paste)).split() == paste.split()


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "piece", ["a", "\n", "- ", "1. ", "PMID: 1\n\n", "A. 2020 ;", "(\n\n", "Aim: ", "x y. \n\n"]
)
def test_a_megabyte_of_anything_is_told_apart_in_no_time(piece: str) -> None:
    split_pasted_text(piece * (1_000_000 // len(piece)))
