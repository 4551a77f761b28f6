"""What this machine has to compute with."""

from __future__ import annotations

import re
from pathlib import Path

import torch

from kdh_desktop.core.runs.machine_report import DeviceFound


def devices_found() -> tuple[DeviceFound, ...]:
    """What can be computed on, the fastest first."""
    found: list[DeviceFound] = []
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            about = torch.cuda.get_device_properties(number)
            found.append(DeviceFound("cuda", about.name, int(about.total_memory)))
    if torch.backends.mps.is_available():
        found.append(DeviceFound("mps", ""))
    memory, _ = memory_bytes()
    return (*found, DeviceFound("cpu", _processor(), memory, torch.get_num_threads()))


def memory_bytes() -> tuple[int | None, int | None]:
    """Memory of the machine, and what of it is free; None where the system does not tell."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None, None
    found = dict(re.findall(r"^(MemTotal|MemAvailable):\s+(\d+) kB$", text, flags=re.MULTILINE))
    total, free = (found.get(name) for name in ("MemTotal", "MemAvailable"))
    return (
        None if total is None else 1024 * int(total),
        None if free is None else 1024 * int(free),
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else ""
