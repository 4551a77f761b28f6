"""What those need who do their work across pages: handed over together, made once."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from kdh_desktop.core.paths import AppPaths
from kdh_desktop.gui.active_model import ActiveModel
from kdh_desktop.gui.admin_door import AdminDoor
from kdh_desktop.gui.file_dialogs import FileDialogs
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.jobs import JobRunner
from kdh_desktop.gui.notices import NoticeBar
from kdh_desktop.gui.record_desk import RecordDesk
from kdh_desktop.gui.settings import Settings
from kdh_desktop.gui.theme import Theme
from kdh_desktop.gui.training_desk import TrainingDesk
from kdh_desktop.gui.work_panel import WorkPanel


@dataclass(frozen=True, slots=True)
class WindowParts:
    """Parts of the window that are no page.

    Attributes:
        window: Parent of dialogs.
        model: The model in force.
        desk: The record store.
        jobs: Runs what takes time.
        settings: What is remembered.
        theme: Colours.
        icons: Icons.
        notices: The window's own notices, over the pages.
        dialogs: Asks for files.
        panel: Where work in the background is shown.
        door: The administrator's door.
        trainings: The training runs.
        paths: Folders of the installation.
    """

    window: QWidget
    model: ActiveModel
    desk: RecordDesk
    jobs: JobRunner
    settings: Settings
    theme: Theme
    icons: Icons
    notices: NoticeBar
    dialogs: FileDialogs
    panel: WorkPanel
    door: AdminDoor
    trainings: TrainingDesk
    paths: AppPaths
