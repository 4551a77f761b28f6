"""Records that seem to be one, found and merged; and records taken out."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kdh_desktop.commands.interrupts import stopping_on_interrupt
from kdh_desktop.commands.outcome_words import records_words
from kdh_desktop.commands.output import print_json, print_line
from kdh_desktop.commands.parser import Commands, whole_number
from kdh_desktop.commands.progress import ProgressLine
from kdh_desktop.commands.records.opening import open_store
from kdh_desktop.core.errors import InputError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.records.record_filter import RecordFilter
from kdh_desktop.terminal import printable

if TYPE_CHECKING:
    from kdh_desktop.core.records.record_store import RecordStore
    from kdh_desktop.core.records.stored import DuplicateGroup

_SHOWN_CHARACTERS = 70
_REASONS = ("pmid", "doi", "text")


def add_merging(group: Commands) -> None:
    """Add the commands."""
    duplicates = group.add_parser(
        "duplicates", help="find records that seem to be one", allow_abbrev=False
    )
    duplicates.add_argument("--merge", action="store_true", help="make one record of each group")
    duplicates.add_argument(
        "--reason",
        action="append",
        default=[],
        choices=_REASONS,
        help="only groups that share this",
    )
    duplicates.add_argument("--json", action="store_true", help="print one JSON object a line")
    duplicates.set_defaults(command=_duplicates)

    remove = group.add_parser("remove", help="take records out of all lists", allow_abbrev=False)
    remove.add_argument("ids", nargs="+", type=whole_number, metavar="ID")
    remove.set_defaults(command=_remove)


def _duplicates(arguments: argparse.Namespace, paths: AppPaths) -> int:
    line = ProgressLine()
    with stopping_on_interrupt() as should_stop, open_store(paths) as store:
        try:
            found = store.find_duplicates(
                on_progress=lambda share: line.show(f"Compared {100 * share:.0f} %"),
                should_stop=should_stop,
            )
        finally:
            line.clear()
        groups = [one for one in found if not arguments.reason or one.reason in arguments.reason]
        lines = [] if arguments.json else [x for one in groups for x in _group_lines(store, one)]
        if arguments.merge and groups:
            store.merge(groups)
    if arguments.json:
        for one in groups:
            print_json(records=list(one.records), reason=one.reason, similarity=one.similarity)
    for words in lines:
        print_line(words)
    if not arguments.json:
        print_line(_count_words(groups, is_merged=arguments.merge))
    return 0


def _group_lines(store: RecordStore, group: DuplicateGroup) -> Iterator[str]:
    yield f"Same {group.reason} ({100 * group.similarity:.0f} % alike)"
    for row in store.rows(group.records):
        yield f"{row.id:>7}  {row.year or '    '}  {printable(row.title)[:_SHOWN_CHARACTERS]}"


def _count_words(groups: Sequence[DuplicateGroup], *, is_merged: bool) -> str:
    records = sum(len(group.records) for group in groups)
    verb = "merged" if is_merged else "found"
    what = "1 group" if len(groups) == 1 else f"{len(groups):,} groups"
    return f"{what} of {records_words(records)} {verb}."


def _remove(arguments: argparse.Namespace, paths: AppPaths) -> int:
    ids = sorted(set(arguments.ids))
    with open_store(paths) as store:
        require_known(store, ids)
        store.remove_records(ids)
    print_line(f"{records_words(len(ids))} removed.")
    return 0


def require_known(store: RecordStore, ids: Sequence[int]) -> None:
    """Refuse ids that no list shows, those of removed and merged records among them.

    Raises:
        InputError: One of them is none.
    """
    if store.count(RecordFilter(ids=tuple(set(ids)))) < len(set(ids)):
        raise InputError("One of the records is not there.", "See `kdh records list`.")
