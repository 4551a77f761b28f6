"""The texts of a study, and where its files lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.corpus_source import (
    CorpusSource,
    HocSource,
    JsonLinesSource,
)
from kdh_desktop.core.errors import InputError, TrainingError
from trainer.corpus import LabelledText, apart_from, read_corpora, read_unlabelled, target_matrix
from trainer.corpus.duplicates import content_keys
from trainer.corpus.guess import source_of as guess_source
from trainer.study.config import StudyConfig, Texts
from trainer.study.judging import Judged
from trainer.study.partition import Partition

TRANSFER_MIN_WORDS = 60

_HOC_LISTS = ("train.txt", "dev.txt")


@dataclass(frozen=True, slots=True)
class StudyFiles:
    """Where a study reads and writes.

    Attributes:
        corpora: The labelled texts, one source after the other.
        transfer: JSON lines of unlabelled texts, or None.
        encoder: Folder of the base encoder, or None where no network needs one.
        work: Folder of the cells; named again, the study goes on.
    """

    corpora: tuple[CorpusSource, ...]
    transfer: Path | None
    encoder: Path | None
    work: Path


@dataclass(frozen=True)
class StudyTexts:
    """The texts, and how they are divided.

    Attributes:
        labelled: Texts to learn from and to judge on.
        unlabelled: Texts that teachers label for students; none of them is labelled, too.
        labels: Names of the labels, in column order.
        partition: Folds and samples.
    """

    labelled: Sequence[LabelledText]
    unlabelled: Sequence[LabelledText]
    labels: tuple[str, ...]
    partition: Partition

    @cached_property
    def targets(self) -> NDArray[np.float32]:
        """Labels, float32 (texts, labels)."""
        return self.partition.targets

    @property
    def judged(self) -> Judged:
        """What judging needs of them."""
        divided = self.partition
        return Judged(
            divided.targets, divided.fold_of, divided.in_sample, divided.group_of, self.labels
        )


def read_study_texts(config: StudyConfig, files: StudyFiles) -> StudyTexts:
    """Read all texts of a study, without the labels that it leaves out.

    Raises:
        InputError: A file cannot be read.
        TrainingError: A text cannot be used, there are too few labels, or too few texts, or groups
            of them, for the folds.
    """
    labelled, labels = read_corpora(files.corpora)
    kept = np.flatnonzero(target_matrix(labelled).sum(axis=0) >= config.texts.min_positives)
    if len(kept) == 0:
        raise TrainingError(
            f"No label has {config.texts.min_positives} texts.",
            "Choose another corpus, or lower min_positives in the study's configuration.",
        )
    texts = [_with_columns(text, kept) for text in labelled]
    partition = Partition(config, target_matrix(texts), _groups(texts))
    partition.check()
    names = tuple(labels.names[column] for column in kept)
    unlabelled = apart_from(texts, _read_transfer(config, files))
    return StudyTexts(texts, unlabelled, names, partition)


def source_of(place: Path, texts: Texts) -> tuple[CorpusSource, ...]:
    """The corpus at a place: a folder stands for both of HoC's lists, else as for a run.

    Raises:
        InputError: There is nothing, or it cannot be read.
        TrainingError: It does not say what it holds.
    """
    if place.is_dir():
        lists = [name for name in _HOC_LISTS if (place / name).is_file()]
        return tuple(HocSource(str(place), name) for name in lists or _HOC_LISTS[:1])
    if not place.is_file():
        raise InputError(
            "There is no corpus where the study was told to look.",
            "Name a folder in the layout of HoC, a file of texts, or the description of a source.",
        )
    if place.suffix == ".jsonl":
        return (
            JsonLinesSource(
                str(place), labels_field=texts.labels_field, group_field=texts.group_field
            ),
        )
    return (guess_source(place),)


def _read_transfer(config: StudyConfig, files: StudyFiles) -> list[LabelledText]:
    if files.transfer is None:
        if config.needs_transfer:
            raise TrainingError(
                "A system of the study learns from unlabelled texts, and none were named.",
                "Name a file of them with --transfer.",
            )
        return []
    return read_unlabelled(
        files.transfer, limit=config.texts.transfer_texts, min_words=TRANSFER_MIN_WORDS
    )


def _with_columns(text: LabelledText, kept: NDArray[np.intp]) -> LabelledText:
    if text.targets is None:
        raise ValueError("a study needs labelled texts")
    sentences = text.sentence_targets
    return replace(
        text,
        targets=text.targets[kept],
        sentence_targets=None if sentences is None else sentences[:, kept],
    )


def _groups(texts: Sequence[LabelledText]) -> NDArray[np.int64] | None:
    """Number of what must not be divided: a text's group, else the text with all its copies.

    None where every text stands for itself. Copies do not join groups that are named, unlike in a
    run: the folds of studies that were published would be others.
    """
    keys = content_keys([text.text for text in texts])
    pairs = list(zip(texts, keys, strict=True))
    names = {key: f"group {text.group}" for text, key in pairs if text.group is not None}
    own = [
        names.setdefault(key, f"text {row}") if text.group is None else f"group {text.group}"
        for row, (text, key) in enumerate(pairs)
    ]
    if len(set(own)) == len(texts) and all(text.group is None for text in texts):
        return None
    return np.unique(np.array(own), return_inverse=True)[1].astype(np.int64)
