"""Score the same texts with several models in turns, so that their speeds can be compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kdh_desktop.core.classification.classifier import OnnxClassifier, TextScores

BLOCK = 32
"""Texts that a model scores before it is the next one's turn; enough to fill all cores."""

_WARMING = 4
"""Texts that each model scores before the clock runs: the first passes are slow."""

_LEAST_S = 2.0
"""Each model is measured at least so long; few texts are scored again and again."""

_MOST_ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Turns:
    """What one model said, and how fast.

    Attributes:
        raw: Raw scores of the texts, in order.
        texts_per_s: Texts a second, over all of its turns, on a computer that does nothing else.
    """

    raw: tuple[TextScores, ...]
    texts_per_s: float


def score_in_turns(
    classifiers: Sequence[OnnxClassifier],
    texts: Sequence[str],
    *,
    on_progress: Callable[[int], None] | None = None,
    least_s: float | None = None,
) -> list[Turns]:
    """Let models score texts block by block, each beginning as often as the others.

    What the machine's heat and clock do then weighs on all of them alike. The time is that which
    the processor gave to this process, divided by the threads that share it: what else the machine
    does would make one of two equal models look half as fast again.

    Args:
        classifiers: The models.
        texts: The texts; at least one.
        on_progress: Told how many texts all models have scored.
        least_s: Seconds for which each model is measured at least; two by default.

    Raises:
        InputError: A text holds nothing to score.
        ModelError: A model gave no usable result.
    """
    for classifier in classifiers:
        classifier.score(texts[:_WARMING])
    raw: list[list[TextScores]] = [[] for _ in classifiers]
    seconds = [0.0] * len(classifiers)
    scored = 0
    order = list(range(len(classifiers)))
    for number in range(_MOST_ROUNDS):
        for start in range(0, len(texts), BLOCK):
            block = texts[start : start + BLOCK]
            for place in order:
                begun = time.process_time()
                found = classifiers[place].score(block)
                spent_s = time.process_time() - begun
                seconds[place] += spent_s / classifiers[place].threads
                if number == 0:
                    raw[place] += found
            scored += len(block)
            order.reverse()
            if on_progress is not None:
                on_progress(min(scored, len(texts)))
        if min(seconds) >= (_LEAST_S if least_s is None else least_s):
            break
    return [Turns(tuple(one), scored / max(s, 1e-9)) for one, s in zip(raw, seconds, strict=True)]
