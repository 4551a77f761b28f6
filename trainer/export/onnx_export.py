"""From a trained network to one ONNX file, float32 and int8, and the proof that they agree."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from kdh_desktop.core.errors import TrainingError
from trainer.export.attention_mask import honour_mask
from trainer.export.served_form import served_form
from trainer.networks.transformer import TransformerNetwork

OPSET = 20
"""The first one with the exact Gelu as one operator; in five operators it takes longer."""

FLOAT32_TOLERANCE = 1e-4
"""Largest difference between a probability from torch and one from ONNX, both float32."""

UNDECIDED = 1e-3
"""A probability this near its threshold may fall on either side."""

INT8_LOSS = 0.005
"""Micro-F1 that int8 may lose against float32."""


def export_float32(network: nn.Module, path: Path) -> None:
    """Write a network as one ONNX file with free batch and token dimensions.

    A transformer is written in its served form, which is fastest where there is no padding.
    """
    served = served_form(network)
    ids = torch.ones(2, 16, dtype=torch.int64)
    longest = network.most_tokens if isinstance(network, TransformerNetwork) else 8192
    free = {
        0: torch.export.Dim("batch", max=4096),
        1: torch.export.Dim("tokens", max=longest),
    }
    # The exporter is talkative about operators of packages that are not installed.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            served,
            (ids, torch.ones_like(ids)),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=["input_ids", "attention_mask"],
            output_names=["logits", "token_logits"],
            dynamic_shapes=(free, free),
        )
    if program is None:
        raise TrainingError("The network could not be exported.")
    _keep_normalisation_apart(program)
    _forget_where_it_was_made(program)
    program.save(str(path), external_data=False)
    model = onnx.load(str(path))
    honour_mask(model)
    onnx.save(model, str(path))


def _forget_where_it_was_made(program: torch.onnx.ONNXProgram) -> None:
    """Drop the exporter's notes: every node has a stack trace with this machine's folders."""
    graph = program.model.graph
    program.model.metadata_props.clear()
    graph.metadata_props.clear()
    values = [*graph.inputs, *graph.initializers.values()]
    for node in graph.all_nodes():
        node.metadata_props.clear()
        values += node.outputs
    for value in values:
        value.metadata_props.clear()


def _keep_normalisation_apart(program: torch.onnx.ONNXProgram) -> None:
    """Write the sums before layer normalisations as `Sum`, which means the same as `Add`.

    On `Add` the runtime would fuse the two into SkipLayerNormalization, whose code for CPUs goes
    number by number: 6.9 ms of the 27.6 of a window of 360 pieces, where the parts take 1.0.
    """
    for node in program.model.graph:
        normalised = node.inputs[0] if node.op_type == "LayerNormalization" else None
        added = None if normalised is None else normalised.producer()
        if added is not None and added.op_type == "Add":
            added.op_type = "Sum"


def quantise(float32: Path, int8: Path) -> None:
    """Write the int8 form: weights per output channel, embeddings too, activations as they come.

    Convolutions stay as they are: the runtime's int8 form of TextCNN's is three times slower.

    Source: measured choice; per-tensor weights and unsigned weights lose more.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.registry import IntegerOpsRegistry
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = float32.with_name("prepared.onnx")
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        quant_pre_process(str(float32), str(prepared), skip_symbolic_shape=True)
        _forget_shapes_of_weights(prepared)
        quantize_dynamic(
            str(prepared),
            str(int8),
            op_types_to_quantize=[name for name in IntegerOpsRegistry if name != "Conv"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            # What the runtime's own operators put out has no type that the quantiser could see.
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
    finally:
        root.setLevel(level)
        prepared.unlink(missing_ok=True)


def _forget_shapes_of_weights(path: Path) -> None:
    """Drop what is noted of weights beside them: the quantiser turns some, and not their notes."""
    model = onnx.load(str(path))
    weights = {tensor.name for tensor in model.graph.initializer}
    kept = [value for value in model.graph.value_info if value.name not in weights]
    del model.graph.value_info[:]
    model.graph.value_info.extend(kept)
    onnx.save(model, str(path))


def check_float32(
    reference: NDArray[np.float64], exported: NDArray[np.float64], *, threshold: float
) -> float:
    """Compare probabilities of the same texts, both (texts, labels).

    Returns:
        The largest difference.

    Raises:
        TrainingError: It is over the tolerance, or a decision differs away from the threshold.
    """
    gap = float(np.abs(reference - exported).max())
    flipped = (reference >= threshold) != (exported >= threshold)
    clear = np.abs(reference - threshold) > UNDECIDED
    # Written so that a gap which is not a number is refused too.
    if not gap <= FLOAT32_TOLERANCE or (flipped & clear).any():
        raise TrainingError(
            f"The exported model differs from the trained one by {gap:.1e} in probability.",
            "This is a fault of the export; the model must not be used.",
        )
    return gap


def check_int8(loss: float, *, at_least: float) -> None:
    """Refuse a served form that loses more micro-F1 than is allowed.

    Where there are few texts, a single decision that flips is more than that: what chance alone
    explains is no loss. The gate judges the served form itself, whatever it lost.

    Args:
        loss: float32's micro-F1 minus int8's, on the same texts.
        at_least: Lower end of its interval of 95 %.

    Raises:
        TrainingError: int8 loses more than is allowed, and more than chance explains.
    """
    if loss > INT8_LOSS and at_least > 0:
        raise TrainingError(
            f"In int8 the model loses {100 * loss:.1f} points of micro-F1.",
            "Train longer or on more texts, or let it learn to bear the rounding "
            "(has_int8_rounding in the configuration).",
        )
