"""The linear member of the teacher: TF-IDF with a linear support vector machine per label.

It is weaker than an encoder and errs elsewhere, so that the two together beat either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from trainer.corpus import LabelledText, target_matrix


class LinearMember:
    """Sum of two standardised scores: of the whole text, and of its best sentence."""

    def __init__(self) -> None:
        """Make an untrained member."""
        self._of_text = _LinearScorer()
        self._of_sentence = _LinearScorer()
        self._scale = (np.zeros((2, 1)), np.ones((2, 1)))

    def fit(self, texts: Sequence[LabelledText]) -> Self:
        """Train on texts whose sentences are labelled."""
        self._of_text.fit([text.text for text in texts], target_matrix(texts))
        self._of_sentence.fit(
            [sentence for text in texts for sentence in text.sentences],
            np.concatenate([_sentence_targets(text) for text in texts]),
        )
        both = self._raw(texts)
        self._scale = (
            both.mean(axis=(1, 2), keepdims=True)[:, :, 0],
            both.std(axis=(1, 2), keepdims=True)[:, :, 0],
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
        of_sentence = self._of_sentence.score(
            [sentence for text in texts for sentence in text.sentences]
        )
        ends = np.cumsum([len(text.sentences) for text in texts])
        best = [part.max(axis=0) for part in np.split(of_sentence, ends[:-1])]
        return np.stack([of_text, np.stack(best)])


class _LinearScorer:
    def __init__(self) -> None:
        self._features = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        # Its solver draws at random: without a seed no run could be repeated to the digit.
        self._classifier = OneVsRestClassifier(LinearSVC(C=1.0, random_state=0))

    def fit(self, texts: list[str], targets: NDArray[np.float32]) -> None:
        self._classifier.fit(self._features.fit_transform(texts), targets.astype(int))

    def score(self, texts: list[str]) -> NDArray[np.float64]:
        margins: NDArray[np.float64] = self._classifier.decision_function(
            self._features.transform(texts)
        )
        return margins


def _sentence_targets(text: LabelledText) -> NDArray[np.float32]:
    if text.sentence_targets is None:
        raise ValueError("the linear member needs sentence labels")
    return text.sentence_targets
