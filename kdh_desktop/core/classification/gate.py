"""The gate: may a candidate take the place of the model in force?

A pure judgement of a comparison by stated limits. The gate refuses what is worse beyond them, what
failed a check, and what cannot be told for want of texts; it says each reason in words. An
administrator can overrule it, with a written reason that is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kdh_desktop.core.classification.comparison import (
    Difference,
    LabelComparison,
    ModelComparison,
    points,
    seen_in_words,
)
from kdh_desktop.core.errors import InputError

MIN_REASON = 10
"""Characters that the reason for overruling must have at least."""

MAX_REASON = 1_000
"""Characters that are kept of it at most."""


@dataclass(frozen=True, slots=True)
class GateLimits:
    """How much worse a candidate may be.

    Attributes:
        min_texts: Judged texts under which nothing can be told: with fewer, one text alone moves
            micro-F1 by several points.
        micro_f1_loss: Points of micro-F1 that may be lost; about the standard deviation of the
            figure on 200 texts, so what is smaller is no finding.
        micro_f1_risk: Loss that the interval of the difference must rule out; a candidate that may
            be worse than this is refused for want of texts, even if it looks as good.
        macro_f1_loss: Points of macro-F1 that may be lost; more than of micro-F1, since labels
            with few texts move it.
        label_f1_loss: Points of a single label's F1 that may be lost where the interval says that
            it is a loss at all.
        label_positives: Texts that a label must have for that; with fewer its F1 says little.
        calibration_loss: How much the calibration error may grow: a probability that was off by 2
            points on average may then be off by 5, which still orders what needs review.
        evidence_loss: Points that the share of best sentences which carry their label may lose.
        min_speed: Share of the present model's speed that must be kept: bulk work may take twice
            as long, and no longer.
        max_bytes: Size of the network: every window keeps it in memory, on small computers, too.
        parity_gap: Largest difference in probability between the trained network and its export,
            as the export itself allows.
        alone_micro_f1: Micro-F1 that a candidate of other labels must reach by the lower end of
            its interval, where there is nothing to compare it with.
    """

    min_texts: int = 20
    micro_f1_loss: float = 0.02
    micro_f1_risk: float = 0.05
    macro_f1_loss: float = 0.03
    label_f1_loss: float = 0.10
    label_positives: int = 10
    calibration_loss: float = 0.03
    evidence_loss: float = 0.10
    min_speed: float = 0.5
    max_bytes: int = 250_000_000
    parity_gap: float = 1e-4
    alone_micro_f1: float = 0.5


DEFAULT_LIMITS = GateLimits()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says.

    Attributes:
        reasons: Why it refuses, a sentence each; none where it lets the candidate pass.
        cautions: What it lets pass, and what somebody should know all the same.
    """

    reasons: tuple[str, ...]
    cautions: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether the candidate may be put into force without overruling."""
        return not self.reasons


def judge_gate(comparison: ModelComparison, limits: GateLimits = DEFAULT_LIMITS) -> Verdict:
    """Judge a candidate by what is known of it."""
    reasons = [
        *_failed_checks(comparison, limits),
        *_too_few(comparison, limits),
        *_worse_figures(comparison, limits),
        *_worse_labels(comparison, limits),
        *_worse_service(comparison, limits),
    ]
    return Verdict(tuple(reasons), tuple(_cautions(comparison, limits)))


def refusal(problem: str) -> Verdict:
    """The verdict on a candidate that could not even be compared: it failed verification."""
    return Verdict((problem,))


def checked_reason(reason: str) -> str:
    """The reason for overruling, as it is kept: on one line.

    Raises:
        InputError: It is too short to say why, or too long.
    """
    words = " ".join(reason.split())
    if len(words) < MIN_REASON:
        raise InputError(
            f"The reason has fewer than {MIN_REASON} characters.",
            "Write in a sentence why this model shall be used.",
        )
    if len(words) > MAX_REASON:
        raise InputError(
            f"The reason has more than {MAX_REASON} characters.", "Say it in fewer words."
        )
    return words


def _failed_checks(one: ModelComparison, limits: GateLimits) -> Iterator[str]:
    checks = one.checks
    if checks.parity_gap is None:
        yield "The run did not note whether its export agrees with what it trained."
    elif not checks.parity_gap <= limits.parity_gap:
        yield (
            f"The exported model differs from the trained one by {checks.parity_gap:.1e} in "
            f"probability, more than the {limits.parity_gap:.0e} that rounding explains."
        )
    wrong = checks.known_sentences - checks.known_right
    if wrong:
        yield (
            f"It gets {wrong} of the {checks.known_sentences} sentences wrong that every model of "
            "these labels must know."
        )


def _too_few(one: ModelComparison, limits: GateLimits) -> Iterator[str]:
    if one.texts == 0:
        yield "No texts were kept back to judge on, so nobody can tell how good it is."
    elif one.texts < limits.min_texts:
        yield (
            f"It was judged on {one.texts} texts only; fewer than {limits.min_texts} cannot tell "
            "how good it is."
        )


def _worse_figures(one: ModelComparison, limits: GateLimits) -> Iterator[str]:
    if one.texts and not one.has_same_labels:
        yield from _weak_alone(one, limits)
    micro = one.differences.get("micro_f1")
    if micro is not None and micro.value < -limits.micro_f1_loss:
        yield _lost("Micro-F1", micro, limits.micro_f1_loss)
    elif micro is not None and micro.low < -limits.micro_f1_risk:
        yield (
            f"The texts are too few to rule out that it is much worse: micro-F1 may be lower by "
            f"up to {points(-micro.low)} points, and a loss of {points(limits.micro_f1_risk)} "
            "must be ruled out."
        )
    macro = one.differences.get("macro_f1")
    if macro is not None and macro.value < -limits.macro_f1_loss:
        yield _lost("Macro-F1", macro, limits.macro_f1_loss)
    calibration = one.differences.get("calibration_error")
    if calibration is not None and calibration.value > limits.calibration_loss:
        yield (
            f"Its probabilities are less true: the calibration error grows by "
            f"{points(calibration.value)} points, more than the "
            f"{points(limits.calibration_loss)} allowed."
        )
    evidence = one.differences.get("evidence_precision_at_1")
    if evidence is not None and evidence.value < -limits.evidence_loss:
        yield _lost("The share of best sentences that are right", evidence, limits.evidence_loss)


def _weak_alone(one: ModelComparison, limits: GateLimits) -> Iterator[str]:
    micro = one.candidate.figures.get("micro_f1")
    if micro is not None and micro.low < limits.alone_micro_f1:
        yield (
            f"Judged alone, its micro-F1 of {points(micro.value)} may be as low as "
            f"{points(micro.low)}; at least {points(limits.alone_micro_f1)} must be sure."
        )


def _worse_labels(one: ModelComparison, limits: GateLimits) -> Iterator[str]:
    for label in _heavy_losses(one, limits):
        if label.difference is not None and label.difference.high < 0:
            yield (
                f"{label.name} becomes worse: its F1 falls by "
                f"{points(-label.difference.value)} points on {label.positives} texts, more than "
                f"the {points(limits.label_f1_loss)} allowed."
            )


def _worse_service(one: ModelComparison, limits: GateLimits) -> Iterator[str]:
    if one.active.shows_evidence and not one.candidate.shows_evidence:
        yield "It cannot say which sentences speak for a label, as the model in force can."
    mine, theirs = one.candidate.texts_per_s, one.active.texts_per_s
    if mine is not None and theirs is not None and mine < limits.min_speed * theirs:
        yield (
            f"It is too slow: {mine:.1f} texts a second, where the model in force manages "
            f"{theirs:.1f}; at least {limits.min_speed:.0%} of that are needed."
        )
    if one.candidate.model_bytes > limits.max_bytes:
        yield (
            f"It is too large: {one.candidate.model_bytes / 1e6:.0f} MB, more than the "
            f"{limits.max_bytes / 1e6:.0f} MB that every computer can keep in memory."
        )


def _cautions(one: ModelComparison, limits: GateLimits) -> Iterator[str]:
    if one.texts and not one.has_same_labels:
        yield (
            "It knows other labels than the model in force. What was classified keeps the old "
            "labels; new texts get the new ones."
        )
    if seen := seen_in_words(one):
        yield seen
    for label in _heavy_losses(one, limits):
        if label.difference is not None and label.difference.high >= 0:
            yield (
                f"{label.name} may be worse: F1 {points(-label.difference.value)} points lower on "
                f"{label.positives} texts, which chance may explain."
            )
    few = [x.name for x in one.labels if x.positives < limits.label_positives]
    if one.texts and few:
        yield (
            f"{_listed(few)}: fewer than {limits.label_positives} texts have "
            f"{'this label' if len(few) == 1 else 'each of these labels'}, too few to judge "
            f"{'it' if len(few) == 1 else 'them'} one by one."
        )
    if one.texts and "evidence_precision_at_1" not in one.candidate.figures:
        yield "The texts' sentences carry no labels, so the sentences shown could not be judged."
    if not one.checks.known_sentences:
        yield "It has labels of its own, for which there are no known sentences to try it with."


def _heavy_losses(one: ModelComparison, limits: GateLimits) -> Iterator[LabelComparison]:
    for label in one.labels:
        loss = 0.0 if label.difference is None else -label.difference.value
        if label.positives >= limits.label_positives and loss > limits.label_f1_loss:
            yield label


def _lost(what: str, difference: Difference, allowed: float) -> str:
    return (
        f"{what} falls by {points(-difference.value)} points, more than the {points(allowed)} "
        "allowed."
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
