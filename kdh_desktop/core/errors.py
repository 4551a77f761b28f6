"""Expected failures, each with what happened and what to do.

KdhError
├── InputError            the user's text, file or option cannot be used
├── ModelError            a model cannot be used
│   └── VerificationError     a bundle is not what its publisher signed
├── StoreError            the record store cannot be opened or written to
│   ├── WrongKeyError         it is encrypted with another key
│   ├── NewerStoreError       a newer version of the program wrote it
│   ├── DamagedStoreError     its bytes are not what was written
│   └── StoreInUseError       another process has it open
├── ExportError           a file cannot be written where the user wants it
├── AccessError           the administrator's door stays shut
│   ├── WrongPasswordError    this is not the password, or not the recovery key
│   ├── TooManyTriesError     a wrong password was given too often; waiting helps
│   └── LockedError           the door was open and is locked again
├── TrainingError         a training run cannot start or go on
└── Cancelled             the user stopped it

Whatever is raised and is not a `KdhError` is a bug.
"""

from __future__ import annotations

import math


class KdhError(Exception):
    """An expected failure.

    Attributes:
        message: What happened, as one sentence for the user.
        remedy: What the user can do about it, as one sentence.
    """

    exit_code = 2

    def __init__(self, message: str, remedy: str = "") -> None:
        """Keep the two sentences; neither may quote a user's text or file name in full."""
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


class InputError(KdhError):
    """The user's text, file or option cannot be used."""


class ModelError(KdhError):
    """A model cannot be used."""

    exit_code = 4


class VerificationError(ModelError):
    """A bundle is not what its publisher signed, or not what the contract allows."""


class StoreError(KdhError):
    """The record store cannot be opened or written to."""


class WrongKeyError(StoreError):
    """The store is encrypted with another key."""


class NewerStoreError(StoreError):
    """A newer version of the program wrote the store."""


class DamagedStoreError(StoreError):
    """The store's bytes are not what was written."""


class StoreInUseError(StoreError):
    """Another process has the store open."""


class ExportError(KdhError):
    """A file cannot be written where the user wants it; what was there before is untouched."""


class AccessError(KdhError):
    """The administrator's door stays shut."""

    exit_code = 4


class WrongPasswordError(AccessError):
    """This is not the password, or not the recovery key."""


class TooManyTriesError(AccessError):
    """A wrong password was given too often.

    Attributes:
        wait_s: Seconds until the next try is allowed.
    """

    def __init__(self, wait_s: float) -> None:
        super().__init__(
            "The password was wrong too often.", f"Try again in {math.ceil(wait_s)} seconds."
        )
        self.wait_s = wait_s


class LockedError(AccessError):
    """The door was open and is locked again."""


class TrainingError(KdhError):
    """A training run cannot start or go on."""


class Cancelled(KdhError):
    """The user stopped the work."""

    exit_code = 3
