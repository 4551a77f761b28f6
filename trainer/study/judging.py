"""From the scores of all cells to figures and tests.

Thresholds for a fold come from the scores that the same system gives the other folds' texts of
the sample, never from the fold that is judged. All systems are judged on all texts of the corpus,
also those that learnt from a small sample, so that sample sizes can be compared.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.classification.confidence import calibrated_probabilities
from kdh_desktop.core.training_config import TeacherMethod
from trainer.judging.calibration import fit_calibrations
from trainer.judging.metrics import (
    Decisions,
    Figures,
    Tally,
    best_thresholds,
    calibration_error,
    figures,
)
from trainer.judging.resampling import Values, Weights, interval, observe, resample
from trainer.judging.significance import comparison, holm, mcnemar_on_texts, wilcoxon_over_folds
from trainer.study.cells import Cell, CellResult, CellStore, seconds_in_all
from trainer.study.config import StudyConfig
from trainer.study.outcome import (
    Bin,
    CellOutcome,
    LabelCount,
    Metric,
    PairTest,
    Reliability,
    Summary,
    SystemOutcome,
)
from trainer.study.system_kinds import HardSystem, Part, Sample, System

BINS = 10
_DRAW_SEED = 20_220_505


@dataclass(frozen=True, slots=True)
class Judged:
    """The texts that all systems are judged on.

    Attributes:
        truth: float32 (texts, labels).
        fold_of: Fold of each text, int64 (texts,).
        in_sample: By sample which texts belong to it, boolean (texts,).
        group_of: Number of each text's group, int64 (texts,), from 0; groups are drawn whole.
        labels: Names of the labels.
    """

    truth: NDArray[np.float32]
    fold_of: NDArray[np.int64]
    in_sample: Mapping[Sample, NDArray[np.bool_]]
    group_of: NDArray[np.int64]
    labels: tuple[str, ...]

    @property
    def label_counts(self) -> tuple[LabelCount, ...]:
        """How many texts have each label, in column order."""
        counts = self.truth.sum(axis=0).astype(int).tolist()
        return tuple(itertools.starmap(LabelCount, zip(self.labels, counts, strict=True)))


@dataclass(frozen=True, slots=True)
class _Run:
    """A system, network and sample with its decisions, seed by seed.

    Attributes:
        present: Boolean (texts, labels) for each seed.
        observed: Metrics of all texts, (metrics,), mean over seeds.
        drawn: The same of resampled texts, (draws, metrics).
        of_folds: Metrics of each fold, (folds, metrics), mean over seeds.
        outcome: What is told of it.
    """

    present: Sequence[NDArray[np.bool_]]
    observed: Values
    drawn: Values
    of_folds: NDArray[np.float64]
    outcome: SystemOutcome


def judge_study(
    config: StudyConfig, store: CellStore, judged: Judged
) -> tuple[tuple[SystemOutcome, ...], tuple[PairTest, ...]]:
    """Judge every system and test what is to be compared; all cells are in the store."""
    runs = [
        _judge(config, store, judged, system=system, network=network.id, sample=sample)
        for network in config.networks
        for system in config.systems
        for sample in config.samples_of(system)
    ]
    by_place = {(x.outcome.network, x.outcome.sample, x.outcome.system): x for x in runs}
    tests: list[PairTest] = []
    for sample in config.samples:
        main: list[tuple[_Run, _Run]] = []
        ablation: list[tuple[_Run, _Run]] = []
        for network in config.networks:
            here = [
                (system, by_place[network.id, sample, system.id])
                for system in config.systems
                if sample in config.samples_of(system)
            ]
            main += itertools.combinations([run for x, run in here if x.part is Part.MAIN][::-1], 2)
            reference = by_place.get((network.id, sample, config.reference or ""))
            if reference is not None:
                ablation += [(run, reference) for x, run in here if x.part is Part.ABLATION]
        tests += _tests("main", main, judged) + _tests("ablation", ablation, judged)
    return tuple(run.outcome for run in runs), tuple(tests)


def decide(
    scores: NDArray[np.float32], judged: Judged, sample: Sample, *, has_own_thresholds: bool
) -> NDArray[np.bool_]:
    """Decisions on each fold by thresholds that suit the other folds' texts of the sample best.

    Args:
        scores: Decision logits, (texts, labels), each text's from the cell that did not see it.
        judged: The texts.
        sample: Whose labels may be used.
        has_own_thresholds: Whether each label has its own threshold, or all share one.

    Returns:
        Boolean (texts, labels).
    """
    present = np.zeros(scores.shape, bool)
    for fold in np.unique(judged.fold_of):
        own = judged.fold_of == fold
        rest = judged.in_sample[sample] & ~own
        thresholds = best_thresholds(
            scores[rest], judged.truth[rest], has_own_thresholds=has_own_thresholds
        )
        present[own] = scores[own] >= thresholds
    return present


def _judge(
    config: StudyConfig,
    store: CellStore,
    judged: Judged,
    *,
    system: System,
    network: str,
    sample: Sample,
) -> _Run:
    place = Cell(network, system.id, sample, fold=0, seed=config.seeds[0])
    cells = [
        [replace(place, fold=fold, seed=seed) for fold in range(config.folds)]
        for seed in config.seeds
    ]
    results = {cell: store.require(cell) for of_seed in cells for cell in of_seed}
    scores = [_in_text_order(of_seed, results, judged) for of_seed in cells]
    present = [
        decide(one, judged, sample, has_own_thresholds=_has_own_thresholds(system))
        for one in scores
    ]
    told = [
        _cell_outcome(cell, results[cell], present[number], judged)
        for number, of_seed in enumerate(cells)
        for cell in of_seed
    ]
    of_folds = np.array([[one.figures[metric] for metric in Metric] for one in told])
    of_folds = of_folds.reshape(len(cells), config.folds, len(Metric)).mean(axis=0)
    figure = _metrics_by_group(present, judged)
    groups = int(judged.group_of.max()) + 1
    observed = observe(figure, size=groups)
    drawn = resample(figure, size=groups, seed=_DRAW_SEED, draws=config.bootstrap_draws)
    outcome = SystemOutcome(
        system=system.id,
        network=network,
        sample=sample,
        summaries=_summaries(of_folds, observed, drawn),
        label_f1=_label_f1(present, judged),
        reliability=_reliability(scores, judged, sample),
        seconds=float(np.mean([seconds_in_all(store, config, cell) for cell in results])),
        parameters=results[place].facts.cost.parameters,
        cells=tuple(told),
    )
    return _Run(present, observed, drawn, of_folds, outcome)


def _has_own_thresholds(system: System) -> bool:
    return isinstance(system, HardSystem) and system.method is TeacherMethod.BINARY_RELEVANCE


def _in_text_order(
    cells: Sequence[Cell], results: Mapping[Cell, CellResult], judged: Judged
) -> NDArray[np.float32]:
    scores = np.zeros(judged.truth.shape, np.float32)
    for cell in cells:
        scores[judged.fold_of == cell.fold] = results[cell].decision_logits
    return scores


def _cell_outcome(
    cell: Cell, result: CellResult, present: NDArray[np.bool_], judged: Judged
) -> CellOutcome:
    own = judged.fold_of == cell.fold
    found = figures(present[own], judged.truth[own])
    return CellOutcome(
        fold=cell.fold,
        seed=cell.seed,
        texts=result.facts.cost.texts,
        seconds=result.facts.cost.seconds,
        figures=_plain(found),
        label_f1=found.label_f1,
        chosen=result.facts.chosen,
        searches=result.facts.searches,
    )


def _plain(found: Figures) -> dict[str, float]:
    names = [*Metric, "example_f1", "hamming_loss"]
    return {str(name): float(getattr(found, name)) for name in names}


def _metrics_by_group(present: Sequence[NDArray[np.bool_]], judged: Judged) -> _Metrics:
    return _Metrics([Decisions(one, judged.truth) for one in present], judged.group_of)


class _Metrics:
    """All metrics of weighted groups of texts, mean over seeds, shape (draws, metrics)."""

    def __init__(self, seeds: Sequence[Decisions], group_of: NDArray[np.int64]) -> None:
        self._seeds = seeds
        self._group_of = group_of

    def __call__(self, weights: Weights) -> Values:
        tallies = [one.tally(weights[:, self._group_of]) for one in self._seeds]
        of_seeds = [
            np.column_stack([getattr(Tally, metric)(tally) for metric in Metric])
            for tally in tallies
        ]
        return np.asarray(np.mean(of_seeds, axis=0))


def _summaries(
    of_folds: NDArray[np.float64], observed: Values, drawn: Values
) -> dict[str, Summary]:
    found: dict[str, Summary] = {}
    for column, metric in enumerate(Metric):
        limits = interval(float(observed[column]), drawn[:, column])
        values = of_folds[:, column]
        spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        found[metric.value] = Summary(
            limits.value, limits.low, limits.high, float(values.mean()), spread
        )
    return found


def _label_f1(present: Sequence[NDArray[np.bool_]], judged: Judged) -> tuple[float, ...]:
    of_seeds = [figures(one, judged.truth).label_f1 for one in present]
    return tuple(np.mean(of_seeds, axis=0).tolist())


def _reliability(
    scores: Sequence[NDArray[np.float32]], judged: Judged, sample: Sample
) -> Reliability:
    """Of the probabilities that the other folds' texts of the sample calibrate."""
    probabilities = np.zeros((len(scores), *judged.truth.shape))
    for number, of_seed in enumerate(scores):
        for fold in np.unique(judged.fold_of):
            own = judged.fold_of == fold
            rest = judged.in_sample[sample] & ~own
            lines = fit_calibrations(of_seed[rest], judged.truth[rest])
            probabilities[number, own] = calibrated_probabilities(of_seed[own], lines)
    truth = np.tile(judged.truth, (len(scores), 1))
    flat = probabilities.reshape(truth.shape)
    order = np.argsort(flat, axis=None)
    bins = tuple(
        Bin(len(part), float(flat.ravel()[part].mean()), float(truth.ravel()[part].mean()))
        for part in np.array_split(order, BINS)
    )
    return Reliability(bins, calibration_error(flat, truth, bins=BINS))


