"""What records of all databases have, brought to one form: ids, years, names, lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")
_DOI_END = ".,;:'"
_PMID = re.compile(r"(?<!\d)0*([1-9]\d{0,8})(?!\d)")
_NAMED_PMID = re.compile(
    r"(?:pubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/pubmed/|"
    r"\b(?:pmid|pubmed|medline)\b(?:\s+id)?[\s:#]*)(\d{1,9})\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_SECTION = re.compile(r"[A-Z][A-Za-z]*(?:[ /&,-]+[A-Za-z]+){0,5}\s?:(?!//)")
_ENDS_SENTENCE = (".", "!", "?", ".)", ":", "\u3002")


def doi_of(text: str) -> str:
    """The first DOI in a text, in lower case and without a prefix, or empty."""
    if "10." not in text:
        return ""
    match = _DOI.search(unquote(text) if "%" in text else text)
    if match is None:
        return ""
    doi = match[0].lower()
    while doi.endswith(tuple(_DOI_END)) or _closes_too_much(doi):
        doi = doi[:-1]
    return doi


def _closes_too_much(doi: str) -> bool:
    """Whether the last bracket closes one that was opened before the DOI."""
    pairs = {")": "(", "]": "[", "}": "{"}
    return doi[-1:] in pairs and doi.count(doi[-1]) > doi.count(pairs[doi[-1]])


def pmid_of(text: str) -> str:
    """The PubMed id that a text which holds nothing else gives, digits only, or empty."""
    named = named_pmid_of(text)
    if named:
        return named
    match = _PMID.fullmatch(text.strip())
    return "" if match is None else match[1]


def named_pmid_of(text: str) -> str:
    """The PubMed id in a text that names it as one, digits only, or empty."""
    match = _NAMED_PMID.search(text)
    return "" if match is None else match[1].lstrip("0")


def year_of(text: str) -> int | None:
    """The first year in a date of any form."""
    match = _YEAR.search(text)
    return None if match is None else int(match[1])


def one_line(text: str) -> str:
    """A text without line breaks, and with one blank where there were several."""
    return " ".join(text.split())


def joined(values: Iterable[str]) -> str:
    """A list as one text, each value once and on one line."""
    return "; ".join(dict.fromkeys(filter(None, map(one_line, values))))


def paragraphs_joined(lines: Iterable[str]) -> str:
    """Lines of an abstract as one text: broken where a section or, after a blank, a new one begins.

    Programs break lines anywhere, so only a line that begins with a heading after the end of a
    sentence, and one after an empty line, keep their break.
    """
    text = ""
    is_apart = False
    for line in map(one_line, lines):
        if not line:
            is_apart = True
            continue
        is_section = text.endswith(_ENDS_SENTENCE) and _SECTION.match(line) is not None
        text += ("\n" if is_apart or is_section else " ") + line if text else line
        is_apart = False
    return text
