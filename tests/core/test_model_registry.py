from __future__ import annotations

import contextlib
import errno
import itertools
import json
import multiprocessing
import os
import shutil
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kdh_desktop.core.access import Access, Administrator, Cost
from kdh_desktop.core.classification import activation, model_staging
from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.classification.model_changes import ModelChanges
from kdh_desktop.core.classification.model_registry import ModelRegistry
from kdh_desktop.core.classification.signing import write_public_key
from kdh_desktop.core.errors import KdhError, LockedError, ModelError, VerificationError
from kdh_desktop.core.paths import AppPaths
from tests.data.nasty import TAMPERED_BUNDLES, Builder
from tests.data.tiny_bundle import make_tiny_bundle, tiny_key
from tests.data.tiny_installation import make_tiny_installation


@pytest.fixture
def paths(tmp_path: Path) -> AppPaths:
    return make_tiny_installation(tmp_path / "installation", bundle_id="shipped")


@pytest.fixture
def registry(paths: AppPaths) -> ModelRegistry:
    return ModelRegistry(paths)


@pytest.fixture
def administrator(paths: AppPaths) -> Administrator:
    cheap = Cost(iterations=1, lanes=1, memory_kib=64)
    return Access(paths.access, paths.site_keys, cost=cheap).set_up("a long password")[0]


@pytest.fixture
def source(tmp_path: Path) -> Callable[[str], Path]:
    """Makes a bundle that the tiny publisher signed, in a folder outside the installation."""
    return lambda name: make_tiny_bundle(tmp_path / "sources" / name, bundle_id=name)[0]


def test_the_shipped_model_is_in_force_at_first(registry: ModelRegistry) -> None:
    assert registry.in_force().bundle.id == "shipped"
    (model,) = registry.installed()
    assert model.is_shipped
    assert model.is_active
    assert registry.history() == []


def test_the_faster_model_that_shipped_can_be_put_in_force_and_taken_back(
    registry: ModelRegistry, administrator: Administrator, paths: AppPaths
) -> None:
    make_tiny_bundle(paths.fast_model, bundle_id="fast")
    assert [(x.bundle_id, x.is_shipped, x.is_active) for x in registry.installed()] == [
        ("shipped", True, True),
        ("fast", True, False),
    ]
    registry.activate("fast", administrator=administrator)
    found = registry.in_force()
    assert (found.bundle.folder, found.words) == (paths.fast_model, "")
    with pytest.raises(ModelError):
        registry.remove("fast")
    registry.roll_back(administrator=administrator)
    assert registry.in_force().bundle.id == "shipped"
    assert registry.install(paths.fast_model).folder == paths.fast_model
    with pytest.raises(ModelError):
        registry.remove("fast")
    assert paths.fast_model.exists()


def test_the_faster_model_is_not_used_once_it_is_damaged_or_gone(
    registry: ModelRegistry, administrator: Administrator, paths: AppPaths
) -> None:
    make_tiny_bundle(paths.fast_model, bundle_id="fast")
    registry.activate("fast", administrator=administrator)
    network = paths.fast_model / "model.onnx"
    network.write_bytes(network.read_bytes()[:-1] + b"\x00\x01")
    assert registry.in_force().is_stand_in
    _, damaged = registry.installed()
    assert (damaged.bundle, damaged.is_shipped) == (None, True)
    shutil.rmtree(paths.fast_model)
    assert registry.in_force().is_stand_in
    assert [x.bundle_id for x in registry.installed()] == ["shipped"]


def test_an_installed_model_is_not_in_force_by_that(
    registry: ModelRegistry, source: Callable[[str], Path]
) -> None:
    registry.install(source("newer"))
    assert registry.in_force().bundle.id == "shipped"
    assert [model.bundle_id for model in registry.installed()] == ["shipped", "newer"]


