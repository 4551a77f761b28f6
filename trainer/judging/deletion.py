"""Does a label hang on the sentence that is shown for it? Take it away, and score again.

Source: comprehensiveness, DeYoung et al. 2020 (ERASER), section 4, against other sentences of the
same text taken away by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.classification.classifier import OnnxClassifier, TextScores
from kdh_desktop.core.classification.cleaning import clean_text
from kdh_desktop.core.classification.confidence import calibrated_probabilities, sigmoid
from kdh_desktop.core.classification.evidence import pick_rows
from trainer.judging.evaluation import score_texts
from trainer.judging.resampling import DRAWS, Groups, Values, observe, ratio
from trainer.judging.significance import Comparison, compare

OTHERS = 2
"""Other sentences of the text that are taken away, one at a time, beside the shown one."""


@dataclass(frozen=True, slots=True)
class DeletionTest:
    """What taking away a sentence does to a label.

    The best sentence has a part in the decision, so that some of the fall in probability lies in
    how decisions are made. The logit of the whole text has no such part: what it loses is what
    the network itself read in that sentence.

    Attributes:
        labels: Labels found, with a sentence shown, in texts of two sentences and more.
        texts: Texts they were found in.
        shown_fall: Mean fall of the label's probability without the best shown sentence.
        other_fall: Mean fall without another sentence, drawn by chance.
        more_often: Share of labels that fall more without the shown sentence.
        probability: The two falls of the probability compared.
        text_logit: The two falls of the whole text's logit compared.
    """

    labels: int
    texts: int
    shown_fall: float
    other_fall: float
    more_often: float
    probability: Comparison
    text_logit: Comparison


def deletion_test(
    classifier: OnnxClassifier,
    texts: Sequence[str],
    scores: Sequence[TextScores],
    present: NDArray[np.bool_],
    *,
    seed: int,
    draws: int = DRAWS,
    groups: Groups = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> DeletionTest | None:
    """Compare the shown sentence with others of its text.

    A label's own sentence counts once, the mean of up to `OTHERS` others beside it. What is
    taken away for several labels is scored once. Texts are resampled whole.

    Args:
        classifier: The model.
        texts: The texts, as they were scored.
        scores: Their raw scores.
        present: Decisions, boolean (texts, labels).
        seed: Of the choice of other sentences, and of the bootstrap.
        draws: Of the bootstrap.
        groups: Texts that it draws together.
        on_progress: Told how many of how many texts are scored.

    Returns:
        None where no label has a sentence shown in a text of two sentences and more.
    """
    threshold = classifier.bundle.manifest.evidence_threshold
    trials = _trials(scores, present, threshold=threshold, rng=np.random.default_rng(seed))
    if not trials:
        return None
    cuts = sorted({(one.text, row) for one in trials for row in (one.shown, *one.others)})
    shortened = [_without(texts[text], scores[text], row) for text, row in cuts]
    found = score_texts(
        classifier,
        shortened,
        on_progress=None if on_progress is None else lambda n: on_progress(n, len(cuts)),
    )
    falls = _Falls(classifier, scores, dict(zip(cuts, found, strict=True)))
    return _judge(
        trials,
        np.array([falls.of(one) for one in trials]),
        size=len(texts),
        seed=seed,
        draws=draws,
        groups=groups,
    )


@dataclass(frozen=True, slots=True)
class _Trial:
    """One label of one text: the row of its shown sentence, and of others to compare it with."""

    text: int
    label: int
    shown: int
    others: tuple[int, ...]


def _trials(
    scores: Sequence[TextScores],
    present: NDArray[np.bool_],
    *,
    threshold: float,
    rng: np.random.Generator,
) -> list[_Trial]:
    found: list[_Trial] = []
    for text, one in enumerate(scores):
        sentences = len(one.sentence_spans)
        if sentences < 2:
            continue
        # One order for all labels of a text, so that they share what is taken away.
        order = [int(row) for row in rng.permutation(sentences)]
        probabilities = sigmoid(one.sentence_logits)
        for label in np.flatnonzero(present[text]):
            for shown in pick_rows(probabilities[:, label], threshold=threshold)[:1]:
                others = tuple(row for row in order if row != shown)[:OTHERS]
                found.append(_Trial(text, int(label), shown, others))
    return found


def _without(text: str, scores: TextScores, row: int) -> str:
    """The text as the model reads it, without one sentence and the blank after it."""
    clean = clean_text(text).text
    starts = [start for start, _ in scores.sentence_spans]
    end = starts[row + 1] if row + 1 < len(starts) else scores.sentence_spans[row][1]
    return clean[: starts[row]] + clean[end:]


@dataclass(frozen=True, slots=True)
class _Falls:
    """Looks up how far a label falls when a sentence is taken away."""

    classifier: OnnxClassifier
    whole: Sequence[TextScores]
    shortened: dict[tuple[int, int], TextScores]

    def of(self, trial: _Trial) -> tuple[float, float, float, float]:
        """Falls of the probability without the shown and others, and of the logit likewise."""
        before = self._standing(self.whole[trial.text], trial.label)
        without = [
            before - self._standing(self.shortened[trial.text, row], trial.label)
            for row in (trial.shown, *trial.others)
        ]
        shown, others = without[0], np.mean(without[1:], axis=0)
        return shown[0], others[0], shown[1], others[1]

    def _standing(self, scores: TextScores, label: int) -> NDArray[np.float64]:
        """Probability and text logit of one label."""
        calibrations = self.classifier.bundle.manifest.calibrations
        probability = calibrated_probabilities(scores.decision_logits, calibrations)[label]
        return np.array([probability, scores.abstract_logits[label]], float)


def _judge(
    trials: Sequence[_Trial], falls: Values, *, size: int, seed: int, draws: int, groups: Groups
) -> DeletionTest:
    text_of = np.array([one.text for one in trials])
    counts = np.bincount(text_of, minlength=size)
    shown, other, shown_logit, other_logit = (
        ratio(np.bincount(text_of, weights=column, minlength=size), counts) for column in falls.T
    )
    return DeletionTest(
        labels=len(trials),
        texts=int((counts > 0).sum()),
        shown_fall=float(observe(shown, size=size)),
        other_fall=float(observe(other, size=size)),
        more_often=float(np.mean(falls[:, 0] > falls[:, 1])),
        probability=compare(shown, other, size=size, seed=seed, draws=draws, groups=groups),
        text_logit=compare(
            shown_logit, other_logit, size=size, seed=seed, draws=draws, groups=groups
        ),
    )
