"""What a run will take, in time and in room on the disk, before it starts."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.training_config import NetworkConfig
from kdh_desktop.core.training_protocol import RunEstimated
from trainer.learning.batching import Batches
from trainer.learning.forward import forward
from trainer.running.planned_stages import StageWork
from trainer.running.progress import StageCost

MEASURED_TEXTS = 8
_MEASURED_STEPS = 2

# Shares and sums measured on a processor with two cores; the run's own pace corrects them.
_SCORING_SHARE = 0.35
"""Time to score a token over the time to learn from it."""

_WEIGHTS_IN_CHECKPOINT = 3
"""The weights, and AdamW's two moments."""
_CHECKPOINTS = 3
"""The newest, the one before, and one being written."""
_WEIGHTS_IN_EXPORT = 4
"""Two float32 graphs, the int8 one, and the bundle that is checked."""
_SPARE_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class NetworkCost:
    """What one kind of network takes on this machine.

    Attributes:
        second_per_token: Seconds to learn from one token, once.
        weight_bytes: Room of its weights.
    """

    second_per_token: float
    weight_bytes: int


def measure_network(network: nn.Module, batches: Batches) -> NetworkCost:
    """Let an untrained network go through a few steps and take the time; it learns nothing."""
    device = next(network.parameters()).device
    network.train()
    _, batch = next(batches.by_length())
    seconds = 0.0
    for _ in range(_MEASURED_STEPS):
        begun = time.perf_counter()
        logits, sentence_logits = forward(network, batch, device)
        loss = logits.square().mean() + sentence_logits.square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        loss.item()
        seconds = time.perf_counter() - begun
    network.zero_grad(set_to_none=True)
    weights = sum(x.numel() * x.element_size() for x in network.state_dict().values())
    return NetworkCost(seconds / int(batch.attention_mask.sum()), weights)


def stage_costs(
    stages: Sequence[StageWork], costs: Mapping[NetworkConfig, NetworkCost]
) -> list[StageCost]:
    """Expected seconds of each stage."""
    found: list[StageCost] = []
    for stage in stages:
        per_token = 0.0 if stage.network is None else costs[stage.network].second_per_token
        learnt = stage.trained_tokens + stage.validated_tokens * _SCORING_SHARE
        found.append(
            StageCost(
                stage.name,
                learnt * per_token,
                stage.scored_tokens * per_token * _SCORING_SHARE + stage.other_s,
                epochs=1 if stage.schedule is None else max(1, stage.schedule.epochs),
                scored_texts=stage.scored_texts,
            )
        )
    return found


def estimate_rest(
    stages: Sequence[StageWork],
    costs: Mapping[NetworkConfig, NetworkCost],
    *,
    work: Path,
    jobs: int,
    is_keeping_best: bool = False,
) -> RunEstimated:
    """What the stages that are not finished yet in the work folder will take.

    Args:
        stages: All stages of the run.
        costs: What their networks take.
        work: The run's folder.
        jobs: Networks trained side by side.
        is_keeping_best: Whether stages that begin last one epoch at most.

    Raises:
        TrainingError: The disk has not enough room.
    """
    rest = [stage for stage in stages if not (work / f"{stage.name}.finished").exists()]
    needed = needed_bytes(stages, costs, left=rest, jobs=jobs)
    free = free_bytes(work)
    if free < needed:
        raise TrainingError(
            f"The disk has {_gigabytes(free)} free, and this training needs {_gigabytes(needed)}.",
            "Free some space on the disk that the training works on, and start it again.",
        )
    left = stage_costs(rest, costs)
    seconds = sum((cost.shortened if is_keeping_best else cost).seconds for cost in left)
    return RunEstimated(round(seconds, 1), needed, free)


def needed_bytes(
    stages: Sequence[StageWork],
    costs: Mapping[NetworkConfig, NetworkCost],
    *,
    left: Sequence[StageWork],
    jobs: int,
) -> int:
    """Room on the disk that a run still needs.

    Args:
        stages: All stages of the run.
        costs: What their networks take.
        left: Those that are not finished.
        jobs: Networks trained side by side.
    """
    trained = [costs[stage.network].weight_bytes for stage in left if stage.network is not None]
    scores = sum(stage.score_bytes for stage in left)
    largest = max((costs[x.network].weight_bytes for x in stages if x.network), default=0)
    room = _CHECKPOINTS * max(map(_checkpoint_weights, left), default=0) + _WEIGHTS_IN_EXPORT
    return sum(trained) + scores + largest * room * jobs + _SPARE_BYTES


def _checkpoint_weights(stage: StageWork) -> int:
    """How many times its weights a stage's checkpoint holds."""
    if stage.schedule is None:
        return 0
    has_average = stage.schedule.weight_average > 0
    return _WEIGHTS_IN_CHECKPOINT + has_average + (stage.schedule.validation_share > 0)


def free_bytes(folder: Path) -> int:
    """Room on the disk that a folder lies on, or will lie on."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
