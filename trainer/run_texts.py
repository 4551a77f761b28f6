"""The texts of one run: to train on, to judge on, and without labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kdh_desktop.core.labels import HALLMARKS_OF_CANCER, LabelSet
from trainer.corpus import LabelledText, read_hoc, read_unlabelled

TRANSFER_MIN_WORDS = 60


@dataclass(frozen=True, slots=True)
class RunTexts:
    """What a run read.

    Attributes:
        labels: In the order of the columns.
        train: Labelled texts to learn from.
        judged: Labelled texts that nothing is trained or chosen on.
        unlabelled: The transfer set.
    """

    labels: LabelSet
    train: list[LabelledText]
    judged: list[LabelledText]
    unlabelled: list[LabelledText]


def read_run_texts(corpus: Path, transfer: Path | None, *, transfer_texts: int) -> RunTexts:
    """Read the texts of a run.

    Args:
        corpus: HoC folder with ``train.txt`` and ``dev.txt``.
        transfer: JSON lines of unlabelled texts, or None.
        transfer_texts: How many of these to take.

    Raises:
        TrainingError: Texts or labels cannot be read.
    """
    labels = HALLMARKS_OF_CANCER
    unlabelled: list[LabelledText] = []
    if transfer is not None:
        unlabelled = read_unlabelled(transfer, limit=transfer_texts, min_words=TRANSFER_MIN_WORDS)
    return RunTexts(
        labels,
        read_hoc(corpus, ids_file="train.txt", labels=labels),
        read_hoc(corpus, ids_file="dev.txt", labels=labels),
        unlabelled,
    )
