"""`kdh models`: look after models."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.commands.administrator import administrator_of
from kdh_desktop.commands.model_loading import load_classifier, open_trusted_bundle
from kdh_desktop.commands.output import print_json, print_line
from kdh_desktop.commands.parser import Commands
from kdh_desktop.commands.publishers import add_publishers
from kdh_desktop.core.errors import InputError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.terminal import printable

if TYPE_CHECKING:
    from kdh_desktop.core.classification.model_changes import ModelChanges
    from kdh_desktop.core.classification.model_registry import (
        Activation,
        InstalledModel,
        ModelRegistry,
    )


def add_models(commands: Commands) -> None:
    """Add the command."""
    models = commands.add_parser("models", help="look after models", allow_abbrev=False)
    model_commands = models.add_subparsers(required=True, metavar="COMMAND")

    listed = model_commands.add_parser("list", help="list the models", allow_abbrev=False)
    listed.add_argument("--json", action="store_true", help="print one JSON object a line")
    listed.set_defaults(command=_list)

    verify = model_commands.add_parser(
        "verify",
        help="check that a model is what a trusted publisher signed",
        allow_abbrev=False,
    )
    verify.add_argument("path", metavar="PATH", type=Path, help="folder of the model")
    verify.set_defaults(command=_verify)

    install = model_commands.add_parser(
        "install", help="take in a model without putting it in force", allow_abbrev=False
    )
    install.add_argument("path", metavar="PATH", type=Path, help="folder or .kdhmodel file")
    install.set_defaults(command=_install)
    _add_guarded(model_commands)
    add_publishers(model_commands)


def _add_guarded(model_commands: Commands) -> None:
    """What asks for the administrator's password, and the history of it."""
    activate = model_commands.add_parser(
        "activate",
        help="put an installed model in force (asks for the password)",
        description="Puts an installed model in force. Nothing is compared here: the gate stands "
        "in the window, before the candidate of a training run. Say with --reason why this model "
        "shall be used; that is kept in the history and in the audit log.",
        allow_abbrev=False,
    )
    activate.add_argument("id", metavar="ID", help="the model's id")
    activate.add_argument("--reason", default="", help="why, in a sentence")
    activate.set_defaults(command=_activate)

    rollback = model_commands.add_parser(
        "rollback",
        help="put the model before in force again (asks for the password)",
        allow_abbrev=False,
    )
    rollback.set_defaults(command=_roll_back)

    export = model_commands.add_parser(
        "export",
        help="write a model to a .kdhmodel file (asks for the password)",
        allow_abbrev=False,
    )
    export.add_argument("id", metavar="ID", help="the model's id")
    export.add_argument("file", metavar="FILE", type=Path, help="the file to write")
    export.set_defaults(command=_export)

    remove = model_commands.add_parser(
        "remove",
        help="delete a model that is not in force (asks for the password)",
        allow_abbrev=False,
    )
    remove.add_argument("id", metavar="ID", help="the model's id")
    remove.set_defaults(command=_remove)

    history = model_commands.add_parser(
        "history",
        help="list which model was put in force when, by whom and why",
        allow_abbrev=False,
    )
    history.add_argument("--json", action="store_true", help="print one JSON object a line")
    history.set_defaults(command=_history)


def _list(arguments: argparse.Namespace, paths: AppPaths) -> int:
    for model in _registry(paths).installed():
        if arguments.json:
            print_json(
                id=model.bundle_id,
                active=model.is_active,
                shipped=model.is_shipped,
                created=None if model.bundle is None else model.bundle.manifest.created_utc,
                problem=None if model.problem is None else model.problem.message,
            )
        else:
            print_line(_words(model))
    return 0


def _words(model: InstalledModel) -> str:
    sign = "*" if model.is_active else " "
    if model.bundle is None:
        return f"{sign} {printable(model.bundle_id)}  cannot be used: {model.problem}"
    origin = "came with the program" if model.is_shipped else "installed"
    created = model.bundle.manifest.created_utc
    force = ", in force" if model.is_active else ""
    return f"{sign} {printable(model.bundle_id)}  made {created}, {origin}{force}"


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


def _install(arguments: argparse.Namespace, paths: AppPaths) -> int:
    bundle = _changes(paths).install(arguments.path)
    print_line(f"{printable(bundle.id)} is installed.")
    print_line(f"To put it in force: kdh models activate {printable(bundle.id)}")
    return 0


def _activate(arguments: argparse.Namespace, paths: AppPaths) -> int:
    with administrator_of(paths) as administrator:
        changes = _changes(paths)
        _tell(
            changes.put_in_force(arguments.id, administrator=administrator, reason=arguments.reason)
        )
    return 0


def _roll_back(_arguments: argparse.Namespace, paths: AppPaths) -> int:
    with administrator_of(paths) as administrator:
        _tell(_changes(paths).roll_back(administrator=administrator))
    return 0


def _export(arguments: argparse.Namespace, paths: AppPaths) -> int:
    with administrator_of(paths) as administrator:
        _changes(paths).export(arguments.id, arguments.file, administrator=administrator)
    print_line(f"{printable(arguments.id)} is written.")
    return 0


def _remove(arguments: argparse.Namespace, paths: AppPaths) -> int:
    with administrator_of(paths) as administrator:
        _changes(paths).remove(arguments.id, administrator=administrator)
    print_line(f"{printable(arguments.id)} is removed.")
    return 0


def _history(arguments: argparse.Namespace, paths: AppPaths) -> int:
    entries = _registry(paths).history()
    for entry in entries:
        if arguments.json:
            print_json(
                model=entry.bundle_id,
                utc=entry.utc,
                previous=entry.previous,
                actor=entry.actor or None,
                reason=entry.reason or None,
            )
        else:
            who = f" by {printable(entry.actor)}" if entry.actor else ""
            why = f": {printable(entry.reason)}" if entry.reason else ""
            print_line(f"{entry.utc}  {printable(entry.bundle_id)}{who}{why}")
    if not entries and not arguments.json:
        print_line("No model was put in force yet: the one that came with the program is.")
    return 0


def _tell(activation: Activation) -> None:
    print_line(f"{printable(activation.bundle_id)} is in force.")
    print_line(f"Before it was {printable(activation.previous)}.")


def _changes(paths: AppPaths) -> ModelChanges:
    from kdh_desktop.core.classification.model_changes import ModelChanges

    return ModelChanges(paths)


def _registry(paths: AppPaths) -> ModelRegistry:
    from kdh_desktop.core.classification.model_registry import ModelRegistry

    return ModelRegistry(paths)
