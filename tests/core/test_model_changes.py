"""Models are put into force and taken back: noted first, whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kdh_desktop.core.access import Access, Administrator, Cost
from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.model_changes import ModelChanges
from kdh_desktop.core.classification.model_registry import ModelRegistry
from kdh_desktop.core.classification.publishers import publishers, read_publisher_key
from kdh_desktop.core.classification.signing import fingerprint, write_public_key
from kdh_desktop.core.errors import (
    InputError,
    KdhError,
    LockedError,
    ModelError,
    VerificationError,
)
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.record import Record
from kdh_desktop.core.runs.run_folder import RunFolder
from tests.data import killed_activation
from tests.data.tiny_bundle import make_tiny_bundle, tiny_key
from tests.data.tiny_installation import make_tiny_installation

CHEAP = Cost(iterations=1, lanes=1, memory_kib=64)
ROOT = Path(__file__).parents[2]
TEXTS = (
    "The protein increased angiogenesis in mice. Apoptosis was not changed by the treatment.",
    "Glycolysis and lactate were high. The p53 checkpoint was lost in these cells.",
)


@pytest.fixture
def paths(tmp_path: Path) -> AppPaths:
    return make_tiny_installation(tmp_path / "installation", bundle_id="shipped")


@pytest.fixture
def changes(paths: AppPaths) -> ModelChanges:
    return ModelChanges(paths)


@pytest.fixture
def administrator(paths: AppPaths) -> Administrator:
    access = Access(paths.access, paths.site_keys, cost=CHEAP)
    return access.set_up(killed_activation.PASSWORD)[0]


@pytest.fixture
def candidate(paths: AppPaths) -> Callable[..., RunFolder]:
    """Makes a run's folder with a candidate, signed with a key of its own."""

    def make(name: str, *, seed: int = 7, source: Path | None = None) -> RunFolder:
        run = RunFolder(paths.runs / name)
        run.folder.mkdir(parents=True)
        if source is None:
            make_tiny_bundle(run.candidate, seed=seed, bundle_id=name)
            write_public_key(run.public_key, tiny_key(seed).public_key())
        else:
            shutil.copytree(source, run.candidate)
        return run

    return make


def in_force(paths: AppPaths) -> str:
    found = ModelRegistry(paths).in_force()
    assert found.problem is None
    return found.bundle.id


def actions(paths: AppPaths) -> list[AuditAction]:
    return [entry.action for entry in AuditLog(paths.audit).entries()]


def test_a_candidate_is_put_into_force_and_back_with_bit_identical_predictions(
    changes: ModelChanges,
    administrator: Administrator,
    candidate: Callable[..., RunFolder],
    paths: AppPaths,
) -> None:
    records = [Record(str(number), text) for number, text in enumerate(TEXTS)]
    before = OnnxClassifier(ModelRegistry(paths).in_force().bundle).predict(records)
    done = changes.put_candidate_in_force(candidate("ours"), administrator=administrator)
    assert (done.bundle_id, done.previous, done.reason) == ("ours", "shipped", "")
    assert done.actor
    assert in_force(paths) == "ours"
    between = OnnxClassifier(ModelRegistry(paths).in_force().bundle).predict(records)
    assert between != before
    changes.roll_back(administrator=administrator)
    assert in_force(paths) == "shipped"
    assert OnnxClassifier(ModelRegistry(paths).in_force().bundle).predict(records) == before
    assert actions(paths) == [AuditAction.ACTIVATED, AuditAction.ROLLED_BACK]


def test_overruling_is_noted_with_its_reason(
    changes: ModelChanges,
    administrator: Administrator,
    candidate: Callable[..., RunFolder],
    paths: AppPaths,
) -> None:
    run = candidate("ours")
    with pytest.raises(InputError):
        changes.put_candidate_in_force(run, administrator=administrator, reason="because")
    assert in_force(paths) == "shipped"
    changes.put_candidate_in_force(
        run, administrator=administrator, reason="we looked at all of it"
    )
    overruled, _ = AuditLog(paths.audit).entries()
    assert overruled.action is AuditAction.GATE_OVERRULED
    assert dict(overruled.details)["reason"] == "we looked at all of it"
    assert changes.registry.history()[0].reason == "we looked at all of it"


