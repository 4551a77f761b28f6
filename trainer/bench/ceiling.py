"""The machine's own rate of int8 matrix products, which no int8 network can beat."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
from onnx import ModelProto, TensorProto, helper, numpy_helper

from trainer.bench.shapes import Shape

_SECONDS = 0.5
"""Least time of one measurement."""


class Int8Products:
    """The products of a network's layers and nothing else, several passes at a time.

    As in our models: unsigned activations, signed weights with a zero point per column, one
    session, one thread per pass.
    """

    def __init__(self, shape: Shape, *, tokens: int, threads: int) -> None:
        self._operations = shape.linear_operations(tokens)
        rng = np.random.default_rng(0)
        self._inputs = {
            f"states_{width}": rng.integers(0, 256, (tokens, width)).astype(np.uint8)
            for width in {rows for rows, _ in shape.products}
        }
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._sessions = [
            onnxruntime.InferenceSession(
                _network(shape, rng).SerializeToString(),
                options,
                providers=["CPUExecutionProvider"],
            )
            for _ in range(threads)
        ]

    def rate(self) -> float:
        """Thousand million multiplications and additions a second, all threads together."""
        with ThreadPoolExecutor(len(self._sessions)) as executor:
            return sum(executor.map(self._rate_of, self._sessions))

    def _rate_of(self, session: onnxruntime.InferenceSession) -> float:
        session.run(None, self._inputs)
        passes, begin = 0, time.perf_counter()
        while (seconds := time.perf_counter() - begin) < _SECONDS:
            session.run(None, self._inputs)
            passes += 1
        return passes * self._operations / seconds / 1e9


def _network(shape: Shape, rng: np.random.Generator) -> ModelProto:
    nodes, weights, outputs = [], [], []
    # Every layer has weights of its own, as in a network, so that they come from memory.
    for layer in range(shape.layers):
        for place, (rows, columns) in enumerate(shape.products):
            name = f"{layer}_{place}"
            weight = rng.integers(-127, 128, (rows, columns)).astype(np.int8)
            weights += [
                numpy_helper.from_array(weight, f"weight_{name}"),
                numpy_helper.from_array(np.zeros(columns, np.int8), f"zero_{name}"),
            ]
            inputs = [f"states_{rows}", f"weight_{name}", "middle", f"zero_{name}"]
            nodes.append(helper.make_node("MatMulInteger", inputs, [f"product_{name}"]))
            outputs.append((f"product_{name}", columns))
    weights.append(numpy_helper.from_array(np.array(128, np.uint8), "middle"))
    graph = helper.make_graph(
        nodes,
        "products",
        [
            helper.make_tensor_value_info(f"states_{rows}", TensorProto.UINT8, ["tokens", rows])
            for rows in sorted({rows for rows, _ in shape.products})
        ],
        [
            helper.make_tensor_value_info(name, TensorProto.INT32, ["tokens", columns])
            for name, columns in outputs
        ],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
