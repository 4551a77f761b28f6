"""A short trial tells what a run would take, before anybody waits for it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.runs.machine_report import (
    DeviceFound,
    ExpectedCost,
    MachineReport,
    ProbeProblem,
    machine_report_from_json,
    machine_report_to_json,
)
from kdh_desktop.core.runs.training_runs import RunRequest, request_to_json
from kdh_desktop.core.search_space import Real, TuningConfig
from kdh_desktop.core.training_config import NetworkConfig, NetworkKind, RunConfig
from tests.trainer.conftest import ROOT, trainer_environment
from trainer.learning.batching import Example
from trainer.learning.learner import Learner
from trainer.process import allocator
from trainer.running.estimate import NetworkCost
from trainer.running.probe import expected_cost

CPU = torch.device("cpu")


@pytest.fixture
def request_(tiny_config: RunConfig, tiny_corpus: Path, tiny_encoder: Path) -> RunRequest:
    return RunRequest(
        replace(tiny_config, judged_share=0.2),
        corpus=(HocSource(str(tiny_corpus), "train.txt"),),
        encoder=str(tiny_encoder),
        device="cpu",
    )


def cost_of(request: RunRequest, work: Path) -> ExpectedCost:
    return expected_cost(request, encoder=Path(request.encoder or ""), work=work, device=CPU)


@pytest.fixture
def _one_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind of network is timed once: on a busy machine two trials differ many times over."""
    measure = Learner.cost
    measured: dict[NetworkConfig, NetworkCost] = {}

    def cost(learner: Learner, examples: Sequence[Example], *, batch_size: int) -> NetworkCost:
        if learner.network not in measured:
            measured[learner.network] = measure(learner, examples, batch_size=batch_size)
        return measured[learner.network]

    monkeypatch.setattr(Learner, "cost", cost)


@pytest.mark.usefixtures("_one_pace")
def test_more_epochs_are_expected_to_take_longer(request_: RunRequest, tmp_path: Path) -> None:
    config = request_.config
    short = cost_of(request_, tmp_path)
    assert short.labelled_texts == 48
    assert short.seconds > 0
    assert short.disk_bytes > 0
    longer = replace(config.teacher, schedule=replace(config.teacher.schedule, epochs=500))
    assert cost_of(replace(request_, config=replace(config, teacher=longer)), tmp_path).seconds > (
        2 * short.seconds
    )


def test_a_search_is_part_of_what_is_expected(request_: RunRequest, tmp_path: Path) -> None:
    tuning = TuningConfig(4, 3, {"distillation.temperature": Real(1.0, 4.0)})
    tuned = replace(request_, config=replace(request_.config, tuning=tuning))
    cost = cost_of(tuned, tmp_path)
    assert 0 < cost.tuning_seconds < cost.seconds


@pytest.mark.usefixtures("_one_pace")
def test_a_search_that_trains_teachers_anew_is_expected_to_take_longer(
    request_: RunRequest, tmp_path: Path
) -> None:
    def tuning_seconds(path: str) -> float:
        tuning = TuningConfig(4, 3, {path: Real(1.0, 4.0)})
        tuned = replace(request_, config=replace(request_.config, tuning=tuning))
        return cost_of(tuned, tmp_path).tuning_seconds

    assert tuning_seconds("sentence_loss") > 1.2 * tuning_seconds("distillation.temperature")


def test_networks_without_an_encoder_are_tried_too(request_: RunRequest, tmp_path: Path) -> None:
    network = NetworkConfig(kind=NetworkKind.TEXT_CNN, embedding_size=16, hidden_size=8)
    config = request_.config
    teacher = replace(config.teacher, network=network)
    student = replace(config.distillation, network=network)
    changed = replace(config, teacher=teacher, distillation=student)
    assert cost_of(replace(request_, config=changed, encoder=None), tmp_path).seconds > 0


def probe(path: Path, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trainer", "probe", str(path), "--json"],
        cwd=ROOT,
        env={**trainer_environment(home), **allocator.SETTINGS},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=150,
        check=False,
    )


def test_the_command_answers_also_where_a_run_cannot_be_tried(
    request_: RunRequest, tmp_path: Path
) -> None:
    path = tmp_path / "request.json"
    gone = replace(request_, corpus=(HocSource(str(tmp_path / "gone"), "train.txt"),))
    path.write_text(request_to_json(gone), encoding="utf-8")
    done = probe(path, tmp_path / "home")
    assert done.returncode == 0, done.stderr
    report = machine_report_from_json(done.stdout)
    assert report.cost is None
    assert report.problem is not None
    assert str(tmp_path) not in report.problem.message
    assert [device.kind for device in report.devices] == ["cpu"]
    assert (report.devices[0].threads or 0) >= 1
    assert report.free_disk_bytes > 0
    assert not list((tmp_path / "home").rglob("runs")), "nothing is written"


@pytest.mark.slow
def test_a_trial_that_is_killed_leaves_what_it_made_to_its_caller(
    request_: RunRequest, tmp_path: Path
) -> None:
    path, work, others = tmp_path / "request.json", tmp_path / "work", tmp_path / "others"
    path.write_text(request_to_json(request_), encoding="utf-8")
    work.mkdir()
    others.mkdir()
    command = [sys.executable, "-m", "trainer", "probe", str(path), "--work", str(work), "--json"]
    environment = {**trainer_environment(tmp_path / "home"), **allocator.SETTINGS}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**environment, "TMPDIR": str(others)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None and not list(work.iterdir()):
            time.sleep(0.01)
        assert list(work.iterdir())
        process.kill()
    assert not list(others.glob("kdh-*"))


def test_a_report_comes_back_as_it_was_sent() -> None:
    report = MachineReport(
        (DeviceFound("cuda", "A card", 80 * 10**9), DeviceFound("cpu", "", None, 8)),
        memory_bytes=10**10,
        free_memory_bytes=None,
        free_disk_bytes=10**11,
        cost=ExpectedCost("cuda", 600.0, 0.0, 10**9, 1000, 0),
        problem=ProbeProblem("The disk is small.", "Free some space."),
    )
    assert machine_report_from_json(machine_report_to_json(report)) == report
    with pytest.raises(TrainingError, match="cannot be read"):
        machine_report_from_json("{}")