@pytest.mark.parametrize("way", ["folder", "file", "run"])
def test_a_model_is_on_the_disk_before_it_has_its_name(
    registry: ModelRegistry,
    administrator: Administrator,
    source: Callable[[str], Path],
    paths: AppPaths,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    flushed: dict[bool, set[int]] = {False: set(), True: set()}
    place, origin, fsync = paths.models / "newer", source("newer"), os.fsync

    def note(descriptor: int) -> None:
        flushed[place.exists()].add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    if way == "file":
        origin = Path(shutil.make_archive(str(tmp_path / "newer"), "zip", origin))
    monkeypatch.setattr(os, "fsync", note)
    if way == "run":
        registry.adopt(origin, candidate_key=tiny_key().public_key(), administrator=administrator)
    else:
        registry.install(origin)
    assert {path.stat().st_ino for path in (*place.iterdir(), place)} <= flushed[False]
    assert paths.models.stat().st_ino in flushed[True]


def test_the_shipped_model_is_there_already(registry: ModelRegistry, paths: AppPaths) -> None:
    assert registry.install(paths.bundled_model).folder == paths.bundled_model
    assert not any(paths.models.glob("*/"))


def test_a_model_from_a_read_only_medium_can_be_written_to_here(
    registry: ModelRegistry, source: Callable[[str], Path]
) -> None:
    medium = source("newer")
    for path in (*medium.iterdir(), medium):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        folder = registry.install(medium).folder
    finally:
        medium.chmod(0o755)
    assert all(path.stat().st_mode & 0o200 for path in (*folder.iterdir(), folder))


def _install_and_die(paths: AppPaths, source: Path) -> None:
    ModelRegistry(paths).install(source, check=lambda _: os._exit(9))


def test_what_a_killed_process_took_in_by_half_is_deleted_by_the_next(
    registry: ModelRegistry, source: Callable[[str], Path], paths: AppPaths
) -> None:
    arguments = (paths, source("newer"))
    child = multiprocessing.get_context("spawn").Process(target=_install_and_die, args=arguments)
    child.start()
    child.join()
    (left,) = paths.models.iterdir()
    assert sum(path.stat().st_size for path in left.rglob("*.onnx")) > 0
    registry.install(source("other"))
    assert [path.name for path in paths.models.iterdir()] == ["other"]


def test_what_another_is_taking_in_is_left_alone(
    registry: ModelRegistry, source: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_staging, "_LOCK_TIMEOUT_S", 0.0)

    def install_another(_: ModelBundle) -> None:
        with ThreadPoolExecutor(1) as pool, pytest.raises(ModelError, match="just now"):
            pool.submit(registry.install, source("other")).result()

    registry.install(source("newer"), check=install_another)
    assert [model.bundle_id for model in registry.installed()] == ["shipped", "newer"]


def test_activating_and_rolling_back_are_the_same_call(
    registry: ModelRegistry, administrator: Administrator, source: Callable[[str], Path]
) -> None:
    registry.install(source("newer"))
    before = registry.in_force().bundle
    registry.activate("newer", administrator=administrator, reason="better on ours")
    assert registry.in_force().bundle.id == "newer"
    registry.roll_back(administrator=administrator)
    after = registry.in_force().bundle
    assert (after.id, after.model) == (before.id, before.model)
    registry.roll_back(administrator=administrator)
    assert registry.in_force().bundle.id == "newer"
    told = [(entry.bundle_id, entry.previous, entry.reason) for entry in registry.history()]
    assert told == [
        ("newer", "shipped", ""),
        ("shipped", "newer", ""),
        ("newer", "shipped", "better on ours"),
    ]


def test_a_model_that_is_put_in_force_once_more_can_still_be_rolled_back(
    registry: ModelRegistry, administrator: Administrator, source: Callable[[str], Path]
) -> None:
    registry.install(source("newer"))
    registry.activate("newer", administrator=administrator)
    registry.activate("newer", administrator=administrator)
    assert registry.previous == "shipped"
    registry.roll_back(administrator=administrator)
    assert registry.in_force().bundle.id == "shipped"


def test_a_locked_door_puts_nothing_in_force(
    registry: ModelRegistry, administrator: Administrator, source: Callable[[str], Path]
) -> None:
    registry.install(source("newer"))
    administrator.lock()
    with pytest.raises(LockedError):
        registry.activate("newer", administrator=administrator)
    assert registry.in_force().bundle.id == "shipped"
    assert registry.history() == []


def test_a_word_that_the_site_did_not_sign_counts_for_nothing(
    registry: ModelRegistry,
    administrator: Administrator,
    source: Callable[[str], Path],
    paths: AppPaths,
) -> None:
    registry.install(source("newer"))
    registry.install(source("other"))
    registry.activate("newer", administrator=administrator)
    active = paths.models / "active.json"
    active.write_text(active.read_text().replace("newer", "other"))
    found = registry.in_force()
    assert found.bundle.id == "shipped"
    assert isinstance(found.problem, VerificationError)


def test_a_word_that_another_trusted_publisher_signed_counts_for_nothing(
    registry: ModelRegistry,
    administrator: Administrator,
    source: Callable[[str], Path],
    paths: AppPaths,
) -> None:
    registry.install(source("newer"))
    registry.install(source("other"))
    registry.activate("newer", administrator=administrator)
    write_public_key(paths.site_keys / "theirs.pub", tiny_key(4).public_key())
    for stranger in (tiny_key(4), tiny_key()):  # another site, and the program's publisher
        registry.activate("other", administrator=Administrator(stranger))
        found = registry.in_force()
        assert found.bundle.id == "shipped"
        assert "not signed by this site" in found.words
    (paths.site_keys / "site.pub").unlink()
    assert "own key is gone" in registry.in_force().words


def test_an_older_word_that_was_put_back_is_said_and_its_model_used(
    administrator: Administrator, source: Callable[[str], Path], paths: AppPaths
) -> None:
    minutes = itertools.count()
    registry = ModelRegistry(
        paths, now=lambda: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=next(minutes))
    )
    active, kept = paths.models / "active.json", {}
    for name in ("newer", "other"):
        registry.install(source(name))
        registry.activate(name, administrator=administrator)
        kept[name] = active.read_bytes()
        assert registry.in_force().words == ""
    registry.roll_back(administrator=administrator)
    registry.activate("shipped", administrator=administrator)
    assert registry.in_force().problem is None
    for name, word in kept.items():
        active.write_bytes(word)
        found = registry.in_force()
        assert found.bundle.id == name
        assert found.words.startswith("Another model was put in force after")
    registry.activate("other", administrator=administrator)
    assert registry.in_force().problem is None


