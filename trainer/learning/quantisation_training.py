"""Training with the rounding of the served int8 form in the loop.

Weights and activations are rounded in the forward pass as onnxruntime's dynamic quantisation will
round them, and gradients pass the rounding as if it were not there. So a student can learn, in its
last epochs, weights that lose less by it. The weights themselves stay float32, and the network is
exported as any other.

Source: Jacob et al. 2018, "Quantization and training of neural networks for efficient
integer-arithmetic-only inference", section 3; straight-through estimator after Bengio, Leonard and
Courville 2013, section 4; the rounding itself after ONNX's DynamicQuantizeLinear.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn import functional

_MOST_WEIGHT = 127
"""Weights are rounded to -127..127, symmetrically."""

_STEPS = 255
"""Activations and embeddings are rounded to 0..255 steps over their range and 0."""


@contextmanager
def quantisation_in_the_loop(network: nn.Module) -> Iterator[None]:
    """Within the context, `network` computes with rounded weights and activations.

    Its parameters stay the same objects under the same names, so that an optimiser, a checkpoint
    or an export knows no difference. Linear layers and embeddings are rounded; recurrent and
    convolutional layers are not.

    Args:
        network: Takes ``(input_ids, attention_mask)``, as all of ours do.
    """
    pieces = _Pieces()
    originals = list(_replace(network, pieces))
    watching = network.register_forward_pre_hook(pieces.watch, with_kwargs=True)
    try:
        yield
    finally:
        watching.remove()
        for parent, name, original in originals:
            setattr(parent, name, original)


def rounded_weight(weight: torch.Tensor) -> torch.Tensor:
    """Weights of a linear layer as int8 will hold them, with a scale for each output channel.

    Args:
        weight: float32 (outputs, inputs).

    Returns:
        The same shape, with the gradient of `weight`.
    """
    with torch.no_grad():
        scale = _scale(weight.abs().amax(dim=1, keepdim=True), _MOST_WEIGHT)
        rounded = torch.round(weight / scale) * scale
    return _through(weight, rounded)


def rounded_activation(values: torch.Tensor, is_piece: torch.Tensor | None = None) -> torch.Tensor:
    """Activations as the served model will round them: over the range of each text, and 0.

    Args:
        values: (batch, ...); each text has a range of its own, since each is served alone.
        is_piece: Where `values` are not of padding, boolean (batch, tokens). Padding does not
            count for the range, where `values` are (batch, tokens, units).

    Returns:
        The same shape in float32, with the gradient of `values`.
    """
    values = values.float()
    with torch.no_grad():
        counted = values
        if is_piece is not None and values.ndim == 3 and values.shape[:2] == is_piece.shape:
            counted = values.masked_fill(~is_piece.unsqueeze(-1), 0.0)
        units = list(range(1, values.ndim))
        low = counted.amin(dim=units, keepdim=True)
        high = counted.amax(dim=units, keepdim=True)
        rounded = _in_steps(values, low, high)
    return _through(values, rounded)


def _in_steps(values: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    low, high = low.clamp(max=0), high.clamp(min=0)
    scale = _scale(high - low, _STEPS)
    zero = torch.round(-low / scale)
    return ((torch.round(values / scale) + zero).clamp(0, _STEPS) - zero) * scale


def _scale(span: torch.Tensor, steps: int) -> torch.Tensor:
    # Where all is 0, any scale will do.
    return torch.where(span > 0, span / steps, torch.ones_like(span))


def _through(exact: torch.Tensor, rounded: torch.Tensor) -> torch.Tensor:
    """The rounded numbers with the gradient of the exact ones."""
    return exact + (rounded - exact).detach()


class _Pieces:
    """Where the batch under way has pieces and where padding."""

    def __init__(self) -> None:
        self.of_batch: torch.Tensor | None = None

    def watch(self, _network: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Remember the mask that the network is called with."""
        mask = named["attention_mask"] if "attention_mask" in named else inputs[1]
        self.of_batch = mask.bool()


class _RoundedLinear(nn.Module):
    """A linear layer over the parameters of another, with rounding."""

    def __init__(self, original: nn.Linear, pieces: _Pieces) -> None:
        super().__init__()
        self.weight = original.weight
        self.bias = original.bias
        self._pieces = pieces

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        weight = rounded_weight(self.weight)
        return functional.linear(
            rounded_activation(values, self._pieces.of_batch), weight, self.bias
        )


class _RoundedEmbedding(nn.Module):
    """An embedding over the parameter of another, with rounding; all its rows share one range."""

    def __init__(self, original: nn.Embedding) -> None:
        super().__init__()
        self.weight = original.weight
        self._padding = original.padding_idx

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        found = functional.embedding(ids, self.weight, padding_idx=self._padding)
        with torch.no_grad():
            rounded = _in_steps(found, self.weight.min(), self.weight.max())
        return _through(found, rounded)


def _replace(module: nn.Module, pieces: _Pieces) -> Iterator[tuple[nn.Module, str, nn.Module]]:
    """Replace layers below `module`; gives each that was replaced, with its place."""
    for name, child in list(module.named_children()):
        if isinstance(child, nn.Linear):
            setattr(module, name, _RoundedLinear(child, pieces))
        elif isinstance(child, nn.Embedding):
            setattr(module, name, _RoundedEmbedding(child))
        else:
            yield from _replace(child, pieces)
            continue
        yield module, name, child
