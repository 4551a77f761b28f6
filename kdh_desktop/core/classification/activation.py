"""The word which model is in force, as it lies on the disk: signed, so that nobody can slip in one.

With it the history of all such words. That is for people, and says whether the word is the last
one that was given: an older one is signed as well.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from kdh_desktop.core.access import Administrator
from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.classification.signing import load_public_key, verify
from kdh_desktop.core.durable_file import append_durably, write_durably
from kdh_desktop.core.errors import KdhError, VerificationError
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


def read_active(folder: Path, site_key: Path) -> Activation | None:
    """The word that counts, or None where no model was put in force yet.

    Args:
        folder: Of the installed models.
        site_key: The site's own public key. Whose models are taken in, and be it the program's
            publisher, does not say which of them is in force.

    Raises:
        VerificationError: It is damaged, or the site did not sign it.
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
    if not site_key.exists():
        raise VerificationError(
            "The site's own key is gone, so that nothing can say which model is in force.",
            "Enter the administrator's password: that brings the key back.",
        )
    try:
        verify(_signed_bytes(kept.activation), signature, (load_public_key(site_key),))
    except VerificationError as error:
        raise VerificationError(
            "What says which model is in force was not signed by this site.",
            "Put a model in force again.",
        ) from error
    return kept.activation


def write_active(folder: Path, activation: Activation, *, administrator: Administrator) -> None:
    """Let another word count, in one step; the history has it first.

    Raises:
        LockedError: The door is locked again.
        OSError: It cannot be written; the word from before counts.
    """
    signature = administrator.sign(_signed_bytes(activation)).hex()
    begin_history(folder)
    active, history = folder / _ACTIVE, folder / _HISTORY
    before, size = active.read_bytes() if active.exists() else None, history.stat().st_size
    kept = _ActiveFile(_VERSION, activation, signature)
    # The word first: a kill between the two leaves one that the history does not know yet, and
    # not one that looks older than its last line.
    write_durably(active, json.dumps(to_json_value(kept)).encode())
    try:
        append_durably(history, json.dumps(to_json_value(activation)))
    except OSError:
        with contextlib.suppress(OSError):
            os.truncate(history, size)
            if before is None:
                active.unlink()
            else:
                write_durably(active, before)
        raise


def begin_history(folder: Path) -> None:
    """See that there is a history, be it an empty one, before anything is noted elsewhere.

    Raises:
        OSError: The disk is full, or cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _HISTORY).touch()


def doubt_about(
    folder: Path, activation: Activation | None, *, log: AuditLog, shipped_id: str | None
) -> VerificationError | None:
    """Why a word may not be the last one that was given, or None.

    Whoever can write to the folder can put an older word back, or take the last one away. The
    model that it leaves in force may be used, but that must not go unseen.

    Args:
        folder: Of the installed models.
        activation: The word that counts, or None for none.
        log: Tells what was done where the history is gone as well.
        shipped_id: Id of the model that counts where no word does.
    """
    try:
        history = read_history(folder)
        is_kept = (folder / _HISTORY).exists()
        # The log is long, and tells more than what came into force: so it is asked last.
        told = None if is_kept else log.last(AuditAction.ACTIVATED, AuditAction.ROLLED_BACK)
    except (OSError, KdhError):  # no reason not to classify
        return None
    details = {} if told is None else dict(told.details)
    last_id = history[0].bundle_id if history else details.get("model", shipped_id)
    if activation is None:
        return _gone() if last_id != shipped_id else None
    if history:
        # The last line may be missing, after a kill, which makes no later word an old one.
        last = history[0]
        return _old() if activation != last and activation.utc < last.utc else None
    is_other = told is not None and (activation.bundle_id, activation.manifest_sha256) != (
        *(last_id, details.get("manifest_sha256")),
    )
    return _old() if is_other else None


def _gone() -> VerificationError:
    return VerificationError(
        "What says which model is in force is gone.", "Put a model in force again."
    )


def _old() -> VerificationError:
    return VerificationError(
        "Another model was put in force after the one that is in use.",
        "Put the model in force again that shall be used.",
    )


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
