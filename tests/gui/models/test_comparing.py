"""The child that compares, and what is left of it."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from kdh_desktop.core.errors import Cancelled
from kdh_desktop.core.runs.run_folder import RunFolder
from kdh_desktop.gui.models import comparing
from kdh_desktop.gui.models.comparing import Comparing, compare_in_child

TALKATIVE = """
import subprocess, sys
talk = "import time\\nfor _ in range(50): print('x' * 9000, flush=True); time.sleep(0.01)"
subprocess.Popen([sys.executable, "-c", talk])
sys.stdin.read()
"""
"""A child that has ended while what it started goes on writing."""


def test_who_reads_the_child_is_waited_for_when_it_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "_MOST_BYTES", 10)
    wanted = Comparing(RunFolder(tmp_path / "run"), tmp_path, (tmp_path,), tmp_path / "texts")
    before = set(threading.enumerate())
    with pytest.raises(Cancelled):
        compare_in_child(
            wanted,
            report=lambda _: None,
            should_stop=lambda: True,
            command=lambda: (sys.executable, "-c", TALKATIVE),
        )
    assert set(threading.enumerate()) <= before
