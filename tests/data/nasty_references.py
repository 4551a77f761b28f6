"""Exports of reference databases, sound ones and such as must not break us; all invented."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kdh_desktop.core.importing.imported import FileFormat

ABSTRACT = (
    "BACKGROUND: Invented cells grew without end. METHODS: We counted them by hand (n = 12). "
    "RESULTS: Half of them died after {number} days. CONCLUSIONS: Counting helps."
)


def title_of(number: int) -> str:
    """Title of the record with a number, the same in every format."""
    return f"Invented finding number {number} on TP53"


def abstract_of(number: int) -> str:
    """Abstract of the record with a number, the same in every format."""
    return ABSTRACT.format(number=number)


def ris_record(number: int, *more: str, end: str = "ER  - ") -> str:
    """One record of RIS; `more` are lines before its end."""
    lines = (
        "TY  - JOUR",
        f"AU  - Muster, Ada {number}",
        "AU  - Beispiel, B.",
        f"TI  - {title_of(number)}",
        "T2  - Journal of Invented Results",
        f"PY  - {1990 + number % 30}/05/01/",
        "VL  - 7",
        f"DO  - 10.5555/Invented.{number}",
        "KW  - apoptosis",
        "KW  - counting",
        f"AB  - {abstract_of(number)}",
        f"AN  - acc-{number}",
        *more,
        *([end] if end else []),
    )
    return "\n".join(lines) + "\n"


def medline_record(number: int, *more: str) -> str:
    """One record as PubMed exports it, long lines broken as there."""
    lines = (
        f"PMID- {10_000_000 + number}",
        "OWN - NLM",
        "STAT- MEDLINE",
        "IS  - 1234-5678 (Electronic)",
        "VI  - 7",
        f"DP  - {1990 + number % 30} May 1",
        f"TI  - {_broken(title_of(number))}",
        f"LID - 10.5555/Invented.{number} [doi]",
        f"AB  - {_broken(abstract_of(number))}",
        "FAU - Muster, Ada",
        "AU  - Muster A",
        "FAU - Beispiel, Bert",
        "AU  - Beispiel B",
        "CN  - Invented Study Group",
        "LA  - eng",
        "PT  - Journal Article",
        "TA  - J Invent Res",
        "JT  - Journal of invented results",
        "MH  - *Apoptosis",
        "MH  - Cell Count/*methods",
        "OT  - a keyword so long that the program which wrote it",
        "      had to break it",
        f"AID - 10.5555/Invented.{number} [doi]",
        f"AID - S1234-5678({number}) [pii]",
        *more,
        f"SO  - J Invent Res. {1990 + number % 30} May 1;7:1-9. doi: 10.5555/Invented.{number}.",
    )
    return "\n".join(lines) + "\n"


def web_of_science_record(number: int, *more: str) -> str:
    """One record of Web of Science's tagged export."""
    lines = (
        "PT J",
        "AU Muster, A",
        "   Beispiel, B",
        "AF Muster, Ada",
        "   Beispiel, Bert",
        f"TI {_broken(title_of(number), '   ')}",
        "SO JOURNAL OF INVENTED RESULTS",
        "LA English",
        "DE apoptosis; counting by",
        "   hand",
        "ID CELLS",
        f"AB {_broken(abstract_of(number), '   ')}",
        "C1 [Muster, Ada] Univ Nowhere, Dept Counting, Nowhere.",
        "   [Beispiel, Bert] Inst Anywhere, Anywhere.",
        "VL 7",
        f"PY {1990 + number % 30}",
        f"DI 10.5555/Invented.{number}",
        f"UT WOS:{number:015}",
        f"PM {10_000_000 + number}",
        *more,
        "ER",
    )
    return "\n".join(lines) + "\n"


def web_of_science_file(records: Sequence[str]) -> str:
    """A tagged export with its first and last lines."""
    return "FN Clarivate Analytics Web of Science\nVR 1.0\n" + "\n".join(records) + "\nEF\n"