def _tests(family: str, pairs: Sequence[tuple[_Run, _Run]], judged: Judged) -> list[PairTest]:
    """Tests of all pairs by all metrics; p-values of one metric are corrected together."""
    found: list[PairTest] = []
    for column, metric in enumerate(Metric):
        tests = [_test(family, metric, column, pair) for pair in pairs]
        if metric is Metric.MICRO_F1:
            tests = [
                _with_mcnemar(test, pair, judged) for test, pair in zip(tests, pairs, strict=True)
            ]
        found += _corrected(tests)
    return found


def _test(family: str, metric: Metric, column: int, pair: tuple[_Run, _Run]) -> PairTest:
    first, second = pair
    observed = float(first.observed[column] - second.observed[column])
    compared = comparison(observed, first.drawn[:, column] - second.drawn[:, column])
    folds = wilcoxon_over_folds(
        first.of_folds[:, column].tolist(), second.of_folds[:, column].tolist()
    )
    return PairTest(
        family=family,
        metric=metric.value,
        network=first.outcome.network,
        sample=first.outcome.sample,
        first=first.outcome.system,
        second=second.outcome.system,
        difference=compared.difference,
        low=compared.low,
        high=compared.high,
        bootstrap=compared.p_value,
        bootstrap_holm=compared.p_value,
        wilcoxon=folds.p_value,
        wilcoxon_holm=folds.p_value,
    )


def _with_mcnemar(test: PairTest, pair: tuple[_Run, _Run], judged: Judged) -> PairTest:
    """The same with McNemar's test of the first seed's decisions: seeds share their texts."""
    first, second = (run.present[0] for run in pair)
    found = mcnemar_on_texts(first, second, judged.truth)
    return replace(
        test,
        mcnemar=found.p_value,
        mcnemar_holm=found.p_value,
        first_only=found.first_only,
        second_only=found.second_only,
    )


def _corrected(tests: Sequence[PairTest]) -> list[PairTest]:
    bootstrap = holm([test.bootstrap for test in tests])
    wilcoxon = holm([test.wilcoxon for test in tests])
    mcnemar = holm([1.0 if test.mcnemar is None else test.mcnemar for test in tests])
    return [
        replace(
            test,
            bootstrap_holm=of_bootstrap,
            wilcoxon_holm=of_wilcoxon,
            mcnemar_holm=None if test.mcnemar is None else of_mcnemar,
        )
        for test, of_bootstrap, of_wilcoxon, of_mcnemar in zip(
            tests, bootstrap, wilcoxon, mcnemar, strict=True
        )
    ]
