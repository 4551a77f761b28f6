"""Which words mark a text as one of the model's domain, and how many of them it should hold."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer

from kdh_desktop.core.classification.domain import domain_share, words_of
from kdh_desktop.core.classification.manifest import DomainVocabulary

KEYNESS = 4.0
"""How many times more frequent than in general English a word of the domain is."""

MIN_TEXT_SHARE = 0.003
"""Share of the texts that a word of the domain occurs in, at least."""

PASSED_SHARE = 0.998
"""Share of the training texts that the limit lets pass."""

MIN_WORDS = 8
ZIPF_CONSTANT = 0.1


def build_domain(texts: Sequence[str], tokenizer: Tokenizer) -> DomainVocabulary | None:
    """Find the domain's words; None where the tokenizer's vocabulary says nothing of frequency.

    How frequent a word is in general English comes from its place in the vocabulary: WordPiece
    vocabularies list whole words by falling frequency, and by Zipf's law the word of rank r has
    a share of about 0.1 / r. A word that is no single piece is rarer than all that are.
    """
    pieces = tokenizer.get_vocab()
    whole = sorted(
        (id_, piece) for piece, id_ in pieces.items() if piece.isalpha() and len(piece) > 1
    )
    if not any(piece.startswith("##") for piece in pieces):
        return None
    rank = {piece: place for place, (_, piece) in enumerate(whole, 1)}
    counts: Counter[str] = Counter()
    holding: Counter[str] = Counter()
    for text in texts:
        words = words_of(text)
        counts.update(words)
        holding.update(set(words))
    total = counts.total()
    domain = frozenset(
        word
        for word, count in counts.items()
        if holding[word] >= MIN_TEXT_SHARE * len(texts)
        and len(word) > 2
        and count / total > KEYNESS * ZIPF_CONSTANT / rank.get(word, len(whole))
    )
    shares = [domain_share(text, domain) for text in texts]
    limit = float(np.quantile(shares, 1 - PASSED_SHARE, method="lower"))
    # Rounded down: rounded up it would shut out the very texts that lie on it.
    return DomainVocabulary(domain, math.floor(1000 * limit) / 1000, MIN_WORDS)
