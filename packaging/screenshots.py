# ruff: noqa: INP001  # scripts, not a package
"""Takes the pictures of the README: python packaging/screenshots.py [FOLDER] [--resources FOLDER].

Runs the real program offscreen on the bundled model and its invented example, in light and dark.
Settings go to a temporary folder, so pictures neither show nor change those of whoever takes them.
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

from kdh_desktop.core.paths import AppPaths
from kdh_desktop.gui.active_model import Loading, Ready
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.classify.session import Activity
from kdh_desktop.gui.theme import Theme

ROOT = Path(__file__).resolve().parents[1]
WIDTH, HEIGHT = 1280, 720
_LONGEST_WAIT_MS = 60_000


def main() -> int:
    """Write classify-light.png and classify-dark.png."""
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
        target = options.folder / f"classify-{scheme.name.lower()}.png"
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            own = replace(paths, data=folder, config=folder, logs=folder)
            take(application, own, scheme=scheme, target=target)
    return 0


def take(
    application: QApplication, paths: AppPaths, *, scheme: Qt.ColorScheme, target: Path
) -> None:
    """Classify the example and take a picture of the window."""
    desktop = Desktop(application, paths, theme=Theme(application, scheme=lambda: scheme))
    desktop.settings.keep_research_notice_read()
    window, page = desktop.window, desktop.window.classify_page
    window.resize(WIDTH, HEIGHT)
    window.show()
    desktop.model.load()
    wait_until(lambda: not isinstance(desktop.model.state, Loading))
    if not isinstance(desktop.model.state, Ready):
        sys.exit(f"There is no model to show: {desktop.model.state}")
    page.commands.example.trigger()
    wait_until(lambda: page.session.activity == Activity.IDLE)
    page.result_pane.list.setFocus()
    application.processEvents()
    window.grab().save(str(target))
    window.close()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Let the program work until something is so."""
    deadline = QDeadlineTimer(_LONGEST_WAIT_MS)
    while not is_so() and not deadline.hasExpired():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


if __name__ == "__main__":
    sys.exit(main())
