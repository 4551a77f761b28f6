"""Whether a text is of the kind that the model knows: English, and about its subject."""

from __future__ import annotations

import re
from collections.abc import Collection

from kdh_desktop.core.classification.manifest import DomainVocabulary
from kdh_desktop.core.record import TextWarning, WarningCode

_WORD = re.compile(r"\b[^\W\d_][^\W_]*")
_LETTER = re.compile(r"[^\W\d_]")
_KNOWN_LETTER = re.compile(r"[A-Za-z\u00aa-\u024f\u0370-\u03ff\u1e00-\u1fff]")
_GREEK_WORD = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]{3,}")  # gene names have one or two

_MIN_FOREIGN_LETTERS = 4
_MAX_LETTER_SHARE = 0.2
"""Letters of other scripts, in number and as a share, that make a text foreign."""

_MIN_PROSE_LETTERS = 40
_MAX_LETTERS_PER_WORD = 20
"""Letters from which a text is judged, and for each word, that make it encoded data, no prose."""

_MIN_FUNCTION_WORDS = 3
_MIN_FOREIGN_SHARE = 0.12
"""Foreign function words, in number and as a share of all words, that make a text foreign.

English abstracts hold a few (de novo, et al., in situ), other languages three times this share.
"""

_ENGLISH = frozenset(
    "the of and in to with was were that for is are by on as we from these this an or which at "
    "not be been has have had but it its our their also than between after during a no can may "
    "will he she they his her you your all into".split()
)
_FOREIGN = frozenset(
    (
        # German, Dutch
        "der die das und den von zu mit sich des ist im dem nicht ein eine einer eines auf für "
        "wird werden wurde wurden bei auch als durch nach oder aus sind het een van voor met zijn "
        "niet te dat aan ook werd door bij naar deze worden "
        # French, Spanish, Italian, Portuguese, Romanian
        "le la les de du des en un une dans est que qui pour sur avec sont au aux ces cette "
        "ont été ou el los las se con para una por como más su lo fue di che della "
        "dei nel per sono con degli alla gli è da em um uma não com na no dos das ao "
        "foi și cu este sau "
        # Danish, Norwegian, Swedish, Finnish, Icelandic
        "og det som til av af på er den har ikke med blev ble från för och att ett inte ja on ei "
        "että oli ovat sekä "
        # Polish, Czech, Slovak, Croatian, Slovene
        "na do się jest nie oraz przez są se že je byl byla su za od kod koji "
        # Hungarian, Turkish, Indonesian, Vietnamese
        "az egy és hogy nem volt meg ve bir bu için olarak olan da de yang dan di dengan untuk "
        "pada dari và của các được trong cho"
    ).split()
).difference(_ENGLISH)
"""Short words that hold sentences together.

Left out are English words, single letters, the "et" and "al" of references, and what is a
symbol as well: IL, PAR, OS, Ile and their like.
"""

_NOT_ENGLISH = TextWarning(
    WarningCode.NOT_ENGLISH,
    "The text does not seem to be English. The model knows English only; its labels mean little.",
)
_OUT_OF_DOMAIN = TextWarning(
    WarningCode.OUT_OF_DOMAIN,
    "The text does not look like the biomedical abstracts that the model was trained on; "
    "its labels mean little.",
)


def words_of(text: str) -> list[str]:
    """Lower-case words of a text, in order.

    A word begins with a letter and goes on over letters and digits ("p53"); hyphens part words.
    The trainer counts the domain's words with this same function.
    """
    return _WORD.findall(text.lower())


def domain_share(text: str, words: Collection[str]) -> float:
    """Share in 0..1 of a text's words that are among `words`; 0 for a text without words."""
    return _share(words_of(text), words)


def domain_warnings(text: str, vocabulary: DomainVocabulary | None) -> tuple[TextWarning, ...]:
    """Say so when a text is outside what the model knows.

    Args:
        text: Cleaned text.
        vocabulary: The model's domain, or None where the check does not apply.

    Returns:
        At most one warning: not English, or else out of the domain. Texts with fewer words than
        the vocabulary's `min_words` are judged by their script and the length of their words.
    """
    if vocabulary is None:
        return ()
    words = words_of(text)
    if _is_other_script(text) or _is_other_language(words):
        return (_NOT_ENGLISH,)
    is_judged = len(words) >= vocabulary.min_words
    if is_judged and _share(words, vocabulary.words) < vocabulary.min_share:
        return (_OUT_OF_DOMAIN,)
    return (_OUT_OF_DOMAIN,) if _is_no_prose(text, words) else ()


def _is_other_script(text: str) -> bool:
    if text.isascii():  # as most abstracts are, and then no letter needs counting
        return False
    letters = len(_LETTER.findall(text))
    foreign = letters - len(_KNOWN_LETTER.findall(text))
    foreign += sum(len(word) for word in _GREEK_WORD.findall(text))
    return foreign >= _MIN_FOREIGN_LETTERS and foreign > _MAX_LETTER_SHARE * letters


def _is_no_prose(text: str, words: list[str]) -> bool:
    if len(text) <= _MAX_LETTERS_PER_WORD * len(words):  # so there are no more letters either
        return False
    letters = len(_LETTER.findall(text))
    return letters >= _MIN_PROSE_LETTERS and letters > _MAX_LETTERS_PER_WORD * len(words)


def _is_other_language(words: list[str]) -> bool:
    """Whether foreign function words are frequent, and more so than English ones."""
    foreign = sum(word in _FOREIGN for word in words)
    english = sum(word in _ENGLISH for word in words)
    return (
        foreign >= _MIN_FUNCTION_WORDS
        and foreign >= _MIN_FOREIGN_SHARE * len(words)
        and foreign > english
    )


def _share(found: list[str], words: Collection[str]) -> float:
    return sum(word in words for word in found) / len(found) if found else 0.0
