"""A whole run with networks that need no base encoder: a HAN teaches a TextCNN."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.model_bundle import open_bundle
from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.training_config import NetworkConfig, NetworkKind, RunConfig
from tests.trainer.conftest import learning
from trainer.process.control import RunControl
from trainer.run import run_training
from trainer.running.steps import RunFiles


@pytest.mark.stress
def test_a_han_teaches_a_text_cnn_without_any_base_encoder(
    tiny_config: RunConfig, tiny_corpus: Path, tiny_transfer: Path, tmp_path: Path
) -> None:
    how = tiny_config.distillation
    config = replace(
        tiny_config,
        teacher=replace(
            tiny_config.teacher,
            network=NetworkConfig(NetworkKind.HAN, embedding_size=16, hidden_size=8),
            schedule=replace(learning(epochs=3), batch_size=8),
        ),
        distillation=replace(
            how,
            network=NetworkConfig(NetworkKind.TEXT_CNN, embedding_size=16, hidden_size=16),
            transfer=replace(how.transfer, epochs=1),
            distil=replace(how.distil, epochs=4, batch_size=8),
            fine_tune=replace(how.fine_tune, epochs=1, batch_size=8),
        ),
    )
    key = Ed25519PrivateKey.generate()
    files = RunFiles(
        corpus=(HocSource(str(tiny_corpus)),),
        judged=(HocSource(str(tiny_corpus), "dev.txt"),),
        transfer=tiny_transfer,
        encoder=tmp_path / "none",
        work=tmp_path / "work",
        out=tmp_path / "bundle",
    )
    run_training(config, files, key=key, emit=lambda _: None, control=RunControl())

    bundle = open_bundle(files.out, trusted_keys=[key.public_key()])
    assert bundle.manifest.domain is None
    (scores,) = OnnxClassifier(bundle, threads=1).score(["Telomerase kept the cells immortal."])
    assert scores.decision_logits.shape == (10,)
    assert len(bundle.model) < 1_000_000
