"""The run that the page shows: one on the disk, or the one that goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kdh_desktop.core.runs.run_ending import EndingKind
from kdh_desktop.core.runs.training_runs import RunSummary
from kdh_desktop.core.training_progress import RunProgress, RunState
from kdh_desktop.gui.training.run_words import moment_words, state_words, tr
from kdh_desktop.gui.training.stage_words import StageWords
from kdh_desktop.gui.training_desk import ActiveRun, RunWish


@dataclass(frozen=True, slots=True)
class RunShown:
    """What there is to show of a run.

    Attributes:
        summary: The run as the list has it.
        progress: Where it stands; of a run that goes on, now.
        state: What it is doing.
        wish: What the user wished and is not so yet, or None.
        is_silent: Whether its process does not answer.
        is_active: Whether this window drives it.
        is_cut_short: Whether it keeps its best by now, and comes to its end soon.
    """

    summary: RunSummary
    progress: RunProgress
    state: RunState
    wish: RunWish | None = None
    is_silent: bool = False
    is_active: bool = False
    is_cut_short: bool = False

    @classmethod
    def of(cls, summary: RunSummary, active: ActiveRun | None) -> RunShown:
        """A run of the list, as it stands now."""
        if active is None or active.run != summary.run:
            return cls(summary, summary.progress, summary.state)
        return cls(
            summary,
            active.progress,
            active.state,
            wish=active.wish,
            is_silent=active.is_silent,
            is_active=True,
            is_cut_short=active.is_cut_short,
        )

    @property
    def title(self) -> str:
        """What the run is called."""
        return title_of(self.summary)

    @property
    def words(self) -> StageWords:
        """How its stages are called."""
        request, started = self.summary.request, self.progress.started
        texts = 0 if started is None else started.labelled_texts
        if request is None:
            return StageWords(texts=texts)
        return StageWords(
            folds=request.config.teacher.folds,
            calibration_folds=request.config.distillation.calibration_folds,
            texts=texts,
        )

    @property
    def doing(self) -> str:
        """What it is doing, in a word or two; what was wished shows at once."""
        if self.wish is not None:
            return {
                RunWish.PAUSE: tr("Pausing…"),
                RunWish.GO_ON: tr("Going on…"),
                RunWish.KEEP_BEST: tr("Coming to its end…"),
                RunWish.STOP: tr("Stopping…"),
                RunWish.DISCARD: tr("Discarding…"),
            }[self.wish]
        if self.is_cut_short and self.state is RunState.RUNNING:
            return tr("Coming to its end…")
        return state_words(self.state)

    @property
    def trouble(self) -> tuple[str, str]:
        """How bad it is, ``error``, ``warning`` or nothing, and what happened, with the way out."""
        summary = self.summary
        if self.is_active:
            if self.is_silent:
                return "warning", tr("The training does not answer. It may be busy; wait a little.")
            return "", ""
        if summary.problem is not None:
            return "error", f"{summary.problem}"
        if self.state is RunState.FAILED:
            return "error", self._failure_words()
        if self.state is RunState.INTERRUPTED:
            ending = summary.ending
            said = f"{ending.message} " if ending and ending.kind is not EndingKind.STOPPED else ""
            return "warning", said + tr(
                "The training was interrupted. Resume it: it goes on where it saved last."
            )
        return "", ""

    def _failure_words(self) -> str:
        ending, failure = self.summary.ending, self.progress.failure
        # What the run itself said tells more than how its process was seen to end.
        if failure is not None and self.progress.state is RunState.FAILED:
            return f"{failure.message} {failure.remedy}".strip()
        if ending is not None and not ending.is_good:
            return f"{ending.message} {ending.remedy}".strip()
        return tr("The training ended without a model.")


def title_of(summary: RunSummary) -> str:
    """What a run is called: by somebody, by its settings, or by its folder."""
    if summary.title:
        return summary.title
    if summary.request is not None:
        return summary.request.config.name
    return summary.run.id


def begun_words(summary: RunSummary) -> str:
    """When a run was made."""
    return moment_words(summary.created_utc or summary.progress.begun_utc)


def best_figure(progress: RunProgress) -> float | None:
    """The student's newest micro-F1 on texts that it did not see, in 0..1, or None."""
    return student_figures(progress).get("micro_f1")


def student_figures(progress: RunProgress) -> Mapping[str, float]:
    """The newest figures of the student; none where only a teacher was judged so far."""
    for stage in reversed(progress.stages):
        # A teacher is not judged label by label.
        if any(name.startswith("f1.") for name in stage.figures):
            return stage.figures
    return {}
