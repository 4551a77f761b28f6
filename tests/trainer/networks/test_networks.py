"""The forward contract of networks, and dropout that is cheap without being wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from trainer.networks.dropout import CheapDropout
from trainer.networks.transformer import TransformerNetwork

NewNetwork = Callable[[], TransformerNetwork]


def ids_of(*shape: int) -> torch.Tensor:
    return torch.randint(5, 180, shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(1, 1), (3, 17), (2, 128)])
def test_forward_gives_logits_for_texts_and_tokens(
    new_network: NewNetwork, shape: tuple[int, int]
) -> None:
    ids = ids_of(*shape)
    logits, token_logits = new_network()(ids, torch.ones_like(ids))
    assert (logits.shape, logits.dtype) == ((shape[0], 10), torch.float32)
    assert (token_logits.shape, token_logits.dtype) == ((*shape, 10), torch.float32)


def test_logits_are_float32_under_autocast_too(new_network: NewNetwork) -> None:
    ids = ids_of(2, 9)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits, token_logits = new_network()(ids, torch.ones_like(ids))
    assert logits.dtype == token_logits.dtype == torch.float32


def test_padding_changes_nothing_of_a_text(new_network: NewNetwork) -> None:
    network = new_network().eval()
    ids = ids_of(2, 20)
    mask = torch.ones_like(ids)
    mask[0, 12:] = 0
    with torch.inference_mode():
        alone = network(ids[:1, :12], mask[:1, :12])
        beside = network(ids, mask)
        ids[0, 12:] = 7
        other_padding = network(ids, mask)
    for padded in (beside, other_padding):
        torch.testing.assert_close(padded[0][:1], alone[0], atol=1e-5, rtol=0)
        torch.testing.assert_close(padded[1][:1, :12], alone[1], atol=1e-5, rtol=0)


def test_dropout_is_on_in_training_and_off_in_evaluation(new_network: NewNetwork) -> None:
    network, ids = new_network(), ids_of(1, 9)
    mask = torch.ones_like(ids)
    with torch.inference_mode():
        network.train()
        assert not torch.equal(network(ids, mask)[0], network(ids, mask)[0])
        network.eval()
        assert torch.equal(network(ids, mask)[0], network(ids, mask)[0])


def test_every_dropout_of_the_encoder_is_the_cheap_one(new_network: NewNetwork) -> None:
    modules = list(new_network().modules())
    assert sum(isinstance(module, CheapDropout) for module in modules) == 6  # heads, 1 + 2 x 2
    assert all(module.p == 0 for module in modules if isinstance(module, torch.nn.Dropout))


def test_the_same_seed_makes_the_same_network(new_network: NewNetwork) -> None:
    first, second = new_network().state_dict(), new_network().state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("chance", [0.1, 0.5])
def test_cheap_dropout_zeroes_its_share_and_keeps_the_mean(chance: float) -> None:
    torch.manual_seed(0)
    dropout = CheapDropout(chance)
    units = dropout(torch.ones(400, 500))
    rounded = round(chance * 256) / 256
    assert float((units == 0).float().mean()) == pytest.approx(rounded, abs=0.005)
    assert float(units.mean()) == pytest.approx(1, abs=0.01)
    kept = units[units != 0]
    torch.testing.assert_close(kept, torch.full_like(kept, 1 / (1 - rounded)))


def test_cheap_dropout_treats_every_unit_alike() -> None:
    """Eight units share a draw; none of the eight places may be favoured, nor go together."""
    torch.manual_seed(0)
    dropped = (CheapDropout(0.25)(torch.ones(40_000, 8)) == 0).float()
    torch.testing.assert_close(dropped.mean(dim=0), torch.full((8,), 0.25), atol=0.01, rtol=0)
    together = torch.corrcoef(dropped.T) - torch.eye(8)
    assert float(together.abs().max()) < 0.02


@pytest.mark.parametrize("shape", [(1,), (7,), (8,), (9,), (3, 5, 7), (0, 4)])
def test_cheap_dropout_takes_any_shape(shape: tuple[int, ...]) -> None:
    units = CheapDropout(0.5)(torch.ones(shape))
    assert units.shape == shape
    assert set(units.unique().tolist()) <= {0.0, 2.0}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_cheap_dropout_keeps_the_type(dtype: torch.dtype) -> None:
    assert CheapDropout(0.5)(torch.ones(8, dtype=dtype)).dtype == dtype


def test_cheap_dropout_passes_gradients_of_what_it_kept() -> None:
    torch.manual_seed(0)
    units = torch.ones(64, requires_grad=True)
    out = CheapDropout(0.5)(units)
    (gradient,) = torch.autograd.grad(out.sum(), units)
    assert torch.equal(gradient, out.detach())


def test_cheap_dropout_is_the_identity_in_evaluation_and_at_nought() -> None:
    units = torch.randn(5, 5)
    assert CheapDropout(0.0)(units) is units
    assert CheapDropout(0.5).eval()(units) is units


def test_cheap_dropout_follows_from_the_seed() -> None:
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(CheapDropout(0.5)(torch.ones(1000)))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
