"""Rows that were not taken in: which, why, and what to do; can be kept as a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QVBoxLayout, QWidget

from kdh_desktop.core.importing.imported import RefusedRow
from kdh_desktop.gui.jobs import Job
from kdh_desktop.gui.plain_table import PlainTable
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID


class ProblemsDialog(QDialog):
    """Lists refused rows."""

    save_wanted = Signal()

    def __init__(
        self, rows: Sequence[tuple[str, RefusedRow]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Refused rows"))
        self.rows = tuple(rows)
        heading = (
            self.tr("1 row was not taken in.")
            if len(rows) == 1
            else self.tr("{count} rows were not taken in.").format(count=f"{len(rows):,}")
        )
        self.table = PlainTable(
            self.tr("Refused rows"),
            (self.tr("File"), self.tr("Row"), self.tr("Reason"), self.tr("What to do")),
        )
        self.table.show_rows(
            [(name, row.row, row.reason, row.remedy) for name, row in rows], widest=48 * GRID
        )
        self.words = plain_label(kind="muted")
        self.words.hide()
        buttons = QDialogButtonBox()
        self.save_button = QPushButton(self.tr("&Save as CSV…"))
        self.save_button.setAccessibleName(self.tr("Save as CSV"))
        self.save_button.clicked.connect(self.save_wanted)
        buttons.addButton(self.save_button, QDialogButtonBox.ButtonRole.ActionRole)
        close = buttons.addButton(self.tr("Close"), QDialogButtonBox.ButtonRole.RejectRole)
        close.setAccessibleName(self.tr("Close"))
        close.setDefault(True)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(plain_label(heading, kind="heading"))
        layout.addWidget(self.table, 1)
        layout.addWidget(self.words)
        layout.addWidget(buttons)
        self.resize(112 * GRID, 56 * GRID)
        self.table.setFocus()

    def say(self, words: str) -> None:
        """Say what became of saving."""
        self.words.setText(words)
        self.words.show()


def save_problems_work(
    rows: Sequence[tuple[str, RefusedRow]], target: Path
) -> Callable[[Job], None]:
    """Write the list; the work raises `ExportError` where it cannot be written."""

    def work(_job: Job) -> None:
        from kdh_desktop.core.exporting.refused_file import write_refused

        write_refused(rows, target)

    return work
