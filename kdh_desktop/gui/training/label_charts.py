"""How good a model is label by label, and whether its confidences can be believed."""

from __future__ import annotations

from collections.abc import Mapping

from kdh_desktop.core.training_progress import RunProgress
from kdh_desktop.core.training_protocol import ReliabilityBin, ReliabilityMeasured, ScoredOn
from kdh_desktop.gui.training.chart import Axis, Chart, Marker, Series, Stroke, Tone
from kdh_desktop.gui.training.run_shown import student_figures
from kdh_desktop.gui.training.run_words import label_name, percent, tr

_F1 = "f1."
_LONGEST_NAME = 36
_GOOD_GAP, _FAIR_GAP = 0.03, 0.08
"""Mean distances between what a model says and how often it is right."""


def label_chart(progress: RunProgress) -> Chart:
    """A bar for the F1 of each label, the best one on top."""
    figures = student_figures(progress)
    found = sorted(
        (value, name.removeprefix(_F1)) for name, value in figures.items() if name.startswith(_F1)
    )
    places = tuple(float(place) for place in range(len(found)))
    words = tuple(
        tr("{label}: F1 {score}").format(label=label_name(label), score=percent(value))
        for value, label in found
    )
    bars = Series(
        "",
        tuple(100 * value for value, _ in found),
        places,
        words,
        stroke=Stroke.NONE,
        is_bars=True,
    )
    return Chart(
        key="labels",
        title=tr("F1 of each label"),
        finding=_label_finding(found),
        across=Axis(tr("F1, in percent"), low=0.0, high=100.0),
        up=Axis(
            "",
            low=-0.5,
            high=len(found) - 0.5,
            ticks=tuple(zip(places, (_short(label) for _, label in found), strict=True)),
        ),
        series=(bars,) if found else (),
        titles=(tr("Label"), tr("F1"), tr("Precision"), tr("Recall")),
        rows=tuple(
            (
                label_name(label),
                percent(value),
                *(_figure(figures, f"{name}.{label}") for name in ("precision", "recall")),
            )
            for value, label in reversed(found)
        ),
        far_ticks=tuple(zip(places, (percent(value) for value, _ in found), strict=True)),
    )


def _short(label: str) -> str:
    name = label_name(label)
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _figure(figures: Mapping[str, float], name: str) -> str:
    return percent(figures[name]) if name in figures else ""


def _label_finding(found: list[tuple[float, str]]) -> str:
    if not found:
        return tr("Labels are judged one by one towards the end of the run.")
    (worst, low), (best, high) = found[0], found[-1]
    return tr("Best: {high} ({best}); weakest: {low} ({worst}).").format(
        high=label_name(high), best=percent(best), low=label_name(low), worst=percent(worst)
    )


def reliability_chart(progress: RunProgress) -> Chart:
    """How often the model is right where it says that it is so and so sure."""
    told = progress.reliability
    bins = () if told is None else told.bins
    xs = tuple(100 * one.mean_probability for one in bins)
    ys = tuple(100 * one.share_present for one in bins)
    measured = Series(tr("This model"), xs, ys, tuple(map(_bin_words, bins)), marker=Marker.CIRCLE)
    perfect = Series(
        tr("Exactly right"),
        (0.0, 100.0),
        (0.0, 100.0),
        tone=Tone.QUIET,
        stroke=Stroke.DASHED,
    )
    return Chart(
        key="reliability",
        title=tr("Can its confidences be believed?"),
        finding=_reliability_finding(told),
        across=Axis(tr("What the model says, in percent"), low=0.0, high=100.0),
        up=Axis(tr("How often that is so, in percent"), low=0.0, high=100.0),
        series=(perfect, measured) if bins else (),
        titles=(tr("The model says"), tr("It is so"), tr("Decisions")),
        rows=tuple(
            (percent(one.mean_probability), percent(one.share_present), one.count) for one in bins
        ),
    )


def calibration_gap(bins: tuple[ReliabilityBin, ...]) -> float:
    """Mean distance in 0..1 between what is said and what is so, over all decisions."""
    total = sum(one.count for one in bins)
    gaps = sum(abs(one.mean_probability - one.share_present) * one.count for one in bins)
    return gaps / total if total else 0.0


def _bin_words(one: ReliabilityBin) -> str:
    return tr(
        "Where it says {said} %, the label is there in {found} % of {count:,} decisions"
    ).format(said=percent(one.mean_probability), found=percent(one.share_present), count=one.count)


def _reliability_finding(told: ReliabilityMeasured | None) -> str:
    if told is None or not told.bins:
        return tr("This is measured when the student has been trained.")
    gap = calibration_gap(told.bins)
    if gap <= _GOOD_GAP:
        words = tr("Yes: it is off by {gap} points on average")
    elif gap <= _FAIR_GAP:
        words = tr("Mostly: it is off by {gap} points on average")
    else:
        words = tr("Not well: it is off by {gap} points on average")
    where = (
        tr(", on texts kept back.")
        if told.scored_on is ScoredOn.JUDGED_TEXTS
        else tr(", on texts that its check students had not seen.")
    )
    return words.format(gap=percent(gap)) + where
