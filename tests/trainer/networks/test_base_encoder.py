"""Folders of base encoders: the sound are accepted, the broken and the poisoned refused unread."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kdh_desktop.core.errors import TrainingError
from tests.data.tiny_encoders import ARCHITECTURES, write_encoder
from trainer.networks.base_encoder import ENCODER_FILES, check_base_encoder
from trainer.networks.transformer import load_transformer


@pytest.fixture
def folder(tiny_encoder: Path, tmp_path: Path) -> Path:
    """A sound encoder that a test may spoil."""
    return Path(shutil.copytree(tiny_encoder, tmp_path / "encoder"))


def set_in_config(folder: Path, **values: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **values}), encoding="utf-8")


def assert_refused(folder: Path, sentence: str) -> None:
    """By the check before a run, and also by the loading itself."""
    with pytest.raises(TrainingError, match=sentence):
        check_base_encoder(folder, max_tokens=128)
    with pytest.raises(TrainingError, match=sentence):
        load_transformer(folder, labels=3)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_whole_base_encoder_is_accepted(architecture: str, tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "encoder", architecture)
    check_base_encoder(folder, max_tokens=128)


@pytest.mark.parametrize("missing", ENCODER_FILES)
def test_one_that_lacks_a_file_is_refused(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    assert_refused(folder, f"lacks its file {missing}")


@pytest.mark.parametrize(("architecture", "positions"), [("bert", 130), ("roberta", 128)])
def test_one_with_too_few_positions_is_refused(
    architecture: str, positions: int, tmp_path: Path
) -> None:
    folder = write_encoder(tmp_path / "encoder", architecture)
    check_base_encoder(folder, max_tokens=positions)
    with pytest.raises(TrainingError, match=f"at most {positions} word pieces"):
        check_base_encoder(folder, max_tokens=positions + 1)


@pytest.mark.parametrize(
    "config",
    [b"", b"[]", b"{}", b'{"max_position_embeddings": "x"}', b"[" * 100_000, b'{"a": ' * 100_000],
)
def test_one_without_a_usable_config_is_refused(folder: Path, config: bytes) -> None:
    (folder / "config.json").write_bytes(config)
    assert_refused(folder, r"config\.json cannot be used")


class Poison:
    """Code in the folder that leaves a trace if it is ever run."""

    def __init__(self, folder: Path) -> None:
        self._trace = folder.parent / "it_ran"
        source = f"open({str(self._trace)!r}, 'w')\nclass Evil: pass\n"
        for name in ("modeling_evil.py", "configuration_evil.py", "kernel.py", "__init__.py"):
            (folder / name).write_text(source, encoding="utf-8")

    @property
    def has_run(self) -> bool:
        return self._trace.exists()


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"auto_map": {"AutoModel": "modeling_evil.Evil"}}, "a program of its own"),
        ({"auto_map": {"AutoConfig": "elsewhere/evil--conf.Evil"}}, "a program of its own"),
        ({"custom_pipelines": {"evil": {"impl": "modeling_evil.Evil"}}}, "a program of its own"),
        ({"text_config": {"auto_map": {"AutoModel": "x.Evil"}}}, "a program of its own"),
        ({"trust_remote_code": True}, "a program of its own"),
        ({"attn_implementation": "someone/evil-kernel"}, "a kernel from elsewhere"),
        ({"_attn_implementation": "someone/evil-kernel"}, "a kernel from elsewhere"),
        ({"_attn_implementation_internal": "flash_attention_2"}, "a kernel from elsewhere"),
        ({"attn_implementation": {"": "someone/evil-kernel"}}, "a kernel from elsewhere"),
        ({"_experts_implementation": "someone/evil-kernel"}, "a kernel from elsewhere"),
        ({"use_kernels": True}, "a kernel from elsewhere"),
        ({"kernel_config": {"Linear": "someone/evil:Linear"}}, "a kernel from elsewhere"),
        ({"sub": [{"attn_implementation": "someone/evil"}]}, "a kernel from elsewhere"),
        ({"quantization_config": {"quant_method": "bitsandbytes"}}, "quantised or compressed"),
    ],
)
def test_one_that_asks_for_code_is_refused_and_nothing_runs(
    folder: Path, entry: dict[str, Any], sentence: str
) -> None:
    poison = Poison(folder)
    set_in_config(folder, **entry)
    assert_refused(folder, sentence)
    assert not poison.has_run


def test_a_tokenizer_that_asks_for_code_is_refused(folder: Path) -> None:
    asks = {"auto_map": {"AutoTokenizer": ["x.Evil", None]}}
    (folder / "tokenizer_config.json").write_text(json.dumps(asks), encoding="utf-8")
    assert_refused(folder, "a program of its own")


def test_an_adapter_that_names_other_weights_is_refused(folder: Path) -> None:
    adapter = {"base_model_name_or_path": "/elsewhere", "peft_type": "LORA"}
    (folder / "adapter_config.json").write_text(json.dumps(adapter), encoding="utf-8")
    assert_refused(folder, "holds an adapter")


@pytest.mark.parametrize("value", ["other.safetensors", ["other.safetensors"]])
def test_a_config_that_names_other_weights_is_refused(folder: Path, value: object) -> None:
    weights = load_file(folder / "model.safetensors")
    save_file({name: 0 * one for name, one in weights.items()}, folder / "other.safetensors")
    set_in_config(folder, transformers_weights=value)
    assert_refused(folder, "names other weights to load")
    set_in_config(folder, transformers_weights="model.safetensors")
    check_base_encoder(folder, max_tokens=128)


def test_code_that_nothing_asks_for_is_left_alone(folder: Path) -> None:
    poison = Poison(folder)
    check_base_encoder(folder, max_tokens=128)
    load_transformer(folder, labels=3)
    assert not poison.has_run


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("hidden_size", 10**9),
        ("num_hidden_layers", 10**9),
        ("num_hidden_layers", 10**4),
        ("num_hidden_groups", 10**6),
        ("vocab_size", 10**9),
        ("intermediate_size", 10**18),
        ("hidden_size", -(10**9)),
        ("hidden_size", 10**400),
        ("a" * 90, 10**9),
    ],
)
def test_absurd_sizes_are_refused(folder: Path, name: str, size: int) -> None:
    set_in_config(folder, **{name: size})
    assert_refused(folder, rf"absurd size: {name[:40]}\.")


@pytest.mark.parametrize(
    "sizes",
    [
        {"hidden_size": 1_000_000},
        {"intermediate_size": 5_000_000},
        {"vocab_size": 9_000_000},
        {"num_hidden_layers": 500},
        {"num_attention_heads": 7},
        {"hidden_size": -32},
        {"hidden_size": "32"},
        {"model_type": "gpt_no_one_knows"},
    ],
)
def test_sizes_that_the_weights_do_not_have_are_refused_before_loading(
    folder: Path, sizes: dict[str, Any]
) -> None:
    set_in_config(folder, **sizes)
    with pytest.raises(TrainingError, match=r"do not fit|cannot be used"):
        load_transformer(folder, labels=3)


@pytest.mark.parametrize("model_type", ["t5", "bart", "vit", "clip", "whisper"])
def test_what_is_no_encoder_of_texts_is_refused(folder: Path, model_type: str) -> None:
    (folder / "config.json").write_text(
        json.dumps({"model_type": model_type, "vocab_size": 400, "max_position_embeddings": 128}),
        encoding="utf-8",
    )
    with pytest.raises(TrainingError, match="no encoder of texts"):
        load_transformer(folder, labels=3)


def header(length: int, text: bytes) -> bytes:
    return length.to_bytes(8, "little") + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 8,
        header(2**62, b"{}"),
        header(5, b"{nope"),
        header(2, b"[]"),
        header(59, b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,999999]}}'),
        b"\x80\x04\x95 a pickle under another name",
    ],
)
def test_broken_weights_are_refused(folder: Path, content: bytes) -> None:
    (folder / "model.safetensors").write_bytes(content)
    assert_refused(folder, r"model\.safetensors is damaged")


def test_half_a_file_of_weights_is_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert_refused(folder, r"model\.safetensors is damaged")


def test_weights_that_lack_a_layer_are_refused_and_not_made_up(folder: Path) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    kept = {name: value for name, value in weights.items() if ".layer.1." not in name}
    kept["ballast"] = np.zeros(100_000, np.float32)
    save_file(kept, path, metadata={"format": "pt"})
    with pytest.raises(TrainingError, match="do not fit"):
        load_transformer(folder, labels=3)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"not json", b'{"model": {}}'])
def test_a_broken_tokenizer_is_refused(folder: Path, content: bytes) -> None:
    (folder / "tokenizer.json").write_bytes(content)
    with pytest.raises(TrainingError, match=r"tokenizer\.json is damaged"):
        check_base_encoder(folder, max_tokens=128)


def test_a_tokenizer_with_more_pieces_than_the_encoder_knows_is_refused(folder: Path) -> None:
    path = folder / "tokenizer.json"
    content = json.loads(path.read_bytes())
    content["model"]["vocab"]["onemore"] = 400
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(TrainingError, match="numbers its pieces up to 400"):
        check_base_encoder(folder, max_tokens=128)


def test_a_tokenizer_without_special_pieces_is_refused(folder: Path) -> None:
    path = folder / "tokenizer.json"
    path.write_bytes(path.read_bytes().replace(b"[CLS]", b"[BOS]"))
    with pytest.raises(TrainingError, match=r"lacks \[CLS\]"):
        check_base_encoder(folder, max_tokens=128)


def test_half_precision_weights_are_trained_in_full_precision(folder: Path) -> None:
    path = folder / "model.safetensors"
    halves = {name: value.astype(np.float16) for name, value in load_file(path).items()}
    save_file(halves, path, metadata={"format": "pt"})
    check_base_encoder(folder, max_tokens=128)
    network = load_transformer(folder, labels=3)
    assert {str(weight.dtype) for weight in network.parameters()} == {"torch.float32"}
