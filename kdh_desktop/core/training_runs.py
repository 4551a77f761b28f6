"""The training runs of this installation, a folder each: what was asked, and what came of it.

A run's folder holds `request.json`, the run's own signing key, the trainer's work folder with
`events.jsonl`, and the candidate. The trainer is given the folder alone, so that no name of a
user's file stands in an argument list.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kdh_desktop.core.corpus_source import CorpusSource
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
    """

    config: RunConfig
    corpus: tuple[CorpusSource, ...]
    judged: tuple[CorpusSource, ...] = ()
    transfer: str | None = None
    encoder: str | None = None
    device: str = "auto"


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
    def work(self) -> Path:
        """The trainer's work folder, with checkpoints and ``events.jsonl``."""
        return self.folder / "work"

    @property
    def events(self) -> Path:
        """What the run told, one line an event."""
        return self.work / "events.jsonl"

    @property
    def candidate(self) -> Path:
        """The bundle that the run wrote, once it has."""
        return self.folder / "candidate"

    @property
    def public_key(self) -> Path:
        """The public half of the key that signs the candidate."""
        return self.folder / "keys" / "run.pub"
