"""The whole measurement: contestants in turns, then the program's own times, then the table."""

from __future__ import annotations

import json
import shutil
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kdh_desktop.core.classification.model_bundle import ModelBundle, open_bundle
from kdh_desktop.core.classification.signing import load_trusted_keys
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.paths import AppPaths
from trainer.bench.child import Child, seconds_of_program
from trainer.bench.memory import resident_megabytes
from trainer.bench.shapes import BERT_BASE, DISTILBERT, MINILM, Shape, texts_per_second
from trainer.bench.table import Row, Spread, with_ratios
from trainer.bench.texts import invented_abstracts

OURS = "KDH Desktop, int8, whole path"
OURS_FAST = "the same with the faster model"
OURS_FLOAT32 = "the same graph in float32"
DISTILBERT_TORCH = "DistilBERT shape, PyTorch float32"
BERT_TORCH = "BERT-base shape, PyTorch float32"
MINILM_TORCH = "MiniLM-L6 shape, PyTorch float32"
CEILING = "int8 matrix products alone"

_CONTESTANT = "trainer.bench.contestant"
_WINDOW = "kdh_desktop.gui.measured_window"
_COMMAND_LINE = "kdh_desktop.cli"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, and how thoroughly.

    Attributes:
        bundle: Folder of the model.
        paths: The installation: its keys are trusted, its resources surround the model.
        texts: Abstracts in a round.
        rounds: Turns of each contestant.
        repeats: Starts of each program, and texts pasted into the window.
        minilm: Shape of our network.
        distilbert: Shape of the network that the ratios refer to.
        bert: Shape of the largest.
    """

    bundle: Path
    paths: AppPaths
    texts: int = 64
    rounds: int = 5
    repeats: int = 10
    minilm: Shape = MINILM
    distilbert: Shape = DISTILBERT
    bert: Shape = BERT_BASE

    @property
    def keys(self) -> tuple[Path, Path]:
        """Folders of trusted keys."""
        return self.paths.publisher_keys, self.paths.site_keys


def run_bench(plan: Plan, *, say: Callable[[str], None]) -> list[Row]:
    """Measure; takes minutes.

    Args:
        plan: What to measure.
        say: Told what is going on.

    Returns:
        The rows of the table.

    Raises:
        ModelError: The bundle is not what a trusted publisher signed.
    """
    bundle = open_bundle(plan.bundle, trusted_keys=load_trusted_keys(*plan.keys))
    with TemporaryDirectory(prefix="kdh-bench-") as scratch:
        rows = _contest(plan, bundle, Path(scratch), say)
        say("the program's own times")
        rows += _command_line_rows(plan)
        rows += _window_rows(plan, Path(scratch))
    size = sum(file.stat().st_size for file in plan.bundle.iterdir()) / 1e6
    return [*rows, Row("bundle on disk", "MB", Spread.of([size]))]


def _contest(
    plan: Plan, bundle: ModelBundle, scratch: Path, say: Callable[[str], None]
) -> list[Row]:
    say("random weights for float32")
    from trainer.bench.float32_model import write_float32_model

    model = scratch / "float32.onnx"
    write_float32_model(plan.minilm, model, labels=len(bundle.labels))
    with ExitStack() as stack:
        children: dict[str, Child] = {}
        for name, spec in _specs(plan, model).items():
            say(f"start: {name}")
            children[name] = stack.enter_context(Child(_CONTESTANT))
            children[name].tell(spec)
            children[name].ask("round")  # warms it up
        answers: dict[str, list[dict[str, Any]]] = {name: [] for name in children}
        for turn in range(plan.rounds):
            for name, child in children.items():
                say(f"round {turn + 1} of {plan.rounds}: {name}")
                answers[name].append(child.ask("round"))
        latency = children[OURS].ask("latency")["seconds"]
        memory = {name: child.ask("memory") for name, child in children.items() if name != CEILING}
    return [
        *_speed_rows(plan, answers, memory),
        *_ceiling_rows(plan, answers),
        _latency_row("one abstract, predict()", latency),
    ]


def _specs(plan: Plan, model: Path) -> Mapping[str, Mapping[str, object]]:
    shared = {
        "bundle": str(plan.bundle),
        "keys": [str(folder) for folder in plan.keys],
        "texts": plan.texts,
    }
    fast = plan.paths.fast_model
    beside = {OURS_FAST: {**shared, "kind": "bundle", "bundle": str(fast)}} if fast.exists() else {}
    return {
        OURS: {**shared, "kind": "bundle"},
        **beside,
        DISTILBERT_TORCH: {**shared, "kind": "torch", "shape": asdict(plan.distilbert)},
        BERT_TORCH: {**shared, "kind": "torch", "shape": asdict(plan.bert)},
        MINILM_TORCH: {**shared, "kind": "torch", "shape": asdict(plan.minilm)},
        OURS_FLOAT32: {**shared, "kind": "model", "model": str(model)},
        CEILING: {"kind": "ceiling", "shape": asdict(plan.minilm), "tokens": 360},
    }


def _speed_rows(
    plan: Plan,
    answers: Mapping[str, list[dict[str, Any]]],
    memory: Mapping[str, Mapping[str, float | None]],
) -> list[Row]:
    tokens = answers[OURS][0]["tokens"]
    lengths = (
        f"{min(tokens)} to {max(tokens)} word pieces, {statistics.mean(tokens):.0f} on average"
    )
    rows = {
        name: Row(
            name,
            "abstracts/s",
            Spread.of([plan.texts / answer["seconds"] for answer in turns]),
            steady_mb=memory[name]["steady"],
            peak_mb=memory[name]["peak"],
            note=lengths if name == OURS else "",
        )
        for name, turns in answers.items()
        if name != CEILING
    }
    return with_ratios(list(rows.values()), rows[DISTILBERT_TORCH])


def _ceiling_rows(plan: Plan, answers: Mapping[str, list[dict[str, Any]]]) -> list[Row]:
    rates = [answer["giga_operations"] for answer in answers[CEILING]]
    # Two special pieces go round every window.
    windows = [min(tokens + 2, plan.minilm.positions) for tokens in answers[OURS][0]["tokens"]]
    allowed = [texts_per_second(plan.minilm, windows, giga_operations=rate) for rate in rates]
    # The share is taken round by round, since both were measured side by side.
    shares = [
        100 * plan.texts / answer["seconds"] / most
        for answer, most in zip(answers[OURS], allowed, strict=True)
    ]
    return [
        Row(CEILING, "GOP/s", Spread.of(rates), note="MatMulInteger at our shapes, 360 tokens"),
        Row("which would allow", "abstracts/s", Spread.of(allowed), note="our matrix products"),
        Row("our share of that", "%", Spread.of(shares)),
    ]


def _latency_row(name: str, seconds: list[float], **memory: float | None) -> Row:
    milliseconds = sorted(1000 * one for one in seconds)
    worst = milliseconds[max(0, -(-95 * len(milliseconds) // 100) - 1)]
    note = f"95 % under {worst:.0f} ms"
    return Row(name, "ms", Spread.of(milliseconds), note=note, **memory)


def _command_line_rows(plan: Plan) -> list[Row]:
    text = invented_abstracts(1)[0].text
    rows = []
    for name, arguments in {"kdh --help": ["--help"], "kdh classify -": ["classify", "-"]}.items():
        seconds = [
            seconds_of_program(_COMMAND_LINE, arguments, text=text) for _ in range(plan.repeats)
        ]
        measured = [1000 * one for one in seconds if one is not None]
        rows.append(
            Row(name, "ms", Spread.of(measured), note="from start to end")
            if len(measured) == len(seconds)
            else Row(name, "ms", None, note="it failed: try it by itself")
        )
    return rows


def _window_rows(plan: Plan, scratch: Path) -> list[Row]:
    names = ("start to window shown", "start to model ready", "paste to labels, in the window")
    try:
        times = _window_times(plan, scratch)
    except TrainingError as error:
        # A machine without Qt's system libraries can measure all the rest.
        return [Row(name, "ms", None, note=error.message) for name in names]
    return [
        Row(names[0], "ms", Spread.of(times.shown), note="offscreen, warm"),
        Row(names[1], "ms", Spread.of(times.ready)),
        _latency_row(names[2], times.pasted, **times.memory),
    ]


@dataclass(slots=True)
class _WindowTimes:
    """What the window took: milliseconds from its start, and seconds from paste to labels."""

    shown: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    pasted: list[float] = field(default_factory=list)
    memory: dict[str, float | None] = field(default_factory=dict)


def _window_times(plan: Plan, scratch: Path) -> _WindowTimes:
    texts = [json.dumps(record.text) for record in invented_abstracts(plan.repeats)]
    resources = _resources_around(plan, scratch)
    times = _WindowTimes()
    for start in range(1 + max(1, plan.repeats // 2)):
        with Child(_WINDOW, str(resources), str(scratch), is_window=True) as window:
            shown, ready = (_milliseconds_to_line(window) for _ in range(2))
            if start == 0:
                continue  # that one was cold
            times.shown.append(shown)
            times.ready.append(ready)
            times.pasted += [window.ask(text)["seconds"] for text in texts]
            memory = resident_megabytes(window.pid)
            times.memory = {f"{name}_mb": value for name, value in memory.items()}
    return times


def _milliseconds_to_line(child: Child) -> float:
    child.line()
    return 1000 * (time.perf_counter() - child.begin)


def _resources_around(plan: Plan, scratch: Path) -> Path:
    """The installation's resources with the measured model in the place of the bundled one."""
    resources = scratch / "resources"
    model = plan.paths.bundled_model.name
    shutil.copytree(plan.paths.resources, resources, ignore=shutil.ignore_patterns(model))
    shutil.copytree(plan.bundle, resources / model)
    return resources
