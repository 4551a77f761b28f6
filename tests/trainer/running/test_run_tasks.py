"""A run's networks may be trained side by side, and the bundle is the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kdh_desktop.core.classification.model_bundle import open_bundle
from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.training_config import RunConfig
from kdh_desktop.core.training_protocol import Event, StageStarted
from trainer.process.control import RunControl
from trainer.run import run_training
from trainer.running.steps import RunFiles
from trainer.running.tasks import StudentTask, TeacherTask, plan_tasks


def nested(config: RunConfig) -> RunConfig:
    return replace(
        config,
        teacher=replace(config.teacher, folds=3),
        distillation=replace(config.distillation, nested_members=1),
    )


def test_a_student_of_a_fold_waits_for_every_network_that_teaches_it(
    tiny_config: RunConfig,
) -> None:
    planned = {one.task: one.needs for one in plan_tasks(nested(tiny_config))}
    assert len(planned) == len(plan_tasks(nested(tiny_config)))
    for fold in (0, 1):
        needs = planned[StudentTask(fold)]
        left_out = {task.left_out for task in needs if isinstance(task, TeacherTask)}
        others = {0, 1, 2} - {fold}
        assert left_out == {frozenset({fold})} | {frozenset({fold, x}) for x in others}
        assert needs <= planned.keys()
    of_all = {x.left_out for x in planned[StudentTask()] if isinstance(x, TeacherTask)}
    assert of_all == {frozenset({fold}) for fold in range(3)}


def test_students_of_a_finished_teacher_wait_for_the_one_that_asks_it(
    tiny_config: RunConfig,
) -> None:
    config = replace(tiny_config, teacher=replace(tiny_config.teacher, is_finished=True))
    planned = {one.task: one.needs for one in plan_tasks(config)}
    first: frozenset[object] = frozenset({StudentTask()})
    assert planned == {StudentTask(): frozenset(), StudentTask(0): first, StudentTask(1): first}


@pytest.mark.stress
@pytest.mark.timeout(600)
def test_side_by_side_gives_the_bundle_of_one_after_the_other(
    tiny_config: RunConfig,
    tiny_corpus: Path,
    tiny_transfer: Path,
    tiny_encoder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    key = Ed25519PrivateKey.generate()
    models: list[bytes] = []
    for jobs in (1, 2):
        told: list[Event] = []
        folder = tmp_path / str(jobs)
        files = RunFiles(
            corpus=(HocSource(str(tiny_corpus)),),
            judged=(),
            transfer=tiny_transfer,
            encoder=tiny_encoder,
            work=folder / "work",
            out=folder / "bundle",
        )
        run_training(
            nested(tiny_config),
            files,
            key=key,
            emit=told.append,
            control=RunControl(),
            jobs=jobs,
        )
        stages = [event for event in told if isinstance(event, StageStarted)]
        assert [one.stage for one in stages] == list(range(1, stages[0].stages + 1))
        models.append(open_bundle(files.out, trusted_keys=[key.public_key()]).model)
    assert models[0] == models[1]
