"""What exported networks said is kept, so that a kill near the end of a run costs little."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.model_bundle import ModelBundle, open_bundle
from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.training_config import RunConfig
from kdh_desktop.core.training_protocol import Event, ReliabilityMeasured, ScoredOn, StageScored
from trainer.corpus import LabelledText
from trainer.process.control import RunControl
from trainer.run import run_training
from trainer.running.kept_scores import keep_scores, kept_scores
from trainer.running.steps import RunFiles


class Killed(Exception):
    """The run ends here."""


def test_scores_come_back_as_they_were(
    tiny_bundle: ModelBundle, tiny_texts: list[LabelledText], tmp_path: Path
) -> None:
    classifier, texts = OnnxClassifier(tiny_bundle, threads=1), tiny_texts[:5]
    keep_scores(tmp_path / "scores.npz", classifier, texts)
    found = kept_scores(tmp_path / "scores.npz")
    for one, other in zip(found, classifier.score([text.text for text in texts]), strict=True):
        for name in ("abstract_logits", "sentence_logits", "decision_logits"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
            assert getattr(one, name).dtype == np.float32
        assert one.sentence_spans == other.sentence_spans
        assert (one.tokens, one.windows) == (other.tokens, other.windows)


@pytest.mark.slow
def test_a_run_that_is_killed_near_its_end_scores_no_text_again(
    small_config: RunConfig, tiny_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Ed25519PrivateKey.generate()
    files = RunFiles(
        corpus=(HocSource(str(tiny_corpus)),),
        judged=(HocSource(str(tiny_corpus), "dev.txt"),),
        transfer=None,
        encoder=tmp_path / "none",
        work=tmp_path / "work",
        out=tmp_path / "bundle",
    )
    asked: list[str] = []

    def note(path: Path, classifier: OnnxClassifier, texts: list[LabelledText]) -> None:
        asked.append(path.stem)
        keep_scores(path, classifier, texts)

    monkeypatch.setattr("trainer.running.steps.keep_scores", note)

    def run(emit: Callable[[Event], None]) -> None:
        run_training(
            small_config,
            files,
            key=key,
            emit=emit,
            control=RunControl(),
            device=torch.device("cpu"),
        )

    told: list[Event] = []

    def die_once_judged(event: Event) -> None:
        told.append(event)
        if isinstance(event, ReliabilityMeasured) and event.scored_on is ScoredOn.JUDGED_TEXTS:
            raise Killed

    with pytest.raises(Killed):
        run(die_once_judged)
    assert not files.out.exists()
    assert asked == [
        *(f"calibration-{fold}-{form}" for fold in (0, 1) for form in ("int8", "float32")),
        "judged",
    ]
    asked.clear()
    again: list[Event] = []
    run(again.append)
    assert asked == []
    before, after = (
        [event for event in events if isinstance(event, StageScored | ReliabilityMeasured)]
        for events in (told, again)
    )
    assert before == after
    open_bundle(files.out, trusted_keys=[key.public_key()])
