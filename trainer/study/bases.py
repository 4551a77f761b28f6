"""What the networks of a study are built on: the base encoder, or a vocabulary for each fold.

A vocabulary is made from the texts outside the fold alone, and from unlabelled ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kdh_desktop.core.training_config import NetworkConfig, NetworkKind
from trainer.networks.base import NetworkBase
from trainer.process.control import RunControl
from trainer.process.side_by_side import Planned, work_off
from trainer.study.config import StudyConfig
from trainer.study.system_kinds import Sample
from trainer.study.texts import StudyFiles, StudyTexts, read_study_texts

VOCABULARIES = "vocabularies"
"""Folder in a study's work folder."""

Outside = tuple[Sample, int]
"""A sample and the fold whose texts are left out."""


class Bases:
    """The bases of one study."""

    def __init__(self, config: StudyConfig, files: StudyFiles, texts: StudyTexts) -> None:
        """Take what they are made from; nothing is made yet."""
        self._config = config
        self._files = files
        self._texts = texts

    def of(self, network: NetworkConfig, outside: Outside) -> NetworkBase:
        """The base of a kind of network; a vocabulary is made where there is none yet.

        Raises:
            TrainingError: The base encoder cannot be used.
        """
        sample, fold = outside
        partition = self._texts.partition
        rows = np.flatnonzero(partition.in_sample[sample] & (partition.fold_of != fold))
        size = "all" if sample is None else str(sample)
        return NetworkBase.of(
            network,
            base_encoder=self._files.encoder or Path(),
            vocabulary=self._files.work / VOCABULARIES / f"{size}-fold{fold}",
            labelled=[self._texts.labelled[row] for row in rows.tolist()],
            unlabelled=self._texts.unlabelled,
            max_tokens=self._config.texts.max_tokens,
            seed=0,
        )

    def make(self, outside: Outside) -> None:
        """Make all vocabularies that leave out a fold."""
        for network in _without_encoder(self._config):
            self.of(network, outside)


@dataclass(frozen=True, slots=True)
class _OpenBases:
    config: StudyConfig
    files: StudyFiles

    def __call__(self, _control: RunControl) -> Callable[[Outside], None]:
        texts = read_study_texts(self.config, self.files)
        return Bases(self.config, self.files, texts).make


def make_vocabularies(
    config: StudyConfig,
    files: StudyFiles,
    *,
    jobs: int,
    control: RunControl,
    say: Callable[[str], None],
) -> None:
    """Make all vocabularies before any cell needs one: cells side by side share them.

    Raises:
        Cancelled: The user stopped it.
        TrainingError: One cannot be made.
    """
    if not _without_encoder(config):
        return
    tasks = [(sample, fold) for sample in config.samples for fold in range(config.folds)]
    say(f"word pieces and embeddings, {len(tasks)} times")
    work_off(
        [Planned(task) for task in tasks],
        _OpenBases(config, files),
        jobs=jobs,
        control=control,
        on_done=lambda _task: None,
    )


def _without_encoder(config: StudyConfig) -> list[NetworkConfig]:
    """Networks that need a vocabulary, one for each width of embeddings."""
    networks = [one for pair in config.networks for one in (pair.teacher, pair.student)]
    by_size = {
        one.embedding_size: one for one in networks if one.kind is not NetworkKind.TRANSFORMER
    }
    return list(by_size.values())
