from __future__ import annotations

import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kdh_desktop.core.classification.model_bundle import (
    CONTENT_FILES,
    ModelBundle,
    open_bundle,
    write_bundle,
)
from kdh_desktop.core.errors import ModelError, VerificationError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER, LabelSet
from tests.data.nasty import TAMPERED_BUNDLES, UNSOUND_BUNDLES, Builder
from tests.data.tiny_bundle import make_tiny_bundle, tiny_key

Tiny = tuple[Path, Ed25519PublicKey]


def contents_of(bundle: ModelBundle) -> dict[str, bytes]:
    return {
        "model.onnx": bundle.model,
        "tokenizer.json": bundle.tokenizer,
        "MODEL_CARD.md": bundle.model_card.encode(),
    }


def test_sound_bundle_opens_with_what_was_written(tiny: Tiny) -> None:
    folder, key = tiny
    bundle = open_bundle(folder, trusted_keys=[key])
    assert bundle.id == "tiny-0"
    assert len(bundle.labels) == 10
    assert bundle.model == (folder / "model.onnx").read_bytes()
    assert bundle.tokenizer == (folder / "tokenizer.json").read_bytes()
    assert bundle.model_card.startswith("# Tiny model")
    assert {file.name for file in bundle.manifest.files} == CONTENT_FILES


def test_same_seed_gives_the_same_signature(tiny: Tiny, tmp_path: Path) -> None:
    again, _ = make_tiny_bundle(tmp_path / "again")
    assert (again / "manifest.sig").read_bytes() == (tiny[0] / "manifest.sig").read_bytes()


def test_any_of_several_trusted_keys_will_do(tiny: Tiny) -> None:
    folder, key = tiny
    open_bundle(folder, trusted_keys=[tiny_key(7).public_key(), key])


@pytest.mark.parametrize("name", TAMPERED_BUNDLES)
def test_bundle_changed_after_signing_is_refused(name: str, tmp_path: Path) -> None:
    assert_refused(TAMPERED_BUNDLES[name], tmp_path)


@pytest.mark.parametrize("name", UNSOUND_BUNDLES)
def test_signed_bundle_that_breaks_the_contract_is_refused(name: str, tmp_path: Path) -> None:
    assert_refused(UNSOUND_BUNDLES[name], tmp_path)


def assert_refused(build: Builder, tmp_path: Path) -> None:
    folder, key = build(tmp_path / "bundle")
    with pytest.raises(VerificationError) as caught:
        open_bundle(folder, trusted_keys=[key])
    assert caught.value.exit_code == 4
    assert caught.value.message.endswith(".")
    assert caught.value.remedy.endswith(".")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("external data with ../", "outside its own file"),
        ("a custom operator", "operators that are not part"),
        ("NaN weights", "not numbers"),
        ("a newer format", "has format 2"),
        ("a window of a million tokens", "breaks the rules"),
    ],
)
def test_refusal_says_what_is_wrong(name: str, words: str, tmp_path: Path) -> None:
    folder, key = UNSOUND_BUNDLES[name](tmp_path / "bundle")
    with pytest.raises(VerificationError, match=words):
        open_bundle(folder, trusted_keys=[key])


def test_labels_of_a_site_need_no_definitions(tmp_path: Path) -> None:
    bare = LabelSet(tuple(replace(label, definition="") for label in HALLMARKS_OF_CANCER))
    folder, key = make_tiny_bundle(tmp_path / "bundle", labels=bare)
    assert open_bundle(folder, trusted_keys=[key]).labels == bare


def test_without_any_trusted_key_nothing_opens(tiny: Tiny) -> None:
    with pytest.raises(VerificationError, match="No publisher's key"):
        open_bundle(tiny[0], trusted_keys=[])


def test_older_model_under_a_newer_name_is_refused(tmp_path: Path) -> None:
    folder, key = make_tiny_bundle(tmp_path / "hallmarks-2", bundle_id="hallmarks-1")
    open_bundle(folder, trusted_keys=[key], expected_id="hallmarks-1")
    with pytest.raises(VerificationError, match="another one than its name says"):
        open_bundle(folder, trusted_keys=[key], expected_id="hallmarks-2")


