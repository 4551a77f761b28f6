"""The models that have classified records, and the one whose word counts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from kdh_desktop.core.classification.manifest import Manifest
from kdh_desktop.core.errors import StoreError
from kdh_desktop.core.record import Band
from kdh_desktop.core.records.schema import MAX_LABELS

if TYPE_CHECKING:
    from sqlite3 import Connection


@dataclass(frozen=True, slots=True)
class ActiveLabel:
    """One label of the active model.

    Attributes:
        bit: Its place in masks.
        id: Its id.
        name: What people call it.
        threshold: Probability from which it is present.
        review_from: Probability from which the band is ``needs_review``.
        present_from: Probability from which the band is ``present``.
    """

    bit: int
    id: str
    name: str
    threshold: float
    review_from: float
    present_from: float

    def band(self, probability: float) -> Band:
        """Band in which a probability lies; limits belong to the band above them."""
        if probability >= self.present_from:
            return Band.PRESENT
        return Band.NEEDS_REVIEW if probability >= self.review_from else Band.ABSENT


@dataclass(frozen=True)
class ActiveModel:
    """The model whose predictions lists show.

    Attributes:
        row: Its id in the store.
        bundle_id: Its bundle's id.
        manifest_sha256: Hash of its bundle's manifest, hexadecimal.
        labels: Its labels in the order of its columns.
    """

    row: int
    bundle_id: str
    manifest_sha256: str
    labels: tuple[ActiveLabel, ...]

    @cached_property
    def bits(self) -> dict[str, int]:
        """Place in masks by label id."""
        return {label.id: label.bit for label in self.labels}

    @cached_property
    def mask(self) -> int:
        """All of its labels."""
        return sum(1 << label.bit for label in self.labels)

    @cached_property
    def limits(self) -> str:
        """JSON of ``[[bit, threshold, review_from, present_from], ...]``, as in `model.labels`."""
        return _limits(self.labels)


def _limits(labels: tuple[ActiveLabel, ...]) -> str:
    return json.dumps([[x.bit, x.threshold, x.review_from, x.present_from] for x in labels])


def active_model(db: Connection) -> ActiveModel | None:
    """The active model, or None where none has been activated."""
    found = db.execute(
        "SELECT id, bundle_id, manifest_sha256, labels FROM model WHERE is_active"
    ).fetchone()
    if found is None:
        return None
    row, bundle_id, sha256, limits = found
    names = {bit: (label_id, name) for bit, label_id, name in db.execute("SELECT * FROM label")}
    labels = tuple(ActiveLabel(bit, *names[bit], *rest) for bit, *rest in json.loads(limits))
    return ActiveModel(row, bundle_id, sha256, labels)


def label_bits(db: Connection) -> dict[str, int]:
    """Places of all labels that any model ever brought, by label id."""
    return dict(db.execute("SELECT label_id, bit FROM label"))


def activate(db: Connection, manifest: Manifest, *, manifest_sha256: str) -> ActiveModel:
    """Make a model the active one, and give places to labels that are new.

    Raises:
        StoreError: All models together have more labels than the store can hold.
    """
    bits = label_bits(db)
    for label in manifest.labels:
        if label.id not in bits:
            bits[label.id] = len(bits)
            if len(bits) > MAX_LABELS:
                raise StoreError(
                    f"The models used so far have more than {MAX_LABELS} labels together.",
                    "Start a new record store for this model.",
                )
        db.execute(
            "INSERT INTO label VALUES (?, ?, ?) "
            "ON CONFLICT (bit) DO UPDATE SET name = excluded.name",
            (bits[label.id], label.id, label.name),
        )
    labels = tuple(
        ActiveLabel(
            bits[label.id],
            label.id,
            label.name,
            calibration.threshold,
            calibration.review_from,
            calibration.present_from,
        )
        for label, calibration in zip(manifest.labels, manifest.calibrations, strict=True)
    )
    db.execute("UPDATE model SET is_active = 0 WHERE is_active")
    db.execute(
        "INSERT INTO model (bundle_id, manifest_sha256, labels, is_active) VALUES (?, ?, ?, 1) "
        "ON CONFLICT (manifest_sha256) DO UPDATE SET is_active = 1",
        (manifest.bundle_id, manifest_sha256, _limits(labels)),
    )
    active = active_model(db)
    assert active is not None  # noqa: S101 - it was made active two lines up
    return active
