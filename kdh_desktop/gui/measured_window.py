"""The real window under a stop-watch: `python -m kdh_desktop.gui.measured_window FOLDER...`.

For measurements only; the benchmark starts it as a child process and takes the times of its lines
on stdout: ``shown`` after the first frame, ``ready`` when the model can be used, and then one
line of JSON for each text that it reads, as JSON, from stdin.

The folders are those of the installation's resources and one for whatever is written.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, SignalInstance
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from kdh_desktop.core.paths import AppPaths
from kdh_desktop.gui.active_model import Loading, Ready
from kdh_desktop.gui.app import Desktop


def main() -> int:
    """Open the window, classify what comes on stdin, and close."""
    resources, scratch = map(Path, sys.argv[1:3])
    paths = AppPaths(
        resources=resources,
        data=scratch / "data",
        config=scratch / "config",
        logs=scratch / "logs",
    )
    application = QApplication(["kdh-desktop"])
    desktop = Desktop(application, paths)
    desktop.settings.keep_research_notice_read()
    desktop.window.show()
    application.processEvents()
    _say("shown")
    desktop.model.load()
    _wait(desktop.model.changed, until=lambda: not isinstance(desktop.model.state, Loading))
    if not isinstance(desktop.model.state, Ready):
        return 1
    _say("ready")
    for line in sys.stdin:
        _say(json.dumps({"seconds": _paste_to_labels(desktop, application, json.loads(line))}))
    desktop.window.close()
    return 0


def _paste_to_labels(desktop: Desktop, application: QApplication, text: str) -> float:
    """Seconds from the paste to the painted labels, by the actions that a user chooses."""
    page = desktop.window.classify_page
    page.commands.clear.trigger()
    QGuiApplication.clipboard().setText(text)
    application.processEvents()
    begin = time.perf_counter()
    page.commands.paste.trigger()
    page.commands.classify.trigger()
    _wait(page.session.entry_changed, until=lambda: not page.session.current.is_waiting)
    application.processEvents()
    return time.perf_counter() - begin


def _wait(signal: SignalInstance, *, until: Callable[[], bool]) -> None:
    loop = QEventLoop()
    connection = signal.connect(lambda *_: loop.quit())
    while not until():
        loop.exec()
    signal.disconnect(connection)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
