"""The head of a run: what it is doing, how far it is, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from kdh_desktop.core.training_progress import RunState
from kdh_desktop.gui.flow_layout import FlowLayout
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.action_button import ActionButton
from kdh_desktop.gui.training.actions import TrainingActions
from kdh_desktop.gui.training.machine_charts import latest_memory
from kdh_desktop.gui.training.run_shown import RunShown, begun_words, best_figure
from kdh_desktop.gui.training.run_words import (
    device_words,
    duration_words,
    moment_words,
    percent,
    seconds_between,
    share_words,
)
from kdh_desktop.gui.work_panel import time_left

_STEPS = 1000


class RunHeader(QWidget):
    """Shows where one run stands."""

    def __init__(self, actions: TrainingActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self._told = ""
        self.title = plain_label(kind="title")
        self.state = plain_label(kind="heading")
        self.state.setWordWrap(False)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, _STEPS)
        self.now = plain_label()
        self.facts = plain_label(kind="muted")
        self.trouble = _Trouble()
        self.buttons = {
            action: ActionButton(action, kind="main" if action in self._main else "")
            for action in self._shown
        }
        self._lay_out()

    @property
    def _shown(self) -> tuple[QAction, ...]:
        of = self._actions
        return (
            *(of.judge, of.resume, of.pause, of.keep_best, of.stop, of.again),
            *(of.discard, of.delete),
        )

    @property
    def _main(self) -> tuple[QAction, ...]:
        return (self._actions.judge, self._actions.resume)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(2 * GRID)
        head.addWidget(self.title, 1)
        head.addWidget(self.state, 0, Qt.AlignmentFlag.AlignTop)
        self._row = QWidget()
        self._flow = FlowLayout(self._row)
        for button in self.buttons.values():
            self._flow.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addLayout(head)
        layout.addWidget(self.bar)
        layout.addWidget(self.now)
        layout.addWidget(self.facts)
        layout.addWidget(self.trouble)
        layout.addWidget(self._row)

    def show_run(self, shown: RunShown) -> None:
        """Show where a run stands now."""
        progress = shown.progress
        self.title.setText(shown.title)
        self.state.setText(shown.doing)
        share = 1.0 if shown.state is RunState.FINISHED else progress.run_share
        is_unknown = share is None and shown.is_active
        self.bar.setRange(0, 0 if is_unknown else _STEPS)
        self.bar.setValue(round(_STEPS * (share or 0.0)))
        self.bar.setAccessibleName(
            self.tr("Progress of {run}: {share}").format(
                run=shown.title, share=share_words(progress) or shown.doing
            )
        )
        self.now.setText("" if shown.state.is_over else shown.words.now(progress))
        self.now.setVisible(bool(self.now.text()))
        self.facts.setText("  ·  ".join(self._facts(shown)))
        self.trouble.show_words(*shown.trouble)
        self._show_buttons(shown)
        said = f"{shown.title}: {shown.doing}"
        if said != self._told:
            self._told = said
            announce(self, said)

    def _facts(self, shown: RunShown) -> list[str]:
        progress, started = shown.progress, shown.progress.started
        facts = [] if shown.state is RunState.FINISHED else [share_words(progress)]
        if shown.is_active and progress.seconds_left is not None:
            facts.append(time_left(progress.seconds_left))
        best = best_figure(progress)
        if shown.state.is_over and best is not None:
            facts.append(self.tr("F1 {score} on texts it had not seen").format(score=percent(best)))
        facts.append(self.tr("begun {when}").format(when=begun_words(shown.summary)))
        took = seconds_between(progress.begun_utc, progress.latest_utc)
        if shown.state is RunState.FINISHED and took:
            facts.append(self.tr("took {time}").format(time=duration_words(took)))
        if started is not None:
            facts.append(self.tr("{count:,} texts").format(count=started.labelled_texts))
            facts.append(device_words(started.device))
        if shown.is_active:
            facts.append(latest_memory(progress))
            if progress.parts > 1:
                facts.append(
                    self.tr("steps in {parts} parts, for want of memory").format(
                        parts=progress.parts
                    )
                )
        if progress.checkpoint_utc and shown.state is not RunState.FINISHED:
            facts.append(self.tr("saved {when}").format(when=moment_words(progress.checkpoint_utc)))
        return [fact for fact in facts if fact]

    def _show_buttons(self, shown: RunShown) -> None:
        of, is_over = self._actions, shown.state.is_over
        is_finished = shown.state is RunState.FINISHED
        visible = {
            of.judge: is_over and is_finished,
            of.resume: is_over and shown.summary.can_resume,
            of.pause: shown.is_active,
            of.keep_best: shown.is_active,
            of.stop: shown.is_active,
            of.discard: shown.is_active,
            of.again: is_over and shown.summary.request is not None,
            of.delete: is_over,
        }
        for action, button in self.buttons.items():
            button.setVisible(visible[action])
        self._flow.invalidate()
        self._row.updateGeometry()


class _Trouble(QFrame):
    """What went wrong, with the way out."""

    def __init__(self) -> None:
        super().__init__()
        self.words = plain_label()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        layout.addWidget(self.words)
        self.hide()

    def show_words(self, kind: str, words: str) -> None:
        if self.property("kind") != kind:
            self.setProperty("kind", kind)
            self.style().unpolish(self)
            self.style().polish(self)
        self.words.setText(words)
        self.setVisible(bool(words))
