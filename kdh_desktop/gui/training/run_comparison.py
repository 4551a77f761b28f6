"""Past runs side by side: the settings in which they differ, their figures, their curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.training_progress import RunProgress
from kdh_desktop.gui.training.chart import Axis, Chart, Marker, Series, Stroke, Tone
from kdh_desktop.gui.training.run_shown import RunShown, student_figures
from kdh_desktop.gui.training.run_words import (
    duration_words,
    label_name,
    percent,
    seconds_between,
    tr,
)
from kdh_desktop.gui.training.setting_words import setting_name, value_words

_LOOKS = (
    (Tone.FIRST, Stroke.SOLID, Marker.CIRCLE),
    (Tone.SECOND, Stroke.DASHED, Marker.SQUARE),
    (Tone.THIRD, Stroke.DOTTED, Marker.TRIANGLE),
    (Tone.QUIET, Stroke.SOLID, Marker.DIAMOND),
)
MOST_RUNS = len(_LOOKS)
"""More curves than that on one chart cannot be told apart."""

Row = tuple[str, ...]


def names_of(runs: Sequence[RunShown]) -> tuple[str, ...]:
    """What the runs are called; the same name twice gets a number."""
    names: list[str] = []
    for run in runs:
        name, number = run.title, 2
        while name in names:
            name, number = tr("{name} ({number})").format(name=run.title, number=number), number + 1
        names.append(name)
    return tuple(names)


def differing_settings(runs: Sequence[RunShown]) -> tuple[Row, ...]:
    """A row for each setting that is not the same in all runs: its name, and its values."""
    settings = [_settings(run) for run in runs]
    paths = list(dict.fromkeys(path for one in settings for path in one))
    rows = []
    for path in paths:
        values = [one.get(path) for one in settings]
        if any(value != values[0] for value in values):
            rows.append((setting_name(path), *(value_words(value) for value in values)))
    return tuple(rows)


def figures_of(runs: Sequence[RunShown]) -> tuple[Row, ...]:
    """A row for each figure that at least one run has: its name, and its values."""
    found = [_figures(run.progress) for run in runs]
    names = list(dict.fromkeys(name for one in found for name in one))
    return tuple((name, *(one.get(name, "") for one in found)) for name in names)


def common_stages(runs: Sequence[RunShown]) -> tuple[str, ...]:
    """Names of stages with epochs that at least two of the runs have, in their order."""
    names = [{x.name for x in run.progress.stages if x.epochs} for run in runs]
    ordered = dict.fromkeys(x.name for run in runs for x in run.progress.stages if x.epochs)
    return tuple(name for name in ordered if sum(name in one for one in names) > 1)


def overlaid(runs: Sequence[RunShown], stage: str, *, is_loss: bool) -> Chart:
    """The curves of one stage of several runs, one above the other."""
    names = names_of(runs)
    series, rows, ends = [], [], []
    what = tr("Loss") if is_loss else tr("F1, in percent")
    longest = 1
    for name, run, look in zip(names, runs, _LOOKS, strict=False):
        tone, stroke, marker = look
        found = next((x for x in run.progress.stages if x.name == stage), None)
        told = (
            []
            if found is None
            else [
                (x.epoch, x.loss if is_loss else 100 * (x.score or 0.0))
                for x in found.epochs
                if is_loss or x.score is not None
            ]
        )
        if not told:
            continue
        words = tuple(
            tr("{run}, epoch {epoch}: {value}").format(run=name, epoch=epoch, value=f"{value:.4g}")
            for epoch, value in told
        )
        xs, ys = tuple(float(epoch) for epoch, _ in told), tuple(value for _, value in told)
        series.append(Series(name, xs, ys, words, tone=tone, stroke=stroke, marker=marker))
        rows += [(name, epoch, f"{value:.4g}") for epoch, value in told]
        ends.append((min(ys) if is_loss else max(ys), name))
        longest = max(longest, told[-1][0])
    title = tr("Loss side by side") if is_loss else tr("Validation F1 side by side")
    return Chart(
        key="compared-loss" if is_loss else "compared-validation",
        title=title,
        finding=_overlaid_finding(ends, is_loss=is_loss),
        across=Axis(tr("Epoch"), low=1.0, high=float(longest), is_whole=True),
        up=Axis(what, low=0.0 if is_loss and ends else None),
        series=tuple(series),
        titles=(tr("Training"), tr("Epoch"), what),
        rows=tuple(rows),
    )


def _overlaid_finding(ends: list[tuple[float, str]], *, is_loss: bool) -> str:
    if not ends:
        return tr("No run tells this of that stage.")
    value, name = min(ends) if is_loss else max(ends)
    words = tr("Lowest loss: {run} ({value}).") if is_loss else tr("Best F1: {run} ({value}).")
    return words.format(run=name, value=f"{value:.3g}" if is_loss else f"{value:.1f}")


def _settings(run: RunShown) -> dict[str, object]:
    request = run.summary.request
    if request is None:
        return {}
    found: dict[str, object] = {}
    _flatten(to_json_value(request.config), "", found)
    found["device"] = request.device
    # A name is no setting that the result depends on.
    found.pop("name", None)
    return found


def _flatten(value: object, path: str, found: dict[str, object]) -> None:
    if isinstance(value, Mapping):
        for name, one in value.items():
            _flatten(one, f"{path}.{name}" if path else str(name), found)
    elif isinstance(value, list):
        found[path] = ", ".join(value_words(one) for one in value)
    else:
        found[path] = value


def _figures(progress: RunProgress) -> dict[str, str]:
    told = student_figures(progress)
    names = {
        "micro_f1": tr("F1 over all decisions (micro)"),
        "macro_f1": tr("Mean F1 of the labels (macro)"),
        "subset_accuracy": tr("Texts with all labels right"),
        "calibration_error": tr("Error of the confidences"),
        "evidence_precision_at_1": tr("Evidence: first sentence is right"),
    }
    found = {name: percent(told[key]) for key, name in names.items() if key in told}
    for key, value in told.items():
        if key.startswith("f1."):
            name = tr("F1 of {label}").format(label=label_name(key.removeprefix("f1.")))
            found[name] = percent(value)
    took = seconds_between(progress.begun_utc, progress.latest_utc)
    if took:
        found[tr("Time from start to end")] = duration_words(took)
    if progress.machine.points:
        most = max(x.measured.resident_bytes or 0 for x in progress.machine.points)
        found[tr("Most memory, in GB")] = f"{most / 1e9:.1f}"
    return found
