"""A report on classified records: one HTML file that needs nothing else, on screen or on paper.

The same body serves the screen and the printer; only the style differs, since the printed form is
laid out by a simpler engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from threading import Event

from kdh_desktop import __version__
from kdh_desktop.core.audit_log import AuditReport
from kdh_desktop.core.exporting.atomic import write_atomically
from kdh_desktop.core.exporting.outcome import ExportOutcome
from kdh_desktop.core.exporting.provenance import RESEARCH_USE
from kdh_desktop.core.exporting.records_file import OnProgress, no_progress, passed_on
from kdh_desktop.core.exporting.report_figures import (
    EVIDENCE_PER_LABEL,
    LabelFigures,
    Quotation,
    ReportFigures,
)
from kdh_desktop.core.exporting.report_styles import PRINT_STYLE, SCREEN_STYLE
from kdh_desktop.core.exporting.rows import without_unwritable
from kdh_desktop.core.exporting.source import RecordSource
from kdh_desktop.core.record import Band, WarningCode
from kdh_desktop.core.records.record_filter import ReviewStatus

_NEVER = Event().is_set
_TITLE = "Hallmarks of Cancer: report"


def gather_report(
    store: RecordSource,
    ids: Sequence[int],
    *,
    title: str = "",
    evidence_per_label: int = EVIDENCE_PER_LABEL,
    audit: AuditReport | None = None,
    on_progress: OnProgress = no_progress,
    should_stop: Callable[[], bool] = _NEVER,
) -> ReportFigures:
    """Count what a report says of records.

    Args:
        store: Where the records are.
        ids: Which.
        title: What to call the report; empty for a plain name.
        evidence_per_label: Sentences to quote for each label, at most.
        audit: What a look at the audit log found; its head is printed.
        on_progress: Is called from this thread, now and then.
        should_stop: Is asked for every record.

    Raises:
        Cancelled: `should_stop` said so.
    """
    figures = ReportFigures(
        store.active_labels,
        title=title or _TITLE,
        evidence_per_label=evidence_per_label,
        audit=audit,
    )
    details = store.details(ids)
    for detail in passed_on(details, len(ids), on_progress=on_progress, should_stop=should_stop):
        figures.add(detail)
    return figures


def export_report(
    store: RecordSource,
    ids: Sequence[int],
    target: Path,
    *,
    title: str = "",
    evidence_per_label: int = EVIDENCE_PER_LABEL,
    audit: AuditReport | None = None,
    on_progress: OnProgress = no_progress,
    should_stop: Callable[[], bool] = _NEVER,
) -> ExportOutcome:
    """Write a report as HTML; see `gather_report` for the arguments.

    Raises:
        ExportError: The file cannot be written; the old one is as it was.
        Cancelled: `should_stop` said so; the old file is as it was.
    """
    figures = gather_report(
        store,
        ids,
        title=title,
        evidence_per_label=evidence_per_label,
        audit=audit,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    return write_report(figures, target)


def write_report(figures: ReportFigures, target: Path) -> ExportOutcome:
    """Write what was gathered as HTML.

    Raises:
        ExportError: The file cannot be written; the old one is as it was.
    """
    write_atomically(target, screen_html(figures).encode())
    return ExportOutcome(figures.provenance.records, (target,))


def screen_html(figures: ReportFigures) -> str:
    """The report for a browser: light or dark as the reader likes it, and fit to be printed."""
    return _page(figures, SCREEN_STYLE)


def print_html(figures: ReportFigures) -> str:
    """The report within what Qt's text documents can lay out on pages."""
    return _page(figures, PRINT_STYLE)


def _page(figures: ReportFigures, style: str) -> str:
    body = "\n".join(_body(figures))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_text(figures.title)}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _body(figures: ReportFigures) -> Iterator[str]:
    yield f"<h1>{_text(figures.title)}</h1>"
    yield f"<p>{_summary(figures)}</p>"
    yield "<h2>Labels</h2>"
    yield from _labels_table(figures)
    yield "<h2>How sure the model is</h2>"
    yield from _bands_table(figures)
    yield '<h2 class="new-page">Labels that come together</h2>'
    yield from _pairs_table(figures)
    yield "<h2>Evidence</h2>"
    yield from _evidence(figures)
    yield "<h2>Methods</h2>"
    yield f"<p>{' '.join(_methods(figures))}</p>"
    yield from _sources(figures)
    if figures.audit is not None:
        yield from _audit(figures.audit)
    yield f"<p><b>{RESEARCH_USE}</b></p>"


