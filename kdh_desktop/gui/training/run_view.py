"""One run: its head, its stages and its charts. It shows a `RunShown`, and nothing else."""

from __future__ import annotations

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
from kdh_desktop.gui.training.run_shown import RunShown
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
            self._draw()

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
            self._draw()

    def _draw(self) -> None:
        shown = self.shown
        self._is_stale = False
        if shown is None or not self.isVisible():
            return
        self._timer.start()
        progress = shown.progress
        self.header.show_run(shown)
        self.stages.show_run(shown)
        stage = self.stages.drawn
        title = "" if stage is None else shown.words.title(stage.name)
        epochs = () if stage is None else stage.epochs
        self._show(self.loss, (title, epochs), lambda: loss_chart(stage, title))
        self._show(self.validation, (title, epochs), lambda: score_chart(stage, title))
        figures = tuple(one.figures for one in progress.stages)
        self._show(self.labels, figures, lambda: label_chart(progress))
        self._show(self.reliability, (progress.reliability,), lambda: reliability_chart(progress))
        is_tuned = bool(progress.iterations or progress.positions)
        for card in (self.search, self.space):
            self.page.set_wanted(card, is_wanted=is_tuned)
        if is_tuned:
            self._show(self.search, (progress.iterations,), lambda: best_chart(progress))
            self.space.show_search(progress)
        machine = (progress.machine.points, progress.begun_utc)
        self._show(self.speed, machine, lambda: speed_chart(progress))
        self._show(self.memory, machine, lambda: memory_chart(progress))

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
