"""`kdh selfcheck`: is this installation sound, and what is it made of?"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.commands.model_loading import load_active_classifier
from kdh_desktop.commands.output import print_json, print_line
from kdh_desktop.commands.parser import Commands
from kdh_desktop.core.errors import VerificationError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.terminal import printable

if TYPE_CHECKING:
    from kdh_desktop.core.selfcheck import SelfCheck


def add_selfcheck(commands: Commands) -> None:
    """Add the command."""
    selfcheck = commands.add_parser(
        "selfcheck", help="check this installation and print its versions", allow_abbrev=False
    )
    selfcheck.add_argument("--json", action="store_true", help="print one JSON object")
    selfcheck.set_defaults(command=_selfcheck)


def _selfcheck(arguments: argparse.Namespace, paths: AppPaths) -> int:
    from kdh_desktop.core.selfcheck import check_classifier

    classifier = load_active_classifier(paths)
    check = check_classifier(classifier, known_sentences=paths.known_sentences)
    folders = {
        "resources": paths.resources,
        "data": paths.data,
        "config": paths.config,
        "logs": paths.logs,
    }
    show = _print_as_json if arguments.json else _print_for_people
    show(check, folders)
    if not check.is_sound:
        wrong = sum(not sentence.is_right for sentence in check.sentences)
        raise VerificationError(
            f"The model gets {wrong} known sentences wrong.",
            "Put another model in force; if it came with the program, install that again.",
        )
    return 0


def _print_as_json(check: SelfCheck, folders: Mapping[str, Path]) -> None:
    print_json(
        sound=check.is_sound,
        model=check.model_id,
        provider=check.provider,
        versions=dict(check.versions),
        paths={name: str(folder) for name, folder in folders.items()},
        sentences=[
            {"expected": x.expected, "found": x.found, "right": x.is_right} for x in check.sentences
        ],
    )


def _print_for_people(check: SelfCheck, folders: Mapping[str, Path]) -> None:
    right = sum(sentence.is_right for sentence in check.sentences)
    print_line(f"Model      {printable(check.model_id)}: whole, signed by a trusted publisher")
    print_line(f"Provider   {check.provider}")
    for name, version in check.versions.items():
        print_line(f"Version    {name} {version}")
    for name, folder in folders.items():
        print_line(f"Folder     {name}: {printable(str(folder))}")
    if check.sentences:
        print_line(f"Sentences  {right} of {len(check.sentences)} known ones came out right")
    else:
        print_line("Sentences  none are known for the labels of this model")