def test_a_locked_door_changes_nothing(
    changes: ModelChanges,
    administrator: Administrator,
    candidate: Callable[..., RunFolder],
    paths: AppPaths,
    tmp_path: Path,
) -> None:
    run = candidate("ours")
    changes.put_candidate_in_force(run, administrator=administrator)
    administrator.lock()
    for forbidden in (
        lambda: changes.put_candidate_in_force(run, administrator=administrator),
        lambda: changes.put_in_force("shipped", administrator=administrator),
        lambda: changes.roll_back(administrator=administrator),
        lambda: changes.export("ours", tmp_path / "x.kdhmodel", administrator=administrator),
        lambda: changes.remove("ours", administrator=administrator),
        lambda: changes.trust(tiny_key(3).public_key(), administrator=administrator),
    ):
        with pytest.raises(LockedError):
            forbidden()
    assert in_force(paths) == "ours"
    assert actions(paths) == [AuditAction.ACTIVATED]
    assert not (tmp_path / "x.kdhmodel").exists()


def test_what_cannot_be_noted_is_not_done(
    changes: ModelChanges,
    administrator: Administrator,
    candidate: Callable[..., RunFolder],
    paths: AppPaths,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise KdhError("The audit log cannot be written.")

    monkeypatch.setattr(AuditLog, "write", refuse)
    with pytest.raises(KdhError, match="audit log"):
        changes.put_candidate_in_force(candidate("ours"), administrator=administrator)
    assert in_force(paths) == "shipped"
    assert changes.registry.history() == []


def test_a_model_that_the_runtime_does_not_take_stays_out(
    administrator: Administrator, candidate: Callable[..., RunFolder], paths: AppPaths
) -> None:
    def refuse(_bundle: object) -> None:
        raise VerificationError("The network does not run.")

    changes = ModelChanges(paths, check=refuse)
    with pytest.raises(VerificationError):
        changes.put_candidate_in_force(candidate("ours"), administrator=administrator)
    assert in_force(paths) == "shipped"
    assert actions(paths) == []


def test_a_candidate_of_another_run_or_changed_since_is_refused(
    changes: ModelChanges,
    administrator: Administrator,
    candidate: Callable[..., RunFolder],
    paths: AppPaths,
) -> None:
    run = candidate("ours")
    write_public_key(run.public_key, tiny_key(8).public_key())
    with pytest.raises(VerificationError):
        changes.put_candidate_in_force(run, administrator=administrator)
    assert in_force(paths) == "shipped"


def test_a_candidate_that_is_in_force_already_is_left_where_it_lies(
    changes: ModelChanges,
    administrator: Administrator,
    candidate: Callable[..., RunFolder],
    paths: AppPaths,
) -> None:
    run = candidate("ours")
    changes.put_candidate_in_force(run, administrator=administrator)
    network = paths.models / "ours" / "model.onnx"
    before = network.stat().st_ino
    changes.put_candidate_in_force(run, administrator=administrator)
    assert network.stat().st_ino == before, "a folder in use is never moved aside"


@pytest.mark.parametrize(
    "write", ["os.fsync", "kdh_desktop.core.classification.activation.write_durably"]
)
def test_a_full_disk_leaves_the_model_before_in_force(
    changes: ModelChanges,
    administrator: Administrator,
    candidate: Callable[..., RunFolder],
    paths: AppPaths,
    monkeypatch: pytest.MonkeyPatch,
    write: str,
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    run = candidate("ours")
    monkeypatch.setattr(write, full)
    with pytest.raises(ModelError, match="nothing was changed"):
        changes.put_candidate_in_force(run, administrator=administrator)
    assert in_force(paths) == "shipped"
    assert not list(paths.models.glob(".*"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_kill_9_at_any_moment_leaves_a_model_in_force_that_was_put_there(
    administrator: Administrator, candidate: Callable[..., RunFolder], paths: AppPaths
) -> None:
    for name in ("first", "second", "third"):
        candidate(name)
    done = subprocess.run(
        [sys.executable, "-m", "tests.data.killed_activation", str(paths.data.parent)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == killed_activation.KILLS
    found = {line.split(" ", 1)[0] for line in lines}
    assert {line.split(" ", 1)[1] for line in lines} == {"None"}, "never a stand-in"
    assert found <= {"shipped", "first", "second", "third"}
    assert len(found) > 1, "some were put into force before they were killed"
    assert AuditLog(paths.audit).verify().first_bad is None


def test_the_real_model_is_in_force_in_under_two_seconds(
    administrator: Administrator, candidate: Callable[..., RunFolder], paths: AppPaths
) -> None:
    resources = ROOT / "resources"
    run = candidate("real", source=resources / "model")
    shutil.copy(resources / "keys" / "publisher.pub", run.folder)
    (run.folder / "keys").mkdir()
    shutil.copy(resources / "keys" / "publisher.pub", run.public_key)
    changes = ModelChanges(paths)
    begun = time.perf_counter()
    changes.put_candidate_in_force(run, administrator=administrator)
    took_s = time.perf_counter() - begun
    assert in_force(paths).startswith("hallmarks")
    assert took_s < 2.0 * _patience()


def _patience() -> float:
    """How many times slower than it should be this machine may be just now: tests share it."""
    begun = time.perf_counter()
    sum(range(2_000_000))
    return max(1.0, (time.perf_counter() - begun) / 0.05)


def test_another_site_is_trusted_once_its_key_is_added(
    changes: ModelChanges, administrator: Administrator, paths: AppPaths, tmp_path: Path
) -> None:
    source, key = make_tiny_bundle(tmp_path / "theirs", seed=4, bundle_id="theirs", key=tiny_key(4))
    with pytest.raises(VerificationError):
        changes.install(source)
    write_public_key(tmp_path / "theirs.pub", key)
    read = read_publisher_key(tmp_path / "theirs.pub", paths)
    assert len(fingerprint(read)) == 64 + 15
    changes.trust(read, administrator=administrator)
    with pytest.raises(InputError, match="trusted already"):
        read_publisher_key(tmp_path / "theirs.pub", paths)
    assert changes.install(source).id == "theirs"
    (other,) = [one for one in publishers(paths) if one.is_other]
    assert other.fingerprint == fingerprint(read)
    changes.distrust(other, administrator=administrator)
    assert [model.problem is None for model in changes.registry.installed()] == [True, False]
    assert actions(paths) == [
        AuditAction.KEY_TRUSTED,
        AuditAction.MODEL_INSTALLED,
        AuditAction.KEY_REMOVED,
    ]


def test_a_key_that_was_copied_by_hand_is_listed_as_added_and_can_be_taken_away(
    changes: ModelChanges, administrator: Administrator, paths: AppPaths
) -> None:
    write_public_key(paths.site_keys / "theirs.pub", tiny_key(4).public_key())
    (other,) = [one for one in publishers(paths) if one.is_other]
    assert other.file.name == "theirs.pub"
    changes.distrust(other, administrator=administrator)
    assert [one.is_other for one in publishers(paths)] == [False, False]


def test_the_keys_of_program_and_site_stay(
    changes: ModelChanges, administrator: Administrator, paths: AppPaths
) -> None:
    own = publishers(paths)
    assert len(own) == 2
    for one in own:
        with pytest.raises(InputError):
            changes.distrust(one, administrator=administrator)
    assert publishers(paths) == own


@pytest.mark.parametrize("content", [b"", b"junk", b"\x00" * 100_000])
def test_what_is_no_key_is_refused(paths: AppPaths, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.pub").write_bytes(content)
    with pytest.raises(InputError, match="no publisher's key"):
        read_publisher_key(tmp_path / "x.pub", paths)
    with pytest.raises(InputError):
        read_publisher_key(tmp_path / "none.pub", paths)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files")
@pytest.mark.timeout(20)
def test_a_pipe_that_is_called_like_a_key_is_not_waited_for(
    paths: AppPaths, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "x.pub")
    with pytest.raises(InputError, match="no publisher's key"):
        read_publisher_key(tmp_path / "x.pub", paths)


def test_an_older_version_in_a_file_that_is_called_newer_is_refused(
    changes: ModelChanges, administrator: Administrator, tmp_path: Path
) -> None:
    source, _ = make_tiny_bundle(tmp_path / "source", bundle_id="ours-20260101-000000")
    changes.install(source)
    honest = tmp_path / "ours-20260101-000000.kdhmodel"
    changes.export("ours-20260101-000000", honest, administrator=administrator)
    changes.remove("ours-20260101-000000", administrator=administrator)
    newer = Path(shutil.copy(honest, tmp_path / "ours-20261224-120000.kdhmodel"))
    with pytest.raises(VerificationError, match="another version") as refused:
        changes.install(newer)
    assert "20261224" not in str(refused.value), "no name of a user's file"
    assert "holds ours-20260101-000000" in str(refused.value)
    for name in ("from anna.kdhmodel", "ours-20260101-000000 (1).kdhmodel"):
        copy = Path(shutil.copy(honest, tmp_path / name))
        assert changes.install(copy).id == "ours-20260101-000000"


def test_removing_what_is_in_force_is_refused_before_it_is_noted(
    changes: ModelChanges,
    administrator: Administrator,
    candidate: Callable[..., RunFolder],
    paths: AppPaths,
) -> None:
    changes.put_candidate_in_force(candidate("ours"), administrator=administrator)
    for name in ("ours", "shipped", "unknown"):
        with pytest.raises(ModelError):
            changes.remove(name, administrator=administrator)
    assert actions(paths) == [AuditAction.ACTIVATED]
