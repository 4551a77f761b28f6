"""What `kdh` prints, and what becomes of it where nobody reads it any more.

Whoever reads the results may have read enough: a command that only prints is done then, and one
that writes has done so before. Whoever reads what is said to people may go away as well, and that
must end no work.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from typing import NoReturn, TextIO

from kdh_desktop.core.errors import ExportError


class ReaderGoneError(Exception):
    """Nobody reads the results any more."""


def print_line(line: str) -> None:
    """One line of results.

    Raises:
        ReaderGoneError: Nobody reads them any more.
        ExportError: They cannot be written, e.g. to a file on a disk that is full.
    """
    try:
        sys.stdout.write(line + "\n")
    except OSError as error:
        _give_up(error)


def print_json(**values: object) -> None:
    """One JSON object as a line of results."""
    print_line(json.dumps(values))


def flush_lines() -> None:
    """Let all lines of results out that were printed.

    Raises:
        ReaderGoneError: Nobody reads them any more.
        ExportError: They cannot be written, e.g. to a file on a disk that is full.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        _give_up(error)


def _give_up(error: OSError) -> NoReturn:
    _let_go(sys.stdout)
    # Windows has another word for a pipe that nobody reads any more.
    if isinstance(error, BrokenPipeError) or error.errno == errno.EINVAL:
        raise ReaderGoneError from error
    raise ExportError(
        "The results cannot be written.", "Make room on the disk, or send them elsewhere."
    ) from error


def say_line(line: str) -> None:
    """One line for people, on standard error."""
    say(sys.stderr, line + "\n")


def say(stream: TextIO, words: str) -> None:
    """Words for people, at once; that nobody reads them ends no work."""
    try:
        stream.write(words)
        stream.flush()
    except OSError:
        _let_go(stream)


def _let_go(stream: TextIO) -> None:
    """Let what is still written go nowhere; Python would complain of it when it closes."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def make_output_safe() -> None:
    """Print what a terminal's encoding lacks as `?`, instead of failing half-way through."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
