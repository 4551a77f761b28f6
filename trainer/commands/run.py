"""``kdh-trainer run``: train a teacher and a student, and write a bundle."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.training_config import config_from_json
from trainer.commands.encoder import HELP as ENCODER_HELP
from trainer.commands.encoder import base_encoder
from trainer.process.edge import add_computing_options, add_edge_options, edge_of_process
from trainer.process.publisher_key import signing_key

if TYPE_CHECKING:
    from trainer.commands import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    run = commands.add_parser("run", help="train a teacher and a student, and write a bundle")
    run.add_argument("config", type=Path, help="the run's configuration, a JSON file")
    run.add_argument(
        "--corpus",
        type=Path,
        nargs="+",
        required=True,
        metavar="SOURCE",
        help="texts to train on: a HoC folder or one of its lists, a workbook, CSV, JSON lines, "
        "or a .json file that describes a source",
    )
    run.add_argument(
        "--judge", type=Path, nargs="+", default=[], metavar="SOURCE", help="texts to be judged on"
    )
    run.add_argument("--transfer", type=Path, help="JSON lines of unlabelled texts")
    run.add_argument("--encoder", type=Path, help=ENCODER_HELP)
    run.add_argument("--out", type=Path, help="folder of the bundle (one in the work folder)")
    run.add_argument("--key", type=Path, help="private key to sign with; else a pair is made")
    run.add_argument(
        "--public-keys",
        type=Path,
        help="folder for the public half of a key that was made (the program's trusted keys)",
    )
    run.add_argument(
        "--jobs", type=int, default=1, help="networks trained side by side (1; a GPU takes a dozen)"
    )
    add_edge_options(run)
    add_computing_options(run)
    run.set_defaults(work_on=_run)


def _run(arguments: argparse.Namespace) -> int:
    paths = AppPaths.default()
    config = config_from_json(_read(arguments.config))
    work = arguments.work or paths.data / "runs" / config.name
    with edge_of_process(arguments, run=config.name, work=work) as edge:
        from trainer.corpus.guess import source_of
        from trainer.process.device import choose_device
        from trainer.run import run_training
        from trainer.running.steps import RunFiles

        files = RunFiles(
            corpus=tuple(source_of(path) for path in arguments.corpus),
            judged=tuple(source_of(path) for path in arguments.judge),
            transfer=arguments.transfer,
            encoder=base_encoder(arguments.encoder),
            work=work,
            out=arguments.out or work / "bundle",
        )
        run_training(
            config,
            files,
            key=signing_key(arguments.key, public_keys=arguments.public_keys, paths=paths),
            emit=edge.emit,
            control=edge.control,
            jobs=max(1, arguments.jobs),
            device=choose_device(arguments.device),
            checkpoint_every_s=arguments.checkpoint_seconds,
        )
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(
            "The configuration file cannot be read.", "Name a JSON file in UTF-8."
        ) from error
