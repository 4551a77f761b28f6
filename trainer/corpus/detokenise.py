"""Turn the tokenised sentences of the HoC corpus back into running text.

Users paste running text; the corpus puts blanks round punctuation, writes some Greek letters as
escapes and lost others. A model trained on the one must read the other.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sacremoses import MosesDetokenizer

# Halves of surrogate pairs stay as they are written: alone they are no characters.
_ESCAPE = re.compile(r"\\u(?![dD][89a-fA-F])([0-9a-fA-F]{4})")
_LOST_MICRO = re.compile("\ufffd(?=[MmgL])")
_REPAIRS = (
    (re.compile(r"\s+([,.;:!?%\])}])"), r"\1"),
    (re.compile(r"([\[({])\s+"), r"\1"),
    (re.compile(r"(?<=\w)\s+'\s*(s\b)"), r"'\1"),
    (re.compile(r"(?<=[\w)])\s+'(?=\s|$)"), "'"),
    (re.compile(r"(?<=\d)\s*([<>=])\s*(?=[\d.])"), r" \1 "),
    (re.compile(r"\s{2,}"), " "),
)


def repair_characters(sentence: str) -> str:
    r"""Decode literal ``\u03b1``-like escapes and restore lost micro signs."""
    decoded = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), sentence)
    return _LOST_MICRO.sub("\u00b5", decoded)


def detokenise(sentence: str) -> str:
    """One tokenised sentence as running text.

    Only blanks change, but for what stands for something else: the escapes and lost characters of
    `repair_characters`, and the tokeniser's own spellings such as ``&lt;`` and `` @-@ ``.
    """
    text: str = _detokenizer().detokenize(repair_characters(sentence).split())
    for pattern, replacement in _REPAIRS:
        text = pattern.sub(replacement, text)
    return text.strip()


@lru_cache(maxsize=1)
def _detokenizer() -> MosesDetokenizer:
    return MosesDetokenizer(lang="en")
