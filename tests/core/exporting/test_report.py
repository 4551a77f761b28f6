"""The report counts right, quotes safely, and needs nothing but itself."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kdh_desktop.core.audit_log import AuditReport
from kdh_desktop.core.errors import Cancelled
from kdh_desktop.core.exporting.report import (
    export_report,
    gather_report,
    print_html,
    screen_html,
)
from kdh_desktop.core.exporting.report_figures import ReportFigures
from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.record import Band, Evidence, TextWarning, WarningCode
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import OperationKind, ReviewChange
from tests.data.stored_records import (
    MODEL_ID,
    MODEL_SHA256,
    MadeStore,
    detail,
    prediction,
)
from tests.data.tiny_store import (
    HALLMARK_IDS,
    MANIFEST_SHA256,
    fill,
    predict_all,
    tiny_manifest,
)

HOSTILE = '<script src="http://example.invalid/x.js">alert(1)</script><img src=file:///etc/passwd>'
STORE = MadeStore.of(
    detail(
        1,
        ImportedRecord(row=1, title=HOSTILE, year=1999, pmid="77"),
        probabilities={"growth": 0.9, "vessels": 0.9, "spread": 0.1},
        evidence={"growth": (Evidence(0, 5, f"Clear & {HOSTILE}", 0.95),)},
    ),
    detail(
        2,
        ImportedRecord(row=2, title="Second", year=2004),
        probabilities={"growth": 0.9, "vessels": 0.1, "spread": 0.45},
        decisions={"vessels": True, "growth": True},
        evidence={"growth": (Evidence(0, 5, "Weaker one.", 0.7), Evidence(6, 9, "Third.", 0.6))},
        review=ReviewStatus.CONFIRMED,
    ),
    detail(3, probabilities={"growth": 0.1, "vessels": 0.1, "spread": 0.1}),
    detail(4),
)


class Tags(HTMLParser):
    """Collects what a page is made of, and checks that what opens is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def rows_below(page: str, heading: str) -> list[list[str]]:
    part = page[page.index(f">{heading}</h2>") :]
    table = part[part.index("<table") : part.index("</table>")]
    rows = re.findall(r"<tr>(.*?)</tr>", table)
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in rows]


def test_counts_are_of_people_before_the_model() -> None:
    figures = gather_report(STORE, [1, 2, 3, 4])
    vessels = figures.labels["vessels"]
    assert (vessels.by_model, vessels.in_force, vessels.decided, vessels.overruled) == (1, 2, 1, 1)
    growth = figures.labels["growth"]
    assert (growth.by_model, growth.in_force, growth.decided, growth.overruled) == (2, 2, 1, 0)
    assert growth.bands == {Band.PRESENT: 2, Band.ABSENT: 1}
    assert figures.labels["spread"].bands == {Band.ABSENT: 2, Band.NEEDS_REVIEW: 1}
    assert figures.pairs == {frozenset(("growth", "vessels")): 2}
    assert (figures.without_label, figures.years) == (1, (1999, 2004))


def test_tables_show_the_counts() -> None:
    page = screen_html(gather_report(STORE, [1, 2, 3, 4]))
    assert rows_below(page, "Labels")[2] == [
        *("2", "Inducing angiogenesis", "2", "50.0%", "1", "1", "1"),
    ]
    assert rows_below(page, "How sure the model is")[3] == [
        *("3", "Activating invasion", "0", "1", "2", "0.500"),
    ]
    assert [row[2:] for row in rows_below(page, "Labels that come together")] == [
        *(["1", "2", "3"], ["2", "2", "0"], ["2", "2", "0"], ["0", "0", "0"]),
    ]


def test_methods_name_the_model_its_hash_and_how_far_people_got() -> None:
    page = screen_html(gather_report(STORE, [1, 2, 3, 4]))
    words = " ".join("".join(Tags(page).words).split())
    assert "3 records were classified with KDH Desktop" in words
    assert f"by the model {MODEL_ID} (SHA-256 of its manifest: {MODEL_SHA256})" in words
    assert "This was done on 2026-11-20 (UTC)" in words
    assert "1 of the records were not classified" in words
    assert "People confirmed 1 record one by one and accepted 0 together" in words
    assert "2 decisions on single labels, 1 of them against the model" in words


