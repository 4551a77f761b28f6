"""Attention text by text: the same as the fused one, and used only where it pays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from trainer.networks import text_by_text
from trainer.networks.text_by_text import text_by_text_attention
from trainer.networks.transformer import load_transformer

TEXTS, HEADS, TOKENS, UNITS = 3, 4, 19, 8
SCALE = UNITS**-0.5


class Layer(nn.Module):
    is_causal = False


Parts = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def heads_of(seed: int, dtype: torch.dtype) -> Parts:
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(3, TEXTS, HEADS, TOKENS, UNITS, generator=generator).to(dtype)
    query, key, value = (part.clone().requires_grad_() for part in drawn)
    return query, key, value


def mask_of(*lengths: int) -> torch.Tensor:
    is_piece = torch.arange(TOKENS) < torch.tensor(lengths).unsqueeze(-1)
    return is_piece[:, None, None, :].expand(-1, 1, TOKENS, -1)


def attend(parts: Parts, mask: torch.Tensor | None) -> torch.Tensor:
    return text_by_text_attention(Layer(), *parts, mask, scaling=SCALE)[0]


def exact(parts: Parts, mask: torch.Tensor | None) -> torch.Tensor:
    """Attention in float64, by the formula."""
    query, key, value = (part.double() for part in parts)
    scores = query @ key.transpose(-1, -2) * SCALE
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return (torch.softmax(scores, dim=-1) @ value).transpose(1, 2)


@pytest.fixture
def no_fused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the fused attention was taken")

    monkeypatch.setattr(text_by_text, "sdpa_attention_forward", refuse)


@pytest.mark.usefixtures("no_fused")
@pytest.mark.parametrize("mask", [None, mask_of(TOKENS, 11, 1)])
def test_it_gives_what_the_formula_does_with_its_gradients(mask: torch.Tensor | None) -> None:
    lengths = [TOKENS] * TEXTS if mask is None else mask[:, 0, 0].sum(dim=-1).tolist()
    found, wanted = heads_of(0, torch.bfloat16), heads_of(0, torch.bfloat16)
    outputs, references = attend(found, mask), exact(wanted, mask)
    weights = torch.linspace(-1, 1, UNITS)
    for text, length in enumerate(lengths):
        (outputs[text, :length] * weights).sum().backward(retain_graph=True)  # type: ignore[no-untyped-call]
        (references[text, :length] * weights).sum().backward(retain_graph=True)  # type: ignore[no-untyped-call]
        torch.testing.assert_close(
            outputs[text, :length].double(), references[text, :length], atol=0.02, rtol=0.02
        )
    for one, other in zip(found, wanted, strict=True):
        assert one.grad is not None
        assert other.grad is not None
        torch.testing.assert_close(one.grad.double(), other.grad.double(), atol=0.03, rtol=0.03)


@pytest.mark.usefixtures("no_fused")
def test_padding_gets_nothing_and_gives_nothing() -> None:
    parts = heads_of(1, torch.bfloat16)
    mask = mask_of(TOKENS, 7, 3)
    outputs = attend(parts, mask)
    assert torch.equal(outputs[1, 7:], torch.zeros(TOKENS - 7, HEADS, UNITS, dtype=torch.bfloat16))
    outputs.sum().backward()  # type: ignore[no-untyped-call]
    for part in parts:
        assert part.grad is not None
        assert not part.grad[2, :, 3:].any()


def test_it_is_no_further_from_the_truth_than_the_fused_attention() -> None:
    parts = heads_of(2, torch.bfloat16)
    truth = exact(parts, None)
    query, key, value = parts
    fused = nn.functional.scaled_dot_product_attention(query, key, value, scale=SCALE)

    def error(found: torch.Tensor) -> float:
        return float(((found.double() - truth).norm() / truth.norm()).detach())

    assert error(attend(parts, None)) < 2 * error(fused.transpose(1, 2))


@pytest.mark.parametrize(
    ("dtype", "mask", "dropout"),
    [
        pytest.param(torch.float32, None, 0.0, id="float32"),
        pytest.param(torch.bfloat16, None, 0.1, id="dropout"),
        pytest.param(torch.bfloat16, mask_of(5, 5, 5).flip(-1), 0.0, id="padding-before"),
        pytest.param(
            torch.bfloat16,
            torch.ones(TOKENS, TOKENS, dtype=torch.bool).tril().expand(TEXTS, 2, -1, -1),
            0.0,
            id="another-mask",
        ),
    ],
)
def test_the_rest_is_left_to_the_fused_attention(
    monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype, mask: torch.Tensor | None, dropout: float
) -> None:
    asked: list[dict[str, Any]] = []
    answer = (torch.zeros(1), None)

    def fused(*_: Any, **options: Any) -> tuple[torch.Tensor, None]:
        asked.append(options)
        return answer

    monkeypatch.setattr(text_by_text, "sdpa_attention_forward", fused)
    parts = heads_of(3, dtype)
    found = text_by_text_attention(Layer(), *parts, mask, dropout=dropout, scaling=SCALE)
    assert found is answer
    assert asked == [{"dropout": dropout, "scaling": SCALE}]


def test_a_network_takes_it_in_bfloat16_and_gives_what_it_gave(
    tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = load_transformer(tiny_encoder, labels=3).eval()
    ids = torch.from_numpy(
        torch.randint(5, 180, (2, 20), generator=torch.Generator().manual_seed(0)).numpy()
    )
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0
    layers: list[int] = []
    attend_one = text_by_text._attend

    def watched(*parts: Any, **options: Any) -> torch.Tensor:
        layers.append(parts[-1])
        return attend_one(*parts, **options)

    monkeypatch.setattr(text_by_text, "_attend", watched)
    with torch.inference_mode():
        wanted = network(ids, mask)
        assert not layers
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = network(ids, mask)
    assert layers == [20, 9] * 2
    torch.testing.assert_close(found[0], wanted[0], atol=0.02, rtol=0.05)
    torch.testing.assert_close(found[1][1, :9], wanted[1][1, :9], atol=0.02, rtol=0.05)


def test_a_saved_encoder_does_not_ask_for_it(tiny_encoder: Path, tmp_path: Path) -> None:
    load_transformer(tiny_encoder, labels=3).encoder.save_pretrained(tmp_path)  # type: ignore[operator]
    assert "text_by_text" not in (tmp_path / "config.json").read_text()
