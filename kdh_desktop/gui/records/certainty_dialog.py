"""How sure do you need to be? From a share of right decisions to what still needs a look."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.classification.acceptance import accept_limits
from kdh_desktop.core.classification.manifest import Manifest
from kdh_desktop.gui.jobs import JobRunner, Lane, Ok, Outcome
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.record_count import record_count
from kdh_desktop.gui.records.certainty_words import side_words
from kdh_desktop.gui.records.limits import CountAcceptable, usable_limits
from kdh_desktop.gui.theme import GRID

LEAST, MOST = 80, 99
_WAIT_MS = 120


class CertaintyDialog(QDialog):
    """A slider, what it means for each hallmark, and about how much work it leaves."""

    target_chosen = Signal(int)
    """How many of 100 accepted decisions shall be right."""

    def __init__(
        self,
        *,
        manifest: Manifest,
        target: int,
        count: CountAcceptable,
        jobs: JobRunner,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("How sure do you need to be?"))
        self._manifest = manifest
        self._count = count
        self._lane = Lane(jobs)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self._ask)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        words = self.tr(
            "Of 100 decisions that are accepted without a look, at least this many were right on "
            "texts that the model had not seen:"
        )
        layout.addWidget(plain_label(words))
        layout.addLayout(self._add_slider(target))
        self.work = plain_label(kind="heading")
        layout.addWidget(self.work)
        self._sides = [(plain_label(), plain_label()) for _ in manifest.labels]
        layout.addWidget(self._table(), 1)
        protocol = "" if manifest.held_out is None else manifest.held_out.protocol
        self.source = plain_label(protocol, kind="muted")
        self.source.setVisible(bool(protocol))
        layout.addWidget(self.source)
        layout.addWidget(self._add_buttons())
        self.resize(100 * GRID, 72 * GRID)
        self.slider.setFocus()
        self._show_limits()

    @property
    def target(self) -> int:
        """How many of 100 accepted decisions shall be right."""
        return self.slider.value()

    def done(self, result: int) -> None:
        """Close, and wait for no answer any more."""
        self._timer.stop()
        self._lane.drop()
        super().done(result)

    def _add_slider(self, target: int) -> QHBoxLayout:
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(self.tr("Right decisions of 100"))
        self.slider.setRange(LEAST, MOST)
        self.slider.setPageStep(5)
        self.slider.setTickInterval(5)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.number = QSpinBox()
        self.number.setAccessibleName(self.tr("Right decisions of 100"))
        self.number.setRange(LEAST, MOST)
        self.number.setSuffix(self.tr(" of 100"))
        self.number.setMinimumWidth(15 * GRID)
        self.slider.valueChanged.connect(self.number.setValue)
        self.number.valueChanged.connect(self.slider.setValue)
        self.slider.setValue(target)
        self.slider.valueChanged.connect(self._show_limits)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self.slider, 1)
        row.addWidget(self.number)
        return row

    def _table(self) -> QScrollArea:
        page = QWidget()
        page.setBackgroundRole(page.palette().ColorRole.Base)
        grid = QGridLayout(page)
        grid.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        grid.setHorizontalSpacing(3 * GRID)
        grid.setVerticalSpacing(GRID)
        heads = (self.tr("Hallmark"), self.tr("Accepted as present"), self.tr("Accepted as absent"))
        for column, words in enumerate(heads):
            grid.addWidget(plain_label(words, kind="heading"), 0, column)
        top = Qt.AlignmentFlag.AlignTop
        for row, label in enumerate(self._manifest.labels, start=1):
            grid.addWidget(plain_label(label.name), row, 0, top)
            for column, words_label in enumerate(self._sides[row - 1], start=1):
                grid.addWidget(words_label, row, column, top)
        for column, share in enumerate((3, 4, 4)):
            grid.setColumnStretch(column, share)
        grid.setRowStretch(grid.rowCount(), 1)
        area = QScrollArea()
        area.setProperty("kind", "panel")
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setAccessibleName(self.tr("What this means for each hallmark"))
        return area

    def _add_buttons(self) -> QDialogButtonBox:
        box = QDialogButtonBox()
        self.ok_button = box.addButton(self.tr("Use"), QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = box.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        for button in (self.ok_button, cancel):
            button.setAccessibleName(button.text())
        self.ok_button.setProperty("kind", "main")
        self.ok_button.setDefault(True)
        box.accepted.connect(self._agree)
        box.rejected.connect(self.reject)
        return box

    def _show_limits(self) -> None:
        limits = accept_limits(self._manifest, self.target / 100)
        for one, (present, absent) in zip(limits, self._sides, strict=True):
            present.setText(side_words(one.present, is_present=True))
            absent.setText(side_words(one.absent, is_present=False))
        # Asked once the slider rests; a number that is still right stays until then.
        self._timer.start()

    def _ask(self) -> None:
        limits, count = usable_limits(self._manifest, self.target), self._count
        self._lane.start(lambda _job: count(limits), done=self._take)

    def _take(self, outcome: Outcome[tuple[int, int]]) -> None:
        if isinstance(outcome, Ok):
            accepted, open_ones = outcome.value
            self.work.setText(work_words(accepted, open_ones, self.tr))
        else:
            self.work.setText("")

    def _agree(self) -> None:
        self.target_chosen.emit(self.target)
        self.accept()


def work_words(accepted: int, open_ones: int, tr: Callable[[str], str]) -> str:
    """About how many records a person still has to look at."""
    if not open_ones:
        return tr("No record on the list waits for a decision.")
    return tr("About {look:,} of {records} on the list will need a look.").format(
        look=open_ones - accepted, records=record_count(open_ones)
    )
