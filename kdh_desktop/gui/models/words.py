"""What is said of models in more than one place: figures, sizes, days, where they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication

from kdh_desktop.core.classification.comparison import Figure, points

if TYPE_CHECKING:
    from kdh_desktop.core.classification.manifest import Manifest

_PROTOCOLS = ("student_dev", "student_test", "student_kept_back", "student_held_out_folds")
"""Where a bundle keeps its figures, those on texts that nothing was chosen on first."""


def tr(text: str) -> str:
    """Words of the Models page, for translation."""
    return QCoreApplication.translate("ModelWords", text)


def figure_words(figure: Figure | None, *, unit: str = "") -> str:
    """A figure with its interval, in points of 100."""
    if figure is None:
        return tr("not measured")
    return tr("{value}{unit} ({low} to {high})").format(
        value=points(figure.value),
        unit=unit,
        low=points(figure.low),
        high=points(figure.high),
    )


def megabytes(size: int) -> str:
    """A size as people read it."""
    return tr("{size} MB").format(size=f"{size / 1e6:.1f}")


def day(utc: str) -> str:
    """The day of a moment, in this computer's time; as it is written where it is none."""
    moment = _moment(utc)
    return utc if moment is None else f"{moment:%Y-%m-%d}"


def minute(utc: str) -> str:
    """Day and time of a moment, in this computer's time."""
    moment = _moment(utc)
    return utc if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _moment(utc: str) -> datetime | None:
    try:
        return datetime.fromisoformat(utc).astimezone()
    except ValueError:
        return None


def kept_figures(manifest: Manifest) -> tuple[str, Mapping[str, Any]] | None:
    """The figures that a bundle has of itself: how they were found, and what they are."""
    for name in _PROTOCOLS:
        found = manifest.metrics.get(name)
        if isinstance(found, Mapping) and isinstance(found.get("micro_f1"), (int, float)):
            return _protocol(name, found), found
    return None


def _protocol(name: str, figures: Mapping[str, Any]) -> str:
    texts = figures.get("texts")
    count = f"{texts:,.0f}" if isinstance(texts, (int, float)) else ""
    if name == "student_held_out_folds":
        return tr(
            "{count} training texts, each scored by a sister model that did not see it; these "
            "figures may flatter a little"
        ).format(count=count)
    return tr("{count} texts that were kept back from its training").format(count=count)


def kept_figure(figures: Mapping[str, Any], name: str) -> Figure | None:
    """A figure that a bundle keeps, with its interval where it has one."""
    value = figures.get(name)
    if not isinstance(value, (int, float)):
        return None
    low, high = (figures.get(f"{name}_{end}", value) for end in ("low", "high"))
    if not isinstance(low, (int, float)) or not isinstance(high, (int, float)):
        return None
    return Figure(float(value), float(low), float(high))


def kept_figure_words(figures: Mapping[str, Any], name: str) -> str:
    """The same in words; without an interval where there is none."""
    figure = kept_figure(figures, name)
    if figure is None:
        return tr("not measured")
    return points(figure.value) if figure.low == figure.high else figure_words(figure)


def origin_rows(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Where a model comes from, name by name, in words."""
    given = manifest.provenance
    yield tr("Made"), minute(manifest.created_utc)
    for name, words in (
        ("corpus", tr("Learnt from")),
        ("trained_on", tr("Trained on")),
        ("judged_on", tr("Judged on")),
        ("device", tr("Computed on")),
        ("program", tr("Made by version")),
        ("python", tr("Python")),
    ):
        if name in given:
            yield words, str(given[name])
    config = given.get("config")
    if isinstance(config, Mapping):
        yield from _recipe_rows(config)
    if given.get("was_cut_short"):
        yield tr("Stopped early"), tr("yes: the best so far was taken")
    for name, words in (
        ("labelled_sha256", tr("Hash of its texts")),
        ("unlabelled_sha256", tr("Hash of further texts")),
        ("encoder_sha256", tr("Hash of the base model")),
    ):
        if given.get(name):
            yield words, str(given[name])
    libraries = given.get("libraries")
    if isinstance(libraries, Mapping):
        yield tr("Libraries"), ", ".join(f"{name} {libraries[name]}" for name in libraries)


def _recipe_rows(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    distillation = config.get("distillation")
    for name, words in (("name", tr("Recipe")), ("seed", tr("Seed"))):
        if name in config:
            yield words, str(config[name])
    if isinstance(distillation, Mapping):
        for name, words in (
            ("temperature", tr("Temperature of the distillation")),
            ("alpha", tr("Weight of the teacher's word")),
        ):
            if name in distillation:
                yield words, str(distillation[name])
