# ruff: noqa: INP001  # scripts, not a package
"""Takes the pictures of the README: python packaging/screenshots.py [FOLDER] [--resources FOLDER].

Runs the real program offscreen on the bundled model and its invented texts, in light and dark.
Settings go to a temporary folder and records to memory, so pictures neither show nor change those
of whoever takes them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

# Before Qt is loaded, which reads them once.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("QT_SCALE_FACTOR", "1.5")

from PySide6.QtCore import QDeadlineTimer, QEventLoop, Qt
from PySide6.QtWidgets import QApplication

from kdh_desktop.core.importing.reading import inspect_file
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.records.bulk_run import BulkRun
from kdh_desktop.core.records.intake import take_in
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.gui.active_model import Ready
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.classify.session import Activity
from kdh_desktop.gui.theme import Theme

ROOT = Path(__file__).resolve().parents[1]
WIDTH, HEIGHT = 1280, 720
_LONGEST_WAIT_MS = 60_000
_CONFIRMED = 3


def main() -> int:
    """Write a light and a dark picture of each page."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--resources", type=Path, help="resources with another model")
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
            desktop = open_desktop(application, own, scheme=scheme)
            for name, prepare in (("classify", show_example), ("records", show_records)):
                prepare(desktop, own)
                application.processEvents()
                desktop.window.grab().save(
                    str(options.folder / f"{name}-{scheme.name.lower()}.png")
                )
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


def show_example(desktop: Desktop, _paths: AppPaths) -> None:
    """Classify the example."""
    page = desktop.window.classify_page
    page.commands.example.trigger()
    wait_until(lambda: page.session.activity == Activity.IDLE)
    page.result_pane.list.setFocus()


def show_records(desktop: Desktop, paths: AppPaths) -> None:
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
