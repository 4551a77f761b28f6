"""The figures of a study's report."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

from trainer.study.config import NetworkPair
from trainer.study.drawing import (
    FAINT,
    INK,
    LOOKS,
    MUTED,
    Drawing,
    Look,
    Scale,
    apart,
    durations,
    even_ticks,
    limits_round,
    look_of,
    plain,
    rows_of_key,
)
from trainer.study.outcome import Metric, Outcome, PairTest, SystemOutcome, sample_name
from trainer.study.system_kinds import Part, Sample, System

WIDTH = 720.0
_MANY_LABELS = 24
_NAME_WIDTH = 60.0


def main_systems(outcome: Outcome) -> tuple[System, ...]:
    """The systems of the main part, in the config's order."""
    return outcome.config.of_part(Part.MAIN)


def scores_by_sample(outcome: Outcome, network: NetworkPair) -> str:
    """Micro-F1 of the main systems by the number of texts in the sample."""
    lines = [(system, _by_sample(outcome, system, network)) for system in main_systems(outcome)]
    points = [point for _, line in lines for point in line]
    summaries = [one.summaries[Metric.MICRO_F1] for one in points]
    ends = limits_round([100 * x for one in summaries for x in (one.low, one.high)])
    sizes = [_texts(outcome, sample) for sample in outcome.config.samples]
    drawing = Drawing(
        WIDTH,
        400,
        f"Micro-F1 by sample size, {network.name}",
        "One line for each system; the bars are bootstrap intervals of 95 % over texts. "
        + _spoken(lines),
    )
    y = Scale(*ends, start=360, end=16)
    x = Scale(min(sizes), max(sizes), start=90, end=WIDTH - 235)
    drawing.rows(y, 52, WIDTH - 215)
    for size, sample in zip(sizes, outcome.config.samples, strict=True):
        drawing.words(x(size), 380, f"{size:,}", anchor="middle", colour=MUTED)
        if sample is None:
            drawing.words(x(size), 394, "(all)", anchor="middle", colour=MUTED, size=11)
    drawing.words(52, 394, "texts in the sample", colour=MUTED, size=11)
    drawing.words(14, 190, "micro-F1, points", anchor="middle", turned=-90, colour=MUTED)
    for number, (_, line) in enumerate(lines):
        look, aside = look_of(number), (number - (len(lines) - 1) / 2) * 7
        places = [(x(_texts(outcome, one.sample)) + aside, y(_score(one))) for one in line]
        drawing.path(places, look)
        for one, (at, height) in zip(line, places, strict=True):
            summary = one.summaries[Metric.MICRO_F1]
            low, high = y(100 * summary.low), y(100 * summary.high)
            drawing.line((at, low), (at, high), colour=look.colour, width=1.1)
            drawing.mark(at, height, look)
    _name_lines_at_their_ends(drawing, lines, x(max(sizes)) + 26, y)
    return drawing.render()


def forest(outcome: Outcome, metric: Metric) -> str:
    """One figure of every main system at the largest sample, with its interval."""
    systems = main_systems(outcome)
    rows: list[tuple[str, SystemOutcome | None, Look]] = []
    for network in outcome.config.networks:
        if len(outcome.config.networks) > 1:
            rows.append((network.name, None, LOOKS[0]))
        for number, system in enumerate(systems):
            found = outcome.of(system.id, network.id, outcome.largest)
            if found is not None:
                rows.append((system.name, found, look_of(number)))
    shown = [one.summaries[metric] for _, one, _ in rows if one is not None]
    low, high = limits_round([100 * x for one in shown for x in (one.low, one.high)])
    height = 30 + 26 * len(rows)
    drawing = Drawing(
        WIDTH,
        height + 40,
        f"{_title(metric)} at the largest sample",
        "; ".join(
            f"{name} {100 * one.summaries[metric].figure:.1f}" if one else f"{name}:"
            for name, one, _ in rows
        ),
    )
    x = Scale(low, high, start=250, end=WIDTH - 70)
    ticks = [(tick, plain(tick)) for tick in even_ticks(low, high)]
    drawing.columns(ticks, x, top=10, bottom=height)
    drawing.words(WIDTH - 70, height + 34, f"{_title(metric)}, points", anchor="end", colour=MUTED)
    for place, (name, one, look) in enumerate(rows):
        middle = 30 + 26 * place
        if one is None:
            drawing.words(8, middle + 4, name, is_bold=True)
            continue
        summary = one.summaries[metric]
        drawing.words(238, middle + 4, name, anchor="end")
        ends = ((x(100 * summary.low), middle), (x(100 * summary.high), middle))
        drawing.line(*ends, colour=look.colour, width=1.6)
        drawing.mark(x(100 * summary.figure), middle, look, size=4.5)
        drawing.words(WIDTH - 8, middle + 4, f"{100 * summary.figure:.1f}", anchor="end")
    return drawing.render()


