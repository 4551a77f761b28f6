"""What the Records page says where it has no list to show."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from kdh_desktop.core.records.record_filter import Queue
from kdh_desktop.gui.record_desk import RecordDesk
from kdh_desktop.gui.records.record_list import RecordList


@dataclass(frozen=True, slots=True)
class Guide:
    """The next step, where there are no records to show."""

    heading: str
    words: str
    offers_import: bool = False


def _tr(text: str) -> str:
    return QCoreApplication.translate("RecordsGuide", text)


def page_guide(desk: RecordDesk, records: RecordList) -> Guide | None:
    """What to say instead of all of the page; None where there are records."""
    if desk.store is None:
        if desk.failure is not None:
            return Guide(
                _tr("The records could not be opened"),
                f"{desk.failure.message} {desk.failure.remedy}",
            )
        return Guide(_tr("The records are being opened…"), "")
    if records.counts is None:
        return Guide(_tr("The records are being opened…"), "")
    if records.counts.everything:
        return None
    words = _tr(
        "Choose Import files, or drop files on this window: exports of PubMed, Web of Science, "
        "Embase or a reference manager (.nbib, .xml, .ris), tables (.xlsx, .xls, .ods, .csv), "
        "Word and PDF documents, and plain text. Then classify the records, and review them "
        "here."
    )
    if desk.is_private:
        return Guide(
            _tr("No records in this private session"),
            words + " " + _tr("What you import now is forgotten when the session ends."),
            offers_import=True,
        )
    return Guide(
        _tr("No records yet"), words + " " + _tr("They stay on this computer."), offers_import=True
    )


def no_hits_guide(records: RecordList) -> Guide:
    """What to say where the filter leaves nothing."""
    where = records.where
    match where.queue:
        case Queue.NEEDS_REVIEW if not where.search:
            return Guide(
                _tr("Nothing waits for a review here"),
                _tr("Every record that is classified is either sure, confirmed or accepted."),
            )
        case Queue.DISAGREEMENT if not where.search:
            return Guide(
                _tr("Model and person agree"),
                _tr("No hallmark that you decided on differs from what the model says."),
            )
        case _:
            return Guide(
                _tr("No record fits"),
                _tr(
                    "Every word of the search must stand in a record, if only as the beginning of "
                    "a word, and every kind of filter must fit."
                ),
            )


def help_steps() -> str:
    """How the page is used, for the help."""
    return _tr(
        "1. Import files, and classify the records.\n"
        "2. Narrow the list down by a search and by the filter at the left. “Needs review” "
        "holds what the model is not sure of, nearest to the threshold first.\n"
        "3. Read the record below the list. The keys 1 to 0 decide on the ten hallmarks, "
        "Return confirms them as they stand and goes on, the space bar skips, U marks as "
        "unsure, N writes a note. Round and pointed signs are the model's, square ones "
        "yours.\n"
        "4. What the model is sure of can be accepted together: Accept many shows five "
        "records at random first.\n"
        "5. Everything can be taken back with Undo, also after a restart.\n"
        "6. Export writes the chosen records, or the whole list, with the columns that the "
        "table has."
    )
