from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from tokenizers import Tokenizer

from kdh_desktop.core.classification.model_bundle import ModelBundle, open_bundle
from kdh_desktop.core.classification.signing import load_trusted_keys
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.training_config import (
    Augmentation,
    DistillationConfig,
    RunConfig,
    Schedule,
    TeacherConfig,
    config_to_json,
)
from kdh_desktop.core.training_protocol import Event, from_line
from tests.data.tiny_corpus import write_tiny_corpus, write_tiny_encoder, write_tiny_transfer
from trainer.corpus import LabelledText, read_hoc
from trainer.export.onnx_export import export_float32, quantise
from trainer.learning.batching import Encoder
from trainer.networks.transformer import TransformerNetwork, load_transformer
from trainer.process.control import RunControl

ROOT = Path(__file__).parents[2]

ONE_THREAD = {
    "CUDA_VISIBLE_DEVICES": "",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""Environment in which a process sums in the same order as the tests do."""


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in one order, so that runs can be compared to the bit; for tiny networks faster too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1), pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_corpus(tmp_path_factory.mktemp("corpus") / "hoc")


@pytest.fixture(scope="session")
def tiny_transfer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_transfer(tmp_path_factory.mktemp("transfer") / "passages.jsonl")


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny")


@pytest.fixture(scope="session")
def tiny_texts(tiny_corpus: Path) -> list[LabelledText]:
    """The tiny corpus's texts to train on."""
    return read_hoc(tiny_corpus, ids_file="train.txt", labels=HALLMARKS_OF_CANCER)


@pytest.fixture(scope="session")
def encoder(tiny_encoder: Path) -> Encoder:
    return Encoder(Tokenizer.from_file(str(tiny_encoder / "tokenizer.json")))


@pytest.fixture
def new_network(tiny_encoder: Path) -> Callable[..., TransformerNetwork]:
    """Makes the same fresh network each time, or another one from another seed."""

    def make(seed: int = 3) -> TransformerNetwork:
        torch.manual_seed(seed)
        return load_transformer(tiny_encoder, labels=10, dropout=0.1)

    return make


@pytest.fixture(scope="session")
def tiny_config() -> RunConfig:
    return RunConfig(
        name="tiny",
        seed=3,
        max_tokens=128,
        sentence_loss=3.0,
        sentence_weight=0.5,
        augmentation=Augmentation(sentence_dropout=0.1, tokenised_share=0.1),
        teacher=TeacherConfig(folds=2, schedule=learning(epochs=12)),
        distillation=DistillationConfig(
            temperature=2.0,
            alpha=0.7,
            transfer_texts=10,
            transfer=learning(epochs=8),
            distil=learning(epochs=20, peak_rate=3e-3),
            fine_tune=learning(epochs=3, peak_rate=1e-3),
            calibration_folds=2,
        ),
    )


def learning(*, epochs: int, peak_rate: float = 2e-3) -> Schedule:
    """A schedule at which the tiny encoder learns the tiny corpus by heart."""
    return Schedule(epochs, peak_rate, batch_size=2, head_factor=5.0, layer_decay=1.0, warmup=0.3)


class CancelledAfter(RunControl):
    """Cancels itself when it is checked more than so many times."""

    def __init__(self, checks: int) -> None:
        super().__init__()
        self._checks = checks

    def check(self) -> None:
        self._checks -= 1
        if self._checks < 0:
            self.cancel()
        super().check()


@dataclass(frozen=True, slots=True)
class TrainerProcess:
    """A run of ``python -m trainer`` that came to its end."""

    exit_code: int
    lines: tuple[str, ...]
    said: str
    folder: Path

    @property
    def events(self) -> list[Event]:
        return [from_line(line).event for line in self.lines]

    @property
    def bundle(self) -> ModelBundle:
        """The bundle it wrote, opened with the key that it pinned."""
        keys = load_trusted_keys(self.folder / "keys")
        return open_bundle(self.folder / "bundle", trusted_keys=keys)


def trainer_environment(home: Path) -> dict[str, str]:
    """Environment of a trainer that may write below `home` only."""
    places = {"HOME": "", "XDG_CONFIG_HOME": "config", "XDG_DATA_HOME": "data"}
    places |= {"XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache"}
    return {
        **os.environ,
        **ONE_THREAD,
        **{name: str(home / place) for name, place in places.items()},
    }


@pytest.fixture(scope="session")
def tiny_run(
    tmp_path_factory: pytest.TempPathFactory,
    worker_id: str,
    tiny_config: RunConfig,
    tiny_corpus: Path,
    tiny_transfer: Path,
    tiny_encoder: Path,
) -> TrainerProcess:
    """The whole trip in a process of its own, unbroken, with a key made on the way.

    It takes the better part of a minute, so that one is made for all workers of this session.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "tiny_run"
    with FileLock(f"{folder}.lock"):
        told = folder.with_name("tiny_run.json")
        if not told.exists():
            folder.mkdir()
            done = run_trainer(folder, tiny_config, tiny_corpus, tiny_transfer, tiny_encoder)
            told.write_text(json.dumps([done.returncode, done.stdout, done.stderr]), "utf-8")
        code, out, said = json.loads(told.read_text("utf-8"))
    return TrainerProcess(code, tuple(out.splitlines()), said, folder)


def run_trainer(
    folder: Path, tiny_config: RunConfig, corpus: Path, transfer: Path, encoder: Path, *more: str
) -> subprocess.CompletedProcess[str]:
    """A run in a process of its own that writes below `folder` only; `more` are its options."""
    config = folder / "config.json"
    config.write_text(config_to_json(tiny_config), encoding="utf-8")
    places = {
        "--corpus": corpus,
        "--judge": corpus / "dev.txt",
        "--transfer": transfer,
        "--encoder": encoder,
        "--work": folder / "work",
        "--out": folder / "bundle",
        "--public-keys": folder / "keys",
    }
    options = [str(part) for pair in places.items() for part in pair]
    return subprocess.run(
        [sys.executable, "-m", "trainer", "run", str(config), *options, *more],
        cwd=ROOT,
        env=trainer_environment(folder / "home"),
        capture_output=True,
        encoding="utf-8",
        timeout=150,
        check=False,
    )


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Numbers of the files, their inodes, that were seen to reach the disk."""
    seen: set[int] = set()
    fsync = os.fsync

    def note(descriptor: int) -> None:
        seen.add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    return seen


@pytest.fixture(scope="module")
def float32(network: TransformerNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The float32 export of the `network` that a test's module makes."""
    path = tmp_path_factory.mktemp("export") / "float32.onnx"
    export_float32(network, path)
    return path


@pytest.fixture(scope="module")
def int8(float32: Path) -> Path:
    path = float32.with_name("int8.onnx")
    quantise(float32, path)
    return path
