"""The disposable process that `sandbox` starts: limits on, one request in, its answer out."""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from importlib import import_module
from typing import IO, Any, NoReturn

from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.importing.sandbox import DONE, EXPECTED, ITEM, NO_MEMORY

_OPEN_FILES = 64
_SILENT_S = 0.5
"""So long at most a value waits for others to be sent with, or else who gives short values slowly
would be taken for one that gives nothing."""


def main() -> NoReturn:
    """Read the request from stdin, parse, write one line a value to stdout, and end."""
    answers = _claim_stdout()
    request: dict[str, Any] = json.loads(sys.stdin.readline())
    _end_with_parent()
    _limit(request["memory_bytes"], request["seconds"])
    _do_without_numpy()
    spoken = time.monotonic()
    try:
        parser = getattr(import_module(request["module"]), request["function"])
        for item in parser(request["argument"]):
            answers.write(ITEM + json.dumps(item, ensure_ascii=True, allow_nan=False) + "\n")
            if (now := time.monotonic()) - spoken > _SILENT_S:
                answers.flush()
                spoken = now
        answers.write(DONE + "\n")
    except KdhError as error:
        answers.write(EXPECTED + json.dumps([error.message, error.remedy]) + "\n")
    except MemoryError:
        answers.write(NO_MEMORY + "\n")
    answers.flush()
    # All is said. To take down the libraries in order would keep who asked waiting.
    os._exit(0)


def _claim_stdout() -> IO[str]:
    """Our own stdout; whatever a library prints goes to stderr."""
    claimed = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return claimed


def _do_without_numpy() -> None:
    """Say that numpy is not there: no parser needs it, and openpyxl loads it where it can.

    It would take as long to load as all the rest of this process.
    """
    sys.modules["numpy"] = None  # type: ignore[assignment]  # the documented way


def _end_with_parent() -> None:
    """See that this process does not outlive the one that asked, which holds our stdin open."""

    def wait() -> None:
        os.read(0, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _limit(memory_bytes: int, seconds: float) -> None:
    """Set limits on this process, where the system has them."""
    if sys.platform == "win32":
        return
    import resource

    # At the first limit a signal says that time is over; at the second there is no more word.
    cpu_s = math.ceil(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    for kind, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),  # it writes to a pipe, never to a file
    ):
        resource.setrlimit(kind, (limit, limit))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
