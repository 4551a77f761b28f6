"""The list of runs: one below the other, the newest first, with what became of each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from kdh_desktop.core.runs.training_runs import RunFolder
from kdh_desktop.gui.list_view import Index, RowListView
from kdh_desktop.gui.plain_text import plain_tooltip
from kdh_desktop.gui.row_painting import emphasised, paint_choice
from kdh_desktop.gui.theme import GRID, Theme
from kdh_desktop.gui.training.run_shown import RunShown, begun_words, best_figure
from kdh_desktop.gui.training.run_words import percent, share_words, tr

_LINE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_LINES = 3


class RunTableModel(QAbstractListModel):
    """Runs as rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[RunShown, ...] = ()

    @property
    def runs(self) -> tuple[RunShown, ...]:
        """What is listed."""
        return self._runs

    def show_runs(self, runs: Sequence[RunShown]) -> None:
        """List other runs, or the same ones as they stand now."""
        folders = [one.summary.run for one in self._runs]
        if folders == [one.summary.run for one in runs]:
            before, self._runs = self._runs, tuple(runs)
            for row, (one, other) in enumerate(zip(before, self._runs, strict=True)):
                if lines_of(one) != lines_of(other):
                    index = self.index(row, 0)
                    self.dataChanged.emit(index, index)
            return
        self.beginResetModel()
        self._runs = tuple(runs)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._runs)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        lines = lines_of(self._runs[index.row()])
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return lines[0]
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(lines)
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip("\n".join(lines))
            case _:
                return None


def lines_of(shown: RunShown) -> tuple[str, str, str]:
    """A run in three lines: its name, what it is doing, and when it began."""
    best, words = best_figure(shown.progress), shown.doing
    if shown.state.is_over and best is not None:
        words = tr("{state}, F1 {score}").format(state=words, score=percent(best))
    elif not shown.state.is_over and share_words(shown.progress):
        words = f"{words}, {share_words(shown.progress)}"
    return shown.title, words, begun_words(shown.summary)


class RunList(RowListView):
    """One run is shown; several can be chosen, to be compared."""

    run_chosen = Signal()
    """Another run is to be shown, or others are chosen."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Trainings"), parent)
        self.runs = RunTableModel(self)
        self.setModel(self.runs)
        self.setItemDelegate(_RunDelegate(self, theme))
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.selectionModel().selectionChanged.connect(self.run_chosen)
        self.selectionModel().currentChanged.connect(self.run_chosen)

    @property
    def current(self) -> RunShown | None:
        """The run that is to be shown."""
        row = self.currentIndex().row()
        return self.runs.runs[row] if 0 <= row < len(self.runs.runs) else None

    @property
    def chosen(self) -> tuple[RunShown, ...]:
        """All chosen runs, in their order."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        return tuple(self.runs.runs[row] for row in rows)

    def show_runs(self, runs: Sequence[RunShown]) -> None:
        """List runs; the one that was current stays so, else the first is."""
        kept = None if self.current is None else self.current.summary.run
        chosen = {one.summary.run for one in self.chosen}
        rows = [one.summary.run for one in self.runs.runs]
        self.runs.show_runs(runs)
        if rows == [one.summary.run for one in runs]:
            return
        self.choose(kept)
        for row, one in enumerate(self.runs.runs):
            if one.summary.run in chosen:
                self.selectionModel().select(
                    self.runs.index(row, 0), self.selectionModel().SelectionFlag.Select
                )

    def has(self, run: RunFolder) -> bool:
        """Whether a run is on the list."""
        return any(one.summary.run == run for one in self.runs.runs)

    def choose(self, run: RunFolder | None) -> None:
        """Choose a run, or the first where it is not there."""
        folders = [one.summary.run for one in self.runs.runs]
        if folders:
            row = folders.index(run) if run in folders else 0
            self.setCurrentIndex(self.runs.index(row, 0))


class _RunDelegate(QStyledItemDelegate):
    def __init__(self, view: QListView, theme: Theme) -> None:
        super().__init__(view)
        self._view = view
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        line = QFontMetrics(option.font).height()
        return QSize(self._view.viewport().width(), _LINES * line + 2 * GRID)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if not isinstance(model, RunTableModel):
            return
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            paint_choice(painter, option.rect, self._theme.colors)
        colors, line = self._theme.colors, QFontMetrics(option.font).height()
        rect = option.rect.adjusted(2 * GRID, GRID, -GRID, -GRID)
        for row, words in enumerate(lines_of(model.runs[index.row()])):
            font = emphasised(option.font) if row == 0 else option.font
            painter.setFont(font)
            painter.setPen(colors.muted if row == _LINES - 1 else colors.text)
            shown = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, rect.width())
            painter.drawText(
                QRect(rect.left(), rect.top() + row * line, rect.width(), line), _LINE, shown
            )
        painter.restore()
