"""Short commands that a program drives end when that program does."""

from __future__ import annotations

import argparse
import os
import sys
import threading

from kdh_desktop.core.errors import Cancelled


def add_parent_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that ties a short command to the program which started it."""
    parser.add_argument(
        "--controlled", action="store_true", help="end when stdin ends, without an answer"
    )


def end_with_parent(arguments: argparse.Namespace) -> None:
    """Where it was asked for, end this process as soon as its stdin ends.

    Nothing is written by such a command, so that it may simply stop.
    """
    if arguments.controlled:
        threading.Thread(target=_wait_for_end, daemon=True).start()


def _wait_for_end() -> None:
    # Not sys.stdin: a thread that waits in it would keep the interpreter from ending.
    while os.read(0, 4096):
        pass
    sys.stderr.flush()
    os._exit(Cancelled.exit_code)
