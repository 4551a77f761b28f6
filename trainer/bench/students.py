"""Speed of students of several forms beside DistilBERT in PyTorch, and which one to serve."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kdh_desktop.core.classification.model_bundle import open_bundle
from kdh_desktop.core.classification.signing import load_trusted_keys
from trainer.bench.child import Child
from trainer.bench.run import DISTILBERT_TORCH, Plan
from trainer.bench.table import Row, Spread, with_ratios
from trainer.judging.student_choice import (
    Standing,
    StudentForm,
    StudentResult,
    choose,
    standings,
)

FORMS = (
    *(StudentForm(layers) for layers in (6, 5, 4, 3)),
    StudentForm(6, inner=768),
    StudentForm(4, inner=768),
)

_CONTESTANT = "trainer.bench.contestant"


def run_students_bench(
    plan: Plan,
    *,
    forms: Sequence[StudentForm] = FORMS,
    results: Sequence[StudentResult] = (),
    say: Callable[[str], None],
) -> list[Row]:
    """Measure the forms in turns, with random weights, which compute as long as trained ones.

    Args:
        plan: Of the whole benchmark: its bundle lends word pieces and labels, and its `minilm` is
            the shape that forms differ from.
        forms: What to measure.
        results: What trained students decided; forms without one have no micro-F1.
        say: Told what is going on.

    Returns:
        The rows of the table; the one that is to be served says so.

    Raises:
        TrainingError: The results cannot be compared.
        ModelError: The bundle is not what a trusted publisher signed.
    """
    standing = standings(results)
    bundle = open_bundle(plan.bundle, trusted_keys=load_trusted_keys(*plan.keys))
    shared = {
        "bundle": str(plan.bundle),
        "keys": [str(folder) for folder in plan.keys],
        "texts": plan.texts,
    }
    specs: dict[str, Mapping[str, object]] = {
        DISTILBERT_TORCH: {**shared, "kind": "torch", "shape": asdict(plan.distilbert)}
    }
    with TemporaryDirectory(prefix="kdh-bench-") as scratch, ExitStack() as stack:
        for number, form in enumerate(forms):
            say(f"random weights: {form}")
            model = Path(scratch) / f"{number}.onnx"
            _write_int8(plan, form, model, labels=len(bundle.labels))
            specs[str(form)] = {**shared, "kind": "model", "model": str(model)}
        children: dict[str, Child] = {}
        for name, spec in specs.items():
            say(f"start: {name}")
            children[name] = stack.enter_context(Child(_CONTESTANT))
            children[name].tell(spec)
            children[name].ask("round")  # warms it up
        answers: dict[str, list[dict[str, Any]]] = {name: [] for name in children}
        for turn in range(plan.rounds):
            for name, child in children.items():
                say(f"round {turn + 1} of {plan.rounds}: {name}")
                answers[name].append(child.ask("round"))
    speeds = {
        name: Spread.of([plan.texts / answer["seconds"] for answer in turns])
        for name, turns in answers.items()
    }
    return rows_of(speeds, forms=forms, standing=standing)


def rows_of(
    speeds: Mapping[str, Spread],
    *,
    forms: Sequence[StudentForm],
    standing: Mapping[StudentForm, Standing],
) -> list[Row]:
    """The table of measured speeds and judged students.

    Args:
        speeds: Abstracts a second, by name of a form, and of DistilBERT.
        forms: What was measured.
        standing: See `standings`.
    """
    chosen = choose({form: speeds[str(form)].median for form in forms}, standing)
    rows = [
        Row(
            str(form),
            "abstracts/s",
            speeds[str(form)],
            note=_note(standing.get(form), is_chosen=form == chosen),
        )
        for form in forms
    ]
    reference = Row(DISTILBERT_TORCH, "abstracts/s", speeds[DISTILBERT_TORCH])
    return with_ratios([reference, *rows], reference)


def _note(standing: Standing | None, *, is_chosen: bool) -> str:
    if standing is None:
        return "not judged"
    behind = standing.behind
    distance = (
        f"{100 * behind.difference:.1f} behind the best "
        f"({100 * behind.low:.1f} to {100 * behind.high:.1f})"
    )
    words = [f"micro-F1 {100 * standing.micro_f1:.1f}", distance if behind.difference else "best"]
    return ", ".join([*words, "to be served"] if is_chosen else words)


def _write_int8(plan: Plan, form: StudentForm, path: Path, *, labels: int) -> None:
    from trainer.bench.float32_model import write_float32_model
    from trainer.export.onnx_export import quantise

    shape = replace(plan.minilm, layers=form.layers, inner=form.inner)
    float32 = path.with_suffix(".float32")
    write_float32_model(shape, float32, labels=labels)
    quantise(float32, path)
    float32.unlink()
