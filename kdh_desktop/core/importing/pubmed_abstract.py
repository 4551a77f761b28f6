"""PubMed's "Abstract (text)" display: numbered records that end with their PMID line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kdh_desktop.core.importing.paragraphs import Paragraph

# A number, a journal or publisher, a year, then a volume: "1. J Clin Oncol. 2020 May 1;38".
_CITATION = re.compile(
    r"(\d{1,6})\.\s+\S.{0,300}?[.?!)\];]\s+(?:1[89]|20)\d\d\b[^;:]{0,30}[;:.]", re.DOTALL
)
_PMID = re.compile(r"^PMID:[ \t]*(\d{1,9})\b", re.MULTILINE)
_AUTHOR = re.compile(
    r"(?:and )?[^\W\d_][^\d,;:()]{0,60}? [A-Z]{1,4}(?: (?:Jr|Sr|[23](?:nd|rd)))?"
    r"\s*(?:\([^()]{1,6}\))*\.?|et al\.?",
)
_LEAST_SHARE_OF_AUTHORS = 0.7
_NOT_PROSE = re.compile(
    r"author information:|collaborators:|"
    r"(?:comment|erratum|retraction|update|expression of concern|corrected and republished|"
    r"republished|reprint|summary for patients|dataset|original)s? (?:in|on|of|for|from)\b|"
    r"\[article in |conflict of interest|(?:doi|pmcid|pmid|isbn|bookshelf id):|"
    r"(?:copyright )?(?:©|\(c\)) ?\d{4}|copyright \d{4}|publisher: abstract available",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PubMedRecord:
    """The paragraphs of one numbered record, citation first.

    Attributes:
        pmid: The PubMed id, or empty where the record is cut off before it.
        paragraphs: Everything from the citation to the PMID line.
    """

    pmid: str
    paragraphs: tuple[Paragraph, ...]

    @property
    def abstract_span(self) -> tuple[int, int] | None:
        """Where the abstract stands in the pasted text, or None where there is no prose at all.

        A record's text must be one piece of what was pasted. PubMed puts authors and
        affiliations between title and abstract, so the title is left out where they are there,
        and stands alone where there is no abstract.
        """
        if len(self.paragraphs) < 2:
            return None
        title, *rest = self.paragraphs[1:]
        prose = self.prose
        if not prose:
            return title.start, title.end
        has_gap = rest[0] is not prose[0]
        return (prose[0] if has_gap else title).start, prose[-1].end

    @property
    def title(self) -> str:
        """Its title, or empty."""
        return self.paragraphs[1].text if len(self.paragraphs) > 1 else ""

    @property
    def authors(self) -> str:
        """The paragraph of its authors, or empty."""
        return next((x.text for x in self.paragraphs[2:] if _is_authors(x.text)), "")

    @property
    def prose(self) -> list[Paragraph]:
        """The paragraphs of its abstract; what stands between them belongs to it, too."""
        return [
            x
            for x in self.paragraphs[2:]
            if not _NOT_PROSE.match(x.text) and not _is_authors(x.text)
        ]


def find_pubmed_records(
    paragraphs: Sequence[Paragraph],
) -> list[PubMedRecord | tuple[Paragraph, ...]]:
    """Group paragraphs into records; what belongs to none comes as bare paragraphs, in place.

    Args:
        paragraphs: The paragraphs of the whole pasted text. Where none has a PMID line, nothing
            is taken for a record: a numbered text with a year in it looks like a citation.
    """
    if not any(_PMID.search(paragraph.text) for paragraph in paragraphs):
        return [tuple(paragraphs)] if paragraphs else []
    groups: list[PubMedRecord | tuple[Paragraph, ...]] = []
    current: list[Paragraph] = []
    for paragraph in paragraphs:
        starts_record = _starts_record(paragraph, current)
        if starts_record or (current and _PMID.search(current[-1].text)):
            _close(groups, current)
            current = []
        current.append(paragraph)
    _close(groups, current)
    return groups


def _starts_record(paragraph: Paragraph, current: Sequence[Paragraph]) -> bool:
    """Whether a citation stands here: a numbered paragraph of an abstract may look like one."""
    citation = _CITATION.match(paragraph.text)
    if citation is None:
        return False
    before = _CITATION.match(current[0].text) if current else None
    return (
        before is None
        or int(citation[1]) == int(before[1]) + 1
        or _PMID.search(current[-1].text) is not None
    )


def _close(
    groups: list[PubMedRecord | tuple[Paragraph, ...]], paragraphs: Sequence[Paragraph]
) -> None:
    if not paragraphs:
        return
    if _CITATION.match(paragraphs[0].text) is None:
        groups.append(tuple(paragraphs))
        return
    pmid = _PMID.search(paragraphs[-1].text)
    groups.append(PubMedRecord(pmid[1] if pmid else "", tuple(paragraphs)))


def _is_authors(text: str) -> bool:
    names = [name.strip() for name in re.split(r"[,;]", text[:2000])]
    if len(text) > 2000:
        names.pop()
    authors = sum(_AUTHOR.fullmatch(" ".join(name.split())) is not None for name in names)
    return authors >= _LEAST_SHARE_OF_AUTHORS * len(names)
