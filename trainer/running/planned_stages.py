"""The stages of a run, by name and in order, and what each of them has to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

from kdh_desktop.core.training_config import NetworkConfig, RunConfig, Schedule, TeacherMethod
from trainer.learning.batching import Example

# Seconds measured on a processor with two cores; the run's own pace corrects them.
_LINEAR_S_PER_TEXT = 0.004
_EXPORT_S = 12.0
_SERVED_S_PER_TOKEN = 6e-5

FINISHED_TEACHER = "teacher"
"""The stage in which a finished model teaches; others train a teacher of their own."""


@dataclass(frozen=True, slots=True)
class StageWork:
    """What one stage of a run has to do.

    Attributes:
        name: The stage's, as it will be told.
        network: What is trained or scores; None where none is.
        schedule: How it is trained; None where nothing is.
        trained_tokens: Tokens that are learnt from, over all epochs.
        validated_tokens: Tokens that are scored to choose the best epoch by, over all epochs.
        scored_tokens: Tokens that are scored afterwards.
        scored_texts: Texts that these are of.
        score_bytes: Room of the scores.
        other_s: Seconds of anything else.
    """

    name: str
    network: NetworkConfig | None = None
    schedule: Schedule | None = None
    trained_tokens: int = 0
    validated_tokens: int = 0
    scored_tokens: int = 0
    scored_texts: int = 0
    score_bytes: int = 0
    other_s: float = 0.0


@dataclass(frozen=True, slots=True)
class CorpusSize:
    """Sizes of the texts of a run.

    Attributes:
        labelled: Tokens of each labelled text, special ones included and none beyond the window.
        unlabelled: The same of each unlabelled text.
        unlabelled_sentences: How many sentences these have.
    """

    labelled: Sequence[int]
    unlabelled: Sequence[int]
    unlabelled_sentences: int

    @classmethod
    def of(
        cls, labelled: Sequence[Example], unlabelled: Sequence[Example], *, max_tokens: int
    ) -> Self:
        """Count the tokens of encoded texts."""

        def tokens(example: Example) -> int:
            return min(max_tokens, sum(map(len, example.pieces)) + 2)

        return cls(
            [tokens(one) for one in labelled],
            [tokens(one) for one in unlabelled],
            sum(len(one.pieces) for one in unlabelled),
        )


def planned_stages(config: RunConfig, size: CorpusSize, *, labels: int) -> list[StageWork]:
    """The stages of a run, in order and by the names that they will tell."""
    plan = _Plan(config, size, labels)
    return [*plan.teacher(), *plan.students(), *plan.end()]


def stages_of_network(name: str, method: TeacherMethod, *, labels: int) -> list[str]:
    """Stages of one of the teacher's networks: one for each label where each has its own."""
    if method is TeacherMethod.BINARY_RELEVANCE:
        return [f"{name}-label-{label}" for label in range(labels)]
    return [name]


def smallest_batch(config: RunConfig, network: NetworkConfig) -> int:
    """Fewest texts in a step of the trainings of a kind of network."""
    how, teacher = config.distillation, config.teacher
    schedules = [how.transfer, how.distil, how.fine_tune] if how.network == network else []
    if teacher.network == network and not teacher.is_finished:
        schedules.append(teacher.schedule)
    return min(schedule.batch_size for schedule in schedules)


