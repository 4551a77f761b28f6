"""``kdh-trainer run``: train a teacher and a student, and write a bundle."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.classification.signing import load_signing_key
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.run_folder import RunFolder, RunRequest, request_from_json
from kdh_desktop.core.training_config import config_from_json
from trainer.commands.encoder import HELP as ENCODER_HELP
from trainer.commands.encoder import base_encoder
from trainer.process.edge import add_computing_options, add_edge_options, edge_of_process
from trainer.process.publisher_key import signing_key

if TYPE_CHECKING:
    from kdh_desktop.core.classification.model_bundle import ModelBundle
    from trainer.commands import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    run = commands.add_parser("run", help="train a teacher and a student, and write a bundle")
    run.add_argument(
        "config",
        type=Path,
        help="the run's configuration, a JSON file; or the folder of a run, with all that is asked",
    )
    run.add_argument(
        "--corpus",
        type=Path,
        nargs="+",
        default=[],
        metavar="SOURCE",
        help="texts to train on: a HoC folder or one of its lists, a workbook, CSV, JSON lines, "
        "or a .json file that describes a source",
    )
    run.add_argument(
        "--judge", type=Path, nargs="+", default=[], metavar="SOURCE", help="texts to be judged on"
    )
    run.add_argument("--transfer", type=Path, help="JSON lines of unlabelled texts")
    run.add_argument("--encoder", type=Path, help=ENCODER_HELP)
    run.add_argument(
        "--teacher",
        type=Path,
        help="folder of a finished model that teaches, where the configuration says so",
    )
    run.add_argument("--out", type=Path, help="folder of the bundle (one in the work folder)")
    run.add_argument("--key", type=Path, help="private key to sign with; else a pair is made")
    run.add_argument(
        "--public-keys",
        type=Path,
        help="folder for the public half of a key that was made (beside the private one)",
    )
    run.add_argument(
        "--jobs", type=int, default=1, help="networks trained side by side (1; a GPU takes a dozen)"
    )
    add_edge_options(run)
    add_computing_options(run)
    run.set_defaults(work_on=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.config.is_dir():
        _run_folder(arguments, RunFolder(arguments.config.absolute()))
    else:
        _run_config(arguments)
    return 0


def _run_folder(arguments: argparse.Namespace, run: RunFolder) -> None:
    """Do what a run's folder asks for; nothing else is taken from the command line."""
    with edge_of_process(arguments, run=run.id, work=run.work, is_own=True) as edge:
        request = _request(run)

        from trainer.process.device import choose_device
        from trainer.run import run_training
        from trainer.running.steps import RunFiles

        files = RunFiles(
            corpus=request.corpus,
            judged=request.judged,
            transfer=None if request.transfer is None else Path(request.transfer),
            encoder=base_encoder(None if request.encoder is None else Path(request.encoder)),
            work=run.work,
            out=run.candidate,
            teacher=_teacher(None if request.teacher is None else Path(request.teacher)),
        )
        run_training(
            request.config,
            files,
            key=load_signing_key(run.private_key),
            emit=edge.emit,
            control=edge.control,
            jobs=max(1, arguments.jobs),
            device=choose_device(request.device),
            checkpoint_every_s=arguments.checkpoint_seconds,
        )


def _request(run: RunFolder) -> RunRequest:
    return request_from_json(_read(run.request))


def _run_config(arguments: argparse.Namespace) -> None:
    if not arguments.corpus:
        raise TrainingError(
            "The run has no texts to train on.", "Name them with --corpus, or the folder of a run."
        )
    paths = AppPaths.default()
    config = config_from_json(_read(arguments.config))
    work = arguments.work or paths.data / "runs" / config.name
    with edge_of_process(arguments, run=config.name, work=work) as edge:
        from trainer.corpus.guess import source_of

        # What is missing is told before the libraries are loaded, which takes a while.
        corpus = tuple(source_of(path) for path in arguments.corpus)
        judged = tuple(source_of(path) for path in arguments.judge)
        encoder, teacher = base_encoder(arguments.encoder), _teacher(arguments.teacher)

        from trainer.process.device import choose_device
        from trainer.run import run_training
        from trainer.running.steps import RunFiles

        files = RunFiles(
            corpus=corpus,
            judged=judged,
            transfer=arguments.transfer,
            encoder=encoder,
            work=work,
            out=arguments.out or work / "bundle",
            teacher=teacher,
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


def _teacher(folder: Path | None) -> ModelBundle | None:
    """A finished model, verified before anything of it is used."""
    if folder is None:
        return None

    from kdh_desktop.core.classification.model_bundle import open_bundle
    from kdh_desktop.core.classification.signing import load_trusted_keys

    paths = AppPaths.default()
    keys = load_trusted_keys(paths.publisher_keys, paths.site_keys)
    return open_bundle(folder, trusted_keys=keys)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(
            "The configuration file cannot be read.", "Name a JSON file in UTF-8."
        ) from error
