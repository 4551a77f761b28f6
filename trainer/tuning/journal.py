"""Every evaluation on a line of its own, so that a killed search goes on without losing one."""

from __future__ import annotations

import json
import os
from pathlib import Path

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import build, parse_json, to_json_value
from trainer.tuning.positions import Evaluation, Values, key_of


class Journal:
    """Evaluations by their position, in memory and in a file that only grows."""

    def __init__(self, path: Path, *, fingerprint: str) -> None:
        """Take up the journal at `path`, or begin it.

        A last line that was not written to its end is cut off: that evaluation is made again.

        Args:
            path: A file of JSON lines.
            fingerprint: What evaluations depend on beside the position.

        Raises:
            TrainingError: The file is the journal of something else, or damaged.
        """
        self._path = path
        self._found: dict[str, Evaluation] = {}
        try:
            self._take_up(self._whole_lines(), fingerprint)
        except (ValueError, TypeError) as error:
            raise TrainingError(
                "The journal of the tuning is damaged.",
                "Begin a new training in a folder of its own.",
            ) from error

    def find(self, values: Values) -> Evaluation | None:
        """What was found at a position, if it was judged before."""
        return self._found.get(key_of(values))

    def add(self, evaluation: Evaluation) -> None:
        """Keep an evaluation; when this returns no kill can lose it."""
        self._append(to_json_value(evaluation))
        self._found[key_of(evaluation.values)] = evaluation

    def __len__(self) -> int:
        return len(self._found)

    def _take_up(self, lines: list[str], fingerprint: str) -> None:
        if not lines:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._append({"fingerprint": fingerprint})
        elif parse_json(lines[0]) != {"fingerprint": fingerprint}:
            raise TrainingError(
                "The work folder holds the tuning of another configuration, corpus or encoder.",
                "Begin a new training in its own folder, or go on with what this was begun with.",
            )
        for line in lines[1:]:
            evaluation = build(Evaluation, parse_json(line), "evaluation")
            self._found[key_of(evaluation.values)] = evaluation

    def _append(self, value: object) -> None:
        data = json.dumps(value, allow_nan=False).encode() + b"\n"
        with self._path.open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def _whole_lines(self) -> list[str]:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return []
        whole, newline, torn = data.rpartition(b"\n")
        if torn:
            with self._path.open("r+b") as file:
                file.truncate(len(whole) + len(newline))
        return whole.decode().splitlines()
