"""The audit log for the administrator: every entry, newest first, and whether the log is whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.audit_log import AuditEntry, AuditLog, AuditReport
from kdh_desktop.core.errors import KdhError
from kdh_desktop.gui.admin.audit_words import (
    action_words,
    detail_words,
    head_words,
    report_words,
    time_words,
)
from kdh_desktop.gui.jobs import Err, Job, Lane, Ok, Outcome
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_table import PlainTable
from kdh_desktop.gui.plain_text import field_label, plain_label
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.window_parts import WindowParts

_SIGN = 20
_MOST_DIGITS = 200


@dataclass(frozen=True, slots=True)
class ReadLog:
    """The log as it was at one moment.

    Attributes:
        entries: Every entry that can be read, in order.
        rows: What the table shows of them, newest first.
        report: Whether the chain is whole.
    """

    entries: tuple[AuditEntry, ...]
    rows: tuple[tuple[str, ...], ...]
    report: AuditReport


def read_work(log: AuditLog) -> Callable[[Job], ReadLog]:
    """Read and verify the log; the work raises `KdhError` where it cannot be read."""

    def work(_job: Job) -> ReadLog:
        entries = tuple(log.entries())
        rows = tuple(
            (
                str(entry.number),
                time_words(entry.utc),
                entry.actor,
                action_words(entry.action),
                detail_words(entry),
            )
            for entry in reversed(entries)
        )
        return ReadLog(entries, rows, log.verify())

    return work


def save_work(entries: tuple[AuditEntry, ...], target: Path) -> Callable[[Job], None]:
    """Write the entries as CSV; the work raises `ExportError`."""

    def work(_job: Job) -> None:
        from kdh_desktop.core.exporting.audit_file import write_audit_table

        write_audit_table(entries, target)

    return work


class AuditDialog(QDialog):
    """Reads the log in the background when it opens."""

    def __init__(self, parts: WindowParts, log: AuditLog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Audit log"))
        self._parts = parts
        self._log = log
        self._lane = Lane(parts.jobs)
        self._entries: tuple[AuditEntry, ...] = ()
        self._sign = QLabel()
        self._sign.setFixedWidth(_SIGN)
        self.verdict = plain_label(self.tr("The log is being read and checked…"), kind="heading")
        self.table = PlainTable(
            self.tr("Entries of the audit log, newest first"),
            (
                *(self.tr("No."), self.tr("When"), self.tr("Who")),
                *(self.tr("What"), self.tr("Details")),
            ),
        )
        self.head = QLineEdit()
        self.head.setReadOnly(True)
        self.head.setAccessibleName(self.tr("Head of the log"))
        self.words = plain_label(kind="muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        top = QHBoxLayout()
        top.setSpacing(GRID)
        top.addWidget(self._sign)
        top.addWidget(self.verdict, 1)
        layout.addLayout(top)
        layout.addWidget(self.table, 1)
        layout.addLayout(self._head_row())
        layout.addLayout(self._check_row())
        layout.addWidget(self.words)
        layout.addWidget(self._buttons())
        self.resize(112 * GRID, 68 * GRID)
        self.table.setFocus()
        self._lane.start(read_work(log), done=self._take)

    def _head_row(self) -> QVBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(field_label(self.tr("&Head:"), self.head))
        row.addWidget(self.head, 1)
        column = QVBoxLayout()
        column.setSpacing(GRID // 2)
        column.addLayout(row)
        column.addWidget(
            plain_label(
                self.tr(
                    "The head stands for the whole log up to now, and reports print it. Enter one "
                    "from a report to see whether anything before it was changed or taken away."
                ),
                kind="muted",
            )
        )
        return column

    def _check_row(self) -> QHBoxLayout:
        self.noted = QLineEdit()
        self.noted.setAccessibleName(self.tr("Head from a report"))
        self.noted.setMaxLength(_MOST_DIGITS)
        self.check_button = QPushButton(self.tr("Chec&k"))
        self.check_button.setAccessibleName(self.tr("Check the head from a report"))
        self.check_button.setAutoDefault(False)
        self.check_button.clicked.connect(self._check)
        self.noted.returnPressed.connect(self._check)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(field_label(self.tr("Head from a &report:"), self.noted))
        row.addWidget(self.noted, 1)
        row.addWidget(self.check_button)
        return row

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        self.save_button = QPushButton(self.tr("&Save as CSV…"))
        self.save_button.setAccessibleName(self.tr("Save as CSV"))
        self.save_button.setEnabled(False)
        self.save_button.clicked.connect(self._ask_file)
        buttons.addButton(self.save_button, QDialogButtonBox.ButtonRole.ActionRole)
        close = buttons.addButton(self.tr("Close"), QDialogButtonBox.ButtonRole.RejectRole)
        close.setAccessibleName(self.tr("Close"))
        # No default: Enter in the field checks what was typed there.
        for button in (self.save_button, close):
            button.setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        return buttons

    def done(self, result: int) -> None:
        self._lane.drop()
        super().done(result)

    def _take(self, outcome: Outcome[ReadLog]) -> None:
        match outcome:
            case Ok(found):
                self._entries = found.entries
                self.table.show_rows(found.rows)
                self.head.setText(found.report.head)
                self.head.setCursorPosition(0)
                self.save_button.setEnabled(bool(found.entries))
                self._show_verdict(report_words(found.report), found.report.first_bad is None)
            case Err(KdhError() as error):
                self._show_verdict(str(error), is_sound=False)
            case Err():
                self.reject()  # a bug was reported already

    def _show_verdict(self, words: str, is_sound: bool) -> None:
        colors = self._parts.theme.colors
        name, color = ("note", colors.accent) if is_sound else ("error", colors.error)
        icon = self._parts.icons.icon(name, color)
        self._sign.setPixmap(icon.pixmap(QSize(_SIGN, _SIGN), self.devicePixelRatioF()))
        self._sign.setAccessibleName(self.tr("Note") if is_sound else self.tr("Error"))
        self.verdict.setText(words)
        announce(self, words)

    def _check(self) -> None:
        noted = self.noted.text()
        if noted.strip():
            self._lane.start(lambda _job: self._log.holds(noted), done=self._say_checked)

    def _say_checked(self, outcome: Outcome[int | None]) -> None:
        match outcome:
            case Ok(place):
                self._say(head_words(place))
            case Err(KdhError() as error):
                self._say(str(error))
            case Err():
                pass  # a bug was reported already

    def _say(self, words: str) -> None:
        self.words.setText(words)
        announce(self, words)

    def _ask_file(self) -> None:
        self._parts.dialogs.ask_target(
            self,
            self.tr("Save the audit log"),
            suggestion=self.tr("KDH audit log.csv"),
            kinds=self.tr("Table as text (*.csv)"),
            then=lambda target: self._lane.start(
                save_work(self._entries, target), done=self._say_saved
            ),
        )

    def _say_saved(self, outcome: Outcome[None]) -> None:
        match outcome:
            case Ok():
                self._say(self.tr("Saved."))
            case Err(KdhError() as error):
                self._say(str(error))
            case Err():
                pass  # a bug was reported already
