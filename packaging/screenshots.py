# ruff: noqa: INP001  # scripts, not a package
"""Takes the pictures of the README: python packaging/screenshots.py [FOLDER] [--run FOLDER].

Runs the real program offscreen on the bundled model and its invented texts, in light and dark.
Settings go to a temporary folder and records to memory, so pictures neither show nor change those
of whoever takes them. With the folder of a training run that has finished, which is copied, there
are pictures of training, too.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

# Before Qt is loaded, which reads them once.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("QT_SCALE_FACTOR", "1.5")

from PySide6.QtCore import QDeadlineTimer, QEventLoop, Qt
from PySide6.QtWidgets import QApplication, QWidget

from kdh_desktop.core.access import Access
from kdh_desktop.core.importing.reading import inspect_file
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.records.bulk_run import BulkRun
from kdh_desktop.core.records.intake import take_in
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.gui.active_model import Ready
from kdh_desktop.gui.admin.unlock_dialog import UnlockDialog
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.classify.session import Activity
from kdh_desktop.gui.theme import Theme

Picture = Callable[[Desktop, AppPaths], QWidget]
"""Brings the program to where a picture is to be taken; gives what to take it of."""

ROOT = Path(__file__).resolve().parents[1]
WIDTH, HEIGHT = 1280, 720
_LONGEST_WAIT_MS = 90_000
_PASSWORD = "only for a picture"  # noqa: S105  # opens a folder that is deleted at once
_CONFIRMED = 3


def main() -> int:
    """Write a light and a dark picture of each page."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--resources", type=Path, help="resources with another model")
    parser.add_argument("--run", type=Path, help="folder of a training run that has finished")
    options = parser.parse_args()
    application = QApplication(["kdh-desktop"])
    paths = AppPaths.default()
    if options.resources is not None:
        paths = replace(paths, resources=options.resources.resolve())
    options.folder.mkdir(parents=True, exist_ok=True)
    for scheme in (Qt.ColorScheme.Light, Qt.ColorScheme.Dark):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            own = replace(paths, data=folder, config=folder, logs=folder)
            if options.run is not None:
                shutil.copytree(options.run, own.runs / options.run.name)
            desktop = open_desktop(application, own, scheme=scheme)
            pictures = PICTURES if options.run is None else PICTURES + PICTURES_OF_TRAINING
            for name, prepare in pictures:
                shown = prepare(desktop, own)
                application.processEvents()
                shown.grab().save(str(options.folder / f"{name}-{scheme.name.lower()}.png"))
            desktop.window.close()
    return 0


def open_desktop(application: QApplication, paths: AppPaths, *, scheme: Qt.ColorScheme) -> Desktop:
    """Open the window, and wait until the model can be used."""
    pictures = paths.resources / "icons" / "fields"
    theme = Theme(application, scheme=lambda: scheme, pictures=pictures)
    desktop = Desktop(application, paths, theme=theme, open_store=RecordStore.in_memory)
    desktop.settings.keep_research_notice_read()
    desktop.window.resize(WIDTH, HEIGHT)
    desktop.window.show()
    desktop.model.load()
    desktop.desk.open()
    wait_until(lambda: isinstance(desktop.model.state, Ready) and desktop.desk.store is not None)
    return desktop


def show_example(desktop: Desktop, _paths: AppPaths) -> QWidget:
    """Classify the example."""
    page = desktop.window.classify_page
    page.commands.example.trigger()
    wait_until(lambda: page.session.activity == Activity.IDLE)
    page.result_pane.list.setFocus()
    return desktop.window


def show_records(desktop: Desktop, paths: AppPaths) -> QWidget:
    """Take in the sample references, classify them, and confirm some."""
    store, state = desktop.desk.store, desktop.model.state
    if store is None or not isinstance(state, Ready):
        sys.exit(f"There is nothing to show: {desktop.desk.failure or state}")
    file = paths.sample_references
    take_in(store, file, inspect_file(file).plan)
    BulkRun(store, state.classifier).run(
        on_progress=lambda _: None, should_stop=lambda: False, should_pause=lambda: False
    )
    store.confirm(store.ids()[:_CONFIRMED])
    desktop.window.go_to_page(1)
    page = desktop.window.records_page
    wait_until(lambda: page.table_model.rowCount() > 0, settle_ms=3000)
    return desktop.window


def show_models(desktop: Desktop, _paths: AppPaths) -> QWidget:
    """Look at the model in force."""
    desktop.window.go_to_page(3)
    board = desktop.window.models_page.board
    wait_until(lambda: board.seen is not None, settle_ms=500)
    return desktop.window


def show_training(desktop: Desktop, paths: AppPaths) -> QWidget:
    """Unlock the page, and look at the run."""
    Access(paths.access, paths.site_keys).set_up(_PASSWORD)
    desktop.window.go_to_page(2)
    desktop.door.open_for(desktop.window, lambda _: None)
    dialog = desktop.door.dialog
    if not isinstance(dialog, UnlockDialog):
        sys.exit("The door asks for something else than the password.")
    dialog.password.line.setText(_PASSWORD)
    dialog.accept_button.click()
    page = desktop.window.training_page
    wait_until(lambda: page.shown is not None, settle_ms=3000)
    return desktop.window


def show_comparison(desktop: Desktop, _paths: AppPaths) -> QWidget:
    """Compare the run's candidate with the model in force."""
    shown = desktop.window.training_page.shown
    if shown is None:
        sys.exit("There is no run to compare.")
    dialog = desktop.window.models_page.compare(shown.summary.run)
    # The screen of the offscreen platform is small, and dialogs fit themselves to it.
    dialog.resize(WIDTH, HEIGHT)
    wait_until(lambda: dialog.verdict is not None, settle_ms=1000)
    return dialog


PICTURES: tuple[tuple[str, Picture], ...] = (
    ("classify", show_example),
    ("records", show_records),
    ("models", show_models),
)
PICTURES_OF_TRAINING: tuple[tuple[str, Picture], ...] = (
    ("training", show_training),
    ("comparison", show_comparison),
)


def wait_until(is_so: Callable[[], bool], *, settle_ms: int = 0) -> None:
    """Let the program work until something is so, and for a while after it."""
    deadline = QDeadlineTimer(_LONGEST_WAIT_MS)
    while not is_so() and not deadline.hasExpired():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    settled = QDeadlineTimer(settle_ms)
    while not settled.hasExpired():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)


if __name__ == "__main__":
    sys.exit(main())
