"""What a tiny training is asked to do, from texts to a candidate in a few seconds."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kdh_desktop.core.access import Administrator
from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.runs.training_runs import RunRequest
from kdh_desktop.core.training_config import (
    Augmentation,
    DistillationConfig,
    RunConfig,
    Schedule,
    TeacherConfig,
)
from tests.data.tiny_corpus import write_tiny_corpus, write_tiny_encoder


def tiny_recipe(*, name: str = "tiny", epochs: int = 20) -> RunConfig:
    """A recipe whose student learns the tiny corpus by heart; a teacher knows next to nothing."""

    def learning(epochs: int, peak_rate: float) -> Schedule:
        return Schedule(epochs, peak_rate, batch_size=2, layer_decay=1.0, warmup=0.3)

    return RunConfig(
        name=name,
        seed=3,
        max_tokens=128,
        sentence_loss=3.0,
        sentence_weight=0.5,
        augmentation=Augmentation(),
        teacher=TeacherConfig(folds=2, schedule=learning(1, 2e-3)),
        distillation=DistillationConfig(
            temperature=2.0,
            alpha=0.3,
            transfer_texts=0,
            transfer=learning(0, 1e-3),
            distil=learning(epochs, 3e-3),
            fine_tune=learning(3, 1e-3),
            calibration_folds=1,
        ),
    )


def tiny_request(folder: Path, *, epochs: int = 20) -> RunRequest:
    """A request with a corpus and an encoder of its own, written below `folder` once."""
    corpus, encoder = folder / "corpus", folder / "encoder"
    if not corpus.exists():
        write_tiny_corpus(corpus)
    if not encoder.exists():
        write_tiny_encoder(encoder)
    return RunRequest(
        tiny_recipe(epochs=epochs),
        corpus=(HocSource(str(corpus), "train.txt"),),
        judged=(HocSource(str(corpus), "dev.txt"),),
        encoder=str(encoder),
        device="cpu",
    )


def open_door() -> Administrator:
    """An administrator who has come in."""
    return Administrator(Ed25519PrivateKey.generate())
