"""From "how sure do you need to be?" to limits beyond which labels need no look.

For each label two limits are sought in what the model said of held-out texts: from one upwards its
``present`` is right as often as asked, and below the other its ``absent`` is. A limit never turns
a decision of the model round, and where too few held-out texts lie beyond it, it is refused rather
than guessed: such decisions go to a person.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kdh_desktop.core.classification.held_out import BINS, HeldOutCounts
from kdh_desktop.core.classification.manifest import Manifest

MIN_SUPPORT = 20
"""Held-out decisions that must lie beyond a limit, whatever is asked; if all of 20 are right, 83 %
or more are with 95 % confidence. See `min_support` for high targets."""

CONFIDENCE = 0.95
"""Of the intervals."""

_BISECTIONS = 60


class Refusal(StrEnum):
    """Why a label has no limit on one side."""

    NO_COUNTS = "no_counts"
    """The model's bundle says nothing of held-out texts."""
    TOO_FEW_TEXTS = "too_few_texts"
    """Fewer held-out decisions of this kind were made than `min_support` asks for."""
    NOT_REACHED = "not_reached"
    """At no limit with enough decisions beyond it are so many of them right."""


@dataclass(frozen=True, slots=True)
class AcceptSide:
    """One limit of one label.

    Attributes:
        limit: The limit on the probability, or None where it is refused.
        refusal: Why there is none, or None where there is one.
        right: Held-out decisions beyond the limit that were right; without a limit, of all
            decisions of this kind that the model made.
        support: Held-out decisions beyond the limit, right or wrong; likewise.
    """

    limit: float | None
    refusal: Refusal | None
    right: int
    support: int

    @property
    def estimate(self) -> float | None:
        """Share of the decisions that were right; None where there were none."""
        return self.right / self.support if self.support else None

    @property
    def interval(self) -> tuple[float, float]:
        """Exact interval around the share, with `CONFIDENCE`."""
        return binomial_interval(self.right, self.support)


@dataclass(frozen=True, slots=True)
class AcceptLimits:
    """Both limits of one label.

    Attributes:
        label_id: The label.
        present: From its limit upwards, ``present`` is accepted.
        absent: Below its limit, ``absent`` is accepted.
    """

    label_id: str
    present: AcceptSide
    absent: AcceptSide

    @property
    def bounds(self) -> tuple[float, float]:
        """``absent_below`` and ``present_from``; no probability reaches one that is refused."""
        below, upward = self.absent.limit, self.present.limit
        return (0.0 if below is None else below, math.inf if upward is None else upward)


def accept_limits(manifest: Manifest, target: float) -> tuple[AcceptLimits, ...]:
    """Limits for each label beyond which at least `target` of the model's decisions were right.

    Going out from the surest decisions, a limit is moved towards the threshold for as long as the
    share of right ones among all beyond it stays at `target` or over; so chance finds made nearer
    to the threshold do not count.

    Args:
        manifest: Of the active model.
        target: Share in 0..1 of the accepted decisions that shall be right.

    Returns:
        One per label, in column order.
    """
    held_out = manifest.held_out
    found = []
    for column, label in enumerate(manifest.labels):
        if held_out is None:
            refused = AcceptSide(None, Refusal.NO_COUNTS, 0, 0)
            found.append(AcceptLimits(label.id, refused, refused))
            continue
        threshold = manifest.calibrations[column].threshold
        present, absent = _sides(held_out, column, threshold=threshold, target=target)
        found.append(AcceptLimits(label.id, present, absent))
    return tuple(found)


def min_support(target: float) -> float:
    """Held-out decisions that a limit needs for a target in 0..1; infinite for 1.

    So many that a single wrong one among them does not break the target: 20 decisions that are
    all right say nothing of one mistake in a hundred.
    """
    # Rounded: 1 / (1 - 0.95) is a little over 20.
    return math.inf if target >= 1 else max(MIN_SUPPORT, math.ceil(round(1 / (1 - target), 6)))


def bounds_of(limits: Sequence[AcceptLimits]) -> Mapping[str, tuple[float, float]]:
    """``absent_below`` and ``present_from`` by label id, as the record store takes them.

    Labels with neither limit are left out: nobody could be sure of them in any record, so they
    stay undecided while the others are accepted.
    """
    return {
        one.label_id: one.bounds
        for one in limits
        if one.present.limit is not None or one.absent.limit is not None
    }


def binomial_interval(right: int, support: int) -> tuple[float, float]:
    """Exact interval around a share, with `CONFIDENCE`.

    Source: Clopper and Pearson 1934.

    Args:
        right: Successes.
        support: Trials; without any, the interval is all of 0..1.
    """
    tail = (1.0 - CONFIDENCE) / 2
    low = 0.0 if right == 0 else _share_at(tail, right, support)
    high = 1.0 if right == support else 1.0 - _share_at(tail, support - right, support)
    return low, high


def _sides(
    held_out: HeldOutCounts, column: int, *, threshold: float, target: float
) -> tuple[AcceptSide, AcceptSide]:
    positives, negatives = held_out.positives[column], held_out.negatives[column]
    # Whole bins on either side of the threshold: the bin that it lies in is beyond neither limit.
    up_from = next((k for k in range(BINS) if k / BINS >= threshold), BINS)
    down_to = next((k for k in range(BINS, -1, -1) if k / BINS <= threshold), 0)
    upper = range(BINS - 1, up_from - 1, -1)
    lower = range(down_to)
    present = _side([(positives[k], negatives[k], k / BINS) for k in upper], target)
    absent = _side([(negatives[k], positives[k], (k + 1) / BINS) for k in lower], target)
    return present, absent


def _side(bins: Sequence[tuple[int, int, float]], target: float) -> AcceptSide:
    """The limit after the last bin at which all limits with enough support held.

    Bins without a held-out text move no limit: nothing is known of what lies there.

    Args:
        bins: Right and wrong decisions, and the limit that takes the bin in; surest first.
        target: Share that shall be right.
    """
    best: AcceptSide | None = None
    right = support = 0
    needed = min_support(target)
    is_held = True
    for rightly, wrongly, limit in bins:
        right, support = right + rightly, support + rightly + wrongly
        if support < needed or not is_held or rightly + wrongly == 0:
            continue
        is_held = right >= target * support
        if is_held:
            best = AcceptSide(limit, None, right, support)
    if best is not None:
        return best
    reason = Refusal.TOO_FEW_TEXTS if support < needed else Refusal.NOT_REACHED
    return AcceptSide(None, reason, right, support)


def _share_at(tail: float, right: int, support: int) -> float:
    """Share at which `right` or more successes in `support` trials have the probability `tail`."""
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if _at_least(right, support, middle) < tail:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_least(right: int, support: int, share: float) -> float:
    """Probability of `right` or more successes in `support` trials, each with probability `share`.

    Summed from the side with fewer terms, each taken from logarithms: no factorial overflows.
    """
    log_share, log_rest = math.log(share), math.log1p(-share)

    def of(successes: int) -> float:
        ways = (
            math.lgamma(support + 1)
            - math.lgamma(successes + 1)
            - math.lgamma(support - successes + 1)
        )
        return math.exp(ways + successes * log_share + (support - successes) * log_rest)

    if 2 * right > support:
        return math.fsum(of(successes) for successes in range(right, support + 1))
    return 1.0 - math.fsum(of(successes) for successes in range(right))
