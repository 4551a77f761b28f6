"""How many stages a run will tell of, so that its progress can be shown from the start."""

from __future__ import annotations

from kdh_desktop.core.runs.run_presets import blind_teacher_networks, teacher_networks
from kdh_desktop.core.training_config import RunConfig


def count_stages(config: RunConfig, *, labels: int, has_unlabelled: bool) -> int:
    """Stages of a run.

    Args:
        config: What is asked.
        labels: Number of labels.
        has_unlabelled: Whether there is a transfer set.
    """
    export, judge = 1, 1
    return (
        _of_teachers(config, labels=labels) + _of_students(config, has_unlabelled) + export + judge
    )


def count_blind_teachers(config: RunConfig, *, labels: int) -> int:
    """Stages of the teachers that know nothing of one fold each, for students that it judges."""
    student = config.distillation
    if not student.nested_members:
        return 0
    linear = student.calibration_folds * config.teacher.has_linear_member
    return blind_teacher_networks(config, labels=labels) + linear


def _of_teachers(config: RunConfig, *, labels: int) -> int:
    teacher = config.teacher
    if teacher.is_finished:
        return 1
    whole = teacher_networks(config, labels=labels) + teacher.has_linear_member
    return whole + count_blind_teachers(config, labels=labels)


def _of_students(config: RunConfig, has_unlabelled: bool) -> int:  # noqa: FBT001 - the only one
    how = config.distillation
    students = 1 + how.calibration_folds
    teachers = students if how.nested_members else 1
    transfers = teachers * int(has_unlabelled and how.transfer.epochs > 0)
    return transfers + students * sum(stage.epochs > 0 for stage in (how.distil, how.fine_tune))
