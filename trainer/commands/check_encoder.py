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
    check.add_argument(
        "--max-tokens", type=int, default=512, help="pieces that the run reads at once (512)"
    )
    check.add_argument("--json", action="store_true", help="print JSON instead of words")
    add_parent_option(check)
    check.set_defaults(work_on=_check)


def _check(arguments: argparse.Namespace) -> int:
    end_with_parent(arguments)
    from trainer.networks.base_encoder import check_base_encoder, check_config, check_weights

    folder = _folder(arguments.folder)
    check_base_encoder(folder, max_tokens=arguments.max_tokens)
    config = check_config(folder)
    report = EncoderReport(
        str(config.get("model_type", ""))[:40],
        _number(config, "num_hidden_layers", "n_layers"),
        _number(config, "hidden_size", "dim"),
        check_weights(folder),
    )
    sys.stdout.write(encoder_report_to_json(report) if arguments.json else as_text(report))
    return 0


def as_text(report: EncoderReport) -> str:
    """What was found in words."""
    return (
        f"{report.kind or 'An encoder'} of {report.layers} layers, width {report.width}, "
        f"{report.weights / 1e6:.0f} million weights. A run can start from it.\n"
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


def _number(config: dict[str, object], *names: str) -> int:
    found = next((config[name] for name in names if name in config), 0)
    return found if isinstance(found, int) else 0
