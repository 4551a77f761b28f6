"""Equal and nearly equal texts are found, and others left alone."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.corpus import LabelledText
from trainer.corpus.duplicates import content_keys, groups_of, near_duplicates

WORDS = [f"word{number}" for number in range(2000)]


def text_of(rng: np.random.Generator, words: int = 200) -> str:
    return " ".join(rng.choice(WORDS, words))


def changed(text: str, *places: int) -> str:
    words = text.split()
    for place in places:
        words[place] = "other"
    return " ".join(words)


def labelled(text: str, group: str | None = None) -> LabelledText:
    return LabelledText("1", (text,), (text,), None, group=group)


@pytest.mark.parametrize(
    "other",
    ["growth  of CELLS\nin vitro", "Growth of cells, in vitro.", "Ｇrowth of cells in vitro"],
)
def test_case_width_blanks_and_punctuation_make_no_other_text(other: str) -> None:
    assert len(set(content_keys(["Growth of cells in vitro", other]))) == 1


def test_other_words_make_another_text() -> None:
    texts = ["TP53 is lost", "TP53 is not lost", "TP53 is los t", "症状胸痛", "症状胸闷", ""]
    assert len(set(content_keys(texts))) == len(texts)


def test_versions_of_a_text_are_found_with_the_earlier_one() -> None:
    rng = np.random.default_rng(0)
    texts = [text_of(rng) for _ in range(50)]
    texts += [changed(texts[7], 3, 90), changed(texts[30], 0), texts[7] + " and more of it"]
    assert [(one, other) for one, other in near_duplicates(texts)] == [(50, 7), (51, 30), (52, 7)]


def test_equal_texts_are_no_near_ones() -> None:
    text = text_of(np.random.default_rng(0))
    assert list(near_duplicates([text, text, text.upper()])) == []


def test_texts_that_share_half_are_left_alone() -> None:
    rng = np.random.default_rng(0)
    shared = text_of(rng, 100)
    texts = [f"{shared} {text_of(rng, 100)}" for _ in range(20)]
    assert list(near_duplicates(texts)) == []


def test_pairs_of_one_group_are_passed_over() -> None:
    text = text_of(np.random.default_rng(0))
    versions = [changed(text, place) for place in range(4)]
    assert list(near_duplicates(versions, ["a", "a", "a", "a"])) == []
    assert list(near_duplicates(versions, ["a", "a", "b", None])) == [(2, 0), (3, 0)]


def test_scripts_without_blanks_are_compared_character_by_character() -> None:
    rng = np.random.default_rng(0)
    texts = ["".join(chr(0x4E00 + x) for x in rng.integers(0, 3000, 120)) for _ in range(20)]
    texts.append(texts[4][:60] + "另" + texts[4][60:])
    assert list(near_duplicates(texts)) == [(20, 4)]


@given(st.lists(st.text(), max_size=8))
def test_any_texts_can_be_compared(texts: list[str]) -> None:
    assert len(content_keys(texts)) == len(texts)
    for one, other in near_duplicates(texts):
        assert other < one


def test_groups_join_equal_texts() -> None:
    texts = [
        labelled("one", "a"),
        labelled("two", "a"),
        labelled("three", "b"),
        labelled("Two!", "b"),
        labelled("four"),
        labelled("five"),
        labelled("four"),
    ]
    groups = groups_of(texts)
    assert len(set(groups[:4].tolist())) == 1
    assert groups[4] == groups[6]
    assert len(set(groups.tolist())) == 3


def test_a_corpus_of_thousands_is_compared_in_seconds() -> None:
    rng = np.random.default_rng(0)
    texts = [text_of(rng) for _ in range(3000)]
    texts += [changed(texts[place], 5) for place in range(0, 3000, 100)]
    start = time.monotonic()
    assert len(list(near_duplicates(texts))) == 30
    assert time.monotonic() - start < 8


def test_thousands_of_like_texts_do_not_take_for_ever() -> None:
    form = text_of(np.random.default_rng(0))
    texts = [changed(form, 5) + f" {number}" for number in range(2000)]
    start = time.monotonic()
    assert len(list(near_duplicates(texts))) == 1999
    assert time.monotonic() - start < 8


class CountedGroup(str):
    """A group that counts how often it is asked whether it is another one."""

    __slots__ = ()
    asked = 0

    def __ne__(self, other: object) -> bool:
        CountedGroup.asked += 1
        return not self == other

    __hash__ = str.__hash__


@pytest.mark.parametrize("groups", [1, 40, 400])
def test_like_texts_are_compared_with_a_few_each_however_many_there_are(groups: int) -> None:
    form = text_of(np.random.default_rng(0), 40)
    texts = [f"{form} {number}" for number in range(400)]
    own = [CountedGroup(number % groups) for number in range(400)]
    CountedGroup.asked = 0
    found = list(near_duplicates(texts, own))
    assert len(found) == (399 if groups > 1 else 0)
    # Sixteen bands each; at most ten texts of the own group, and ten of others.
    assert CountedGroup.asked <= 400 * 16 * 20
