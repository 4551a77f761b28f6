"""From the raw scores of one text to what the user is told of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.classification.confidence import band_of, calibrated_probabilities, sigmoid
from kdh_desktop.core.classification.domain import domain_warnings, words_of
from kdh_desktop.core.classification.evidence import pick_evidence
from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.classification.windows import ReadText
from kdh_desktop.core.record import (
    Band,
    Evidence,
    LabelScore,
    Prediction,
    Record,
    TextWarning,
    WarningCode,
)

MIN_WORDS = 3
"""Texts with fewer words are scored, with a warning."""


@dataclass(frozen=True, slots=True, eq=False)
class TextScores:
    """Raw scores of one text.

    Attributes:
        abstract_logits: Shape (labels,).
        sentence_logits: Shape (sentences, labels); no rows where the network gives none.
        sentence_spans: Where the sentences lie in the cleaned text.
        decision_logits: What is calibrated and decided on, shape (labels,): the abstract's logits
            and the highest of the sentences', by the weights in the manifest.
        tokens: Word pieces read, without special tokens.
        windows: Windows that the text was cut into.
    """

    abstract_logits: NDArray[np.float32]
    sentence_logits: NDArray[np.float32]
    sentence_spans: tuple[tuple[int, int], ...]
    decision_logits: NDArray[np.float32]
    tokens: int
    windows: int


def prediction_of(
    record: Record, read: ReadText, scores: TextScores | None, *, bundle: ModelBundle
) -> Prediction:
    """Put together what the model says of one record.

    Args:
        record: The record.
        read: Its text as it was read.
        scores: Its raw scores; None when nothing could be read.
        bundle: The model.
    """
    return Prediction(
        record=record,
        model_id=bundle.id,
        scores=() if scores is None else _label_scores(read, scores, bundle),
        tokens=len(read.ids),
        windows=len(read.windows),
        warnings=_warnings(read, bundle),
    )


def _label_scores(
    read: ReadText, scores: TextScores, bundle: ModelBundle
) -> tuple[LabelScore, ...]:
    manifest = bundle.manifest
    probabilities = calibrated_probabilities(scores.decision_logits, manifest.calibrations)
    sentence_scores = sigmoid(scores.sentence_logits)

    def evidence_for(column: int) -> tuple[Evidence, ...]:
        return pick_evidence(
            sentence_scores[:, column],
            scores.sentence_spans,
            pasted=read.pasted,
            offsets=read.clean.offsets,
            threshold=manifest.evidence_threshold,
        )

    found: list[LabelScore] = []
    for column, label in enumerate(manifest.labels):
        calibration = manifest.calibrations[column]
        probability = float(probabilities[column])
        band = band_of(probability, calibration)
        found.append(
            LabelScore(
                label=label,
                probability=probability,
                threshold=calibration.threshold,
                band=band,
                evidence=() if band is Band.ABSENT else evidence_for(column),
            )
        )
    return tuple(found)


def _warnings(read: ReadText, bundle: ModelBundle) -> tuple[TextWarning, ...]:
    """All that a user should know of how a text was read, most serious first."""
    if not read.windows:
        empty = TextWarning(WarningCode.EMPTY, "The text holds nothing to classify.")
        return (empty, *read.clean.warnings)
    found: list[TextWarning] = []
    if not read.is_whole:
        message = (
            f"The text is too long: only the first {read.read_characters:,} of its "
            f"{len(read.pasted):,} characters were read. Divide it to have all of it read."
        )
        found.append(TextWarning(WarningCode.TOO_LONG, message))
    domain = domain_warnings(read.clean.text, bundle.manifest.domain)
    # Scripts without blanks between words have few words in texts of any length.
    is_foreign = any(warning.code is WarningCode.NOT_ENGLISH for warning in domain)
    if not is_foreign and len(words_of(read.clean.text)) < MIN_WORDS:
        message = f"The text has fewer than {MIN_WORDS} words, so its labels mean little."
        found.append(TextWarning(WarningCode.TOO_SHORT, message))
    found += domain
    found += read.clean.warnings
    if len(read.windows) > 1:
        message = f"The text is long and was read in {len(read.windows)} overlapping parts."
        found.append(TextWarning(WarningCode.CUT_INTO_WINDOWS, message))
    return tuple(found)
