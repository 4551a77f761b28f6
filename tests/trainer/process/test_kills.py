"""However often and wherever a training is killed, it comes to the same weights, to the bit."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from kdh_desktop.core.classification.model_bundle import open_bundle
from kdh_desktop.core.classification.signing import create_signing_key, load_signing_key
from kdh_desktop.core.training_config import Augmentation, RunConfig, Schedule, config_to_json
from kdh_desktop.core.training_protocol import RunStarted, from_line
from tests.trainer.conftest import ROOT, TrainerProcess, trainer_environment
from trainer.corpus import LabelledText
from trainer.learning.batching import Batches, Encoder
from trainer.learning.checkpoint import load_state
from trainer.learning.network_scores import NetworkScores
from trainer.learning.objectives import hard_objective
from trainer.learning.stages import StagePlan, StageRunner
from trainer.networks.transformer import TransformerNetwork
from trainer.process import allocator
from trainer.process.control import RunControl

NewNetwork = Callable[[], TransformerNetwork]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is neither fork nor kill -9")

PLAN = StagePlan(
    hard_objective(sentence_loss=1.0),
    Schedule(2, 1e-3, batch_size=4, weight_average=0.9, r_drop=0.5, validation_share=0.2),
    Augmentation(sentence_dropout=0.2),
    seed=1,
    validate=lambda network: float(next(network.parameters()).detach().abs().sum()),
)


class TwoStages:
    """A training of two stages that keep scores, in processes that may be killed."""

    def __init__(self, new_network: NewNetwork, batches: Batches) -> None:
        self._new_network = new_network
        self._batches = batches

    def run(self, work: Path) -> None:
        runner = StageRunner(
            work, stages=2, emit=lambda _: None, control=RunControl(), checkpoint_every_s=0.0
        )
        for name in ("one", "two"):
            network = self._new_network()
            runner.train(name, network, self._batches, PLAN)
            runner.keep_scores(f"{name}-scores", network, self._batches)

    def fork(self, work: Path, *, kill_at_operation: int | None = None) -> int:
        """Run in a process of its own, from which the id is given."""
        child = os.fork()
        if child:
            return child
        try:
            if kill_at_operation is not None:
                kill_oneself_at(kill_at_operation)
            self.run(work)
            os._exit(0)
        finally:
            os._exit(1)


def kill_oneself_at(operation: int) -> None:
    """Die at the n-th time that this process flushes a file, renames or deletes one."""
    left = operation

    def dying(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)

        return call

    for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink")):
        setattr(owner, name, dying(getattr(owner, name)))


def was_killed(child: int) -> bool:
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


@pytest.fixture
def stages(new_network: NewNetwork, encoder: Encoder, tiny_texts: list[LabelledText]) -> TwoStages:
    examples = encoder.examples(tiny_texts[:12])
    batches = Batches(examples, piece_ids=encoder.piece_ids, max_tokens=128, batch_size=4)
    return TwoStages(new_network, batches)


def check_same(work: Path, unbroken: Path) -> None:
    names = ["one-scores.npz", "one.finished", "two-scores.npz", "two.finished"]
    assert sorted(path.name for path in work.iterdir() if path.suffix != ".part") == names
    for name in ("one", "two"):
        found, expected = (load_state(x / f"{name}.finished") for x in (work, unbroken))
        assert found is not None
        assert expected is not None
        assert all(torch.equal(value, expected[key]) for key, value in found.items())
        scores, others = (NetworkScores.load(x / f"{name}-scores.npz") for x in (work, unbroken))
        np.testing.assert_array_equal(scores.sentence_logits, others.sentence_logits)


@pytest.mark.slow
def test_three_kills_at_random_moments_change_nothing(stages: TwoStages, tmp_path: Path) -> None:
    draw = random.Random(20261120)
    begun = time.monotonic()
    assert not was_killed(stages.fork(tmp_path / "unbroken"))
    whole_s = time.monotonic() - begun
    kills = 0
    while kills < 3:
        child = stages.fork(tmp_path / "killed")
        time.sleep(draw.uniform(0.02, 0.25) * whole_s)
        os.kill(child, signal.SIGKILL)
        kills += was_killed(child)
    assert not was_killed(stages.fork(tmp_path / "killed"))
    check_same(tmp_path / "killed", tmp_path / "unbroken")


@pytest.mark.slow
def test_a_kill_at_any_step_of_saving_changes_nothing(stages: TwoStages, tmp_path: Path) -> None:
    assert not was_killed(stages.fork(tmp_path / "unbroken"))
    operation = 1
    while was_killed(stages.fork(tmp_path / "killed", kill_at_operation=operation)):
        operation += 1
    assert operation > 10
    check_same(tmp_path / "killed", tmp_path / "unbroken")


@pytest.mark.stress
@pytest.mark.timeout(900)
def test_twenty_kills_of_a_whole_run_give_the_bundle_of_an_unbroken_one(
    tiny_run: TrainerProcess,
    tiny_config: RunConfig,
    tiny_corpus: Path,
    tiny_transfer: Path,
    tiny_encoder: Path,
    tmp_path: Path,
) -> None:
    draw = random.Random(3)
    (tmp_path / "config.json").write_text(config_to_json(tiny_config), encoding="utf-8")
    create_signing_key(tmp_path / "key.pem", tmp_path / "key.pub")
    places = {
        "--corpus": tiny_corpus,
        "--judge": tiny_corpus / "dev.txt",
        "--transfer": tiny_transfer,
        "--encoder": tiny_encoder,
        "--work": tmp_path / "work",
        "--out": tmp_path / "bundle",
        "--key": tmp_path / "key.pem",
    }
    options = [str(part) for pair in places.items() for part in pair]

    def start(*more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "trainer", "run", str(tmp_path / "config.json"), *options),
                *("--checkpoint-seconds", "0.2", *more),
            ],
            cwd=ROOT,
            env={**trainer_environment(tmp_path / "home"), **allocator.SETTINGS},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )

    kills = 0
    for number in range(20):
        with start(*(["--resume"] if number else [])) as process:
            assert process.stdout is not None
            assert isinstance(from_line(process.stdout.readline()).event, RunStarted)
            time.sleep(draw.uniform(0.0, 1.2))
            process.kill()
            process.stdout.read()
            kills += process.wait() == -signal.SIGKILL
    with start("--resume") as process:
        process.communicate()
        assert process.returncode == 0
    assert kills == 20
    key = load_signing_key(tmp_path / "key.pem").public_key()
    bundle = open_bundle(tmp_path / "bundle", trusted_keys=[key])
    assert bundle.model == tiny_run.bundle.model
    assert bundle.manifest.metrics == tiny_run.bundle.manifest.metrics
    assert bundle.manifest.calibrations == tiny_run.bundle.manifest.calibrations
