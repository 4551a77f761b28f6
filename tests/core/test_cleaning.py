from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kdh_desktop.core.classification.cleaning import MAX_MARKS, clean_text
from kdh_desktop.core.record import WarningCode
from tests.data.nasty import (
    ARABIC,
    CHINESE,
    EMPTY_TEXTS,
    ENGLISH_ABSTRACT,
    GERMAN,
    RUSSIAN,
    combining_marks,
)

UNSEEN = "\u200b\u200d\u202e\u2066\ufeff\xad\x00\x07\x9f\ufe0f\ufffe\ud800\U000e0041"
JOINING = "e\u0301 \u1100\u1161 \u0301 \u0323 \u0958 \u2126 \U0001d15e \u0f73 \u212b \ud55c".split(
    " "
)
PIECES = st.sampled_from((*"aZ9 .\n\té中ακ\x0b\U0001f9ec", "xy-\nxy", *UNSEEN, *JOINING))
TEXTS = st.lists(PIECES, max_size=40).map("".join) | st.text(
    alphabet=st.characters(exclude_categories=()), max_size=40
)


def codes(text: str) -> list[WarningCode]:
    return [warning.code for warning in clean_text(text).warnings]


@pytest.mark.parametrize("text", [ENGLISH_ABSTRACT, GERMAN, CHINESE, ARABIC, RUSSIAN, "a\r\nb\tc"])
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    clean = clean_text(text)
    assert clean.text == text
    assert list(clean.offsets) == list(range(len(text) + 1))
    assert not clean.warnings


@pytest.mark.parametrize("character", UNSEEN)
def test_unseen_character_inside_a_word_is_removed_and_reported(character: str) -> None:
    clean = clean_text(f"can{character}cer cells")
    assert clean.text == "cancer cells"
    assert clean.removed == 1
    assert [warning.code for warning in clean.warnings] == [WarningCode.CLEANED]
    assert clean.warnings[0].message.startswith("1 invisible")


@pytest.mark.parametrize("character", "\x0b\x0c\x85\u2028\u2029")
def test_unusual_line_ends_do_not_glue_words(character: str) -> None:
    clean = clean_text(f"cancer{character}cells")
    assert clean.text == "cancer\ncells"
    assert clean.removed == 1


def test_letters_are_composed_without_a_warning() -> None:
    clean = clean_text("cafe\u0301 Tumo\u0308r")
    assert clean.text == "café Tumör"
    assert not clean.warnings


def test_ligatures_of_pdfs_are_the_letters_that_they_stand_for() -> None:
    pasted = "Pro\ufb01le of in\ufb02ammation in an e\ufb00ort."
    clean = clean_text(pasted)
    assert clean.text == "Profile of inflammation in an effort."
    assert not clean.warnings
    start = clean.text.index("inflammation")
    assert pasted[clean.offsets[start] : clean.offsets[start + 12]] == "in\ufb02ammation"


@pytest.mark.parametrize(
    ("pasted", "clean"),
    [
        ("breast carci-\nnoma", "breast carcinoma"),
        ("breast carci\u2010 \r\n  noma", "breast carcinoma"),
        ("breast carci\xad\nnoma", "breast carcinoma"),
        ("\ufb01-\nbrosis", "fibrosis"),
        ("after IL-\ninduced growth", "after IL-\ninduced growth"),
        ("p53-\nmediated", "p53-\nmediated"),
        ("loss of E-\ncadherin", "loss of E-\ncadherin"),
        ("pre-\nand post-operative", "pre-\nand post-operative"),
        ("Wnt-\nEGFR", "Wnt-\nEGFR"),
        ("alpha\xad\nBETA", "alpha\nBETA"),
        ("a list:\n- one\n- two", "a list:\n- one\n- two"),
        ("the end-\n\nof all", "the end-\n\nof all"),
    ],
)
def test_words_that_a_printer_broke_are_joined(pasted: str, clean: str) -> None:
    assert clean_text(pasted).text == clean


def test_a_joined_word_leads_back_to_both_its_parts() -> None:
    pasted = "in breast carci-\nnoma cells"
    clean = clean_text(pasted)
    start = clean.text.index("carcinoma")
    assert pasted[clean.offsets[start] : clean.offsets[start + 9]] == "carci-\nnoma"
    assert not clean.warnings


