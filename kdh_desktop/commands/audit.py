"""`kdh audit`: look whether the audit log is what was written."""

from __future__ import annotations

import argparse

from kdh_desktop.commands.output import print_line
from kdh_desktop.commands.parser import Commands
from kdh_desktop.core.audit_log import AuditLog
from kdh_desktop.core.errors import VerificationError
from kdh_desktop.core.paths import AppPaths


def add_audit(commands: Commands) -> None:
    """Add the command."""
    audit = commands.add_parser("audit", help="verify the audit log", allow_abbrev=False)
    audit_commands = audit.add_subparsers(required=True, metavar="COMMAND")
    verify = audit_commands.add_parser(
        "verify",
        help="check that no entry was changed, dropped or put in",
        allow_abbrev=False,
    )
    verify.set_defaults(command=_verify)


def _verify(_arguments: argparse.Namespace, paths: AppPaths) -> int:
    report = AuditLog(paths.audit).verify()
    if report.first_bad is not None:
        raise VerificationError(
            f"Entry {report.first_bad} of the audit log is not what was written; "
            f"the {report.entries} before it are sound.",
            "Compare the file with its backup.",
        )
    entries = "1 entry" if report.entries == 1 else f"{report.entries} entries"
    print_line(f"The audit log is sound: {entries}.")
    print_line(f"Head {report.head}")
    return 0
