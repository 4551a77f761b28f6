"""The trainings of one run that do not wait for each other, worked off side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from kdh_desktop.core.training_config import RunConfig
from kdh_desktop.core.training_protocol import BatchesDone, Event
from trainer.process.control import RunControl
from trainer.process.side_by_side import Planned, work_off
from trainer.running.steps import RunFiles, TrainingRun
from trainer.teacher import Folds


@dataclass(frozen=True, slots=True)
class TeacherTask:
    """Train a network of the teacher without some folds, or a linear member (`member` None)."""

    left_out: Folds
    member: int | None


@dataclass(frozen=True, slots=True)
class StudentTask:
    """Train the student, or the one that never saw a fold."""

    without: int | None = None


Task = TeacherTask | StudentTask


def train_side_by_side(
    run: TrainingRun, *, jobs: int, emit: Callable[[Event], None], control: RunControl
) -> None:
    """Train all networks of a run; it then takes them up from its work folder.

    Args:
        run: The run, in whose work folder everything is left.
        jobs: Number of processes.
        emit: Takes events.
        control: Is followed.

    Raises:
        TrainingError: A network cannot be trained.
        Cancelled: The user stopped it; it can be resumed.
    """
    planned = plan_tasks(run.config)
    done = 0

    def tell(_: Task) -> None:
        nonlocal done
        done += 1
        emit(BatchesDone(1, done, len(planned)))

    run.runner.start("side by side")
    opened = partial(_open, run.config, run.files, run.device, run.runner.checkpoint_every_s)
    work_off(planned, opened, jobs=jobs, control=control, on_done=tell)


def plan_tasks(config: RunConfig) -> list[Planned[Task]]:
    """All trainings of a run, each with those that it waits for."""
    folds = range(config.teacher.folds)
    single = [frozenset({fold}) for fold in folds]
    is_finished = config.teacher.is_finished
    of_all = [] if is_finished else _members(config, single, config.teacher.members)
    planned: list[Planned[Task]] = [Planned(task) for task in of_all]
    planned.append(Planned(StudentTask(), frozenset(of_all)))
    for fold in range(config.distillation.calibration_folds):
        if not config.distillation.nested_members:
            # They share what the student learnt from the unlabelled texts, and a finished
            # teacher's scores.
            planned.append(Planned(StudentTask(fold), frozenset({StudentTask()})))
            continue
        pairs = [frozenset({fold, other}) for other in folds if other != fold]
        of_fold = _members(config, pairs, config.distillation.nested_members)
        known = {one.task for one in planned}
        planned += [Planned(task) for task in of_fold if task not in known]
        needed = [*of_fold, *_members(config, [frozenset({fold})], config.teacher.members)]
        planned.append(Planned(StudentTask(fold), frozenset(needed)))
    return planned


def _members(config: RunConfig, left_out: Sequence[Folds], members: int) -> list[Task]:
    numbers: list[int | None] = [*range(members)]
    if config.teacher.has_linear_member:
        numbers.append(None)
    return [TeacherTask(out, number) for out in left_out for number in numbers]


def _open(
    config: RunConfig,
    files: RunFiles,
    device: torch.device,
    checkpoint_every_s: float,
    control: RunControl,
) -> Callable[[Task], None]:
    run = TrainingRun(
        config,
        files,
        emit=lambda _: None,
        control=control,
        device=device,
        checkpoint_every_s=checkpoint_every_s,
    )

    def do(task: Task) -> None:
        match task:
            case TeacherTask(left_out, member):
                run.teachers.train_member(left_out, member)
            case StudentTask(without):
                run.train_student(without)

    return do
