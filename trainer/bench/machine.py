"""What figures were measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from trainer.bench.memory import resident_megabytes


def about_machine(device: str = "cpu") -> str:
    """Processor, cores, system and threads in one line, without the machine's name.

    Args:
        device: `cpu`, or `cuda` where that was measured, too.
    """
    memory = "" if resident_megabytes()["peak"] else "; memory is not measured on this system"
    return f"{about_processors(device)}; two threads{memory}"


def about_processors(device: str) -> str:
    """What computes, in one line: the accelerator if it is one, processor, cores, system."""
    accelerator = f"{_accelerator()}; " if device == "cuda" else ""
    return f"{accelerator}{_processor()}, {os.cpu_count()} cores, {platform.system()}"


def _accelerator() -> str:
    import torch

    return torch.cuda.get_device_name()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()
