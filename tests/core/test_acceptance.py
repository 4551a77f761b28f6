"""Limits for accepting without a look are kept by the held-out texts, or refused."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import beta

from kdh_desktop.core.classification.acceptance import (
    AcceptLimits,
    AcceptSide,
    Refusal,
    accept_limits,
    binomial_interval,
    bounds_of,
    min_support,
)
from kdh_desktop.core.classification.held_out import HeldOutCounts
from kdh_desktop.core.classification.manifest import Manifest
from kdh_desktop.core.labels import Label, LabelSet
from tests.data.tiny_bundle import Faults, tiny_manifest

ONE_LABEL = LabelSet((Label("one", "One", ""),))


def manifest_of(probabilities: list[float], truth: list[bool]) -> Manifest:
    """A manifest of a single label, whose threshold is 0.5."""
    columns = np.array(probabilities)[:, None], np.array(truth)[:, None]
    held_out = HeldOutCounts.of(*columns, protocol="Invented.")
    manifest = tiny_manifest(ONE_LABEL, seed=0, faults=Faults())
    return dataclasses.replace(manifest, held_out=held_out)


def limits_of(probabilities: list[float], truth: list[bool], target: float) -> AcceptLimits:
    (limits,) = accept_limits(manifest_of(probabilities, truth), target)
    return limits


# What limits are found


def test_limits_part_what_is_surely_right_from_what_is_not() -> None:
    sure, doubtful = [0.955] * 30, [0.605] * 10
    absent, unclear = [0.055] * 40, [0.455] * 10
    truth = [True] * 30 + [False] * 10 + [False] * 40 + [True] * 10
    limits = limits_of(sure + doubtful + absent + unclear, truth, 0.9)
    assert limits.present == AcceptSide(0.95, None, 30, 30)
    assert limits.absent == AcceptSide(0.06, None, 40, 40)
    assert limits.bounds == (0.06, 0.95)


def test_limits_never_turn_a_decision_of_the_model_round() -> None:
    all_there = limits_of([0.05] * 60 + [0.505] * 60, [True] * 120, 0.9)
    assert all_there.present.limit == 0.5
    assert all_there.absent.refusal is Refusal.NOT_REACHED
    assert (all_there.absent.right, all_there.absent.support) == (0, 60)
    none_there = limits_of([0.495] * 60 + [0.95] * 60, [False] * 120, 0.9)
    assert none_there.absent.limit == 0.5
    assert none_there.present.refusal is Refusal.NOT_REACHED


def test_limits_reach_no_further_than_held_out_texts_do() -> None:
    limits = limits_of([0.855] * 50 + [0.045] * 50, [True] * 50 + [False] * 50, 0.9)
    assert limits.bounds == (0.05, 0.85)


def test_share_that_recovers_by_chance_nearer_to_the_threshold_does_not_count() -> None:
    probabilities = [0.955] * 25 + [0.805] * 5 + [0.705] * 100
    truth = [True] * 25 + [False] * 5 + [True] * 100
    assert 125 / 130 > 0.95
    assert limits_of(probabilities, truth, 0.95).present.limit == 0.95


def test_few_held_out_texts_are_refused_even_when_all_are_right() -> None:
    present = limits_of([0.95] * 19, [True] * 19, 0.5).present
    assert present == AcceptSide(None, Refusal.TOO_FEW_TEXTS, 19, 19)
    assert limits_of([0.95] * 20, [True] * 20, 0.5).present.limit is not None


def test_high_targets_need_more_held_out_texts() -> None:
    assert [min_support(x) for x in (0.5, 0.9, 0.95, 0.98, 0.99)] == [20, 20, 20, 50, 100]
    assert min_support(1.0) == math.inf
    assert limits_of([0.95] * 99, [True] * 99, 0.99).present.refusal is Refusal.TOO_FEW_TEXTS
    assert limits_of([0.95] * 100, [True] * 100, 0.99).present.limit is not None


def test_no_probability_reaches_a_limit_that_is_refused() -> None:
    below, upward = limits_of([0.5], [True], 0.9).bounds
    assert not any(p < below or p >= upward for p in (0.0, 0.5, 1.0))


def test_model_without_held_out_texts_has_every_limit_refused() -> None:
    manifest = tiny_manifest(ONE_LABEL, seed=0, faults=Faults())
    (limits,) = accept_limits(manifest, 0.9)
    assert limits.present.refusal is Refusal.NO_COUNTS
    assert limits.absent.refusal is Refusal.NO_COUNTS
    assert limits.present.estimate is None
    assert limits.present.interval == (0.0, 1.0)
    assert bounds_of([limits]) == {}


def test_bounds_hold_labels_with_one_limit_at_least() -> None:
    limits = limits_of([0.955] * 30, [True] * 30, 0.9)
    assert limits.absent.limit is None
    assert bounds_of([limits]) == {"one": (0.0, 0.95)}


texts = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=300)


@given(texts, st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_what_is_accepted_of_the_held_out_texts_is_right_as_often_as_asked(
    held_out: list[tuple[float, bool]], target: float
) -> None:
    probabilities, truth = (list(column) for column in zip(*held_out, strict=True))
    limits = limits_of(probabilities, truth, target)
    p: NDArray[np.float64] = np.array(probabilities)
    is_there: NDArray[np.bool_] = np.array(truth)
    below, upward = limits.bounds
    for side, accepted, right in (
        (limits.present, p >= upward, is_there),
        (limits.absent, p < below, ~is_there),
    ):
        assert (side.limit is None) == (side.refusal is not None)
        if side.limit is not None:
            assert side.support == int(accepted.sum()) >= 20
            assert side.right == int((accepted & right).sum()) >= target * side.support
        else:
            assert not accepted.any()
    assert below <= 0.5 <= upward


# How sure that is


@given(st.integers(0, 400), st.integers(0, 400))
def test_interval_is_the_exact_one(right: int, wrong: int) -> None:
    support = right + wrong
    low, high = binomial_interval(right, support)
    if right:
        assert low == pytest.approx(beta.ppf(0.025, right, wrong + 1), abs=1e-9)
    if wrong:
        assert high == pytest.approx(beta.ppf(0.975, right + 1, wrong), abs=1e-9)
    assert 0.0 <= low <= (right / support if support else 0.5) <= high <= 1.0


def test_interval_narrows_with_more_texts() -> None:
    few, many = binomial_interval(18, 20), binomial_interval(900, 1000)
    assert few[0] < many[0] < 0.9 < many[1] < few[1]
