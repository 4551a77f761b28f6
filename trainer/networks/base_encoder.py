"""The folder of a base encoder: what must lie in it, and what it must not ask for.

Everything here reads text and sizes only. No weight is loaded and no code of the folder runs, so
that a poisoned folder is refused before it can do anything.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from tokenizers import Tokenizer

from kdh_desktop.core.classification.windows import first_known
from kdh_desktop.core.encoder_report import EncoderReport
from kdh_desktop.core.errors import TrainingError
from trainer.learning.batching import SPECIAL_PIECES

CONFIG, WEIGHTS, TOKENIZER = "config.json", "model.safetensors", "tokenizer.json"

ENCODER_FILES = (CONFIG, WEIGHTS, TOKENIZER)
"""What must lie in the folder; weights in any other form are never read."""

_MOST = 10_000_000
"""No honest size in a config is larger."""

_MOST_LAYERS = 500
"""Nor does an encoder repeat anything more often; each repeat costs time before any weight does."""

_REPEATS = ("layer", "group", "network", "expert", "block")
_MAX_JSON = 16 * 2**20
_FLOATS = frozenset({"F32", "F16", "BF16", "F64"})
_MOST_KIND = 40
_INTEGERS = frozenset({"I64", "I32", "U8", "BOOL"})  # tables of positions in older files
_CODE_KEYS = frozenset({"auto_map", "custom_pipelines", "trust_remote_code"})
_OTHER_LIBRARIES = frozenset({"quantization_config", "compression_config"})
_OTHER_WEIGHTS = "transformers_weights"
"""By this key the library loads another file of weights than the one that is checked."""
_PLAIN_ATTENTION = frozenset({None, "eager", "sdpa"})
_POSITIONS_AFTER_PADDING = frozenset(
    "camembert data2vec-text esm ibert longformer luke mpnet roberta roberta-prelayernorm "
    "xlm-roberta xlm-roberta-xl xmod".split()
)
"""Model types whose positions are numbered from behind the padding's id."""


def check_base_encoder(folder: Path, *, max_tokens: int) -> None:
    """Check that a run can start from the encoder in `folder`, before anything is loaded.

    Raises:
        TrainingError: As `describe_base_encoder` says; or the encoder reads fewer word pieces at
            once than `max_tokens`.
    """
    most = describe_base_encoder(folder).max_tokens
    if most < max_tokens:
        raise TrainingError(
            f"The base encoder reads at most {most} word pieces, and max_tokens is {max_tokens}.",
            "Lower max_tokens in the configuration, or choose another base encoder.",
        )


def describe_base_encoder(folder: Path) -> EncoderReport:
    """Check the encoder in `folder`, and say what it is, before anything is loaded.

    Raises:
        TrainingError: A file is missing, broken, or does not fit the others; or the folder asks
            for code to be run.
    """
    config = check_config(folder)
    rows, positions = _size(config, "vocab_size"), _size(config, "max_position_embeddings")
    weights = check_weights(folder)
    _check_tokenizer(folder, rows=rows)
    if config.get("model_type") in _POSITIONS_AFTER_PADDING:
        positions -= _size(config, "pad_token_id", default=1) + 1
    return EncoderReport(
        kind=str(config.get("model_type", ""))[:_MOST_KIND],
        layers=_named_size(config, "num_hidden_layers", "n_layers"),
        width=_named_size(config, "hidden_size", "dim"),
        weights=weights,
        max_tokens=positions,
    )


def check_config(folder: Path) -> dict[str, Any]:
    """Read ``config.json``, once nothing in the folder asks for code or has absurd sizes.

    Raises:
        TrainingError: It cannot be used.
    """
    for name in ENCODER_FILES:
        if not (folder / name).is_file():
            raise TrainingError(
                f"The base encoder's folder lacks its file {name}.",
                "Name the folder of an encoder with safetensors weights; weights in other forms "
                "can hold programs and are not read.",
            )
    if (folder / "adapter_config.json").exists():
        raise TrainingError(
            "The base encoder's folder holds an adapter, which names other weights to load.",
            "Merge the adapter into the encoder, or choose another base encoder.",
        )
    config = _read_json(folder / CONFIG)
    _check_plain(config)
    tokenizer_config = folder / "tokenizer_config.json"
    if tokenizer_config.exists():
        _check_no_code(_read_json(tokenizer_config))
    return config


