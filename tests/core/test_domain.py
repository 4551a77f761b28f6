from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdh_desktop.core.classification.domain import domain_share, domain_warnings, words_of
from kdh_desktop.core.record import WarningCode
from tests.data.nasty import ENGLISH_ABSTRACT, FOREIGN_TEXTS, GERMAN, OUTSIDE_TEXTS
from tests.data.tiny_bundle import DOMAIN


def codes(text: str) -> list[WarningCode]:
    return [warning.code for warning in domain_warnings(text, DOMAIN)]


def test_text_of_the_domain_has_no_warning() -> None:
    assert codes(ENGLISH_ABSTRACT) == []


@pytest.mark.parametrize("name", FOREIGN_TEXTS)
def test_foreign_text_is_said_not_to_be_english(name: str) -> None:
    assert codes(FOREIGN_TEXTS[name]) == [WarningCode.NOT_ENGLISH]


@pytest.mark.parametrize("name", OUTSIDE_TEXTS)
def test_text_of_another_kind_is_said_to_be_out_of_the_domain(name: str) -> None:
    assert codes(OUTSIDE_TEXTS[name]) == [WarningCode.OUT_OF_DOMAIN]


def test_foreign_title_above_an_english_abstract_is_no_foreign_text() -> None:
    assert codes(f"Wirkung der Therapie auf die Tumoren\n\n{ENGLISH_ABSTRACT}") == []


@pytest.mark.parametrize(
    "text",
    [
        "De novo growth of E. coli in situ and de facto in vitro, Smith et al. 2005",
        "EGFR TP53 BRCA1 KRAS NRAS PIK3CA",
        "IL-6, IL-8, IL-10, PAR-1 and del(17p); OS and PFS",
        "TNFα IFN-γ β-catenin NFκB αvβ3",
        "α",
        "",
    ],
)
def test_latin_phrases_gene_lists_and_greek_letters_are_not_foreign(text: str) -> None:
    assert WarningCode.NOT_ENGLISH not in codes(text)


def test_few_words_are_not_judged_by_vocabulary() -> None:
    assert codes("Railway fares went up yesterday") == []
    assert codes("Railway fares went up yesterday " * 2) == [WarningCode.OUT_OF_DOMAIN]


@pytest.mark.parametrize(
    "text",
    [
        "VGhpcyBpcyBhIHRlc3Qgb2YgYmFzZTY0IGVuY29kaW5nIHdpdGggc29tZQ==",
        "VGhpcyBpcyBhIHRlc3Qgb2YgYmFzZTY0 IGVuY29kaW5nIHdpdGggc29tZQ==",
    ],
)
def test_few_and_endless_words_are_no_prose(text: str) -> None:
    assert codes(text) == [WarningCode.OUT_OF_DOMAIN]


def test_a_long_chemical_name_is_prose() -> None:
    assert codes("Induced by 12-O-tetradecanoylphorbol-13-acetate and bromodeoxyuridine") == []


def test_few_letters_of_another_script_are_enough() -> None:
    assert codes("肿瘤细胞") == [WarningCode.NOT_ENGLISH]


def test_model_without_a_domain_warns_of_nothing() -> None:
    assert domain_warnings(GERMAN, None) == ()


def test_words_begin_with_letters_and_are_in_lower_case() -> None:
    assert words_of("The p53-mediated 5-FU of 2310009E13, TNFα_2 été!") == [
        "the",
        "p53",
        "mediated",
        "fu",
        "of",
        "tnfα",
        "été",
    ]


def test_share_counts_words_as_often_as_they_stand() -> None:
    assert domain_share("cell cell cell wall", {"cell"}) == 0.75
    assert domain_share("", {"cell"}) == 0.0


@given(st.text())
def test_any_text_has_at_most_one_warning(text: str) -> None:
    assert len(codes(text)) <= 1
