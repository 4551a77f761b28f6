"""Builds the program around its window, and runs it."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    # On Windows the runtime's libraries fail to load once Qt's are there.
    import kdh_desktop.core.classification.classifier  # noqa: F401

import logging
from collections.abc import Callable, Sequence
from functools import partial
from logging.handlers import RotatingFileHandler

from PySide6.QtWidgets import QApplication

from kdh_desktop import __version__
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.gui.active_model import ActiveModel, Classifier, load_bundled_model
from kdh_desktop.gui.error_dialog import ErrorReporter
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.jobs import Executor, JobRunner
from kdh_desktop.gui.main_window import MainWindow
from kdh_desktop.gui.settings import Settings
from kdh_desktop.gui.theme import Theme

_LOG_BYTES = 1_000_000


class Desktop:
    """The parts of the running program, each made once and handed to those who need it."""

    def __init__(
        self,
        application: QApplication,
        paths: AppPaths,
        *,
        load: Callable[[], Classifier] | None = None,
        execute: Executor | None = None,
        theme: Theme | None = None,
    ) -> None:
        self.errors = ErrorReporter()
        self.jobs = JobRunner(execute)
        self.jobs.bug_found.connect(self.errors.report)
        self.settings = Settings(paths.config)
        self.theme = theme or Theme(application)
        self.icons = Icons(paths.resources / "icons")
        application.setWindowIcon(self.icons.application)
        self.model = ActiveModel(load or partial(load_bundled_model, paths), self.jobs)
        self.window = MainWindow(
            model=self.model,
            jobs=self.jobs,
            settings=self.settings,
            theme=self.theme,
            icons=self.icons,
        )


def run(paths: AppPaths, argv: Sequence[str]) -> int:
    """Open the window and stay until it closes; the exit code is Qt's."""
    _start_log(paths)
    application = QApplication(["kdh-desktop", *argv])
    application.setApplicationName("kdh-desktop")
    application.setApplicationDisplayName("KDH Desktop")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("kdh-desktop")
    desktop = Desktop(application, paths)
    desktop.errors.install()
    desktop.window.show()
    # After the first frame, so that people see the window while the model loads.
    desktop.model.load()
    return application.exec()


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
