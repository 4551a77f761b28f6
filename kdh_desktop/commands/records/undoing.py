"""What people did to records: taken back, done again, listed."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from kdh_desktop.commands.outcome_words import records_words
from kdh_desktop.commands.output import print_json, print_line
from kdh_desktop.commands.parser import Commands, whole_number
from kdh_desktop.commands.records.opening import open_store
from kdh_desktop.core.errors import InputError
from kdh_desktop.core.paths import AppPaths

if TYPE_CHECKING:
    from kdh_desktop.core.records.stored import Operation

_SHOWN = 20


def add_undoing(group: Commands) -> None:
    """Add the commands."""
    for name, words in (
        ("undo", "take back the last thing that was done"),
        ("redo", "do again what was taken back last"),
    ):
        parser = group.add_parser(name, help=words, allow_abbrev=False)
        parser.add_argument(
            "--times", type=whole_number, default=1, metavar="N", help="so many of them"
        )
        parser.set_defaults(command=_undo if name == "undo" else _redo)
    history = group.add_parser(
        "history", help="list what was done, latest first", allow_abbrev=False
    )
    history.add_argument(
        "--limit", type=whole_number, default=_SHOWN, metavar="N", help="at most so many"
    )
    history.add_argument("--json", action="store_true", help="print one JSON object a line")
    history.set_defaults(command=_history)


def _undo(arguments: argparse.Namespace, paths: AppPaths) -> int:
    with open_store(paths) as store:
        done = _some(store.undo, arguments.times)
    if not done and arguments.times > 0:
        raise InputError("There is nothing to take back.", "See `kdh records history`.")
    for one in done:
        print_line(f"Taken back: {_words(one)}")
    return 0


def _redo(arguments: argparse.Namespace, paths: AppPaths) -> int:
    with open_store(paths) as store:
        done = _some(store.redo, arguments.times)
    if not done and arguments.times > 0:
        raise InputError("There is nothing to do again.", "See `kdh records history`.")
    for one in done:
        print_line(f"Done again: {_words(one)}")
    return 0


def _some(step: Callable[[], Operation | None], times: int) -> list[Operation]:
    """Take some steps, fewer where there are no more; gives what was done."""
    done: list[Operation] = []
    for _ in range(times):
        one = step()
        if one is None:
            break
        done.append(one)
    return done


def _history(arguments: argparse.Namespace, paths: AppPaths) -> int:
    with open_store(paths) as store:
        operations = store.operations(arguments.limit)
    for one in operations:
        if arguments.json:
            print_json(
                id=one.id,
                utc=one.utc,
                kind=str(one.kind),
                records=one.records,
                first_record=one.first_record,
                undone=one.is_undone,
            )
        else:
            print_line(f"{one.utc}  {_words(one)}{' (taken back)' if one.is_undone else ''}")
    return 0


def _words(one: Operation) -> str:
    return f"{str(one.kind).replace('_', ' ')}, {records_words(one.records)}"
