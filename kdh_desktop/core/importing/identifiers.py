"""PMIDs, DOIs and years as files write them, in one form, so that records can be matched."""

from __future__ import annotations

import re
from urllib.parse import unquote

_PMID = re.compile(
    r"(?:pmid|pubmed(?:[ _-]?id)?|medline)?\s*[:#]?\s*0*([1-9][0-9]{0,8})(?:\.0)?", re.IGNORECASE
)
_PMID_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/"
    r"([1-9][0-9]{0,8})(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_DOI = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]+){0,5}/\S+")
_DOI_PREFIX = re.compile(
    r"(?:https?://(?:dx\.)?doi\.org/|(?:dx\.)?doi\.org/|doi\s*[:=]?\s*)", re.IGNORECASE
)
_DOI_INSIDE = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]{1,9}){0,5}/[^\s\"<>]{1,400}")
_NAMED_PMID = re.compile(
    r"(?:pubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/pubmed/|"
    r"\b(?:pmid|pubmed|medline)\b(?:\s+id)?[\s:#]*)0*([1-9][0-9]{0,8})(?![0-9])",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![0-9])(?:1[5-9][0-9]{2}|20[0-9]{2}|2100)(?![0-9])")
_MAX_YEAR_CHARACTERS = 40
"""A longer text is a sentence that mentions a year."""


def pmid_of(text: str) -> str:
    """The PubMed id that a text is, digits only; empty where it is none.

    A prefix (``PMID: 123``) and an address of PubMed are taken off.
    """
    stripped = text.strip()
    match = _PMID.fullmatch(stripped) or _PMID_ADDRESS.fullmatch(stripped)
    return match[1] if match else ""


def doi_of(text: str) -> str:
    """The DOI that a text is, in lower case and without prefix; empty where it is none."""
    stripped = text.strip()
    prefix = _DOI_PREFIX.match(stripped)
    bare = stripped[prefix.end() :] if prefix else stripped
    return bare.rstrip(".,;").lower() if _DOI.fullmatch(bare) else ""


def doi_in(text: str) -> str:
    """The first DOI in a text, as `doi_of` gives it; empty where there is none.

    In an address it may be written with percent signs, and brackets may close behind it.
    """
    if "10." not in text:
        return ""
    plain = unquote(text) if "%" in text else text
    if whole := doi_of(plain):
        return whole
    match = _DOI_INSIDE.search(plain)
    if match is None:
        return ""
    doi = match[0]
    while doi.endswith((".", ",", ";", ":", "'")) or _closes_too_much(doi):
        doi = doi[:-1]
    return doi_of(doi)


def _closes_too_much(doi: str) -> bool:
    """Whether the last bracket closes one that was opened before the DOI."""
    opening = {")": "(", "]": "[", "}": "{"}.get(doi[-1:], "")
    return bool(opening) and doi.count(doi[-1]) > doi.count(opening)


def named_pmid_in(text: str) -> str:
    """The PubMed id in a text that names it as one, digits only; empty where there is none."""
    match = _NAMED_PMID.search(text)
    return "" if match is None else match[1]


def year_of(text: str) -> int | None:
    """The year that a year or date is, the first where it is a span; None where it is none."""
    stripped = text.strip()
    return None if len(stripped) > _MAX_YEAR_CHARACTERS else year_in(stripped)


def year_in(text: str) -> int | None:
    """The first year that a text mentions; None where it mentions none."""
    match = _YEAR.search(text)
    return int(match[0]) if match else None
