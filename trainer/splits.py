"""Folds, splits and samples that keep the share of every label, and groups whole.

Source: iterative stratification, Sechidis et al. 2011, algorithm 1; with groups, the same over
groups of texts in place of texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Targets = NDArray[np.float32]
Groups = NDArray[np.int64]
"""Group of each text, int64 (texts,); texts with the same number stay together."""


def group_numbers(groups: Sequence[str | None]) -> Groups:
    """Group of each text, int64 (texts,): the place of its first text; None stands for none."""
    first: dict[str, int] = {}
    places = [
        place if group is None else first.setdefault(group, place)
        for place, group in enumerate(groups)
    ]
    return np.array(places, np.int64)


def stratified_folds(
    targets: Targets, *, folds: int, seed: int, groups: Groups | None = None
) -> NDArray[np.int64]:
    """Assign each text to a fold so that every label is spread evenly.

    Args:
        targets: (texts, labels), 0 or 1.
        folds: Number of folds, at least 2.
        seed: Decides ties.
        groups: Where given, no group is in two folds.

    Returns:
        Fold of every text, int64 (texts,), in 0..folds-1.
    """
    return stratified_split(targets, shares=(1 / folds,) * folds, seed=seed, groups=groups)


def stratified_split(
    targets: Targets, *, shares: Sequence[float], seed: int, groups: Groups | None = None
) -> NDArray[np.int64]:
    """Divide texts into parts of given shares so that every label has these shares, too.

    Args:
        targets: (texts, labels), 0 or 1.
        shares: Share of each part in 0..1, such as train, validation and test; they sum to 1.
        seed: Decides ties.
        groups: Where given, no group is in two parts, and the shares are kept as far as that goes.

    Returns:
        Part of every text, int64 (texts,), in the order of `shares`.
    """
    if abs(sum(shares) - 1) > 1e-6 or min(shares) < 0:
        raise ValueError("shares must lie in 0..1 and sum to 1")
    unit_of = (
        np.arange(len(targets)) if groups is None else np.unique(groups, return_inverse=True)[1]
    )
    return _assign(_Units.of(targets, unit_of), np.array(shares), seed)[unit_of]


def stratified_samples(
    targets: Targets, *, sizes: Sequence[int], seed: int, groups: Groups | None = None
) -> list[NDArray[np.int64]]:
    """Draw nested samples with the shares of all labels, as the three sizes of KDH-MLTC.

    Source: Sakai and Lam 2025 (KDH-MLTC): samples of 500 and 1,000 texts, and all.

    Args:
        targets: (texts, labels), 0 or 1.
        sizes: Numbers of texts, rising; each sample lies in the next one.
        seed: Decides ties.
        groups: Where given, groups are drawn whole, and the sizes kept as far as that goes.

    Returns:
        Positions of the texts of each sample, rising, int64.
    """
    if list(sizes) != sorted(sizes) or (sizes and sizes[-1] > len(targets)):
        raise ValueError("sizes must rise, and be no larger than the corpus")
    samples: list[NDArray[np.int64]] = []
    rows = np.arange(len(targets), dtype=np.int64)
    for size in reversed(sizes):
        if size < len(rows):
            own = None if groups is None else groups[rows]
            share = size / len(rows)
            part = stratified_split(targets[rows], shares=(share, 1 - share), seed=seed, groups=own)
            chosen = part == 0
            rows = rows[chosen if own is not None else _of_size(targets[rows], chosen, size)]
        samples.append(rows)
    return samples[::-1]


@dataclass(frozen=True, slots=True)
class _Units:
    """What is assigned as a whole: texts, or groups of them.

    Attributes:
        counts: Texts with each label, (units, labels).
        sizes: Texts, (units,).
    """

    counts: NDArray[np.float64]
    sizes: NDArray[np.float64]

    @classmethod
    def of(cls, targets: Targets, unit_of: NDArray[np.intp]) -> _Units:
        units = int(unit_of.max(initial=-1)) + 1
        counts = np.zeros((units, targets.shape[1]))
        np.add.at(counts, unit_of, targets)
        return cls(counts, np.bincount(unit_of, minlength=units).astype(float))


def _assign(units: _Units, shares: NDArray[np.float64], seed: int) -> NDArray[np.int64]:
    """Part of every unit: rarest label first, each unit to the part that lacks it most."""
    rng = np.random.default_rng(seed)
    part_of = np.full(len(units.sizes), -1, np.int64)
    room = units.sizes.sum() * shares
    wanted = np.outer(shares, units.counts.sum(axis=0))
    while (part_of < 0).any():
        free = part_of < 0
        left = units.counts[free].sum(axis=0)
        label = int(np.argmin(np.where(left > 0, left, np.inf))) if left.max(initial=0) > 0 else -1
        weights = units.sizes if label < 0 else units.counts[:, label]
        drawn = rng.permutation(np.flatnonzero(free & (weights > 0)))
        # Large groups first, while there is room to make up for them.
        for unit in drawn[np.argsort(-weights[drawn], kind="stable")]:
            need = room if label < 0 else wanted[:, label]
            best = np.lexsort((rng.random(len(shares)), -room, -need))[0]
            part_of[unit] = best
            room[best] -= units.sizes[unit]
            wanted[best] -= units.counts[unit]
    return part_of


def _of_size(targets: Targets, chosen: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """The choice with as many texts taken out or in as are missing, those that matter least."""
    chosen = chosen.copy()
    wanted = targets.sum(axis=0) * (size / len(targets))
    while (surplus := int(chosen.sum()) - size) != 0:
        sign = -1 if surplus > 0 else 1
        candidates = np.flatnonzero(chosen if surplus > 0 else ~chosen)
        gap = targets[chosen].sum(axis=0) - wanted
        after = ((gap + sign * targets[candidates]) ** 2).sum(axis=1)
        chosen[candidates[np.argmin(after)]] = surplus < 0
    return chosen
