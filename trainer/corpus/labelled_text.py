"""One text with its labels, whatever corpus it comes from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.splits import group_numbers


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One text with its labels, and those of its sentences where they are known.

    Attributes:
        id: PubMed id, or a row id.
        sentences: Sentences as running text, in order; at least one.
        tokenised: The same sentences as the corpus writes them.
        targets: Labels of the whole text, float32 (labels,), 0 or 1; None where unlabelled.
        sentence_targets: One row a sentence, one column a label, 0 or 1; None where only the
            whole text is labelled, or nothing.
        group: What must not be divided between training and judging, such as a dialogue; None
            where every text stands for itself.
        whole: The text as it was given, where `sentences` were cut from it; else None.
    """

    id: str
    sentences: tuple[str, ...]
    tokenised: tuple[str, ...]
    targets: NDArray[np.float32] | None
    sentence_targets: NDArray[np.float32] | None = None
    group: str | None = None
    whole: str | None = None

    @property
    def text(self) -> str:
        """The text as a user would paste it."""
        return " ".join(self.sentences) if self.whole is None else self.whole


def target_matrix(texts: Sequence[LabelledText]) -> NDArray[np.float32]:
    """Labels of texts, float32 (texts, labels)."""
    rows = [text.targets for text in texts if text.targets is not None]
    if len(rows) < len(texts):
        raise ValueError("an unlabelled text has no targets")
    return np.stack(rows)


def corpus_digest(texts: Iterable[LabelledText]) -> str:
    """SHA-256 over ids, sentences and labels, in order: which corpus a model was trained on."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{text.id}\n{text.text}\n".encode())
        if text.sentence_targets is not None:
            digest.update(text.sentence_targets.astype(np.uint8).tobytes())
        elif text.targets is not None:
            digest.update(b"whole:" + text.targets.astype(np.uint8).tobytes())
    return digest.hexdigest()


def groups_digest(texts: Sequence[LabelledText]) -> str:
    """SHA-256 of which texts stay together, in order; empty where every text stands for itself.

    Folds follow from it, which is why what was made of other groups cannot be gone on with.
    """
    members = group_numbers([text.group for text in texts])
    if np.array_equal(members, np.arange(len(texts))):
        return ""
    return hashlib.sha256(members.astype("<i8").tobytes()).hexdigest()
