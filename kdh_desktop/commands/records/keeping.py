"""Backups of the records."""

from __future__ import annotations

import argparse

from kdh_desktop.commands.interrupts import stopping_on_interrupt
from kdh_desktop.commands.output import print_json, print_line
from kdh_desktop.commands.parser import Commands, whole_number
from kdh_desktop.commands.records.opening import open_store
from kdh_desktop.core.errors import InputError
from kdh_desktop.core.paths import AppPaths


def add_keeping(group: Commands) -> None:
    """Add the commands."""
    backup = group.add_parser("backup", help="make a backup and check it", allow_abbrev=False)
    backup.set_defaults(command=_backup)

    backups = group.add_parser("backups", help="list the backups, latest first", allow_abbrev=False)
    backups.add_argument("--json", action="store_true", help="print one JSON object a line")
    backups.set_defaults(command=_backups)

    restore = group.add_parser(
        "restore", help="put a backup in the place of the records", allow_abbrev=False
    )
    restore.add_argument(
        "number",
        metavar="N",
        type=whole_number,
        help="as `kdh records backups` says; 1 is the latest",
    )
    restore.set_defaults(command=_restore)


def _backup(_arguments: argparse.Namespace, paths: AppPaths) -> int:
    with stopping_on_interrupt() as should_stop, open_store(paths) as store:
        made = store.back_up(should_stop)
    if made is not None:
        print_line(f"Backup of {made.made:%Y-%m-%d %H:%M:%S} UTC made and checked.")
    return 0


def _backups(arguments: argparse.Namespace, paths: AppPaths) -> int:
    from kdh_desktop.core.records.backups import list_backups

    for number, one in enumerate(list_backups(paths.records), start=1):
        if arguments.json:
            print_json(
                number=number, made_utc=one.made.isoformat(), kind=str(one.kind), size=one.size
            )
        else:
            made = f"{one.made:%Y-%m-%d %H:%M:%S} UTC"
            print_line(f"{number:>3}  {made}  {one.size / 1e6:>8.1f} MB  {one.kind}")
    return 0


def _restore(arguments: argparse.Namespace, paths: AppPaths) -> int:
    from kdh_desktop.core.records.backups import list_backups, restore_backup

    backups = list_backups(paths.records)
    if not 1 <= arguments.number <= len(backups):
        raise InputError("There is no backup of that number.", "See `kdh records backups`.")
    chosen = backups[arguments.number - 1]
    restore_backup(paths.records, chosen)
    print_line(
        f"The records are those of {chosen.made:%Y-%m-%d %H:%M:%S} UTC; what was there lies aside."
    )
    return 0
