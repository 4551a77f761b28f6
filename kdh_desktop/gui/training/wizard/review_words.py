"""All choices in words, for a last look."""

from __future__ import annotations

from kdh_desktop.core.runs.run_presets import preset_of
from kdh_desktop.core.training_config import RunConfig
from kdh_desktop.gui.training.setting_words import setting_name
from kdh_desktop.gui.training.wizard.draft import Draft
from kdh_desktop.gui.training.wizard.words import (
    device_name,
    duration_words,
    method_name,
    network_words,
    preset_name,
    soft_loss_name,
    tr,
)

Line = tuple[str, str]


def review_lines(draft: Draft) -> list[Line]:
    """Headings with what was chosen, in the order of the pages."""
    config = draft.config
    return [
        (tr("Learns from"), _texts(draft, is_judge=False)),
        (tr("Is judged on"), _judged(draft)),
        (tr("Texts without labels"), _transfer(draft)),
        (tr("Preset"), preset_name(preset_of(config))),
        (tr("Teacher"), _teacher(config)),
        (tr("Student"), _student(config, max_tokens=draft.max_tokens)),
        (tr("Encoder"), _encoder(draft)),
        (tr("Search"), _search(draft)),
        (tr("Machine"), device_name(draft.device)),
        (tr("Trainings"), tr("{count} networks").format(count=draft.networks)),
        (tr("Expected time"), _time(draft)),
    ]


def _texts(draft: Draft, *, is_judge: bool) -> str:
    named = [one.name for one in draft.sources if one.is_judge is is_judge]
    report = None if draft.checked is None else draft.checked.report
    words = "; ".join(named) if named else tr("nothing")
    if report is None or draft.is_check_due:
        return words
    count = sum(one.texts for one in report.sources if one.is_test is is_judge)
    return tr("{names}: {count} texts").format(names=words, count=f"{count:,}")


def _judged(draft: Draft) -> str:
    if draft.has_judges:
        return _texts(draft, is_judge=True)
    return tr("{share} of the texts, kept back before anything is trained").format(
        share=f"{draft.config.judged_share:.0%}"
    )


def _transfer(draft: Draft) -> str:
    many = draft.config.distillation.transfer_texts
    if draft.transfer is None or not many:
        return tr("none")
    return tr("up to {count} of {name}").format(count=f"{many:,}", name=draft.transfer.name)


def _teacher(config: RunConfig) -> str:
    teacher = config.teacher
    if teacher.is_finished:
        return tr("the model in force; nothing is trained for it")
    parts = [
        network_words(teacher.network),
        method_name(teacher.method),
        tr("{folds} folds").format(folds=teacher.folds),
        tr("{count} passes").format(count=teacher.schedule.epochs),
    ]
    if teacher.members > 1:
        parts.append(tr("{count} networks for each").format(count=teacher.members))
    if teacher.has_linear_member:
        parts.append(tr("word statistics join them"))
    if config.distillation.nested_members:
        parts.append(tr("nested teachers"))
    return "; ".join(parts)


def _student(config: RunConfig, *, max_tokens: int) -> str:
    how = config.distillation
    return "; ".join(
        [
            network_words(how.network),
            tr("T {temperature}, alpha {alpha}").format(
                temperature=f"{how.temperature:g}", alpha=f"{how.alpha:g}"
            ),
            soft_loss_name(how.soft_loss),
            tr("{distil} passes with the teacher, {fine} without").format(
                distil=how.distil.epochs, fine=how.fine_tune.epochs
            ),
            tr("up to {tokens} word pieces of a text").format(tokens=max_tokens),
        ]
    )


def _encoder(draft: Draft) -> str:
    if not draft.uses_encoder:
        return tr("none is needed")
    return tr("the program's own") if draft.encoder is None else draft.encoder.folder.name


def _time(draft: Draft) -> str:
    measured = draft.current_measure
    if measured is None or measured.report is None or measured.report.cost is None:
        return tr("not measured; see Machine")
    return duration_words(measured.report.cost.seconds)


def _search(draft: Draft) -> str:
    tuning = draft.config.tuning
    if tuning is None:
        return tr("off")
    named = ", ".join(setting_name(path) for path in tuning.dimensions)
    return tr(
        "{particles} particles, {iterations} iterations, {trainings} trainings: {named}"
    ).format(
        particles=tuning.particles,
        iterations=tuning.iterations,
        trainings=draft.trainings_of(tuning),
        named=named,
    )
