"""Folds hold every label in the same share, and the same seed gives the same folds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from trainer.splits import stratified_folds

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
