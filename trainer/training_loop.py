"""One plain epoch loop that teachers and students share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.training_config import Augmentation, Schedule
from trainer.batching import Batch, Batches
from trainer.checkpoint import EpochCheckpoint
from trainer.control import RunControl
from trainer.networks.depths import layers_above

Objective = Callable[[torch.Tensor, torch.Tensor, Batch], torch.Tensor]
"""From text logits (batch, labels), sentence logits (sentences, labels) and the batch to a loss."""


@dataclass(frozen=True, slots=True)
class EpochOutcome:
    """What one epoch gave: its number from 1, the number of epochs, and the mean loss."""

    epoch: int
    epochs: int
    loss: float


@dataclass(frozen=True, slots=True)
class LoopHooks:
    """What the loop tells and asks while it works.

    Attributes:
        on_batch: Takes the epoch from 1, the batch from 1, and the number of batches.
        on_epoch: Takes what an epoch gave.
        control: Is checked before every batch.
    """

    on_batch: Callable[[int, int, int], None]
    on_epoch: Callable[[EpochOutcome], None]
    control: RunControl


def train(
    network: nn.Module,
    batches: Batches,
    *,
    objective: Objective,
    schedule: Schedule,
    augmentation: Augmentation,
    seed: int,
    hooks: LoopHooks,
    checkpoint: EpochCheckpoint | None = None,
) -> None:
    """Train `network` in place, resuming from `checkpoint` where one was saved.

    Raises:
        Cancelled: `hooks.control` said so; the last whole epoch is in the checkpoint.
        TrainingError: The loss is no longer a number.
    """
    optimizer = _optimizer(network, schedule)
    steps = schedule.epochs * batches.batches_per_epoch
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: _rate_factor(step, steps, schedule.warmup)
    )
    first = 0 if checkpoint is None else checkpoint.restore(network, optimizer, scheduler)
    device = next(network.parameters()).device
    for epoch in range(first, schedule.epochs):
        torch.manual_seed(seed * 1000 + epoch)
        rng = np.random.default_rng([seed, epoch])
        network.train()
        losses: list[float] = []
        for number, batch in enumerate(batches.epoch(rng=rng, augmentation=augmentation), 1):
            hooks.control.check()
            losses.append(_step(network, batch, objective, optimizer, device))
            scheduler.step()
            if not math.isfinite(losses[-1]):
                raise TrainingError(
                    "The training diverged: its loss is no longer a number.",
                    "Lower the learning rates in the configuration, and name a new work folder.",
                )
            hooks.on_batch(epoch + 1, number, batches.batches_per_epoch)
        if checkpoint is not None:
            checkpoint.save(network, optimizer, scheduler, epochs_done=epoch + 1)
        hooks.on_epoch(EpochOutcome(epoch + 1, schedule.epochs, float(np.mean(losses))))


def sentence_means(token_logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Mean of the token logits over each sentence, float32 (sentences, labels)."""
    owner = batch.sentence_of_token.to(token_logits.device).flatten()
    inside = owner >= 0
    rows = owner[inside]
    sentences = len(batch.text_of_sentence)
    sums = token_logits.new_zeros(sentences, token_logits.shape[-1])
    sums = sums.index_add(0, rows, token_logits.flatten(0, 1)[inside])
    sizes = torch.bincount(rows, minlength=sentences).clamp(min=1)
    return sums / sizes.unsqueeze(-1)


def forward(
    network: nn.Module, batch: Batch, device: torch.device, *, is_exact: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Text logits (batch, labels) and sentence logits (sentences, labels), both float32.

    Computed in bfloat16 where that is safe, or all in float32 when `is_exact`.
    """
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=not is_exact):
        logits, token_logits = network(batch.input_ids.to(device), batch.attention_mask.to(device))
    return logits, sentence_means(token_logits, batch)


def _step(
    network: nn.Module,
    batch: Batch,
    objective: Objective,
    optimizer: torch.optim.Optimizer,
    device: torch.device,
) -> float:
    logits, sentence_logits = forward(network, batch, device)
    loss = objective(logits, sentence_logits, batch)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(loss.detach())


def _rate_factor(step: int, steps: int, warmup: float) -> float:
    rising = max(1, math.ceil(steps * warmup))
    if step < rising:
        return (step + 1) / rising
    return max(0.0, (steps - step) / max(1, steps - rising))


def _optimizer(network: nn.Module, schedule: Schedule) -> torch.optim.Optimizer:
    """AdamW with a learning rate that falls layer by layer towards the embeddings."""
    above = layers_above(network)
    groups = [
        {
            "params": [parameter],
            "lr": schedule.peak_rate * _layer_factor(above[name], schedule),
            "weight_decay": schedule.weight_decay if parameter.ndim > 1 else 0.0,
        }
        for name, parameter in network.named_parameters()
    ]
    return torch.optim.AdamW(groups, fused=True)


def _layer_factor(layers: int | None, schedule: Schedule) -> float:
    return schedule.head_factor if layers is None else float(schedule.layer_decay**layers)
