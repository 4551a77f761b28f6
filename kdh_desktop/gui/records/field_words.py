"""What a record is and where it comes from, in lines to read."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication

from kdh_desktop.core.record import WarningCode
from kdh_desktop.core.records.record_filter import Field
from kdh_desktop.core.records.stored import RecordDetail
from kdh_desktop.gui.record_count import record_count
from kdh_desktop.gui.records.words import review_name

_SHOWN = (
    Field.TITLE,
    Field.AUTHORS,
    Field.JOURNAL,
    Field.YEAR,
    Field.PMID,
    Field.DOI,
    Field.KEYWORDS,
    Field.SOURCE_ID,
)
_LONGEST = 2_000
_MINOR = {WarningCode.CLEANED, WarningCode.CUT_INTO_WINDOWS}
"""Warnings that explain something and put no label in doubt."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("RecordFields", text)


def _shortened(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"


def origin_words(detail: RecordDetail) -> str:
    """One line above the text: where it was published, where it came from, how far it is."""
    imported = detail.imported
    parts = [
        imported.journal,
        "" if imported.year is None else str(imported.year),
        _tr("PMID {pmid}").format(pmid=imported.pmid) if imported.pmid else "",
        _tr("{file}, row {row}").format(file=detail.file, row=imported.row),
        review_name(detail.review),
    ]
    return "  ·  ".join(part for part in parts if part)


def warning_words(detail: RecordDetail) -> str:
    """What puts the model's word in doubt, or nothing."""
    if detail.prediction is None:
        return _tr("Not classified: the model has not read this record yet.")
    doubts = [one.message for one in detail.prediction.warnings if one.code not in _MINOR]
    return _tr("Warning: {words}").format(words=" ".join(doubts)) if doubts else ""


def field_lines(detail: RecordDetail, name: Callable[[Field], str]) -> list[str]:
    """Every field that says anything, also those that the program has no use for."""
    imported = detail.imported
    values = [(name(field), getattr(imported, field.value)) for field in _SHOWN]
    values += [
        (name(Field.ID), detail.id),
        (name(Field.FILE), detail.file),
        (name(Field.ROW), imported.row),
        *imported.extra,
    ]
    if detail.merged:
        values.append((_tr("Merged into this one"), record_count(len(detail.merged))))
    if detail.prediction is not None:
        prediction = detail.prediction
        values.append((_tr("Model"), prediction.model_id))
        values += [(_tr("The model says"), warning.message) for warning in prediction.warnings]
    return [
        f"{title}: {_shortened(str(value))}" for title, value in values if value not in {None, ""}
    ]
