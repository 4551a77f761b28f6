"""The manifest of a model bundle: everything about a model that is not weights or word pieces."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from kdh_desktop.core.classification.held_out import HeldOutCounts
from kdh_desktop.core.errors import VerificationError
from kdh_desktop.core.labels import Label, LabelSet

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class LabelCalibration:
    """How one label's logit becomes a probability, and the limits on that probability.

    Attributes:
        slope: Factor on the decision logit.
        intercept: Added after the factor; probability = sigmoid(slope * logit + intercept).
        threshold: Probability from which the label is present, in 0..1.
        review_from: Probability below which the band is ``absent``.
        present_from: Probability from which the band is ``present``.
    """

    slope: float
    intercept: float
    threshold: float
    review_from: float
    present_from: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.review_from <= self.threshold <= self.present_from <= 1.0:
            raise ValueError("limits must rise: review_from, threshold, present_from")


@dataclass(frozen=True, slots=True)
class DomainVocabulary:
    """Words that mark a text as one the model knows.

    Attributes:
        words: Lower-case words frequent in the training texts and rare elsewhere.
        min_share: Least share of a text's words that must be among them, in 0..1.
        min_words: Texts with fewer words are not judged.
    """

    words: frozenset[str]
    min_share: float
    min_words: int


@dataclass(frozen=True, slots=True)
class FileDigest:
    """Name, SHA-256 (hexadecimal) and size in bytes of one file of the bundle."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself.

    Attributes:
        bundle_id: Unique name of the model; letters, digits, ``.``, ``_`` and ``-``.
        created_utc: ISO 8601, seconds, UTC.
        labels: Labels in the order of the logit columns.
        calibrations: One per label.
        max_tokens: Word pieces in one window, special tokens included.
        window_stride: Word pieces from the start of one window to the start of the next.
        sentence_weight: Weight in 0..1 of the best sentence's logit in the decision logit; the
            rest is the weight of the abstract's logit.
        evidence_threshold: Probability from which a sentence is shown as evidence, in 0..1.
        domain: Words of the domain, or None where the check does not apply.
        metrics: Figures with their protocols, as JSON values.
        provenance: Corpus hash, split, seeds, configuration, versions, device, as JSON values.
        files: Every file of the bundle but the manifest and its signature.
        held_out: What the model said of texts that it was not trained on; None in bundles made
            before this was kept.
    """

    bundle_id: str
    created_utc: str
    labels: LabelSet
    calibrations: tuple[LabelCalibration, ...]
    max_tokens: int
    window_stride: int
    sentence_weight: float
    evidence_threshold: float
    domain: DomainVocabulary | None
    metrics: Mapping[str, Any]
    provenance: Mapping[str, Any]
    files: tuple[FileDigest, ...]
    held_out: HeldOutCounts | None = None

    def __post_init__(self) -> None:
        if len(self.calibrations) != len(self.labels):
            raise ValueError("a manifest needs one calibration per label")
        if not 0 < self.window_stride <= self.max_tokens - 2:
            raise ValueError("window_stride must be positive and at most max_tokens - 2")
        if not 0.0 <= self.sentence_weight <= 1.0:
            raise ValueError("sentence_weight must lie in 0..1")
        if self.held_out is not None and len(self.held_out.positives) != len(self.labels):
            raise ValueError("held-out counts need one row per label")

    def to_json(self) -> bytes:
        """UTF-8 JSON with sorted keys; the same manifest gives the same bytes."""
        return (
            json.dumps(self._as_dict(), indent=1, sort_keys=True, allow_nan=False) + "\n"
        ).encode()

    def _as_dict(self) -> dict[str, Any]:
        return {
            "format_version": FORMAT_VERSION,
            "bundle_id": self.bundle_id,
            "created_utc": self.created_utc,
            "labels": [
                {
                    "id": label.id,
                    "name": label.name,
                    "definition": label.definition,
                    "slope": calibration.slope,
                    "intercept": calibration.intercept,
                    "threshold": calibration.threshold,
                    "review_from": calibration.review_from,
                    "present_from": calibration.present_from,
                }
                for label, calibration in zip(self.labels, self.calibrations, strict=True)
            ],
            "max_tokens": self.max_tokens,
            "window_stride": self.window_stride,
            "sentence_weight": self.sentence_weight,
            "evidence_threshold": self.evidence_threshold,
            "domain": None
            if self.domain is None
            else {
                "words": " ".join(sorted(self.domain.words)),
                "min_share": self.domain.min_share,
                "min_words": self.domain.min_words,
            },
            "metrics": dict(self.metrics),
            "provenance": dict(self.provenance),
            "files": [
                {"name": file.name, "sha256": file.sha256, "size": file.size} for file in self.files
            ],
        } | self._held_out_as_dict()

    def _held_out_as_dict(self) -> dict[str, Any]:
        """Nothing where there is nothing, so that older manifests keep their bytes."""
        if self.held_out is None:
            return {}
        return {"held_out": self.held_out.as_dict(self.labels.ids)}

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read a manifest.

        Raises:
            VerificationError: It is not one, or its format is newer than this program.
        """
        try:
            raw = json.loads(data)
            version = raw["format_version"]
            if version == FORMAT_VERSION:
                return cls._from_dict(raw)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise VerificationError(
                "The model's manifest is damaged.", "Install the model again from its source."
            ) from error
        raise VerificationError(
            f"The model has format {version}, and this program reads format {FORMAT_VERSION}.",
            "Install a version of the program that fits the model.",
        )

    @classmethod
    def _from_dict(cls, raw: Mapping[str, Any]) -> Self:
        domain, held_out = raw["domain"], raw.get("held_out")
        labels = LabelSet(tuple(Label(x["id"], x["name"], x["definition"]) for x in raw["labels"]))
        return cls(
            bundle_id=str(raw["bundle_id"]),
            created_utc=str(raw["created_utc"]),
            labels=labels,
            calibrations=tuple(
                LabelCalibration(
                    slope=float(x["slope"]),
                    intercept=float(x["intercept"]),
                    threshold=float(x["threshold"]),
                    review_from=float(x["review_from"]),
                    present_from=float(x["present_from"]),
                )
                for x in raw["labels"]
            ),
            max_tokens=int(raw["max_tokens"]),
            window_stride=int(raw["window_stride"]),
            sentence_weight=float(raw["sentence_weight"]),
            evidence_threshold=float(raw["evidence_threshold"]),
            domain=None
            if domain is None
            else DomainVocabulary(
                words=frozenset(domain["words"].split()),
                min_share=float(domain["min_share"]),
                min_words=int(domain["min_words"]),
            ),
            metrics=raw["metrics"],
            provenance=raw["provenance"],
            files=tuple(
                FileDigest(str(x["name"]), str(x["sha256"]), int(x["size"])) for x in raw["files"]
            ),
            held_out=None if held_out is None else HeldOutCounts.from_dict(held_out, labels.ids),
        )
