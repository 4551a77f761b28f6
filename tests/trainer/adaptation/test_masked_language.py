"""The network guesses as the library's own does, and the folder it leaves can be started from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import BertConfig, BertForMaskedLM, DistilBertConfig, DistilBertModel

from kdh_desktop.core.errors import TrainingError
from trainer.adaptation.masked_language import load_masked_language, write_encoder
from trainer.networks.encoders import load_encoder
from trainer.networks.transformer import load_transformer


@pytest.fixture(scope="module")
def with_head(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Path:
    """A folder with the head of its pretraining, as the library writes it."""
    folder = tmp_path_factory.mktemp("with-head")
    torch.manual_seed(4)
    config = BertConfig(
        vocab_size=400,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    network = BertForMaskedLM(config)
    nn.init.normal_(network.cls.predictions.bias)
    network.save_pretrained(folder)
    shutil.copy(tiny_encoder / "tokenizer.json", folder)
    return folder


@pytest.fixture(scope="module")
def distilled(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Path:
    folder = tmp_path_factory.mktemp("distilled")
    config = DistilBertConfig(vocab_size=400, dim=32, hidden_dim=64, n_layers=2, n_heads=2)
    DistilBertModel(config).save_pretrained(folder)
    shutil.copy(tiny_encoder / "tokenizer.json", folder)
    return folder


def questions() -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(1)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randint(5, 300, shape, generator=generator)

    weights = torch.ones(3, 4)
    weights[1, 2:] = 0
    return draw(3, 20), torch.tensor([[1, 4, 7, 9]] * 3), draw(3, 4), weights


def test_its_loss_is_that_of_the_library(with_head: Path) -> None:
    network = load_masked_language(with_head, dropout=0.1, seed=1).eval()
    input_ids, positions, targets, weights = questions()
    labels = torch.full_like(input_ids, -100)
    labels.scatter_(1, positions, torch.where(weights > 0, targets, -100))
    library = BertForMaskedLM.from_pretrained(with_head)
    library.train(mode=False)
    theirs = library(input_ids=input_ids, labels=labels)
    ours = network(input_ids, positions, targets, weights)
    assert ours.item() == pytest.approx(theirs.loss.item(), abs=1e-5)


def test_a_head_that_the_folder_lacks_is_drawn_from_the_seed(tiny_encoder: Path) -> None:
    one, same, other = (load_masked_language(tiny_encoder, dropout=0.1, seed=s) for s in (1, 1, 2))
    assert torch.equal(one.transform.weight, same.transform.weight)
    assert not torch.equal(one.transform.weight, other.transform.weight)
    assert one.vocabulary == 400


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"num_attention_heads": 3}, "weights do not fit"),
        ({"num_hidden_layers": 3}, "weights do not fit"),
        ({"is_decoder": True}, "no encoder of texts"),
        ({"model_type": "unheard-of"}, "config.json cannot be used"),
    ],
)
def test_an_encoder_that_is_not_found_whole_is_refused(
    tiny_encoder: Path, tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    folder = Path(shutil.copytree(tiny_encoder, tmp_path / "encoder"))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | changes), encoding="utf-8")
    with pytest.raises(TrainingError, match=said):
        load_masked_language(folder, dropout=0.1, seed=1)


def test_an_encoder_that_lacks_a_weight_is_refused(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_encoder, tmp_path / "encoder"))
    weights = load_file(folder / "model.safetensors")
    weights["of_another"] = weights.pop("encoder.layer.1.output.dense.weight")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(TrainingError, match="weights do not fit"):
        load_masked_language(folder, dropout=0.1, seed=1)


@pytest.mark.parametrize("part", ["transform.dense.weight", "transform.LayerNorm.bias", "bias"])
def test_a_head_of_other_sizes_is_refused(with_head: Path, tmp_path: Path, part: str) -> None:
    folder = Path(shutil.copytree(with_head, tmp_path / "encoder"))
    weights = load_file(folder / "model.safetensors")
    weights[f"cls.predictions.{part}"] = torch.zeros(7, 7)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(TrainingError, match="head of the encoder's pretraining does not fit"):
        load_masked_language(folder, dropout=0.1, seed=1)


def test_dropout_is_as_asked_but_for_attention(tiny_encoder: Path, distilled: Path) -> None:
    for folder in (tiny_encoder, distilled):
        encoder = load_encoder(folder, dropout=0.3)
        chances = {
            "attention" in name and "output" not in name: module.p
            for name, module in encoder.named_modules()
            if isinstance(module, nn.Dropout)
        }
        assert chances == {True: 0.0, False: 0.3}


@pytest.mark.parametrize("is_half", [True, False])
def test_the_folder_written_is_a_base_encoder(
    tiny_encoder: Path, tmp_path: Path, is_half: bool
) -> None:
    encoder = load_encoder(tiny_encoder, dropout=0.2)
    nn.init.normal_(encoder.get_parameter("encoder.layer.1.output.dense.weight"))
    out = tmp_path / "new" / "encoder"
    write_encoder(encoder, tiny_encoder, out, is_half=is_half, about="{}")
    assert sorted(x.name for x in out.iterdir()) == [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
    ]
    kinds = {x.dtype for x in load_file(out / "model.safetensors").values()}
    assert kinds == {torch.float16 if is_half else torch.float32}
    before = json.loads((tiny_encoder / "config.json").read_text(encoding="utf-8"))
    assert json.loads((out / "config.json").read_text(encoding="utf-8")) == before
    loaded = load_transformer(out, labels=10)
    assert {x.dtype for x in loaded.parameters()} == {torch.float32}
    written = encoder.get_parameter("encoder.layer.1.output.dense.weight")
    again = loaded.get_parameter("encoder.encoder.layer.1.output.dense.weight")
    assert torch.allclose(written, again, atol=1e-2 if is_half else 0)


def test_weights_too_large_for_half_precision_leave_no_folder(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    encoder = load_encoder(tiny_encoder, dropout=0.0)
    encoder.get_parameter("encoder.layer.0.output.dense.bias").data[0] = 1e6
    with pytest.raises(TrainingError, match="half precision"):
        write_encoder(encoder, tiny_encoder, tmp_path / "out", is_half=True, about="{}")
    assert not list(tmp_path.iterdir())


def test_a_distilled_encoder_can_be_written_and_read(distilled: Path, tmp_path: Path) -> None:
    network = load_masked_language(distilled, dropout=0.1, seed=1)
    write_encoder(network.encoder, distilled, tmp_path / "out", is_half=True, about="{}")
    again = load_encoder(tmp_path / "out", dropout=0.1)
    assert list(again.state_dict()) == list(network.encoder.state_dict())
