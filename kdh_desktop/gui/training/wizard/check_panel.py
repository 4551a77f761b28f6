"""What the data check found: what blocks, what to look at, and how the labels are balanced."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.corpus_report import CorpusReport, Place, Problem, ProblemKind
from kdh_desktop.core.corpus_report import Severity as ProblemSeverity
from kdh_desktop.gui.notices import Severity, announce
from kdh_desktop.gui.plain_table import PlainTable
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.wizard.data_checker import DataChecker
from kdh_desktop.gui.training.wizard.draft import DraftKeeper
from kdh_desktop.gui.training.wizard.step_page import scrolled
from kdh_desktop.gui.window_parts import WindowParts

_SHOWN_PLACES = 8
_SHOWN_LABELS = 14
_SHOWN_NAME = 60
_ROW_HEIGHT = 26
_JUDGED = 3


class CheckPanel(QWidget):
    """The report in words, blocking problems first; and a table of the labels."""

    suspects_wanted = Signal()
    """Somebody wants to see which labels the model in force would not have given."""

    def __init__(
        self,
        parts: WindowParts,
        keeper: DraftKeeper,
        checker: DataChecker,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._parts = parts
        self._keeper = keeper
        self._checker = checker
        self._shown: object = None
        self.summary = plain_label(kind="heading")
        self.counts = plain_label(kind="muted")
        self.again = QPushButton(self.tr("Check &again"))
        self.again.clicked.connect(checker.check_again)
        self.suspects = QPushButton(self.tr("S&uspicious labels…"))
        self.suspects.setToolTip(
            self.tr("Labels that the model in force would not have given, worst first")
        )
        self.suspects.clicked.connect(self.suspects_wanted)
        for button in (self.again, self.suspects):
            button.setAccessibleName(button.text().replace("&", ""))
        self._problems = QVBoxLayout()
        self._problems.setContentsMargins(0, 0, GRID, 0)
        self._problems.setSpacing(GRID // 2)
        self.balance = PlainTable(
            self.tr("Texts of each label"),
            (self.tr("Label"), self.tr("Texts"), self.tr("Share"), self.tr("To be judged on")),
        )
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addLayout(self._problems)
        inside.addWidget(self.balance)
        inside.addStretch(1)
        row = QHBoxLayout()
        row.addWidget(self.suspects)
        row.addWidget(self.again)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.summary)
        layout.addWidget(self.counts)
        layout.addWidget(scrolled(content), 1)
        layout.addLayout(row)
        keeper.changed.connect(self.show_state)
        checker.changed.connect(self.show_state)
        parts.theme.changed.connect(self._show_again)
        self.show_state()

    def show_state(self) -> None:
        """Show what is known now."""
        draft = self._keeper.draft
        checked = draft.checked
        is_current = checked is not None and not draft.is_check_due and draft.has_learnt
        state = (
            *(bool(draft.sources), draft.has_learnt, draft.is_check_due),
            checked if is_current else None,
        )
        if state == self._shown:
            return
        self._shown = state
        self._clear()
        report = checked.report if checked is not None and is_current else None
        self.suspects.setVisible(report is not None)
        self.again.setVisible(is_current)
        self.balance.setVisible(report is not None and bool(report.labels))
        self.counts.hide()
        if not draft.sources:
            self.summary.setText(self.tr("Nothing chosen yet"))
            self._say_counts(
                self.tr(
                    "Choose texts whose labels are known. As soon as there are some, they are "
                    "checked here, before anything is trained on them."
                )
            )
        elif not draft.has_learnt:
            self.summary.setText(self.tr("Nothing to learn from yet"))
            self._say_counts(
                self.tr(
                    "All chosen texts are kept to judge on. Choose others to learn from; they are "
                    "then checked together."
                )
            )
        elif not is_current:
            self.summary.setText(self.tr("The texts are being checked…"))
        elif report is not None:
            self._show_report(report)
        elif checked is not None and checked.error is not None:
            self.summary.setText(self.tr("The texts cannot be read"))
            self._add(Severity.ERROR, str(checked.error), "")
        announce(self, self.summary.text())

    def _show_again(self) -> None:
        self._shown = None
        self.show_state()

    def _show_report(self, report: CorpusReport) -> None:
        blocking, warnings = len(report.blocking), len(report.warnings)
        if blocking:
            words = self.tr("Training cannot start: {count} to mend").format(count=blocking)
        elif warnings:
            words = self.tr("Ready, with {count} to look at").format(count=warnings)
        else:
            words = self.tr("Ready: nothing speaks against these texts")
        self.summary.setText(words)
        self._say_counts(self._count_words(report))
        for problem in report.problems:
            is_blocking = problem.severity is ProblemSeverity.BLOCKING
            severity = Severity.ERROR if is_blocking else Severity.WARNING
            self._add(severity, problem.message, _remedy(problem, report))
        self.balance.show_rows(
            [
                (one.name, one.positives, f"{one.share:.0%}", one.test_positives)
                for one in report.labels
            ]
        )
        has_tests = any(one.is_test for one in report.sources)
        self.balance.setColumnHidden(_JUDGED, not has_tests)
        header = self.balance.horizontalHeader()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        shown = min(len(report.labels), _SHOWN_LABELS)
        self.balance.setFixedHeight(header.sizeHint().height() + _ROW_HEIGHT * shown + GRID)

    def _count_words(self, report: CorpusReport) -> str:
        texts = sum(one.texts for one in report.sources if not one.is_test)
        judged = sum(one.texts for one in report.sources if one.is_test)
        parts = [
            self.tr("{texts} texts to learn from").format(texts=f"{texts:,}"),
            self.tr("{count} labels, {mean} a text").format(
                count=len(report.labels), mean=f"{report.labels_per_text:.1f}"
            ),
        ]
        if judged:
            parts.insert(1, self.tr("{texts} to be judged on").format(texts=f"{judged:,}"))
        if report.lengths is not None:
            parts.append(
                self.tr("nine of ten have up to {pieces} word pieces").format(
                    pieces=f"{report.lengths.p90:,}"
                )
            )
        return "; ".join(parts)

    def _say_counts(self, words: str) -> None:
        self.counts.setText(words)
        self.counts.show()

    def _add(self, severity: Severity, message: str, remedy: str) -> None:
        row = QFrame()
        row.setProperty("kind", severity.value)
        colors = self._parts.theme.colors
        is_error = severity is Severity.ERROR
        color = colors.error if is_error else colors.warning
        sign = QLabel()
        sign.setPixmap(self._parts.icons.icon(severity.value, color).pixmap(QSize(20, 20)))
        sign.setAccessibleName(self.tr("Blocks training") if is_error else self.tr("Warning"))
        words = plain_label(message)
        words.setAccessibleName(f"{sign.accessibleName()}: {message} {remedy}")
        inside = QHBoxLayout(row)
        inside.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        inside.setSpacing(GRID)
        inside.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(words)
        if remedy:
            column.addWidget(plain_label(remedy, kind="muted"))
        inside.addLayout(column, 1)
        row.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._problems.addWidget(row)

    def _clear(self) -> None:
        while (item := self._problems.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()


def _remedy(problem: Problem, report: CorpusReport) -> str:
    """What to do, and in which rows; labels that nobody knows are named, as they are written."""
    if problem.kind is ProblemKind.UNKNOWN_LABELS and problem.labels:
        names = ", ".join(f"“{name[:_SHOWN_NAME]}”" for name in problem.labels[:_SHOWN_PLACES])
        problem = replace(problem, remedy=f"{problem.remedy} Labels: {names}.")
    if not problem.places:
        return problem.remedy
    rows = ", ".join(_row(place, report) for place in problem.places[:_SHOWN_PLACES])
    more = problem.count - min(_SHOWN_PLACES, len(problem.places))
    return f"{problem.remedy} Rows: {rows}" + (f" and {more:,} more." if more > 0 else ".")


def _row(place: Place, report: CorpusReport) -> str:
    """A row's number, with its file's name where there are several."""

    def words(source: int, row: int) -> str:
        return f"{report.sources[source].name} {row}" if len(report.sources) > 1 else str(row)

    row = words(place.source, place.row)
    if place.like is None:
        return row
    like = place.source if place.like_source is None else place.like_source
    return f"{row} (like {words(like, place.like)})"
