"""PMIDs, DOIs and years as files write them, in one form, so that records can be matched."""

from __future__ import annotations

import re

_PMID = re.compile(
    r"(?:pmid|pubmed(?:[ _-]?id)?|medline)?\s*[:#]?\s*0*([1-9][0-9]{0,8})(?:\.0)?", re.IGNORECASE
)
_PMID_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/"
    r"([1-9][0-9]{0,8})(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_DOI = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]+)*/\S+")
_DOI_PREFIX = re.compile(
    r"(?:https?://(?:dx\.)?doi\.org/|(?:dx\.)?doi\.org/|doi\s*[:=]?\s*)", re.IGNORECASE
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


def year_of(text: str) -> int | None:
    """The year that a year or date is, the first where it is a span; None where it is none."""
    stripped = text.strip()
    if len(stripped) > _MAX_YEAR_CHARACTERS:
        return None
    match = _YEAR.search(stripped)
    return int(match[0]) if match else None
