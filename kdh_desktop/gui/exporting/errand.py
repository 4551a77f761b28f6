"""One piece of work in the background, with its row at the bottom of the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from PySide6.QtCore import QCoreApplication

from kdh_desktop.core.errors import Cancelled, KdhError
from kdh_desktop.gui.exporting.export_work import Progress
from kdh_desktop.gui.jobs import Err, Job, Ok, Outcome
from kdh_desktop.gui.notices import Notice, Severity
from kdh_desktop.gui.record_count import record_count
from kdh_desktop.gui.window_parts import WindowParts
from kdh_desktop.gui.work_panel import Work

T = TypeVar("T")

NOTICE = "export"


def run_errand(
    parts: WindowParts,
    heading: str,
    work: Callable[[Job], T],
    *,
    done: Callable[[T], None],
    can_cancel: bool = True,
) -> Job:
    """Do something in the background.

    Args:
        parts: Where it is shown, and where a failure is told.
        heading: What goes on.
        work: The work; it may report `Progress`.
        done: Called with what it gives, where it succeeds.
        can_cancel: Whether it can be stopped on its way.
    """
    parts.notices.dismiss(NOTICE)
    row = parts.panel.add_row(Work(heading, can_cancel=can_cancel))

    def show(progress: Progress) -> None:
        words = _tr("{done} of {records}").format(
            done=f"{progress.done:,}", records=record_count(progress.total)
        )
        parts.panel.show_work(row, Work(heading, progress.done, progress.total, words))

    def end(outcome: Outcome[T]) -> None:
        parts.panel.remove_row(row)
        match outcome:
            case Ok(value):
                done(value)
            case Err(Cancelled()):
                parts.notices.show_notice(NOTICE, Notice(_tr("It was stopped."), is_outcome=True))
            case Err(KdhError() as error):
                parts.notices.show_notice(NOTICE, Notice(str(error), Severity.ERROR))
            case Err():
                pass  # a bug was reported already

    job = parts.jobs.start(work, done=end, progress=show)

    def cancel() -> None:
        job.cancel()
        parts.panel.show_work(row, replace(row.work, is_stopping=True))

    row.cancel_wanted.connect(cancel)
    return job


def _tr(text: str) -> str:
    return QCoreApplication.translate("Exporting", text)
