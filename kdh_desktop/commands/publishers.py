"""`kdh models publishers`, `trust` and `distrust`: whose models are taken in."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.commands.administrator import administrator_of
from kdh_desktop.commands.output import print_json, print_line
from kdh_desktop.commands.parser import Commands
from kdh_desktop.core.access import SITE_KEY
from kdh_desktop.core.errors import InputError
from kdh_desktop.core.paths import AppPaths

if TYPE_CHECKING:
    from kdh_desktop.core.classification.publishers import Publisher

_LEAST_DIGITS = 16
"""Of a fingerprint's 64, to name one of the keys that are trusted already."""


def add_publishers(model_commands: Commands) -> None:
    """Add the commands."""
    listed = model_commands.add_parser(
        "publishers", help="list whose models are taken in", allow_abbrev=False
    )
    listed.add_argument("--json", action="store_true", help="print one JSON object a line")
    listed.set_defaults(command=_list)

    trust = model_commands.add_parser(
        "trust",
        help="take in the models of another publisher (asks for the password)",
        description="Without --fingerprint it says what the key's fingerprint is, and changes "
        "nothing. Files can be exchanged on their way: call the publisher, let them read the "
        "fingerprint of their key to you, and give here what you heard.",
        allow_abbrev=False,
    )
    trust.add_argument("key", metavar="KEY", type=Path, help="the publisher's .pub file")
    trust.add_argument(
        "--fingerprint", metavar="DIGITS", help="the fingerprint that the publisher told you"
    )
    trust.set_defaults(command=_trust)

    distrust = model_commands.add_parser(
        "distrust",
        help="take in nothing of a publisher any more (asks for the password)",
        description="What is installed of that publisher cannot be used any more, also where it "
        "is in force.",
        allow_abbrev=False,
    )
    distrust.add_argument(
        "fingerprint",
        metavar="DIGITS",
        help=f"the fingerprint of the key, or its first {_LEAST_DIGITS} digits",
    )
    distrust.set_defaults(command=_distrust)


def _list(arguments: argparse.Namespace, paths: AppPaths) -> int:
    from kdh_desktop.core.classification.publishers import publishers

    for one in publishers(paths):
        if arguments.json:
            print_json(fingerprint=one.fingerprint, added=one.is_other)
        else:
            print_line(f"{one.fingerprint}  {_who(one)}")
    return 0


def _who(publisher: Publisher) -> str:
    if publisher.is_other:
        return "another site, added here"
    return "this site" if publisher.file.name == SITE_KEY else "the program's publisher"


def _trust(arguments: argparse.Namespace, paths: AppPaths) -> int:
    from kdh_desktop.core.classification.model_changes import ModelChanges
    from kdh_desktop.core.classification.publishers import read_publisher_key
    from kdh_desktop.core.classification.signing import fingerprint

    key = read_publisher_key(arguments.key, paths)
    found = fingerprint(key)
    if arguments.fingerprint is None:
        print_line(f"The key's fingerprint: {found}")
        print_line("Nothing is changed yet. Compare it with the publisher by telephone, then say")
        print_line('it with --fingerprint "...".')
        return 0
    if _digits(arguments.fingerprint) != _digits(found):
        raise InputError(
            "The key in this file has another fingerprint.",
            "Do not trust it: ask the publisher for the key again, in another way.",
        )
    with administrator_of(paths) as administrator:
        ModelChanges(paths).trust(key, administrator=administrator)
    print_line("Models of this publisher can be installed now.")
    return 0


def _distrust(arguments: argparse.Namespace, paths: AppPaths) -> int:
    from kdh_desktop.core.classification.model_changes import ModelChanges

    publisher = _find(arguments.fingerprint, paths)
    with administrator_of(paths) as administrator:
        ModelChanges(paths).distrust(publisher, administrator=administrator)
    print_line("Models of this publisher are not taken in any more.")
    return 0


def _find(wanted: str, paths: AppPaths) -> Publisher:
    from kdh_desktop.core.classification.publishers import publishers

    digits = _digits(wanted)
    if len(digits) >= _LEAST_DIGITS:
        # A copy of a key that is needed can be taken away, and is what is meant.
        for one in sorted(publishers(paths), key=lambda one: not one.is_other):
            if _digits(one.fingerprint).startswith(digits):
                return one
    raise InputError(
        "No publisher of that fingerprint is trusted.",
        f"List them with kdh models publishers, and give at least {_LEAST_DIGITS} digits.",
    )


def _digits(fingerprint: str) -> str:
    """A fingerprint as it is compared: groups and capitals are for people."""
    return "".join(fingerprint.split()).lower()
