"""What there is to know of the chosen hallmark: how sure, what it means, which sentences."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from kdh_desktop.core.record import Band, LabelScore
from kdh_desktop.gui.band_signs import draw_band_sign
from kdh_desktop.gui.evidence_table_model import EvidenceTableModel
from kdh_desktop.gui.list_view import RowListView
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.score_words import band_name, percent
from kdh_desktop.gui.sentence_delegate import SentenceDelegate
from kdh_desktop.gui.theme import GRID, Theme

_SIGN = 14
_DROP = 2


class DetailPanel(QScrollArea):
    """Scrolls as a whole, so that a small window cuts nothing off."""

    sentence_chosen = Signal(int)
    """A row of the evidence, which the text should show."""

    def __init__(self, *, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.setAccessibleName(self.tr("About the chosen hallmark"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._sign = _BandSign(theme)
        self.name = plain_label(kind="heading")
        self.certainty = plain_label()
        self.definition = plain_label()
        self.evidence_line = plain_label(kind="muted")
        self.evidence_model = EvidenceTableModel(self)
        self.evidence = RowListView(self.tr("Sentences that support the hallmark"))
        self.evidence.setProperty("kind", "plain")
        self.evidence.setModel(self.evidence_model)
        self.evidence.setItemDelegate(SentenceDelegate(self.evidence, theme))
        self.evidence.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.evidence.row_chosen.connect(self._take_row)
        self.evidence.row_taken.connect(self._take_row)
        self._inside = QWidget()
        self._inside.setBackgroundRole(QPalette.ColorRole.Base)
        layout = QVBoxLayout(self._inside)
        layout.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID // 2)
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.name, 1)
        layout.addLayout(head)
        for widget in (self.certainty, self.definition, self.evidence_line):
            layout.addWidget(widget)
        layout.addWidget(self.evidence)
        layout.addStretch(1)
        self.setWidget(self._inside)

    def show_score(self, score: LabelScore | None) -> None:
        """Show another hallmark, or nothing."""
        self._sign.show_band(score.band if score is not None else None)
        if score is None:
            self.name.setText(
                self.tr("Choose a hallmark to see what it means and which sentences support it.")
            )
        else:
            self.name.setText(score.label.name)
            self.certainty.setText(self._certainty(score))
            self.definition.setText(score.label.definition)
            self.evidence_line.setText(self._evidence_line(score))
        self.certainty.setVisible(score is not None)
        self.definition.setVisible(score is not None and bool(score.label.definition))
        self.evidence_line.setVisible(score is not None)
        self.evidence_model.show(score.evidence if score is not None else ())
        self._fit_evidence()
        self.verticalScrollBar().setValue(0)

    def _certainty(self, score: LabelScore) -> str:
        words = self.tr("{band}: {percent}.").format(
            band=band_name(score.band), percent=percent(score.probability)
        )
        if score.band == Band.NEEDS_REVIEW:
            words += " " + self.tr("The model is not sure, so please read and decide.")
        return (
            words
            + " "
            + self.tr("The line on the bar is the threshold, {threshold}.").format(
                threshold=percent(score.threshold)
            )
        )

    def _evidence_line(self, score: LabelScore) -> str:
        if score.evidence:
            return self.tr("Sentences that support it, marked in the text:")
        if score.band == Band.ABSENT:
            return self.tr("Sentences are shown for hallmarks that are present or need review.")
        return self.tr("No clear sentence: the text as a whole points to this hallmark.")

    def _take_row(self, index: QModelIndex) -> None:
        if index.isValid():
            self.sentence_chosen.emit(index.row())
            place = self.evidence.visualRect(index).bottomLeft()
            shown = self.evidence.mapTo(self._inside, place + QPoint(0, GRID))
            self.ensureVisible(shown.x(), shown.y(), 0, GRID)

    def _fit_evidence(self) -> None:
        rows = self.evidence_model.rowCount()
        self.evidence.setVisible(rows > 0)
        heights = (self.evidence.sizeHintForRow(row) for row in range(rows))
        self.evidence.setFixedHeight(sum(heights) + 6)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_evidence()


class _BandSign(QWidget):
    """The sign of the band, as the list shows it; words beside it say the same."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._band: Band | None = None
        self.setFixedSize(_SIGN, _SIGN + _DROP)
        theme.changed.connect(self.update)

    def show_band(self, band: Band | None) -> None:
        self._band = band
        self.setVisible(band is not None)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._band is not None:
            rect = QRect(0, _DROP, _SIGN, _SIGN)
            draw_band_sign(QPainter(self), QRectF(rect), self._band, self._theme.colors)
        event.accept()
