"""Whether a text is of the kind that the model knows: English, and about its subject."""

from __future__ import annotations

import re
from collections.abc import Collection

from kdh_desktop.core.classification.manifest import DomainVocabulary
from kdh_desktop.core.record import TextWarning, WarningCode

_WORD = re.compile(r"\b[^\W\d_][^\W_]*")


def words_of(text: str) -> list[str]:
    """Lower-case words of a text, in order.

    A word begins with a letter and goes on over letters and digits ("p53"); hyphens part words.
    The trainer counts the domain's words with this same function.
    """
    return _WORD.findall(text.lower())


def domain_share(text: str, words: Collection[str]) -> float:
    """Share in 0..1 of a text's words that are among `words`; 0 for a text without words."""
    found = words_of(text)
    return sum(word in words for word in found) / len(found) if found else 0.0


def domain_warnings(text: str, vocabulary: DomainVocabulary | None) -> tuple[TextWarning, ...]:
    """Say so when a text is outside what the model knows.

    Args:
        text: Cleaned text.
        vocabulary: The model's domain, or None where the check does not apply.

    Returns:
        At most one warning: not English, or else out of the domain.
    """
    if vocabulary is None or not text.strip():
        return ()
    return _out_of_domain(text, vocabulary)


def _out_of_domain(text: str, vocabulary: DomainVocabulary) -> tuple[TextWarning, ...]:
    if len(words_of(text)) < vocabulary.min_words:
        return ()
    if domain_share(text, vocabulary.words) >= vocabulary.min_share:
        return ()
    return (
        TextWarning(
            WarningCode.OUT_OF_DOMAIN,
            "The text does not look like the biomedical abstracts that the model was trained on; "
            "its labels mean little.",
        ),
    )
