"""One pass of a batch through a network: on its device, in its precision."""

from __future__ import annotations

import dataclasses

import torch
from torch import nn

from trainer.learning.batching import Batch
from trainer.process.device import has_bfloat16


def placed(batch: Batch, device: torch.device) -> Batch:
    """The batch on a device; the copy goes on while the next batch is made."""
    if batch.input_ids.device.type == device.type:
        return batch
    tensors: dict[str, torch.Tensor] = {}
    for field in dataclasses.fields(batch):
        tensor = getattr(batch, field.name)
        if isinstance(tensor, torch.Tensor):
            source = tensor.pin_memory() if device.type == "cuda" else tensor
            tensors[field.name] = source.to(device, non_blocking=True)
    return dataclasses.replace(batch, **tensors)


def forward(
    network: nn.Module, batch: Batch, device: torch.device, *, is_exact: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Text logits (batch, labels) and sentence logits (sentences, labels), both float32.

    Computed in bfloat16 where that is safe and the device has it, or all in float32 when
    `is_exact`.
    """
    batch = placed(batch, device)
    is_short = has_bfloat16(device.type) and not is_exact
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=is_short):
        logits, token_logits = network(batch.input_ids, batch.attention_mask)
    return logits, sentence_means(token_logits, batch)


def sentence_means(token_logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Mean of the token logits over each sentence, float32 (sentences, labels)."""
    owner = batch.sentence_of_token.to(token_logits.device).flatten()
    sentences = len(batch.text_of_sentence)
    flat = token_logits.flatten(0, 1)
    if owner.device.type != "cpu":
        return means_by_product(flat, owner, sentences)
    inside = owner >= 0
    rows = owner[inside]
    sums = flat.new_zeros(sentences, flat.shape[-1]).index_add(0, rows, flat[inside])
    return sums / torch.bincount(rows, minlength=sentences).clamp(min=1).unsqueeze(-1)


def means_by_product(flat: torch.Tensor, owner: torch.Tensor, sentences: int) -> torch.Tensor:
    """The same by a product with ones and zeros, for devices that run behind the host.

    It asks nothing of the host, which would wait for the device, and sums in a fixed order.

    Args:
        flat: Token logits, float32 (tokens, labels).
        owner: Sentence of each token, int64 (tokens,); negative for none.
        sentences: How many there are.
    """
    belongs = (owner == torch.arange(sentences, device=owner.device).unsqueeze(-1)).float()
    return belongs @ flat / belongs.sum(dim=1, keepdim=True).clamp(min=1)
