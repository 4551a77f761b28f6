"""Builds the program around its window, and runs it."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    # On Windows the runtime's libraries fail to load once Qt's are there.
    import kdh_desktop.core.classification.classifier  # noqa: F401

import logging
import os
from collections.abc import Sequence
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from kdh_desktop import __version__
from kdh_desktop.core.access import Access
from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.first_instance import FirstInstance, Visit
from kdh_desktop.gui.active_model import ActiveModel, Load, load_model_in_force
from kdh_desktop.gui.admin_door import AdminDoor
from kdh_desktop.gui.error_dialog import ErrorReporter
from kdh_desktop.gui.file_dialogs import FileDialogs
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.jobs import Executor, JobRunner
from kdh_desktop.gui.main_window import MainWindow
from kdh_desktop.gui.record_desk import OpenStore, RecordDesk, open_kept_store
from kdh_desktop.gui.settings import Settings
from kdh_desktop.gui.sweeper import Sweeper
from kdh_desktop.gui.theme import Theme
from kdh_desktop.gui.training_desk import TrainingDesk

_LOG_BYTES = 1_000_000


class Desktop:
    """The parts of the running program, each made once and handed to those who need it."""

    def __init__(
        self,
        application: QApplication,
        paths: AppPaths,
        *,
        load: Load | None = None,
        open_store: OpenStore | None = None,
        dialogs: FileDialogs | None = None,
        execute: Executor | None = None,
        theme: Theme | None = None,
        access: Access | None = None,
    ) -> None:
        self.errors = ErrorReporter()
        self.jobs = JobRunner(execute)
        self.jobs.bug_found.connect(self.errors.report)
        self.settings = Settings(paths.config)
        self.theme = theme or Theme(application, pictures=paths.resources / "icons" / "fields")
        self.icons = Icons(paths.resources / "icons")
        application.setWindowIcon(self.icons.application)
        self.model = ActiveModel(load or partial(load_model_in_force, paths), self.jobs)
        self.desk = RecordDesk(
            open_store=open_store or partial(open_kept_store, paths.records),
            folder=paths.records,
            model=self.model,
            jobs=self.jobs,
        )
        dialogs = dialogs or FileDialogs()
        self.door = AdminDoor(paths, self.jobs, access=access, dialogs=dialogs)
        self.trainings = TrainingDesk(paths, self.jobs)
        with self.theme.taken_off():
            self.window = MainWindow(
                model=self.model,
                desk=self.desk,
                jobs=self.jobs,
                settings=self.settings,
                theme=self.theme,
                icons=self.icons,
                dialogs=dialogs,
                door=self.door,
                trainings=self.trainings,
                paths=paths,
            )

    def take_visit(self, visit: Visit) -> None:
        """Do what somebody wanted who started the program, be it a second time."""
        raise_window(self.window, activation_token=visit.activation_token)
        if visit.files:
            self.window.files_given.emit(list(visit.files))


def raise_window(window: QWidget, *, activation_token: str) -> None:
    """Bring a window to the front, as far as the desktop lets us."""
    if activation_token:
        # Wayland lets only that window come to the front which has what its user's click gave.
        os.environ["XDG_ACTIVATION_TOKEN"] = activation_token
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.raise_()
    window.activateWindow()
    QApplication.alert(window)


class Doorbell(QObject):
    """Brings second starts from the thread that hears them to the window."""

    rung = Signal(object)
    """A `Visit`, on the GUI thread."""
    _heard = Signal(object)

    def __init__(self, first: FirstInstance, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._heard.connect(self._ring, Qt.ConnectionType.QueuedConnection)
        first.listen(self._heard.emit)

    @Slot(object)
    def _ring(self, visit: Visit) -> None:
        self.rung.emit(visit)


def run(
    paths: AppPaths,
    argv: Sequence[str],
    *,
    files: Sequence[Path] = (),
    first: FirstInstance | None = None,
) -> int:
    """Open the window and stay until it closes; the exit code is Qt's.

    Args:
        paths: Folders of the installation.
        argv: Options for Qt.
        files: Files and folders to take in.
        first: Hears of second starts; closed here.
    """
    _start_log(paths)
    application = _application(argv)
    desktop = Desktop(application, paths)
    desktop.errors.install()
    if first is not None:
        doorbell = Doorbell(first, desktop.window)
        doorbell.rung.connect(desktop.take_visit)
    sweeper = Sweeper(desktop.window)
    sweeper.start()
    desktop.model.changed.connect(sweeper.settle)
    desktop.window.show()
    # After the first frame, so that people see the window while model and records are opened.
    desktop.model.load()
    desktop.desk.open()
    if files:
        desktop.take_visit(Visit(tuple(files)))
    try:
        return application.exec()
    finally:
        if first is not None:
            first.close()


def show_failure(error: KdhError, argv: Sequence[str]) -> None:
    """Tell somebody who started the program without a terminal why no window opens."""
    application = _application(argv)
    box = QMessageBox(QMessageBox.Icon.Warning, "KDH Desktop", error.message)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(error.remedy)
    box.exec()
    del application


def _application(argv: Sequence[str]) -> QApplication:
    application = QApplication(["kdh-desktop", *argv])
    application.setApplicationName("kdh-desktop")
    application.setApplicationDisplayName("KDH Desktop")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("kdh-desktop")
    return application


def _start_log(paths: AppPaths) -> None:
    try:
        paths.logs.mkdir(parents=True, exist_ok=True)
        log = RotatingFileHandler(
            paths.logs / "kdh-desktop.log", maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8"
        )
    except OSError:
        # A full or read-only disk must not keep anybody from working.
        return
    log.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[log], level=logging.INFO)
