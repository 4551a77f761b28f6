"""The right half of the detail pane: the labels, and the buttons that say what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from kdh_desktop.core.record import Band
from kdh_desktop.core.records.stored import RecordDetail
from kdh_desktop.gui.list_view import RowListView
from kdh_desktop.gui.records.label_delegate import LabelDelegate, places_in
from kdh_desktop.gui.records.label_table_model import LabelRow, LabelTableModel, rows_of
from kdh_desktop.gui.theme import GRID, Theme


class LabelList(RowListView):
    """Labels of one record; a click on the person's sign decides."""

    toggle_wanted = Signal(int, str)
    """A label shall be decided the other way round: ids of the record and of the label."""
    decision_wanted = Signal(int, str, object)
    """A label shall be present, absent or (None) undecided: both ids, and which."""

    def __init__(self, *, model: LabelTableModel, theme: Theme) -> None:
        super().__init__("")
        self.setAccessibleName(self.tr("Hallmarks of this record"))
        self._labels = model
        self.record_id: int | None = None
        self.setModel(model)
        self.setItemDelegate(LabelDelegate(self, theme))
        self.setUniformItemSizes(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.DefaultContextMenu)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        row = self._labels.row(index)
        if row is None or event.button() != Qt.MouseButton.LeftButton:
            return
        person = places_in(self.visualRect(index), self.font()).person
        if person.contains(event.position().toPoint()):
            self.toggle_wanted.emit(self.record_id, row.score.label_id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        row = self._labels.row(self.currentIndex())
        if row is None:
            return
        wanted = partial(self.decision_wanted.emit, self.record_id, row.score.label_id)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        choices = (
            (self.tr("Present"), True),
            (self.tr("Absent"), False),
            (self.tr("Not decided"), None),
        )
        for words, decision in choices:
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(row.score.decision is decision)
            action.triggered.connect(lambda _=False, which=decision: wanted(which))
        menu.popup(event.globalPos())


class _Heads(QWidget):
    """Words above the two signs: whose they are."""

    def __init__(self, view: LabelList, theme: Theme) -> None:
        super().__init__()
        self._view = view
        self._theme = theme
        self._model_words = self.tr("Model")
        self._person_words = self.tr("You")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(20 * GRID, self.fontMetrics().height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self._theme.colors.muted)
        left = self._view.viewport().mapTo(self.window(), self._view.viewport().rect().topLeft())
        shift = left.x() - self.mapTo(self.window(), self.rect().topLeft()).x()
        rect = QRect(shift, 0, self._view.viewport().width(), self.height())
        places = places_in(rect, self._view.font())
        middle = Qt.AlignmentFlag.AlignVCenter
        model = QRect(0, 0, places.number.right() + 1, self.height())
        painter.drawText(model, Qt.AlignmentFlag.AlignRight | middle, self._model_words)
        person = places.person.adjusted(-GRID, 0, GRID, 0)
        painter.drawText(person, Qt.AlignmentFlag.AlignHCenter | middle, self._person_words)
        event.accept()


class LabelPanel(QWidget):
    """Shows the labels of one record, and which of them is chosen."""

    label_chosen = Signal()
    """Another label is chosen, or chosen anew."""

    def __init__(self, *, theme: Theme, actions: Sequence[QAction], below: QWidget) -> None:
        super().__init__()
        self.model = LabelTableModel(self)
        self.list = LabelList(model=self.model, theme=theme)
        self.list.setMinimumHeight(6 * GRID)
        self.list.row_chosen.connect(self._take_row)
        self.list.row_taken.connect(self._take_row)
        self._is_filling = False
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID // 2)
        self.buttons = [_button(action) for action in actions]
        for place, button in enumerate(self.buttons):
            if place == 0:
                button.setProperty("kind", "main")
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addWidget(_Heads(self.list, theme))
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)
        layout.addWidget(below)
        theme.changed.connect(self.list.viewport().update)

    @property
    def chosen(self) -> LabelRow | None:
        """The chosen label."""
        return self.model.row(self.list.currentIndex())

    def show_record(self, detail: RecordDetail | None, labels: Sequence[tuple[str, str]]) -> None:
        """Show another record, or what has become of it; in that case the choice stays."""
        chosen = self.chosen
        is_same = detail is not None and detail.id == self.list.record_id
        self.list.record_id = None if detail is None else detail.id
        self._is_filling = True
        self.model.show([] if detail is None else rows_of(detail, labels))
        self.list.setMaximumHeight(self._height_of_rows())
        wanted = chosen if is_same and chosen is not None else _most_doubtful(self.model.rows)
        if wanted is not None:
            self.list.setCurrentIndex(self.model.index_of(wanted.score.label_id))
        self._is_filling = False
        self.label_chosen.emit()

    def _height_of_rows(self) -> int:
        """As high as all rows, so that what is left over goes to the note."""
        rows = max(self.model.rowCount(), 1)
        frame = self.list.height() - self.list.viewport().height()
        return rows * max(self.list.sizeHintForRow(0), 1) + max(frame, 0) + 2

    def choose(self, label_id: str) -> None:
        """Choose a label, as its key does."""
        index = self.model.index_of(label_id)
        if index.isValid():
            self.list.setCurrentIndex(index)

    def _take_row(self, _index: QModelIndex) -> None:
        if not self._is_filling:
            self.label_chosen.emit()


def _most_doubtful(rows: Sequence[LabelRow]) -> LabelRow | None:
    """The label to look at first: in doubt and nearest to its threshold, else the surest one."""

    def distance(row: LabelRow) -> float:
        score = row.score
        if score.probability is None or score.threshold is None:
            return 1.0
        return abs(score.probability - score.threshold)

    doubtful = [
        row for row in rows if row.score.band == Band.NEEDS_REVIEW and row.score.decision is None
    ]
    if doubtful:
        return min(doubtful, key=distance)
    return max(rows, key=lambda row: row.score.probability or 0.0, default=None)


def _button(action: QAction) -> QPushButton:
    # Without the letter for Alt, which belongs to the menu.
    button = QPushButton(action.text().replace("&", ""))
    button.setAccessibleName(button.text())
    button.setToolTip(action.toolTip())
    button.clicked.connect(action.trigger)
    return button