@dataclass(frozen=True, slots=True)
class _Plan:
    config: RunConfig
    size: CorpusSize
    labels: int

    def teacher(self) -> Iterator[StageWork]:
        """Stages of the teacher of all labelled texts."""
        if self.config.teacher.is_finished:
            yield self._finished()
            return
        folds = range(self.config.teacher.folds)
        for fold in folds:
            for member in range(self.config.teacher.members):
                yield from self._networks([fold], member)
        yield from self._linear(len(folds))

    def students(self) -> Iterator[StageWork]:
        """Stages of the student and of those for calibration, with their teachers."""
        how = self.config.distillation
        yield from self._student("student", has_own_teacher=True)
        told: set[frozenset[int]] = set()
        for fold in range(how.calibration_folds):
            if how.nested_members:
                others = [x for x in range(self.config.teacher.folds) if x != fold]
                pairs = [frozenset({fold, other}) for other in others]
                for pair in pairs:
                    for member in range(how.nested_members) if pair not in told else ():
                        yield from self._networks(sorted(pair), member)
                told |= set(pairs)
                yield from self._linear(len(others))
            yield from self._student(f"calibration-{fold}", has_own_teacher=how.nested_members > 0)

    def end(self) -> Iterator[StageWork]:
        """Stages after all training."""
        yield StageWork("export", other_s=_EXPORT_S)
        yield StageWork("judge", other_s=_SERVED_S_PER_TOKEN * sum(self.size.labelled) / 5)

    def _finished(self) -> StageWork:
        """A finished model says what it thinks of all texts."""
        texts = [*self.size.labelled, *self.size.unlabelled]
        other_s = _SERVED_S_PER_TOKEN * sum(texts)
        return StageWork(FINISHED_TEACHER, scored_texts=len(texts), other_s=other_s)

    def _networks(self, left_out: Sequence[int], member: int) -> Iterator[StageWork]:
        how = self.config.teacher
        name = "teacher-without-" + "-".join(map(str, left_out))
        name += f"-member-{member}" if member else ""
        seen = sum(self.size.labelled) * (how.folds - len(left_out)) // how.folds
        *others, last = stages_of_network(name, how.method, labels=self.labels)
        for stage in others:
            yield training(stage, how.network, how.schedule, seen)
        # All of them score together, once the last is trained.
        asked = self.size.unlabelled if len(left_out) == 1 else ()
        scored = sum(self.size.labelled) * len(left_out) // how.folds + sum(asked)
        rows = len(asked) + self.size.unlabelled_sentences if asked else 0
        yield replace(
            training(last, how.network, how.schedule, seen),
            scored_tokens=scored * (len(others) + 1),
            scored_texts=len(self.size.labelled) * len(left_out) // how.folds + len(asked),
            score_bytes=4 * rows * self.labels,
        )

    def _linear(self, members: int) -> Iterator[StageWork]:
        texts = len(self.size.labelled) + len(self.size.unlabelled)
        if self.config.teacher.has_linear_member:
            yield StageWork("linear member", other_s=_LINEAR_S_PER_TEXT * members * texts)

    def _student(self, name: str, *, has_own_teacher: bool) -> Iterator[StageWork]:
        how = self.config.distillation
        if has_own_teacher and self.size.unlabelled and how.transfer.epochs:
            tokens = sum(self.size.unlabelled)
            yield training(f"{name}-transfer", how.network, how.transfer, tokens)
        held_out = sum(self.size.labelled) // self.config.teacher.folds if name != "student" else 0
        tokens = sum(self.size.labelled) - held_out
        export_s = _EXPORT_S + 2 * _SERVED_S_PER_TOKEN * held_out if held_out else 0.0
        parts = [("distil", how.distil), ("fine-tune", how.fine_tune)]
        trained = [(part, schedule) for part, schedule in parts if schedule.epochs]
        for part, schedule in trained:
            other_s = export_s if part == trained[-1][0] else 0.0
            yield training(f"{name}-{part}", how.network, schedule, tokens, other_s=other_s)


def training(
    name: str, network: NetworkConfig, schedule: Schedule, tokens: int, *, other_s: float = 0.0
) -> StageWork:
    """A stage in which a network learns from texts of so many tokens."""
    kept_back = int(tokens * schedule.validation_share)
    return StageWork(
        name,
        network,
        schedule,
        trained_tokens=(tokens - kept_back) * schedule.epochs * (2 if schedule.r_drop else 1),
        validated_tokens=kept_back * schedule.epochs,
        other_s=other_s,
    )
