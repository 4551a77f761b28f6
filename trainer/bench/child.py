"""A child process that answers questions line by line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kdh_desktop.core.errors import TrainingError

_FOLDER_OF_PACKAGES = Path(__file__).parents[2]


class Child:
    """Starts a module of ours as a program; the clock starts with it.

    Args:
        module: Its name.
        arguments: What follows the name.
        is_window: Whether it opens a window, which nobody shall see.
        environ: What differs in its environment; None takes a variable away.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        is_window: bool = False,
        environ: Mapping[str, str | None] | None = None,
    ) -> None:
        self._name = module
        changed: dict[str, str | None] = {"PYTHONPATH": str(_FOLDER_OF_PACKAGES)}
        if is_window:
            # That platform complains of what it cannot do.
            changed |= {"QT_QPA_PLATFORM": "offscreen", "QT_LOGGING_RULES": "*.warning=false"}
        changed |= environ or {}
        whole = {**os.environ, **changed}
        self.begin = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={name: value for name, value in whole.items() if value is not None},
        )

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def tell(self, value: object) -> None:
        """Send one line of JSON, or words as they are."""
        line = value if isinstance(value, str) else json.dumps(value)
        assert self._process.stdin is not None  # noqa: S101 - it was opened as a pipe
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._died() from error

    def line(self) -> str:
        """The next line that it says.

        Raises:
            TrainingError: It said no more.
        """
        assert self._process.stdout is not None  # noqa: S101 - it was opened as a pipe
        line = self._process.stdout.readline()
        if not line:
            raise self._died()
        return line.strip()

    def ask(self, question: object) -> dict[str, Any]:
        """Send a question and read the answer, one JSON object."""
        self.tell(question)
        answer: dict[str, Any] = json.loads(self.line())
        return answer

    def _died(self) -> TrainingError:
        return TrainingError(
            f"A part of the measurement ended early: {self._name}.", "Its own words stand above."
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close its stdin, which ends it, and wait; after an error it is not waited for long."""
        if kind is not None:
            self._process.kill()
        self._process.communicate()


def seconds_of_program(module: str, arguments: Sequence[str], *, text: str = "") -> float | None:
    """Seconds from the start of a program to its end; None where it failed."""
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": str(_FOLDER_OF_PACKAGES)},
    )
    return time.perf_counter() - begin if done.returncode == 0 else None
