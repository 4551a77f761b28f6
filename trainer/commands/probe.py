"""``kdh-trainer probe``: what this machine can train on, and what one run would take on it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.errors import KdhError, TrainingError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.machine_report import (
    ExpectedCost,
    MachineReport,
    ProbeProblem,
    machine_report_to_json,
)
from kdh_desktop.core.runs.run_folder import RunRequest, request_from_json
from trainer.commands.encoder import base_encoder
from trainer.process.allocator import restart_with_allocator
from trainer.process.parent import add_parent_option, end_with_parent

if TYPE_CHECKING:
    from trainer.commands import Commands

_GIGABYTE = 1e9


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    probe = commands.add_parser(
        "probe", help="say what this machine can train on, and what a run would take"
    )
    probe.add_argument(
        "request", type=Path, help="what would be asked: a JSON file, as in a run's folder"
    )
    probe.add_argument(
        "--work",
        type=Path,
        help="folder for what is made on the way, to be deleted by whoever may end this process",
    )
    probe.add_argument("--json", action="store_true", help="print JSON instead of words")
    add_parent_option(probe)
    probe.set_defaults(work_on=_probe)


def _probe(arguments: argparse.Namespace) -> int:
    # The pace is that of a run, which has these settings, too.
    restart_with_allocator()
    end_with_parent(arguments)
    report = _report(_request(arguments.request), arguments.work)
    sys.stdout.write(machine_report_to_json(report) if arguments.json else as_text(report))
    return 0


def _report(request: RunRequest, work: Path | None) -> MachineReport:
    from trainer.process.machine import devices_found, memory_bytes
    from trainer.running.estimate import free_bytes

    memory, free_memory = memory_bytes()
    free_disk = free_bytes(AppPaths.default().runs)
    cost: ExpectedCost | None = None
    problem: ProbeProblem | None = None
    try:
        cost = _tried(request, work)
        if cost.disk_bytes > free_disk:
            problem = ProbeProblem(
                f"The disk has {free_disk / _GIGABYTE:.1f} GB free, and this training needs "
                f"{cost.disk_bytes / _GIGABYTE:.1f} GB.",
                "Free some space.",
            )
    except KdhError as error:
        problem = ProbeProblem(error.message, error.remedy)
    return MachineReport(devices_found(), memory, free_memory, free_disk, cost, problem)


def _tried(request: RunRequest, work: Path | None) -> ExpectedCost:
    from tempfile import TemporaryDirectory

    from trainer.process.device import choose_device
    from trainer.running.probe import expected_cost

    with TemporaryDirectory(prefix="kdh-probe-", dir=work) as folder:
        return expected_cost(
            request,
            encoder=base_encoder(None if request.encoder is None else Path(request.encoder)),
            work=Path(folder),
            device=choose_device(request.device),
        )


def as_text(report: MachineReport) -> str:
    """A report in words."""
    lines = ["This machine can compute on:"]
    for device in report.devices:
        about = [device.name or device.kind]
        if device.threads is not None:
            about.append(f"{device.threads} threads")
        if device.memory_bytes is not None:
            about.append(f"{device.memory_bytes / _GIGABYTE:.1f} GB of memory")
        lines.append(f"  {device.kind}: {', '.join(about)}")
    if report.cost is not None:
        minutes, room = report.cost.seconds / 60, report.cost.disk_bytes / _GIGABYTE
        lines.append(f"The run would take about {minutes:.0f} minutes on {report.cost.device}.")
        free = report.free_disk_bytes / _GIGABYTE
        lines.append(f"It would need {room:.1f} GB of the disk, of which {free:.1f} GB are free.")
    if report.problem is not None:
        lines += [f"PROBLEM: {report.problem.message}", f"  {report.problem.remedy}"]
    return "\n".join(lines) + "\n"


def _request(path: Path) -> RunRequest:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(
            "What would be asked cannot be read.", "Name a JSON file in UTF-8."
        ) from error
    return request_from_json(text)
