"""Words of the Training page for what runs tell by codes and numbers."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from PySide6.QtCore import QCoreApplication

from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.training_progress import RunProgress, RunState

_HALLMARKS = {label.id: label.name for label in HALLMARKS_OF_CANCER}
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_MB, _GB = 1e6, 1e9
_MOMENTS = 4096
"""Moments that are kept: a run tells the same ones each time it is drawn."""


def tr(text: str) -> str:
    """Words of this page, in the user's language."""
    return QCoreApplication.translate("Training", text)


def label_name(label_id: str) -> str:
    """What people call a label."""
    return _HALLMARKS.get(label_id) or label_id.replace("_", " ").capitalize()


def percent(share: float) -> str:
    """A share in 0..1, as people read it."""
    return f"{100 * share:.1f}"


def duration_words(seconds: float) -> str:
    """How long something took, as exactly as anybody wants to know."""
    whole = max(0, round(seconds))
    if whole < _MINUTE_S:
        return tr("{seconds} s").format(seconds=whole)
    if whole < _HOUR_S:
        minutes, rest = divmod(whole, _MINUTE_S)
        return tr("{minutes} min {seconds:02} s").format(minutes=minutes, seconds=rest)
    hours, rest = divmod(whole, _HOUR_S)
    return tr("{hours} h {minutes:02} min").format(hours=hours, minutes=rest // _MINUTE_S)


def bytes_words(count: float) -> str:
    """An amount of memory or disk."""
    if count >= _GB:
        return tr("{amount} GB").format(amount=f"{count / _GB:.1f}")
    return tr("{amount} MB").format(amount=f"{count / _MB:.0f}")


@lru_cache(maxsize=_MOMENTS)
def moment_of(utc: str) -> datetime | None:
    """A moment that a run told, in local time; None where it is none."""
    try:
        return datetime.fromisoformat(utc).astimezone()
    except ValueError:
        return None


def moment_words(utc: str) -> str:
    """When something was, in local time."""
    moment = moment_of(utc)
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def seconds_between(begun_utc: str, ended_utc: str) -> float | None:
    """Time between two moments that a run told, or None."""
    begun, ended = moment_of(begun_utc), moment_of(ended_utc)
    if begun is None or ended is None:
        return None
    return max(0.0, (ended - begun).total_seconds())


def state_words(state: RunState) -> str:
    """What a run is doing, in a word."""
    return {
        RunState.STARTING: tr("Starting"),
        RunState.RUNNING: tr("Running"),
        RunState.PAUSED: tr("Paused"),
        RunState.FINISHED: tr("Finished"),
        RunState.FAILED: tr("Failed"),
        RunState.CANCELLED: tr("Stopped"),
        RunState.INTERRUPTED: tr("Interrupted"),
    }[state]


def device_words(device: str) -> str:
    """Where a run computes."""
    kind, _, rest = device.partition(":")
    match kind:
        case "cpu":
            return tr("processor (CPU)")
        case "cuda":
            return tr("graphics card (GPU)") + (f" {rest}" if rest else "")
        case "mps":
            return tr("graphics unit of this Mac")
        case _:
            return device


def share_words(progress: RunProgress) -> str:
    """How much of a run is done; empty where nobody knows."""
    if progress.run_share is None:
        return ""
    return tr("{percent} % done").format(percent=int(100 * progress.run_share))
