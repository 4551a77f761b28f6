"""How deep a parameter lies below a network's heads, which its learning rate goes by."""

from __future__ import annotations

from torch import nn


def layers_above(network: nn.Module) -> dict[str, int | None]:
    """Layers of the base encoder above each parameter, by its name; None for the heads.

    Where there is no base encoder (all is trained from scratch, nothing to be careful of) it is 0
    for every parameter.
    """
    names = [name for name, _ in network.named_parameters()]
    if not isinstance(getattr(network, "encoder", None), nn.Module):
        return dict.fromkeys(names, 0)
    layers = {name: _layer_of(name) for name in names if name.startswith("encoder.")}
    count = 1 + max((layer for layer in layers.values() if layer is not None), default=-1)
    above: dict[str, int | None] = dict.fromkeys(names)
    below_layers = True
    for name, layer in layers.items():
        if layer is not None:
            below_layers = False
            above[name] = count - 1 - layer
        else:  # embeddings are declared before the layers, a last normalisation behind them
            above[name] = count if below_layers else 0
    return above


def _layer_of(name: str) -> int | None:
    """The first number in a dotted name: architectures name their list of layers differently."""
    return next((int(part) for part in name.split(".") if part.isdigit()), None)
