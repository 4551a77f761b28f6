from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

import pytest

from kdh_desktop.core.json_values import build, parse_json, to_json_value


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Circle:
    kind: ClassVar[str] = "circle"
    radius: float


@dataclass(frozen=True, slots=True)
class Square:
    kind: ClassVar[str] = "square"
    side: float


@dataclass(frozen=True, slots=True)
class Named:
    kind: Colour


@dataclass(frozen=True, slots=True)
class Picture:
    shapes: Mapping[str, Circle | Square]
    options: tuple[str | float | int, ...]
    frame: Circle | None = None
    is_new: bool = False
    named: Named = field(default_factory=lambda: Named(Colour.RED))


PICTURE = Picture({"a": Circle(1.0), "b": Square(2.0)}, ("x", 1, 0.5), None, is_new=True)


def test_unions_tuples_and_enumerations_come_back_as_they_were_written() -> None:
    raw = json.loads(json.dumps(to_json_value(PICTURE)))
    assert raw["shapes"]["b"] == {"kind": "square", "side": 2.0}
    assert raw["named"] == {"kind": "red"}
    assert build(Picture, raw, "picture") == PICTURE


def test_an_optional_object_needs_no_tag_but_may_carry_none() -> None:
    raw = {"shapes": {}, "options": [], "frame": {"radius": 3}}
    assert build(Picture, raw, "picture").frame == Circle(3.0)
    raw["frame"] = to_json_value(Circle(4.0))
    assert build(Picture, raw, "picture").frame == Circle(4.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"shapes": {"a": {"kind": "star"}}},
            r"picture\.shapes\.a\.kind must be one of circle, sq",
        ),
        ({"shapes": {"a": {"radius": 1}}}, r"picture\.shapes\.a\.kind must be one of circle, sq"),
        ({"shapes": {"a": 1}}, r"picture\.shapes\.a is not of the right kind"),
        ({"shapes": []}, r"picture\.shapes is not an object"),
        ({"options": [None]}, r"picture\.options\[0\] is not of the right kind"),
        ({"options": [True]}, r"picture\.options\[0\] is not of the right kind"),
        ({"options": "x"}, r"picture\.options is not a list"),
        ({"is_new": 1}, r"picture\.is_new is not of the right kind"),
        ({"named": {"kind": "blue"}}, r"picture\.named\.kind must be one of red"),
        ({"frame": {}}, r"picture\.frame lacks radius"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, object], words: str) -> None:
    raw = to_json_value(PICTURE) | change
    with pytest.raises((TypeError, ValueError), match=words):
        build(Picture, raw, "picture")


def test_json_that_is_nested_without_end_is_no_crash() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json("[" * 100_000)


@dataclass(frozen=True, slots=True)
class Places:
    named: tuple[tuple[Colour, int], ...]


def test_tuples_of_several_kinds_come_back_and_keep_their_length() -> None:
    places = Places(((Colour.RED, 1), (Colour.RED, 2)))
    raw = json.loads(json.dumps(to_json_value(places)))
    assert build(Places, raw, "places") == places
    with pytest.raises(TypeError, match=r"places.named\[0\] has 3 values, not 2"):
        build(Places, {"named": [["red", 1, 2]]}, "places")
