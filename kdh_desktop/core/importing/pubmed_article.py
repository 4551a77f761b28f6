"""One article of PubMed's XML as a record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from kdh_desktop.core.importing.identifiers import doi_in, pmid_of, year_of
from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.importing.record_fields import joined, one_line

# Declared around each article, since the file may declare it far above.
_FRAME = '<article xmlns:mml="http://www.w3.org/1998/Math/MathML">{}</article>'

_UNSAID = {"UNASSIGNED", "UNLABELLED", "UNLABELED"}
"""Labels that publishers send for none."""

_ITALICS = frozenset({"i", "em"})
_WORDS_BEFORE = "the of in and with by for on to from that is are was were or between".split()
_WORDS_BEHIND = "gene genes mutation mutations and in of is are was were with by to on for".split()
_LOST_BEFORE = re.compile(rf"(?:^|\s)(?:{'|'.join(_WORDS_BEFORE)})\Z", re.IGNORECASE)
_LOST_BEHIND = re.compile(rf"(?:{'|'.join(_WORDS_BEHIND)})(?![\w-])")
"""Some publishers send "the<i>TP53</i>gene". No word of ours ends or begins with one of these."""


class UnreadableArticle(ValueError):
    """An article that is no sound XML."""


def record_of_article(text: str, row: int) -> ImportedRecord:
    """The record that an article gives.

    Args:
        text: From its first mark to its last.
        row: Its number in the file.

    Raises:
        UnreadableArticle: It is no sound XML.
    """
    article = _parsed(text)[0]
    try:
        return _record_of(article, row)
    except RecursionError as error:
        raise UnreadableArticle from error


def _record_of(article: Element, row: int) -> ImportedRecord:
    pmid = pmid_of(_text(article.find(".//PMID")))
    return ImportedRecord(
        row=row,
        title=_title(article),
        abstract=_abstract(article),
        source_id=pmid,
        pmid=pmid,
        doi=_doi(article),
        year=_year(article),
        journal=_first(article, ".//Journal/Title", ".//Journal/ISOAbbreviation", ".//MedlineTA"),
        authors=joined(_authors(article)),
        keywords=joined(_keywords(article)),
        extra=tuple((name, value) for name, value in _extra(article) if value),
    )


def _parsed(text: str) -> Element:
    try:
        frame: Element = fromstring(_FRAME.format(text))
    except (ParseError, ValueError) as error:  # also entities, which defusedxml forbids
        raise UnreadableArticle from error
    return frame


def _title(article: Element) -> str:
    names = ("ArticleTitle", "VernacularTitle", "BookTitle")
    return _first(article, *(f".//{name}" for name in names))


def _abstract(article: Element) -> str:
    """Sections on lines of their own, each behind its label."""
    for name in ("Abstract", "OtherAbstract"):
        sections = article.findall(f".//{name}[1]/AbstractText")
        lines = [line for section in sections if (line := _section(section))]
        if lines:
            return "\n".join(lines)
    return ""


def _section(section: Element) -> str:
    text, label = _text(section), one_line(section.get("Label", ""))
    if not text or not label or label.upper() in _UNSAID or text.startswith(f"{label}:"):
        return text
    return f"{label.removesuffix(':')}: {text}"


def _doi(article: Element) -> str:
    """Its own DOI; those of its references stand in lists further down."""
    ids = (
        *article.findall("./PubmedData/ArticleIdList/ArticleId[@IdType='doi']"),
        *article.findall("./BookDocument/ArticleIdList/ArticleId[@IdType='doi']"),
        *article.findall("./PubmedBookData/ArticleIdList/ArticleId[@IdType='doi']"),
        *article.findall(".//ELocationID[@EIdType='doi']"),
    )
    return next(filter(None, (doi_in(_text(one)) for one in ids)), "")


def _year(article: Element) -> int | None:
    dates = ("Journal/JournalIssue/PubDate", "Book/PubDate", "ArticleDate", "PubMedPubDate")
    for date in dates:
        for part in ("Year", "MedlineDate"):
            if (year := year_of(_text(article.find(f".//{date}/{part}")))) is not None:
                return year
    return None


def _authors(article: Element) -> Iterator[str]:
    authors = article.find(".//Article/AuthorList")
    if authors is None:
        authors = article.find(".//AuthorList")
    for author in [] if authors is None else authors.findall("Author"):
        given = _first(author, "ForeName", "FirstName", "Initials")
        family = _text(author.find("LastName")) or _text(author.find("CollectiveName"))
        yield ", ".join(filter(None, (family, given)))


def _keywords(article: Element) -> Iterator[str]:
    for heading in article.findall(".//MeshHeadingList/MeshHeading"):
        terms = (
            _text(heading.find("DescriptorName")),
            *map(_text, heading.findall("QualifierName")),
        )
        yield "/".join(filter(None, terms))
    yield from map(_text, article.findall(".//KeywordList/Keyword"))


def _extra(article: Element) -> Iterator[tuple[str, str]]:
    pages = _first(article, ".//Pagination/MedlinePgn", ".//Pagination/StartPage")
    types = article.findall(".//PublicationTypeList/PublicationType")
    yield "ISSN", _first(article, ".//Journal/ISSN")
    yield "volume", _first(article, ".//JournalIssue/Volume")
    yield "issue", _first(article, ".//JournalIssue/Issue")
    yield "pages", pages
    yield "language", joined(map(_text, article.findall(".//Language")))
    yield "publication type", joined(map(_text, types))
    yield "PMC", _first(article, "./PubmedData/ArticleIdList/ArticleId[@IdType='pmc']")
    yield "transliterated title", _first(article, ".//VernacularTitle")
    yield "conflict of interest", _first(article, ".//CoiStatement")
    yield "copyright", _first(article, ".//CopyrightInformation")


def _first(element: Element, *paths: str) -> str:
    """Text of the first of these elements that has any."""
    return next(filter(None, (_text(element.find(path)) for path in paths)), "")


def _text(element: Element | None) -> str:
    return "" if element is None else one_line(_inline(element))


def _inline(element: Element) -> str:
    """Text with that of the marks inside it, neither gluing words together nor splitting one."""
    text = element.text or ""
    for child in element:
        inner, tail = _inline(child), child.tail or ""
        if child.tag in _ITALICS and len(inner) > 1:
            text += " " * bool(_LOST_BEFORE.search(text[-10:]))
            inner += " " * bool(_LOST_BEHIND.match(tail))
        text += inner + tail
    return text
