"""PubMed's XML: sections keep their labels, words stay whole, and a bad article costs one row."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.imported import FileFormat, ImportedRecord, Reading
from tests.core.importing.readings import notices_in, parse, records_in, refused_in, write
from tests.data.nasty_references import abstract_of, pubmed_article, pubmed_file, title_of


def parse_xml(folder: Path, content: str | bytes) -> list[Reading]:
    return parse(write(folder, content), FileFormat.PUBMED_XML)


def parsed_abstract(folder: Path, abstract: str) -> str:
    content = pubmed_file([pubmed_article(1, abstract=abstract)])
    (record,) = records_in(parse_xml(folder, content))
    return record.abstract


def test_every_field_finds_its_place(tmp_path: Path) -> None:
    (record,) = records_in(parse_xml(tmp_path, pubmed_file([pubmed_article(1)])))
    assert record == ImportedRecord(
        row=1,
        title=title_of(1),
        abstract=(
            "BACKGROUND: Invented cells grew without end.\n"
            "METHODS: We counted them by hand (n = 12).\n"
            "RESULTS: Half of them died after 1 days.\n"
            "CONCLUSIONS: Counting helps."
        ),
        source_id="10000001",
        pmid="10000001",
        doi="10.5555/invented.1",
        year=1991,
        journal="Journal of invented results",
        authors="Muster, Ada; Invented Study Group",
        keywords="Cell Count/methods; counting",
        extra=(("ISSN", "1234-5678"), ("volume", "7"), ("language", "eng")),
    )


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ("mutated <i>TP53</i> in mice", "mutated TP53 in mice"),
        ("anti-<i>TP53</i>-positive, si<i>TP53</i>kd", "anti-TP53-positive, siTP53kd"),
        ("over<i>TP53</i>expression", "overTP53expression"),
        ("the<i>TP53</i>gene was lost", "the TP53 gene was lost"),
        ("role of<i>Kras</i>and<i>Myc</i>.", "role of Kras and Myc."),
        ("CO<sub>2</sub>, Ca<sup>2+</sup>-bound H<sub>2</sub>O", "CO2, Ca2+-bound H2O"),
        ("<b>B</b>old <u>un<i>der</i></u>line", "Bold underline"),
        ("the\n      <i>TP53</i>\n      gene", "the TP53 gene"),
        ("p &lt; 0.05 &amp; &#945;", "p < 0.05 & α"),
        ("<mml:math><mml:mi>x</mml:mi><mml:mo>=</mml:mo></mml:math>1", "x=1"),
    ],
)
def test_marks_inside_a_text_neither_glue_nor_split_words(
    tmp_path: Path, xml: str, text: str
) -> None:
    assert parsed_abstract(tmp_path, f"<AbstractText>{xml}</AbstractText>") == text


def test_labels_that_say_nothing_are_left_out(tmp_path: Path) -> None:
    abstract = (
        '<AbstractText Label="UNLABELLED">One.</AbstractText>'
        '<AbstractText Label="AIM:">Two.</AbstractText>'
        '<AbstractText Label="METHODS">METHODS: Three.</AbstractText>'
        '<AbstractText Label="RESULTS"/>'
        "<CopyrightInformation>Copyright.</CopyrightInformation>"
    )
    assert parsed_abstract(tmp_path, abstract) == "One.\nAIM: Two.\nMETHODS: Three."


def test_another_abstract_stands_in_where_there_is_none(tmp_path: Path) -> None:
    content = pubmed_file([pubmed_article(1, abstract="<AbstractText/>")])
    other = "<OtherAbstract><AbstractText>In plain words.</AbstractText></OtherAbstract>"
    content = content.replace("<MeshHeadingList>", f"{other}<MeshHeadingList>")
    assert records_in(parse_xml(tmp_path, content))[0].abstract == "In plain words."


@pytest.mark.parametrize(
    "spoil",
    [
        lambda article: article.replace("</Journal>", ""),
        lambda article: article.replace("TP53", "<i>TP53"),
        lambda article: article.replace("TP53", "&nbsp;"),
        lambda article: article.replace("TP53", "a < b"),
        lambda article: article.replace("TP53", "<i>" * 5_000 + "x" + "</i>" * 5_000),
        lambda article: article[: len(article) // 2],
        lambda article: article.replace("</PubmedArticle>", ""),
        lambda article: article.replace("Half of", "Half \udce9 of"),
        lambda article: "<PubmedArticle></PubmedArticle>",
    ],
)
def test_a_bad_article_costs_one_row(tmp_path: Path, spoil: object) -> None:
    assert callable(spoil)
    articles = [pubmed_article(1), spoil(pubmed_article(2)), pubmed_article(3)]
    content = pubmed_file(articles).encode(errors="surrogateescape")
    rows = parse_xml(tmp_path, content)
    assert [record.title for record in records_in(rows)] == [title_of(1), title_of(3)]
    (refused,) = refused_in(rows)
    assert refused.row == 2
    assert refused.reason.startswith("The article that begins in line ")


def test_a_file_cut_in_half_keeps_its_whole_articles(tmp_path: Path) -> None:
    content = pubmed_file([*map(pubmed_article, range(10))])
    rows = parse_xml(tmp_path, content[: len(content) // 2])
    assert len(records_in(rows)) == 4
    (refused,) = refused_in(rows)
    assert "breaks off" in refused.reason


def test_a_packed_file_cut_in_half_keeps_its_whole_articles(tmp_path: Path) -> None:
    content = gzip.compress(pubmed_file([*map(pubmed_article, range(2_000))]).encode())
    rows = parse_xml(tmp_path, content[: len(content) // 2])
    assert 500 < len(records_in(rows)) < 1_500
    assert "The packed file is damaged or breaks off" in notices_in(rows)


def test_characters_that_xml_forbids_are_taken_out(tmp_path: Path) -> None:
    content = pubmed_file([pubmed_article(1)]).replace("Half", "Ha\x0blf\x01\ufffe")
    (record,) = records_in(parse_xml(tmp_path, content))
    assert "RESULTS: Ha lf of them" in record.abstract


@pytest.mark.parametrize("encoding", ["UTF-8", "utf-8-sig", "UTF-16", "ISO-8859-1", "GB18030"])
def test_the_encoding_is_the_one_that_is_declared(tmp_path: Path, encoding: str) -> None:
    content = pubmed_file([pubmed_article(1)], encoding=encoding.removesuffix("-sig"))
    (record,) = records_in(parse_xml(tmp_path, content.replace("Ada", "Zoé").encode(encoding)))
    assert record.authors.startswith("Muster, Zoé")


def test_entities_of_its_own_are_refused(tmp_path: Path) -> None:
    entities = (
        '<!DOCTYPE PubmedArticleSet [<!ENTITY a "b"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    )
    content = f"{entities}<PubmedArticleSet>{pubmed_article(1)}</PubmedArticleSet>"
    with pytest.raises(InputError, match="entities of its own"):
        parse_xml(tmp_path, content)


def test_a_book_and_a_bare_citation(tmp_path: Path) -> None:
    book = (
        "<PubmedBookArticle><BookDocument><PMID>7</PMID><ArticleIdList>"
        '<ArticleId IdType="doi">10.5555/Book</ArticleId></ArticleIdList><Book>'
        "<BookTitle>A book</BookTitle><PubDate><Year>2020</Year></PubDate></Book>"
        "<ArticleTitle>A chapter</ArticleTitle><Abstract><AbstractText>Text.</AbstractText>"
        "</Abstract></BookDocument></PubmedBookArticle>"
    )
    citation = (
        "<MedlineCitation><PMID>8</PMID><Article><ArticleTitle>Bare</ArticleTitle></Article>"
        "</MedlineCitation>"
    )
    first, second = records_in(parse_xml(tmp_path, f"<PubmedArticleSet>{book}{citation}"))
    assert (first.pmid, first.title, first.doi, first.year) == (
        "7",
        "A chapter",
        "10.5555/book",
        2020,
    )
    assert (second.pmid, second.title) == ("8", "Bare")


def test_an_article_without_bounds_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kdh_desktop.core.importing.pubmed_xml.MAX_RECORD_CHARACTERS", 20_000)
    monkeypatch.setattr("kdh_desktop.core.importing.pubmed_xml._PIECE_CHARACTERS", 5_000)
    long = pubmed_article(2, abstract=f"<AbstractText>{'word ' * 20_000}</AbstractText>")
    rows = parse_xml(tmp_path, pubmed_file([pubmed_article(1), long, pubmed_article(3)]))
    assert [record.title for record in records_in(rows)] == [title_of(1), title_of(3)]
    assert "longer than an article" in refused_in(rows)[0].reason


def test_articles_may_lie_across_any_border_of_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = pubmed_file([*map(pubmed_article, range(4))])
    whole = parse_xml(tmp_path, content)
    for size in (1, 7, 64, 1_000):
        monkeypatch.setattr("kdh_desktop.core.importing.pubmed_xml._PIECE_CHARACTERS", size)
        assert parse_xml(tmp_path, content) == whole
    assert abstract_of(3).split() == records_in(whole)[3].abstract.split()
