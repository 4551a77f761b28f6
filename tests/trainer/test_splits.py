"""Folds hold every label in the same share, and the same seed gives the same folds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from trainer.splits import stratified_folds, stratified_samples, stratified_split

FOLDS = st.integers(2, 6)
TARGETS = npst.arrays(
    np.float32,
    st.tuples(st.integers(1, 60), st.integers(1, 6)),
    elements=st.sampled_from([0.0, 0.0, 1.0]),
)


def counts_by_fold(
    targets: NDArray[np.float32], fold_of: NDArray[np.int64], folds: int
) -> NDArray[np.float32]:
    """Texts with each label in each fold, (folds, labels)."""
    return np.stack([targets[fold_of == fold].sum(axis=0) for fold in range(folds)])


@given(TARGETS, FOLDS)
def test_every_text_is_in_one_fold(targets: NDArray[np.float32], folds: int) -> None:
    fold_of = stratified_folds(targets, folds=folds, seed=0)
    assert fold_of.shape == (len(targets),)
    assert fold_of.dtype == np.int64
    assert set(fold_of.tolist()) <= set(range(folds))


@given(TARGETS, FOLDS, st.integers(0, 1000))
def test_the_rarest_label_is_spread_to_within_one_text(
    targets: NDArray[np.float32], folds: int, seed: int
) -> None:
    fold_of = stratified_folds(targets, folds=folds, seed=seed)
    total = targets.sum(axis=0)
    if total.max() == 0:
        return
    rarest = np.argmin(np.where(total > 0, total, np.inf))
    assert np.ptp(counts_by_fold(targets, fold_of, folds)[:, rarest]) <= 1


@given(st.lists(st.integers(-1, 4), min_size=1, max_size=80), FOLDS)
def test_texts_of_one_label_each_are_spread_to_within_one_text(
    labels: list[int], folds: int
) -> None:
    """Label -1 stands for texts without any."""
    targets = np.eye(6, dtype=np.float32)[labels][:, :5]
    fold_of = stratified_folds(targets, folds=folds, seed=1)
    assert np.ptp(counts_by_fold(targets, fold_of, folds), axis=0).max() <= 1


@pytest.mark.parametrize("seed", range(5))
def test_a_corpus_of_many_labels_is_spread_evenly(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shares = np.array([0.24, 0.13, 0.24, 0.07, 0.08, 0.16, 0.17, 0.14, 0.05, 0.07])
    targets = (rng.random((1295, 10)) < shares).astype(np.float32)
    fold_of = stratified_folds(targets, folds=4, seed=seed)
    counts = counts_by_fold(targets, fold_of, 4)
    assert np.abs(counts - targets.sum(axis=0) / 4).max() <= 3
    assert np.ptp(np.bincount(fold_of)) <= 20


@given(TARGETS, FOLDS, st.integers(0, 1000))
def test_the_same_seed_gives_the_same_folds(
    targets: NDArray[np.float32], folds: int, seed: int
) -> None:
    once, again = (stratified_folds(targets, folds=folds, seed=seed) for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_other_seeds_give_other_folds() -> None:
    targets = np.ones((40, 1), np.float32)
    drawn = {tuple(stratified_folds(targets, folds=4, seed=seed)) for seed in range(5)}
    assert len(drawn) == 5


@st.composite
def grouped_targets(draw: st.DrawFn) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    targets = draw(TARGETS)
    groups = draw(npst.arrays(np.int64, len(targets), elements=st.integers(0, 12)))
    return targets, groups


GROUPED = grouped_targets()


def is_whole(part_of: NDArray[np.int64], groups: NDArray[np.int64]) -> bool:
    return all(len(set(part_of[groups == group])) == 1 for group in set(groups.tolist()))


@given(GROUPED, FOLDS, st.integers(0, 99))
def test_no_group_is_in_two_folds(
    grouped: tuple[NDArray[np.float32], NDArray[np.int64]], folds: int, seed: int
) -> None:
    targets, groups = grouped
    fold_of = stratified_folds(targets, folds=folds, seed=seed, groups=groups)
    assert set(fold_of.tolist()) <= set(range(folds))
    assert is_whole(fold_of, groups)


@given(TARGETS, FOLDS, st.integers(0, 99))
def test_groups_of_one_text_each_change_nothing(
    targets: NDArray[np.float32], folds: int, seed: int
) -> None:
    alone = np.arange(len(targets), dtype=np.int64)
    np.testing.assert_array_equal(
        stratified_folds(targets, folds=folds, seed=seed, groups=alone),
        stratified_folds(targets, folds=folds, seed=seed),
    )


def windows_of_dialogues(seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Texts of 120 groups of 5 to 30 that share most of their labels."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(120), rng.integers(5, 31, 120))
    of_group = rng.random((120, 8)) < np.linspace(0.05, 0.3, 8)
    return (of_group[groups] & (rng.random((len(groups), 8)) < 0.8)).astype(np.float32), groups


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_spread_more_evenly_than_by_chance(seed: int) -> None:
    targets, groups = windows_of_dialogues(seed)

    def unevenness(fold_of: NDArray[np.int64]) -> float:
        shares = counts_by_fold(targets, fold_of, 5) / targets.sum(axis=0)
        return float(np.abs(shares - 0.2).mean())

    drawn = [np.random.default_rng(x).integers(0, 5, 120)[groups] for x in range(20)]
    fold_of = stratified_folds(targets, folds=5, seed=seed, groups=groups)
    assert unevenness(fold_of) < 0.75 * float(np.mean([unevenness(x) for x in drawn]))
    assert np.ptp(np.bincount(fold_of)) < 0.15 * len(targets)


@pytest.mark.parametrize("shares", [(0.7, 0.15, 0.15), (0.5, 0.5), (0.9, 0.1), (1.0, 0.0)])
def test_parts_have_their_shares_of_texts_and_of_labels(shares: tuple[float, ...]) -> None:
    rng = np.random.default_rng(0)
    targets = (rng.random((1000, 6)) < np.linspace(0.05, 0.3, 6)).astype(np.float32)
    part_of = stratified_split(targets, shares=shares, seed=1)
    for part, share in enumerate(shares):
        rows = part_of == part
        assert rows.sum() == pytest.approx(1000 * share, abs=10)
        assert targets[rows].sum(axis=0) == pytest.approx(targets.sum(axis=0) * share, abs=3)


@pytest.mark.parametrize("shares", [(0.5, 0.6), (1.5, -0.5), (0.2, 0.2)])
def test_shares_that_are_none_are_a_bug(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        stratified_split(np.ones((4, 1), np.float32), shares=shares, seed=0)


@pytest.mark.parametrize("seed", range(3))
def test_samples_lie_in_each_other_and_keep_the_shares_of_labels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    targets = (rng.random((1481, 10)) < np.linspace(0.04, 0.25, 10)).astype(np.float32)
    small, middle, all_ = stratified_samples(targets, sizes=(500, 1000, 1481), seed=seed)
    assert [len(small), len(middle), len(all_)] == [500, 1000, 1481]
    assert set(small.tolist()) < set(middle.tolist()) < set(all_.tolist())
    for rows in (small, middle):
        assert (np.diff(rows) > 0).all()
        assert np.abs(targets[rows].mean(axis=0) - targets.mean(axis=0)).max() < 0.006


@given(TARGETS, st.integers(0, 99), st.data())
def test_samples_have_the_size_asked_for(
    targets: NDArray[np.float32], seed: int, data: st.DataObject
) -> None:
    size = data.draw(st.integers(0, len(targets)))
    (rows,) = stratified_samples(targets, sizes=(size,), seed=seed)
    assert len(set(rows.tolist())) == size


def test_samples_of_groups_hold_whole_groups() -> None:
    targets, groups = windows_of_dialogues(0)
    small, middle = stratified_samples(targets, sizes=(500, 1000), seed=0, groups=groups)
    assert set(small.tolist()) < set(middle.tolist())
    assert len(small) == pytest.approx(500, abs=40)
    for rows in (small, middle):
        chosen = np.isin(np.arange(len(targets)), rows).astype(np.int64)
        assert is_whole(chosen, groups)


@pytest.mark.parametrize("sizes", [(10, 5), (5, 11)])
def test_samples_that_cannot_be_drawn_are_a_bug(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="sizes must rise"):
        stratified_samples(np.ones((10, 1), np.float32), sizes=sizes, seed=0)


def test_fifty_thousand_texts_are_divided_within_seconds() -> None:
    rng = np.random.default_rng(0)
    targets = (rng.random((50_000, 30)) < 0.05).astype(np.float32)
    fold_of = stratified_folds(targets, folds=5, seed=0)
    counts = counts_by_fold(targets, fold_of, 5)
    assert np.abs(counts - targets.sum(axis=0) / 5).max() <= 3
