"""What the search before a run has to do at most, as far as time and the disk feel it."""

from __future__ import annotations

from dataclasses import replace

from kdh_desktop.core.runs.run_presets import blind_pairs, networks_each
from kdh_desktop.core.training_config import (
    NetworkConfig,
    RunConfig,
    Schedule,
    has_own_teachers,
    is_student_judged,
)
from trainer.running.planned_stages import CorpusSize, StageWork, training

_GIVEN_UP = 0.6
"""Share of a search's work that is left where bad positions are given up; measured on one."""


def planned_search(config: RunConfig, size: CorpusSize, *, labels: int) -> list[StageWork]:
    """The trainings of a run's search, those of all its positions together; none without a search.

    Each position trains a network for each fold, on the others. Students have teachers that know
    nothing of the fold: a network for each pair of folds, kept where all positions share it.
    """
    tuning, how, teacher = config.tuning, config.distillation, config.teacher
    if tuning is None:
        return []
    folds, tokens = tuning.folds, sum(size.labelled)
    if tuning.texts:
        tokens = tokens * min(tuning.texts, len(size.labelled)) // len(size.labelled)
    each = networks_each(teacher, labels=labels)
    pairs = each * blind_pairs(folds=folds, judged=folds)
    positions = tuning.particles * tuning.iterations * (1 + tuning.has_random_control)
    judged = positions * (_GIVEN_UP if tuning.is_stopping_early else 1.0)

    def one(network: NetworkConfig, schedule: Schedule, *, left_out: int) -> StageWork:
        return training("search", network, schedule, tokens * (folds - left_out) // folds)

    def of_positions(
        network: NetworkConfig, schedule: Schedule, *, many: int, left_out: int
    ) -> list[StageWork]:
        if not schedule.epochs:
            return []
        epochs = max(1, round(schedule.epochs * tuning.epoch_share))
        work = one(network, replace(schedule, epochs=epochs), left_out=left_out)
        trained, validated = work.trained_tokens, work.validated_tokens
        return [
            replace(
                work,
                trained_tokens=int(judged * many * trained),
                validated_tokens=int(judged * many * validated),
            )
        ]

    if not is_student_judged(tuning):
        return of_positions(teacher.network, teacher.schedule, many=folds * each, left_out=1)
    students = [
        work
        for schedule in (how.distil, how.fine_tune)
        for work in of_positions(how.network, schedule, many=folds, left_out=1)
    ]
    if not how.distil.epochs:
        return students
    if has_own_teachers(tuning):
        own = of_positions(teacher.network, teacher.schedule, many=pairs, left_out=2)
        return [*own, *students]
    return [one(teacher.network, teacher.schedule, left_out=2)] * pairs + students
