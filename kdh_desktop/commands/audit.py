"""`kdh audit`: read the audit log, and look whether it is what was written."""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kdh_desktop.commands.output import print_json, print_line
from kdh_desktop.commands.parser import Commands, whole_number
from kdh_desktop.core.audit_log import AuditLog
from kdh_desktop.core.errors import InputError, VerificationError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.terminal import printable

if TYPE_CHECKING:
    from kdh_desktop.core.audit_log import AuditEntry


def add_audit(commands: Commands) -> None:
    """Add the command."""
    audit = commands.add_parser("audit", help="read and verify the audit log", allow_abbrev=False)
    audit_commands = audit.add_subparsers(required=True, metavar="COMMAND")
    verify = audit_commands.add_parser(
        "verify",
        help="check that no entry was changed, dropped or put in",
        allow_abbrev=False,
    )
    verify.add_argument(
        "--head",
        metavar="HASH",
        help="a head that a report prints: check also that its entry is still there",
    )
    verify.set_defaults(command=_verify)
    show = audit_commands.add_parser("show", help="list the entries", allow_abbrev=False)
    show.add_argument("--json", action="store_true", help="print one JSON object a line")
    show.add_argument("--last", type=whole_number, metavar="N", help="only the last N entries")
    show.set_defaults(command=_show)


def _verify(arguments: argparse.Namespace, paths: AppPaths) -> int:
    log = AuditLog(paths.audit)
    report = log.verify()
    if report.first_bad is not None:
        raise VerificationError(
            f"Entry {report.first_bad} of the audit log is not what was written; "
            f"the {report.entries} before it are sound.",
            "Compare the file with its backup.",
        )
    place = None if arguments.head is None else log.holds(arguments.head)
    if arguments.head is not None and place is None:
        raise VerificationError(
            "No entry of the audit log has that head: entries are missing, or the log is another.",
            "Compare the file with its backup, and the head with the report.",
        )
    entries = "1 entry" if report.entries == 1 else f"{report.entries} entries"
    print_line(f"The audit log is sound: {entries}.")
    print_line(f"Head {report.head}")
    if place is not None:
        print_line(f"The given head is that of entry {place}, and nothing before it was changed.")
    return 0


def _show(arguments: argparse.Namespace, paths: AppPaths) -> int:
    if arguments.last is not None and arguments.last < 1:
        raise InputError("So many entries cannot be listed.", "Give --last a number from 1.")
    entries: Iterable[AuditEntry] = AuditLog(paths.audit).entries()
    if arguments.last is not None:
        entries = deque(entries, maxlen=arguments.last)
    for entry in entries:
        if arguments.json:
            print_json(
                number=entry.number,
                utc=entry.utc,
                actor=entry.actor,
                action=str(entry.action),
                details=dict(entry.details),
                hash=entry.hash,
            )
        else:
            details = " ".join(f"{name}={value}" for name, value in entry.details)
            cells = (entry.utc, entry.actor, str(entry.action), details)
            print_line("  ".join([f"{entry.number:>6}", *map(printable, cells)]).rstrip())
    return 0
