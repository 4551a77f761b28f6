"""Whether a swarm looks for better settings first, and where."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from kdh_desktop.core.runs.run_presets import (
    fitting_search,
    possible_space,
    usual_tuning,
)
from kdh_desktop.core.search_space import Dimension, TuningConfig
from kdh_desktop.core.training_config import MIN_BLIND_FOLDS, RunConfig
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.wizard.draft import DraftKeeper
from kdh_desktop.gui.training.wizard.field_form import FieldForm
from kdh_desktop.gui.training.wizard.space_table import SpaceTable
from kdh_desktop.gui.training.wizard.step_page import StepPage, scrolled, section
from kdh_desktop.gui.window_parts import WindowParts


class TuningPage(StepPage):
    """Off, or a particle swarm."""

    def __init__(self, parts: WindowParts, keeper: DraftKeeper) -> None:
        super().__init__(parts, keeper, title=self.tr("Tuning"), why=self.tr(
            "A search tries many settings before the real training: it often wins a point or two, "
            "and always costs many trainings. Leave it off for a first run."
        ))  # fmt: skip
        self._kept: tuple[TuningConfig, RunConfig] | None = None
        self.switch = QCheckBox(self.tr("&Search for better settings first (particle swarm)"))
        self.switch.toggled.connect(self._switch)
        self.column.addWidget(self.switch)
        self.cost = plain_label()
        self.column.addWidget(self.cost)
        self._content = QWidget()
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self.fields = FieldForm(keeper)
        self._fill()
        column.addWidget(self.fields)
        column.addWidget(section(self.tr("What it may change")))
        self.table = SpaceTable()
        self.table.space_changed.connect(self._take_space)
        self.table.refused.connect(self._say)
        self.note = plain_label()
        self.note.hide()
        column.addWidget(self.note)
        column.addWidget(self.table)
        column.addStretch(1)
        self._area = scrolled(self._content)
        self.column.addWidget(self._area, 1)
        self.column.addStretch(0)
        keeper.changed.connect(self._show)
        self._show()

    def focus_first(self) -> None:
        (self.switch if self.switch.isEnabled() else self).setFocus()

    def _fill(self) -> None:
        fields = self.fields
        fields.add_whole(
            "tuning.particles", self.tr("&Particles"), low=2, high=60,
            why=self.tr("So many settings are tried side by side, and learn from each other."),
        )  # fmt: skip
        fields.add_whole(
            "tuning.iterations", self.tr("&Iterations"), low=1, high=100,
            why=self.tr("How often the whole swarm moves on; the first one is its start."),
        )  # fmt: skip
        fields.add_whole(
            "tuning.folds", self.tr("&Folds"), low=MIN_BLIND_FOLDS, high=10,
            why=self.tr("Each setting is judged by so many trainings on other parts of the texts."),
        )  # fmt: skip
        fields.add_real(
            "tuning.epoch_share", self.tr("Share of the passes"), low=0.05, high=1, step=0.05,
            why=self.tr("Shorter trainings tell settings apart nearly as well."),
        )  # fmt: skip
        fields.add_whole(
            "tuning.texts", self.tr("Texts to search with"), low=0, high=1_000_000,
            why=self.tr("So many, drawn once; 0 takes all of them."),
        )  # fmt: skip
        fields.add_check(
            "tuning.is_stopping_early", self.tr("&Give up what does badly early"),
            why=self.tr("A setting that does worse than half of the others is not trained on."),
        )  # fmt: skip
        fields.add_check(
            "tuning.has_random_control", self.tr("Try as many settings at &random, too"),
            why=self.tr("Tells whether the swarm was worth it, and doubles the time."),
        )  # fmt: skip

    def _switch(self, is_on: bool) -> None:  # Qt's signal
        config = self.keeper.config
        if not is_on:
            self.keeper.change(config=replace(config, tuning=None))
            return
        tuning = usual_tuning(config)
        if self._kept is not None:
            kept, before = self._kept
            tuning = fitting_search(kept, before=before, after=config)
        try:
            tuned = replace(config, tuning=tuning)
        except ValueError:
            # What was searched before does not fit what was chosen since.
            tuned = replace(config, tuning=usual_tuning(config))
        self.keeper.change(config=tuned)

    def _take_space(self, dimensions: dict[str, Dimension]) -> None:
        config = self.keeper.config
        if config.tuning is None:
            return
        try:
            tuning = replace(config.tuning, dimensions=dimensions)
            self.keeper.change(config=replace(config, tuning=tuning))
            self._say("")
        except ValueError:
            self._say(self.tr("These limits reach beyond what the setting may be."))
            self._show_space()

    def _show(self) -> None:
        tuning = self.keeper.config.tuning
        self.switch.blockSignals(True)  # noqa: FBT003  # Qt's way
        self.switch.setChecked(tuning is not None)
        self.switch.blockSignals(False)  # noqa: FBT003
        self._area.setVisible(tuning is not None)
        is_finished = self.keeper.config.teacher.is_finished
        self.switch.setEnabled(not is_finished)
        if is_finished:
            self.cost.setText(
                self.tr("Not to be had where the model in force teaches: a search trains teachers.")
            )
            return
        draft = self.keeper.draft
        if tuning is None:
            words = self.tr("Off: the run trains {count} networks with the settings as they are.")
            self.cost.setText(words.format(count=draft.networks))
            return
        self._kept = tuning, self.keeper.config
        words = self.tr("Up to {trainings} trainings of the search, before the {count} of the run.")
        trainings = draft.trainings_of(tuning)
        self.cost.setText(words.format(trainings=trainings, count=draft.networks))
        self.fields.refresh()
        self._show_space()

    def _show_space(self) -> None:
        tuning = self.keeper.config.tuning
        if tuning is not None:
            possible = possible_space(self.keeper.config)
            self.table.show_space(possible, tuning.dimensions)

    def _say(self, words: str) -> None:
        self.note.setText(words)
        self.note.setVisible(bool(words))
        if words:
            announce(self, words)
