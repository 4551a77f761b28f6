from __future__ import annotations

from pathlib import Path

import pytest

from kdh_desktop.core.training_protocol import (
    Augmentation,
    DistillationConfig,
    RunConfig,
    Schedule,
    TeacherConfig,
)
from tests.data.tiny_corpus import write_tiny_corpus, write_tiny_encoder, write_tiny_transfer


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_corpus(tmp_path_factory.mktemp("corpus") / "hoc")


@pytest.fixture(scope="session")
def tiny_transfer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_transfer(tmp_path_factory.mktemp("transfer") / "passages.jsonl")


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny")


@pytest.fixture
def tiny_config() -> RunConfig:
    return RunConfig(
        name="tiny",
        seed=3,
        max_tokens=128,
        sentence_loss=3.0,
        sentence_weight=0.5,
        dropout=0.1,
        augmentation=Augmentation(sentence_dropout=0.1, tokenised_share=0.1),
        teacher=TeacherConfig(
            folds=2, schedule=Schedule(epochs=14, peak_rate=4e-3, head_factor=1.0)
        ),
        distillation=DistillationConfig(
            temperature=2.0,
            alpha=0.7,
            transfer_texts=10,
            transfer=Schedule(epochs=2, peak_rate=4e-3, head_factor=1.0),
            distil=Schedule(epochs=10, peak_rate=4e-3, head_factor=1.0),
            fine_tune=Schedule(epochs=3, peak_rate=1e-3, head_factor=1.0),
            calibration_folds=2,
        ),
    )
