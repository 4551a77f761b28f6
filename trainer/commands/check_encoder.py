"""``kdh-trainer check-encoder``: whether a run can start from an encoder, before any is loaded."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.encoder_report import EncoderReport, encoder_report_to_json
from kdh_desktop.core.errors import TrainingError
from trainer.process.parent import add_parent_option, end_with_parent

if TYPE_CHECKING:
    from trainer.commands import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    check = commands.add_parser(
        "check-encoder", help="say whether a run can start from a folder's encoder"
    )
    check.add_argument(
        "folder",
        type=Path,
        help='the folder, or a .json file that names it: {"folder": "..."}',
    )
    check.add_argument("--json", action="store_true", help="print JSON instead of words")
    add_parent_option(check)
    check.set_defaults(work_on=_check)


def _check(arguments: argparse.Namespace) -> int:
    end_with_parent(arguments)
    from trainer.networks.base_encoder import describe_base_encoder

    report = describe_base_encoder(_folder(arguments.folder))
    sys.stdout.write(encoder_report_to_json(report) if arguments.json else as_text(report))
    return 0


def as_text(report: EncoderReport) -> str:
    """What was found in words."""
    return (
        f"{report.kind or 'An encoder'} of {report.layers} layers, width {report.width}, "
        f"{report.weights / 1e6:.0f} million weights, reading {report.max_tokens} pieces at once. "
        "A run can start from it.\n"
    )


def _folder(named: Path) -> Path:
    """The folder itself, or the one that a file names: so no name of a user is an argument."""
    if named.suffix != ".json":
        return named
    try:
        value = json.loads(named.read_text(encoding="utf-8"))
        return Path(str(value["folder"]))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrainingError(
            "The file that names the encoder's folder cannot be read.", "Choose the folder again."
        ) from error
