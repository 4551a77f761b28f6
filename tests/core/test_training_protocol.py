from __future__ import annotations

import dataclasses
import json
import math
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.training_protocol import (
    PROTOCOL_VERSION,
    Augmentation,
    BatchesDone,
    CandidateReady,
    CheckpointSaved,
    DistillationConfig,
    Envelope,
    EpochFinished,
    Event,
    RunCancelled,
    RunConfig,
    RunFailed,
    RunStarted,
    Schedule,
    StageScored,
    StageStarted,
    TeacherConfig,
    config_from_json,
    config_to_json,
    from_line,
    to_line,
)

COUNTS = st.integers(0, 10**9)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SHARES = st.floats(0, 1)
POSITIVE = st.floats(1e-9, 1e9)
TEXTS = st.text(st.characters(codec="utf-8"))

SCHEDULES = st.builds(
    Schedule,
    epochs=st.integers(0, 100),
    peak_rate=POSITIVE,
    batch_size=st.integers(1, 1000),
    head_factor=POSITIVE,
    layer_decay=st.floats(0.01, 1),
    warmup=SHARES,
    weight_decay=st.floats(0, 10),
)
CONFIGS = st.builds(
    RunConfig,
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", fullmatch=True),
    seed=st.integers(0, 2**32 - 1),
    max_tokens=st.integers(3, 8192),
    sentence_loss=st.floats(0, 100),
    sentence_weight=SHARES,
    dropout=st.floats(0, 0.98),
    augmentation=st.builds(Augmentation, sentence_dropout=SHARES, tokenised_share=SHARES),
    teacher=st.builds(
        TeacherConfig, folds=st.integers(5, 20), schedule=SCHEDULES, members=st.integers(1, 9)
    ),
    distillation=st.builds(
        DistillationConfig,
        temperature=POSITIVE,
        alpha=SHARES,
        transfer_texts=COUNTS,
        transfer=SCHEDULES,
        distil=SCHEDULES,
        fine_tune=SCHEDULES,
        calibration_folds=st.integers(1, 5),
    ),
)
EVENTS: dict[type[Event], st.SearchStrategy[Event]] = {
    RunStarted: st.builds(RunStarted, labelled_texts=COUNTS, unlabelled_texts=COUNTS, device=TEXTS),
    StageStarted: st.builds(StageStarted, stage=COUNTS, stages=COUNTS, name=TEXTS),
    BatchesDone: st.builds(BatchesDone, epoch=COUNTS, batch=COUNTS, batches=COUNTS),
    EpochFinished: st.builds(EpochFinished, epoch=COUNTS, epochs=COUNTS, loss=NUMBERS),
    CheckpointSaved: st.builds(CheckpointSaved, epoch=COUNTS),
    StageScored: st.builds(StageScored, figures=st.dictionaries(TEXTS, NUMBERS, max_size=4)),
    CandidateReady: st.builds(CandidateReady, bundle_id=TEXTS),
    RunFailed: st.builds(RunFailed, message=TEXTS, remedy=TEXTS),
    RunCancelled: st.just(RunCancelled()),
}


def envelopes(event: st.SearchStrategy[Event]) -> st.SearchStrategy[Envelope]:
    return st.builds(Envelope, run=TEXTS, seq=COUNTS, utc=TEXTS, event=event)


EPOCH = Envelope("run-1", 7, "2026-11-20T12:00:00+00:00", EpochFinished(2, 5, 0.25))
SCHEDULE = Schedule(epochs=1, peak_rate=0.1)
CONFIG = RunConfig(
    name="run",
    seed=1,
    max_tokens=128,
    sentence_loss=1.0,
    sentence_weight=0.5,
    dropout=0.1,
    augmentation=Augmentation(),
    teacher=TeacherConfig(4, SCHEDULE),
    distillation=DistillationConfig(2.0, 0.5, 10, SCHEDULE, SCHEDULE, SCHEDULE, 2),
)


@pytest.fixture
def raw_config() -> dict[str, Any]:
    return dataclasses.asdict(CONFIG)


def changed(line: str, **fields: object) -> str:
    return json.dumps({**json.loads(line), **fields})


def test_every_kind_of_event_is_tried_here() -> None:
    assert EVENTS.keys() == set(typing.get_args(Event))


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_events_come_back_as_they_were_sent(kind: type[Event], data: st.DataObject) -> None:
    envelope = data.draw(envelopes(EVENTS[kind]))
    line = to_line(envelope)
    assert line.isascii()
    assert "\n" not in line
    assert from_line(line) == envelope


