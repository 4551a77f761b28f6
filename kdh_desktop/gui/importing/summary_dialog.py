"""What an import took in, what it refused and why, and what can be done next."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.records.import_batch import ImportBatch
from kdh_desktop.gui.importing.import_work import PlannedSource, SourceOutcome
from kdh_desktop.gui.plain_table import PlainTable
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.record_count import record_count
from kdh_desktop.gui.theme import GRID

_SHOWN_FILES = 8
_ROW_HEIGHT = 30


class SummaryDialog(QDialog):
    """Stays until it is closed; whoever does the work listens to its signals."""

    problems_wanted = Signal()
    duplicates_wanted = Signal()
    classify_wanted = Signal()
    show_wanted = Signal()
    again_wanted = Signal(object)
    """Files to take in once more: a tuple of `PlannedSource`."""

    def __init__(
        self,
        outcomes: Sequence[SourceOutcome],
        *,
        can_classify: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Import"))
        self.outcomes = tuple(outcomes)
        self.heading = plain_label(self._heading(), kind="heading")
        self.table = PlainTable(
            self.tr("Files of this import"),
            (
                self.tr("File"),
                self.tr("Taken in"),
                self.tr("Refused"),
                self.tr("What to know"),
            ),
            wraps=True,
        )
        self.table.show_rows([self._row(outcome) for outcome in self.outcomes])
        self.duplicates_words = plain_label(kind="muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self.heading)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.duplicates_words)
        layout.addLayout(self._side_buttons())
        layout.addWidget(self._buttons(can_classify=can_classify))
        rows = min(len(self.outcomes), _SHOWN_FILES)
        self.resize(96 * GRID, 30 * GRID + _ROW_HEIGHT * rows)
        self.show_duplicates(None)
        self._first_button(can_classify=can_classify).setFocus()

    @property
    def batches(self) -> tuple[ImportBatch, ...]:
        """What was taken in."""
        found = (outcome.batch for outcome in self.outcomes)
        return tuple(batch for batch in found if batch is not None)

    @property
    def records(self) -> int:
        """How many records were taken in."""
        return sum(batch.records for batch in self.batches)

    @property
    def refused(self) -> int:
        """How many rows were refused."""
        return sum(batch.refused for batch in self.batches)

    @property
    def known(self) -> tuple[PlannedSource, ...]:
        """Files that were left out because they had been taken in before."""
        return tuple(one.known for one in self.outcomes if one.known is not None)

    def show_duplicates(self, groups: int | None, *, is_looking: bool = False) -> None:
        """Say how many groups of duplicates there are, once somebody has looked."""
        if is_looking:
            words = self.tr("Looking for duplicates…")
        elif groups is None:
            words = ""
        elif groups == 0:
            words = self.tr("No duplicates were found.")
        elif groups == 1:
            words = self.tr("Some records seem to be the same: 1 group.")
        else:
            words = self.tr("Some records seem to be the same: {count} groups.").format(
                count=f"{groups:,}"
            )
        self.duplicates_words.setText(words)
        self.duplicates_words.setVisible(bool(words))
        self.duplicates_button.setVisible(bool(groups))

    def _heading(self) -> str:
        if self.records == 1:
            words = self.tr("1 record was taken in.")
        else:
            words = self.tr("{count} records were taken in.").format(count=f"{self.records:,}")
        if self.refused == 1:
            words = self.tr("{words} 1 row was refused.").format(words=words)
        elif self.refused:
            words = self.tr("{words} {count} rows were refused.").format(
                words=words, count=f"{self.refused:,}"
            )
        return words

    def _row(self, outcome: SourceOutcome) -> tuple[str | int, ...]:
        batch = outcome.batch
        counts = ("", "") if batch is None else (batch.records, batch.refused)
        return (outcome.name, *counts, self._remarks(outcome))

    def _remarks(self, outcome: SourceOutcome) -> str:
        if outcome.known is not None:
            return self.tr("It was taken in before, and is left out.")
        remarks = [] if outcome.error is None else [str(outcome.error)]
        if outcome.batch is not None:
            remarks += outcome.batch.notices
        return " ".join(remarks)

    def _side_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.problems_button = self._button(self.tr("Show &refused rows…"))
        self.problems_button.clicked.connect(self.problems_wanted)
        self.problems_button.setVisible(self.refused > 0)
        self.duplicates_button = self._button(self.tr("Show &duplicates…"))
        self.duplicates_button.clicked.connect(self.duplicates_wanted)
        self.again_button = self._button(self.tr("Take in &again what was left out"))
        self.again_button.clicked.connect(self._again)
        self.again_button.setVisible(bool(self.known))
        for button in (self.problems_button, self.duplicates_button, self.again_button):
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _buttons(self, *, can_classify: bool) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        self.classify_button = self._button(
            self.tr("&Classify {records}").format(records=record_count(self.records))
        )
        self.show_button = self._button(self.tr("&Show records"))
        self.close_button = self._button(self.tr("Close"))
        buttons.addButton(self.classify_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(self.show_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.close_button, QDialogButtonBox.ButtonRole.RejectRole)
        self.classify_button.clicked.connect(self.classify_wanted)
        self.show_button.clicked.connect(self._show_records)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        has_records = self.records > 0
        self.classify_button.setVisible(has_records and can_classify)
        self.show_button.setVisible(has_records)
        first = self._first_button(can_classify=can_classify)
        first.setProperty("kind", "main")
        first.setDefault(True)
        return buttons

    def _first_button(self, *, can_classify: bool) -> QPushButton:
        if not self.records:
            return self.close_button
        return self.classify_button if can_classify else self.show_button

    def _button(self, words: str) -> QPushButton:
        button = QPushButton(words)
        button.setAccessibleName(words.replace("&", ""))
        return button

    def _show_records(self) -> None:
        self.show_wanted.emit()
        self.accept()

    def _again(self) -> None:
        self.again_wanted.emit(self.known)
        self.accept()
