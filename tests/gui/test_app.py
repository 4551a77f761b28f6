"""The program as it is started, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from kdh_desktop.core.paths import AppPaths

ROOT = Path(__file__).parents[2]

RUN_UNTIL_READY = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.gui import app
from kdh_desktop.gui.active_model import Ready

class ShortLived(app.Desktop):
    def __init__(self, application, paths, **parts):
        super().__init__(application, paths, **parts)
        print("heavy at start:", {"onnxruntime", "numpy", "cryptography"} & set(sys.modules))
        self.model.changed.connect(self.leave)

    def leave(self):
        if isinstance(self.model.state, Ready):
            print("shown:", self.window.isVisible())
            print("strangers:", {"torch", "trainer", "PySide6.QtNetwork"} & set(sys.modules))
            self.window.close()

app.Desktop = ShortLived
folders = [Path(folder) for folder in sys.argv[1:5]]
sys.exit(app.run(AppPaths(*folders), []))
"""


def test_program_starts_shows_its_window_loads_the_model_and_leaves(paths: AppPaths) -> None:
    folders = [paths.resources, paths.data, paths.config, paths.logs]
    done = subprocess.run(
        [sys.executable, "-c", RUN_UNTIL_READY, *map(str, folders)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=60,
        env={
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            # A test writes nothing into the keyring of who runs it.
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        },
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "heavy at start: set()",
        "shown: True",
        "strangers: set()",
    ]
    assert (paths.logs / "kdh-desktop.log").is_file()


def test_qt_binding_keeps_the_reference_counts_of_python() -> None:
    """PySide6 6.12.0 gives a reference of None away with every call on Python before 3.12.

    After some thousand calls, which is minutes of use, Python then dies.
    """
    code = (
        "from PySide6.QtCore import QObject, Signal\n"
        "class Source(QObject):\n"
        "    told = Signal(bool)\n"
        "source = Source()\n"
        "source.told.connect(lambda value: None)\n"
        "for _ in range(20_000):\n"
        "    source.told.emit(True)\n"
        "print('alive')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "alive\n", done.stderr
