"""Where networks are computed, and in which precision."""

from __future__ import annotations

import os
from functools import cache

import torch

from kdh_desktop.core.errors import TrainingError

_WORDS = {"cuda": "no graphics card that PyTorch can compute on", "mps": "no Apple graphics unit"}


def choose_device(wish: str = "auto") -> torch.device:
    """The device that is wished for, or the fastest one.

    Args:
        wish: ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises:
        TrainingError: This machine has no such device.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wish == "auto":
        wish = next((kind for kind, is_there in there.items() if is_there), "cpu")
    elif not there.get(wish, True):
        raise TrainingError(
            f"This machine has {_WORDS[wish]}.",
            "Choose another device, or leave it to the program where to compute.",
        )
    return torch.device(wish)


def repeat_exactly(device: torch.device) -> None:
    """Let a graphics card sum in the same order each time, at some cost of speed.

    To be called before anything is computed there; a processor does so by itself.

    It is no promise: an operation without such a form is done all the same, with a warning. The
    backward pass of attention is one in its fast forms, so that two trainings on a graphics card
    may still part in their last digits.
    """
    if device.type != "cuda":
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # Where an operation has no such form, it shall be done all the same.
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    # Else every fresh tensor is filled, though nothing reads it before it is written.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


@cache
def has_bfloat16(kind: str) -> bool:
    """Whether a kind of device computes in bfloat16 by itself rather than by emulation."""
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if kind == "mps":
        return torch.backends.mps.is_macos_or_newer(14, 0)
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def random_state(device: torch.device) -> dict[str, torch.Tensor]:
    """State of the random numbers that training draws from, by kind of device."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        state["mps"] = torch.mps.get_rng_state()
    return state


def restore_random_state(state: dict[str, torch.Tensor], device: torch.device) -> None:
    """Put back what `random_state` gave, as far as it is this device's."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
    elif device.type == "mps" and "mps" in state:
        torch.mps.set_rng_state(state["mps"])


def give_memory_back(device: torch.device) -> None:
    """Return what the device's allocator holds and nobody uses."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
