"""Devices are chosen or refused in words, and compute in bfloat16 only where they can."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from kdh_desktop.core.errors import TrainingError
from trainer.corpus import LabelledText
from trainer.learning.batching import Batches, Encoder
from trainer.learning.forward import forward
from trainer.networks.transformer import TransformerNetwork
from trainer.process import device
from trainer.process.device import choose_device, has_bfloat16, random_state, restore_random_state

CPU = torch.device("cpu")


def test_the_processor_is_taken_where_there_is_nothing_faster() -> None:
    assert choose_device("cpu") == CPU
    if not torch.backends.mps.is_available():
        assert choose_device("auto") == CPU


def test_the_fastest_device_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"
    assert choose_device("cpu") == CPU


def test_a_device_that_is_not_there_is_refused_in_words() -> None:
    with pytest.raises(TrainingError, match="no graphics card") as refused:
        choose_device("cuda")
    assert "--" not in refused.value.remedy, "the window has no options"


@pytest.mark.parametrize("is_there", [True, False])
def test_a_processor_computes_in_bfloat16_where_it_has_instructions_for_it(
    new_network: Callable[[], TransformerNetwork],
    encoder: Encoder,
    tiny_texts: list[LabelledText],
    monkeypatch: pytest.MonkeyPatch,
    is_there: bool,
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": is_there})
    monkeypatch.setattr(device, "has_bfloat16", has_bfloat16.__wrapped__)
    has_bfloat16.cache_clear()
    batches = Batches(
        encoder.examples(tiny_texts[:4]), piece_ids=encoder.piece_ids, max_tokens=64, batch_size=4
    )
    _, batch = next(batches.by_length())
    network = new_network().eval()
    try:
        usual, exact = forward(network, batch, CPU), forward(network, batch, CPU, is_exact=True)
    finally:
        has_bfloat16.cache_clear()
    assert torch.equal(usual[0], exact[0]) is not is_there
    torch.testing.assert_close(usual[0], exact[0], atol=0.05, rtol=0)


def test_random_numbers_go_on_where_they_were_saved() -> None:
    state = random_state(CPU)
    first = torch.rand(5)
    torch.manual_seed(1)
    restore_random_state(state, CPU)
    assert torch.equal(torch.rand(5), first)
