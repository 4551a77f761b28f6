"""What the search for settings found: the best so far, and every point that it tried."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kdh_desktop.core.search_space import Value
from kdh_desktop.core.training_progress import RunProgress
from kdh_desktop.core.training_protocol import PositionJudged, SwarmIterationFinished
from kdh_desktop.gui.training.chart import Axis, Chart, Marker, Series, Stroke, Tone
from kdh_desktop.gui.training.run_words import percent, tr
from kdh_desktop.gui.training.setting_words import short_names, value_words

_SWARM = "swarm"
_WIDE = 50
"""Values whose greatest is so many times the least are shown by magnitude."""


def best_chart(progress: RunProgress) -> Chart:
    """The best score so far after each iteration, of the swarm and of the random control."""
    swarm = [x for x in progress.iterations if x.search == _SWARM]
    others = [x for x in progress.iterations if x.search != _SWARM]
    series = [
        _so_far(swarm, tr("Swarm"), Tone.FIRST, Stroke.SOLID, Marker.CIRCLE),
        _so_far(others, tr("Random search"), Tone.SECOND, Stroke.DASHED, Marker.SQUARE),
    ]
    planned = max((x.iterations for x in progress.iterations), default=1)
    return Chart(
        key="search",
        title=tr("Search: best so far"),
        finding=_best_finding(swarm, others),
        across=Axis(tr("Iteration"), low=1.0, high=float(planned), is_whole=True),
        up=Axis(tr("Best F1 so far, in percent")),
        series=tuple(x for x in series if x.xs),
        titles=(
            *(tr("Search"), tr("Iteration"), tr("Best F1 so far")),
            *(tr("Least cost so far"), tr("Mean cost"), tr("Best settings")),
        ),
        rows=tuple(
            (
                _search_name(x.search),
                x.iteration,
                percent(1 - x.best_cost),
                f"{x.best_cost:.4f}",
                f"{x.mean_cost:.4f}",
                _settings_line(x.best_values),
            )
            for x in (*swarm, *others)
        ),
    )


def _so_far(
    told: Sequence[SwarmIterationFinished], name: str, tone: Tone, stroke: Stroke, marker: Marker
) -> Series:
    in_order = sorted(told, key=lambda x: x.iteration)
    return Series(
        name,
        tuple(float(x.iteration) for x in in_order),
        tuple(100 * (1 - x.best_cost) for x in in_order),
        tuple(
            tr("{search}, iteration {number}: best F1 so far {score}").format(
                search=name, number=x.iteration, score=percent(1 - x.best_cost)
            )
            for x in in_order
        ),
        tone=tone,
        stroke=stroke,
        marker=marker,
    )


def _best_finding(
    swarm: Sequence[SwarmIterationFinished], others: Sequence[SwarmIterationFinished]
) -> str:
    if not swarm:
        return tr("No iteration of the search has ended yet.")
    best = 1 - min(x.best_cost for x in swarm)
    words = tr("The swarm found F1 {score} in {count} iterations").format(
        score=percent(best), count=len(swarm)
    )
    if not others:
        return f"{words}."
    control = 1 - min(x.best_cost for x in others)
    return tr("{words}; random search {control}.").format(words=words, control=percent(control))


def dimensions_of(progress: RunProgress) -> tuple[str, ...]:
    """The settings that the search changes, by dotted path."""
    return tuple(progress.positions[0].values) if progress.positions else ()


def space_chart(progress: RunProgress, across: str, up: str) -> Chart:
    """Every position that was tried, on two of its settings.

    Args:
        progress: Of the run.
        across: Dotted path of the setting across.
        up: Dotted path of the setting up.
    """
    names = short_names(dimensions_of(progress))
    tried = [x for x in progress.positions if across in x.values and up in x.values]
    x_scale = _Scale.of([x.values[across] for x in tried])
    y_scale = _Scale.of([x.values[up] for x in tried])
    best = max((x for x in tried if not x.is_stopped), key=lambda x: x.score, default=None)
    scores = [x.score for x in tried if not x.is_stopped]
    low, high = min(scores, default=0.0), max(scores, default=1.0)

    def placed(
        name: str, some: Sequence[PositionJudged], tone: Tone, marker: Marker, *, told: bool = True
    ) -> Series:
        return Series(
            name,
            tuple(x_scale.place(x.values[across]) for x in some),
            tuple(y_scale.place(x.values[up]) for x in some),
            tuple(position_words(x) for x in some) if told else (),
            tone=tone,
            stroke=Stroke.NONE,
            marker=marker,
            strengths=tuple(
                (x.score - low) / (high - low) if high > low and not x.is_stopped else 1.0
                for x in some
            ),
        )

    swarm = [x for x in tried if x.search == _SWARM and not x.is_stopped]
    others = [x for x in tried if x.search != _SWARM and not x.is_stopped]
    given_up = [x for x in tried if x.is_stopped]
    series = (
        placed(tr("Given up early"), given_up, Tone.QUIET, Marker.CROSS),
        placed(tr("Random search"), others, Tone.SECOND, Marker.SQUARE),
        placed(tr("Swarm"), swarm, Tone.FIRST, Marker.CIRCLE),
        placed(tr("Best"), [best] if best else [], Tone.THIRD, Marker.STAR, told=False),
    )
    return Chart(
        key="particles",
        title=tr("Search: settings tried"),
        finding=_space_finding(tried, best),
        across=Axis(names.get(across, ""), ticks=x_scale.ticks),
        up=Axis(names.get(up, ""), ticks=y_scale.ticks),
        series=tuple(x for x in series if x.xs),
        titles=(
            *(tr("Search"), tr("Iteration"), tr("F1")),
            *(names[path] for path in dimensions_of(progress)),
        ),
        rows=tuple(
            (
                _search_name(x.search),
                x.iteration,
                tr("given up") if x.is_stopped else percent(x.score),
                *(value_words(x.values.get(path, "")) for path in dimensions_of(progress)),
            )
            for x in tried
        ),
    )


def position_words(position: PositionJudged) -> str:
    """One position that was tried: its settings and its score."""
    score = tr("given up early") if position.is_stopped else tr("F1 ") + percent(position.score)
    head = tr("{search}, iteration {number}").format(
        search=_search_name(position.search), number=position.iteration
    )
    return f"{head}: {score}. {_settings_line(position.values)}"


def _space_finding(tried: Sequence[PositionJudged], best: PositionJudged | None) -> str:
    if not tried:
        return tr("No settings have been tried yet.")
    if best is None:
        return tr("{count} settings were tried, and all were given up.").format(count=len(tried))
    return tr("{count} settings were tried. Best F1 {score}: {settings}.").format(
        count=len(tried), score=percent(best.score), settings=_settings_line(best.values)
    )


def _settings_line(values: Mapping[str, Value]) -> str:
    names = short_names(tuple(values))
    return ", ".join(f"{names[path]} {value_words(value)}" for path, value in values.items())


def _search_name(search: str) -> str:
    return tr("Swarm") if search == _SWARM else tr("Random search")


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where values of one setting stand: numbers by size or magnitude, others side by side."""

    options: tuple[Value, ...] = ()
    is_log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()

    @classmethod
    def of(cls, values: Sequence[Value]) -> _Scale:
        numbers = [x for x in values if isinstance(x, (int, float)) and not isinstance(x, bool)]
        if len(numbers) < len(values):
            options = tuple(sorted(set(values), key=str))
            ticks = tuple((float(place), value_words(x)) for place, x in enumerate(options))
            return cls(options=options, ticks=ticks)
        if numbers and min(numbers) > 0 and max(numbers) / min(numbers) >= _WIDE:
            return cls(is_log=True, ticks=_magnitudes(min(numbers), max(numbers)))
        return cls()

    def place(self, value: Value) -> float:
        if self.options:
            return float(self.options.index(value))
        number = float(value)
        return math.log10(number) if self.is_log else number


def _magnitudes(low: float, high: float) -> tuple[tuple[float, str], ...]:
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return tuple((float(exponent), _plain(10.0**exponent)) for exponent in exponents)


def _plain(number: float) -> str:
    """A power of ten without an exponent, which few people read."""
    return f"{number:,.0f}" if number >= 1 else f"{number:.12f}".rstrip("0")
