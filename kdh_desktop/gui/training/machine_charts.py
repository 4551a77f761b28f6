"""What a run takes of the machine: how fast it goes, and how much memory it holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kdh_desktop.core.training_progress import MachinePoint, RunProgress
from kdh_desktop.core.training_protocol import MachineMeasured
from kdh_desktop.gui.training.chart import Axis, Chart, Lazily, Series, Stroke, Tone, thinned
from kdh_desktop.gui.training.run_words import (
    bytes_words,
    duration_words,
    moment_of,
    moment_words,
    seconds_between,
    tr,
)

_GB = 1e9
_MINUTE_S, _HOUR_S = 60.0, 3600.0
_LONG_S = 2 * _HOUR_S


def speed_chart(progress: RunProgress) -> Chart:
    """Texts that go through a network in a second, over the time of the run."""
    points = [x for x in progress.machine.points if x.measured.texts_per_s is not None]
    clock = _Clock(progress)
    series = _over_time(
        tr("Texts a second"), points, clock, value=lambda x: x.texts_per_s or 0.0, words=_rate
    )
    rates = [x.measured.texts_per_s or 0.0 for x in points]
    moving = [rate for rate in rates if rate > 0]
    finding = tr("The speed has not been measured yet.")
    if moving:
        finding = tr("{rate} texts a second on average, {best} at best.").format(
            rate=_number(sum(moving) / len(moving)), best=_number(max(moving))
        )
    return Chart(
        key="speed",
        title=tr("Speed"),
        finding=finding,
        across=clock.axis,
        up=Axis(tr("Texts a second"), low=0.0),
        series=(series,) if points else (),
        titles=(tr("When"), tr("Texts a second")),
        rows=Lazily(
            len(points),
            lambda place: (
                moment_words(points[place].utc),
                _number(points[place].measured.texts_per_s or 0.0),
            ),
        ),
    )


def memory_chart(progress: RunProgress) -> Chart:
    """Memory of the run's processes and of the graphics device, over the time of the run."""
    points = progress.machine.points
    clock = _Clock(progress)
    main = [x for x in points if x.measured.resident_bytes is not None]
    device = [x for x in points if x.measured.device_bytes is not None]
    found = [
        _over_time(
            tr("Main memory"),
            main,
            clock,
            value=lambda x: (x.resident_bytes or 0) / _GB,
            words=lambda x: bytes_words(x.resident_bytes or 0),
        ),
        _over_time(
            tr("Graphics memory"),
            device,
            clock,
            value=lambda x: (x.device_bytes or 0) / _GB,
            words=lambda x: bytes_words(x.device_bytes or 0),
            is_second=True,
        ),
    ]
    return Chart(
        key="memory",
        title=tr("Memory"),
        finding=_memory_finding(main, device),
        across=clock.axis,
        up=Axis(tr("Memory, in GB"), low=0.0),
        series=tuple(x for x in found if x.xs),
        titles=(tr("When"), tr("Main memory"), tr("Graphics memory")),
        rows=Lazily(
            len(points),
            lambda place: (
                moment_words(points[place].utc),
                _bytes_or_nothing(points[place].measured.resident_bytes),
                _bytes_or_nothing(points[place].measured.device_bytes),
            ),
        ),
    )


def latest_memory(progress: RunProgress) -> str:
    """How much memory a run holds now, in words; empty where that is not known."""
    latest = progress.machine.latest
    if latest is None:
        return ""
    words = []
    if latest.measured.resident_bytes is not None:
        words.append(
            tr("{amount} of memory").format(amount=bytes_words(latest.measured.resident_bytes))
        )
    if latest.measured.device_bytes is not None:
        amount = bytes_words(latest.measured.device_bytes)
        words.append(tr("{amount} on the graphics card").format(amount=amount))
    return ", ".join(words)


class _Clock:
    """Time since a run began, in the unit that fits."""

    def __init__(self, progress: RunProgress) -> None:
        self._begun = moment_of(progress.begun_utc)
        whole = seconds_between(progress.begun_utc, progress.latest_utc) or 0.0
        self._unit = _HOUR_S if whole >= _LONG_S else _MINUTE_S
        title = tr("Hours since the start") if whole >= _LONG_S else tr("Minutes since the start")
        self.axis = Axis(title, low=0.0)

    def seconds(self, utc: str) -> float:
        moment = moment_of(utc)
        if moment is None or self._begun is None:
            return 0.0
        return max(0.0, (moment - self._begun).total_seconds())

    def place(self, utc: str) -> float:
        return self.seconds(utc) / self._unit


def _over_time(
    name: str,
    points: Sequence[MachinePoint],
    clock: _Clock,
    *,
    value: Callable[[MachineMeasured], float],
    words: Callable[[MachineMeasured], str],
    is_second: bool = False,
) -> Series:
    kept = [points[place] for place in thinned(len(points))]
    return Series(
        name,
        tuple(clock.place(x.utc) for x in kept),
        tuple(value(x.measured) for x in kept),
        Lazily(
            len(kept),
            lambda place: tr("After {time}: {value}").format(
                time=duration_words(clock.seconds(kept[place].utc)),
                value=words(kept[place].measured),
            ),
        ),
        tone=Tone.SECOND if is_second else Tone.FIRST,
        stroke=Stroke.DASHED if is_second else Stroke.SOLID,
    )


def _memory_finding(main: list[MachinePoint], device: list[MachinePoint]) -> str:
    if not main and not device:
        return tr("The memory has not been measured yet.")
    words = []
    if main:
        most = max(x.measured.resident_bytes or 0 for x in main)
        words.append(tr("At most {amount} of main memory").format(amount=bytes_words(most)))
    if device:
        most = max(x.measured.device_bytes or 0 for x in device)
        words.append(tr("at most {amount} on the graphics card").format(amount=bytes_words(most)))
    return f"{', '.join(words)}."


def _rate(measured: MachineMeasured) -> str:
    return tr("{rate} texts a second").format(rate=_number(measured.texts_per_s or 0.0))


def _number(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"


def _bytes_or_nothing(count: int | None) -> str:
    return "" if count is None else bytes_words(count)