def test_a_word_that_was_taken_away_is_said(
    registry: ModelRegistry,
    administrator: Administrator,
    source: Callable[[str], Path],
    paths: AppPaths,
) -> None:
    assert registry.in_force().problem is None
    registry.install(source("newer"))
    registry.activate("newer", administrator=administrator)
    (paths.models / "active.json").unlink()
    found = registry.in_force()
    assert found.bundle.id == "shipped"
    assert found.words.endswith("is gone. Put a model in force again.")
    registry.activate("shipped", administrator=administrator)
    (paths.models / "active.json").unlink()
    assert registry.in_force().problem is None, "the same model is in force"


def test_the_audit_log_tells_where_the_history_is_gone_as_well(
    administrator: Administrator, source: Callable[[str], Path], paths: AppPaths
) -> None:
    changes = ModelChanges(paths, check=lambda _: None)
    changes.install(source("newer"))
    changes.put_in_force("newer", administrator=administrator)
    older = (paths.models / "active.json").read_bytes()
    (paths.models / "history.jsonl").unlink()
    assert changes.registry.in_force().problem is None
    (paths.models / "active.json").unlink()
    assert "is gone" in changes.registry.in_force().words
    changes.put_in_force("shipped", administrator=administrator)
    (paths.models / "history.jsonl").unlink()
    (paths.models / "active.json").write_bytes(older)
    found = changes.registry.in_force()
    assert found.bundle.id == "newer"
    assert "Another model was put in force after" in found.words