def check_weights(folder: Path) -> int:
    """Check the weights' header, and give the number of weights, without loading one.

    Raises:
        TrainingError: The file is broken, or holds other than plain numbers.
    """
    elements = 0
    try:
        with safe_open(folder / WEIGHTS, framework="numpy") as file:
            for name in file.keys():  # noqa: SIM118 - the file is no mapping
                part = file.get_slice(name)
                kind = part.get_dtype()
                if kind not in _FLOATS | _INTEGERS:
                    raise TrainingError(
                        "The base encoder's weights are no plain floating-point numbers.",
                        "Choose a base encoder that was not quantised.",
                    )
                size = 1
                for length in part.get_shape():
                    size *= length
                elements += size if kind in _FLOATS else 0
    except (SafetensorError, OSError) as error:
        raise TrainingError(
            "The base encoder's file model.safetensors is damaged.",
            "Copy the base encoder's folder again from its source.",
        ) from error
    return elements


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MAX_JSON:
            raise ValueError("too large")
        values = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise _unusable_config(path.name) from error
    if not isinstance(values, dict):
        raise _unusable_config(path.name)
    return values


def _check_plain(config: dict[str, Any]) -> None:
    """Refuse whatever would make the library run or fetch something, and absurd sizes."""
    _check_no_code(config)
    for key, value in _entries(config):
        if key in _OTHER_LIBRARIES:
            raise TrainingError(
                "The base encoder is quantised or compressed.", "Choose a plain one."
            )
        if key == _OTHER_WEIGHTS and value is not None and value != WEIGHTS:
            raise TrainingError(
                "The base encoder's config.json names other weights to load.",
                f"Take that line out if {WEIGHTS} holds the weights, or choose another base "
                "encoder.",
            )
        asks_kernel = "kernel" in key and (value is True or isinstance(value, str | dict))
        if asks_kernel or ("implementation" in key and not _is_plain_attention(value)):
            raise TrainingError(
                "The base encoder's config.json asks for a kernel from elsewhere.",
                "Take that line out if you trust the rest, or choose another base encoder.",
            )
        most = _MOST_LAYERS if any(word in key for word in _REPEATS) else _MOST
        if isinstance(value, int) and abs(value) > most:
            raise TrainingError(
                f"The base encoder's config.json has an absurd size: {key[:_MOST_KIND]}.",
                "Choose another base encoder.",
            )


def _check_no_code(config: dict[str, Any]) -> None:
    if any(key in _CODE_KEYS and value for key, value in _entries(config)):
        raise TrainingError(
            "The base encoder's folder asks to run a program of its own.",
            "Choose a base encoder whose architecture is built into the transformers library.",
        )


def _is_plain_attention(value: object) -> bool:
    return (value is None or isinstance(value, str)) and value in _PLAIN_ATTENTION


def _entries(value: object) -> list[tuple[str, object]]:
    """Keys and values at every depth; the elements of a list go under the list's key."""
    found: list[tuple[str, object]] = []
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        key, value = waiting.pop()
        found.append((key, value))
        if isinstance(value, dict):
            waiting += [(str(name), child) for name, child in value.items()]
        elif isinstance(value, list):
            waiting += [(key, child) for child in value]
    return found


def _check_tokenizer(folder: Path, *, rows: int) -> None:
    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        highest = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
    except Exception as error:  # the library raises nothing more exact
        raise TrainingError(
            "The base encoder's file tokenizer.json is damaged.",
            "Copy the base encoder's folder again from its source.",
        ) from error
    if highest >= rows:
        raise TrainingError(
            f"The base encoder's tokenizer numbers its pieces up to {highest}, and the encoder "
            f"knows {rows}.",
            "Copy tokenizer.json from the same source as the weights.",
        )
    for names in SPECIAL_PIECES:
        if first_known(tokenizer, names) is None:
            raise TrainingError(
                f"The base encoder's vocabulary lacks {names[0]}.", "Choose another base encoder."
            )


def _size(config: dict[str, Any], name: str, *, default: int | None = None) -> int:
    value = config.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _unusable_config(CONFIG)
    return value


def _named_size(config: dict[str, Any], *names: str) -> int:
    """The first of these sizes that architectures call differently; 0 where there is none."""
    found = next((config[name] for name in names if name in config), 0)
    return found if isinstance(found, int) else 0


def _unusable_config(name: str) -> TrainingError:
    return TrainingError(f"The base encoder's {name} cannot be used.", "Choose another one.")
