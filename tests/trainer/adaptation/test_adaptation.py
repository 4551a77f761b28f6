"""Pretraining goes on where it was, phase by phase, and leaves an encoder that knows more."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tokenizers import Tokenizer

from kdh_desktop.core.errors import Cancelled, TrainingError
from kdh_desktop.core.training_protocol import (
    BatchDivided,
    CheckpointSaved,
    EpochFinished,
    Event,
    RunStarted,
    StageScored,
    StageStarted,
    from_line,
)
from tests.trainer.conftest import ROOT, trainer_environment
from trainer.adaptation.adapt import adapt
from trainer.adaptation.masked_language import MaskedLanguageNetwork
from trainer.adaptation.masked_training import (
    AdaptationConfig,
    AdaptationHooks,
    Computing,
    PhasePlan,
)
from trainer.adaptation.packed_texts import PieceStream, pack, read_passages
from trainer.corpus import LabelledText

CONFIG = AdaptationConfig(
    seed=3,
    phases=(
        PhasePlan("domain", passes=2, batch_size=8, peak_rate=2e-3),
        PhasePlan("task", passes=2, batch_size=4, peak_rate=1e-3),
    ),
    window=64,
)
CPU = Computing(torch.device("cpu"))


@dataclass
class Log:
    """What was told, and after how many steps it shall stop."""

    stop_after: int = 10**9
    events: list[Event] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    checks: int = 0

    def check(self) -> None:
        self.checks += 1
        if self.checks > self.stop_after:
            raise Cancelled("The training was stopped.")

    @property
    def hooks(self) -> AdaptationHooks:
        return AdaptationHooks(self.events.append, self.check, self.lines.append)

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture(scope="module")
def streams(
    tiny_encoder: Path, tiny_transfer: Path, tiny_texts: list[LabelledText]
) -> tuple[PieceStream, PieceStream]:
    tokenizer = Tokenizer.from_file(str(tiny_encoder / "tokenizer.json"))
    return (
        pack(read_passages([tiny_transfer]), tokenizer, source="domain"),
        pack([text.text for text in tiny_texts], tokenizer, source="task"),
    )


@pytest.fixture
def run(
    tiny_encoder: Path, streams: tuple[PieceStream, ...], tmp_path: Path
) -> Callable[..., Path]:
    """Adapts into a folder of the name given; the work folder has that name too unless told."""

    def start(
        name: str,
        log: Log | None = None,
        *,
        config: AdaptationConfig = CONFIG,
        work: str = "",
        computing: Computing = CPU,
        of: tuple[PieceStream, ...] = streams,
    ) -> Path:
        adapt(
            config,
            of,
            base=tiny_encoder,
            out=tmp_path / name,
            work=tmp_path / f"work-{work or name}",
            is_half=False,
            computing=computing,
            hooks=(log or Log()).hooks,
        )
        return tmp_path / name

    return start


def is_same(one: Path, other: Path) -> bool:
    first, second = (load_file(folder / "model.safetensors") for folder in (one, other))
    return all(torch.equal(tensor, second[name]) for name, tensor in first.items())


def test_it_tells_of_its_phases_and_learns(run: Callable[..., Path]) -> None:
    longer = replace(CONFIG, phases=(replace(CONFIG.phases[0], passes=12), CONFIG.phases[1]))
    log = Log()
    out = run("long", log, config=longer)
    assert log.of(RunStarted) == [RunStarted(0, 72, "cpu")]
    assert log.of(StageStarted) == [StageStarted(1, 2, "domain"), StageStarted(2, 2, "task")]
    losses = [event.loss for event in log.events if isinstance(event, EpochFinished)]
    assert len(losses) == 14
    assert losses[11] < losses[0] * 0.8
    assert log.lines[-1].startswith("task: pass 2 of 2, loss ")
    with safe_open(out / "model.safetensors", framework="pt") as weights:
        about = json.loads(weights.metadata()["adaptation"])
    assert about["phases"][0]["passes"] == 12
    assert about["texts"] == ["domain", "task"]


def test_the_seed_decides(run: Callable[..., Path]) -> None:
    assert is_same(run("one"), run("two"))
    assert not is_same(run("three", config=replace(CONFIG, seed=4)), run("four"))


@pytest.mark.parametrize("stop_after", [0, 1, 3, 5, 8])
def test_a_stopped_pretraining_goes_on_to_the_same_encoder(
    run: Callable[..., Path], stop_after: int
) -> None:
    log, rest = Log(stop_after=stop_after), Log()
    with pytest.raises(Cancelled):
        run("broken", log)
    torch.manual_seed(99)
    broken = run("broken", rest)
    whole = Log()
    assert is_same(broken, run("whole", whole))
    assert rest.checks == whole.checks - stop_after
    told = [*log.of(EpochFinished), *rest.of(EpochFinished)]
    assert told == whole.of(EpochFinished)


def test_it_goes_on_after_a_kill_from_the_last_checkpoint(
    run: Callable[..., Path],
) -> None:
    often = Computing(CPU.device, checkpoint_interval_s=0.0)

    class Killed(BaseException):
        """The process is gone."""

    class Mortal(Log):
        def check(self) -> None:
            self.checks += 1
            if self.checks > 4:
                raise Killed

    killed, rest = Mortal(), Log()
    with pytest.raises(Killed):
        run("broken", killed, computing=often)
    assert len(killed.of(CheckpointSaved)) == 4
    assert is_same(run("broken", rest), run("whole"))


def test_it_goes_on_from_the_state_before_a_damaged_one(
    run: Callable[..., Path], tmp_path: Path
) -> None:
    often = Computing(CPU.device, checkpoint_interval_s=0.0)
    with pytest.raises(Cancelled):
        run("broken", Log(stop_after=4), computing=often)
    newest = tmp_path / "work-broken" / "adaptation.checkpoint"
    newest.write_bytes(newest.read_bytes()[:-1] + b"!")
    rest, whole = Log(), Log()
    assert is_same(run("broken", rest), run("whole", whole))
    assert 0 < rest.checks < whole.checks


@pytest.mark.slow
def test_when_memory_is_short_a_step_goes_through_in_parts(
    run: Callable[..., Path],
    streams: tuple[PieceStream, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forward, fits, seen = MaskedLanguageNetwork.forward, 2, list[int]()

    def in_short_memory(network: MaskedLanguageNetwork, *batch: torch.Tensor) -> torch.Tensor:
        if len(batch[0]) > fits:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        seen.append(len(batch[0]))
        return forward(network, *batch)

    config = replace(CONFIG, phases=CONFIG.phases[:1], dropout=0.0)
    long = PieceStream(np.tile(streams[0].ids, 20), np.tile(streams[0].is_start, 20), 20, "long")
    whole, log = Log(), Log()
    expected = load_file(run("whole", whole, config=config, of=(long,)) / "model.safetensors")
    monkeypatch.setattr(MaskedLanguageNetwork, "forward", in_short_memory)
    found = load_file(run("parts", log, config=config, of=(long,)) / "model.safetensors")
    assert log.of(BatchDivided) == [BatchDivided(2), BatchDivided(4)]
    assert set(seen) <= {1, 2}
    for name, tensor in found.items():
        torch.testing.assert_close(tensor, expected[name], atol=2e-3, rtol=0)
    for kind, figure in ((EpochFinished, "loss"), (StageScored, "figures")):
        told, of_whole = ([getattr(x, figure) for x in one.of(kind)] for one in (log, whole))
        assert told == [pytest.approx(x, rel=1e-3) for x in of_whole]
    fits = 0
    with pytest.raises(TrainingError, match="cut into 8 parts"):
        run("none", config=config, of=(long,))


@pytest.mark.parametrize("has", [True, False])
def test_it_computes_in_short_numbers_only_where_the_device_has_them(
    monkeypatch: pytest.MonkeyPatch, has: bool
) -> None:
    monkeypatch.setattr("trainer.adaptation.masked_training.has_bfloat16", lambda _kind: has)
    with CPU.autocast():
        assert torch.is_autocast_enabled("cpu") == has


def test_it_is_to_repeat_exactly(run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[torch.device] = []
    monkeypatch.setattr("trainer.adaptation.adapt.repeat_exactly", asked.append)
    with pytest.raises(Cancelled):
        run("out", Log(stop_after=0))
    assert asked == [CPU.device]


def test_a_finished_one_is_written_again_without_training(run: Callable[..., Path]) -> None:
    first, log = run("first"), Log()
    second = run("second", log, work="first")
    assert is_same(first, second)
    assert log.checks == 0


def test_a_work_folder_of_other_settings_is_refused(run: Callable[..., Path]) -> None:
    run("first")
    with pytest.raises(TrainingError, match="another adaptation"):
        run("second", config=replace(CONFIG, mask_share=0.3), work="first")


def test_a_place_that_is_taken_is_refused_before_training(
    run: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine", encoding="utf-8")
    log = Log()
    with pytest.raises(TrainingError, match="new folder"):
        run("out", log)
    assert log.checks == 0
    assert (tmp_path / "out" / "thesis.txt").read_text(encoding="utf-8") == "mine"


def test_a_disk_that_is_too_small_is_refused_before_training(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 100_000})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    log = Log()
    with pytest.raises(TrainingError, match=r"The disk has 0\.0 GB free"):
        run("out", log)
    assert log.checks == 0


def test_enough_text_leaves_some_to_be_judged_on(
    run: Callable[..., Path], streams: tuple[PieceStream, ...]
) -> None:
    long = PieceStream(np.tile(streams[0].ids, 20), np.tile(streams[0].is_start, 20), 20, "long")
    log = Log()
    run("out", log, config=replace(CONFIG, phases=CONFIG.phases[:1]), of=(long,))
    scored = [event.figures for event in log.events if isinstance(event, StageScored)]
    assert [list(figures) for figures in scored] == [["domain_held_out_loss"]] * 2
    assert 0 < scored[1]["domain_held_out_loss"] < math.log(400)


@pytest.mark.parametrize(
    "change",
    [
        lambda: replace(CONFIG, window=4),
        lambda: replace(CONFIG, mask_share=1.0),
        lambda: replace(CONFIG, dropout=-0.1),
        lambda: replace(CONFIG, seed=-1),
        lambda: replace(CONFIG.phases[0], passes=0),
        lambda: replace(CONFIG.phases[0], peak_rate=float("nan")),
    ],
)
def test_settings_out_of_range_are_refused(change: Callable[[], object]) -> None:
    with pytest.raises(TrainingError, match="Correct that option"):
        change()


@pytest.mark.slow
def test_the_command_encodes_first_and_adapts_without_the_texts(
    tiny_encoder: Path, tiny_transfer: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    def command(*options: object) -> subprocess.CompletedProcess[str]:
        fixed = ("--encoder", tiny_encoder, "--work", tmp_path / "work", *options)
        return subprocess.run(
            [sys.executable, "-m", "trainer", "adapt", *map(str, fixed)],
            cwd=ROOT,
            env=trainer_environment(tmp_path / "home"),
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    prepared = command("--passages", tiny_transfer, "--corpus", tiny_corpus, "--prepare")
    assert prepared.returncode == 0, prepared.stderr
    small = ("--window", 64, "--batch", 8, "--passes", 1, "--task-passes", 1)
    done = command("--out", tmp_path / "out", *small)
    assert done.returncode == 0, done.stderr
    events = [from_line(line).event for line in done.stdout.splitlines()]
    assert events[:2] == [RunStarted(0, 72, "cpu"), StageStarted(1, 2, "domain")]
    assert "tokens/s" in done.stderr
    assert (tmp_path / "out" / "model.safetensors").stat().st_size > 50_000
    again = command("--out", tmp_path / "out", *small)
    assert again.returncode == 2
    assert "new folder" in again.stderr
