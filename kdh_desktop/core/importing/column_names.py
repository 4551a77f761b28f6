"""What columns are called: names of the usual fields in exports and in several languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from kdh_desktop.core.importing.imported import ColumnRole

# Names that leave no doubt, the most telling first: where a table has several, the first is meant.
_NAMES: dict[ColumnRole, str] = {
    ColumnRole.ABSTRACT: (
        "abstract|abstracts|abstract text|abstracttext|abstract note|english abstract|"
        "abstract english|abstract en|record abstract|abstrakt|zusammenfassung|kurzfassung|"
        "résumé|resume anglais|resumen|riassunto|resumo|samenvatting|sammanfattning|sammendrag|"
        "resumé|tiivistelmä|streszczenie|abstrakt anglický|аннотация|реферат|περίληψη|özet|"
        "摘要|中文摘要|英文摘要|抄録|要旨|要約|초록|"
        "text|texts|full text|fulltext|body|texte|texto|testo|tekst|текст|正文|文本|本文|텍스트|"
        "summary|sommaire|sommario|resume|概要|요약|content|contents|description"
    ),
    ColumnRole.TITLE: (
        "title|article title|document title|paper title|primary title|title of article|"
        "record title|item title|study title|titles|titel|titre|título|titulo|titolo|tytuł|"
        "otsikko|název|заглавие|название|заголовок|τίτλος|başlık|"
        "标题|题名|篇名|題名|標題|論文名|論文タイトル|タイトル|표제|제목|headline"
    ),
    ColumnRole.PMID: (
        "pmid|pubmed id|pubmedid|pubmed|pubmed identifier|pubmed pmid|pmid number|medline id|"
        "medline pmid|pubmed nummer|pubmed nr|pubmed号|pubmed编号"
    ),
    ColumnRole.DOI: (
        "doi|digital object identifier|article doi|doi number|doi link|doi url|doi number link|"
        "prism doi"
    ),
    ColumnRole.ID: (
        "id|record id|recordid|text id|document id|doc id|article id|paper id|abstract id|"
        "reference id|ref id|refid|study id|item id|row id|rowid|sample id|identifier|"
        "identifikator|kennung|identifiant|"
        "identificador|identificativo|key|citation key|accession number|"
        "accession no|unique id|uid|uuid|eid|ut|ui|ut unique wos id|covidence|covidence number|"
        "rayyan id|record number|record no|reference number|ref number|number|numero|nummer|nr|"
        "no|lfd nr|laufende nummer|номер|编号|序号|番号|번호|record"
    ),
    ColumnRole.YEAR: (
        "year|publication year|published year|pub year|pubyear|year published|publicationyear|"
        "year of publication|jahr|erscheinungsjahr|publikationsjahr|année|annee|"
        "année de publication|año|ano|año de publicación|ano de publicação|anno|"
        "anno di pubblicazione|jaar|jaar van publicatie|år|rok|rok wydania|vuosi|год|год издания|"
        "έτος|yıl|年|年份|出版年|出版年份|発行年|発表年|出版年度|연도|발행연도|"
        "publication date|date published|pub date|date of publication|date|datum|fecha|data|дата|"
        "日期|日付|날짜|publication date year"
    ),
    ColumnRole.JOURNAL: (
        "journal|journal name|journal title|source title|publication title|publication name|"
        "journal book|full journal title|journal full title|journal abbreviation|"
        "journal title abbreviation|secondary title|periodical|zeitschrift|zeitschriftentitel|"
        "revue|nom de la revue|revista|rivista|tijdschrift|tidskrift|tidsskrift|czasopismo|"
        "časopis|lehti|журнал|περιοδικό|dergi|期刊|刊名|来源|期刊名称|雑誌|雑誌名|誌名|저널|학술지|"
        "source|publication"
    ),
    ColumnRole.AUTHORS: (
        "authors|author|author s|author names|authors names|author full names|first authors|"
        "authors list|author list|autoren|autor|verfasser|auteurs|auteur|autores|autori|autore|"
        "författare|forfatter|forfattere|autorzy|autoři|tekijät|автор|авторы|συγγραφείς|yazarlar|"
        "作者|著者|著者名|저자"
    ),
    ColumnRole.KEYWORDS: (
        "keywords|keyword|key words|author keywords|authors keywords|mesh|mesh terms|"
        "mesh headings|index keywords|index terms|subject terms|subjects|descriptors|"
        "schlagwörter|schlüsselwörter|stichwörter|stichworte|mots clés|mots clefs|"
        "palabras clave|palavras chave|parole chiave|trefwoorden|nyckelord|nøkkelord|emneord|"
        "słowa kluczowe|klíčová slova|avainsanat|ключевые слова|λέξεις κλειδιά|"
        "anahtar kelimeler|关键词|关键字|關鍵詞|キーワード|키워드|主題詞|主题词|manual tags|"
        "automatic tags|keywords plus"
    ),
}

# Tags of bibliographic formats, which mean nothing one by one.
_TAGS: dict[ColumnRole, str] = {
    ColumnRole.ABSTRACT: "AB|N2",
    ColumnRole.TITLE: "TI|T1",
    ColumnRole.PMID: "PM|PMID",
    ColumnRole.DOI: "DI|DO|LID",
    ColumnRole.ID: "UT|UI|AN|ID",
    ColumnRole.YEAR: "PY|YR|Y1|DP",
    ColumnRole.JOURNAL: "SO|JT|JO|T2|TA|JF",
    ColumnRole.AUTHORS: "AU|AF|FAU|A1",
    ColumnRole.KEYWORDS: "DE|KW|MH|OT",
}
_MIN_TAGS = 3
_MAX_NAME = 80
_MAX_HINTING_WORDS = 4

_PUNCTUATION = re.compile(r"[\s_\-./:;#()\[\]{}|*\"'’“”,&+?!<>]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class NamedColumn:
    """A column whose name says what it is for.

    Attributes:
        place: Its place, from 0.
        role: What it is for.
        rank: 0 for the most telling name of a role; larger for one that a better one beats.
        is_exact: Whether the name says just that, and nothing else.
    """

    place: int
    role: ColumnRole
    rank: int
    is_exact: bool


def named_columns(names: Sequence[str]) -> list[NamedColumn]:
    """Columns whose names say what they are for, in their order."""
    tagged = _tagged(names)
    if tagged:
        return tagged
    found = (_named(place, name) for place, name in enumerate(names))
    return [column for column in found if column is not None]


def tidy(name: str) -> str:
    """A name without case, punctuation and what else programs write names with."""
    parted = _CAMEL.sub(" ", unicodedata.normalize("NFKC", name).strip())
    return _PUNCTUATION.sub(" ", parted).strip().casefold()


def squeezed(name: str) -> str:
    """A tidy name without blanks, as ``PubMed ID`` and ``PubMedId`` are one."""
    return tidy(name).replace(" ", "")


def _ranks(names: dict[ColumnRole, str]) -> dict[str, tuple[ColumnRole, int]]:
    return {
        squeezed(name): (role, rank)
        for role, listed in names.items()
        for rank, name in enumerate(listed.split("|"))
    }


_RANKS = _ranks(_NAMES)
_WORDS = {
    word: role
    for role, words in {
        ColumnRole.ABSTRACT: "abstract abstrakt zusammenfassung résumé resumen riassunto resumo",
        ColumnRole.TITLE: "title titel titre título titulo titolo 标题 題名",
        ColumnRole.PMID: "pmid",
        ColumnRole.DOI: "doi",
        ColumnRole.YEAR: "year jahr année año 年",
        ColumnRole.JOURNAL: "journal zeitschrift revue revista rivista",
        ColumnRole.AUTHORS: "authors autoren auteurs autores autori",
        ColumnRole.KEYWORDS: "keywords mesh schlagwörter schlüsselwörter",
    }.items()
    for word in words.split()
}
"""Words that hint at a role wherever they stand in a name."""

_INEXACT = 1_000
"""Rank of a name that only hints at its role: every exact one beats it."""


def _named(place: int, name: str) -> NamedColumn | None:
    if not 0 < len(name.strip()) <= _MAX_NAME:
        return None
    if (known := _RANKS.get(squeezed(name))) is not None:
        return NamedColumn(place, *known, is_exact=True)
    words = tidy(name).split()
    hints = {_WORDS[word] for word in words if word in _WORDS}
    if len(hints) == 1 and len(words) <= _MAX_HINTING_WORDS:
        return NamedColumn(place, hints.pop(), _INEXACT, is_exact=False)
    return None


def _tagged(names: Sequence[str]) -> list[NamedColumn]:
    """Columns called by two-letter tags, where several are and one of them is a text."""
    ranks = {
        tag: (role, rank)
        for role, listed in _TAGS.items()
        for rank, tag in enumerate(listed.split("|"))
    }
    found = [
        NamedColumn(place, *ranks[name.strip()], is_exact=True)
        for place, name in enumerate(names)
        if name.strip() in ranks
    ]
    is_text = {ColumnRole.ABSTRACT, ColumnRole.TITLE} & {column.role for column in found}
    return found if is_text and len(found) >= _MIN_TAGS else []
