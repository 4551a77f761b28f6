"""Runs `kdh` for tests: in this process, or as a program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kdh_desktop import cli
from kdh_desktop.core.paths import AppPaths

ROOT = Path(__file__).parents[2]


class Kdh:
    """Runs `kdh` in this process; keeps what it printed."""

    def __init__(self, paths: AppPaths, capsys: pytest.CaptureFixture[str]) -> None:
        self.paths = paths
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *argv: str | Path | int, code: int = 0) -> str:
        found = cli.main([str(one) for one in argv], self.paths)
        self.out, self.err = self._capsys.readouterr()
        assert found == code, self.err
        return self.out


def start_kdh(paths: AppPaths, *argv: str | Path) -> subprocess.Popen[bytes]:
    """Start `kdh` as a program, with pipes to its three channels."""
    code = (
        "import sys; from pathlib import Path; from kdh_desktop.cli import main; "
        "from kdh_desktop.core.paths import AppPaths; "
        "sys.exit(main(sys.argv[5:], AppPaths(*map(Path, sys.argv[1:5]))))"
    )
    folders = [str(one) for one in (paths.resources, paths.data, paths.config, paths.logs)]
    return subprocess.Popen(
        [sys.executable, "-c", code, *folders, *map(str, argv)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