def label_curves(outcome: Outcome, network: NetworkPair) -> str:
    """F1 of each label, the most frequent first, a curve for each main system."""
    counts = np.array([label.texts for label in outcome.labels])
    order = np.argsort(-counts, kind="stable")
    lines = [
        (system, one.label_f1, look_of(number))
        for number, system in enumerate(main_systems(outcome))
        if (one := outcome.of(system.id, network.id, outcome.largest)) is not None
    ]
    entries = [(system.name, look) for system, _, look in lines]
    top = 14 + 20 * rows_of_key(entries, width=WIDTH - 160)
    is_many = len(order) > _MANY_LABELS
    below = 46 if is_many else 60 + 4.7 * max(_breadth(_short(x.name)) for x in outcome.labels)
    bottom = top + 230
    drawing = Drawing(
        WIDTH,
        bottom + below,
        f"F1 of each label, {network.name}",
        "Labels from the most to the least frequent; one curve for each system. "
        + "; ".join(f"{x.name}: mean {100 * np.mean(f1):.1f}" for x, f1, _ in lines),
    )
    x = Scale(0, max(1, len(order) - 1), start=70 if is_many else 125, end=WIDTH - 30)
    y = Scale(0, 100, start=bottom, end=top)
    drawing.rows(y, 52, WIDTH - 12)
    drawing.words(14, (top + bottom) / 2, "F1, points", anchor="middle", turned=-90, colour=MUTED)
    for place, label in enumerate(order):
        if is_many:
            _tick_of_rank(drawing, x(place), bottom, place + 1)
        else:
            name = f"{_short(outcome.labels[label].name)} ({counts[label]:,})"
            drawing.words(
                x(place) + 5, bottom + 14, name, anchor="end", turned=-50, size=11, colour=MUTED
            )
    if is_many:
        words = "labels by frequency, from the most frequent (1) to the rarest"
        drawing.words(WIDTH / 2, bottom + 38, words, anchor="middle", colour=MUTED)
    for _, f1, look in lines:
        places = [(x(place), y(100 * f1[label])) for place, label in enumerate(order)]
        drawing.path(places, look)
        for at, height in places:
            drawing.mark(at, height, look, size=2.4 if is_many else 3.6)
    drawing.key(entries, x=56, y=12, width=WIDTH - 160)
    if len(outcome.config.networks) > 1:
        drawing.words(WIDTH - 12, 16, network.name, anchor="end", is_bold=True)
    return drawing.render()


