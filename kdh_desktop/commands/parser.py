"""How arguments are read, and how `kdh` says that it does not understand them."""

from __future__ import annotations

import argparse
from typing import NoReturn, TypeAlias

from kdh_desktop.commands.output import say_line

EPILOG = (
    "Research use only, not for diagnosis.\n"
    "Exit codes: 0 done, 2 bad input, 3 cancelled, 4 verification failed."
)


_TOO_LARGE = 2**63


class CommandParser(argparse.ArgumentParser):
    """Says what is wrong in one sentence; arguments may be texts, so none is repeated."""

    def error(self, message: str) -> NoReturn:
        """Leave with code 2."""
        kind, _, names = message.partition(": ")
        match kind:
            case "the following arguments are required":
                what = f"{names} is missing"
            case "unrecognized arguments":
                what = "An option is not known; a text that begins with a dash goes after --"
            case _:
                what = "An argument is not understood"
        say_line(f"kdh: {what}. See `{self.prog} --help`.")
        raise SystemExit(2)


def whole_number(text: str) -> int:
    """An argument that is a whole number, as long as a database can hold it."""
    number = int(text)
    if abs(number) >= _TOO_LARGE:
        raise ValueError("too large")
    return number


Commands: TypeAlias = "argparse._SubParsersAction[CommandParser]"  # noqa: SLF001 - has no other name
"""Where a command adds itself."""
