"""The door of `kdh-desktop`: look whether a window can open, or is open, then open it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from kdh_desktop import __version__
from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.first_instance import FirstInstance, Visit, become_first, hand_over
from kdh_desktop.prerequisites import check_window_can_open

_USAGE = """\
usage: kdh-desktop [--version] [--help] [FILE | FOLDER ...]

Opens the window and takes in the files. Where it is open already, it gets them.
In a terminal without a display, use `kdh classify`.
"""

_QT_OPTIONS_WITH_VALUE = frozenset(
    "display fontengine geometry icon name platform platformpluginpath platformtheme plugin "
    "qwindowgeometry qwindowicon qwindowtitle session style stylesheet title".split()
)


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window and stay until it closes.

    Args:
        argv: Arguments without the program's name; those of Qt are passed on to Qt.

    Returns:
        The exit code: 0, or 2 where the window cannot open.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if "--help" in arguments or "-h" in arguments:
        _say(sys.stdout, _USAGE)
        return 0
    if "--version" in arguments:
        _say(sys.stdout, f"kdh-desktop {__version__}\n")
        return 0
    try:
        check_window_can_open(os.environ, arguments)
        paths = AppPaths.default()
    except KdhError as error:
        _say(sys.stderr, f"kdh-desktop: {error}\n")
        return error.exit_code
    files, options = split_arguments(arguments)
    try:
        first = become_first(paths.data)
    except OSError:
        # Nothing can be stored then, but a text can still be classified.
        return _open_window(paths, options, files=files)
    if first is not None:
        return _open_window(paths, options, files=files, first=first)
    try:
        hand_over(paths.data, Visit.of(files, os.environ))
    except KdhError as error:
        _say(sys.stderr, f"kdh-desktop: {error}\n")
        from kdh_desktop.gui.app import show_failure

        show_failure(error, options)
        return error.exit_code
    return 0


def _say(stream: TextIO | None, words: str) -> None:
    """Words for a terminal; where Windows opens a window by itself there is none."""
    if stream is not None:
        stream.write(words)


def _open_window(
    paths: AppPaths,
    options: Sequence[str],
    *,
    files: Sequence[Path],
    first: FirstInstance | None = None,
) -> int:
    from kdh_desktop.gui.app import run

    return run(paths, options, files=files, first=first)


def split_arguments(arguments: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Tell files to take in from options, which are Qt's."""
    files: list[Path] = []
    options: list[str] = []
    rest = iter(arguments)
    for word in rest:
        if word == "--":
            files += map(Path, rest)
        elif not word.startswith("-"):
            files.append(Path(word))
        else:
            options.append(word)
            if word.lstrip("-") in _QT_OPTIONS_WITH_VALUE:
                options += [value for value in [next(rest, None)] if value is not None]
    return files, options


if __name__ == "__main__":
    sys.exit(main())
