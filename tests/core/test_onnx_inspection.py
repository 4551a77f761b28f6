from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.classification.onnx_inspection import ALLOWED_DOMAINS, check_onnx
from kdh_desktop.core.errors import VerificationError

SOUND = "sound"
FAULTS = ("external data", "external place only", "domain", "NaN", "NaN list", "NaN double")
PLACES = (
    "initializer",
    "attribute",
    "subgraph",
    "deep subgraph",
    "graph list",
    "sparse",
    "function",
    "function default",
    "training",
)


def tensor(fault: str) -> onnx.TensorProto:
    made: onnx.TensorProto = numpy_helper.from_array(np.arange(4, dtype=np.float32), "weights")
    if fault == "external data":
        made.external_data.add(key="location", value="../secret")
    elif fault == "external place only":
        made.data_location = TensorProto.EXTERNAL
    elif fault == "NaN":
        made.raw_data = np.array([1, np.nan, 2, 3], dtype=np.float32).tobytes()
    elif fault == "NaN list":
        made.ClearField("raw_data")
        made.float_data.extend([1, float("nan"), 2, 3])
    elif fault == "NaN double":
        made.data_type = TensorProto.DOUBLE
        made.raw_data = np.array([1, np.nan, 2, 3]).tobytes()
    return made


def node(fault: str, **attributes: Any) -> onnx.NodeProto:
    domain = "evil.example" if fault == "domain" else "com.microsoft"
    return helper.make_node("Identity", ["x"], ["y"], domain=domain, **attributes)


def graph(fault: str) -> onnx.GraphProto:
    return helper.make_graph([node(fault)], "inner", [], [], [tensor(fault)])


def model_with(fault: str, place: str) -> onnx.ModelProto:
    """A model that is sound but for one fault in one place."""
    outer = helper.make_graph([node(SOUND)], "outer", [], [], [tensor(SOUND)])
    match place:
        case "initializer":
            outer.node.append(node(fault))
            outer.initializer.append(tensor(fault))
        case "attribute":
            outer.node.append(node(fault, value=tensor(fault)))
        case "subgraph":
            outer.node.append(node(SOUND, body=graph(fault)))
        case "deep subgraph":
            inner = helper.make_graph([node(SOUND, body=graph(fault))], "middle", [], [])
            outer.node.append(node(SOUND, body=inner))
        case "graph list":
            outer.node.append(node(SOUND, branches=[graph(SOUND), graph(fault)]))
        case "sparse":
            outer.node.append(node(fault))
            outer.sparse_initializer.add().values.CopyFrom(tensor(fault))
    made = helper.make_model(outer)
    match place:
        case "function":
            function = made.functions.add(name="f", domain="com.microsoft")
            function.node.append(node(fault, value=tensor(fault)))
        case "function default":
            function = made.functions.add(name="f", domain="com.microsoft")
            function.attribute_proto.append(helper.make_attribute("value", graph(fault)))
        case "training":
            made.training_info.add().algorithm.CopyFrom(graph(fault))
    return made


@pytest.mark.parametrize("place", PLACES)
def test_sound_model_passes(place: str) -> None:
    check_onnx(model_with(SOUND, place).SerializeToString())


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", PLACES)
def test_fault_is_found_wherever_it_hides(fault: str, place: str) -> None:
    with pytest.raises(VerificationError):
        check_onnx(model_with(fault, place).SerializeToString())


def test_function_of_a_foreign_domain_is_refused() -> None:
    made = model_with(SOUND, "function")
    made.functions[0].domain = "evil.example"
    with pytest.raises(VerificationError, match="operators"):
        check_onnx(made.SerializeToString())


def test_import_of_an_unused_domain_is_let_through() -> None:
    made = model_with(SOUND, "initializer")
    made.opset_import.add(domain="com.microsoft.nchwc", version=1)
    check_onnx(made.SerializeToString())


def test_infinite_constants_are_let_through() -> None:
    made = model_with(SOUND, "initializer")
    made.graph.initializer.append(numpy_helper.from_array(np.array([-np.inf]), "mask"))
    check_onnx(made.SerializeToString())


