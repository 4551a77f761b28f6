"""The training runs as the window knows them: those on the disk, and the one that goes on."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from kdh_desktop.core.paths import AppPaths
from kdh_desktop.gui.jobs import JobRunner


class TrainingDesk(QObject):
    """Starts, drives and lists training runs."""

    changed = Signal()
    """The list of runs is another one, or a run began or ended."""

    def __init__(self, paths: AppPaths, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._paths = paths
        self._jobs = jobs
