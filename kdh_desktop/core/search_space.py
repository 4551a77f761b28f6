"""What particle-swarm tuning may change in a run's configuration, and how long it may search.

A swarm moves in the unit cube; each dimension turns one coordinate into a value of one field.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from kdh_desktop.core.json_values import build_value, require, to_json_value

Value = str | bool | int | float

_OF_THE_SEARCH = "the search itself hangs on it"
_FOLDS = "positions are judged over the folds of the search, with one member for each"
_UNLABELLED = "positions are judged without unlabelled texts"
_IDLE = "positions are judged without it"
_NOT_TUNED = {
    "name": _OF_THE_SEARCH,
    "seed": _OF_THE_SEARCH,
    "tuning": _OF_THE_SEARCH,
    "judged_share": _IDLE,
    "teacher.folds": _FOLDS,
    "teacher.members": _FOLDS,
    "teacher.is_finished": _IDLE,
    "distillation.calibration_folds": _FOLDS,
    "distillation.nested_members": _FOLDS,
    "distillation.transfer_texts": _UNLABELLED,
    "distillation.transfer": _UNLABELLED,
}
"""Why fields, and all below them, cannot be tuned: chance alone would choose what the run takes."""

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Real:
    """A real number in `low`..`high`; `is_log` spreads it evenly over magnitudes."""

    kind: ClassVar[str] = "real"
    low: float
    high: float
    is_log: bool = False

    def __post_init__(self) -> None:
        require(self.low < self.high, "low", "must be under high")
        require(self.low > 0 or not self.is_log, "low", "must be over 0 where is_log is true")

    def decode(self, share: float) -> float:
        """The value at a coordinate in 0..1, rounded to six digits."""
        low, high = (math.log(self.low), math.log(self.high)) if self.is_log else self.ends
        at = low + share * (high - low)
        rounded = float(f"{math.exp(at) if self.is_log else at:.{_DIGITS}g}")
        return min(max(rounded, self.low), self.high)

    def encode(self, value: Value) -> float | None:
        """The coordinate of a value, or None where it is not in the dimension."""
        if isinstance(value, (str, bool)) or not self.low <= value <= self.high:
            return None
        low, high, at = self.low, self.high, float(value)
        if self.is_log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return min(max((at - low) / (high - low), 0.0), 1.0)

    @property
    def ends(self) -> tuple[float, float]:
        """The values that a field must allow for all others to be allowed."""
        return (self.low, self.high)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number in `low`..`high`, both included."""

    kind: ClassVar[str] = "whole"
    low: int
    high: int

    def __post_init__(self) -> None:
        require(self.low < self.high, "low", "must be under high")

    def decode(self, share: float) -> int:
        """The value at a coordinate in 0..1; each has an equal part of it."""
        return self.low + _bin(share, self.high - self.low + 1)

    def encode(self, value: Value) -> float | None:
        """The coordinate of a value, or None where it is not in the dimension."""
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        if not self.low <= value <= self.high:
            return None
        return (value - self.low + 0.5) / (self.high - self.low + 1)

    @property
    def ends(self) -> tuple[int, int]:
        """The values that a field must allow for all others to be allowed."""
        return (self.low, self.high)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values, without an order between them."""

    kind: ClassVar[str] = "choice"
    options: tuple[Value, ...]

    def __post_init__(self) -> None:
        require(len(self.options) >= 2, "options", "must be at least two")
        tagged = {(type(option), option) for option in self.options}
        require(len(tagged) == len(self.options), "options", "must differ")

    def decode(self, share: float) -> Value:
        """The option at a coordinate in 0..1; each has an equal part of it."""
        return self.options[_bin(share, len(self.options))]

    def encode(self, value: Value) -> float | None:
        """The coordinate of an option, or None where there is no such option."""
        if value not in self.options:
            return None
        return (self.options.index(value) + 0.5) / len(self.options)

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values that a field must allow for all others to be allowed."""
        return self.options


Dimension = Real | Whole | Choice


