"""The trips that lead through more than one page: what pages ask for and the window does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from kdh_desktop.core.records.record_filter import Queue, RecordFilter
from kdh_desktop.gui.bulk.bulk_flow import BulkFlow
from kdh_desktop.gui.classify.classify_page import ClassifyPage
from kdh_desktop.gui.desk_talk import DeskTalk
from kdh_desktop.gui.exporting.export_flow import ExportFlow
from kdh_desktop.gui.file_actions import FileActions
from kdh_desktop.gui.importing.duplicates_flow import DuplicatesFlow
from kdh_desktop.gui.importing.import_flow import ImportFlow
from kdh_desktop.gui.importing.import_report import ImportReport
from kdh_desktop.gui.leaving import Leaving
from kdh_desktop.gui.notices import Notice
from kdh_desktop.gui.private_session import PrivateSession
from kdh_desktop.gui.private_sign import PrivateSign
from kdh_desktop.gui.records.records_page import RecordsPage
from kdh_desktop.gui.window_parts import WindowParts
from kdh_desktop.gui.window_title import WindowTitle


class Journeys(QObject):
    """Joins the pages, which do not know each other, with the work that they ask for."""

    records_wanted = Signal()
    """Bring the Records page to the front."""

    def __init__(
        self,
        parts: WindowParts,
        *,
        files: FileActions,
        sign: PrivateSign,
        classify: ClassifyPage,
        records: RecordsPage,
    ) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self._records = records
        self._classify = classify
        self.title = WindowTitle(parts, self)
        self.desk_talk = DeskTalk(parts, self)
        self.imports = ImportFlow(parts, self)
        self.duplicates = DuplicatesFlow(parts, self)
        self.report = ImportReport(parts, self.duplicates, parent=self)
        self.bulk = BulkFlow(parts, self)
        self.exporting = ExportFlow(parts, self)
        self.private = PrivateSession(
            parts,
            sign=sign,
            action=files.private,
            has_text=lambda: not classify.session.is_blank,
            parent=self,
        )
        self.private.ended.connect(classify.forget)
        self.leaving = Leaving(
            parts,
            would_forget=lambda: self.private.has_content,
            reviewer=records.reviewer,
            parent=self,
        )
        self._connect_imports(files)
        self._connect_exports(files)
        self.bulk.review_wanted.connect(
            lambda: self._show_records(RecordFilter(queue=Queue.NEEDS_REVIEW))
        )
        records.classify_wanted.connect(self.bulk.classify)
        classify.keeping.caught_up.connect(self.bulk.correct_offer)
        files.find_duplicates.triggered.connect(
            lambda: self.duplicates.search(shows_when_found=True)
        )

    def _connect_imports(self, files: FileActions) -> None:
        files.import_files.triggered.connect(self.ask_files)
        files.import_folder.triggered.connect(self._ask_folder)
        files.paste_table.triggered.connect(self._paste_table)
        self._records.import_wanted.connect(self._take_wanted)
        self._classify.files_given.connect(self.imports.take_in_given)
        self._classify.exchange.table_given.connect(
            lambda text: self.imports.take_in_table(text, self.tr("Pasted table"))
        )
        self.imports.finished.connect(self.report.show)
        self.report.again_wanted.connect(self.imports.take_in_again)
        self.report.classify_wanted.connect(self._classify_imported)
        self.report.show_wanted.connect(self._show_records)
        self.report.closed.connect(self.bulk.offer)

    def _connect_exports(self, files: FileActions) -> None:
        files.export.triggered.connect(self._export)
        files.corrections.triggered.connect(self._ask_corrections)
        self._records.export_wanted.connect(self.exporting.export)
        self._records.retraining_wanted.connect(self.exporting.for_retraining)
        self.exporting.show_wanted.connect(self._show_records)

    def _export(self) -> None:
        """Export what the Records page lists by now, from whatever page."""
        # Before it is seen: a list that nobody looks at is renewed, one that is seen stays.
        self._records.export()
        self.records_wanted.emit()

    def _ask_corrections(self) -> None:
        self.exporting.take_corrections()

    # Taking in

    def take_in(self, paths: Sequence[Path]) -> None:
        """Take in files and folders, wherever they come from."""
        self.imports.take_in(paths)

    def ask_files(self) -> None:
        """Ask which files to take in."""
        self._parts.dialogs.ask_files(
            self._parts.window, self.tr("Import files"), then=self.imports.take_in
        )

    def _ask_folder(self) -> None:
        self._parts.dialogs.ask_folder(
            self._parts.window,
            self.tr("Import a folder"),
            then=lambda folder: self.imports.take_in([folder]),
        )

    def _take_wanted(self, paths: list[Path]) -> None:
        if paths:
            self.imports.take_in(paths)
        else:
            self.ask_files()

    def _paste_table(self) -> None:
        text = QGuiApplication.clipboard().text()
        if text.strip():
            self.imports.take_in_table(text, self.tr("Pasted table"))
        else:
            self._parts.notices.show_anew(
                "paste", Notice(self.tr("There is nothing to paste: copy rows of a table first."))
            )

    def _classify_imported(self, where: RecordFilter) -> None:
        self._show_records(where)
        self.bulk.classify(where)

    def _show_records(self, where: RecordFilter) -> None:
        self.records_wanted.emit()
        self._records.show_filter(where)
        # Review begins in the list, by keys.
        self._records.table.setFocus()