def _summary(figures: ReportFigures) -> str:
    seen = figures.provenance
    parts = [f"{_count(seen.records, 'record')}, {seen.classified:,} of them classified"]
    if figures.years is not None:
        first, last = figures.years
        parts.append(f"published in {first}" if first == last else f"published {first} to {last}")
    parts.append(f"{figures.without_label:,} without any label")
    parts.append(f"{seen.reviewed:,} confirmed by a person")
    return _text("; ".join(parts) + ".")


def _labels_table(figures: ReportFigures) -> Iterator[str]:
    yield _caption(
        "Records in which each label counts as present: by a person's decision where there is "
        "one, else by the model."
    )
    yield _table_start()
    yield _heads("", "Label", "Present", "Share", "By the model", "Decided by people", "Overruled")
    total = figures.provenance.records
    for number, label in enumerate(figures.labels.values(), 1):
        share = label.in_force / total if total else 0.0
        yield (
            f"<tr>{_number(number)}{_head(label.name)}{_number(label.in_force)}"
            f'<td class="number bar" style="--share: {share:.1%}">{share:.1%}</td>'
            f"{_number(label.by_model)}{_number(label.decided)}{_number(label.overruled)}</tr>"
        )
    yield "</table>"


def _bands_table(figures: ReportFigures) -> Iterator[str]:
    yield _caption("Records by the band of the model's probability.")
    yield _table_start()
    yield _heads("", "Label", "Present", "Needs review", "Absent", "Threshold")
    for number, label in enumerate(figures.labels.values(), 1):
        if label.threshold is None:
            continue
        cells = "".join(_share_of(label, band) for band in _BANDS)
        yield (
            f"<tr>{_number(number)}{_head(label.name)}{cells}"
            f'<td class="number">{label.threshold:.3f}</td></tr>'
        )
    yield "</table>"


_BANDS = (Band.PRESENT, Band.NEEDS_REVIEW, Band.ABSENT)


def _share_of(label: LabelFigures, band: Band) -> str:
    total = label.bands.total()
    share = label.bands[band] / total if total else 0.0
    return f'<td class="number bar" style="--share: {share:.1%}">{label.bands[band]:,}</td>'


def _pairs_table(figures: ReportFigures) -> Iterator[str]:
    yield _caption(
        "Records in which two labels count as present together; in the diagonal, each label alone "
        "or with others. Numbers at the top are those of the labels at the left."
    )
    yield _table_start()
    yield _heads("", "Label", *map(str, range(1, len(figures.labels) + 1)))
    most = max((label.in_force for label in figures.labels.values()), default=0) or 1
    for number, (row_id, label) in enumerate(figures.labels.items(), 1):
        cells = []
        for column_id in figures.labels:
            is_same = column_id == row_id
            together = label.in_force if is_same else figures.pairs[frozenset((row_id, column_id))]
            kind = "number heat diagonal" if is_same else "number heat"
            heat = f"--heat: {together / most:.3f}"
            cells.append(f'<td class="{kind}" style="{heat}">{together:,}</td>')
        yield f"<tr>{_number(number)}{_head(label.name)}{''.join(cells)}</tr>"
    yield "</table>"


def _evidence(figures: ReportFigures) -> Iterator[str]:
    yield _caption(
        "For each label the sentences that speak for it most clearly, one of a record, among the "
        "records in which it counts as present."
    )
    for label_id, label in figures.labels.items():
        quotations = figures.quotations(label_id)
        yield f"<h3>{_text(label.name)}</h3>"
        if not quotations:
            yield "<p>No sentence.</p>"
            continue
        yield f"<p>{len(quotations)} of {_count(label.in_force, 'record')}.</p>"
        yield "<ol>"
        for quotation in quotations:
            yield f"<li>{_quotation(quotation)}</li>"
        yield "</ol>"


