"""What `kdh` prints, and where it stops printing."""

from __future__ import annotations

import json
import sys


def print_line(line: str) -> None:
    """One line of results."""
    sys.stdout.write(line + "\n")


def print_json(**values: object) -> None:
    """One JSON object as a line of results."""
    print_line(json.dumps(values))


def make_output_safe() -> None:
    """Print what a terminal's encoding lacks as `?`, instead of failing half-way through."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
