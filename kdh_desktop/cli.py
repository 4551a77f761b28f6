"""The command line, `kdh`: the same core as the window, without Qt.

Exit codes: 0 done, 2 bad input, 3 cancelled, 4 verification failed; anything else is a bug.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from kdh_desktop import __version__
from kdh_desktop.commands.audit import add_audit
from kdh_desktop.commands.bulk import add_bulk
from kdh_desktop.commands.classify import add_classify
from kdh_desktop.commands.models import add_models
from kdh_desktop.commands.output import (
    ReaderGoneError,
    flush_lines,
    make_output_safe,
    say_line,
)
from kdh_desktop.commands.parser import EPILOG, CommandParser
from kdh_desktop.commands.records.group import add_records
from kdh_desktop.commands.selfcheck import add_selfcheck
from kdh_desktop.core.errors import Cancelled, KdhError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.terminal import printable

_DESCRIPTION = "Sorts biomedical texts by the ten Hallmarks of Cancer. Nothing leaves this machine."


def main(argv: Sequence[str] | None = None, paths: AppPaths | None = None) -> int:
    """Run one command.

    Args:
        argv: Arguments without the program's name; those of the process by default.
        paths: Folders of the installation; those of this user by default.

    Returns:
        The exit code.
    """
    make_output_safe()
    code = _run(argv, paths)
    try:
        flush_lines()
    except ReaderGoneError:
        return code
    except KdhError as error:
        say_line(f"kdh: {error}")
        return code or error.exit_code
    return code


def _run(argv: Sequence[str] | None, paths: AppPaths | None) -> int:
    try:
        arguments = _parser().parse_args(argv)
        return int(arguments.command(arguments, paths or AppPaths.default()))
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 2
    except KdhError as error:
        say_line(f"kdh: {printable(str(error))}")
        return error.exit_code
    except KeyboardInterrupt:
        say_line("kdh: Stopped.")
        return Cancelled.exit_code
    except ReaderGoneError:
        return 0


def _parser() -> CommandParser:
    parser = CommandParser(prog="kdh", description=_DESCRIPTION, epilog=EPILOG, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"kdh {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add_command in (
        *(add_classify, add_bulk, add_records),
        *(add_models, add_audit, add_selfcheck),
    ):
        add_command(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
