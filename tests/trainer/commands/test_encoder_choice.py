"""Commands start from the encoder that is named, else from the one that ships."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer

from kdh_desktop.core.paths import AppPaths
from trainer.commands.encoder import base_encoder
from trainer.networks.base_encoder import check_base_encoder
from trainer.networks.encoders import load_encoder


def test_a_named_encoder_is_taken(tmp_path: Path) -> None:
    assert base_encoder(tmp_path / "mine") == tmp_path / "mine"


def test_without_a_name_the_encoder_that_ships_is_taken() -> None:
    assert base_encoder(None) == AppPaths.default().base_encoder


def test_encoder_that_ships_passes_the_checks_of_any_other() -> None:
    check_base_encoder(base_encoder(None), max_tokens=512)


def test_encoder_that_ships_tells_subjects_apart_before_any_training() -> None:
    folder = base_encoder(None)
    encoder = load_encoder(folder, dropout=0.0)
    encoder.train(mode=False)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()

    def place(text: str) -> torch.Tensor:
        pieces = torch.tensor([tokenizer.encode(text).ids])
        with torch.inference_mode():
            mean: torch.Tensor = encoder(input_ids=pieces).last_hidden_state.mean(dim=1)
        return torch.nn.functional.normalize(mean, dim=-1)

    vessels = place("The factor made new blood vessels grow towards the tumor.")
    angiogenesis = place("Angiogenesis was increased in the carcinoma.")
    weather = place("The train was late because of snow on the rails.")
    assert (vessels * angiogenesis).sum() > (vessels * weather).sum() + 0.2