def test_quotations_are_the_clearest_one_of_each_record() -> None:
    figures = gather_report(STORE, [1, 2, 3, 4])
    found = figures.quotations("growth")
    assert [(one.score, one.reference, one.is_decided) for one in found] == [
        (0.95, "PMID 77", False),
        (0.7, "2", True),
    ]
    few = gather_report(STORE, [1, 2, 3, 4], evidence_per_label=1)
    assert [one.score for one in few.quotations("growth")] == [0.95]


def test_labels_accepted_for_many_records_are_not_told_as_decisions_of_people() -> None:
    store = RecordStore.in_memory()
    store.activate_model(tiny_manifest(), manifest_sha256=MANIFEST_SHA256)
    fill(store, 20)
    predict_all(store)
    [label, *_] = HALLMARK_IDS
    [score, *_] = store.rows([1])[0].scores
    store.review([ReviewChange(1, ((label, not score.is_present),))], kind=OperationKind.DECIDE)
    store.accept(list(store.ids()), None)
    figures = gather_report(store, list(store.ids()))
    assert (figures.provenance.decisions, figures.provenance.overruled) == (1, 1)
    assert (figures.labels[label].decided, figures.labels[label].overruled) == (1, 1)
    quoted = [one for name in HALLMARK_IDS for one in figures.quotations(name)]
    assert len(quoted) > 20
    assert not any(one.is_decided for one in quoted if one.reference != "PMID 10000001")
    store.confirm([2])
    figures = gather_report(store, [2])
    assert figures.provenance.decisions == len(HALLMARK_IDS)
    store.close()


def test_first_of_equally_clear_sentences_is_kept() -> None:
    records = [
        detail(
            number,
            probabilities={"growth": 0.9},
            evidence={"growth": (Evidence(0, 1, f"s{number}", 0.5),)},
        )
        for number in range(1, 5)
    ]
    figures = gather_report(MadeStore.of(*records), [1, 2, 3, 4], evidence_per_label=2)
    assert [one.sentence for one in figures.quotations("growth")] == ["s1", "s2"]


def test_texts_are_escaped_and_nothing_is_fetched() -> None:
    for page in (screen_html, print_html):
        tags = Tags(page(gather_report(STORE, [1, 2, 3, 4], title=HOSTILE)))
        names = {name for name, _ in tags.found}
        assert not names & {"script", "img", "link", "iframe", "a", "object", "base"}
        attributes = [values for _, values in tags.found]
        assert not any({"src", "href", "onload"} & values.keys() for values in attributes)
        assert "url(" not in "".join(tags.words)
        assert "@import" not in "".join(tags.words)
        policy = [values["content"] for _, values in tags.found if "http-equiv" in values]
        assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_page_serves_light_dark_and_paper() -> None:
    page = screen_html(gather_report(STORE, [1]))
    assert "@media (prefers-color-scheme: dark)" in page
    assert "@media print" in page
    assert '<html lang="en">' in page


def test_warnings_about_texts_are_counted() -> None:
    warning = TextWarning(WarningCode.OUT_OF_DOMAIN, "outside")
    store = MadeStore.of(detail(1, probabilities={"growth": 0.1}))
    [record] = store.records.values()
    seen = prediction({"growth": 0.1}, warnings=(warning,))
    store = MadeStore.of(dataclasses.replace(record, prediction=seen))
    page = screen_html(gather_report(store, [1]))
    assert "1 record seemed to be about something that the model does not know." in page


def test_nothing_to_report_is_a_report(tmp_path: Path) -> None:
    outcome = export_report(MadeStore.of(), [], tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert outcome.rows == 0
    assert "0 records, 0 of them classified" in page
    Tags(page)


def test_stop_leaves_the_old_report(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_bytes(b"old")
    with pytest.raises(Cancelled):
        export_report(STORE, [1, 2], target, should_stop=lambda: True)
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("page", [screen_html, print_html])
def test_the_head_of_the_audit_log_is_printed(page: Callable[[ReportFigures], str]) -> None:
    head = "ab" * 32
    audit = AuditReport(entries=1234, head=head, first_bad=None)
    words = page(gather_report(STORE, [1, 2], audit=audit))
    assert "1,234 entries" in words
    assert f"<code>{head}</code>" in words
    assert "Audit log" not in page(gather_report(STORE, [1, 2]))


def test_a_changed_audit_log_shows_on_the_report() -> None:
    audit = AuditReport(entries=4, head="ef" * 32, first_bad=5)
    words = screen_html(gather_report(STORE, [1, 2], audit=audit))
    assert "entry 5" in words
    assert "ef" * 32 not in words
