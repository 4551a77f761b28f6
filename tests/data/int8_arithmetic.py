"""Whether this processor adds products of int8 exactly, as some tests of the served form need."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

_TERMS = 64

WHY_INEXACT = (
    "without VNNI the runtime adds products of int8 in 16 bits, which overflow: what is served "
    "here differs from what the same model computes elsewhere"
)


@cache
def is_int8_exact() -> bool:
    """Multiply the largest numbers there are, and see whether the sum is right."""
    node = helper.make_node("MatMulInteger", ["a", "b"], ["y"])
    graph = helper.make_graph(
        [node],
        "largest",
        [
            helper.make_tensor_value_info("a", TensorProto.UINT8, [1, _TERMS]),
            helper.make_tensor_value_info("b", TensorProto.INT8, [_TERMS, 16]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.INT32, [1, 16])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    largest = np.full((1, _TERMS), 255, np.uint8), np.full((_TERMS, 16), 127, np.int8)
    [product] = session.run(None, dict(zip("ab", largest, strict=True)))
    return bool((product == 255 * 127 * _TERMS).all())
