from __future__ import annotations

from dataclasses import replace

import pytest

from kdh_desktop.core.training_config import NetworkConfig, NetworkKind, RunConfig
from tests.trainer.conftest import learning


@pytest.fixture
def small_config(tiny_config: RunConfig) -> RunConfig:
    """Networks without a base encoder, each of which is trained within a second."""
    network = NetworkConfig(NetworkKind.TEXT_CNN, embedding_size=16, hidden_size=16)
    schedule = replace(learning(epochs=4), batch_size=8)
    how = tiny_config.distillation
    return replace(
        tiny_config,
        teacher=replace(tiny_config.teacher, network=network, schedule=schedule),
        distillation=replace(
            how, network=network, distil=schedule, fine_tune=replace(schedule, epochs=0)
        ),
    )
