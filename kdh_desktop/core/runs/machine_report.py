"""What this machine can train on, and what one run would take on it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import build, parse_json, to_json_value


@dataclass(frozen=True, slots=True)
class DeviceFound:
    """Something that can be computed on.

    Attributes:
        kind: ``cpu``, ``cuda`` or ``mps``, as a run asks for it.
        name: As the system calls it; empty where it does not.
        memory_bytes: Its memory, or None where the system does not tell.
        threads: Threads that are computed with; None for graphics devices.
    """

    kind: str
    name: str
    memory_bytes: int | None = None
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class ExpectedCost:
    """What a run is expected to take, from a short trial.

    Attributes:
        device: Kind of the device that it was tried on.
        seconds: Of the whole run, tuning included.
        tuning_seconds: Of tuning alone; 0 where nothing is tuned.
        disk_bytes: Room that it needs.
        labelled_texts: Texts that it learns from.
        unlabelled_texts: Texts that its teacher labels for the student.
    """

    device: str
    seconds: float
    tuning_seconds: float
    disk_bytes: int
    labelled_texts: int
    unlabelled_texts: int


@dataclass(frozen=True, slots=True)
class ProbeProblem:
    """Why a run cannot be tried, or should not be started.

    Attributes:
        message: What is wrong.
        remedy: What to do about it.
    """

    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class MachineReport:
    """What was found on this machine.

    Attributes:
        devices: What can be computed on, the fastest first.
        memory_bytes: Memory of the machine, or None where the system does not tell.
        free_memory_bytes: What of it is free, likewise.
        free_disk_bytes: Room on the disk where runs are kept.
        cost: What the run would take, or None where it could not be tried.
        problem: What speaks against starting it, or None.
    """

    devices: tuple[DeviceFound, ...]
    memory_bytes: int | None
    free_memory_bytes: int | None
    free_disk_bytes: int
    cost: ExpectedCost | None = None
    problem: ProbeProblem | None = None


def machine_report_to_json(report: MachineReport) -> str:
    """A report as one JSON object."""
    return json.dumps(to_json_value(report), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def machine_report_from_json(text: str) -> MachineReport:
    """Read what `machine_report_to_json` wrote.

    Raises:
        TrainingError: It is no such report.
    """
    try:
        return build(MachineReport, parse_json(text), "report")
    except (ValueError, TypeError) as error:
        raise TrainingError(
            "What the trainer found out about this machine cannot be read.",
            "Install program and trainer in the same version.",
        ) from error