def reliability(outcome: Outcome) -> str:
    """Predicted probability against the share that is right, a panel for each main system."""
    panels = [
        (system, network, one)
        for network in outcome.config.networks
        for system in main_systems(outcome)
        if (one := outcome.of(system.id, network.id, outcome.largest)) is not None
    ]
    many = len(outcome.config.networks) > 1
    across = len(main_systems(outcome)) if many else min(3, len(panels))
    step, side = WIDTH / across, min(WIDTH / across - 56, 190)
    tall = side + 74
    drawing = Drawing(
        WIDTH,
        tall * -(-len(panels) // across),
        "Reliability of the probabilities",
        "Each panel: mean predicted probability of ten bins against the share that is right; on "
        "the diagonal both agree. "
        + "; ".join(
            f"{network.name}, {system.name}: mean distance {100 * one.reliability.error:.1f} points"
            for system, network, one in panels
        ),
    )
    for place, (system, network, one) in enumerate(panels):
        left = (place % across) * step + 40
        top = (place // across) * tall + 34
        x = Scale(0, 1, start=left, end=left + side)
        y = Scale(0, 1, start=top + side, end=top)
        look = look_of(place % across if many else place)
        if many:
            drawing.words(left, top - 20, network.name, is_bold=True)
        drawing.words(left, top - 6, system.name, size=11.5, is_bold=not many)
        drawing.line((left, top + side), (left + side, top + side), colour=MUTED)
        drawing.line((left, top + side), (left, top), colour=MUTED)
        drawing.line((left, top + side), (left + side, top), colour=FAINT, dash="4 3")
        for tick in (0, 0.5, 1):
            said = f"{tick:g}"
            drawing.words(x(tick), top + side + 14, said, anchor="middle", size=10.5, colour=MUTED)
            drawing.words(left - 5, y(tick) + 4, said, anchor="end", size=10.5, colour=MUTED)
        drawing.path([(x(b.predicted), y(b.observed)) for b in one.reliability.bins], look)
        for b in one.reliability.bins:
            drawing.mark(x(b.predicted), y(b.observed), look, size=2.8)
        error = f"error {100 * one.reliability.error:.1f} points"
        drawing.words(left + side, top + side - 8, error, anchor="end", size=11)
    return drawing.render()


def cost_against_score(outcome: Outcome) -> str:
    """Seconds of training against micro-F1."""
    several = len(outcome.config.networks) > 1
    lines = [
        (system, network, _by_sample(outcome, system, network), look_of(number))
        for number, system in enumerate(main_systems(outcome))
        for network in outcome.config.networks
    ]
    points = [one for _, _, line, _ in lines for one in line]
    seconds = [max(one.seconds, 1e-3) for one in points]
    entries = [(system.name, look_of(n)) for n, system in enumerate(main_systems(outcome))]
    top = 14 + 20 * rows_of_key(entries, width=WIDTH - 60)
    drawing = Drawing(
        WIDTH,
        top + 310,
        "Cost against score",
        "Seconds to train a system and all that it is made from, once, against its micro-F1. "
        + "; ".join(
            f"{system.name}{f', {network.name}' if several else ''}"
            f"{'' if one.sample == outcome.largest else f', {sample_name(one.sample)} texts'}: "
            f"{one.seconds:.0f} s, {_score(one):.1f}"
            for system, network, line, _ in lines
            for one in line
        ),
    )
    x = Scale(min(seconds) * 0.8, max(seconds) * 1.3, start=70, end=WIDTH - 40, is_log=True)
    y = Scale(*limits_round([_score(one) for one in points], margin=0.12), top + 250, top)
    drawing.rows(y, 52, WIDTH - 12)
    drawing.columns(durations(x.low, x.high), x, top=top, bottom=top + 250)
    drawing.words(WIDTH - 12, top + 290, "time to train, once", anchor="end", colour=MUTED)
    drawing.words(14, top + 125, "micro-F1, points", anchor="middle", turned=-90, colour=MUTED)
    named: list[tuple[float, float, str]] = []
    for _, network, line, look in lines:
        places = [(x(max(one.seconds, 1e-3)), y(_score(one))) for one in line]
        drawing.path(places, look)
        for one, (at, height) in zip(line, places, strict=True):
            is_largest = one.sample == outcome.largest
            drawing.mark(at, height, look, size=5 if is_largest else 3)
            if several and is_largest:
                named.append((at, height, network.name))
    for at, height, name in _side_by_side(named):
        drawing.words(at + 9, height + 4, name, size=11)
    drawing.key(entries, x=56, y=12, width=WIDTH - 60)
    return drawing.render()


def ablations(outcome: Outcome, tests: Sequence[PairTest]) -> str:
    """Differences of ablated systems to the reference, with their intervals."""
    reached = [100 * x for one in tests for x in (one.low, one.high)]
    low, high = limits_round([*reached, 0.0])
    height = 20 + 26 * len(tests)
    drawing = Drawing(
        WIDTH,
        height + 42,
        f"Change of micro-F1 against the reference, {sample_name(tests[0].sample)} texts",
        "; ".join(
            f"{outcome.name_of(one.first)}: {_signed(one.difference)} "
            f"({_signed(one.low)} to {_signed(one.high)})"
            for one in tests
        ),
    )
    x = Scale(low, high, start=290, end=WIDTH - 60)
    ticks = [
        (tick, f"{tick:+g}".replace("-", "−") if tick else "0") for tick in even_ticks(low, high)
    ]
    drawing.columns(ticks, x, top=8, bottom=height)
    drawing.line((x(0), 8), (x(0), height), colour=INK, width=1.2)
    words = f"points against {outcome.name_of(tests[0].second)}"
    drawing.words(WIDTH - 60, height + 36, words, anchor="end", colour=MUTED)
    for place, one in enumerate(tests):
        middle = 24 + 26 * place
        drawing.words(278, middle + 4, outcome.name_of(one.first), anchor="end")
        drawing.line(
            (x(100 * one.low), middle),
            (x(100 * one.high), middle),
            colour=LOOKS[0].colour,
            width=1.6,
        )
        drawing.mark(x(100 * one.difference), middle, LOOKS[0], size=4.5)
        drawing.words(WIDTH - 8, middle + 4, _signed(one.difference), anchor="end")
    return drawing.render()


def searches(outcome: Outcome) -> str | None:
    """The best score so far by iteration, mean over folds; None where nothing was tuned."""
    lines: list[tuple[str, list[float], Look]] = []
    for one in outcome.systems:
        for search in ("swarm", "random") if one.sample == outcome.largest else ():
            best = _best_so_far(one, search)
            if best:
                name = "swarm" if search == "swarm" else "random search"
                if len(outcome.config.networks) > 1:
                    name = f"{outcome.config.network(one.network).name}, {name}"
                lines.append((name, best, look_of(len(lines))))
    if not lines:
        return None
    entries = [(name, look) for name, _, look in lines]
    top = 14 + 20 * rows_of_key(entries, width=WIDTH - 60)
    drawing = Drawing(
        WIDTH,
        top + 250,
        "Search for hyper-parameters",
        "Best micro-F1 on the inner folds so far, mean over folds and seeds. "
        + "; ".join(f"{name}: from {best[0]:.1f} to {best[-1]:.1f}" for name, best, _ in lines),
    )
    longest = max(len(best) for _, best, _ in lines)
    x = Scale(1, max(2, longest), start=70, end=WIDTH - 30)
    y = Scale(*limits_round([v for _, best, _ in lines for v in best]), top + 200, top)
    drawing.rows(y, 52, WIDTH - 12)
    for tick in even_ticks(1, longest, about=8):
        if tick.is_integer():
            drawing.words(x(tick), top + 216, f"{tick:g}", anchor="middle", colour=MUTED)
    drawing.words(WIDTH - 12, top + 238, "iterations", anchor="end", colour=MUTED)
    drawing.words(14, top + 100, "best so far, points", anchor="middle", turned=-90, colour=MUTED)
    for _, best, look in lines:
        places = [(x(place), y(value)) for place, value in enumerate(best, 1)]
        drawing.path(places, look)
        for at, height in places:
            drawing.mark(at, height, look, size=2.6)
    drawing.key(entries, x=56, y=12, width=WIDTH - 60)
    return drawing.render()


def _best_so_far(one: SystemOutcome, name: str) -> list[float]:
    runs = [x.best_scores for cell in one.cells for x in cell.searches if x.name == name]
    if not runs:
        return []
    shortest = min(map(len, runs))
    return [100 * float(x) for x in np.mean([run[:shortest] for run in runs], axis=0)]


def _side_by_side(named: list[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """The same names, moved up or down where names that are near each other would overlap."""
    columns: list[list[tuple[float, float, str]]] = []
    for one in sorted(named):
        if not columns or one[0] - columns[-1][-1][0] > _NAME_WIDTH:
            columns.append([])
        columns[-1].append(one)
    return [
        (at, moved, name)
        for column in columns
        for (at, _, name), moved in zip(
            column, apart([height for _, height, _ in column], least=12), strict=True
        )
    ]


def _by_sample(outcome: Outcome, system: System, network: NetworkPair) -> list[SystemOutcome]:
    found = [outcome.of(system.id, network.id, sample) for sample in outcome.config.samples]
    return sorted((x for x in found if x is not None), key=lambda x: _texts(outcome, x.sample))


def _texts(outcome: Outcome, sample: Sample) -> int:
    return outcome.about.samples["all" if sample is None else str(sample)]


def _name_lines_at_their_ends(
    drawing: Drawing,
    lines: Sequence[tuple[System, list[SystemOutcome]]],
    left: float,
    y: Scale,
) -> None:
    ends = [y(_score(line[-1])) for _, line in lines]
    for number, ((system, line), at) in enumerate(zip(lines, apart(ends, least=17), strict=True)):
        look = look_of(number)
        drawing.mark(left + 6, at, look)
        drawing.words(left + 18, at + 4, f"{system.name}  {_score(line[-1]):.1f}")


def _spoken(lines: Sequence[tuple[System, list[SystemOutcome]]]) -> str:
    return "; ".join(
        f"{system.name}: "
        + ", ".join(f"{_score(one):.1f} at {sample_name(one.sample)}" for one in line)
        for system, line in lines
    )


def _tick_of_rank(drawing: Drawing, at: float, bottom: float, rank: int) -> None:
    if rank == 1 or rank % 5 == 0:
        drawing.words(at, bottom + 16, str(rank), anchor="middle", size=11, colour=MUTED)


def _score(one: SystemOutcome) -> float:
    return 100 * one.summaries[Metric.MICRO_F1].figure


def _signed(difference: float) -> str:
    return f"{100 * difference:+.1f}".replace("-", "−")


def _short(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:24].rstrip()}…"


def _breadth(name: str) -> int:
    """Letters' widths; Chinese ones count twice."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in name)


def _title(metric: Metric) -> str:
    return {
        Metric.MICRO_F1: "Micro-F1",
        Metric.MACRO_F1: "Macro-F1",
        Metric.WEIGHTED_F1: "Weighted F1",
        Metric.SUBSET_ACCURACY: "Subset accuracy",
    }[metric]
