"""The folder that a model comes in: written signed, and opened only when nothing is amiss.

Everything is read once, into memory, and checked there; the runtime is given those same bytes.
What lies on the disk after the check can therefore change nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from kdh_desktop.core.classification.manifest import FileDigest, Manifest
from kdh_desktop.core.classification.onnx_inspection import check_onnx
from kdh_desktop.core.classification.signing import SIGNATURE_SIZE, sign, verify
from kdh_desktop.core.durable_file import flush_files, flush_folder
from kdh_desktop.core.errors import ModelError, VerificationError
from kdh_desktop.core.labels import LabelSet

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
MODEL_CARD = "MODEL_CARD.md"

MAX_SIZES: Mapping[str, int] = {
    MANIFEST: 8 * 2**20,
    SIGNATURE: SIGNATURE_SIZE,
    MODEL: 1024 * 2**20,
    TOKENIZER: 64 * 2**20,
    MODEL_CARD: 2**20,
}
"""The files of a bundle, all needed and no others allowed, with the most bytes each may have."""

CONTENT_FILES = frozenset({MODEL, TOKENIZER, MODEL_CARD})
"""The files that the manifest lists."""

_BUNDLE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_CREATED_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:00)")
_MAX_TOKENS = 8192
_REINSTALL = "Install the model again from its source."


@dataclass(frozen=True, slots=True)
class ModelBundle:
    """A model that has passed every check that needs no runtime.

    Attributes:
        folder: Where it was read from; nothing is read from there again.
        manifest: What it says of itself.
        manifest_sha256: Hash of the manifest as it was signed, hexadecimal: it names the model
            and every byte of its files.
        model: The network, as the bytes of an ONNX file.
        tokenizer: The tokenizer, as the bytes of a ``tokenizer.json``.
        model_card: What the model is for and what it cannot do, in Markdown.
    """

    folder: Path
    manifest: Manifest = field(repr=False)
    manifest_sha256: str
    model: bytes = field(repr=False)
    tokenizer: bytes = field(repr=False)
    model_card: str = field(repr=False)

    @property
    def id(self) -> str:
        """Unique name of the model."""
        return self.manifest.bundle_id

    @property
    def labels(self) -> LabelSet:
        """Labels in the order of the logit columns."""
        return self.manifest.labels


def open_bundle(
    folder: Path,
    *,
    trusted_keys: Sequence[Ed25519PublicKey],
    expected_id: str | None = None,
) -> ModelBundle:
    """Read and verify a bundle.

    Args:
        folder: The bundle's folder.
        trusted_keys: Whose signature is accepted.
        expected_id: Bundle id that the caller asked for; stops an older signed model from being
            passed off under a newer one's name.

    Raises:
        ModelError: There is no bundle, or it cannot be read.
        VerificationError: It is not exactly what a trusted publisher signed, or breaks the
            contract in another way.
    """
    try:
        _check_listing(folder)
        manifest_bytes = _read_file(folder, MANIFEST)
        signature = _read_file(folder, SIGNATURE)
        verify(manifest_bytes, signature, trusted_keys)
        manifest = Manifest.from_json(manifest_bytes)
        _check_manifest(manifest, expected_id=expected_id)
        contents = {file.name: _read_listed(folder, file) for file in manifest.files}
    except OSError as error:
        raise ModelError(
            "The model's folder cannot be read.", "Check that it exists and that you may read it."
        ) from error
    _check_contents(contents)
    return ModelBundle(
        folder=folder,
        manifest=manifest,
        manifest_sha256=hashlib.sha256(manifest_bytes).hexdigest(),
        model=contents[MODEL],
        tokenizer=contents[TOKENIZER],
        model_card=contents[MODEL_CARD].decode("utf-8"),
    )


def peek_id(folder: Path) -> str | None:
    """What the bundle in a folder calls itself, unverified; None where it does not say.

    Enough to tell that it is not the one that is looked for.
    """
    try:
        return Manifest.from_json(_read_file(folder, MANIFEST)).bundle_id
    except (OSError, VerificationError):
        return None


def write_bundle(
    folder: Path, *, manifest: Manifest, files: Mapping[str, bytes], key: Ed25519PrivateKey
) -> None:
    """Write and sign a bundle; it appears under its name complete and verified, or not at all.

    Args:
        folder: Where it shall lie. An older bundle there is replaced; anything else is refused.
        manifest: What the model says of itself; its `files` are filled in here.
        files: Contents by name: exactly `CONTENT_FILES`.
        key: Signs the manifest.

    Raises:
        ModelError: The folder holds something else.
        VerificationError: The result would not open.
        OSError: It cannot be written.
    """
    _check_replaceable(folder)
    digests = tuple(
        FileDigest(name, hashlib.sha256(data).hexdigest(), len(data))
        for name, data in sorted(files.items())
    )
    manifest_bytes = replace(manifest, files=digests).to_json()
    contents = {**files, MANIFEST: manifest_bytes, SIGNATURE: sign(manifest_bytes, key)}
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        fresh = staging / "new"
        fresh.mkdir()
        for name, data in contents.items():
            (fresh / name).write_bytes(data)
        flush_files(fresh)
        open_bundle(fresh, trusted_keys=(key.public_key(),), expected_id=manifest.bundle_id)
        _swap(fresh, folder, staging / "old")
        flush_folder(folder.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _check_replaceable(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        is_ours = False
    else:
        is_ours = not folder.exists() or {x.name for x in folder.iterdir()} <= MAX_SIZES.keys()
    if not is_ours:
        raise ModelError(
            "The folder for the model holds other files, which would be lost.",
            "Choose a new or empty folder.",
        )


def _swap(fresh: Path, folder: Path, aside: Path) -> None:
    """Put `fresh` in the place of `folder`; the old one comes back when that fails."""
    if folder.exists():
        folder.rename(aside)
    try:
        fresh.rename(folder)
    except OSError:
        if aside.exists():
            aside.rename(folder)
        raise


def _check_listing(folder: Path) -> None:
    if not folder.is_dir():
        raise ModelError("There is no model in that place.", "Name the folder of a model.")
    found: set[str] = set()
    with os.scandir(folder) as entries:
        for entry in entries:
            # Stops at the first stranger, so that a huge folder costs nothing.
            if entry.name not in MAX_SIZES:
                raise VerificationError("The model's folder holds a file too many.", _REINSTALL)
            if not entry.is_file(follow_symlinks=False):
                raise VerificationError(
                    "The model's folder holds something that is not a plain file.", _REINSTALL
                )
            found.add(entry.name)
    missing = sorted(MAX_SIZES.keys() - found)
    if missing:
        raise VerificationError(f"The model lacks its file {missing[0]}.", _REINSTALL)


def _read_file(folder: Path, name: str, *, size: int | None = None) -> bytes:
    """Read a file that must be plain, with a size limit that holds even while it grows."""
    limit = MAX_SIZES[name] if size is None else size
    # A link or a pipe put in place after the listing is neither followed nor waited for.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(folder / name, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise VerificationError(
                "The model's folder holds something that is not a plain file.", _REINSTALL
            )
        data = b"" if status.st_size > limit else file.read(limit + 1)
    if status.st_size > limit or len(data) > limit:
        raise VerificationError(f"The model's file {name} is larger than it may be.", _REINSTALL)
    return data


def _read_listed(folder: Path, listed: FileDigest) -> bytes:
    data = _read_file(folder, listed.name, size=listed.size)
    if len(data) != listed.size or hashlib.sha256(data).hexdigest() != listed.sha256:
        raise VerificationError(
            f"The model's file {listed.name} is not the one that was signed.", _REINSTALL
        )
    return data


def _check_manifest(manifest: Manifest, *, expected_id: str | None) -> None:
    names = [file.name for file in manifest.files]
    numbers = [manifest.evidence_threshold]
    numbers += [x for c in manifest.calibrations for x in (c.slope, c.intercept)]
    numbers += [manifest.domain.min_share] if manifest.domain else []
    is_sound = (
        sorted(names) == sorted(CONTENT_FILES)
        and all(0 <= file.size <= MAX_SIZES[file.name] for file in manifest.files)
        and _BUNDLE_ID.fullmatch(manifest.bundle_id) is not None
        and _CREATED_UTC.fullmatch(manifest.created_utc) is not None
        and manifest.max_tokens <= _MAX_TOKENS
        and all(math.isfinite(number) for number in numbers)
        and all(
            _is_text(label.id) and _is_text(label.name) and isinstance(label.definition, str)
            for label in manifest.labels
        )
    )
    if not is_sound:
        raise VerificationError("The model's manifest breaks the rules for models.", _REINSTALL)
    if expected_id is not None and manifest.bundle_id != expected_id:
        raise VerificationError(
            "The model is another one than its name says.",
            "Install the model again under its own name.",
        )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _check_contents(contents: Mapping[str, bytes]) -> None:
    check_onnx(contents[MODEL])
    try:
        contents[MODEL_CARD].decode("utf-8")
        tokenizer = json.loads(contents[TOKENIZER])
    except (ValueError, RecursionError) as error:
        raise VerificationError("One of the model's files is damaged.", _REINSTALL) from error
    if not isinstance(tokenizer, dict) or "model" not in tokenizer:
        raise VerificationError("The model's tokenizer is damaged.", _REINSTALL)
