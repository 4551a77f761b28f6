"""Makes an exported network honour `attention_mask` without slowing down windows without padding.

The runtime's operator for attention is fastest without a mask, and the classifier gives windows
without padding. So both forms are in the file, and each run of it chooses.
"""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

MASK = "attention_mask"
_LEAST = "least_of_attention_mask"
_NO_PADDING = "no_padding"
_OPERATOR = "MultiHeadAttention"
_KEYS_MASK_AT = 4  # behind queries, keys, values and bias


def honour_mask(model: onnx.ModelProto) -> None:
    """Give each attention that has no mask a second form with it, taken where there is padding.

    Weights are not touched, so it works on float32 and int8 alike. A model without such nodes, or
    one that was changed before, stays as it is.
    """
    nodes = model.graph.node
    unmasked = [
        index
        for index, node in enumerate(nodes)
        if node.op_type == _OPERATOR and not any(node.input[_KEYS_MASK_AT:])
    ]
    if not unmasked:
        return
    for index in unmasked:
        choice = _choice(nodes[index])
        nodes[index].CopyFrom(choice)
    nodes.insert(0, helper.make_node("ReduceMin", [MASK], [_LEAST], name=_LEAST, keepdims=0))
    to_bool = helper.make_node(
        "Cast", [_LEAST], [_NO_PADDING], name=_NO_PADDING, to=TensorProto.BOOL
    )
    nodes.insert(1, to_bool)


def _choice(attention: onnx.NodeProto) -> onnx.NodeProto:
    """The `If` that takes the place of one attention."""
    (output,) = attention.output
    keys_mask = f"{output}/keys_mask"
    to_int32 = helper.make_node("Cast", [MASK], [keys_mask], name=keys_mask, to=TensorProto.INT32)
    return helper.make_node(
        "If",
        [_NO_PADDING],
        [output],
        name=attention.name,
        then_branch=_branch(attention, f"{output}/without_mask"),
        else_branch=_branch(attention, f"{output}/with_mask", to_int32),
    )


def _branch(
    attention: onnx.NodeProto, output: str, mask: onnx.NodeProto | None = None
) -> onnx.GraphProto:
    """A graph with a copy of the attention; its inputs are seen from the graph around it."""
    node = onnx.NodeProto()
    node.CopyFrom(attention)
    node.name = node.output[0] = output
    if mask is not None:
        inputs = [*node.input, *[""] * _KEYS_MASK_AT][:_KEYS_MASK_AT]
        del node.input[:]
        node.input.extend([*inputs, *mask.output])
    before = [] if mask is None else [mask]
    value = helper.make_tensor_value_info(output, TensorProto.FLOAT, [None, None, None])
    return helper.make_graph([*before, node], output, [], [value])
