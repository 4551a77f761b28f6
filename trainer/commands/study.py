"""``kdh-trainer study``: compare systems over folds and write the report."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.errors import TrainingError
from trainer.commands.encoder import HELP as ENCODER_HELP
from trainer.commands.encoder import base_encoder
from trainer.process.allocator import restart_with_allocator
from trainer.process.control import RunControl, cancel_on_signals

if TYPE_CHECKING:
    from trainer.commands import Commands

_DESCRIPTION = """\
Trains every system of a study on every fold, judges each text by a network that did not see it,
and writes a report of one HTML file, a table (CSV) and all figures (JSON). Named the same work
folder again, a study that was stopped goes on, cell by cell.
"""


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    study = commands.add_parser(
        "study", help="compare systems over folds, with a report", description=_DESCRIPTION
    )
    study.add_argument("config", type=Path, help="the study's configuration, a JSON file")
    study.add_argument(
        "--corpus",
        type=Path,
        nargs="+",
        required=True,
        help="labelled texts: a folder in the layout of HoC, JSON lines, or a described source",
    )
    study.add_argument("--transfer", type=Path, help="JSON lines of unlabelled texts")
    study.add_argument("--encoder", type=Path, help=ENCODER_HELP)
    study.add_argument(
        "--work", type=Path, required=True, help="folder of the cells; name it again to go on"
    )
    study.add_argument("--out", type=Path, required=True, help="folder of the report")
    study.add_argument(
        "--jobs", type=int, default=1, help="cells trained side by side (1; a GPU takes a dozen)"
    )
    study.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda", "mps"),
        default="auto",
        help="what to compute on (the best there is)",
    )
    study.set_defaults(work_on=_study)


def _study(arguments: argparse.Namespace) -> int:
    restart_with_allocator()
    control = RunControl()
    cancel_on_signals(control)

    from trainer.process.device import choose_device
    from trainer.study.config import read_study_config
    from trainer.study.run import Machine, run_study, write_study
    from trainer.study.texts import StudyFiles, source_of

    if arguments.jobs < 1:
        raise TrainingError("--jobs must be at least 1.", "Leave it out to train one at a time.")
    config = read_study_config(arguments.config)
    files = StudyFiles(
        tuple(one for place in arguments.corpus for one in source_of(place, config.texts)),
        transfer=arguments.transfer,
        encoder=base_encoder(arguments.encoder),
        work=arguments.work,
    )
    machine = Machine(choose_device(arguments.device).type, arguments.jobs)
    outcome = run_study(config, files, machine=machine, control=control, say=_say)
    for path in write_study(outcome, arguments.out):
        sys.stdout.write(f"{path}\n")
    return 0


def _say(words: str) -> None:
    sys.stderr.write(f"... {words}\n")
    sys.stderr.flush()
