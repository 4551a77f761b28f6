"""What an ONNX file asks for, read before any runtime opens it.

The `onnx` package is no part of the program, so this walks protobuf's wire format itself, over
those messages of onnx.proto that can name an operator or hold a tensor, and skips all others. The
bundle's signature is the main defence; this one holds when a trusted site signs what it should
not have signed. Whatever is not plain and well-formed is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto

import numpy as np

from kdh_desktop.core.errors import VerificationError

ALLOWED_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Domains whose operators the runtime itself implements; the last holds its quantised ones.

Only nodes and functions are held to it: an import of a domain that no node uses loads nothing,
and the runtime's own optimiser writes many such imports.
"""

_MAX_DEPTH = 32
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class _Kind(Enum):
    """Messages to walk, and the three fields that decide."""

    MODEL = auto()
    GRAPH = auto()
    NODE = auto()
    ATTRIBUTE = auto()
    TENSOR = auto()
    SPARSE_TENSOR = auto()
    FUNCTION = auto()
    TRAINING = auto()
    DOMAIN = auto()
    EXTERNAL = auto()


_FIELDS: dict[_Kind, dict[int, _Kind]] = {
    _Kind.MODEL: {7: _Kind.GRAPH, 20: _Kind.TRAINING, 25: _Kind.FUNCTION},
    _Kind.TRAINING: {1: _Kind.GRAPH, 2: _Kind.GRAPH},
    _Kind.GRAPH: {1: _Kind.NODE, 5: _Kind.TENSOR, 15: _Kind.SPARSE_TENSOR},
    _Kind.FUNCTION: {7: _Kind.NODE, 10: _Kind.DOMAIN, 11: _Kind.ATTRIBUTE},
    _Kind.NODE: {5: _Kind.ATTRIBUTE, 7: _Kind.DOMAIN},
    _Kind.ATTRIBUTE: {
        5: _Kind.TENSOR,
        6: _Kind.GRAPH,
        10: _Kind.TENSOR,
        11: _Kind.GRAPH,
        22: _Kind.SPARSE_TENSOR,
        23: _Kind.SPARSE_TENSOR,
    },
    _Kind.SPARSE_TENSOR: {1: _Kind.TENSOR, 2: _Kind.TENSOR},
    _Kind.TENSOR: {13: _Kind.EXTERNAL, 14: _Kind.EXTERNAL},
}
"""Numbers of the fields in onnx.proto (ONNX 1.23); those of protobuf never change."""

_TENSOR_TYPE, _TENSOR_FLOATS, _TENSOR_RAW, _TENSOR_DOUBLES = 2, 4, 9, 10
_FLOAT_TYPES: dict[int, str] = {1: "<f4", 10: "<f2", 11: "<f8"}


def check_onnx(data: bytes) -> None:
    """Check that a network is one well-formed file with standard operators and real weights.

    Args:
        data: The whole file.

    Raises:
        VerificationError: It refers to data outside itself, uses an operator that the runtime
            does not bring along, holds a weight that is not a number, or is no ONNX file.
    """
    waiting: list[tuple[_Kind, memoryview, int]] = [(_Kind.MODEL, memoryview(data), 0)]
    seen: set[_Kind] = set()
    while waiting:
        kind, message, depth = waiting.pop()
        seen.add(kind)
        if depth > _MAX_DEPTH:
            raise _damaged()
        if kind is _Kind.TENSOR:
            _check_weights(message)
        for number, wire, value in _fields(message):
            child = _FIELDS[kind].get(number)
            if child is _Kind.EXTERNAL:
                _check_external(number, wire, value)
            elif child is not None:
                if not isinstance(value, memoryview) or wire != _BYTES:
                    raise _damaged()
                if child is _Kind.DOMAIN:
                    _check_domain(bytes(value))
                else:
                    waiting.append((child, value, depth + 1))
    if _Kind.NODE not in seen:
        raise _damaged()


def _check_external(number: int, wire: int, value: int | memoryview) -> None:
    """Refuse entries of `external_data`, and a `data_location` other than the default."""
    if number == 14 and wire == _VARINT and value == 0:
        return
    raise VerificationError(
        "The model asks for data outside its own file.",
        "Use a model whose weights lie in one file.",
    )


def _check_domain(name: bytes) -> None:
    if name.decode("utf-8", "replace") not in ALLOWED_DOMAINS:
        raise VerificationError(
            "The model asks for operators that are not part of this program.",
            "Use a model made of standard operators.",
        )


def _check_weights(message: memoryview) -> None:
    fields = list(_fields(message))
    types = [value for number, _, value in fields if number == _TENSOR_TYPE]
    raw_type = _FLOAT_TYPES.get(types[-1]) if types and isinstance(types[-1], int) else None
    dtypes = {_TENSOR_FLOATS: "<f4", _TENSOR_DOUBLES: "<f8", _TENSOR_RAW: raw_type}
    for number, _, value in fields:
        dtype = dtypes.get(number)
        if dtype is None or not isinstance(value, memoryview):
            continue
        if len(value) % np.dtype(dtype).itemsize:
            raise _damaged()
        # Infinities are let through: attention masks are made of them.
        if np.isnan(np.frombuffer(value, dtype=dtype)).any():
            raise VerificationError(
                "The model holds weights that are not numbers.", "Train or install it again."
            )


def _fields(message: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Number, wire type and value of each field of one message.

    Fixed-width numbers come as their bytes.
    """
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise _damaged()
        if wire == _VARINT:
            value, at = _varint(message, at)
            yield number, wire, value
            continue
        if wire == _BYTES:
            size, at = _varint(message, at)
        elif wire in {_FIXED64, _FIXED32}:
            size = 8 if wire == _FIXED64 else 4
        else:  # groups, which onnx.proto never uses
            raise _damaged()
        if size > len(message) - at:
            raise _damaged()
        yield number, wire, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise _damaged()


def _damaged() -> VerificationError:
    return VerificationError(
        "The model's network file is damaged.", "Install the model again from its source."
    )
