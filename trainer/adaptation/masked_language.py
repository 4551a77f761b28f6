"""An encoder that guesses hidden pieces, and how its folder is read and written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save
from torch import nn
from torch.nn import functional

from kdh_desktop.core.errors import TrainingError
from trainer.networks.encoders import load_encoder

_HEADS = (
    # Names of the transform, its norm and the bias over the vocabulary: BERT's, then DistilBERT's.
    (
        "cls.predictions.transform.dense",
        "cls.predictions.transform.LayerNorm",
        "cls.predictions.bias",
    ),
    ("vocab_transform", "vocab_layer_norm", "vocab_projector.bias"),
)


class MaskedLanguageNetwork(nn.Module):
    """An encoder with BERT's head, whose output layer is the table of input embeddings."""

    def __init__(self, encoder: nn.Module) -> None:
        """Put a fresh head on an encoder of the transformers library."""
        super().__init__()
        self.encoder = encoder
        vocabulary, width = self._embeddings.shape
        hidden = int(encoder.config.hidden_size)  # type: ignore[union-attr, arg-type]
        self.transform = nn.Linear(hidden, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        nn.init.normal_(self.transform.weight, std=0.02)
        nn.init.zeros_(self.transform.bias)

    def forward(
        self,
        input_ids: torch.Tensor,
        positions: torch.Tensor,
        targets: torch.Tensor,
        weights: torch.Tensor,
    ) -> torch.Tensor:
        """Mean loss over the pieces to guess; logits are made for those alone.

        Arguments are those of `MaskedBatch`.
        """
        states = self.encoder(input_ids=input_ids)[0]
        index = positions.unsqueeze(-1).expand(-1, -1, states.shape[-1])
        asked = states.gather(1, index).flatten(0, 1)
        guess = self.norm(functional.gelu(self.transform(asked)))
        logits = functional.linear(guess, self._embeddings, self.bias)
        losses = functional.cross_entropy(logits.float(), targets.flatten(), reduction="none")
        asked_for = weights.flatten()
        return (losses * asked_for).sum() / asked_for.sum().clamp(min=1.0)

    @property
    def vocabulary(self) -> int:
        """Number of pieces it has weights for."""
        return len(self.bias)

    @property
    def _embeddings(self) -> torch.Tensor:
        table: torch.Tensor = self.encoder.get_input_embeddings().weight  # type: ignore[operator]
        return table


def load_masked_language(folder: Path, *, dropout: float, seed: int) -> MaskedLanguageNetwork:
    """Build a network on the encoder in `folder`; see `load_encoder`.

    The head is the folder's own where it holds one, else drawn from `seed`.

    Raises:
        TrainingError: The folder asks for anything but plain weights, or its parts do not fit.
    """
    torch.manual_seed(seed)
    network = MaskedLanguageNetwork(load_encoder(folder, dropout=dropout))
    head = _own_head(folder)
    if head is not None:
        try:
            network.load_state_dict(head, strict=False)
        except RuntimeError as error:
            raise TrainingError(
                "The head of the encoder's pretraining does not fit its other weights.",
                "Choose another base encoder.",
            ) from error
    return network


def _own_head(folder: Path) -> dict[str, torch.Tensor] | None:
    """The head that lies in an encoder's folder, by our names, or None where there is none."""
    with safe_open(folder / "model.safetensors", framework="pt") as weights:
        names = set(weights.keys())
        for transform, norm, bias in _HEADS:
            theirs = {
                **{f"transform.{kind}": f"{transform}.{kind}" for kind in ("weight", "bias")},
                **{f"norm.{kind}": f"{norm}.{kind}" for kind in ("weight", "bias")},
                "bias": bias,
            }
            if names.issuperset(theirs.values()):
                return {ours: weights.get_tensor(name) for ours, name in theirs.items()}
    return None


def write_encoder(encoder: nn.Module, base: Path, out: Path, *, is_half: bool, about: str) -> None:
    """Write a base encoder's folder: all of it, read back and found right, or nothing.

    Args:
        encoder: The encoder, without any head.
        base: The folder it began from, whose config and tokenizer it keeps.
        out: The new folder; there must be none yet, or an empty one.
        is_half: Whether weights are stored in float16, at half the size.
        about: How it was made, for the file's own metadata.

    Raises:
        TrainingError: The weights do not fit into float16, or cannot be read back.
    """
    kind = torch.float16 if is_half else torch.float32
    weights = {
        name: tensor.detach().to("cpu", kind).contiguous()
        for name, tensor in encoder.state_dict().items()
    }
    if not all(torch.isfinite(tensor).all() for tensor in weights.values()):
        raise TrainingError(
            "The encoder's weights are too large for half precision.", "Keep them in float32."
        )
    staged = out.with_name(out.name + ".part")
    staged.mkdir(parents=True, exist_ok=True)
    config = json.loads((base / "config.json").read_bytes()) | {
        "architectures": [type(encoder).__name__],
        # What the weights are to be trained in, however they are stored.
        "dtype": "float32",
    }
    config.pop("torch_dtype", None)
    _write(staged / "config.json", json.dumps(config, indent=2).encode() + b"\n")
    _write(staged / "tokenizer.json", (base / "tokenizer.json").read_bytes())
    data = save(weights, metadata={"format": "pt", "adaptation": about})
    _write(staged / "model.safetensors", data)
    _check(staged, weights)
    if out.exists():
        out.rmdir()
    staged.replace(out)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _check(folder: Path, weights: dict[str, torch.Tensor]) -> None:
    stored = load_file(folder / "model.safetensors")
    loaded = load_encoder(folder, dropout=0.0).state_dict()
    for name, tensor in weights.items():
        if not torch.equal(stored[name], tensor) or not torch.equal(loaded[name], tensor.float()):
            raise TrainingError(
                "The new encoder was not written whole.", "Look for room on the disk, and go on."
            )
