"""Speed of training: our loop beside the Trainer of transformers, in turns, in one table."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kdh_desktop.core.errors import TrainingError
from trainer.bench.child import Child
from trainer.bench.shapes import MINILM, Shape
from trainer.bench.table import Row, Spread, with_ratios
from trainer.process.allocator import SETTINGS

OURS = "our loop"
TRAINER = "Trainer of transformers"
GROUPED = "the same, grouped by length"
ALL_OURS = "the same, our network and allocator too"

_CONTESTANT = "trainer.bench.contestant"

_ALLOCATOR: Mapping[str, str | None] = SETTINGS
_NO_ALLOCATOR: Mapping[str, str | None] = dict.fromkeys(SETTINGS)


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What to train, and how thoroughly to measure.

    Attributes:
        tokenizer: Word pieces to encode the texts with, a `tokenizer.json`.
        device: `cpu` or `cuda`.
        texts: Abstracts in a round; a multiple of `batch_size`.
        rounds: Turns of each contestant.
        batch_size: Abstracts in a step.
        shape: Shape of the network.
    """

    tokenizer: Path
    device: str = "cpu"
    texts: int = 128
    rounds: int = 5
    batch_size: int = 8
    shape: Shape = MINILM


def run_training_bench(plan: TrainingPlan, *, say: Callable[[str], None]) -> list[Row]:
    """Measure; takes minutes. All contestants train the same weights on the same texts.

    Args:
        plan: What to measure.
        say: Told what is going on.

    Returns:
        The rows of the table: steps and word pieces a second, over the Trainer's.

    Raises:
        TrainingError: The Trainer lacks a package.
    """
    if find_spec("accelerate") is None:
        raise TrainingError(
            "The Trainer of transformers needs a package that is not installed: accelerate.",
            "Install this program with its extra 'dev'.",
        )
    with TemporaryDirectory(prefix="kdh-bench-") as scratch, ExitStack() as stack:
        say("random weights")
        _write_encoder(plan, Path(scratch))
        task = {
            "encoder": scratch,
            "device": plan.device,
            "texts": plan.texts,
            "batch_size": plan.batch_size,
            "max_tokens": plan.shape.positions,
        }
        children: dict[str, Child] = {}
        for name, (spec, environ) in _CONTESTANTS.items():
            say(f"start: {name}")
            children[name] = stack.enter_context(Child(_CONTESTANT, environ=environ))
            children[name].tell({**spec, "task": task})
            children[name].ask("round")  # warms it up
        paces: dict[str, list[dict[str, Any]]] = {name: [] for name in children}
        for turn in range(plan.rounds):
            for name, child in children.items():
                say(f"round {turn + 1} of {plan.rounds}: {name}")
                paces[name].append(child.ask("round"))
        memory = {name: child.ask("memory") for name, child in children.items()}
    return rows_of(paces, memory)


_TRAINER_AS_IT_COMES = {"kind": "trainer", "is_grouped": False, "is_our_network": False}

_CONTESTANTS: Mapping[str, tuple[Mapping[str, object], Mapping[str, str | None]]] = {
    OURS: ({"kind": "training_loop"}, _ALLOCATOR),
    TRAINER: (_TRAINER_AS_IT_COMES, _NO_ALLOCATOR),
    GROUPED: ({**_TRAINER_AS_IT_COMES, "is_grouped": True}, _NO_ALLOCATOR),
    # What is left between this one and ours is the loop itself.
    ALL_OURS: ({"kind": "trainer", "is_grouped": True, "is_our_network": True}, _ALLOCATOR),
}


def rows_of(
    paces: Mapping[str, list[dict[str, Any]]], memory: Mapping[str, Mapping[str, float | None]]
) -> list[Row]:
    """The table of what each contestant did in each round.

    Args:
        paces: A `Pace` a round, as a mapping, by name.
        memory: Resident memory by name.
    """
    rows: list[Row] = []
    for counted in ("steps", "pieces"):
        named = {
            name: Row(
                name,
                f"{_UNITS[counted]}/s",
                Spread.of([_speed(pace, counted) for pace in turns]),
                steady_mb=memory[name]["steady"] if counted == "steps" else None,
                peak_mb=memory[name]["peak"] if counted == "steps" else None,
                note=_note(turns, paces[TRAINER], counted),
            )
            for name, turns in paces.items()
        }
        rows += with_ratios(list(named.values()), named[TRAINER])
    return rows


_UNITS = {"steps": "steps", "pieces": "word pieces"}


def _speed(pace: Mapping[str, Any], counted: str) -> float:
    return float(pace[counted] / pace["seconds"])


def _note(turns: list[dict[str, Any]], reference: list[dict[str, Any]], counted: str) -> str:
    if counted == "pieces":
        padding = statistics.mean(100 * (1 - pace["pieces"] / pace["places"]) for pace in turns)
        return f"{padding:.0f} % padding"
    ratios = [
        _speed(one, counted) / _speed(other, counted)
        for one, other in zip(turns, reference, strict=True)
    ]
    return f"{min(ratios):.2f} to {max(ratios):.2f} times, round by round"


def _write_encoder(plan: TrainingPlan, folder: Path) -> None:
    """A base encoder that was never trained, in the form that every run starts from."""
    import torch
    from transformers import BertModel

    from trainer.bench.pytorch import bert_config

    torch.manual_seed(0)
    BertModel(bert_config(plan.shape), add_pooling_layer=False).save_pretrained(folder)
    shutil.copyfile(plan.tokenizer, folder / "tokenizer.json")
