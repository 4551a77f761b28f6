"""Thresholds never come from the fold that is judged, and all figures are what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.study.fake_outcome import fake_judged, fake_outcome
from tests.trainer.study.fake_study import (
    FOLDS,
    LABELS,
    TEXTS,
    fake_config,
    fake_folds,
    fake_rocling,
    fake_truth,
)
from trainer.judging.metrics import best_threshold, figures
from trainer.study.cells import CellStore
from trainer.study.judging import decide
from trainer.study.outcome import Metric, Outcome


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return fake_outcome(tmp_path_factory.mktemp("cells"), fake_config())


@pytest.fixture(scope="module")
def rocling(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return fake_outcome(tmp_path_factory.mktemp("rocling"), fake_rocling())


SCORES = np.random.default_rng(3).normal(size=(TEXTS, LABELS)).astype(np.float32) + fake_truth()


def test_a_folds_own_labels_do_not_move_its_decisions() -> None:
    judged = fake_judged()
    turned = judged.truth.copy()
    turned[judged.fold_of == 1] = 1 - turned[judged.fold_of == 1]
    before = decide(SCORES, judged, None, has_own_thresholds=False)
    after = decide(SCORES, replace(judged, truth=turned), None, has_own_thresholds=False)
    own = judged.fold_of == 1
    assert (before[own] == after[own]).all()
    assert (before[~own] != after[~own]).any()


def test_labels_outside_the_sample_do_not_move_decisions() -> None:
    judged = fake_judged()
    turned = judged.truth.copy()
    turned[~judged.in_sample[60]] = 1.0
    before = decide(SCORES, judged, 60, has_own_thresholds=False)
    assert (
        before == decide(SCORES, replace(judged, truth=turned), 60, has_own_thresholds=False)
    ).all()


def test_one_threshold_is_that_of_the_other_folds() -> None:
    judged = fake_judged()
    present = decide(SCORES, judged, None, has_own_thresholds=False)
    rest = judged.fold_of != 2
    threshold = best_threshold(SCORES[rest], judged.truth[rest])
    assert (present[~rest] == (SCORES[~rest] >= threshold)).all()


def test_labels_may_have_their_own_thresholds() -> None:
    judged = fake_judged()
    shifted = SCORES + 10 * np.arange(LABELS, dtype=np.float32)
    one = decide(shifted, judged, None, has_own_thresholds=False)
    own = decide(shifted, judged, None, has_own_thresholds=True)
    assert figures(own, judged.truth).micro_f1 > figures(one, judged.truth).micro_f1 + 0.05
    assert (own == decide(SCORES, judged, None, has_own_thresholds=True)).all()


def test_every_system_is_judged_at_each_of_its_samples(outcome: Outcome) -> None:
    assert len(outcome.systems) == 2 * 5 + 3
    for one in outcome.systems:
        assert len(one.cells) == 2 * FOLDS
        assert set(one.summaries) == {metric.value for metric in Metric}
        for summary in one.summaries.values():
            assert summary.low < summary.figure < summary.high
            assert summary.deviation > 0
        assert len(one.label_f1) == LABELS


def test_the_figure_is_that_of_all_texts_of_which_pairs_are_tested(outcome: Outcome) -> None:
    for one in outcome.systems:
        assert one.summaries["macro_f1"].figure == pytest.approx(np.mean(one.label_f1))
    for test in outcome.pairs:
        first, second = (
            outcome.of(system, test.network, test.sample) for system in (test.first, test.second)
        )
        assert first is not None
        assert second is not None
        apart = first.summaries[test.metric].figure - second.summaries[test.metric].figure
        assert test.difference == pytest.approx(apart)


def test_the_mean_is_that_of_the_folds(outcome: Outcome) -> None:
    one = outcome.systems[0]
    by_fold = [
        np.mean([cell.figures["macro_f1"] for cell in one.cells if cell.fold == fold])
        for fold in range(FOLDS)
    ]
    assert one.summaries["macro_f1"].mean == pytest.approx(np.mean(by_fold))
    assert one.summaries["macro_f1"].mean != pytest.approx(one.summaries["macro_f1"].figure)
    assert one.summaries["macro_f1"].deviation == pytest.approx(np.std(by_fold, ddof=1))


def test_stronger_systems_score_higher_and_larger_samples_too(outcome: Outcome) -> None:
    def score(system: str, sample: int | None) -> float:
        found = outcome.of(system, "mini", sample)
        assert found is not None
        return found.summaries["micro_f1"].figure

    assert score("teacher", None) > score("student", None)
    assert score("teacher", None) > score("teacher", 60)
    assert outcome.of("out-of-fold", "mini", 60) is None


def test_all_pairs_of_main_systems_are_tested_and_ablations_against_the_reference(
    outcome: Outcome,
) -> None:
    main = [x for x in outcome.pairs if x.family == "main" and x.metric == "micro_f1"]
    assert len(main) == 10 + 15
    ablation = [x for x in outcome.pairs if x.family == "ablation" and x.metric == "micro_f1"]
    assert [(x.first, x.second, x.sample) for x in ablation] == [("out-of-fold", "distilled", None)]
    for test in outcome.pairs:
        assert test.low <= test.difference <= test.high
        for plain, corrected in (
            (test.bootstrap, test.bootstrap_holm),
            (test.wilcoxon, test.wilcoxon_holm),
        ):
            assert 0 < plain <= corrected <= 1
        assert (test.mcnemar is not None) == (test.metric == "micro_f1")


def test_a_clear_difference_is_found_and_signed(outcome: Outcome) -> None:
    test = next(
        x
        for x in outcome.pairs
        if {x.first, x.second} == {"teacher", "student"} and x.sample is None
    )
    sign = 1 if test.first == "teacher" else -1
    assert sign * test.difference > 0.05
    assert test.bootstrap_holm < 0.1


def test_tests_of_all_networks_are_corrected_together(rocling: Outcome) -> None:
    of_micro = [x for x in rocling.pairs if x.metric == "micro_f1"]
    assert len(of_micro) == 2 * 3
    smallest = min(of_micro, key=lambda x: x.bootstrap)
    assert smallest.bootstrap_holm == pytest.approx(6 * smallest.bootstrap)


def test_probabilities_are_calibrated_on_other_folds(outcome: Outcome) -> None:
    for one in outcome.systems:
        assert sum(x.decisions for x in one.reliability.bins) == 2 * TEXTS * LABELS
        assert 0 <= one.reliability.error < 0.15
        predicted = [x.predicted for x in one.reliability.bins]
        assert predicted == sorted(predicted)


def test_a_system_costs_what_it_is_made_from(outcome: Outcome) -> None:
    distilled, sequential = (outcome.of(x, "mini", None) for x in ("distilled", "sequential"))
    assert distilled is not None
    assert sequential is not None
    assert distilled.seconds == pytest.approx(22 + 19)
    assert sequential.seconds == pytest.approx(22 + 19 + 20)


def test_groups_are_drawn_whole(tmp_path: Path) -> None:
    from tests.trainer.study.fake_outcome import fill
    from trainer.study.cells import plan_cells
    from trainer.study.judging import judge_study

    config = fake_rocling()
    store = CellStore(tmp_path)
    fill(store, config)
    alone, _ = judge_study(config, store, fake_judged())
    # Twelve groups of like texts vary more than a hundred and twenty texts.
    by_label = np.argsort(fake_truth() @ np.arange(1, LABELS + 1), kind="stable")
    group_of = np.empty(TEXTS, np.int64)
    group_of[by_label] = np.arange(TEXTS) // 10
    together, _ = judge_study(config, store, replace(fake_judged(), group_of=group_of))
    assert len(plan_cells(config, texts=TEXTS, labels=LABELS)) == 18
    one, other = alone[0].summaries["micro_f1"], together[0].summaries["micro_f1"]
    assert (one.figure, one.mean) == (other.figure, other.mean)
    assert other.high - other.low != one.high - one.low
    assert len(fake_folds()) == TEXTS
