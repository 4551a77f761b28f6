"""What was written: files, what to know of them, and every text that was cut."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QVBoxLayout, QWidget

from kdh_desktop.core.exporting.outcome import ExportOutcome
from kdh_desktop.gui.exporting.words import cut_count
from kdh_desktop.gui.plain_table import PlainTable
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.record_count import record_count
from kdh_desktop.gui.theme import GRID


def open_in_desktop(path: Path) -> None:
    """Let the desktop open a file or folder with whatever opens such a thing."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


class ResultDialog(QDialog):
    """Tells what became of an export, and leads to the file."""

    def __init__(self, outcome: ExportOutcome, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Saved"))
        self._outcome = outcome
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        heading = self.tr("Saved: {records}").format(records=record_count(outcome.rows))
        layout.addWidget(plain_label(heading, kind="heading"))
        for file in outcome.files:
            layout.addWidget(plain_label(str(file)))
        for notice in outcome.notices:
            layout.addWidget(plain_label(notice))
        self.cuts = self._cuts()
        if outcome.cuts:
            layout.addWidget(plain_label(cut_count(len(outcome.cuts))))
            layout.addWidget(self.cuts, 1)
            self.resize(84 * GRID, 56 * GRID)
        else:
            layout.addStretch(1)
        layout.addWidget(self._buttons())
        self.setMinimumWidth(60 * GRID)
        self.close_button.setFocus()

    def _cuts(self) -> PlainTable:
        table = PlainTable(
            self.tr("Texts that were cut"),
            (
                *(self.tr("Record"), self.tr("Kept")),
                *(self.tr("Characters in all"), self.tr("Column")),
            ),
        )
        table.show_rows(
            [(str(cut.record_id), cut.kept, cut.length, cut.column) for cut in self._outcome.cuts]
        )
        return table

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        self.open_button = QPushButton(self.tr("&Open"))
        self.open_button.clicked.connect(lambda: open_in_desktop(self._outcome.files[0]))
        self.folder_button = QPushButton(self.tr("Open the &folder"))
        self.folder_button.clicked.connect(lambda: open_in_desktop(self._outcome.files[0].parent))
        for button in (self.open_button, self.folder_button):
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        self.close_button = close = buttons.addButton(
            self.tr("Close"), QDialogButtonBox.ButtonRole.RejectRole
        )
        close.setDefault(True)
        for button in (self.open_button, self.folder_button, close):
            button.setAccessibleName(button.text().replace("&", ""))
        buttons.rejected.connect(self.reject)
        return buttons
