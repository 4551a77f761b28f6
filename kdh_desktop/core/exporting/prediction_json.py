"""One prediction as one line of JSON."""

from __future__ import annotations

import json
from typing import Any

from kdh_desktop.core.record import LabelScore, Prediction


def prediction_to_json_line(prediction: Prediction) -> str:
    """One prediction as one JSON object, without the line end.

    The record's text is left out: whoever asks has it, and it may be a patient's. Labels come by
    falling probability. The line is pure ASCII, so no encoding of a terminal or pipe can spoil it.

    Args:
        prediction: What the model says of one record.
    """
    return json.dumps(_prediction(prediction), ensure_ascii=True, allow_nan=False)


def _prediction(prediction: Prediction) -> dict[str, Any]:
    return {
        "id": prediction.record.id,
        "labels": [_label(score) for score in prediction.by_probability],
        "model": prediction.model_id,
        "tokens": prediction.tokens,
        "windows": prediction.windows,
        "warnings": [
            {"code": str(warning.code), "message": warning.message}
            for warning in prediction.warnings
        ],
    }


def _label(score: LabelScore) -> dict[str, Any]:
    return {
        "id": score.label.id,
        "name": score.label.name,
        "probability": round(score.probability, 6),
        "present": score.is_present,
        "band": str(score.band),
        "evidence": [
            {"text": x.text, "start": x.start, "end": x.end, "score": round(x.score, 6)}
            for x in score.evidence
        ],
    }
