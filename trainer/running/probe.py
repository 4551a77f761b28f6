"""What a run would take on this machine, from a trial of a few steps on some of its texts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import TypeVar

import torch

from kdh_desktop.core.labels import LabelSet
from kdh_desktop.core.runs.machine_report import ExpectedCost
from kdh_desktop.core.runs.run_folder import RunRequest
from kdh_desktop.core.training_config import NetworkConfig, RunConfig
from trainer.corpus import LabelledText, read_corpora, read_unlabelled
from trainer.learning.learner import Learner
from trainer.learning.stages import StageRunner
from trainer.networks.base import NetworkBase
from trainer.process.control import RunControl
from trainer.running.estimate import NetworkCost, needed_bytes, stage_costs
from trainer.running.planned_search import planned_search
from trainer.running.planned_stages import CorpusSize, planned_stages, smallest_batch
from trainer.running.texts import TRANSFER_MIN_WORDS
from trainer.teacher import Corpus

SAMPLE = 200
"""Texts of each kind that are looked at; the others are taken to be like them."""

_T = TypeVar("_T")


def expected_cost(
    request: RunRequest, *, encoder: Path, work: Path, device: torch.device
) -> ExpectedCost:
    """Try a few steps of a run's networks on some of its texts.

    Args:
        request: What would be asked.
        encoder: Folder of the base encoder.
        work: Folder for what is made on the way.
        device: Where to compute.

    Raises:
        TrainingError: The texts or the base encoder cannot be used.
        InputError: A file cannot be read.
    """
    config = request.config
    texts, labels, unlabelled = _read(request)
    trial = _Trial(config, labels, _some(texts), _some(unlabelled), encoder, work, device)
    costs = {network: trial.cost(network) for network in config.networks}
    size = trial.size(len(texts), len(unlabelled))
    search = planned_search(config, size, labels=len(labels))
    stages = [*search, *planned_stages(config, size, labels=len(labels))]
    tuning_s = sum(cost.seconds for cost in stage_costs(search, costs))
    return ExpectedCost(
        device=device.type,
        seconds=round(sum(cost.seconds for cost in stage_costs(stages, costs)), 1),
        tuning_seconds=round(tuning_s, 1),
        disk_bytes=needed_bytes(stages, costs, left=stages, jobs=1),
        labelled_texts=len(texts),
        unlabelled_texts=len(unlabelled),
    )


def _read(request: RunRequest) -> tuple[list[LabelledText], LabelSet, list[LabelledText]]:
    """As many texts as the run would learn from; which of them are kept back does not matter."""
    config = request.config
    texts, labels = read_corpora(request.corpus)
    if not request.judged and config.judged_share:
        texts = texts[: max(1, round(len(texts) * (1 - config.judged_share)))]
    unlabelled: list[LabelledText] = []
    if request.transfer is not None:
        unlabelled = read_unlabelled(
            Path(request.transfer),
            limit=config.distillation.transfer_texts,
            min_words=TRANSFER_MIN_WORDS,
        )
    return texts, labels, unlabelled


def _some(texts: Sequence[_T]) -> list[_T]:
    """At most `SAMPLE` of the texts, evenly spread."""
    step = max(1, -(-len(texts) // SAMPLE))
    return list(texts[::step])


class _Trial:
    """Some texts of a run, and networks that learn nothing from them."""

    def __init__(
        self,
        config: RunConfig,
        labels: LabelSet,
        labelled: list[LabelledText],
        unlabelled: list[LabelledText],
        encoder: Path,
        work: Path,
        device: torch.device,
    ) -> None:
        self._config = config
        self._labels = labels
        self._labelled = labelled
        self._unlabelled = unlabelled
        self._encoder = encoder
        self._device = device
        self._runner = StageRunner(work, stages=1, emit=lambda _: None, control=RunControl())
        self._corpora: dict[NetworkConfig, Corpus] = {}

    def cost(self, network: NetworkConfig) -> NetworkCost:
        """What one kind of network takes."""
        base = self._base(network)
        self._corpora[network] = Corpus.encoded(self._labelled, self._unlabelled, base.encoder)
        learner = Learner(
            network,
            base,
            labels=len(self._labels),
            max_tokens=self._config.max_tokens,
            sentence_weight=self._config.sentence_weight,
            runner=self._runner,
            device=self._device,
        )
        examples = self._corpora[network].labelled_examples
        return learner.cost(examples, batch_size=smallest_batch(self._config, network))

    def size(self, labelled: int, unlabelled: int) -> CorpusSize:
        """Size of all texts, of which those that were encoded stand for the others."""
        corpus = self._corpora[self._config.distillation.network]
        some = CorpusSize.of(
            corpus.labelled_examples,
            corpus.unlabelled_examples,
            max_tokens=self._config.max_tokens,
        )
        sentences = some.unlabelled_sentences * unlabelled // max(1, len(some.unlabelled))
        return CorpusSize(
            list(islice(cycle(some.labelled), labelled)),
            list(islice(cycle(some.unlabelled), unlabelled)),
            sentences,
        )

    def _base(self, network: NetworkConfig) -> NetworkBase:
        return NetworkBase.of(
            network,
            base_encoder=self._encoder,
            vocabulary=self._runner.work / "vocabulary",
            labelled=self._labelled,
            unlabelled=(),
            max_tokens=self._config.max_tokens,
            seed=self._config.seed,
        )
