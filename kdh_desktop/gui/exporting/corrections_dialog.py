"""What a corrected table holds: how much would change, and what cannot be taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QVBoxLayout, QWidget

from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.gui.exporting.words import correction_count
from kdh_desktop.gui.plain_table import PlainTable
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.record_count import record_count
from kdh_desktop.gui.theme import GRID

if TYPE_CHECKING:
    # Loading it takes too long at the start of the program.
    from kdh_desktop.core.exporting.corrections_in import Conflict, CorrectionsFound


class CorrectionsDialog(QDialog):
    """Asks before anything is changed; accepted, the corrections are taken over."""

    save_wanted = Signal()
    """Write the list of conflicts to a file."""

    def __init__(self, found: CorrectionsFound, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Corrected table"))
        self.found = found
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(plain_label(name, kind="heading"))
        self.summary = plain_label(self._summary())
        layout.addWidget(self.summary)
        self.conflicts = self._conflicts()
        if found.conflicts:
            layout.addSpacing(GRID)
            layout.addWidget(plain_label(self._conflict_words()))
            layout.addWidget(self.conflicts, 1)
            self.resize(116 * GRID, 60 * GRID)
        else:
            layout.addStretch(1)
        self.words = plain_label(kind="muted")
        self.words.hide()
        layout.addWidget(self.words)
        layout.addWidget(self._buttons())
        self.setMinimumWidth(60 * GRID)
        (self.take_button if found.changes else self.close_button).setFocus()

    def say(self, words: str) -> None:
        """Say what became of saving the list."""
        self.words.setText(words)
        self.words.show()

    def _summary(self) -> str:
        found = self.found
        confirmed = sum(change.review is ReviewStatus.CONFIRMED for change in found.changes)
        lines = []
        if found.changes:
            lines.append(
                self.tr("{corrections} in {records}.").format(
                    corrections=correction_count(found.corrections),
                    records=record_count(len(found.changes)),
                )
            )
        else:
            lines.append(self.tr("There is nothing to take over."))
        if confirmed:
            lines.append(
                self.tr("Confirmed as a whole: {records}.").format(records=record_count(confirmed))
            )
        if found.unmatched:
            rows = self.tr("{count} rows have no id and are left out.")
            if found.unmatched == 1:
                rows = self.tr("{count} row has no id and is left out.")
            lines.append(rows.format(count=f"{found.unmatched:,}"))
        return "\n".join(lines)

    def _conflict_words(self) -> str:
        count = len(self.found.conflicts)
        if count == 1:
            return self.tr("1 conflict; it is left as it is in the program:")
        return self.tr("{count} conflicts; they are left as they are in the program:").format(
            count=f"{count:,}"
        )

    def _conflicts(self) -> PlainTable:
        table = PlainTable(
            self.tr("Conflicts"),
            (
                *(self.tr("Sheet"), self.tr("Row"), self.tr("Record"), self.tr("Hallmark")),
                *(self.tr("Reason"), self.tr("What to do")),
            ),
        )
        table.show_rows([_cells(one) for one in self.found.conflicts], widest=44 * GRID)
        return table

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        self.take_button = buttons.addButton(
            self.tr("&Take over {corrections}").format(
                corrections=correction_count(self.found.corrections)
            ),
            QDialogButtonBox.ButtonRole.AcceptRole,
        )
        self.take_button.setProperty("kind", "main")
        self.save_button = QPushButton(self.tr("&Save the conflicts…"))
        self.save_button.clicked.connect(self.save_wanted)
        self.save_button.setVisible(bool(self.found.conflicts))
        buttons.addButton(self.save_button, QDialogButtonBox.ButtonRole.ActionRole)
        has_changes = bool(self.found.changes)
        words = self.tr("Cancel") if has_changes else self.tr("Close")
        self.close_button = buttons.addButton(words, QDialogButtonBox.ButtonRole.RejectRole)
        self.take_button.setVisible(has_changes)
        for button in (self.take_button, self.save_button, self.close_button):
            button.setAccessibleName(button.text().replace("&", ""))
        first = self.take_button if has_changes else self.close_button
        first.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        return buttons


def _cells(one: Conflict) -> tuple[str, ...]:
    row = str(one.row) if one.row else ""
    record = "" if one.record_id is None else str(one.record_id)
    return (one.sheet, row, record, one.label, one.message, one.remedy)
