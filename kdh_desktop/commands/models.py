"""`kdh models`: look after models."""

from __future__ import annotations

import argparse
from pathlib import Path

from kdh_desktop.commands.model_loading import load_classifier, open_trusted_bundle
from kdh_desktop.commands.output import print_line
from kdh_desktop.commands.parser import Commands
from kdh_desktop.core.errors import InputError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.terminal import printable


def add_models(commands: Commands) -> None:
    """Add the command."""
    models = commands.add_parser("models", help="verify models", allow_abbrev=False)
    model_commands = models.add_subparsers(required=True, metavar="COMMAND")
    verify = model_commands.add_parser(
        "verify",
        help="check that a model is what a trusted publisher signed",
        allow_abbrev=False,
    )
    verify.add_argument("path", metavar="PATH", type=Path, help="folder of the model")
    verify.set_defaults(command=_verify)


def _verify(arguments: argparse.Namespace, paths: AppPaths) -> int:
    folder: Path = arguments.path
    if not folder.is_dir():
        raise InputError("There is no folder of that name.", "Give the folder of a model.")
    bundle = open_trusted_bundle(folder, paths)
    load_classifier(bundle)
    megabytes = (len(bundle.model) + len(bundle.tokenizer)) / 1e6
    print_line(f"{printable(bundle.id)} is whole, and a trusted publisher signed it.")
    created = bundle.manifest.created_utc
    print_line(f"{len(bundle.labels)} labels, {megabytes:.1f} MB, made {created}.")
    return 0
