"""Judge a model with the very code that will serve it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from kdh_desktop.core.classification.classifier import OnnxClassifier, TextScores
from kdh_desktop.core.classification.confidence import sigmoid
from kdh_desktop.core.classification.manifest import Manifest
from kdh_desktop.core.classification.model_bundle import open_bundle, write_bundle
from trainer.corpus import LabelledText, target_matrix
from trainer.judging.metrics import best_threshold

DEFAULT_EVIDENCE_THRESHOLD = 0.5

_TOLD_TEXTS = 128
"""Texts scored from one word of progress to the next."""


@dataclass(frozen=True, slots=True)
class ServedScores:
    """What a model says of labelled texts, sentence by sentence as the program divides them.

    Attributes:
        decision_logits: float32 (texts, labels).
        truth: float32 (texts, labels).
        sentence_logits: One float32 (sentences, labels) a text; no rows where the network gives
            none.
        sentence_truth: The corpus's labels of those sentences, one (sentences, labels) a text;
            None for a text of which only the whole is labelled.
    """

    decision_logits: NDArray[np.float32]
    truth: NDArray[np.float32]
    sentence_logits: tuple[NDArray[np.float32], ...]
    sentence_truth: tuple[NDArray[np.float32] | None, ...]

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Scores of several sets of texts as one."""
        return cls(
            np.concatenate([part.decision_logits for part in parts]),
            np.concatenate([part.truth for part in parts]),
            tuple(logits for part in parts for logits in part.sentence_logits),
            tuple(truth for part in parts for truth in part.sentence_truth),
        )


def classifier_for(
    model: bytes, tokenizer: bytes, manifest: Manifest, *, threads: int | None = None
) -> OnnxClassifier:
    """A classifier over a model that is not signed yet; the key it is checked with dies here."""
    key = Ed25519PrivateKey.generate()
    files = {"model.onnx": model, "tokenizer.json": tokenizer, "MODEL_CARD.md": b"candidate\n"}
    with TemporaryDirectory(prefix="kdh-candidate-") as folder:
        place = Path(folder) / "bundle"
        write_bundle(place, manifest=manifest, files=files, key=key)
        bundle = open_bundle(place, trusted_keys=[key.public_key()])
        return OnnxClassifier(bundle, threads=threads)


def served_scores(classifier: OnnxClassifier, texts: Sequence[LabelledText]) -> ServedScores:
    """Score running texts as a user's would be."""
    return beside_truth(texts, score_texts(classifier, [text.text for text in texts]))


def score_texts(
    classifier: OnnxClassifier,
    texts: Sequence[str],
    *,
    on_progress: Callable[[int], None] | None = None,
) -> list[TextScores]:
    """Raw scores of texts, in order; `on_progress` is told from time to time how many are done.

    Raises:
        InputError: One of them holds nothing to score.
        ModelError: The model gave no usable result.
    """
    found: list[TextScores] = []
    for start in range(0, len(texts), _TOLD_TEXTS):
        found += classifier.score(texts[start : start + _TOLD_TEXTS])
        if on_progress is not None:
            on_progress(len(found))
    return found


def beside_truth(texts: Sequence[LabelledText], scores: Sequence[TextScores]) -> ServedScores:
    """Raw scores of labelled texts beside what the corpus says of them."""
    return ServedScores(
        np.stack([one.decision_logits for one in scores]),
        target_matrix(texts),
        tuple(one.sentence_logits for one in scores),
        tuple(_sentence_truth(text, one) for text, one in zip(texts, scores, strict=True)),
    )


def best_evidence_threshold(scores: ServedScores) -> float:
    """Sentence probability with the highest micro-F1 against the corpus's sentence labels.

    Where the corpus labels no sentence, `DEFAULT_EVIDENCE_THRESHOLD`.
    """
    pairs = zip(scores.sentence_logits, scores.sentence_truth, strict=True)
    known = [(logits, truth) for logits, truth in pairs if truth is not None]
    if not known:
        return DEFAULT_EVIDENCE_THRESHOLD
    probabilities = sigmoid(np.concatenate([logits for logits, _ in known]))
    return best_threshold(probabilities, np.concatenate([truth for _, truth in known]))


def _sentence_truth(text: LabelledText, scores: TextScores) -> NDArray[np.float32] | None:
    """A divided sentence has the labels of the corpus's sentences that it mostly overlaps."""
    targets = text.sentence_targets
    if targets is None:
        return None
    ends = np.cumsum([len(sentence) + 1 for sentence in text.sentences])
    starts = ends - np.array([len(sentence) + 1 for sentence in text.sentences])
    found = np.zeros((len(scores.sentence_spans), targets.shape[1]), np.float32)
    for row, (start, end) in enumerate(scores.sentence_spans):
        overlap = np.minimum(ends - 1, end) - np.maximum(starts, start)
        shorter = np.minimum(ends - 1 - starts, end - start)
        mostly = overlap * 2 > shorter
        found[row] = targets[mostly].max(axis=0, initial=0.0)
    return found