def test_offsets_lead_back_over_removed_and_composed_characters() -> None:
    pasted = "\ufeffA\u200b cafe\u0301s grew."
    clean = clean_text(pasted)
    start = clean.text.index("cafés")
    assert pasted[clean.offsets[start] : clean.offsets[start + 5]] == "cafe\u0301s"
    assert clean.offsets[len(clean.text)] == len(pasted)


def test_thousands_of_combining_marks_are_cut_down_and_counted() -> None:
    pasted = combining_marks(10_000)
    clean = clean_text(pasted)
    assert len(clean.text) <= len("The tumor growe in mice.") + MAX_MARKS
    assert clean.removed == 10_000 - MAX_MARKS
    assert pasted[clean.offsets[clean.text.index(" in mice")] :] == " in mice."


@pytest.mark.parametrize(
    "text",
    [
        "e\u0301" * 100_000,
        "e" + "\u0301\u0323" * 100_000,
        "a\u200b" * 100_000,
        "\u1100\u1161" * 100_000,
        "a" * 200_000 + "с",
        "aс" * 100_000,
        CHINESE * 3000,
    ],
    ids=["accents", "one letter", "zero width", "jamo", "one word", "mixed", "Chinese"],
)
@pytest.mark.timeout(20)
def test_cleaning_takes_time_in_proportion_to_length(text: str) -> None:
    assert clean_text(text).offsets[-1] == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "can\u0441er cells",
        "c\u0430ncer",
        "p\u03bf53",
        "tum\u0585r",
        "\uff43\uff41\uff4e\uff43\uff45\uff52",
        "\U0001d41c\U0001d41a\U0001d427\U0001d41c\U0001d41e\U0001d42b",
    ],
    ids=["Cyrillic c", "Cyrillic a", "Greek omicron", "Armenian o", "full width", "bold"],
)
def test_letters_that_only_look_latin_are_pointed_out(text: str) -> None:
    assert codes(text) == [WarningCode.LOOKALIKE_LETTERS]
    assert clean_text(text).text == text


@pytest.mark.parametrize(
    "text", ["TNFα and NFκB", "β-catenin", "μm", "IFN-γ", "αvβ3", "Δ9-THC", RUSSIAN, "σ", "x̂"]
)
def test_greek_of_gene_names_and_foreign_words_are_no_disguise(text: str) -> None:
    assert WarningCode.LOOKALIKE_LETTERS not in codes(text)


@pytest.mark.parametrize("name", EMPTY_TEXTS)
def test_texts_of_nothing_come_out_without_letters(name: str) -> None:
    assert not clean_text(EMPTY_TEXTS[name]).text.strip(" \t\r\n\u00a0\u3000\ufffd")


def test_warnings_quote_nothing_of_the_text() -> None:
    for warning in clean_text("secret\u200bname can\u0441er").warnings:
        assert "secret" not in warning.message
        assert "can" not in warning.message.split()


@given(TEXTS)
@example("\u0301a\u0301")
@example("\ud83e\uddec")
def test_cleaned_text_is_composed_and_holds_nothing_unseen(pasted: str) -> None:
    clean = clean_text(pasted).text
    assert unicodedata.is_normalized("NFC", clean)
    assert not any(unicodedata.category(x) == "Cs" for x in clean)
    assert not any(unicodedata.category(x) == "Cc" and x not in "\t\n\r" for x in clean)
    clean.encode("utf-8")


@given(TEXTS)
@example("a\ufb01\u0301 \ufb04")
def test_cleaning_twice_changes_nothing_more(pasted: str) -> None:
    once = clean_text(pasted)
    again = clean_text(once.text)
    assert again.text == once.text
    assert again.removed == 0


@given(TEXTS)
def test_offsets_never_fall_and_stay_inside(pasted: str) -> None:
    clean = clean_text(pasted)
    offsets = list(clean.offsets)
    assert len(offsets) == len(clean.text) + 1
    assert offsets == sorted(offsets)
    assert all(0 <= offset <= len(pasted) for offset in offsets)
    assert offsets[-1] == len(pasted)


@given(TEXTS)
def test_slices_of_the_pasted_text_are_what_the_cleaned_ones_were_made_from(pasted: str) -> None:
    clean = clean_text(pasted)
    cuts = [0]  # between characters that no rule joins: before each plain letter or blank
    cuts += [at for at, character in enumerate(clean.text) if character in "aZ9 .\n\t"]
    cuts.append(len(clean.text))
    for start, end in itertools.pairwise(cuts):
        source = pasted[clean.offsets[start] : clean.offsets[end]]
        if start or clean.offsets[0] == 0:
            assert clean_text(source).text == clean.text[start:end]
