"""What a look at a base encoder's folder found, before anything of it is loaded."""

from __future__ import annotations

import json
from dataclasses import dataclass

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import build, parse_json, to_json_value


@dataclass(frozen=True, slots=True)
class EncoderReport:
    """An encoder that a run can start from.

    Attributes:
        kind: Its architecture, as its configuration names it, e.g. ``bert``.
        layers: Its layers; 0 where the configuration does not say.
        width: Width of its states; 0 where the configuration does not say.
        weights: Number of its weights.
        max_tokens: Word pieces that it reads at once, special tokens included.
    """

    kind: str
    layers: int
    width: int
    weights: int
    max_tokens: int


def encoder_report_to_json(report: EncoderReport) -> str:
    """A report as one JSON object."""
    return json.dumps(to_json_value(report), allow_nan=False) + "\n"


def encoder_report_from_json(text: str) -> EncoderReport:
    """Read what `encoder_report_to_json` wrote.

    Raises:
        TrainingError: It is no report.
    """
    try:
        return build(EncoderReport, parse_json(text), "report")
    except (TypeError, ValueError) as error:
        raise TrainingError(
            f"The report on the encoder cannot be read: {error}.", "Check the folder again."
        ) from error
