"""Events read back in bulk, from a run's file or from its process: most are never parsed.

Nearly all of a long run's lines tell anew what the line before told, so that they can be skipped
unread: eight hours of events fold in a moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.training_progress import RunProgress, apply
from kdh_desktop.core.training_protocol import Envelope, from_line

MAX_LINE = 1_000_000
"""Bytes that an event has at most; the largest are positions of a swarm, of a few hundred."""

# As `to_line` writes them. No text can hold them: the quotes in it would be escaped.
_BATCHES = b'"event": "BatchesDone"'
_SCORED = b'"event": "TextsScored"'


def without_overtaken_lines(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Leave out lines whose very next line tells anew what they tell."""
    held, held_kind = b"", b""
    for line in lines:
        kind = _BATCHES if _BATCHES in line else _SCORED if _SCORED in line else b""
        if held and kind != held_kind:
            yield held
        held, held_kind = (line, kind) if kind else (b"", b"")
        if not kind:
            yield line
    if held:
        yield held


@dataclass(frozen=True, slots=True)
class FoldedLines:
    """What lines came to.

    Attributes:
        progress: Where the run stands after them.
        strange: How many lines were no events.
    """

    progress: RunProgress
    strange: int = 0


def fold_lines(progress: RunProgress, lines: Iterable[bytes]) -> FoldedLines:
    """Where a run stands after more lines of its own; what is no event is passed over.

    Args:
        progress: Where it stood.
        lines: Without their ends.
    """
    strange = 0
    for line in without_overtaken_lines(lines):
        envelope = _envelope(line)
        if envelope is None:
            strange += 1
        else:
            progress = apply(progress, envelope)
    return FoldedLines(progress, strange)


def read_events(path: Path) -> FoldedLines:
    """Fold the file of a run; half a line at its end, as a kill leaves it, is passed over.

    Raises:
        OSError: It cannot be read.
    """
    *lines, _ = path.read_bytes().split(b"\n")
    return fold_lines(RunProgress(), lines)


def _envelope(line: bytes) -> Envelope | None:
    if len(line) > MAX_LINE:
        return None
    try:
        return from_line(line.decode("utf-8"))
    except (UnicodeDecodeError, TrainingError):
        return None


class LineSplitter:
    """Lines out of a stream that may be cut anywhere, in bounded memory."""

    def __init__(self) -> None:
        self._held = b""
        self._is_passing_over = False

    def lines(self, data: bytes) -> list[bytes]:
        """The lines that are whole with this piece; one without end is given as an empty line."""
        *whole, self._held = (self._held + data).split(b"\n")
        if whole and self._is_passing_over:
            self._is_passing_over = False
            whole[0] = b""
        if len(self._held) > MAX_LINE:
            self._held = b""
            self._is_passing_over = True
        return whole
