"""The report stands alone, can be read aloud, and says how sure its figures are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.trainer.study.fake_outcome import fake_outcome
from tests.trainer.study.fake_study import fake_config, fake_rocling
from trainer.study.conclusions import cautions, findings
from trainer.study.config import Published
from trainer.study.drawing import Drawing, Scale, apart, durations, even_ticks, limits_round
from trainer.study.outcome import Outcome, Summary
from trainer.study.report import render_report

VOID = {"meta", "br", "link", "img"}


class Page(HTMLParser):
    """Checks that elements are closed, and keeps what a test asks for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src", "srcset", "action"}:
                self.links.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    config = replace(fake_config(), published=Published.KDH_MLTC)
    return fake_outcome(tmp_path_factory.mktemp("cells"), config)


@pytest.fixture(scope="module")
def rocling(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    config = replace(fake_rocling(), published=Published.ROCLING)
    return fake_outcome(tmp_path_factory.mktemp("rocling"), config)


@pytest.fixture(scope="module", params=["outcome", "rocling"])
def text(request: pytest.FixtureRequest) -> str:
    return render_report(request.getfixturevalue(request.param))


def test_the_page_is_whole_and_needs_nothing_else(text: str) -> None:
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert len(page.ids) == len(set(page.ids))
    assert "@import" not in text
    assert "url(" not in text
    without_names = text.replace("http://www.w3.org/2000/svg", "")
    assert "http" not in without_names


def test_every_figure_is_sound_and_can_be_read_aloud(text: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawings) >= 4
    for drawing in drawings:
        root = ET.fromstring(drawing)
        names = [root.find(f"{{http://www.w3.org/2000/svg}}{x}") for x in ("title", "desc")]
        assert all(name is not None and name.text for name in names)
        said = set(root.attrib["aria-labelledby"].split())
        assert said == {name.attrib["id"] for name in names if name is not None}
    assert "nan" not in re.findall(r"[a-z]+", text.lower())
    assert text.count("<figcaption>") == len(drawings)


def test_tables_name_their_rows_and_columns(text: str) -> None:
    for table in re.findall(r"<table.*?</table>", text, re.DOTALL):
        assert "<caption>" in table
        assert 'scope="col"' in table
        widths = {
            sum(int(x) if x else 1 for x in re.findall(r'<t[hd][^>]*?(?:colspan="(\d+)")?>', row))
            for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)
        }
        assert len(widths) == 1


def test_a_reduced_preset_says_so(outcome: Outcome, rocling: Outcome) -> None:
    assert "A reduced preset" in render_report(outcome)
    assert "Nothing is trained" in render_report(outcome)
    assert "A reduced preset" not in render_report(rocling)


def test_the_published_table_is_said_to_be_of_another_corpus(rocling: Outcome) -> None:
    text = render_report(replace_networks(rocling))
    assert "another corpus" in text
    assert "76.80" in text
    assert "77.54" in text


def replace_networks(rocling: Outcome) -> Outcome:
    assert {one.id for one in rocling.config.networks} == {"text_cnn", "han"}
    return rocling


def test_the_paper_on_kdh_mltc_is_named_with_what_it_leaves_out(outcome: Outcome) -> None:
    text = render_report(outcome)
    assert "82.70" in text
    assert "without saying which average" in text


def test_words_are_escaped(outcome: Outcome) -> None:
    config = replace(outcome.config, title="Scores <b>& so on</b>")
    text = render_report(replace(outcome, config=config))
    assert "<b>" not in text
    assert "Scores &lt;b&gt;&amp; so on" in text


def test_names_of_systems_networks_and_settings_are_escaped(outcome: Outcome) -> None:
    config = outcome.config
    systems = tuple(replace(one, name=f"{one.name} <i>") for one in config.systems)
    networks = tuple(replace(one, name=f"{one.name} <i>") for one in config.networks)
    cells = [
        tuple(replace(cell, chosen=cell.chosen and {"some <i>": "a <i>"}) for cell in one.cells)
        for one in outcome.systems
    ]
    told = zip(outcome.systems, cells, strict=True)
    named = replace(
        outcome,
        config=replace(config, systems=systems, networks=networks),
        systems=tuple(replace(one, cells=its) for one, its in told),
    )
    text = render_report(named)
    assert "<i>" not in text
    for said in ("swarm &lt;i&gt;", "Mini &lt;i&gt;", "some &lt;i&gt;", "a &lt;i&gt;"):
        assert said in text


