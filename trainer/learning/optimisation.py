"""The optimiser, and how fast each part of a network learns at each step."""

from __future__ import annotations

import math

import torch
from torch import nn

from kdh_desktop.core.training_config import Schedule
from trainer.networks.depths import layers_above


def optimizer_for(network: nn.Module, schedule: Schedule) -> torch.optim.Optimizer:
    """AdamW with a learning rate that falls layer by layer towards the embeddings.

    Parameters that learn alike share a group: each group costs time at every step.
    """
    above = layers_above(network)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        rate = schedule.peak_rate * _layer_factor(above[name], schedule)
        decay = schedule.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parameters, "lr": rate, "weight_decay": decay}
            for (rate, decay), parameters in groups.items()
        ],
        fused=True,
    )


def rate_factor(step: int, *, steps: int, warmup: float) -> float:
    """Share in 0..1 of the peak rate: it rises for a share of the steps, then falls to zero."""
    rising = max(1, math.ceil(steps * warmup))
    if step < rising:
        return (step + 1) / rising
    return max(0.0, (steps - step) / max(1, steps - rising))


def _layer_factor(layers: int | None, schedule: Schedule) -> float:
    return schedule.head_factor if layers is None else float(schedule.layer_decay**layers)
