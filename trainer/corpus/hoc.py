"""Read the Hallmarks of Cancer corpus in its original layout.

Source of the layout: Baker et al. 2016, Automatic semantic classification of scientific
literature according to the hallmarks of cancer.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import LabelSet
from trainer.corpus.labelled_text import LabelledText
from trainer.detokenise import detokenise, repair_characters


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
        targets.max(axis=0),
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
