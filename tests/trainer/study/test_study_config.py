"""A study's configuration is checked before anything is trained, and the presets pass."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.search_space import Real
from tests.trainer.study.fake_study import LABELS, TEXTS, fake_config
from tests.trainer.study.tiny_studies import tiny_kdh_mltc
from trainer.study.cells import needs_of, order_by_urgency, plan_cells
from trainer.study.config import StudyConfig, read_study_config
from trainer.study.system_kinds import DistilledSystem, HardSystem, Part, TunedSystem

PRESETS = sorted((Path(__file__).parents[3] / "docs" / "studies").glob("*.config.json"))


def test_the_presets_of_both_studies_are_there() -> None:
    names = {path.name.removesuffix(".config.json") for path in PRESETS}
    full = {"kdh-mltc", "rocling-hoc", "rocling-mie-zh"}
    assert names == full | {f"{name}-reduced" for name in full} | {"training-means"}


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.name)
def test_a_preset_can_be_read_and_names_its_reductions(path: Path) -> None:
    config = read_study_config(path)
    assert f"{config.name}.config.json" == path.name
    assert bool(config.reductions) == config.name.endswith("-reduced")
    assert len(config.of_part(Part.MAIN)) >= 3


def test_a_reduced_preset_names_what_it_has_less_of() -> None:
    full = {path.name: read_study_config(path) for path in PRESETS}
    for name, config in full.items():
        whole = full[name.replace("-reduced", "")]
        said = " ".join(config.reductions)
        if config.texts.max_tokens < whole.texts.max_tokens:
            assert f"first {config.texts.max_tokens} word pieces" in said
        if config.folds < whole.folds:
            assert f"{config.folds} folds instead of {whole.folds}" in said


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.name)
def test_every_cell_of_a_preset_comes_after_what_it_needs(path: Path) -> None:
    config = read_study_config(path)
    planned = plan_cells(config, texts=1481, labels=10)
    for order in (planned, order_by_urgency(planned)):
        done: set[object] = set()
        for one in order:
            assert done.issuperset(one.needs)
            done.add(one.cell)
    assert len({one.cell.id for one in planned}) == len(planned)


def test_a_configuration_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    for config in (fake_config(), tiny_kdh_mltc()):
        path.write_text(json.dumps(to_json_value(config)), encoding="utf-8")
        assert read_study_config(path) == config


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"folds": 1}, "folds must be at least 2"),
        ({"seeds": []}, "seeds must not be empty"),
        ({"samples": [60, 60]}, "samples must not be empty or repeat one"),
        ({"name": "Not a name"}, "id must be up to 40"),
        ({"reference": "nobody"}, "reference names no system"),
        ({"surprise": 1}, "unknown field surprise"),
        ({"bootstrap_draws": 3}, "bootstrap_draws must be at least 100"),
    ],
)
def test_a_faulty_field_is_named(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = tmp_path / "study.json"
    path.write_text(json.dumps(to_json_value(fake_config()) | change), encoding="utf-8")
    with pytest.raises(TrainingError, match=said):
        read_study_config(path)


def with_system(config: StudyConfig, system_id: str, **changes: Any) -> StudyConfig:
    systems = tuple(replace(x, **changes) if x.id == system_id else x for x in config.systems)
    return replace(config, systems=systems)


@pytest.mark.parametrize(
    ("system", "changes", "said"),
    [
        ("distilled", {"teacher": "tuned"}, "must name a system before it"),
        ("distilled", {"samples": (60,)}, "must be among those of distilled"),
        ("student", {"samples": (33,)}, "must be among the study's"),
        ("tuned", {"chain": "student"}, "must be a system distilled afresh"),
        ("random", {"tuned": "student"}, "must be a tuned system with a random control"),
        ("joined", {"teacher": "distilled"}, "must be a hard system"),
    ],
)
def test_a_system_must_fit_those_that_it_names(
    system: str, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        with_system(fake_config(), system, **changes)


def test_the_report_has_something_to_show_at_the_largest_sample() -> None:
    config = fake_config()
    steps = tuple(replace(one, part=Part.STEP) for one in config.systems)
    small = tuple(replace(one, samples=(60,)) for one in config.systems)
    for systems in (steps, small):
        with pytest.raises(ValueError, match="one of the main part at the largest sample"):
            replace(config, systems=systems)


def test_a_search_may_change_only_what_a_chain_has() -> None:
    config = fake_config()
    tuned = config.system("tuned")
    assert isinstance(tuned, TunedSystem)
    wrong = replace(tuned.search, dimensions={"distilled.courage": Real(0, 1)})
    with pytest.raises(ValueError, match="courage is no field"):
        with_system(config, "tuned", search=wrong)
    far = replace(tuned.search, dimensions={"distilled.alpha": Real(0, 2)})
    with pytest.raises(ValueError, match=r"alpha must lie in 0\.\.1"):
        with_system(config, "tuned", search=far)
    other = replace(tuned.search, folds=3)
    with pytest.raises(ValueError, match="must be inner_folds"):
        with_system(config, "tuned", search=other)


def test_unlabelled_texts_cannot_choose_an_epoch() -> None:
    schedule = replace(fake_config().system("student").schedule, validation_share=0.1)  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="must be 0 where texts have no labels"):
        DistilledSystem("x", "X", "teacher", schedule, 2.0, 1.0, is_transfer=True)


def test_cells_need_what_they_learn_from_and_go_on_from() -> None:
    config = fake_config()
    planned = {one.cell.id: one for one in plan_cells(config, texts=TEXTS, labels=LABELS)}
    at = "mini.{}.all.fold0.seed1{}"

    def needs(system: str) -> set[str]:
        cell = planned[at.format(system, "")].cell
        return {need.id for need in needs_of(config, cell)}

    inner = {at.format("teacher", f".inner{x}") for x in range(2)}
    assert needs("teacher") == set()
    assert needs("distilled") == {at.format("teacher", "")}
    assert needs("sequential") == {at.format("distilled", "")}
    assert needs("joined") == inner
    assert needs("tuned") == {at.format("teacher", ""), *inner}
    assert needs("random") == {at.format("tuned", ""), at.format("teacher", ""), *inner}
    assert isinstance(config.system("sequential"), HardSystem)
