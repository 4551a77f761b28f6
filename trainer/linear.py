"""The linear member of the teacher: TF-IDF with a linear support vector machine per label.

It is weaker than an encoder and errs elsewhere, so that the two together beat either.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from trainer.corpus import LabelledText, target_matrix

FEW_TEXTS = 20
"""With fewer texts than this a word need not occur in two of them to be learnt from."""

WIDE_SHARE = 0.2
"""Share of characters of scripts without blanks from which a corpus counts as written in one."""

_WIDE = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")  # Thai, Lao, kana, Han


class LinearMember:
    """Sum of two standardised scores: of the whole text, and of its best sentence.

    Where no sentence is labelled, the first alone.
    """

    def __init__(self) -> None:
        """Make an untrained member."""
        self._of_text = _LinearScorer()
        self._of_sentence: _LinearScorer | None = None
        self._scale = (np.zeros((1, 1)), np.ones((1, 1)))

    def fit(self, texts: Sequence[LabelledText]) -> Self:
        """Train on labelled texts, and on their sentences as far as these are labelled."""
        self._of_text.fit([text.text for text in texts], target_matrix(texts))
        self._of_sentence = None
        known = [text for text in texts if text.sentence_targets is not None]
        if known:
            self._of_sentence = _LinearScorer()
            self._of_sentence.fit(
                [sentence for text in known for sentence in text.sentences],
                np.concatenate([text.sentence_targets for text in known]),
            )
        both = self._raw(texts)
        deviation = both.std(axis=(1, 2), keepdims=True)[:, :, 0]
        # Where there was nothing to tell apart, all scores are the same.
        self._scale = (
            both.mean(axis=(1, 2), keepdims=True)[:, :, 0],
            np.where(deviation > 0, deviation, 1.0),
        )
        return self

    def score(self, texts: Sequence[LabelledText]) -> NDArray[np.float32]:
        """Scores, float32 (texts, labels); higher is surer, zero has no meaning."""
        mean, deviation = self._scale
        both = (self._raw(texts) - mean[:, :, None]) / deviation[:, :, None]
        summed: NDArray[np.float32] = both.sum(axis=0).astype(np.float32)
        return summed

    def _raw(self, texts: Sequence[LabelledText]) -> NDArray[np.float64]:
        of_text = self._of_text.score([text.text for text in texts])
        if self._of_sentence is None:
            return of_text[None]
        of_sentence = self._of_sentence.score(
            [sentence for text in texts for sentence in text.sentences]
        )
        ends = np.cumsum([len(text.sentences) for text in texts])
        best = [part.max(axis=0) for part in np.split(of_sentence, ends[:-1])]
        return np.stack([of_text, np.stack(best)])


class _LinearScorer:
    def __init__(self) -> None:
        self._features = TfidfVectorizer()
        # Its solver draws at random: without a seed no run could be repeated to the digit.
        self._classifier = OneVsRestClassifier(LinearSVC(C=1.0, random_state=0))
        self._constant = np.zeros(0)
        self._varies = np.zeros(0, bool)

    def fit(self, texts: list[str], targets: NDArray[np.float32]) -> None:
        """Labels that all texts have, or none, are learnt as such, with the margin of an SVM."""
        share = targets.mean(axis=0)
        self._varies = (share > 0) & (share < 1)
        self._constant = np.where(share > 0, 1.0, -1.0)
        if self._varies.any():
            self._features = _features_for(texts)
            seen = self._features.fit_transform(texts)
            self._classifier.fit(seen, targets[:, self._varies].astype(int))

    def score(self, texts: list[str]) -> NDArray[np.float64]:
        margins = np.tile(self._constant, (len(texts), 1))
        if self._varies.any():
            found = self._classifier.decision_function(self._features.transform(texts))
            # For a single label the library leaves the second dimension out.
            margins[:, self._varies] = found.reshape(len(texts), -1)
        return margins


def _features_for(texts: list[str]) -> TfidfVectorizer:
    """Words and pairs of words; for scripts that put no blanks between words, characters."""
    rarest = 2 if len(texts) >= FEW_TEXTS else 1
    if _is_without_blanks(texts):
        return TfidfVectorizer(
            analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=rarest
        )
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=rarest)


def _is_without_blanks(texts: list[str]) -> bool:
    sample = "".join(texts[:200])
    return len(_WIDE.findall(sample)) > WIDE_SHARE * len(sample)
