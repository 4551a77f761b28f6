"""Attention for training on a CPU: text by text, as plain matrix products in bfloat16.

The fused attention of PyTorch has a backward pass for CPUs that hardly uses their bfloat16
instructions: it took half of a training step. Plain products take 2.5 times less, forward and
backward together, and text by text the scores stay in the cache and padding costs nothing. On any
other device, and in float32, the fused attention stays in use.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

_NAME = "text_by_text"

_KINDS = frozenset({"bert", "camembert", "distilbert", "electra", "roberta", "xlm-roberta"})
"""Architectures in which every piece sees every piece of its text, and nothing else."""


def use_text_by_text_attention(encoder: PreTrainedModel) -> None:
    """Let an encoder attend text by text where that pays; other architectures stay as they are."""
    if encoder.config.model_type in _KINDS:
        encoder.set_attn_implementation(_NAME)


def text_by_text_attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Attention as the library calls it.

    Args:
        module: The layer.
        query: (batch, heads, tokens, units of a head), as are `key` and `value`.
        key: See `query`.
        value: See `query`.
        attention_mask: True where a piece (third dimension) sees another (fourth), boolean
            (batch, 1, tokens, tokens); None where each sees all.
        dropout: Chance that a focus is zeroed.
        scaling: Of the scores.
        options: What else the library gives.

    Returns:
        (batch, tokens, heads, units of a head), zero for padding where it was left out; and None.
    """
    lengths = None
    if query.device.type == "cpu" and query.dtype == torch.bfloat16 and dropout == 0:
        lengths = _lengths(query, attention_mask)
    if lengths is None:
        return sdpa_attention_forward(
            module,
            query,
            key,
            value,
            attention_mask,
            dropout=dropout,
            scaling=scaling,
            **options,
        )
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    texts = zip(query.unbind(), key.unbind(), value.unbind(), lengths, strict=True)
    # Autocast would turn the scores to float32, which the softmax does inside, number by number.
    with torch.autocast("cpu", enabled=False):
        return torch.stack([_attend(*text, scale=scale) for text in texts]), None


def _attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, length: int, *, scale: float
) -> torch.Tensor:
    """Attention within one text; in (heads, tokens, units), out (tokens, heads, units)."""
    scores = torch.bmm(query[:, :length] * scale, key[:, :length].transpose(1, 2))
    found = torch.bmm(torch.softmax(scores, dim=-1), value[:, :length]).transpose(0, 1)
    padding = query.shape[1] - length
    return functional.pad(found, (0, 0, 0, 0, 0, padding)) if padding else found


def _lengths(query: torch.Tensor, attention_mask: torch.Tensor | None) -> list[int] | None:
    """Pieces of each text; None where they are not followed by padding alone."""
    texts, _, tokens, _ = query.shape
    if attention_mask is None:
        return [tokens] * texts
    if attention_mask.dtype != torch.bool or attention_mask.shape != (texts, 1, tokens, tokens):
        return None
    is_piece = attention_mask[:, 0, 0]
    lengths = is_piece.sum(dim=-1)
    is_before_end = torch.arange(tokens) < lengths.unsqueeze(-1)
    if not torch.equal(is_piece, is_before_end) or not bool((lengths > 0).all()):
        return None
    return [int(length) for length in lengths]


AttentionInterface.register(_NAME, text_by_text_attention)
AttentionMaskInterface.register(_NAME, sdpa_mask)
