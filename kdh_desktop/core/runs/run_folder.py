"""What a run is asked to do, and where its folder keeps what."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from kdh_desktop.core.corpus_source import CorpusSource
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import build, parse_json, to_json_value
from kdh_desktop.core.training_config import RunConfig


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a run is asked to do, with the places of its texts.

    Attributes:
        config: The recipe.
        corpus: Texts to learn from.
        judged: Texts to be judged on; where there are none, the recipe's share is kept back.
        transfer: File of unlabelled texts, JSON lines, or None.
        encoder: Folder of the base encoder, or None for the one that ships with the program.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        teacher: Folder of a finished model that teaches, where the recipe says so.
    """

    config: RunConfig
    corpus: tuple[CorpusSource, ...]
    judged: tuple[CorpusSource, ...] = ()
    transfer: str | None = None
    encoder: str | None = None
    device: str = "auto"
    teacher: str | None = None


def request_to_json(request: RunRequest) -> str:
    """A request as indented JSON."""
    values = to_json_value(request)
    return json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def request_from_json(text: str) -> RunRequest:
    """Read what `request_to_json` wrote.

    Raises:
        TrainingError: It is no request; the message names the field.
    """
    try:
        return build(RunRequest, parse_json(text), "request")
    except (ValueError, TypeError) as error:
        raise TrainingError(
            f"What the run was asked to do cannot be read: {error}.",
            "Delete this run and start another one.",
        ) from error


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where one run keeps what.

    Attributes:
        folder: The run's own folder; its name is the run's id.
    """

    folder: Path

    @property
    def id(self) -> str:
        """The run's id."""
        return self.folder.name

    @property
    def request(self) -> Path:
        """What was asked: a `RunRequest` as JSON."""
        return self.folder / "request.json"

    @property
    def about(self) -> Path:
        """When it was made, and the title that somebody gave it, as JSON."""
        return self.folder / "about.json"

    @property
    def ending(self) -> Path:
        """How its process ended the last time, as JSON; not there while it goes on."""
        return self.folder / "ended.json"

    @property
    def work(self) -> Path:
        """The trainer's work folder, with checkpoints and ``events.jsonl``."""
        return self.folder / "work"

    @property
    def events(self) -> Path:
        """What the run told, one line an event."""
        return self.work / "events.jsonl"

    @property
    def lock(self) -> Path:
        """Held by the process that trains."""
        return self.work / "lock"

    @property
    def log(self) -> Path:
        """What the process wrote beside its events; it may name files."""
        return self.work / "log.txt"

    @property
    def candidate(self) -> Path:
        """The bundle that the run wrote, once it has."""
        return self.folder / "candidate"

    @property
    def has_candidate(self) -> bool:
        """Whether there is a bundle."""
        return (self.candidate / "manifest.json").is_file()

    @property
    def private_key(self) -> Path:
        """The key that signs the candidate, and nothing else."""
        return self.folder / "keys" / "run.key"

    @property
    def public_key(self) -> Path:
        """The public half of the key that signs the candidate."""
        return self.folder / "keys" / "run.pub"
