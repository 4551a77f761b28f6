"""The door of `kdh-desktop`: look whether a window can open, then open it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from kdh_desktop import __version__
from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.prerequisites import check_window_can_open

_USAGE = """\
usage: kdh-desktop [--version] [--help]

Opens the window. In a terminal without a display, use `kdh classify`.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window and stay until it closes.

    Args:
        argv: Arguments without the program's name; those of Qt are passed on to Qt.

    Returns:
        The exit code: 0, or 2 where the window cannot open.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if "--help" in arguments or "-h" in arguments:
        sys.stdout.write(_USAGE)
        return 0
    if "--version" in arguments:
        sys.stdout.write(f"kdh-desktop {__version__}\n")
        return 0
    try:
        check_window_can_open(os.environ, arguments)
        paths = AppPaths.default()
    except KdhError as error:
        sys.stderr.write(f"kdh-desktop: {error}\n")
        return error.exit_code
    from kdh_desktop.gui.app import run

    return run(paths, arguments)


if __name__ == "__main__":
    sys.exit(main())
