"""The words of the domain: frequent in the texts, rare in general English."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import BPE, WordPiece

from kdh_desktop.core.classification.domain import domain_share, domain_warnings
from trainer.corpus import LabelledText
from trainer.export.domain import MIN_WORDS, PASSED_SHARE, build_domain

COMMON = ["the", "of", "and", "in", "to", "with", "was", "that", "for", "is"]
RARE = ["tumor", "angiogenesis", "apoptosis"]


def word_pieces(words: Sequence[str]) -> Tokenizer:
    """Whole words by falling frequency, as in the vocabularies of BERT."""
    fillers = [f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(600)]
    common = [word for word in words if word not in RARE]
    rare = [word for word in words if word in RARE]
    pieces = ["[UNK]", *common, *fillers, *rare, "a", "##a", "##s"]
    return Tokenizer(WordPiece({x: n for n, x in enumerate(pieces)}, unk_token="[UNK]"))


TEXTS = [
    f"growth of {RARE[n % 2]} and the {RARE[2]} seen early in nude mice fed sugar by {RARE[2]}"
    for n in range(40)
]


def test_words_that_are_rare_in_english_are_of_the_domain() -> None:
    domain = build_domain(TEXTS, word_pieces([*COMMON, *RARE]))
    assert domain is not None
    assert domain.words.issuperset(RARE)
    assert domain.words.isdisjoint(COMMON)
    assert domain.min_words == MIN_WORDS


def test_a_word_that_is_no_single_piece_counts_as_rare() -> None:
    domain = build_domain(TEXTS, word_pieces(COMMON))
    assert domain is not None
    assert domain.words.issuperset(RARE)


def test_a_word_of_one_text_among_many_is_not_of_the_domain() -> None:
    texts = [*TEXTS * 20, "the cerium cerium cerium cerium cerium"]
    domain = build_domain(texts, word_pieces(COMMON))
    assert domain is not None
    assert "cerium" not in domain.words


def test_words_of_one_or_two_letters_are_not_of_the_domain() -> None:
    domain = build_domain([f"{text} il il il kb kb" for text in TEXTS], word_pieces(COMMON))
    assert domain is not None
    assert min(map(len, domain.words)) > 2


def test_nearly_all_training_texts_pass() -> None:
    texts = [*TEXTS * 25, *["the of and in to with was that for is"] * 2]
    domain = build_domain(texts, word_pieces([*COMMON, *RARE]))
    assert domain is not None
    passed = [domain_share(text, domain.words) >= domain.min_share for text in texts]
    assert sum(passed) / len(texts) >= PASSED_SHARE - 0.001
    assert domain.min_share > 0


def test_texts_of_the_domain_are_not_warned_of_and_others_are(
    tiny_texts: list[LabelledText], tiny_encoder: Path
) -> None:
    tokenizer = Tokenizer.from_file(str(tiny_encoder / "tokenizer.json"))
    domain = build_domain([f"{text.text} {TEXTS[0]}" for text in tiny_texts], tokenizer)
    assert domain is not None
    other = "Ministers met yesterday to talk about railway fares before the strike of the week."
    if domain.min_share > 0:
        assert domain_warnings(other, domain)
    assert not domain_warnings(f"{tiny_texts[0].text} {TEXTS[0]}", domain)


@pytest.mark.parametrize(
    "model", [BPE({"the": 0, "tumor": 1}, []), WordPiece({"the": 0}, unk_token="the")]
)
def test_a_vocabulary_that_says_nothing_of_frequency_gives_no_domain(
    model: BPE | WordPiece,
) -> None:
    assert build_domain(TEXTS, Tokenizer(model)) is None