def test_a_search_of_a_single_iteration_is_shown(outcome: Outcome) -> None:
    cells = [
        tuple(
            replace(x, searches=tuple(replace(s, best_scores=(0.7,)) for s in x.searches))
            for x in one.cells
        )
        for one in outcome.systems
    ]
    told = zip(outcome.systems, cells, strict=True)
    short = replace(outcome, systems=tuple(replace(one, cells=its) for one, its in told))
    assert "swarm: from 70.0 to 70.0" in render_report(short)


def test_what_folds_digest_versions_and_time_were_is_said(outcome: Outcome) -> None:
    text = render_report(outcome)
    for said in ("c0ffee", "numpy 2", "a machine of two cores", "3; 1, 2", "20.6 min"):
        assert said in text


def test_the_figure_that_the_interval_is_of_is_shown_and_the_mean_of_folds_named(
    outcome: Outcome,
) -> None:
    summary = Summary(figure=0.512, low=0.5, high=0.525, mean=0.987, deviation=0.012)
    told = tuple(
        replace(one, summaries=dict.fromkeys(one.summaries, summary)) for one in outcome.systems
    )
    shown = replace(outcome, systems=told)
    text = render_report(shown)
    assert "51.2 <small>(50.0 to 52.5)</small><br><small>folds 98.7 ± 1.2</small>" in text
    assert text.count("98.7") == text.count("folds 98.7 ± 1.2")
    assert "micro-F1 is 51.2 (" in " ".join(findings(shown))


def test_findings_say_what_is_significant(outcome: Outcome) -> None:
    said = findings(outcome)
    assert any("highest micro-F1" in one for one in said)
    of_pair = next(one for one in said if one.startswith("Distilled lies"))
    assert "above Student alone" in of_pair
    assert ": significant." in of_pair or ": not significant." in of_pair
    assert "p\u00a0=\u00a00.000" not in " ".join(said)


def test_cautions_know_what_few_folds_cannot_show(outcome: Outcome) -> None:
    said = " ".join(cautions(outcome))
    assert "under 0.25" in said
    assert "cannot call anything significant" in said
    assert "reduced preset" in said
    assert "swarm" in said
    five = replace(outcome, config=replace(outcome.config, folds=5))
    assert "under 0.0625" in " ".join(cautions(five))


def test_groups_are_spoken_of_where_there_are_any(rocling: Outcome) -> None:
    about = replace(rocling.about, groups=30)
    text = render_report(replace(rocling, about=about))
    assert "does not know of groups" in text
    assert "stay in one fold" in text


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (61.2, 88.9, [65, 70, 75, 80, 85]), (5, 5, [5])],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert even_ticks(low, high) == ticks


def test_durations_are_in_units_that_suit_them() -> None:
    assert [words for _, words in durations(20, 4000)] == [
        "30 s",
        "1 min",
        "3 min",
        "10 min",
        "30 min",
        "1 h",
    ]


def test_labels_of_lines_are_moved_apart_and_no_further_than_needed() -> None:
    assert apart([10, 50, 90], least=17) == [10, 50, 90]
    moved = apart([30, 28, 80, 29], least=10)
    assert moved == [39, 19, 80, 29]


def test_scales_place_values_evenly_or_by_ratio() -> None:
    assert Scale(0, 10, start=100, end=200)(2.5) == 125
    assert Scale(1, 100, start=0, end=10, is_log=True)(10) == pytest.approx(5)
    assert limits_round([3.0, 3.0])[0] < 3 < limits_round([3.0, 3.0])[1]


def test_drawings_of_equal_content_are_equal() -> None:
    one, other = (Drawing(10, 10, "A title", "What is seen") for _ in range(2))
    assert one.render() == other.render()
