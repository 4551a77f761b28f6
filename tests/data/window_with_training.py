"""A program that trains, to be killed: says which processes it has, and waits for its end.

``window_with_training DATA HOW``, where HOW is what `fake_trainer` does, or ``really`` followed by
a request's file.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QTimer

from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.training_runs import RunRequest, request_from_json
from kdh_desktop.core.training_progress import RunState
from kdh_desktop.gui.jobs import Err, JobRunner, Ok
from kdh_desktop.gui.training_desk import TrainingDesk
from kdh_desktop.gui.training_process import trainer_command
from tests.data.tiny_requests import open_door, tiny_recipe

LOOKS_APART_MS = 20


def main() -> int:
    data, how, *rest = sys.argv[1:]
    application = QCoreApplication([])
    paths = AppPaths(Path(data), Path(data), Path(data), Path(data))
    request = RunRequest(tiny_recipe(), corpus=(HocSource("/nowhere"),))
    command = trainer_command
    if how == "really":
        request = request_from_json(Path(rest[0]).read_text(encoding="utf-8"))
    else:
        command = lambda: [sys.executable, "-m", "tests.data.fake_trainer", how]  # noqa: E731
    desk = TrainingDesk(paths, JobRunner(), command=command)

    def begun(outcome: object) -> None:
        if isinstance(outcome, Err):
            raise outcome.error
        assert isinstance(outcome, Ok)

    def tell() -> None:
        active = desk.active
        if active is None or active.state is not RunState.RUNNING or desk._process is None:
            return
        children = [path.read_text("ascii") for path in active.run.folder.glob("*.pid")]
        if how == "trains side by side" and len(children) < 2:
            return
        timer.stop()
        print(active.run.folder, desk._process.pid, *children, flush=True)

    timer = QTimer()
    timer.timeout.connect(tell)
    timer.start(LOOKS_APART_MS)
    desk.start(request, open_door(), done=begun)
    return application.exec()


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.exit(main())