def test_missing_folder_and_plain_file_are_no_bundles(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "missing", tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(ModelError, match="no model in that place"):
            open_bundle(path, trusted_keys=[tiny_key().public_key()])


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not bind this user"
)
def test_unreadable_file_is_reported_as_such(tmp_path: Path) -> None:
    folder, key = make_tiny_bundle(tmp_path / "bundle")
    (folder / "model.onnx").chmod(0)
    with pytest.raises(ModelError, match="cannot be read"):
        open_bundle(folder, trusted_keys=[key])


def test_bundle_can_be_a_link_to_a_folder(tiny: Tiny, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(tiny[0], target_is_directory=True)
    assert open_bundle(tmp_path / "current", trusted_keys=[tiny[1]]).id == "tiny-0"


def test_bundle_says_nothing_of_its_contents_or_place_in_logs(tiny_bundle: ModelBundle) -> None:
    assert len(repr(tiny_bundle)) < 500


def test_changes_on_disk_after_opening_change_nothing(tmp_path: Path) -> None:
    folder, key = make_tiny_bundle(tmp_path / "bundle")
    bundle = open_bundle(folder, trusted_keys=[key])
    before = bundle.model
    (folder / "model.onnx").write_bytes(b"evil")
    assert bundle.model == before


class TestWriting:
    def test_older_bundle_is_replaced(self, tmp_path: Path) -> None:
        make_tiny_bundle(tmp_path / "bundle", bundle_id="one")
        folder, key = make_tiny_bundle(tmp_path / "bundle", bundle_id="two")
        assert open_bundle(folder, trusted_keys=[key]).id == "two"
        assert [path.name for path in tmp_path.iterdir()] == ["bundle"]

    def test_folder_of_other_files_is_left_alone(self, tmp_path: Path) -> None:
        precious = tmp_path / "bundle" / "thesis.docx"
        precious.parent.mkdir()
        precious.write_text("three years of work")
        with pytest.raises(ModelError, match="holds other files"):
            make_tiny_bundle(tmp_path / "bundle")
        assert precious.read_text() == "three years of work"

    def test_file_or_link_in_the_place_of_the_folder_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("precious")
        (tmp_path / "link").symlink_to(tmp_path / "nowhere")
        for name in ("file", "link"):
            with pytest.raises(ModelError, match="holds other files"):
                make_tiny_bundle(tmp_path / name)
        assert (tmp_path / "file").read_text() == "precious"

    @pytest.mark.parametrize(
        "files",
        [
            {"model.onnx": b""},
            {"model.onnx": b"", "tokenizer.json": b"", "MODEL_CARD.md": b"", "hook.py": b""},
        ],
    )
    def test_wrong_set_of_files_leaves_the_old_bundle(
        self, files: dict[str, bytes], tiny_bundle: ModelBundle, tmp_path: Path
    ) -> None:
        folder, key = make_tiny_bundle(tmp_path / "bundle", bundle_id="old")
        with pytest.raises(VerificationError):
            write_bundle(folder, manifest=tiny_bundle.manifest, files=files, key=tiny_key())
        assert open_bundle(folder, trusted_keys=[key]).id == "old"
        assert [path.name for path in tmp_path.iterdir()] == ["bundle"]

    def test_failed_swap_brings_the_old_bundle_back(
        self, tiny_bundle: ModelBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder, key = make_tiny_bundle(tmp_path / "bundle", bundle_id="old")
        rename = Path.rename

        def fail_for_new(self: Path, target: Path) -> Path:
            if self.name == "new":
                raise OSError(28, "No space left on device")
            return rename(self, target)

        monkeypatch.setattr(Path, "rename", fail_for_new)
        with pytest.raises(OSError, match="No space"):
            write_bundle(
                folder,
                manifest=tiny_bundle.manifest,
                files=contents_of(tiny_bundle),
                key=tiny_key(),
            )
        assert open_bundle(folder, trusted_keys=[key]).id == "old"
        assert [path.name for path in tmp_path.iterdir()] == ["bundle"]

    @pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
    def test_others_may_read_what_was_written(self, tmp_path: Path) -> None:
        mask = os.umask(0o022)
        try:
            folder, _ = make_tiny_bundle(tmp_path / "bundle")
        finally:
            os.umask(mask)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}
