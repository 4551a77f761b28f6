"""Frozen dataclasses to JSON and back, checked field by field.

Whoever writes a field as a union of dataclasses gives each of them a class variable ``kind``: it
tells them apart in JSON. No number is NaN or infinite.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Hashable, Mapping
from enum import Enum
from typing import Any, TypeVar

_T = TypeVar("_T")
_SIMPLE = (str, int, float, bool)


def to_json_value(value: object) -> Any:
    """What `json.dumps` can write, dataclasses as objects and enumerations as their values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = {"kind": value.kind} if hasattr(value, "kind") and _is_tagged(type(value)) else {}
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return kind | {name: to_json_value(one) for name, one in fields.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(name): to_json_value(one) for name, one in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_json_value(one) for one in value]
    return value


def require(is_sound: bool, field: str, rule: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Check one field when a dataclass is made; `build` says where it stands.

    Raises:
        ValueError: It breaks its rule; the message names it.
    """
    if not is_sound:
        raise ValueError(f"{field} {rule}")


def parse_json(text: str) -> object:
    """The JSON value of a text.

    Raises:
        ValueError: It is no JSON, or nested without end.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def build(kind: type[_T], raw: object, where: str) -> _T:
    """An instance of a dataclass from a JSON value.

    Args:
        kind: The dataclass; its fields may be strings, numbers, booleans, enumerations, other
            dataclasses, tuples and mappings of these, unions, and None.
        raw: The JSON value; every field without a default must be there, and no other.
        where: What to call it in an error.

    Raises:
        TypeError: A value is not of the right kind; the message names the field.
        ValueError: A field is missing, unknown or out of range; the message names it.
    """
    if not isinstance(raw, dict):
        raise TypeError(f"{where} is not an object")
    shape = _shape_of(typing.cast("Hashable", kind))
    if shape.tag is not None and raw.get("kind") == shape.tag:
        raw = {name: value for name, value in raw.items() if name != "kind"}
    for name in raw.keys() - shape.hints.keys():
        raise ValueError(f"{where} has an unknown field {name}")
    for name in shape.needed:
        if name not in raw:
            raise ValueError(f"{where} lacks {name}")
    values = {name: build_value(shape.hints[name], raw[name], f"{where}.{name}") for name in raw}
    try:
        return kind(**values)
    except ValueError as error:
        raise ValueError(f"{where}.{error}") from error


@dataclasses.dataclass(frozen=True, slots=True)
class _Shape:
    """What there is to know of a dataclass: asked for once, since asking is slow.

    Attributes:
        hints: Type by name of the field.
        needed: Fields without a default, in their order.
        tag: What tells it from its siblings in a union, or None.
    """

    hints: dict[str, Any]
    needed: tuple[str, ...]
    tag: str | None


@functools.cache
def _shape_of(kind: type[Any]) -> _Shape:
    hints = typing.get_type_hints(kind)
    fields = dataclasses.fields(kind)
    needed = (
        field.name
        for field in fields
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    )
    return _Shape(
        hints={field.name: hints[field.name] for field in fields},
        needed=tuple(needed),
        tag=kind.kind if _is_tagged(kind) else None,
    )


def build_value(hint: Any, raw: object, where: str) -> Any:
    """One value of the type `hint` from a JSON value; see `build`."""
    origin = typing.get_origin(hint)
    if origin in {types.UnionType, typing.Union}:
        return _build_union(typing.get_args(hint), raw, where)
    if dataclasses.is_dataclass(hint):
        return build(typing.cast("type[Any]", hint), raw, where)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _build_enum(hint, raw, where)
    if origin is tuple:
        return _build_tuple(typing.get_args(hint), raw, where)
    if origin is not None:
        return _build_mapping(typing.get_args(hint)[1], raw, where)
    return _build_simple(hint, raw, where)


def _build_union(members: tuple[Any, ...], raw: object, where: str) -> Any:
    if raw is None and types.NoneType in members:
        return None
    rest = [member for member in members if member is not types.NoneType]
    if len(rest) == 1:
        return build_value(rest[0], raw, where)
    if isinstance(raw, dict):
        tagged = {member.kind: member for member in rest if _is_tagged(member)}
        member = tagged.get(raw.get("kind"))
        if member is None:
            raise ValueError(f"{where}.kind must be one of {', '.join(sorted(tagged))}")
        return build(member, raw, where)
    if type(raw) in rest:
        return _build_simple(type(raw), raw, where)
    raise TypeError(f"{where} is not of the right kind")


def _build_enum(hint: type[Enum], raw: object, where: str) -> Enum:
    try:
        return hint(raw)
    except ValueError as error:
        known = ", ".join(str(one.value) for one in hint)
        raise ValueError(f"{where} must be one of {known}") from error


def _build_tuple(hints: tuple[Any, ...], raw: object, where: str) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        raise TypeError(f"{where} is not a list")
    kinds = hints[:1] * len(raw) if hints[-1] is Ellipsis else hints
    if len(kinds) != len(raw):
        raise TypeError(f"{where} has {len(raw)} values, not {len(kinds)}")
    return tuple(
        build_value(hint, one, f"{where}[{index}]")
        for index, (hint, one) in enumerate(zip(kinds, raw, strict=True))
    )


def _build_mapping(hint: Any, raw: object, where: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise TypeError(f"{where} is not an object")
    return {name: build_value(hint, value, f"{where}.{name}") for name, value in raw.items()}


def _build_simple(hint: Any, raw: object, where: str) -> Any:
    fitting = (int, float) if hint is float else hint
    if hint not in _SIMPLE or (isinstance(raw, bool) and hint is not bool):
        raise TypeError(f"{where} is not of the right kind")
    if not isinstance(raw, fitting):
        raise TypeError(f"{where} is not of the right kind")
    return _finite(raw, where) if hint is float and isinstance(raw, (int, float)) else raw


def _finite(number: float, where: str) -> float:
    """The number as a float; JSON readers let NaN and numbers without bound pass."""
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise ValueError(f"{where} is not a finite number")
    return value


def _is_tagged(kind: type[Any]) -> bool:
    return dataclasses.is_dataclass(kind) and "kind" in vars(kind) and not _has_field(kind, "kind")


def _has_field(kind: type[Any], name: str) -> bool:
    return any(field.name == name for field in dataclasses.fields(kind))