def _quotation(quotation: Quotation) -> str:
    decided = ", confirmed by a person" if quotation.is_decided else ""
    source = f"{quotation.reference}, {quotation.score:.0%}{decided}"
    title = f"<bdi>{_text(quotation.title)}</bdi> " if quotation.title else ""
    sentence = f"<bdi>“{_text(quotation.sentence)}”</bdi>"
    return f"{sentence}<br><small>{title}({_text(source)})</small>"


def _methods(figures: ReportFigures) -> Iterator[str]:
    seen = figures.provenance
    for (model_id, sha256), count in seen.models.items():
        yield (
            f"{_count(count, 'record')} {'was' if count == 1 else 'were'} classified with "
            f"KDH Desktop {_text(__version__)} by the model {_text(model_id)} (SHA-256 of its "
            f"manifest: <code>{_text(sha256)}</code>)."
        )
    if figures.predicted_utc is not None:
        first, last = (utc[:10] for utc in figures.predicted_utc)
        when = f"on {first}" if first == last else f"between {first} and {last}"
        yield _text(f"This was done {when} (UTC), on one computer and without a network.")
    if seen.records > seen.classified:
        yield _text(f"{seen.records - seen.classified:,} of the records were not classified.")
    yield (
        "The model gives every label a calibrated probability, independent of the others; a label "
        "counts as present from its threshold on, and needs review where the probability lies "
        "between the limits that the model states."
    )
    yield _text(
        f"People confirmed {_count(seen.reviewed, 'record')} one by one and accepted "
        f"{seen.reviews[ReviewStatus.ACCEPTED]:,} together; they made "
        f"{_count(seen.decisions, 'decision')} on single labels, {seen.overruled:,} of them "
        "against the model. A person's decision counts before the model's."
    )
    for code, count in sorted(figures.warnings.items()):
        if code in _WARNINGS:
            yield _text(f"{_count(count, 'record')} {_WARNINGS[code]}.")
    yield _text(f"This report was made on {seen.made_utc[:10]}.")


_WARNINGS = {
    WarningCode.OUT_OF_DOMAIN: "seemed to be about something that the model does not know",
    WarningCode.NOT_ENGLISH: "seemed to be in another language than English",
    WarningCode.TOO_LONG: "had a text that was too long to be read whole",
    WarningCode.TOO_SHORT: "had a text of too few words to mean much",
    WarningCode.EMPTY: "had no text",
}


def _sources(figures: ReportFigures) -> Iterator[str]:
    yield "<h3>Sources</h3>"
    yield "<ul>"
    for name, count in figures.files.most_common():
        yield f"<li>{_text(name)}: {_count(count, 'record')}</li>"
    yield "</ul>"


def _audit(report: AuditReport) -> Iterator[str]:
    yield "<h3>Audit log</h3>"
    if report.first_bad is not None:
        yield (
            f"<p>When this report was made, entry {report.first_bad:,} of the program's audit log "
            "was not what had been written: the log had been changed.</p>"
        )
        return
    entries = "1 entry" if report.entries == 1 else f"{report.entries:,} entries"
    yield (
        "<p>The program keeps a log of what is done with it, in which no entry can be changed "
        f"unseen. When this report was made it had {entries}, and this head, by which anybody can "
        f"check later that none of them was changed or taken away: <code>{report.head}</code></p>"
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _table_start() -> str:
    # The attributes are for engines that know little of style sheets.
    return '<table cellspacing="0" cellpadding="4">'


def _caption(words: str) -> str:
    return f'<p class="caption">{_text(words)}</p>'


def _heads(*titles: str) -> str:
    return "<tr>" + "".join(f'<th scope="col">{_text(title)}</th>' for title in titles) + "</tr>"


def _head(title: str) -> str:
    return f'<th scope="row">{_text(title)}</th>'


def _number(number: int) -> str:
    return f'<td class="number">{number:,}</td>'


def _text(text: str) -> str:
    return escape(without_unwritable(text)[0])
