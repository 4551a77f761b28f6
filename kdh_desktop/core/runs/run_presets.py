"""Recipes to begin with: quick, balanced and best, and whether a recipe is still one of them.

All functions are pure. A recipe's name, its seed, what is kept back to be judged on and the swarm
are choices of their own, so they do not make a preset another one.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from kdh_desktop.core.search_space import Choice, Dimension, Real, TuningConfig, Whole
from kdh_desktop.core.training_config import (
    Augmentation,
    DistillationConfig,
    NetworkConfig,
    NetworkKind,
    RunConfig,
    Schedule,
    TeacherConfig,
    TeacherMethod,
    has_own_teachers,
    is_student_judged,
)

JUDGED_SHARE = 0.2
"""Share of the labelled texts that is kept back where nobody says otherwise."""

SEED = 20261120


class Preset(StrEnum):
    """A recipe that ships with the program."""

    QUICK = "quick"
    BALANCED = "balanced"
    BEST = "best"


def preset_config(
    preset: Preset, *, name: str, seed: int = SEED, judged_share: float = JUDGED_SHARE
) -> RunConfig:
    """The recipe of a preset.

    Args:
        preset: Which.
        name: Name of the run.
        seed: All random choices follow from it.
        judged_share: Share in 0..1 of the texts that is kept back to be judged on.
    """
    made = {Preset.QUICK: _quick, Preset.BALANCED: _balanced, Preset.BEST: _best}[preset]()
    return replace(made, name=name, seed=seed, judged_share=judged_share)


def preset_of(config: RunConfig) -> Preset | None:
    """The preset that a recipe is, or None once something was changed."""
    for preset in Preset:
        alike = preset_config(
            preset, name=config.name, seed=config.seed, judged_share=config.judged_share
        )
        if alike == replace(config, tuning=None):
            return preset
    return None


def with_student(config: RunConfig, network: NetworkConfig) -> RunConfig:
    """The recipe with another network as student."""
    return replace(config, distillation=replace(config.distillation, network=network))


def with_teacher(config: RunConfig, network: NetworkConfig) -> RunConfig:
    """The recipe with another network as teacher."""
    return replace(config, teacher=replace(config.teacher, network=network))


def usual_space(config: RunConfig) -> dict[str, Dimension]:
    """Fields worth tuning, with limits that have proved sensible.

    A rate is searched from a third to three times what the recipe has, over magnitudes.
    """
    rate = config.distillation.distil.peak_rate
    space: dict[str, Dimension] = {
        "distillation.alpha": Real(0.1, 0.9),
        "distillation.temperature": Real(1.0, 5.0),
        "distillation.distil.peak_rate": Real(
            float(f"{rate / 3:.3g}"), float(f"{rate * 3:.3g}"), is_log=True
        ),
        "distillation.distil.epochs": Whole(3, 12),
        "sentence_weight": Real(0.0, 1.0),
    }
    if config.distillation.network.kind is not NetworkKind.TRANSFORMER:
        space["distillation.network.hidden_size"] = Choice((64, 128, 256))
    return space


def possible_space(config: RunConfig) -> dict[str, Dimension]:
    """All fields that are offered for tuning: the usual ones, and some that rarely matter."""
    return {
        **usual_space(config),
        "sentence_loss": Real(0.0, 4.0),
        "distillation.network.dropout": Real(0.0, 0.5),
        "distillation.distil.batch_size": Choice((4, 8, 16, 32)),
        "distillation.fine_tune.epochs": Whole(0, 4),
        "distillation.soft_loss": Choice(("bernoulli", "softmax", "mse")),
    }


def usual_tuning(config: RunConfig) -> TuningConfig:
    """A small swarm over the usual space, with which a first search is affordable."""
    return TuningConfig(
        particles=6,
        iterations=4,
        dimensions=usual_space(config),
        epoch_share=0.5,
        has_random_control=False,
    )


def fitting_search(tuning: TuningConfig, *, before: RunConfig, after: RunConfig) -> TuningConfig:
    """A search of one recipe as it fits another one: limits that are the usual ones go with it.

    They hang on the network and its learning rate: rates for one that begins from nothing would
    ruin an encoder. Limits that somebody chose stay.

    Args:
        tuning: The search.
        before: The recipe that it was chosen for.
        after: The recipe that it is wanted for.
    """
    usual, fitting = possible_space(before), possible_space(after)
    moved = {
        path: fitting.get(path) if dimension == usual.get(path) else dimension
        for path, dimension in tuning.dimensions.items()
    }
    dimensions = {path: dimension for path, dimension in moved.items() if dimension is not None}
    return replace(tuning, dimensions=dimensions or usual_space(after))


def networks_trained(config: RunConfig, *, labels: int = 1) -> int:
    """How many networks a run trains in all, students included, without those of the swarm.

    Args:
        config: The run's.
        labels: Number of labels, each of which may have networks of its own.
    """
    students = 1 + config.distillation.calibration_folds
    if config.teacher.is_finished:
        return students
    of_all = teacher_networks(config, labels=labels)
    return of_all + blind_teacher_networks(config, labels=labels) + students


def teacher_networks(config: RunConfig, *, labels: int) -> int:
    """Networks of the teacher of all texts."""
    teacher = config.teacher
    return teacher.folds * teacher.members * networks_each(teacher, labels=labels)


def blind_teacher_networks(config: RunConfig, *, labels: int) -> int:
    """Networks of the teachers that know nothing of one fold each, beside those of all texts."""
    teacher, student = config.teacher, config.distillation
    pairs = blind_pairs(folds=teacher.folds, judged=student.calibration_folds)
    return pairs * student.nested_members * networks_each(teacher, labels=labels)


def networks_each(teacher: TeacherConfig, *, labels: int) -> int:
    """Networks in the place of one: as many as labels where each label has its own."""
    return labels if teacher.method is TeacherMethod.BINARY_RELEVANCE else 1


def blind_pairs(*, folds: int, judged: int) -> int:
    """Pairs of folds, one of them or both among the `judged` ones.

    A network that is trained without two folds serves the teachers without either.
    """
    return judged * (judged - 1) // 2 + judged * (folds - judged)


def tuning_trainings(tuning: TuningConfig, *, of_teacher: int = 1) -> int:
    """How many networks a swarm trains at most; early stopping may spare some.

    Each position that the swarm comes to is judged by one training for each fold, and the random
    control judges as many positions again. Students are taught by a network for each pair of folds,
    which a position trains itself where it changes what teachers learn.

    Args:
        tuning: The search.
        of_teacher: Networks in the place of one of the teacher's, see `networks_each`.
    """
    judged = tuning.particles * tuning.iterations * (2 if tuning.has_random_control else 1)
    if not is_student_judged(tuning):
        return judged * tuning.folds * of_teacher
    pairs = blind_pairs(folds=tuning.folds, judged=tuning.folds) * of_teacher
    return judged * tuning.folds + pairs * (judged if has_own_teachers(tuning) else 1)


def _quick() -> RunConfig:
    """Small networks from nothing, which few texts and a processor can teach within minutes.

    Measured with the sample of 240 texts on two slow cores: 3.6 minutes of computing, micro-F1
    0.95 on the 48 kept back. An encoder of three layers takes several times as long for each
    step, and could not yet tell the labels apart after as many minutes.
    """
    network = NetworkConfig(
        kind=NetworkKind.TEXT_CNN, dropout=0.3, embedding_size=200, hidden_size=96
    )
    schedule = Schedule(epochs=25, peak_rate=4e-3, batch_size=4, head_factor=1.0, layer_decay=1.0)
    return RunConfig(
        name="quick",
        seed=SEED,
        max_tokens=192,
        sentence_loss=1.0,
        sentence_weight=0.3,
        augmentation=Augmentation(),
        teacher=TeacherConfig(folds=3, schedule=schedule, network=network),
        distillation=DistillationConfig(
            temperature=2.0,
            alpha=0.5,
            transfer_texts=0,
            transfer=replace(schedule, epochs=0),
            distil=schedule,
            fine_tune=replace(schedule, epochs=3, peak_rate=1e-3),
            calibration_folds=3,
            network=network,
        ),
    )


def _balanced() -> RunConfig:
    return RunConfig(
        name="balanced",
        seed=SEED,
        max_tokens=384,
        sentence_loss=3.0,
        sentence_weight=0.5,
        augmentation=Augmentation(sentence_dropout=0.1, tokenised_share=0.15),
        teacher=TeacherConfig(folds=5, schedule=Schedule(epochs=8, peak_rate=1.5e-4)),
        distillation=DistillationConfig(
            temperature=2.0,
            alpha=0.7,
            transfer_texts=3_000,
            transfer=Schedule(epochs=2, peak_rate=1.5e-4, batch_size=16),
            distil=Schedule(epochs=8, peak_rate=1.2e-4),
            fine_tune=Schedule(epochs=2, peak_rate=3e-5),
            calibration_folds=5,
        ),
    )


def _best() -> RunConfig:
    """What made the model that ships with the program: ``resources/model.recipe.json``."""
    return RunConfig(
        name="best",
        seed=SEED,
        max_tokens=512,
        sentence_loss=3.0,
        sentence_weight=0.5,
        augmentation=Augmentation(sentence_dropout=0.1, tokenised_share=0.15),
        teacher=TeacherConfig(folds=5, members=3, schedule=Schedule(epochs=9, peak_rate=1.5e-4)),
        distillation=DistillationConfig(
            temperature=2.0,
            alpha=0.7,
            transfer_texts=10_000,
            transfer=Schedule(epochs=3, peak_rate=1.5e-4, batch_size=16),
            distil=Schedule(epochs=8, peak_rate=1.2e-4),
            fine_tune=Schedule(epochs=2, peak_rate=3e-5),
            calibration_folds=5,
        ),
    )
