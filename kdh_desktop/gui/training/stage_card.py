"""The stages of a run: what each was called, how it stands and how long it took."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from kdh_desktop.core.training_progress import RunState, StageProgress
from kdh_desktop.gui.plain_table import Cell
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.calm_table import CalmTable
from kdh_desktop.gui.training.run_shown import RunShown
from kdh_desktop.gui.training.run_words import duration_words, percent, seconds_between
from kdh_desktop.gui.training.stage_words import is_of_student

_WIDEST = 26 * GRID


class StageCard(QFrame):
    """Lists the stages; the charts show the chosen one, which by itself is the newest."""

    stage_chosen = Signal()
    """Another stage is to be shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.title = plain_label(self.tr("Stages"), kind="heading")
        self.count = plain_label(kind="muted")
        self.table = CalmTable(
            self.tr("Stages"), (self.tr("Stage"), self.tr("Time"), self.tr("How it stands"))
        )
        self.purpose = plain_label(kind="muted")
        self._stages: tuple[StageProgress, ...] = ()
        self._is_following = True
        self._is_showing = self._is_over = False
        # In line with the titles of the charts beside it, which have buttons.
        self.title.setMinimumHeight(4 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID // 2)
        for widget in (self.title, self.count):
            layout.addWidget(widget)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.purpose)
        # Stages of one kind differ in how their names end.
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setMinimumHeight(20 * GRID)
        self.table.selectionModel().currentRowChanged.connect(self._take_choice)

    def begin(self) -> None:
        """Another run is shown: follow its newest stage."""
        self._is_following = True

    def show_run(self, shown: RunShown) -> None:
        """List the stages as they stand now."""
        self._stages = shown.progress.stages
        self._is_over = shown.state.is_over
        self.count.setText(self._count_words(shown))
        self._is_showing = True
        widest = max(_WIDEST, self.table.viewport().width() // 2)
        self.table.show_anew([self._row(shown, stage) for stage in self._stages], widest=widest)
        if self._is_following and self._stages:
            newest = self.table.rows.index(len(self._stages) - 1, 0)
            if self.table.currentIndex() != newest:
                self.table.setCurrentIndex(newest)
            self.table.scrollTo(newest)
        self._is_showing = False
        stage = self.stage
        self.purpose.setText("" if stage is None else shown.words.purpose(stage.name))
        self.purpose.setVisible(bool(self.purpose.text()))

    @property
    def stage(self) -> StageProgress | None:
        """The stage that is chosen, or None where none has begun."""
        row = self.table.currentIndex().row()
        if 0 <= row < len(self._stages):
            return self._stages[row]
        return self._stages[-1] if self._stages else None

    @property
    def drawn(self) -> StageProgress | None:
        """The stage whose course is drawn.

        Where nobody chose one, it is the newest that has a course; once the run is over, the
        student's own.
        """
        if not self._is_following:
            return self.stage
        drawn = [x for x in reversed(self._stages) if x.epochs]
        own = [x for x in drawn if is_of_student(x.name)] if self._is_over else []
        return next(iter(own or drawn), self.stage)

    def _take_choice(self) -> None:
        if not self._is_showing:
            self._is_following = self.table.currentIndex().row() == len(self._stages) - 1
            self.stage_chosen.emit()

    def _count_words(self, shown: RunShown) -> str:
        progress = shown.progress
        if not progress.stages:
            return self.tr("The first stage has not begun yet.")
        return self.tr("Stage {number} of {count}").format(
            number=progress.stages[-1].number,
            count=max(progress.planned_stages, progress.stages[-1].number),
        )

    def _row(self, shown: RunShown, stage: StageProgress) -> tuple[Cell, ...]:
        progress = shown.progress
        is_newest = stage is progress.stages[-1]
        took = seconds_between(stage.begun_utc, stage.ended_utc or progress.latest_utc)
        time = "" if took is None else duration_words(took + stage.earlier_s)
        return shown.words.title(stage.name), time, self._stands(shown, stage, is_newest=is_newest)

    def _stands(self, shown: RunShown, stage: StageProgress, *, is_newest: bool) -> str:
        if not is_newest or shown.state is RunState.FINISHED:
            best = stage.best_epoch
            if best is None or best.score is None:
                return self.tr("done")
            return self.tr("done, F1 {score}").format(score=percent(best.score))
        match shown.state:
            case RunState.FAILED:
                return self.tr("failed")
            case RunState.CANCELLED | RunState.INTERRUPTED:
                return self.tr("stopped")
            case state:
                return shown.words.activity(stage, state=state)