def test_an_activation_that_the_disk_refused_is_no_history(
    registry: ModelRegistry,
    administrator: Administrator,
    source: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry.install(source("newer"))
    registry.install(source("other"))
    registry.activate("newer", administrator=administrator)
    before = registry.history()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    with monkeypatch.context() as patch:
        patch.setattr(activation, "write_durably", full)
        with pytest.raises(OSError, match="no room"):
            registry.activate("other", administrator=administrator)
    assert registry.history() == before
    found = registry.in_force()
    assert (found.bundle.id, found.problem) == ("newer", None)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"version": 1}', "\x00" * 50])
def test_a_damaged_word_leaves_the_shipped_model(
    registry: ModelRegistry, paths: AppPaths, content: str
) -> None:
    paths.models.mkdir(parents=True)
    (paths.models / "active.json").write_text(content)
    found = registry.in_force()
    assert found.bundle.id == "shipped"
    assert found.problem is not None


def test_a_model_that_was_damaged_later_is_not_used(
    registry: ModelRegistry,
    administrator: Administrator,
    source: Callable[[str], Path],
    paths: AppPaths,
) -> None:
    registry.install(source("newer"))
    registry.activate("newer", administrator=administrator)
    network = paths.models / "newer" / "model.onnx"
    network.write_bytes(network.read_bytes()[:-1] + b"\x00\x01")
    found = registry.in_force()
    assert found.bundle.id == "shipped"
    assert found.problem is not None
    (_, broken) = registry.installed()
    assert broken.bundle is None
    assert broken.problem is not None


def test_a_damaged_model_is_mended_by_installing_it_again(
    registry: ModelRegistry,
    administrator: Administrator,
    source: Callable[[str], Path],
    paths: AppPaths,
) -> None:
    registry.install(source("newer"))
    registry.activate("newer", administrator=administrator)
    network = paths.models / "newer" / "model.onnx"
    network.write_bytes(network.read_bytes()[:-1])
    assert registry.install(source("newer")).id == "newer"
    assert registry.in_force().problem is None
    assert sorted(path.name for path in paths.models.iterdir() if path.is_dir()) == ["newer"]


def test_an_older_model_under_a_newer_name_is_refused(
    registry: ModelRegistry,
    administrator: Administrator,
    source: Callable[[str], Path],
    paths: AppPaths,
) -> None:
    registry.install(source("older"))
    (paths.models / "older").rename(paths.models / "newer")
    with pytest.raises(VerificationError):
        registry.activate("newer", administrator=administrator)


def test_two_models_cannot_share_a_name(
    registry: ModelRegistry, tmp_path: Path, source: Callable[[str], Path]
) -> None:
    registry.install(source("twin"))
    registry.install(source("twin"))  # the same one again does no harm
    other, _ = make_tiny_bundle(tmp_path / "other", seed=5, bundle_id="twin", key=tiny_key())
    noted: list[ModelBundle] = []
    with pytest.raises(ModelError, match="same name"):
        registry.install(other, check=noted.append)
    assert noted == [], "the check notes in the audit log what is installed"


@pytest.mark.parametrize("name", TAMPERED_BUNDLES)
def test_tampered_models_are_not_installed(
    registry: ModelRegistry, paths: AppPaths, tmp_path: Path, name: str
) -> None:
    builder: Builder = TAMPERED_BUNDLES[name]
    folder, _ = builder(tmp_path / "source")
    with pytest.raises(ModelError):
        registry.install(folder)
    assert not any(paths.models.iterdir())


def test_a_last_look_may_refuse_a_model(
    registry: ModelRegistry, paths: AppPaths, source: Callable[[str], Path]
) -> None:
    def refuse(_bundle: object) -> None:
        raise VerificationError("The network does not run.")

    with pytest.raises(VerificationError):
        registry.install(source("newer"), check=refuse)
    assert not any(paths.models.iterdir())


def test_a_model_goes_to_another_installation_in_one_file(
    registry: ModelRegistry, source: Callable[[str], Path], tmp_path: Path
) -> None:
    first = registry.install(source("newer"))
    registry.export("newer", tmp_path / "newer.kdhmodel")
    elsewhere = ModelRegistry(make_tiny_installation(tmp_path / "elsewhere", bundle_id="shipped"))
    second = elsewhere.install(tmp_path / "newer.kdhmodel")
    assert second.manifest_sha256 == first.manifest_sha256