def test_half_precision_not_a_number_is_refused() -> None:
    made = model_with(SOUND, "initializer")
    half = np.array([1, np.nan], dtype=np.float16)
    made.graph.initializer.append(numpy_helper.from_array(half, "half"))
    with pytest.raises(VerificationError, match="not numbers"):
        check_onnx(made.SerializeToString())


def test_weights_written_in_two_pieces_are_both_looked_at() -> None:
    """Protobuf takes the last of repeated fields: the first may hide nothing, nor the last."""
    good, bad = tensor(SOUND).SerializeToString(), tensor("NaN").SerializeToString()
    for pair in (good + bad, bad + good):
        size = len(pair)
        as_initializer = bytes([0x2A, size & 0x7F | 0x80, size >> 7]) + pair
        with pytest.raises(VerificationError):
            check_onnx(wrapped_graph(as_initializer))


def wrapped_graph(extra: bytes) -> bytes:
    inner = bytes(graph(SOUND).SerializeToString()) + extra
    return bytes([0x3A, len(inner) & 0x7F | 0x80, len(inner) >> 7]) + inner


def test_nesting_without_end_is_refused() -> None:
    made = graph(SOUND)
    for _ in range(15):
        made = helper.make_graph([node(SOUND, body=made)], "deeper", [], [])
    with pytest.raises(VerificationError, match="damaged"):
        check_onnx(helper.make_model(made).SerializeToString())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"PK\x03\x04 not a network",
        b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # a length of eleven bytes
        b"\x3a\x7f",  # a length beyond the end
        b"\x3b\x3c",  # a group
        b"\x38\x01",  # a graph that is a number
        b"\x02\x00",  # field 0
    ],
)
def test_what_is_not_well_formed_is_refused(data: bytes) -> None:
    with pytest.raises(VerificationError, match="damaged"):
        check_onnx(data)


@given(data=st.binary(max_size=400))
def test_any_bytes_are_refused_and_never_crash(data: bytes) -> None:
    with contextlib.suppress(VerificationError):
        check_onnx(data)


@settings(max_examples=300)
@given(at=st.integers(0, 10**6), value=st.integers(0, 255), cut=st.integers(0, 40))
def test_nothing_passes_that_the_onnx_package_sees_as_forbidden(
    at: int, value: int, cut: int, tiny_bundle: ModelBundle
) -> None:
    data = bytearray(tiny_bundle.model)
    # Structure lies at both ends; the table of weights between them is of no interest here.
    spots = [*range(200), *range(len(data) - 1800, len(data))]
    spot = spots[at % len(spots)]
    data[spot] = value
    del data[spot + 1 : spot + 1 + cut]
    assert_agrees_with_onnx(bytes(data))


@settings(max_examples=300)
@given(
    fault=st.sampled_from((SOUND, *FAULTS)),
    place=st.sampled_from(PLACES),
    at=st.integers(0, 10**6),
    value=st.integers(0, 255),
)
def test_mutated_faults_pass_only_when_onnx_sees_none(
    fault: str, place: str, at: int, value: int
) -> None:
    data = bytearray(model_with(fault, place).SerializeToString())
    data[at % len(data)] = value
    assert_agrees_with_onnx(bytes(data))


def assert_agrees_with_onnx(data: bytes) -> None:
    try:
        check_onnx(data)
    except VerificationError:
        return
    try:
        seen = onnx.load_from_string(data)
    except Exception:  # noqa: BLE001 - protobuf's own error, whose package ships no types
        return
    assert not list(forbidden_in(seen))


def forbidden_in(message: object) -> Iterator[str]:
    """Independent walk over whatever the protobuf library has parsed."""
    if isinstance(message, onnx.NodeProto | onnx.FunctionProto):
        if message.domain not in ALLOWED_DOMAINS:
            yield message.domain
    elif isinstance(message, onnx.TensorProto) and (
        message.external_data or message.data_location != TensorProto.DEFAULT
    ):
        yield "external data"
    for field, value in message.ListFields():  # type: ignore[attr-defined]
        if field.type == field.TYPE_MESSAGE:
            for child in value if hasattr(value, "add") else [value]:
                yield from forbidden_in(child)
