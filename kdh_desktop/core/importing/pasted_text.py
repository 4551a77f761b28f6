"""Tell apart the texts of one paste: one abstract, several, or PubMed's own display.

A wrong join is seen at once by the user, and a wrong cut gives half a text its own labels. So when
in doubt, paragraphs stay together. A paste is cut only

- at a line of dashes, equals signs, asterisks or underscores;
- after each record of PubMed's "Abstract (text)" display;
- at a blank line, where both sides look like abstracts: several sentences and enough words, and
  the second does not read on from the first ("However, ...") and is not a later section of it
  ("METHODS: ..."). A short paragraph before an abstract is its title and goes with it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from kdh_desktop.core.classification.sentences import split_sentences
from kdh_desktop.core.importing.paragraphs import Paragraph, paragraphs_of
from kdh_desktop.core.importing.pubmed_abstract import PubMedRecord, find_pubmed_records
from kdh_desktop.core.record import Record

MIN_ABSTRACT_WORDS = 40
"""A paragraph with fewer words is a title, a closing line or a piece of something."""

_MIN_ABSTRACT_SENTENCES = 2
_LOOKED_AT = 4000
"""Characters that suffice to see whether a paragraph is long enough, however long it is."""

_RULE = re.compile(r"^[^\S\r\n]*([-=*_~])(?:[^\S\r\n]*\1){2,}[^\S\r\n]*(?=[\r\n]|\Z)", re.MULTILINE)

_OPENING, _METHODS, _RESULTS, _CLOSING = range(4)
_SECTIONS = {
    _OPENING: "abstract aim aims background context hypothesis importance introduction motivation "
    "objective objectives purpose rationale summary",
    _METHODS: "design intervention interventions materials measurements method methodology methods "
    "participants patients procedures setting settings subjects",
    _RESULTS: "evidence findings observations outcome outcomes result results",
    _CLOSING: "availability conclusion conclusions contact discussion doi funding implications "
    "interpretation keyword keywords limitations perspective pmcid pmid registration relevance "
    "significance",
}
_STAGE_OF = {word: stage for stage, words in _SECTIONS.items() for word in words.split()}
_FILLERS = frozenset(
    "and or of the for this main major study experimental clinical key words trial patient "
    "principal primary secondary measure measures number statement s".split()
)
"""Words that headings have besides: in "Outcomes of patients with X: a study" others follow."""
# "METHODS: We ...", "Materials and methods. We ...", "RESULTS" on a line of its own.
_HEADING = re.compile(
    r"(?P<words>[A-Z][A-Za-z]*(?:[ /&,()]+[A-Za-z]+){0,5})[ \t()]*"
    r"(?::|\.(?=\s)|[-–—](?=\s)|(?=[\r\n]|\Z))"
)
_INNER_HEADING = re.compile(r"\b[A-Z][A-Za-z]+(?=:\s)")
_CLOSING_LINE = re.compile(
    r"(?:doi|pmc?id|key ?words?|copyright|trial registration)\b|©|\(c\)|https?://", re.IGNORECASE
)
_READS_ON = re.compile(
    r"(?:[a-z]+|However|Moreover|Furthermore|In addition|Additionally|Besides|Nevertheless|"
    r"Nonetheless|Therefore|Thus|Hence|Consequently|Accordingly|Conversely|Similarly|Likewise|"
    r"In contrast|By contrast|On the other hand|Interestingly|Notably|Importantly|Finally|Lastly|"
    r"Taken together|Together|Collectively|Overall|In conclusion|In summary|To conclude|"
    r"These (?:results|findings|data|observations)|Our (?:results|findings|data)|We conclude|"
    r"As a result|For example|For instance|Subsequently)[ ,;]"
)


@dataclass(frozen=True, slots=True)
class PastedText:
    """One text of a paste.

    Attributes:
        record: The text, under its PubMed id or a running number from 1.
        start: Where it begins in the paste: `paste[start:start + len(record.text)]` is its text.
    """

    record: Record
    start: int


def split_pasted_text(text: str) -> list[Record]:
    """Tell apart the texts of one paste; a paste of blanks has none.

    Args:
        text: What the user pasted.

    Returns:
        Records in the order of the paste, ids unique, each text a verbatim piece of the paste.
    """
    return [pasted.record for pasted in find_pasted_texts(text)]


def find_pasted_texts(text: str) -> list[PastedText]:
    """Do as `split_pasted_text`, and say where in the paste each text begins."""
    named: list[tuple[str, int, int]] = []
    for start, end in ruled_parts(text):
        for group in find_pubmed_records(paragraphs_of(text, start, end)):
            if isinstance(group, PubMedRecord):
                if group.abstract_span is not None:
                    named.append((group.pmid, *group.abstract_span))
            else:
                named.extend(("", first, last) for first, last in plain_texts(group))
    taken = Counter[str]()
    found: list[PastedText] = []
    for position, (pmid, start, end) in enumerate(named, start=1):
        record_id = pmid or str(position)
        taken[record_id] += 1
        if taken[record_id] > 1:
            record_id = f"{record_id} ({taken[record_id]})"
        found.append(PastedText(Record(record_id, text[start:end]), start))
    return found


def ruled_parts(text: str) -> list[tuple[int, int]]:
    """Spans between ruled lines."""
    parts: list[tuple[int, int]] = []
    start = 0
    for rule in _RULE.finditer(text):
        parts.append((start, rule.start()))
        start = rule.end()
    return [*parts, (start, len(text))]


@dataclass(slots=True)
class _OpenText:
    """The text that is being gathered, paragraph by paragraph."""

    paragraphs: list[Paragraph] = field(default_factory=list)
    has_body: bool = False
    stage: int | None = None
    headings: set[str] = field(default_factory=set)
    ends_with_heading: bool = False

    @property
    def span(self) -> tuple[int, int]:
        return self.paragraphs[0].start, self.paragraphs[-1].end


def plain_texts(paragraphs: Sequence[Paragraph]) -> list[tuple[int, int]]:
    """Spans of the texts that stand in these paragraphs."""
    texts: list[tuple[int, int]] = []
    current = _OpenText()
    titles: list[Paragraph] = []
    for paragraph in paragraphs:
        heading = _heading_of(paragraph.text)
        is_body = heading is not None or _looks_like_abstract(paragraph.text)
        if not is_body and not current.ends_with_heading:
            # A title of what follows, or a closing line of what came before: the next body tells.
            titles.append(paragraph)
            continue
        if current.has_body and _begins_text(paragraph.text, heading, current):
            texts.append(current.span)
            current = _OpenText()
        current.paragraphs.extend(titles)
        titles.clear()
        _add(current, paragraph, heading)
    current.paragraphs.extend(titles)
    return [*texts, current.span] if current.paragraphs else texts


def is_body(text: str) -> bool:
    """Whether a paragraph is prose or a section of an abstract, not a title or stray line."""
    return _heading_of(text) is not None or _looks_like_abstract(text)


def _begins_text(text: str, heading: str | None, current: _OpenText) -> bool:
    """Whether a body opens a new text although the current one has a body already."""
    if heading is not None:
        is_opening = _STAGE_OF[heading] == _OPENING
        return is_opening and (
            current.stage is None or current.stage > _OPENING or heading in current.headings
        )
    if _READS_ON.match(text) or current.ends_with_heading:
        return False
    # Inside a structured abstract, a section may have a second paragraph until the results came.
    return current.stage is None or current.stage >= _RESULTS


def _add(current: _OpenText, paragraph: Paragraph, heading: str | None) -> None:
    current.paragraphs.append(paragraph)
    current.has_body = True
    match = _HEADING.match(paragraph.text)
    current.ends_with_heading = (
        heading is not None and match is not None and match.end() == len(paragraph.text)
    )
    if heading is not None:
        current.headings.add(heading)
        stage = _last_stage(paragraph.text, _STAGE_OF[heading])
        current.stage = max(stage, current.stage or _OPENING)


def _heading_of(text: str) -> str | None:
    """The section word in the heading that a paragraph begins with, or None."""
    if _CLOSING_LINE.match(text):
        return "keywords"
    match = _HEADING.match(text)
    if match is None:
        return None
    words = re.findall(r"[a-z]+", match["words"].lower())
    if not all(word in _STAGE_OF or word in _FILLERS for word in words):
        return None
    return next((word for word in words if word in _STAGE_OF), None)


def _last_stage(text: str, stage: int) -> int:
    """The latest section that is named anywhere: one paragraph may hold several."""
    named = (match[0].lower() for match in _INNER_HEADING.finditer(text, 0, _LOOKED_AT))
    return max([stage, *(_STAGE_OF[word] for word in named if word in _STAGE_OF)])


def _looks_like_abstract(text: str) -> bool:
    beginning = text[:_LOOKED_AT]
    return (
        len(beginning.split()) >= MIN_ABSTRACT_WORDS
        and len(split_sentences(beginning)) >= _MIN_ABSTRACT_SENTENCES
    )
