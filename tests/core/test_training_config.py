from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.training_config import (
    Augmentation,
    DistillationConfig,
    NetworkConfig,
    NetworkKind,
    RunConfig,
    Schedule,
    SoftLoss,
    TeacherConfig,
    TeacherMethod,
    config_from_json,
    config_to_json,
)

COUNTS = st.integers(0, 10**9)
SHARES = st.floats(0, 1)
POSITIVE = st.floats(1e-9, 1e9)

SCHEDULES = st.builds(
    Schedule,
    epochs=st.integers(0, 100),
    peak_rate=POSITIVE,
    batch_size=st.integers(1, 1000),
    head_factor=POSITIVE,
    layer_decay=st.floats(0.01, 1),
    warmup=SHARES,
    weight_decay=st.floats(0, 10),
    weight_average=st.floats(0, 0.99),
    r_drop=st.floats(0, 10),
    validation_share=st.floats(0.01, 0.99),
    patience=st.integers(0, 100),
    has_int8_rounding=st.booleans(),
)
NETWORKS = st.builds(
    NetworkConfig,
    kind=st.sampled_from(NetworkKind),
    dropout=st.floats(0, 0.98),
    layers=st.none() | st.integers(1, 24),
    embedding_size=st.integers(1, 1000),
    hidden_size=st.integers(1, 1000),
)
CONFIGS = st.builds(
    RunConfig,
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", fullmatch=True),
    seed=st.integers(0, 2**32 - 1),
    max_tokens=st.integers(3, 8192),
    sentence_loss=st.floats(0, 100),
    sentence_weight=SHARES,
    augmentation=st.builds(Augmentation, sentence_dropout=SHARES, tokenised_share=SHARES),
    teacher=st.builds(
        TeacherConfig,
        folds=st.integers(5, 20),
        schedule=SCHEDULES,
        members=st.integers(1, 9),
        method=st.sampled_from(TeacherMethod),
        network=NETWORKS,
        has_linear_member=st.booleans(),
    ),
    judged_share=st.floats(0, 0.9),
    distillation=st.builds(
        DistillationConfig,
        temperature=POSITIVE,
        alpha=SHARES,
        transfer_texts=COUNTS,
        transfer=SCHEDULES,
        distil=SCHEDULES,
        fine_tune=SCHEDULES,
        calibration_folds=st.integers(1, 5),
        soft_loss=st.sampled_from(SoftLoss),
        network=NETWORKS,
        nested_members=st.integers(0, 5),
    ),
)
SCHEDULE = Schedule(epochs=1, peak_rate=0.1)
CONFIG = RunConfig(
    name="run",
    seed=1,
    max_tokens=128,
    sentence_loss=1.0,
    sentence_weight=0.5,
    augmentation=Augmentation(),
    teacher=TeacherConfig(4, SCHEDULE),
    distillation=DistillationConfig(2.0, 0.5, 10, SCHEDULE, SCHEDULE, SCHEDULE, 2),
)


@pytest.fixture
def raw_config() -> dict[str, Any]:
    return dict(to_json_value(CONFIG))


@given(CONFIGS)
def test_configurations_come_back_as_they_were_written(config: RunConfig) -> None:
    assert config_from_json(config_to_json(config)) == config


RECIPES = (
    *sorted(AppPaths.default().resources.glob("*.recipe.json")),
    *sorted((Path(__file__).parents[2] / "docs" / "studies").glob("*.recipe.json")),
)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_a_recipe_that_lies_here_is_a_configuration(recipe: Path) -> None:
    config = config_from_json(recipe.read_text(encoding="utf-8"))
    assert config.distillation.calibration_folds <= config.teacher.folds


def paths_of(raw: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in raw.items():
        yield (*above, name)
        if isinstance(value, dict):
            yield from paths_of(value, (*above, name))


def place(raw: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """The object that holds the last field of a path."""
    for name in path[:-1]:
        raw = raw[name]
    return raw


FIELDS = tuple(paths_of(to_json_value(CONFIG)))
FREE_FIELDS = (
    *("batch_size", "head_factor", "layer_decay", "warmup", "weight_decay"),
    *("weight_average", "r_drop", "validation_share", "patience", "has_int8_rounding"),
    *("sentence_dropout", "tokenised_share", "members", "method", "has_linear_member"),
    "is_finished",
    *("network", "kind", "dropout", "layers", "embedding_size", "hidden_size"),
    *("soft_loss", "nested_members", "judged_share", "tuning"),
)


@pytest.mark.parametrize("path", [x for x in FIELDS if x[-1] not in FREE_FIELDS], ids=".".join)
def test_a_missing_field_is_named(raw_config: dict[str, Any], path: tuple[str, ...]) -> None:
    del place(raw_config, path)[path[-1]]
    with pytest.raises(TrainingError) as refusal:
        config_from_json(json.dumps(raw_config))
    *above, name = ("configuration", *path)
    assert f"{'.'.join(above)} lacks {name}." in refusal.value.message


@pytest.mark.parametrize("path", FIELDS, ids=".".join)
@pytest.mark.parametrize("value", [[], [True], "?", {"a": {}}], ids=repr)
def test_a_field_of_another_kind_is_named(
    raw_config: dict[str, Any], path: tuple[str, ...], value: object
) -> None:
    place(raw_config, path)[path[-1]] = value
    with pytest.raises(TrainingError) as refusal:
        config_from_json(json.dumps(raw_config))
    assert ".".join(("configuration", *path)) in refusal.value.message


@pytest.mark.parametrize("path", [(), ("teacher",), ("distillation", "distil")], ids=".".join)
def test_an_unknown_field_is_named(raw_config: dict[str, Any], path: tuple[str, ...]) -> None:
    place(raw_config, (*path, ""))["epoch"] = 3
    with pytest.raises(TrainingError, match=r"has an unknown field epoch\."):
        config_from_json(json.dumps(raw_config))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "1" + 400 * "0"])