def test_events_say_protocol_run_number_and_time() -> None:
    raw = json.loads(to_line(EPOCH))
    assert raw == {
        "protocol": PROTOCOL_VERSION,
        "run": "run-1",
        "seq": 7,
        "utc": "2026-11-20T12:00:00+00:00",
        "event": "EpochFinished",
        "epoch": 2,
        "epochs": 5,
        "loss": 0.25,
    }


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "make", [lambda x: EpochFinished(1, 1, x), lambda x: StageScored({"f": x})]
)
def test_numbers_without_bound_are_never_sent(
    make: Callable[[float], Event], number: float
) -> None:
    with pytest.raises(ValueError, match="JSON"):
        to_line(Envelope("run-1", 1, "now", make(number)))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" + 400 * "0"])
@pytest.mark.parametrize("event", [EpochFinished(1, 1, 0.25), StageScored({"f1": 0.25})])
def test_numbers_without_bound_are_never_taken(event: Event, number: str) -> None:
    line = to_line(Envelope("run-1", 1, "now", event)).replace("0.25", number)
    with pytest.raises(TrainingError, match="does not understand"):
        from_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        "Loading weights: 100%",
        "{}",
        "[" * 100_000,
        '{"protocol": 1}',
        to_line(EPOCH)[:-10],
        to_line(EPOCH) + to_line(EPOCH),
    ],
    ids=lambda line: line[:20],
)
def test_what_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(TrainingError, match="does not understand"):
        from_line(line)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("protocol", PROTOCOL_VERSION + 1),
        ("protocol", str(PROTOCOL_VERSION)),
        ("protocol", True),
        ("protocol", None),
        ("run", 1),
        ("seq", "7"),
        ("seq", 7.5),
        ("seq", True),
        ("utc", None),
        ("event", "EpochStarted"),
        ("event", "Schedule"),
        ("event", ["EpochFinished"]),
        ("epoch", "2"),
        ("epoch", 2.0),
        ("epoch", True),
        ("epoch", None),
        ("loss", "0.25"),
        ("loss", None),
        ("loss", [0.25]),
        ("text", "unknown field"),
    ],
)
def test_an_event_with_one_wrong_field_is_refused(field: str, value: object) -> None:
    with pytest.raises(TrainingError, match="same version"):
        from_line(changed(to_line(EPOCH), **{field: value}))


@pytest.mark.parametrize(
    "field", ["protocol", "run", "seq", "utc", "event", "epoch", "epochs", "loss"]
)
def test_an_event_that_lacks_a_field_is_refused(field: str) -> None:
    raw = json.loads(to_line(EPOCH))
    del raw[field]
    with pytest.raises(TrainingError, match="does not understand"):
        from_line(json.dumps(raw))


@pytest.mark.parametrize("figures", [[], "f1", {"f1": "0.8"}, {"f1": None}, {"f1": {"x": 1.0}}])
def test_figures_that_are_no_numbers_are_refused(figures: object) -> None:
    line = to_line(Envelope("run-1", 1, "now", StageScored({"f1": 0.25})))
    with pytest.raises(TrainingError, match="does not understand"):
        from_line(changed(line, figures=figures))


def test_a_whole_number_is_taken_where_a_number_is_asked_for() -> None:
    event = from_line(changed(to_line(EPOCH), loss=1)).event
    assert isinstance(event, EpochFinished)
    assert isinstance(event.loss, float)


@given(CONFIGS)
def test_configurations_come_back_as_they_were_written(config: RunConfig) -> None:
    assert config_from_json(config_to_json(config)) == config


def test_the_shipped_recipe_is_a_configuration() -> None:
    recipe = AppPaths.default().resources / "model.recipe.json"
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


FIELDS = tuple(paths_of(dataclasses.asdict(CONFIG)))
FREE_FIELDS = (
    *("batch_size", "head_factor", "layer_decay", "warmup", "weight_decay"),
    *("sentence_dropout", "tokenised_share", "members"),
)


@pytest.mark.parametrize("path", [x for x in FIELDS if x[-1] not in FREE_FIELDS], ids=".".join)
def test_a_missing_field_is_named(raw_config: dict[str, Any], path: tuple[str, ...]) -> None:
    del place(raw_config, path)[path[-1]]
    with pytest.raises(TrainingError) as refusal:
        config_from_json(json.dumps(raw_config))
    *above, name = ("configuration", *path)
    assert f"{'.'.join(above)} lacks {name}." in refusal.value.message


@pytest.mark.parametrize("path", FIELDS, ids=".".join)
@pytest.mark.parametrize("value", [None, [], True, {"a": {}}], ids=repr)
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
        ("dropout", 1.0),
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
