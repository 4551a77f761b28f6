"""Any encoder of the transformers library, from a local folder that was checked before."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import MODEL_MAPPING, AutoConfig, AutoModel, PreTrainedModel
from transformers.utils import logging as library_log

from kdh_desktop.core.errors import TrainingError
from trainer.networks.base_encoder import check_config, check_weights

_ATTENTION_DROPOUTS = ("attention_probs_dropout_prob", "attention_dropout")
_OUTPUT_DROPOUTS = ("hidden_dropout_prob", "dropout", "embedding_dropout", "mlp_dropout")
_ROOM = 1.02
"""How much larger than its file a network may be, for what is made anew."""


def load_encoder(folder: Path, *, dropout: float, layers: int | None = None) -> PreTrainedModel:
    """Load the safetensors encoder in `folder` in float32; nothing is fetched or executed.

    Attention dropout is off: it keeps the fused attention kernels from being used and cost a
    quarter of a training step; dropout on the layers' outputs stays.

    Args:
        folder: Holds ``config.json`` and ``model.safetensors``.
        dropout: Chance that a unit of a layer's output is zeroed.
        layers: How many layers are kept, see `kept_layers`; None keeps all.

    Raises:
        TrainingError: The folder asks for anything but plain weights, or its parts do not fit.
    """
    check_config(folder)
    elements = check_weights(folder)
    with _quiet():
        config = _config(folder, dropout=dropout)
        architecture = _architecture(config)
        _check_size(config, architecture, elements=elements)
        try:
            encoder, found = AutoModel.from_pretrained(
                folder,
                config=config,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                dtype=torch.float32,
                output_loading_info=True,
                **_options(architecture),
            )
        except Exception as error:  # the library raises whatever its parts do
            raise _unfit() from error
    if any(not name.startswith("pooler.") for name in found["missing_keys"]):
        raise _unfit()
    if layers is not None:
        _keep_layers(encoder, layers)
    return encoder  # type: ignore[no-any-return]


def kept_layers(total: int, layers: int) -> list[int]:
    """Which layers of `total` stay, evenly spread; the first always, the last from two on."""
    if layers == 1:
        return [0]
    return [round(step * (total - 1) / (layers - 1)) for step in range(layers)]


def _config(folder: Path, *, dropout: float) -> Any:
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # the library raises whatever its parts do
        raise TrainingError(
            "The base encoder's config.json cannot be used.", "Choose another base encoder."
        ) from error
    for name in _ATTENTION_DROPOUTS:
        if hasattr(config, name):
            setattr(config, name, 0.0)
    for name in _OUTPUT_DROPOUTS:
        if hasattr(config, name):
            setattr(config, name, dropout)
    return config


def _architecture(config: Any) -> Any:
    """The library's class for a config, if that is an encoder of texts and of nothing else."""
    kind: Any = MODEL_MAPPING.get(type(config), None)
    reads_texts = (
        isinstance(kind, type)
        and issubclass(kind, PreTrainedModel)
        and kind.main_input_name == "input_ids"
        and config.get_text_config() is config
        and not config.is_encoder_decoder
        and not getattr(config, "is_decoder", False)
    )
    if not reads_texts:
        raise TrainingError(
            "The base encoder is no encoder of texts.",
            "Choose a model such as BERT, DistilBERT, RoBERTa or ELECTRA.",
        )
    return kind


def _options(architecture: Any) -> dict[str, bool]:
    """Leave out the pooler, which nothing here uses, where the architecture lets us."""
    known = inspect.signature(architecture).parameters
    return {"add_pooling_layer": False} if "add_pooling_layer" in known else {}


def _check_size(config: Any, architecture: Any, *, elements: int) -> None:
    """Refuse a config that asks for more weights than the file has, before any is made."""
    try:
        with torch.device("meta"):
            empty = architecture(copy.deepcopy(config), **_options(architecture))
    except Exception as error:  # sizes that do not go together
        raise _unfit() from error
    wanted = sum(
        weight.numel()
        for name, weight in empty.named_parameters()
        if not name.startswith("pooler.")
    )
    if wanted > _ROOM * elements:
        raise _unfit()


def _keep_layers(encoder: PreTrainedModel, layers: int) -> None:
    total = int(encoder.config.num_hidden_layers)
    if layers > total:
        raise TrainingError(
            f"The base encoder has {total} layers, and {layers} are to be kept.",
            "Lower the number of layers in the configuration.",
        )
    for module in encoder.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.ModuleList) and len(child) == total:
                kept = nn.ModuleList(child[at] for at in kept_layers(total, layers))
                setattr(module, name, kept)
                encoder.config.num_hidden_layers = layers
                return
    if layers < total:
        raise TrainingError(
            "The base encoder's layers share their weights, so that none can be left out.",
            "Keep all layers, or choose another base encoder.",
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """The library reports on standard error what is no news here, such as heads left out."""
    log: Any = library_log  # its functions have no types
    level, has_bar = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.set_verbosity(level)
        if has_bar:
            log.enable_progress_bar()


def _unfit() -> TrainingError:
    return TrainingError(
        "The base encoder's weights do not fit its config.json.", "Choose another base encoder."
    )
