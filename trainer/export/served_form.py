"""A trained network in the form in which it is served: the same function in fewer, faster steps.

Its attention is one operator of the runtime that never lays out a matrix of all pieces by all
pieces. On two threads that, the fused projections and the one operator for Gelu made the int8 form
14 to 22 % faster. The operator is written without a mask, since the classifier gives one window
per pass, without padding; `trainer.export.attention_mask` adds the form for padding to the file.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from trainer.networks.recurrence import Recurrence
from trainer.networks.transformer import TransformerNetwork

_PLAIN_ATTENTIONS = frozenset(
    {
        "BertSelfAttention",
        "CamembertSelfAttention",
        "DistilBertSelfAttention",
        "ElectraSelfAttention",
        "RobertaSelfAttention",
        "XLMRobertaSelfAttention",
    }
)
"""Self-attentions of queries, keys and values and nothing else, such as relative positions; by
name, since each lies in a module of transformers that takes its time to be imported."""


def served_form(network: nn.Module) -> nn.Module:
    """The form to export, a changed copy.

    The encoder of the copy reads padding too, until `honour_mask` has changed the exported file.
    """
    if isinstance(network, TransformerNetwork):
        served = copy.deepcopy(network)
        if _fuse_attentions(served.encoder):
            served.encoder = _EncoderOfAllPieces(served.encoder)
        else:
            # The fused kernels export with guards against rows without any token; there are none.
            served.encoder.set_attn_implementation("eager")  # type: ignore[operator]
        return served.eval()
    other = copy.deepcopy(network)
    for module in list(other.modules()):
        for name, child in module.named_children():
            if isinstance(child, Recurrence):
                setattr(module, name, _ServedRecurrence(child))
    return other.eval()


def _fuse_attentions(encoder: nn.Module) -> bool:
    """Fuse all attentions of a kind that we know, and tell whether there were any."""
    found = [
        (module, name, child)
        for module in encoder.modules()
        for name, child in module.named_children()
        if type(child).__name__ in _PLAIN_ATTENTIONS
    ]
    for module, name, child in found:
        setattr(module, name, _FusedSelfAttention(child))
    return bool(found)


class _EncoderOfAllPieces(nn.Module):
    """An encoder that reads every piece, whatever the mask says; see `served_form`."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> object:
        del attention_mask
        return self.encoder(input_ids=input_ids)


class _FusedSelfAttention(nn.Module):
    """Self-attention as two operators: one projection to queries, keys and values, and the rest.

    One projection means that its input is quantised once. The rest exists in ONNX only.
    """

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.out: nn.Module
        if hasattr(attention, "q_lin"):  # DistilBERT
            parts = (attention.q_lin, attention.k_lin, attention.v_lin)
            self.heads = attention.n_heads
            self.out = attention.out_lin
        else:
            parts = (attention.query, attention.key, attention.value)
            self.heads = attention.num_attention_heads
            self.out = nn.Identity()
        self.scaling = attention.scaling
        self.weight = nn.Parameter(torch.cat([part.weight for part in parts]))
        self.bias = nn.Parameter(torch.cat([part.bias for part in parts]))

    def forward(self, hidden_states: torch.Tensor, *_: object, **__: object) -> object:
        projected = nn.functional.linear(hidden_states, self.weight, self.bias)
        queries, keys, values = projected.chunk(3, dim=-1)
        context = torch.onnx.ops.symbolic(
            "com.microsoft::MultiHeadAttention",
            (queries, keys, values),
            {"num_heads": self.heads, "scale": self.scaling},
            dtype=queries.dtype,
            shape=queries.shape,
            version=1,
        )
        return self.out(context), None


class _ServedRecurrence(nn.Module):
    """A recurrent layer as the one operator of ONNX, which takes the rows' lengths itself."""

    def __init__(self, recurrence: Recurrence) -> None:
        super().__init__()
        layer = recurrence.layer
        self.operator = "LSTM" if isinstance(layer, nn.LSTM) else "GRU"
        self.width = layer.hidden_size

        def both(name: str) -> torch.Tensor:
            """Weights of both directions, (2, gates * width, ...), with the gates as in ONNX."""
            ways = [getattr(layer, f"{name}_l0{way}").detach() for way in ("", "_reverse")]
            return torch.stack([self._in_order(weights) for weights in ways])

        self.weights = nn.Parameter(both("weight_ih"))
        self.recurrent_weights = nn.Parameter(both("weight_hh"))
        self.biases = nn.Parameter(torch.cat((both("bias_ih"), both("bias_hh")), dim=1))

    def _in_order(self, weights: torch.Tensor) -> torch.Tensor:
        gates = torch.split(weights, self.width)
        order = (0, 3, 1, 2) if self.operator == "LSTM" else (1, 0, 2)
        return torch.cat([gates[place] for place in order])

    def forward(self, words: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        attributes: dict[str, Any] = {"direction": "bidirectional", "hidden_size": self.width}
        if self.operator == "GRU":
            attributes["linear_before_reset"] = 1
        rows, steps = words.shape[:2]
        states = torch.onnx.ops.symbolic(
            self.operator,
            (
                words.transpose(0, 1),
                self.weights,
                self.recurrent_weights,
                self.biases,
                lengths.to(torch.int32),
            ),
            attributes,
            dtype=words.dtype,
            shape=(steps, 2, rows, self.width),
        )
        return states.permute(2, 0, 1, 3).flatten(2)
