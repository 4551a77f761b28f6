"""Presets: what they are, and when a recipe is none any more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.runs.own_presets import OwnPresets
from kdh_desktop.core.runs.run_presets import (
    Preset,
    networks_each,
    networks_trained,
    possible_space,
    preset_config,
    preset_of,
    tuning_trainings,
    usual_space,
    usual_tuning,
)
from kdh_desktop.core.search_space import Real, TuningConfig, at_position
from kdh_desktop.core.training_config import TeacherMethod, config_from_json, config_to_json

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("preset", Preset)
def test_a_preset_is_known_again_whatever_the_run_is_called(preset: Preset) -> None:
    config = preset_config(preset, name="spring-texts", seed=7, judged_share=0.1)
    assert preset_of(config) is preset
    assert preset_of(config_from_json(config_to_json(config))) is preset


@pytest.mark.parametrize("preset", Preset)
def test_a_changed_recipe_is_no_preset(preset: Preset) -> None:
    config = preset_config(preset, name="x")
    assert preset_of(at_position(config, {"distillation.alpha": 0.33})) is None


@pytest.mark.parametrize("preset", Preset)
def test_a_search_does_not_make_a_preset_another_one(preset: Preset) -> None:
    config = preset_config(preset, name="x")
    tuned = replace(config, tuning=usual_tuning(config))
    assert preset_of(tuned) is preset


@pytest.mark.parametrize("preset", Preset)
def test_every_offered_dimension_fits_the_recipe(preset: Preset) -> None:
    config = preset_config(preset, name="x")
    tuning = replace(usual_tuning(config), dimensions=possible_space(config))
    assert replace(config, tuning=tuning).tuning == tuning
    assert set(usual_space(config)) <= set(possible_space(config))


def test_best_is_what_made_the_model_of_the_program() -> None:
    recipe = config_from_json((ROOT / "resources" / "model.recipe.json").read_text("utf-8"))
    best = preset_config(Preset.BEST, name=recipe.name, seed=recipe.seed, judged_share=0.0)
    assert best == recipe


def test_networks_are_counted_with_students_and_nested_teachers() -> None:
    best = preset_config(Preset.BEST, name="x")
    assert networks_trained(best) == 5 * 3 + 1 + 5
    nested = at_position(best, {"distillation.nested_members": 1})
    assert networks_trained(nested) == 5 * 3 + 10 + 1 + 5
    few = at_position(nested, {"distillation.calibration_folds": 2})
    assert networks_trained(few) == 5 * 3 + (1 + 2 * 3) + 1 + 2


def test_every_label_has_networks_of_its_own_where_teachers_are_binary() -> None:
    best = preset_config(Preset.BEST, name="x")
    how = replace(best.teacher, method=TeacherMethod.BINARY_RELEVANCE)
    each = at_position(replace(best, teacher=how), {"distillation.nested_members": 1})
    assert networks_trained(each, labels=10) == 10 * (5 * 3 + 10) + 1 + 5
    assert networks_trained(best, labels=10) == networks_trained(best)
    of_teacher = networks_each(how, labels=10)
    space = {"distillation.alpha": Real(0.0, 1.0)}
    tuning = TuningConfig(4, 5, space, folds=3, has_random_control=False)
    assert tuning_trainings(tuning, of_teacher=of_teacher) == 4 * 5 * 3 + 3 * 10
    teachers = replace(tuning, dimensions={"teacher.schedule.peak_rate": Real(1e-4, 1e-2)})
    assert tuning_trainings(teachers, of_teacher=of_teacher) == 4 * 5 * 3 * 10


def test_a_random_control_doubles_the_search_but_for_its_teachers() -> None:
    space = {"distillation.alpha": Real(0.0, 1.0)}
    tuning = TuningConfig(4, 5, space, folds=3, has_random_control=False)
    assert tuning_trainings(tuning) == 4 * 5 * 3 + 3
    both = replace(tuning, has_random_control=True)
    assert tuning_trainings(both) == 2 * 4 * 5 * 3 + 3
    own = replace(both, dimensions={**space, "augmentation.sentence_dropout": Real(0.0, 0.2)})
    assert tuning_trainings(own) == 2 * 4 * 5 * (3 + 3)
    teachers = replace(both, dimensions={"teacher.schedule.peak_rate": Real(1e-4, 1e-2)})
    assert tuning_trainings(teachers) == 2 * 4 * 5 * 3


def test_own_presets_are_listed_by_name_and_can_be_deleted(tmp_path: Path) -> None:
    presets = OwnPresets(tmp_path / "presets")
    assert presets.all() == []
    config = at_position(preset_config(Preset.QUICK, name="of-a-user"), {"max_tokens": 256})
    presets.keep("Übung", config)
    presets.keep("  abend  lauf ", config)
    assert [one.name for one in presets.all()] == ["abend lauf", "Übung"]
    presets.keep("Übung", preset_config(Preset.BEST, name="x"))
    kept = {one.name: one.config for one in presets.all()}
    assert preset_of(kept["Übung"]) is Preset.BEST
    presets.remove("Übung")
    assert [one.name for one in presets.all()] == ["abend lauf"]


def test_a_kept_preset_does_not_hold_the_name_of_the_run(tmp_path: Path) -> None:
    presets = OwnPresets(tmp_path)
    presets.keep("mine", preset_config(Preset.QUICK, name="ward-7-patients"))
    presets.keep_last(preset_config(Preset.QUICK, name="ward-7-patients"))
    held = [path.read_text("utf-8") for path in tmp_path.iterdir()]
    assert len(held) == 2
    assert not any("ward-7" in text for text in held)
    assert not any("mine" in path.name for path in tmp_path.iterdir())


def test_the_last_recipe_is_remembered_and_is_no_preset(tmp_path: Path) -> None:
    presets = OwnPresets(tmp_path)
    assert presets.last() is None
    config = preset_config(Preset.BALANCED, name="run")
    presets.keep_last(config)
    assert presets.last() == config
    assert presets.all() == []


@pytest.mark.parametrize("damage", ["", "{", '{"name": "x"}', '["x"]', '{"name": 1, "config": {}}'])
def test_a_damaged_preset_is_passed_over(tmp_path: Path, damage: str) -> None:
    presets = OwnPresets(tmp_path)
    presets.keep("whole", preset_config(Preset.QUICK, name="run"))
    (tmp_path / "broken.json").write_text(damage, "utf-8")
    (tmp_path / "last.json").write_text(damage, "utf-8")
    assert [one.name for one in presets.all()] == ["whole"]
    assert presets.last() is None


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_a_preset_needs_a_name_of_sensible_length(tmp_path: Path, name: str) -> None:
    with pytest.raises(TrainingError):
        OwnPresets(tmp_path).keep(name, preset_config(Preset.QUICK, name="run"))
