"""Further pretraining of a base encoder: on the domain's passages, then on the task's own texts.

Source: Gururangan et al. 2020, sections 3 and 4 (domain- and task-adaptive pretraining).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from torch import nn

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.training_protocol import RunStarted, StageStarted
from trainer.adaptation.masked_language import load_masked_language, write_encoder
from trainer.adaptation.masked_training import AdaptationConfig, AdaptationHooks, Computing, Phase
from trainer.adaptation.masking import MaskingPieces
from trainer.adaptation.packed_texts import PieceStream
from trainer.learning.checkpoint import Checkpoint
from trainer.networks.base_encoder import check_base_encoder
from trainer.process.device import repeat_exactly
from trainer.running.estimate import free_bytes


def adapt(
    config: AdaptationConfig,
    streams: Sequence[PieceStream],
    *,
    base: Path,
    out: Path,
    work: Path,
    is_half: bool,
    computing: Computing,
    hooks: AdaptationHooks,
) -> None:
    """Pretrain the encoder in `base` phase by phase and write the folder `out`.

    Args:
        config: Phases and their settings.
        streams: What each phase reads, in order.
        base: The encoder to begin from.
        out: The new encoder's folder; it must be missing or empty.
        work: Where the checkpoint lies; with the same folder a stopped run goes on.
        is_half: Whether weights are stored in float16.
        computing: Device and compilation.
        hooks: What is told and asked.

    Raises:
        TrainingError: The encoder, a folder or the texts cannot be used, the disk has not enough
            room, memory is short, or training diverged.
        Cancelled: The user stopped it; it can be resumed.
    """
    check_base_encoder(base, max_tokens=config.window)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise TrainingError(
            "There is something at the place of the new encoder.", "Name a new folder."
        )
    pieces = MaskingPieces.of(Tokenizer.from_file(str(base / "tokenizer.json")))
    network = load_masked_language(base, dropout=config.dropout, seed=config.seed)
    if pieces.vocabulary > network.vocabulary:
        raise TrainingError(
            "The base encoder's tokenizer has more pieces than its weights.",
            "Choose another base encoder.",
        )
    repeat_exactly(computing.device)
    network.to(computing.device).train()
    hooks.emit(RunStarted(0, sum(stream.texts for stream in streams), computing.device.type))
    saved = _Saved(work / "adaptation.checkpoint", _about(config, streams, base), network)
    done, progress = saved.restore()
    if (done, progress) == (0, None):
        _require_room(network, work)
    if computing.is_compiled:
        network.compile(dynamic=False)
    for number, stream in enumerate(streams):
        hooks.emit(StageStarted(number + 1, len(streams), config.phases[number].name))
        if number < done:
            continue
        phase = Phase(
            number,
            network,
            config=config,
            computing=computing,
            hooks=hooks,
            save=partial(saved.keep, number),
        )
        phase.run(stream, pieces, progress if number == done else None)
        saved.keep(number + 1, None)
    write_encoder(network.encoder, base, out, is_half=is_half, about=saved.about)


def _require_room(network: nn.Module, work: Path) -> None:
    """For three checkpoints, each of the weights and AdamW's two moments, and the new encoder."""
    weights = sum(x.numel() * x.element_size() for x in network.state_dict().values())
    needed, free = 10 * weights, free_bytes(work)
    if free < needed:
        raise TrainingError(
            f"The disk has {free / 1e9:.1f} GB free, and this pretraining needs "
            f"{needed / 1e9:.1f} GB.",
            "Free some space, or name a work folder on another disk.",
        )


class _Saved:
    """The checkpoints of one adaptation, which no other may take up."""

    def __init__(self, path: Path, about: str, network: nn.Module) -> None:
        self._checkpoint = Checkpoint(path)
        self.about = about
        self._network = network

    def restore(self) -> tuple[int, dict[str, Any] | None]:
        """Load the network where it was saved; how many phases are done, and how far the next."""
        state = self._checkpoint.load()
        if state is None:
            return 0, None
        if state["about"] != self.about:
            raise TrainingError(
                "The work folder holds another adaptation.",
                "Name a new work folder, or go on with the options and texts it was begun with.",
            )
        self._network.load_state_dict(state["network"])
        return int(state["phases_done"]), state["progress"]

    def keep(self, phases_done: int, progress: dict[str, Any] | None) -> None:
        state = {
            "about": self.about,
            "phases_done": phases_done,
            "progress": progress,
            "network": self._network.state_dict(),
        }
        self._checkpoint.save(state)


def _about(config: AdaptationConfig, streams: Sequence[PieceStream], base: Path) -> str:
    """What the outcome depends on, as one line of JSON."""
    facts: dict[str, Any] = dataclasses.asdict(config)
    facts["texts"] = [stream.source for stream in streams]
    facts["base"] = sha256((base / "model.safetensors").read_bytes()).hexdigest()
    return json.dumps(facts, sort_keys=True)
