"""``kdh-trainer adapt``: pretrain a base encoder further on unlabelled texts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from trainer.process.edge import add_computing_options, add_edge_options, edge_of_process

if TYPE_CHECKING:
    from trainer.adaptation.masked_training import AdaptationConfig
    from trainer.adaptation.packed_texts import PieceStream
    from trainer.commands import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    adapt = commands.add_parser("adapt", help="pretrain a base encoder further on passages")
    adapt.add_argument("--encoder", type=Path, required=True, help="folder of the base encoder")
    adapt.add_argument(
        "--passages", type=Path, nargs="+", default=[], help="JSON lines, each with a text"
    )
    adapt.add_argument("--corpus", type=Path, help="folder of the labelled corpus")
    adapt.add_argument(
        "--ids", nargs="+", default=["train.txt"], help="the corpus's lists of texts to read"
    )
    adapt.add_argument("--out", type=Path, help="folder of the new encoder")
    adapt.add_argument(
        "--prepare", action="store_true", help="only encode the texts into the work folder"
    )
    _add_settings(adapt)
    add_edge_options(adapt, is_work_required=True)
    add_computing_options(adapt)
    adapt.set_defaults(work_on=_adapt)


def _add_settings(adapt: argparse.ArgumentParser) -> None:
    adapt.add_argument("--passes", type=int, default=20, help="passes over the passages")
    adapt.add_argument("--task-passes", type=int, default=40, help="passes over the corpus")
    adapt.add_argument("--batch", type=int, default=256, help="windows of passages in one step")
    adapt.add_argument("--task-batch", type=int, default=32, help="windows of the corpus")
    adapt.add_argument("--rate", type=float, default=5e-4, help="peak learning rate on passages")
    adapt.add_argument("--task-rate", type=float, default=1e-4, help="and on the corpus")
    adapt.add_argument("--window", type=int, default=256, help="tokens in one window")
    adapt.add_argument("--mask-share", type=float, default=0.15, help="share of pieces to guess")
    adapt.add_argument("--dropout", type=float, default=0.1)
    adapt.add_argument("--seed", type=int, default=1)
    adapt.add_argument("--compile", action="store_true", help="fuse kernels before training")
    adapt.add_argument("--float32", action="store_true", help="store weights in full precision")


def _adapt(arguments: argparse.Namespace) -> int:
    with edge_of_process(arguments, run="adapt", work=arguments.work) as edge:
        from trainer.adaptation.adapt import adapt
        from trainer.adaptation.masked_training import AdaptationHooks, Computing
        from trainer.process.device import choose_device

        streams = _streams(arguments, edge.control.check)
        if arguments.prepare:
            return 0
        if arguments.out is None:
            raise TrainingError("No folder was named for the new encoder.", "Name it with --out.")
        adapt(
            _config(arguments, tuple(streams)),
            tuple(streams.values()),
            base=arguments.encoder,
            out=arguments.out,
            work=arguments.work,
            is_half=not arguments.float32,
            computing=Computing(
                choose_device(arguments.device), arguments.compile, arguments.checkpoint_seconds
            ),
            hooks=AdaptationHooks(edge.emit, edge.control.check, _say),
        )
    return 0


def _streams(arguments: argparse.Namespace, check: Callable[[], None]) -> dict[str, PieceStream]:
    """What there is to learn from, encoded now or before, by the name of its phase."""
    from trainer.adaptation.packed_texts import prepared_stream, read_passages

    def passages() -> list[str]:
        return read_passages(arguments.passages)

    def corpus() -> list[str]:
        from trainer.corpus import read_hoc

        lists = (
            read_hoc(arguments.corpus, ids_file=name, labels=HALLMARKS_OF_CANCER)
            for name in arguments.ids
        )
        return [text.text for texts in lists for text in texts]

    sources: dict[str, Callable[[], list[str]] | None] = {
        "domain": passages if arguments.passages else None,
        "task": corpus if arguments.corpus else None,
    }
    streams: dict[str, PieceStream] = {}
    for name, read in sources.items():
        check()
        found = prepared_stream(
            arguments.work / f"{name}.npz", read, arguments.encoder / "tokenizer.json"
        )
        if found is not None:
            streams[name] = found
            _say(f"{name}: {found.texts} texts, {len(found.ids)} pieces")
    if not streams:
        raise TrainingError(
            "There is no text to learn from.", "Name files with --passages, or a --corpus."
        )
    return streams


def _config(arguments: argparse.Namespace, names: tuple[str, ...]) -> AdaptationConfig:
    from trainer.adaptation.masked_training import AdaptationConfig, PhasePlan

    plans = {
        "domain": PhasePlan("domain", arguments.passes, arguments.batch, arguments.rate),
        "task": PhasePlan("task", arguments.task_passes, arguments.task_batch, arguments.task_rate),
    }
    return AdaptationConfig(
        seed=arguments.seed,
        phases=tuple(plans[name] for name in names),
        window=arguments.window,
        mask_share=arguments.mask_share,
        dropout=arguments.dropout,
    )


def _say(words: str) -> None:
    sys.stderr.write(f"... {words}\n")
