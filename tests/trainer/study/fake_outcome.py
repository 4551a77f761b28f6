"""The fake study's cells, judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.trainer.study.fake_study import LABELS, TEXTS, fake_folds, fake_result, fake_truth
from trainer.study.cells import CellStore, plan_cells
from trainer.study.config import StudyConfig
from trainer.study.judging import Judged, judge_study
from trainer.study.outcome import About, Outcome


def fake_judged() -> Judged:
    everything = np.ones(TEXTS, bool)
    return Judged(
        fake_truth(),
        fake_folds(),
        {None: everything, 60: np.arange(TEXTS) < 60},
        np.arange(TEXTS),
        tuple(f"Label {number}" for number in range(LABELS)),
    )


def fill(store: CellStore, config: StudyConfig) -> None:
    """Work off all cells at once."""
    for one in plan_cells(config, texts=TEXTS, labels=LABELS):
        store.save(one.cell, fake_result(one.cell))


def fake_about() -> About:
    return About(
        corpus_sha256="c0ffee" * 10,
        texts=TEXTS,
        groups=None,
        samples={"60": 60, "all": TEXTS},
        encoder_sha256=None,
        transfer_texts=0,
        transfer_sha256=None,
        devices=("cpu",),
        machine="a machine of two cores",
        jobs=2,
        libraries={"numpy": "2"},
        utc="2026-11-20T16:00:00+00:00",
        seconds=1234.0,
    )


def fake_outcome(folder: Path, config: StudyConfig) -> Outcome:
    store = CellStore(folder)
    fill(store, config)
    judged = fake_judged()
    systems, pairs = judge_study(config, store, judged)
    return Outcome(config, fake_about(), judged.label_counts, systems, pairs)