def test_hostile_archives_are_refused(registry: ModelRegistry, tmp_path: Path) -> None:
    names = ["manifest.json", "manifest.sig", "model.onnx", "tokenizer.json"]
    hostile = {
        "a path": [*names, "../MODEL_CARD.md"],
        "one too many": [*names, "MODEL_CARD.md", "hook.py"],
        "one missing": names,
        "one twice": [*names, "model.onnx"],
    }
    for what, members in hostile.items():
        archive = tmp_path / f"{what}.kdhmodel"
        with zipfile.ZipFile(archive, "w") as packed:
            for member in dict.fromkeys(members):
                packed.writestr(member, b"x")
        with pytest.raises(VerificationError):
            registry.install(archive)
    bomb = tmp_path / "bomb.kdhmodel"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        for member in [*names, "MODEL_CARD.md"]:
            packed.writestr(member, b"\x00" * (20 * 2**20 if member == "manifest.sig" else 1))
    with pytest.raises(VerificationError, match="larger"):
        registry.install(bomb)
    (tmp_path / "junk.kdhmodel").write_bytes(b"PK\x03\x04junk")
    with pytest.raises(VerificationError):
        registry.install(tmp_path / "junk.kdhmodel")
    with pytest.raises(ModelError):
        registry.install(tmp_path / "missing.kdhmodel")


def test_names_in_an_archive_that_are_no_text_are_refused(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    archive = tmp_path / "newer.kdhmodel"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("\u00e9.txt", b"x")
    archive.write_bytes(archive.read_bytes().replace("\u00e9".encode(), b"\xff\xfe"))
    with pytest.raises(VerificationError):
        registry.install(archive)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files")
@pytest.mark.timeout(20)
def test_a_pipe_that_is_called_like_a_model_is_not_waited_for(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "newer.kdhmodel")
    with pytest.raises(ModelError):
        registry.install(tmp_path / "newer.kdhmodel")


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_archive_with_a_flipped_byte_is_refused(
    registry: ModelRegistry, source: Callable[[str], Path], tmp_path: Path, packing: int
) -> None:
    archive = tmp_path / "newer.kdhmodel"
    with zipfile.ZipFile(archive, "w", packing) as packed:
        for file in sorted(source("newer").iterdir()):
            packed.write(file, file.name)
    whole = archive.read_bytes()
    for place in range(0, len(whole), 1 + len(whole) // 120):
        archive.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with contextlib.suppress(KdhError):
            registry.install(archive)
            registry.remove("newer")


def test_a_trained_model_counts_once_the_site_signs_it(
    registry: ModelRegistry, administrator: Administrator, tmp_path: Path
) -> None:
    run_key = tiny_key(7)
    candidate, _ = make_tiny_bundle(tmp_path / "run", bundle_id="ours", key=run_key)
    with pytest.raises(VerificationError):
        registry.install(candidate)
    registry.adopt(candidate, candidate_key=run_key.public_key(), administrator=administrator)
    registry.activate("ours", administrator=administrator)
    assert registry.in_force().bundle.id == "ours"


def test_the_model_in_force_cannot_be_removed(
    registry: ModelRegistry, administrator: Administrator, source: Callable[[str], Path]
) -> None:
    registry.install(source("newer"))
    registry.activate("newer", administrator=administrator)
    with pytest.raises(ModelError):
        registry.remove("newer")
    registry.roll_back(administrator=administrator)
    registry.remove("newer")
    assert [model.bundle_id for model in registry.installed()] == ["shipped"]
    with pytest.raises(ModelError):
        registry.remove("shipped")


def test_history_outlives_a_cut_line(
    registry: ModelRegistry,
    administrator: Administrator,
    source: Callable[[str], Path],
    paths: AppPaths,
) -> None:
    registry.install(source("newer"))
    registry.activate("newer", administrator=administrator)
    with (paths.models / "history.jsonl").open("a") as file:
        file.write(json.dumps({"bundle_id": "half"})[:9])
    assert [entry.bundle_id for entry in registry.history()] == ["newer"]
