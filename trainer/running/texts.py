"""The texts of one run: to train on, to judge on, and without labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.corpus_source import CorpusSource
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import LabelSet
from kdh_desktop.core.training_config import RunConfig
from trainer.corpus import (
    LabelledText,
    apart_from,
    read_corpora,
    read_unlabelled,
    target_matrix,
)
from trainer.corpus.check import CheckPlan, check_corpus
from trainer.corpus.duplicates import groups_of
from trainer.splits import stratified_folds, stratified_split

TRANSFER_MIN_WORDS = 60


@dataclass(frozen=True, slots=True)
class RunTexts:
    """What a run read.

    Attributes:
        labels: In the order of the columns.
        train: Labelled texts to learn from.
        judged: Labelled texts that nothing is trained or chosen on; there may be none.
        unlabelled: The transfer set, without those judged on.
    """

    labels: LabelSet
    train: list[LabelledText]
    judged: list[LabelledText]
    unlabelled: list[LabelledText]


def read_run_texts(
    config: RunConfig,
    *,
    corpus: Sequence[CorpusSource],
    judged: Sequence[CorpusSource],
    transfer: Path | None,
) -> RunTexts:
    """Check and read the texts of a run.

    Args:
        config: The run's; where no texts are named to be judged on, its share is kept back.
        corpus: To train on.
        judged: To judge on.
        transfer: JSON lines of unlabelled texts, or None.

    Raises:
        TrainingError: The texts cannot be read, or cannot be trained on; or too few of them, or of
            their groups, are left for the folds.
        InputError: A file cannot be read.
    """
    report = check_corpus(corpus, CheckPlan(folds=config.teacher.folds), test_sources=judged)
    if report.blocking:
        raise TrainingError(report.blocking[0].message, report.blocking[0].remedy)
    train, labels = read_corpora(corpus)
    kept_back = read_corpora(judged, labels)[0] if judged else []
    if not judged and config.judged_share:
        train, kept_back = _parted(train, share=config.judged_share, seed=config.seed)
    # Divided here to be told before anything is trained: what the check saw was not parted yet.
    folds_of(train, folds=config.teacher.folds, seed=config.seed)
    unlabelled: list[LabelledText] = []
    if transfer is not None:
        found = read_unlabelled(
            transfer, limit=config.distillation.transfer_texts, min_words=TRANSFER_MIN_WORDS
        )
        unlabelled = apart_from(kept_back, found)
    return RunTexts(labels, train, kept_back, unlabelled)


def folds_of(texts: Sequence[LabelledText], *, folds: int, seed: int) -> NDArray[np.int64]:
    """Fold of each text: labels spread evenly, no group and no copies of a text in two folds.

    Raises:
        TrainingError: A fold would be empty.
    """
    if texts:
        fold_of = stratified_folds(
            target_matrix(texts), folds=folds, seed=seed, groups=groups_of(texts)
        )
        if len(np.unique(fold_of)) == folds:
            return fold_of
    raise TrainingError(
        f"The texts to train on do not fill {folds} folds: copies of a text, and texts of a group, "
        "stay together.",
        "Add texts, ask for fewer folds, or keep fewer texts back.",
    )


def _parted(
    texts: list[LabelledText], *, share: float, seed: int
) -> tuple[list[LabelledText], list[LabelledText]]:
    part_of = stratified_split(
        target_matrix(texts), shares=(1 - share, share), seed=seed, groups=groups_of(texts)
    )
    parts = [
        [text for text, its in zip(texts, part_of, strict=True) if its == part] for part in (0, 1)
    ]
    return parts[0], parts[1]
