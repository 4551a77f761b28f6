"""The process edge of the trainer: events alone on stdout, exit codes, keys, and no way out."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kdh_desktop.core.classification.signing import (
    create_signing_key,
    load_public_key,
    load_signing_key,
    load_trusted_keys,
    write_public_key,
)
from kdh_desktop.core.errors import ModelError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.training_config import RunConfig, config_to_json
from kdh_desktop.core.training_protocol import (
    BatchesDone,
    CandidateReady,
    CheckpointSaved,
    RunCancelled,
    RunFailed,
    RunStarted,
    from_line,
)
from tests.trainer.conftest import ROOT, TrainerProcess, trainer_environment
from trainer.__main__ import main
from trainer.process import allocator
from trainer.process.control import RunControl, cancel_on_signals
from trainer.process.publisher_key import signing_key


def start(*arguments: str | Path, home: Path) -> subprocess.Popen[str]:
    """Start the trainer; with the allocator's settings there it does not start itself again."""
    return subprocess.Popen(
        [sys.executable, "-m", "trainer", *map(str, arguments)],
        cwd=ROOT,
        env={**trainer_environment(home), **allocator.SETTINGS},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


@pytest.fixture
def config(tmp_path: Path, tiny_config: RunConfig) -> Path:
    path = tmp_path / "config.json"
    path.write_text(config_to_json(tiny_config), encoding="utf-8")
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    create_signing_key(path, tmp_path / "key.pub")
    return path


def test_a_run_ends_well_and_says_only_events_on_stdout(tiny_run: TrainerProcess) -> None:
    assert tiny_run.exit_code == 0, tiny_run.said
    envelopes = [from_line(line) for line in tiny_run.lines]
    assert [one.seq for one in envelopes] == list(range(1, len(envelopes) + 1))
    assert {one.run for one in envelopes} == {"tiny"}
    times = [datetime.fromisoformat(one.utc) for one in envelopes]
    assert times == sorted(times)
    assert isinstance(envelopes[0].event, RunStarted)
    assert isinstance(envelopes[-1].event, CandidateReady)


def test_nothing_but_the_new_key_is_said_beside_the_progress_of_libraries(
    tiny_run: TrainerProcess,
) -> None:
    said = [line for line in tiny_run.said.splitlines() if "Loading weights" not in line]
    private, public = (line for line in said if line.strip())
    assert private.startswith("A signing key was made")
    assert public.startswith("Its public half")
    assert "Warning" not in tiny_run.said


def test_a_made_key_lies_outside_the_repository_and_is_its_owners_alone(
    tiny_run: TrainerProcess,
) -> None:
    private = tiny_run.folder / "home" / "config" / "kdh-desktop" / "signing" / "publisher.pem"
    assert str(private) in tiny_run.said
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    key = load_signing_key(private)
    assert load_trusted_keys(tiny_run.folder / "keys") == (key.public_key(),)
    assert tiny_run.bundle.id.startswith("tiny-")


def test_nothing_is_pinned_in_the_repository(tiny_run: TrainerProcess) -> None:
    (made,) = load_trusted_keys(tiny_run.folder / "keys")
    assert made not in load_trusted_keys(ROOT / "resources" / "keys")
    assert sorted(path.name for path in tiny_run.folder.iterdir()) == [
        *("bundle", "config.json", "home", "keys", "work"),
    ]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal for one process")
def test_a_signal_cancels_the_run_and_keeps_its_work(
    tmp_path: Path,
    config: Path,
    key: Path,
    tiny_corpus: Path,
    tiny_encoder: Path,
) -> None:
    work = tmp_path / "work"
    process = start(
        *("run", config, "--corpus", tiny_corpus, "--encoder", tiny_encoder, "--key", key),
        *("--work", work, "--out", tmp_path / "bundle"),
        home=tmp_path / "home",
    )
    with process:
        stdout = stream(process.stdout)
        for line in stdout:
            if isinstance(from_line(line).event, BatchesDone):
                break
        process.send_signal(signal.SIGINT)
        rest = stdout.readlines()
        said = stream(process.stderr).read()
    assert process.returncode == 3, said
    assert from_line(rest[-1]).event == RunCancelled()
    assert "Traceback" not in said
    assert not (tmp_path / "bundle").exists()
    saved = any(isinstance(from_line(line).event, CheckpointSaved) for line in rest)
    assert (work / "teacher-without-0.checkpoint").exists() == saved


def stream(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, said = process.communicate(timeout=120)
    return process.returncode, out, said


def test_a_corpus_that_is_not_there_fails_the_run_in_words(
    tmp_path: Path, config: Path, key: Path, tiny_encoder: Path
) -> None:
    code, out, said = ended(
        start(
            *("run", config, "--corpus", tmp_path / "none", "--encoder", tiny_encoder),
            *("--key", key, "--work", tmp_path / "work", "--out", tmp_path / "bundle"),
            home=tmp_path / "home",
        )
    )
    assert code == 2
    (line,) = out.splitlines()
    event = from_line(line).event
    assert isinstance(event, RunFailed)
    assert said.strip() == f"{event.message} {event.remedy}"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"{", "cannot be used"),
        (b'{"name": "tiny"}', "configuration lacks seed"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_told_at_once(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    path = tmp_path / "config.json"
    if content is not None:
        path.write_bytes(content)
    code, out, said = ended(start("run", path, "--corpus", tmp_path, home=tmp_path / "home"))
    assert (code, out) == (2, "")
    assert reason in said
    assert "Traceback" not in said


def test_a_command_that_is_none_is_told(tmp_path: Path) -> None:
    code, out, said = ended(start("walk", home=tmp_path))
    assert (code, out) == (2, "")
    assert "invalid choice" in said


IMPORTS = """
import os, sys
import trainer
assert not {"torch", "transformers", "onnxruntime", "sklearn"} & set(sys.modules), "too early"
import trainer.__main__
assert not {"torch", "transformers", "onnxruntime", "sklearn"} & set(sys.modules), "too early"
print(os.environ["HF_HUB_OFFLINE"], os.environ["ORT_DISABLE_TELEMETRY"])
"""


def test_importing_the_trainer_imports_no_heavy_library_and_shuts_the_doors() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()) == (0, ["1", "1"]), done.stderr


def test_an_installation_without_what_training_needs_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("trainer.__main__.find_spec", lambda _name: None)
    assert main(["check", "none.csv"]) == 2
    told = capsys.readouterr().err
    assert "make trainer" in told
    assert told.count("\n") == 1


@pytest.fixture
def paths(tmp_path: Path) -> AppPaths:
    return AppPaths(
        resources=tmp_path / "resources",
        data=tmp_path / "data",
        config=tmp_path / "config",
        logs=tmp_path / "logs",
    )


def test_a_made_key_is_used_again(paths: AppPaths) -> None:
    first, second = (signing_key(None, public_keys=None, paths=paths) for _ in range(2))
    assert first.public_key() == second.public_key()


def test_a_made_key_is_trusted_by_nobody_unasked(
    paths: AppPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    key = signing_key(None, public_keys=None, paths=paths)
    assert not paths.publisher_keys.exists()
    assert not paths.site_keys.exists()
    public = paths.config / "signing" / "publisher.pub"
    assert str(public) in capsys.readouterr().err
    assert load_public_key(public) == key.public_key()


def test_a_made_key_stands_beside_another_publishers(paths: AppPaths) -> None:
    other = Ed25519PrivateKey.generate().public_key()
    write_public_key(paths.publisher_keys / "publisher.pub", other)
    key = signing_key(None, public_keys=paths.publisher_keys, paths=paths)
    assert load_trusted_keys(paths.publisher_keys) == (key.public_key(), other)


def test_a_key_made_for_another_checkout_is_pinned_in_this_one(paths: AppPaths) -> None:
    key = signing_key(None, public_keys=paths.publisher_keys, paths=paths)
    elsewhere = replace(paths, resources=paths.resources.with_name("checkout"))
    again = signing_key(None, public_keys=elsewhere.publisher_keys, paths=elsewhere)
    assert again.public_key() == key.public_key()
    assert load_trusted_keys(elsewhere.publisher_keys) == (key.public_key(),)


def test_a_named_key_is_not_pinned_for_anybody(paths: AppPaths, key: Path) -> None:
    found = signing_key(key, public_keys=None, paths=paths)
    assert found.public_key() == load_signing_key(key).public_key()
    assert not paths.publisher_keys.exists()


def test_a_named_key_that_is_not_there_is_told(paths: AppPaths) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        signing_key(paths.data / "none.pem", public_keys=None, paths=paths)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_to_end_are_remembered(number: signal.Signals) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        control = RunControl()
        cancel_on_signals(control)
        assert not control.is_cancelled
        signal.raise_signal(number)
        assert control.is_cancelled
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
