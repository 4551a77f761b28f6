"""Rounding in the loop is the rounding of the served int8 form, and can be trained through."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from tests.data.int8_arithmetic import WHY_INEXACT, is_int8_exact
from trainer.learning.quantisation_training import (
    quantisation_in_the_loop,
    rounded_activation,
    rounded_weight,
)
from trainer.networks.transformer import TransformerNetwork, load_transformer

TOKENS = (60, 41, 17)


@pytest.fixture(scope="module")
def network(tiny_encoder: Path) -> TransformerNetwork:
    """With heads that are no longer near zero, as in a trained network."""
    torch.manual_seed(5)
    network = load_transformer(tiny_encoder, labels=10).eval()
    for name, parameter in network.named_parameters():
        if not name.startswith("encoder.") and parameter.ndim > 1:
            nn.init.normal_(parameter, std=0.3)
    return network


def padded_batch() -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.from_numpy(np.random.default_rng(0).integers(5, 300, (len(TOKENS), max(TOKENS))))
    mask = torch.zeros_like(ids)
    for row, tokens in enumerate(TOKENS):
        mask[row, :tokens] = 1
    return ids, mask


def served(path: Path) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """What the int8 form says of each text, one by one, as the program asks it."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    ids, _ = padded_batch()
    found = []
    for row, tokens in enumerate(TOKENS):
        one = ids[row : row + 1, :tokens].numpy()
        logits, token_logits = session.run(
            ["logits", "token_logits"], {"input_ids": one, "attention_mask": np.ones_like(one)}
        )
        found.append((torch.from_numpy(logits[0]), torch.from_numpy(token_logits[0])))
    return found


def error(
    found: tuple[torch.Tensor, torch.Tensor], wanted: list[tuple[torch.Tensor, torch.Tensor]]
) -> tuple[float, float]:
    """Root mean square of the distances of text logits and of token logits."""
    logits, token_logits = found
    texts = torch.stack([logits[row] - one for row, (one, _) in enumerate(wanted)])
    pieces = torch.cat([token_logits[row, : len(one)] - one for row, (_, one) in enumerate(wanted)])
    return float(texts.square().mean().sqrt()), float(pieces.square().mean().sqrt())


@pytest.mark.skipif(not is_int8_exact(), reason=WHY_INEXACT)
def test_it_agrees_with_the_served_form_far_better_than_the_exact_network(
    network: TransformerNetwork, int8: Path
) -> None:
    wanted = served(int8)
    with torch.inference_mode():
        exact = network(*padded_batch())
        with quantisation_in_the_loop(network):
            rounded = network(*padded_batch())
    for of_rounded, of_exact in zip(error(rounded, wanted), error(exact, wanted), strict=True):
        assert of_rounded < 0.35 * of_exact


def test_padding_does_not_change_a_text(network: TransformerNetwork) -> None:
    ids, mask = padded_batch()
    with torch.inference_mode(), quantisation_in_the_loop(network):
        together = network(ids, mask)[0]
        for row, tokens in enumerate(TOKENS):
            alone = network(ids[row : row + 1, :tokens], mask[row : row + 1, :tokens])[0][0]
            torch.testing.assert_close(together[row], alone, atol=1e-4, rtol=1e-4)


def test_afterwards_the_network_is_what_it_was(network: TransformerNetwork) -> None:
    state = {name: value.clone() for name, value in network.state_dict().items()}
    kinds = [type(module) for module in network.modules()]
    parameters = dict(network.named_parameters())
    with torch.inference_mode():
        before = network(*padded_batch())[0]
        with quantisation_in_the_loop(network):
            assert list(network.state_dict()) == list(state)
            within = dict(network.named_parameters())
            assert all(within[name] is one for name, one in parameters.items())
            assert not torch.equal(network(*padded_batch())[0], before)
        assert torch.equal(network(*padded_batch())[0], before)
    assert [type(module) for module in network.modules()] == kinds
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())


def test_an_error_within_leaves_the_network_whole_too(network: TransformerNetwork) -> None:
    kinds = [type(module) for module in network.modules()]
    with pytest.raises(RuntimeError, match="lost"), quantisation_in_the_loop(network):
        raise RuntimeError("lost")
    assert [type(module) for module in network.modules()] == kinds


def test_gradients_pass_the_rounding(tiny_encoder: Path) -> None:
    torch.manual_seed(1)
    network = load_transformer(tiny_encoder, labels=10, dropout=0.0)
    targets = torch.tensor([[1.0, 0.0] * 5, [0.0, 1.0] * 5, [1.0] * 10])
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    losses = []
    with quantisation_in_the_loop(network):
        for _ in range(30):
            logits, _ = network(*padded_batch())
            loss = nn.functional.binary_cross_entropy_with_logits(logits, targets)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
    assert all(
        parameter.grad is not None
        for name, parameter in network.named_parameters()
        if not name.startswith("token.")  # no sentence was asked for
    )


def test_each_output_channel_has_its_own_scale() -> None:
    weight = torch.tensor([[1.27, 0.004, -0.6], [0.00127, 0.0, -0.0001]], requires_grad=True)
    rounded = rounded_weight(weight)
    wanted = torch.tensor([[1.27, 0.0, -0.6], [0.00127, 0.0, -0.0001]])
    torch.testing.assert_close(rounded, wanted, atol=1e-6, rtol=1e-5)
    (rounded * torch.arange(6.0).view(2, 3)).sum().backward()  # type: ignore[no-untyped-call]
    assert weight.grad is not None
    assert torch.equal(weight.grad, torch.arange(6.0).view(2, 3))


def test_activations_have_256_steps_over_their_range_and_zero() -> None:
    values = torch.tensor([[[0.0, 2.55, 0.014]], [[-2.55, -0.012, 0.0]], [[5.1, 5.1, 2.6]]])
    wanted = torch.tensor([[[0.0, 2.55, 0.01]], [[-2.55, -0.01, 0.0]], [[5.1, 5.1, 2.6]]])
    torch.testing.assert_close(rounded_activation(values), wanted)


def test_padding_does_not_widen_the_range() -> None:
    values = torch.tensor([[[2.55, 0.014], [1000.0, -1000.0]]])
    is_piece = torch.tensor([[True, False]])
    rounded = rounded_activation(values, is_piece)
    torch.testing.assert_close(rounded[0, 0], torch.tensor([2.55, 0.01]))


def test_nothing_stays_nothing() -> None:
    assert torch.equal(rounded_activation(torch.zeros(2, 3, 4)), torch.zeros(2, 3, 4))
    assert torch.equal(rounded_weight(torch.zeros(2, 3)), torch.zeros(2, 3))
