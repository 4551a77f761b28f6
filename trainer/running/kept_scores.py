"""What exported networks said of texts, kept so that a killed run does not ask them again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kdh_desktop.core.classification.classifier import OnnxClassifier, TextScores
from trainer.corpus import LabelledText
from trainer.judging.evaluation import score_texts
from trainer.process.durable import save_arrays


def keep_scores(path: Path, classifier: OnnxClassifier, texts: Sequence[LabelledText]) -> None:
    """Let a model score texts, and write what it says to one ``.npz`` file."""
    scores = score_texts(classifier, [text.text for text in texts])
    spans = [span for one in scores for span in one.sentence_spans]
    save_arrays(
        path,
        abstract_logits=np.stack([one.abstract_logits for one in scores]),
        decision_logits=np.stack([one.decision_logits for one in scores]),
        sentence_logits=np.concatenate([one.sentence_logits for one in scores]),
        sentence_spans=np.array(spans, np.int64).reshape(-1, 2),
        sentences=np.array([len(one.sentence_spans) for one in scores], np.int64),
        tokens=np.array([one.tokens for one in scores], np.int64),
        windows=np.array([one.windows for one in scores], np.int64),
    )


def kept_scores(path: Path) -> list[TextScores]:
    """Read what `keep_scores` wrote: raw scores of the texts, in order."""
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    ends = np.cumsum(arrays["sentences"])[:-1]
    of_sentences = np.split(arrays["sentence_logits"], ends)
    spans = [
        tuple((start, end) for start, end in part.tolist())
        for part in np.split(arrays["sentence_spans"], ends)
    ]
    return [
        TextScores(
            abstract_logits=arrays["abstract_logits"][row],
            sentence_logits=of_sentences[row],
            sentence_spans=spans[row],
            decision_logits=arrays["decision_logits"][row],
            tokens=int(arrays["tokens"][row]),
            windows=int(arrays["windows"][row]),
        )
        for row in range(len(spans))
    ]