def pubmed_article(number: int, *, title: str | None = None, abstract: str | None = None) -> str:
    """One article of PubMed's XML."""
    sections = "".join(
        f'<AbstractText Label="{label}" NlmCategory="{label}">{text}</AbstractText>'
        for label, text in re.findall(r"([A-Z]+): (.+?\.)(?= [A-Z]+:|$)", abstract_of(number))
    )
    pmid, year, doi = 10_000_000 + number, 1990 + number % 30, f"10.5555/Invented.{number}"
    return f"""
<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM">
<PMID Version="1">{pmid}</PMID>
<Article PubModel="Print"><Journal><ISSN IssnType="Print">1234-5678</ISSN>
<JournalIssue CitedMedium="Print"><Volume>7</Volume><PubDate><MedlineDate>{year} May-Jun
</MedlineDate></PubDate></JournalIssue><Title>Journal of invented results</Title></Journal>
<ArticleTitle>{title or title_of(number)}</ArticleTitle>
<ELocationID EIdType="doi" ValidYN="Y">{doi}</ELocationID>
<Abstract>{abstract or sections}</Abstract>
<AuthorList CompleteYN="Y"><Author ValidYN="Y"><LastName>Muster</LastName>
<ForeName>Ada</ForeName><Initials>A</Initials></Author>
<Author><CollectiveName>Invented Study Group</CollectiveName></Author></AuthorList>
<Language>eng</Language></Article>
<MeshHeadingList><MeshHeading><DescriptorName UI="D1">Cell Count</DescriptorName>
<QualifierName UI="Q1">methods</QualifierName></MeshHeading></MeshHeadingList>
<KeywordList Owner="NOTNLM"><Keyword MajorTopicYN="N">counting</Keyword></KeywordList>
</MedlineCitation><PubmedData><ArticleIdList>
<ArticleId IdType="pubmed">{pmid}</ArticleId><ArticleId IdType="doi">{doi}</ArticleId>
</ArticleIdList><ReferenceList><Reference><Citation>Another one</Citation><ArticleIdList>
<ArticleId IdType="doi">10.5555/another</ArticleId></ArticleIdList></Reference></ReferenceList>
</PubmedData></PubmedArticle>
"""


def pubmed_file(articles: Sequence[str], *, encoding: str = "UTF-8") -> str:
    """A file of articles with its first and last lines."""
    return (
        f'<?xml version="1.0" encoding="{encoding}" ?>\n'
        '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
        '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
        f"<PubmedArticleSet>{''.join(articles)}</PubmedArticleSet>\n"
    )


def json_record(number: int) -> str:
    """One line of JSON lines."""
    return (
        f'{{"id": "acc-{number}", "title": "{title_of(number)}", '
        f'"text": "{abstract_of(number)}", "year": {1990 + number % 30}, '
        f'"doi": "https://doi.org/10.5555/Invented.{number}", "PMID": {10_000_000 + number}, '
        f'"authors": ["Muster, Ada", "Beispiel, Bert"], "cited": {{"by": 3}}}}\n'
    )


def _broken(text: str, indent: str = "      ") -> str:
    """A text as programs break it, after about 60 characters."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > 60:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return f"\n{indent}".join(lines)


NUMBERS = range(1, 31)
"""Of the records in each of `FILES`."""

FILES = {
    FileFormat.RIS: "\n".join(map(ris_record, NUMBERS)),
    FileFormat.PUBMED_MEDLINE: "\n" + "\n".join(map(medline_record, NUMBERS)),
    FileFormat.WEB_OF_SCIENCE: web_of_science_file([*map(web_of_science_record, NUMBERS)]),
    FileFormat.PUBMED_XML: pubmed_file([*map(pubmed_article, NUMBERS)]),
    FileFormat.JSON_LINES: "".join(map(json_record, NUMBERS)),
}
"""The same records in every format."""