@dataclass(frozen=True, slots=True)
class TuningConfig:
    """A particle swarm, what it may change, and how a position is judged.

    Source: Kennedy and Eberhart 1995; the default coefficients are those of Clerc and Kennedy
    2002, section VI.

    Attributes:
        particles: Positions that are judged side by side.
        iterations: How often the swarm moves, the start counted.
        dimensions: What may change, by the dotted path of a field of the run's configuration.
        inertia: Part of its velocity that a particle keeps.
        cognitive: Pull of a particle's own best position.
        social: Pull of the swarm's best position.
        folds: Folds over which a position is judged.
        epoch_share: Share of the epochs of each stage that are trained to judge a position.
        texts: Labelled texts to judge with, drawn once; 0 takes all. What suits few need not suit
            many: what was found with 160, and used with 1,000 and with 1,481, cost 2.6 and 4.6
            points of micro-F1 (docs/studies/kdh-mltc-reduced.html).
        is_stopping_early: Whether a position is given up once it does worse than half of those
            before did at that point.
        has_random_control: Whether as many positions are drawn at random too, to tell what the
            swarm itself is worth.
    """

    particles: int
    iterations: int
    dimensions: Mapping[str, Dimension]
    inertia: float = 0.7298
    cognitive: float = 1.49618
    social: float = 1.49618
    folds: int = 3
    epoch_share: float = 1.0
    texts: int = 0
    is_stopping_early: bool = True
    has_random_control: bool = True

    def __post_init__(self) -> None:
        require(self.particles >= 2, "particles", "must be at least 2")
        require(self.iterations >= 1, "iterations", "must be at least 1")
        require(len(self.dimensions) >= 1, "dimensions", "must be at least one")
        require(0 <= self.inertia < 1, "inertia", "must be at least 0 and under 1")
        require(self.cognitive >= 0, "cognitive", "must not be negative")
        require(self.social >= 0, "social", "must not be negative")
        require(self.folds >= 2, "folds", "must be at least 2")
        require(0 < self.epoch_share <= 1, "epoch_share", "must be over 0 and at most 1")
        require(self.texts >= 0, "texts", "must not be negative")

    def decode(self, position: typing.Sequence[float]) -> dict[str, Value]:
        """The values at a position in the unit cube, one coordinate a dimension, in order."""
        pairs = zip(self.dimensions.items(), position, strict=True)
        return {path: dimension.decode(share) for (path, dimension), share in pairs}


_T = TypeVar("_T")


def at_position(config: _T, values: Mapping[str, Value]) -> _T:
    """A configuration with some of its fields replaced.

    Args:
        config: A frozen dataclass of frozen dataclasses, such as a `RunConfig`.
        values: By dotted path, as in ``distillation.alpha``.

    Raises:
        ValueError: There is no such field, or the value is not allowed there or beside the
            others; the message names the field.
    """
    changed: dict[str, Any] = {}
    for path, value in values.items():
        inner = changed
        *outer, last = path.split(".")
        for name in outer:
            inner = inner.setdefault(name, {})
        inner[last] = value
    replaced: _T = _replaced(config, changed, "")
    return replaced


def value_at(config: object, path: str) -> Value | None:
    """The simple value of the field at a dotted path; None where there is none.

    Raises:
        ValueError: There is no such field.
    """
    for name in path.split("."):
        if not _has_field(config, name):
            raise ValueError(f"{path} is no field of the configuration")
        config = getattr(config, name)
    simple = to_json_value(config)
    return simple if isinstance(simple, (str, bool, int, float)) else None


def require_dimensions_fit(config: object, tuning: TuningConfig) -> None:
    """Check that each dimension names a field that can be tuned and may have all its values.

    Raises:
        ValueError: One does not; the message names it.
    """
    for path, dimension in tuning.dimensions.items():
        for field, reason in _NOT_TUNED.items():
            if f"{path}.".startswith(f"{field}."):
                raise ValueError(
                    f"dimensions.{path} cannot be tuned, for {reason}: take it out, and set the "
                    "field itself"
                )
        for value in dimension.ends:
            at_position(config, {path: value})


def _replaced(config: Any, changed: Mapping[str, Any], where: str) -> Any:
    hints = typing.get_type_hints(type(config))
    values: dict[str, Any] = {}
    for name, change in changed.items():
        path = f"{where}{name}"
        if not _has_field(config, name):
            raise ValueError(f"{path} is no field of the configuration")
        if isinstance(change, Mapping):
            values[name] = _replaced(getattr(config, name), change, f"{path}.")
        else:
            try:
                values[name] = build_value(hints[name], change, path)
            except TypeError as error:
                raise ValueError(str(error)) from error
    try:
        return dataclasses.replace(config, **values)
    except ValueError as error:
        raise ValueError(f"{where}{error}") from error


def _has_field(config: object, name: str) -> bool:
    return dataclasses.is_dataclass(config) and any(
        field.name == name for field in dataclasses.fields(config)
    )


def _bin(share: float, bins: int) -> int:
    return min(int(share * bins), bins - 1)