def test_a_number_without_bound_is_named(raw_config: dict[str, Any], number: str) -> None:
    raw_config["sentence_loss"] = 0.12345
    text = json.dumps(raw_config).replace("0.12345", number)
    with pytest.raises(TrainingError, match=r"configuration\.sentence_loss is not a finite number"):
        config_from_json(text)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", ""),
        ("name", "../elsewhere"),
        ("name", ".hidden"),
        ("name", "a name"),
        ("name", "x" * 81),
        ("seed", -1),
        ("seed", 2**32),
        ("max_tokens", 2),
        ("sentence_loss", -0.1),
        ("sentence_weight", 1.1),
        ("judged_share", 1.0),
        ("teacher.network.dropout", 1.0),
        ("teacher.network.layers", 0),
        ("teacher.network.embedding_size", 0),
        ("teacher.network.hidden_size", 0),
        ("teacher.network.kind", "lstm"),
        ("teacher.method", "one_label"),
        ("augmentation.sentence_dropout", -0.1),
        ("augmentation.tokenised_share", 1.1),
        ("teacher.folds", 1),
        ("teacher.members", 0),
        ("teacher.schedule.epochs", -1),
        ("teacher.schedule.peak_rate", 0),
        ("distillation.temperature", 0),
        ("distillation.alpha", 1.5),
        ("distillation.transfer_texts", -1),
        ("distillation.calibration_folds", 0),
        ("distillation.calibration_folds", 5),
        ("distillation.distil.batch_size", 0),
        ("distillation.distil.head_factor", 0),
        ("distillation.distil.layer_decay", 0),
        ("distillation.distil.warmup", 2),
        ("distillation.distil.weight_decay", -1),
        ("distillation.distil.weight_average", 1.0),
        ("distillation.distil.r_drop", -1),
        ("distillation.distil.validation_share", 1.0),
        ("distillation.soft_loss", "hinge"),
        ("distillation.nested_members", -1),
    ],
)
def test_a_value_out_of_range_is_named_before_hours_are_lost(
    raw_config: dict[str, Any], path: str, value: object
) -> None:
    names = tuple(path.split("."))
    place(raw_config, names)[names[-1]] = value
    with pytest.raises(TrainingError) as refusal:
        config_from_json(json.dumps(raw_config))
    assert f"configuration.{path} must " in refusal.value.message
    assert refusal.value.remedy


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "[" * 100_000, "\x00"])
def test_what_is_no_configuration_is_refused(text: str) -> None:
    with pytest.raises(TrainingError, match="configuration cannot be used"):
        config_from_json(text)


def test_patience_without_kept_back_texts_is_refused(raw_config: dict[str, Any]) -> None:
    raw_config["teacher"]["schedule"]["patience"] = 3
    with pytest.raises(TrainingError, match=r"patience needs a validation_share over 0"):
        config_from_json(json.dumps(raw_config))


def test_a_finished_teacher_leaves_nothing_to_train_or_to_tune(raw_config: dict[str, Any]) -> None:
    raw_config["teacher"]["is_finished"] = True
    raw_config["distillation"]["network"]["layers"] = 3
    config = config_from_json(json.dumps(raw_config))
    assert config.networks == {config.distillation.network}
    assert replace(config, teacher=CONFIG.teacher).networks == config.networks | {NetworkConfig()}
    alpha = {"kind": "real", "low": 0.5, "high": 0.9}
    tuning = {"particles": 2, "iterations": 1, "dimensions": {"distillation.alpha": alpha}}
    for part, name, value, said in (
        (raw_config["distillation"], "nested_members", 1, r"nested_members must be 0 where"),
        (raw_config, "tuning", tuning, r"tuning must be left out where"),
    ):
        before, part[name] = part[name], value
        with pytest.raises(TrainingError, match=said):
            config_from_json(json.dumps(raw_config))
        part[name] = before


def test_a_search_that_would_leave_what_is_allowed_is_refused(raw_config: dict[str, Any]) -> None:
    alpha = {"kind": "real", "low": 0.5, "high": 1.5}
    tuning = {"particles": 2, "iterations": 1, "dimensions": {"distillation.alpha": alpha}}
    raw_config["tuning"] = tuning
    with pytest.raises(TrainingError, match=r"distillation\.alpha must lie in 0\.\.1"):
        config_from_json(json.dumps(raw_config))
    alpha["high"] = 1.0
    config = config_from_json(json.dumps(raw_config))
    assert config_from_json(config_to_json(config)) == config
