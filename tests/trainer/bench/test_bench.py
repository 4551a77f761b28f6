"""The benchmark's arithmetic, and that every row comes out; nothing here looks at a clock."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from kdh_desktop.core.errors import ModelError
from kdh_desktop.core.paths import AppPaths
from tests.data.tiny_bundle import make_tiny_bundle
from tests.data.tiny_installation import make_tiny_installation
from trainer.bench import run
from trainer.bench.run import Plan, run_bench
from trainer.bench.shapes import MINILM, Shape, texts_per_second
from trainer.bench.students import run_students_bench
from trainer.bench.table import Row, Spread, as_json, as_text, with_ratios
from trainer.bench.texts import invented_abstracts
from trainer.judging.student_choice import StudentForm

TINY = Shape("bert", layers=1, width=16, heads=2, inner=32, vocabulary=300, positions=64)
TINY_DISTILBERT = Shape(
    "distilbert", layers=1, width=16, heads=2, inner=32, vocabulary=300, positions=64
)


def row(name: str, median: float, unit: str = "abstracts/s") -> Row:
    return Row(name, unit, Spread.of([median]))


@pytest.fixture
def paths(tmp_path: Path) -> AppPaths:
    paths = make_tiny_installation(tmp_path / "installation")
    icons = Path(__file__).parents[3] / "resources" / "icons"
    shutil.copytree(icons, paths.resources / "icons")
    return paths


def plan_of(paths: AppPaths) -> Plan:
    return Plan(
        bundle=paths.bundled_model,
        paths=paths,
        texts=3,
        rounds=2,
        repeats=1,
        minilm=TINY,
        distilbert=TINY_DISTILBERT,
        bert=TINY,
    )


@pytest.mark.slow
def test_every_row_comes_out(paths: AppPaths) -> None:
    make_tiny_bundle(paths.fast_model, bundle_id="fast")
    said: list[str] = []
    rows = {row.name: row for row in run_bench(plan_of(paths), say=said.append)}
    assert list(rows) == [
        "KDH Desktop, int8, whole path",
        "the same with the faster model",
        "DistilBERT shape, PyTorch float32",
        "BERT-base shape, PyTorch float32",
        "MiniLM-L6 shape, PyTorch float32",
        "the same graph in float32",
        "int8 matrix products alone",
        "which would allow",
        "our share of that",
        "one abstract, predict()",
        "kdh --help",
        "kdh classify -",
        "start to window shown",
        "start to model ready",
        "paste to labels, in the window",
        "bundle on disk",
    ]
    # `kdh` looks for the installed model, which a checkout may lack.
    assert {name for name, row in rows.items() if row.value is None} <= {"kdh classify -"}
    assert rows["DistilBERT shape, PyTorch float32"].ratio == 1.0
    assert said


@pytest.mark.stress
def test_students_are_measured_beside_distilbert(paths: AppPaths) -> None:
    forms = (StudentForm(2, inner=32), StudentForm(1, inner=16))
    rows = run_students_bench(plan_of(paths), forms=forms, say=lambda _: None)
    assert [row.name for row in rows] == [
        "DistilBERT shape, PyTorch float32",
        "2 layers, 32 inner units",
        "1 layer, 16 inner units",
    ]
    assert all(row.value is not None and row.ratio is not None for row in rows)


def test_a_model_that_nobody_signed_is_not_measured(paths: AppPaths) -> None:
    shutil.rmtree(paths.publisher_keys)
    with pytest.raises(ModelError):
        run_bench(plan_of(paths), say=lambda _: None)


def test_ratios_are_taken_of_medians_in_the_same_unit_only() -> None:
    reference = Row("slow", "abstracts/s", Spread.of([2.0, 4.0, 9.0]))
    rows = with_ratios([row("fast", 12.0), reference, row("rate", 900.0, "GOP/s")], reference)
    assert [one.ratio for one in rows] == [3.0, 1.0, None]


def test_a_ratio_needs_both_figures() -> None:
    missing = Row("lost", "abstracts/s", None)
    assert with_ratios([missing], row("slow", 2.0))[0].ratio is None
    assert with_ratios([row("fast", 2.0)], missing)[0].ratio is None


def test_operations_are_two_per_product_of_numbers() -> None:
    # One layer: 16 x 48, 16 x 16, 16 x 32 and 32 x 16 weights.
    assert TINY.linear_operations(10) == 2 * 10 * (768 + 256 + 512 + 512)
    # Scores and context: 10 x 10 products of 16 numbers, twice.
    assert TINY.attention_operations(10) == 2 * 2 * 10 * 10 * 16


def test_the_ceiling_is_the_rate_over_the_operations_of_the_mean_text() -> None:
    per_text = MINILM.linear_operations(362) + MINILM.attention_operations(362)
    assert per_text == pytest.approx(8.9e9, rel=0.01)
    allowed = texts_per_second(MINILM, [362, 362], giga_operations=916)
    assert allowed == pytest.approx(916e9 / per_text)


def test_abstracts_are_the_same_each_time_and_none_like_another() -> None:
    abstracts = invented_abstracts(64)
    assert abstracts == invented_abstracts(64)
    assert len({record.text for record in abstracts}) == 64
    words = [len(record.text.split()) for record in abstracts]
    assert 2 * min(words) < max(words)


def test_what_was_not_measured_says_so() -> None:
    text = as_text([row("a", 123.4), Row("b", "ms", None, note="no window here")])
    lines = text.splitlines()
    assert "123" in lines[2]
    assert "not measured" in lines[3]
    assert lines[3].endswith("no window here")


def test_programs_get_json() -> None:
    told = json.loads(as_json([row("a", 1.5)], about="a machine"))
    assert told["rows"][0]["value"] == {"median": 1.5, "low": 1.5, "high": 1.5}
    assert told["about"] == "a machine"


@pytest.mark.stress
def test_without_a_window_all_the_rest_is_measured(
    paths: AppPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_WINDOW", "kdh_desktop.no_such_module")
    monkeypatch.setattr(run, "_contest", lambda *_: [row("what has no window", 1)])
    rows = {row.name: row for row in run_bench(plan_of(paths), say=lambda _: None)}
    assert rows["paste to labels, in the window"].value is None
    for name in ("what has no window", "kdh --help", "bundle on disk"):
        assert rows[name].value is not None
