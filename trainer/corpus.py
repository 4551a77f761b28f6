"""Read labelled and unlabelled texts.

Source of the layout: Baker et al. 2016, Automatic semantic classification of scientific
literature according to the hallmarks of cancer.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.classification.sentences import split_sentences
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import LabelSet
from trainer.detokenise import detokenise, repair_characters


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One text with a set of labels for each of its sentences.

    Attributes:
        id: PubMed id, or a row id.
        sentences: Sentences as running text, in order.
        tokenised: The same sentences as the corpus writes them.
        sentence_targets: One row a sentence, one column a label, 0 or 1; None where unlabelled.
    """

    id: str
    sentences: tuple[str, ...]
    tokenised: tuple[str, ...]
    sentence_targets: NDArray[np.float32] | None

    @property
    def text(self) -> str:
        """The text as a user would paste it."""
        return " ".join(self.sentences)

    @property
    def targets(self) -> NDArray[np.float32]:
        """Labels of the whole text, float32 (labels,): the union over its sentences."""
        if self.sentence_targets is None:
            raise ValueError("an unlabelled text has no targets")
        union: NDArray[np.float32] = self.sentence_targets.max(axis=0)
        return union


def read_hoc(folder: Path, *, ids_file: str, labels: LabelSet) -> list[LabelledText]:
    """Read the texts of one split of the HoC corpus in its original layout.

    Args:
        folder: Holds ``text``, ``labels`` and the id lists.
        ids_file: Name of the list, one PubMed id a line.
        labels: Labels whose names are the first level of the corpus's label paths.

    Raises:
        TrainingError: A file is missing or unreadable, there is no text, or a label is unknown.
    """
    columns = {name: column for column, name in enumerate(labels.names)}
    try:
        ids = (folder / ids_file).read_text(encoding="utf-8").split()
        texts = [_read_one(folder, text_id, columns) for text_id in ids]
    except OSError as error:
        raise TrainingError(
            "The corpus folder is incomplete: a text, its labels or the list of ids is missing.",
            "Choose the folder that holds the folders text and labels and the id lists.",
        ) from error
    except UnicodeDecodeError as error:
        raise TrainingError(
            "A file of the corpus is not written in UTF-8.", "Convert the corpus to UTF-8."
        ) from error
    if not texts:
        raise TrainingError(
            f"The list {ids_file} names no text.", "Write one id a line, at least one."
        )
    return texts


def read_unlabelled(path: Path, *, limit: int, min_words: int) -> list[LabelledText]:
    """Read the first `limit` passages of at least `min_words` words from JSON lines with ``text``.

    Raises:
        TrainingError: The file is missing or a line is no JSON object with a text.
    """
    texts: list[LabelledText] = []
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                if len(texts) == limit:
                    break
                passage = str(json.loads(line)["text"])
                if len(passage.split()) < min_words:
                    continue
                sentences = tuple(passage[a:b] for a, b in split_sentences(passage))
                texts.append(LabelledText(f"transfer:{number}", sentences, sentences, None))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            "The file of unlabelled texts cannot be read.",
            'Give a file with one JSON object a line, each with a "text".',
        ) from error
    return texts


def target_matrix(texts: Sequence[LabelledText]) -> NDArray[np.float32]:
    """Labels of texts, float32 (texts, labels)."""
    return np.stack([text.targets for text in texts])


def corpus_digest(texts: Iterable[LabelledText]) -> str:
    """SHA-256 over ids, sentences and labels, in order: which corpus a model was trained on."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{text.id}\n{text.text}\n".encode())
        if text.sentence_targets is not None:
            digest.update(text.sentence_targets.astype(np.uint8).tobytes())
    return digest.hexdigest()


def _read_one(folder: Path, text_id: str, columns: dict[str, int]) -> LabelledText:
    raw = (folder / "text" / f"{text_id}.txt").read_text(encoding="utf-8")
    sentences = [line.strip() for line in raw.split("\n") if line.strip()]
    segments = (folder / "labels" / f"{text_id}.txt").read_text(encoding="utf-8").split("<")[1:]
    if not sentences:
        raise TrainingError(f"Text {text_id} is empty.", "Take it off the list, or complete it.")
    if len(segments) != len(sentences):
        raise TrainingError(
            f"Text {text_id} has {len(sentences)} sentences and {len(segments)} label entries.",
            "Give every sentence one entry, in order; an empty one means no label.",
        )
    targets = np.zeros((len(sentences), len(columns)), np.float32)
    for row, segment in enumerate(segments):
        for column in _columns_of(segment, columns):
            targets[row, column] = 1.0
    return LabelledText(
        text_id,
        tuple(detokenise(sentence) for sentence in sentences),
        tuple(repair_characters(sentence) for sentence in sentences),
        targets,
    )


def _columns_of(segment: str, columns: dict[str, int]) -> set[int]:
    found: set[int] = set()
    for path in re.split(r"\bAND(?=[\sA-Z])", segment.strip()):
        name = path.split("--")[0].strip()
        if not name or name == "NULL":
            continue
        if name not in columns:
            raise TrainingError(
                f"The corpus holds a label that is not in the label set: {name}.",
                "Correct the label file, or add the label to the label set.",
            )
        found.add(columns[name])
    return found
