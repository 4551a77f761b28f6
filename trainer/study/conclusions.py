"""What a study's figures say in sentences, and what they do not say."""

from __future__ import annotations

import itertools

from trainer.judging.significance import p_value_claim
from trainer.study.outcome import Metric, Outcome, PairTest, SystemOutcome, sample_name
from trainer.study.system_kinds import HardSystem, Part, Role, Sample, TunedSystem

_SURE = 0.05


def findings(outcome: Outcome) -> list[str]:
    """The main results as sentences, each with its uncertainty."""
    said: list[str] = []
    for network in outcome.config.networks:
        ranked = sorted(_main(outcome, network.id), key=_score, reverse=True)
        if ranked:
            best = ranked[0]
            summary = best.summaries[Metric.MICRO_F1]
            said.append(
                f"{network.name}, {sample_name(outcome.largest)} texts: the highest micro-F1 is "
                f"{_points(summary.figure)} ({outcome.name_of(best.system)}; interval "
                f"{_points(summary.low)} to {_points(summary.high)}), the lowest "
                f"{_points(_score(ranked[-1]))} ({outcome.name_of(ranked[-1].system)})."
            )
    said += [
        _of_pair(outcome, test)
        for test in reversed(outcome.pairs)
        if test.family == "main"
        and test.metric == Metric.MICRO_F1
        and test.sample == outcome.largest
        and _is_next(outcome, test)
    ]
    said.append(_of_all_tests(outcome))
    return said


def cautions(outcome: Outcome) -> list[str]:
    """What must be kept in mind before a figure is quoted."""
    config, about = outcome.config, outcome.about
    least = 2 / 2**config.folds
    widths = [
        one.summaries[Metric.MICRO_F1].high - one.summaries[Metric.MICRO_F1].low
        for one in _of_largest(outcome)
    ]
    typical = sorted(widths)[len(widths) // 2] / 2 if widths else 0.0
    said = [
        (
            f"The figures are noisy. The interval of a single micro-F1 reaches about "
            f"{_points(typical)} points to either side here. Differences that the tests do not "
            "call "
            "significant are not differences, whatever their order in a table."
        ),
        f"With {config.folds} folds Wilcoxon's test cannot give a two-sided p-value under "
        f"{least:.4g}, before any correction"
        + (", so it cannot call anything significant here." if least >= _SURE else ".")
        + " Folds also share most of their training texts, so they are not independent "
        "repetitions, and their standard deviation understates what other texts would do.",
        _of_seeds(len(config.seeds)),
        "That a difference is not significant does not show that two systems are equal.",
        (
            "Thresholds and calibration come from other folds of the same corpus. On texts from "
            "elsewhere all scores will be lower."
        ),
        (
            "Wall times were taken while other cells ran beside, and leave out what was done "
            "before an interruption. They order the systems roughly, no more."
        ),
    ]
    if about.groups:
        said.append(
            "Texts of one group overlap. Folds and bootstrap keep groups whole; McNemar's test "
            "does not know of groups and is too sure."
        )
    if config.reductions:
        said.append(
            "This is the reduced preset: its networks are trained less than the full study would "
            "train them. Levels will rise in the full study, and the order of systems may change."
        )
    if any(isinstance(one, TunedSystem) for one in config.systems):
        said.append(
            "A search that is given few trials on few texts finds what suits its inner folds by "
            "chance as readily as what is better. Compare it with random search before "
            "crediting the swarm."
        )
    if len(config.samples) > 1:
        said.append(
            "The samples are nested parts of one corpus, drawn once: another draw of a small "
            "sample would give other figures than the intervals here allow for."
        )
    said.append(
        "The systems share their seeds, texts and folds, so pairs can be compared; they were not "
        "tuned one by one, so a system that these settings do not suit is shown worse than it is."
    )
    return said


def _of_seeds(seeds: int) -> str:
    if seeds == 1:
        return (
            "Every training was done once, with one seed. Another seed moves a score by half a "
            "point to a point and a half, which no test here knows of."
        )
    return (
        f"Each training was repeated with {seeds} seeds, whose mean is judged. Tests over texts "
        "regard those seeds as given."
    )


def _of_pair(outcome: Outcome, test: PairTest) -> str:
    where = ""
    if len(outcome.config.networks) > 1:
        where = f"{outcome.config.network(test.network).name}: "
    above = "above" if test.difference >= 0 else "below"
    chance = p_value_claim(test.bootstrap_holm).replace(" ", "\u00a0")
    sure = "significant" if test.bootstrap_holm < _SURE else "not significant"
    return (
        f"{where}{outcome.name_of(test.first)} lies {_points(abs(test.difference))} points {above} "
        f"{outcome.name_of(test.second)} (interval of the difference {_signed(test.low)} to "
        f"{_signed(test.high)}; corrected\u00a0{chance}): {sure}."
    )


def _is_next(outcome: Outcome, test: PairTest) -> bool:
    """Whether a pair is one that the study is about: each student against the one before it."""
    students = [
        one.id
        for one in outcome.config.of_part(Part.MAIN)
        if not (isinstance(one, HardSystem) and one.role is Role.TEACHER)
    ]
    return (test.second, test.first) in set(itertools.pairwise(students))


def _of_all_tests(outcome: Outcome) -> str:
    tests = [x for x in outcome.pairs if x.family == "main" and x.metric == Metric.MICRO_F1]
    sure = sum(one.bootstrap_holm < _SURE for one in tests)
    return (
        f"Of {len(tests)} pairs of main systems compared by micro-F1, {sure} differ significantly "
        "after Holm's correction (paired bootstrap, 0.05)."
    )


def _main(outcome: Outcome, network: str) -> list[SystemOutcome]:
    ids = [one.id for one in outcome.config.of_part(Part.MAIN)]
    return [one for one in _of_largest(outcome) if one.network == network and one.system in ids]


def _of_largest(outcome: Outcome) -> list[SystemOutcome]:
    largest: Sample = outcome.largest
    return [one for one in outcome.systems if one.sample == largest]


def _score(one: SystemOutcome) -> float:
    return one.summaries[Metric.MICRO_F1].figure


def _points(share: float) -> str:
    return f"{100 * share:.1f}"


def _signed(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")
