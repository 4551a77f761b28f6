"""What the fields of a record are called, in lists and wherever lists are spoken of."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from kdh_desktop.core.records.record_filter import Field


def field_name(field: Field) -> str:
    """A field in a word or two."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("RecordColumns", text)

    return {
        Field.ID: tr("Number"),
        Field.TITLE: tr("Title"),
        Field.ABSTRACT: tr("Abstract"),
        Field.LABELS: tr("Hallmarks"),
        Field.REVIEW: tr("Review"),
        Field.YEAR: tr("Year"),
        Field.JOURNAL: tr("Journal"),
        Field.AUTHORS: tr("Authors"),
        Field.PMID: tr("PMID"),
        Field.DOI: tr("DOI"),
        Field.SOURCE_ID: tr("Id in its file"),
        Field.KEYWORDS: tr("Keywords"),
        Field.FILE: tr("File"),
        Field.ROW: tr("Row in its file"),
        Field.NOTE: tr("Note"),
    }[field]
