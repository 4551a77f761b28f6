"""One run: its head, its stages and its charts. It shows a `RunShown`, and nothing else."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from kdh_desktop.gui.theme import GRID, Theme
from kdh_desktop.gui.training.actions import TrainingActions
from kdh_desktop.gui.training.card_grid import CardGrid
from kdh_desktop.gui.training.chart import Chart
from kdh_desktop.gui.training.chart_card import ChartCard
from kdh_desktop.gui.training.course_charts import loss_chart, score_chart
from kdh_desktop.gui.training.label_charts import label_chart, reliability_chart
from kdh_desktop.gui.training.log_card import LogCard
from kdh_desktop.gui.training.machine_charts import memory_chart, speed_chart
from kdh_desktop.gui.training.run_header import RunHeader
from kdh_desktop.gui.training.run_shown import RunShown, student_figures
from kdh_desktop.gui.training.search_charts import best_chart
from kdh_desktop.gui.training.space_card import SpaceCard
from kdh_desktop.gui.training.stage_card import StageCard

REDRAWS_APART_MS = 250
"""However often a run tells of itself, it is drawn anew at most that often."""


class RunView(QWidget):
    """Draws a run at most four times a second, and only while it is seen."""

    save_wanted = Signal(object, str)
    """Save a `Chart` as a kind of file."""
    log_wanted = Signal()
    """Read the log of the run that is shown."""

    def __init__(
        self, actions: TrainingActions, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.shown: RunShown | None = None
        self._made_from: dict[ChartCard, tuple[object, ...]] = {}
        self._is_stale = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAWS_APART_MS)
        self._timer.timeout.connect(self._draw_stale)
        self._left: deque[Callable[[RunShown], None]] = deque()
        self._next = QTimer(self)
        self._next.setInterval(0)
        self._next.timeout.connect(self._draw_next)
        self.header = RunHeader(actions)
        self.stages = StageCard()
        self.loss, self.validation = ChartCard(theme), ChartCard(theme)
        self.labels, self.reliability = ChartCard(theme), ChartCard(theme)
        self.search, self.space = ChartCard(theme), SpaceCard(theme)
        self.speed, self.memory = ChartCard(theme), ChartCard(theme)
        self.log = LogCard()
        self.page = CardGrid(self.tr("Charts of the training"))
        self.page.add_card(self.stages)
        for card in self.charts:
            self.page.add_card(card, is_wanted=card not in {self.search, self.space})
            card.save_wanted.connect(self.save_wanted)
        self.page.add_card(self.log, is_wide=True)
        self.log.opened.connect(self.log_wanted)
        self.stages.stage_chosen.connect(self._draw)
        self.space.settings_chosen.connect(self._draw)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.header)
        layout.addWidget(self.page, 1)

    @property
    def charts(self) -> tuple[ChartCard, ...]:
        """The cards with charts, in their order."""
        return (
            *(self.loss, self.validation, self.search, self.space),
            *(self.labels, self.reliability, self.speed, self.memory),
        )

    def begin_drawing(self) -> None:
        """Make the canvases, one at a time so that the window stays alive meanwhile."""
        if not self.page.is_complete:
            QTimer.singleShot(0, self, self.begin_drawing)
            return
        waiting = [card for card in self.charts if card.canvas is None]
        if waiting:
            waiting[0].begin_drawing()
            QTimer.singleShot(0, self, self.begin_drawing)

    def show_run(self, shown: RunShown) -> None:
        """Show a run, or where it stands now; another run is shown at once, the same one soon."""
        before, self.shown = self.shown, shown
        if before is None or before.summary.run != shown.summary.run:
            self.stages.begin()
            self._made_from.clear()
            self.log.button.setChecked(False)
            self.page.verticalScrollBar().setValue(0)
            self._draw()
        elif (before.doing, before.trouble) != (shown.doing, shown.trouble):
            # What was pressed, and what happened, shows at once.
            self._draw()
        elif self._timer.isActive():
            self._is_stale = True
        elif before != shown:
            self._draw(is_calm=True)

    def save_focused(self) -> None:
        """Offer to save the chart that has the focus, or else the first one that has something."""
        focus = QApplication.focusWidget()
        drawn = [x for x in self.charts if x.isVisible() and x.chart and not x.chart.is_empty]
        held = [x for x in drawn if focus is not None and x.isAncestorOf(focus)]
        for card in (held or drawn)[:1]:
            self.page.ensureWidgetVisible(card.save_button)
            card.save_button.showMenu()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    def _draw_stale(self) -> None:
        if self._is_stale:
            self._draw(is_calm=True)

    def _draw(self, *, is_calm: bool = False) -> None:
        """Draw the head at once, and the rest one thing at a time, so that nothing is held up.

        Args:
            is_calm: Whether the stages and their course can wait their turn, too.
        """
        shown = self.shown
        self._is_stale = False
        if shown is None or not self.isVisible():
            return
        self._timer.start()
        self.header.show_run(shown)
        is_tuned = bool(shown.progress.iterations or shown.progress.positions)
        for card in (self.search, self.space):
            self.page.set_wanted(card, is_wanted=is_tuned)
        # Of a run that is over, what was not measured will not be.
        is_on = not shown.state.is_over
        self.page.set_wanted(self.labels, is_wanted=is_on or bool(student_figures(shown.progress)))
        self.page.set_wanted(
            self.reliability, is_wanted=is_on or shown.progress.reliability is not None
        )
        first = (self._draw_stages, self._draw_loss, self._draw_validation)
        self._left = deque(first if is_calm else ())
        for draw in () if is_calm else first:
            draw(shown)
        self._left += (self._draw_search, self._draw_labels, self._draw_reliability)
        self._left += (self._draw_speed, self._draw_memory)
        self._next.start()

    @property
    def is_drawn(self) -> bool:
        """Whether everything is drawn as it stands."""
        return not self._left

    def _draw_next(self) -> None:
        if self._left and self.shown is not None:
            self._left.popleft()(self.shown)
        else:
            self._next.stop()

    def _draw_stages(self, shown: RunShown) -> None:
        self.stages.show_run(shown)

    def _draw_loss(self, shown: RunShown) -> None:
        stage, title = self.stages.drawn, self._stage_title(shown)
        epochs = () if stage is None else stage.epochs
        self._show(self.loss, (title, epochs), lambda: loss_chart(stage, title))

    def _draw_validation(self, shown: RunShown) -> None:
        stage, title = self.stages.drawn, self._stage_title(shown)
        epochs = () if stage is None else stage.epochs
        self._show(self.validation, (title, epochs), lambda: score_chart(stage, title))

    def _draw_search(self, shown: RunShown) -> None:
        progress = shown.progress
        if progress.iterations or progress.positions:
            self._show(self.search, (progress.iterations,), lambda: best_chart(progress))
            self.space.show_search(progress)

    def _draw_labels(self, shown: RunShown) -> None:
        figures = tuple(one.figures for one in shown.progress.stages)
        self._show(self.labels, figures, lambda: label_chart(shown.progress))

    def _draw_reliability(self, shown: RunShown) -> None:
        told = shown.progress.reliability
        self._show(self.reliability, (told,), lambda: reliability_chart(shown.progress))

    def _draw_speed(self, shown: RunShown) -> None:
        points = shown.progress.machine.points
        self._show(self.speed, (points,), lambda: speed_chart(shown.progress))

    def _draw_memory(self, shown: RunShown) -> None:
        points = shown.progress.machine.points
        self._show(self.memory, (points,), lambda: memory_chart(shown.progress))

    def _stage_title(self, shown: RunShown) -> str:
        stage = self.stages.drawn
        return "" if stage is None else shown.words.title(stage.name)

    def _show(
        self, card: ChartCard, made_from: tuple[object, ...], make: Callable[[], Chart]
    ) -> None:
        """Make a chart anew only where what it is made from is another thing."""
        before = self._made_from.get(card, ())
        is_same = len(before) == len(made_from) and all(
            one is other or (isinstance(one, str) and one == other)
            for one, other in zip(before, made_from, strict=True)
        )
        if not is_same or card.chart is None:
            self._made_from[card] = made_from
            card.show_chart(make())
