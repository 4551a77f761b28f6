"""The word which model is in force, as it lies on the disk: signed, so that nobody can slip in one.

With it the history of all such words; that is for people, and nothing hangs on it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kdh_desktop.core.access import Administrator
from kdh_desktop.core.classification.signing import verify
from kdh_desktop.core.durable_file import append_durably, write_durably
from kdh_desktop.core.errors import VerificationError
from kdh_desktop.core.json_values import build, parse_json, to_json_value

_VERSION = 1
_ACTIVE = "active.json"
_HISTORY = "history.jsonl"


@dataclass(frozen=True, slots=True)
class Activation:
    """One time that a model was put in force.

    Attributes:
        bundle_id: The model.
        manifest_sha256: Hash of its signed manifest, hexadecimal.
        utc: When, ISO 8601.
        previous: The model that was in force before.
        reason: Why, in the administrator's words, where the gate was overruled; else empty.
        actor: The account of the operating system; empty where that was not kept yet.
    """

    bundle_id: str
    manifest_sha256: str
    utc: str
    previous: str
    reason: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class _ActiveFile:
    version: int
    activation: Activation
    signature: str


def read_active(folder: Path, keys: Sequence[Ed25519PublicKey]) -> Activation | None:
    """The word that counts, or None where no model was put in force yet.

    Args:
        folder: Of the installed models.
        keys: Whose signature is accepted.

    Raises:
        VerificationError: It is damaged, or none of the keys signed it.
    """
    try:
        kept = build(_ActiveFile, parse_json((folder / _ACTIVE).read_text("utf-8")), _ACTIVE)
        signature = bytes.fromhex(kept.signature)
    except FileNotFoundError:
        return None
    except (OSError, TypeError, ValueError) as error:
        raise VerificationError(
            "What says which model is in force is damaged.", "Put a model in force again."
        ) from error
    verify(_signed_bytes(kept.activation), signature, keys)
    return kept.activation


def write_active(folder: Path, activation: Activation, *, administrator: Administrator) -> None:
    """Let another word count, in one step; the history has it first.

    Raises:
        LockedError: The door is locked again.
        OSError: It cannot be written; the word from before counts.
    """
    signature = administrator.sign(_signed_bytes(activation)).hex()
    folder.mkdir(parents=True, exist_ok=True)
    append_durably(folder / _HISTORY, json.dumps(to_json_value(activation)))
    kept = _ActiveFile(_VERSION, activation, signature)
    write_durably(folder / _ACTIVE, json.dumps(to_json_value(kept)).encode())


def read_history(folder: Path) -> list[Activation]:
    """Every activation, latest first; lines that are cut are left out."""
    found = []
    try:
        lines = (folder / _HISTORY).read_text("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    for line in lines:
        try:
            found.append(build(Activation, parse_json(line), "history"))
        except (TypeError, ValueError):
            continue
    return found[::-1]


def _signed_bytes(activation: Activation) -> bytes:
    values = to_json_value(activation)
    if not activation.actor:
        # As it was before the account was kept, so that older words still count.
        del values["actor"]
    return b"kdh active model\n" + json.dumps(values, sort_keys=True).encode()
