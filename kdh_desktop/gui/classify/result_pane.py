"""The right half of the page: the ten hallmarks of the text that is looked at."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.record import LabelScore, Prediction
from kdh_desktop.gui.classify.detail_panel import DetailPanel
from kdh_desktop.gui.classify.score_delegate import ScoreDelegate
from kdh_desktop.gui.classify.score_table_model import ScoreTableModel
from kdh_desktop.gui.classify.words import Guide
from kdh_desktop.gui.guide_panel import GuidePanel
from kdh_desktop.gui.list_view import RowListView
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID, Theme


class ResultPane(QWidget):
    """Shows one prediction, or what to do to get one."""

    evidence_wanted = Signal(int)
    """The user chose a hallmark or one of its sentences: bring that sentence into view."""
    score_changed = Signal()
    """Another hallmark is chosen, or other labels are shown."""

    def __init__(
        self, *, theme: Theme, copy: QAction, example: QAction, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._is_filling = False
        self.heading = plain_label(self.tr("Hallmarks"), kind="heading")
        self.heading.setWordWrap(False)
        self.summary = plain_label(kind="muted")
        self.model = ScoreTableModel(self)
        self.list = RowListView(self.tr("Hallmarks by probability"))
        self.list.setModel(self.model)
        self.list.setItemDelegate(ScoreDelegate(self.list, theme))
        self.list.setMinimumHeight(10 * GRID)
        self.detail = DetailPanel(theme=theme)
        self.detail.setMinimumHeight(7 * GRID)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setHandleWidth(GRID)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(self.detail)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([400, 200])
        self.guide = GuidePanel()
        self.example_button = self.guide.add_button(self.tr("Try an invented example"), example)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.guide)
        self._stack.addWidget(self.splitter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addLayout(self._head(copy))
        layout.addWidget(self._stack, 1)
        self.list.row_chosen.connect(self._take_row)
        self.list.row_taken.connect(self._take_same_row)
        self.detail.sentence_chosen.connect(self._take_sentence)
        theme.changed.connect(self.list.viewport().update)

    def set_compact(self, is_compact: bool) -> None:
        """Leave out what the menu offers as well, where there is no room."""
        self._copy_button.setHidden(is_compact)

    def _head(self, copy: QAction) -> QHBoxLayout:
        self._copy_button = QToolButton()
        self._copy_button.setDefaultAction(copy)
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(self.heading)
        head.addWidget(self.summary, 1)
        head.addWidget(self._copy_button)
        return head

    @property
    def score(self) -> LabelScore | None:
        """The chosen hallmark."""
        return self.model.score_at(self.list.currentIndex())

    def show_guide(self, guide: Guide) -> None:
        """Say what to do, where there are no labels to show."""
        self._is_filling = True
        self.model.show(None)
        self._is_filling = False
        self.summary.clear()
        self.guide.say(
            guide.heading,
            guide.words,
            buttons=(self.example_button,) if guide.offers_example else (),
        )
        self._stack.setCurrentIndex(0)
        self.score_changed.emit()

    def show_prediction(self, prediction: Prediction, *, summary: str) -> None:
        """Show labels; whichever hallmark was chosen stays chosen."""
        chosen = self.score
        self._is_filling = True
        self.model.show(prediction)
        index = self.model.index_of(chosen.label.id) if chosen is not None else QModelIndex()
        self.list.setCurrentIndex(index if index.isValid() else self.model.first_score())
        self._is_filling = False
        self.summary.setText(summary)
        self.detail.show_score(self.score)
        self._stack.setCurrentIndex(1)
        self.score_changed.emit()

    def choose_first(self) -> None:
        """Choose the most probable hallmark, as after a new text."""
        self._is_filling = True
        self.list.setCurrentIndex(self.model.first_score())
        self._is_filling = False
        self.list.scrollToTop()
        self.detail.show_score(self.score)
        self.score_changed.emit()

    def _take_row(self, _index: QModelIndex) -> None:
        if not self._is_filling:
            self.detail.show_score(self.score)
            self.score_changed.emit()
            self.evidence_wanted.emit(0)

    def _take_same_row(self, _index: QModelIndex) -> None:
        self.evidence_wanted.emit(0)

    def _take_sentence(self, row: int) -> None:
        self.evidence_wanted.emit(row)
