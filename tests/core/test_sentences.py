from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdh_desktop.core.classification.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Cells grew. Tumors shrank.",
        "Did cells grow? Tumors shrank.",
        "Cells grew! Tumors shrank.",
        "Cells grew... Tumors shrank.",
        "The end was near… Tumors shrank.",
        "The value was 0.05. Tumors shrank.",
        "It was significant (p < 0.05). Tumors shrank.",
        "Growth fell, p < 0.05. Tumors shrank.",
        "Cells grew. p53 was lost.",
        "Cells grew. c-Myc was lost.",
        "Cells grew. mTOR was lost.",
        "Cells grew. siRNA was used.",
        "Cells grew. β-catenin was lost.",
        "Cells grew. miR-21 was lost.",
        "Cells grew. 5-FU was given.",
        "Cells grew. (Not all of them.)",
        "(Cells grew.) Tumors shrank.",
        '"Cells grew." Tumors shrank.',
        "Mice lacked vitamin C. Tumors shrank.",
        "This was a phase I. Patients died.",
        "Cells grew for 24 h. Tumors shrank.",
        "Cells grew for 4 wk. Tumors shrank.",
        "It was found by Smith et al. We found it too.",
        "Spectra came from LC/MS. Tumors shrank.",
        "Cells grew . Tumors shrank .",
        "Cells grew . the tumors shrank .",
        "It was in Table 1. However, cells grew.",
        "METHODS: Cells were grown. RESULTS: Tumors shrank.",
        "Cells grew in strain X. RESULTS: Tumors shrank.",
        "Cells grew.[3] Tumors shrank.",
        "Cells grew.12,13 Tumors shrank.",
        "Cells grew.\nTumors shrank.",
        "Cells grew.\r\n\r\nTumors shrank.",
        "Cells grew\n\nTumors shrank",
        "Cells grew\n \t\nTumors shrank",
        "cells grew. tumors shrank.",
        "细胞生长。肿瘤缩小。",
    ],
)
def test_two_sentences_are_told_apart(text: str) -> None:
    assert len(sentences(text)) == 2, sentences(text)


@pytest.mark.parametrize(
    "text",
    [
        "Drugs (e.g. Taxol, i.e. paclitaxel) were given.",
        "Treated vs. Untreated mice were compared.",
        "See Fig. 1 and Figs. 2 of ref. 3.",
        "As shown by Smith et al. (2005) this holds.",
        "Cultures of E. coli and S. aureus were grown.",
        "Streptomyces spp. and Candida sp. were found.",
        "It lasted approx. 3 h, cf. Ref. 2, resp. 4 h.",
        "Dr. Smith and Prof. Jones of St. Mary agreed.",
        "The i.v. dose of No. 5 was low.",
        "The dose was given i.p. daily.",
        "It was bought from Roche Inc. Basel and used.",
        "A fall (P < 0.05. See the table. There is more) was seen.",
        "A fall [it was small. Very small] was seen.",
        "A rise of 0.5 to 1.25 was seen",
        "One line\nthat goes on\nis one sentence.",
        "BACKGROUND: Cells grow.",
        "BACKGROUND:\nCells grow.",
        "BACKGROUND:\n\nCells grow.",
        "1. Cells grow.",
        "(a) Cells grow.",
        "Why (really?) do cells grow",
        "Surprisingly (!) cells grew",
        "Use node.Js or file.Txt there",
        "no capital, no full stop",
        "?",
        "...",
    ],
)
def test_one_sentence_stays_whole(text: str) -> None:
    assert sentences(text) == [text]


def test_lost_blank_before_a_common_first_word_is_seen() -> None:
    assert sentences("Cells grew in this study.We saw it.") == [
        "Cells grew in this study.",
        "We saw it.",
    ]


def test_line_breaks_end_sentences_where_lines_are_not_wrapped() -> None:
    title, abstract = "Growth of tumors in mice", "Cells grow in tumors and elsewhere " * 6
    assert sentences(f"{title}\n{abstract}") == [title, abstract.strip()]


def test_line_break_before_a_small_letter_goes_on() -> None:
    first = "Cells grow in tumors " * 10
    assert len(sentences(f"{first}\nand elsewhere")) == 1


def test_bracket_that_never_closes_does_not_swallow_the_text() -> None:
    text = "Cells (grew. " + "Tumors shrank in many mice. " * 30
    assert len(sentences(text)) == 31


def test_bracket_that_closes_far_away_does_not_swallow_the_text() -> None:
    text = "Cells (grew. " + "Tumors shrank in many mice. " * 30 + ") End."
    assert len(sentences(text)) > 25


def test_texts_without_words_have_no_sentences() -> None:
    assert split_sentences("") == []
    assert split_sentences(" \n\t\u00a0 ") == []


@pytest.mark.parametrize(
    "piece",
    [
        "a. ",
        "(",
        ")",
        "x",
        "\n",
        " ",
        ".",
        "?!",
        "(.)",
        "[1. ",
        ". ",
        "a\n",
        "'",
        ".'",
        "1,",
        ".1,",
        "。",
    ],
)
@pytest.mark.timeout(20)
def test_splitting_takes_time_in_proportion_to_length(piece: str) -> None:
    split_sentences(piece * 50_000)
    split_sentences(piece * 50_000 + "x")


WORDS = "e.g. al. Fig. p53 We The cells 0.05 E. BACKGROUND: 中文。 12 β"
PIECES = st.sampled_from((*" \n\r\t.?!…()[]\"':,;-\u00a0", "\n\n", "\r\n", ". ", *WORDS.split()))
TEXTS = st.lists(PIECES, max_size=50).map("".join) | st.text(max_size=60)


@given(TEXTS)
def test_spans_are_ordered_and_hold_every_character_once(text: str) -> None:
    spans = split_sentences(text)
    at = 0
    for start, end in spans:
        assert at <= start < end <= len(text)
        assert not text[at:start].strip()
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        at = end
    assert not text[at:].strip()


@given(TEXTS)
def test_splitting_is_the_same_every_time(text: str) -> None:
    assert split_sentences(text) == split_sentences(text)
