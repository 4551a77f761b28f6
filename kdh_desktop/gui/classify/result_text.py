"""The result as plain text, for a mail or a record."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from kdh_desktop import __version__
from kdh_desktop.core.classification.cleaning import join_broken_words
from kdh_desktop.core.record import Band, LabelScore, Prediction
from kdh_desktop.gui.classify.score_table_model import BandHeading, heading_text, rows_of
from kdh_desktop.gui.score_words import percent


def _tr(text: str) -> str:
    return QCoreApplication.translate("ResultText", text)


def result_as_text(predictions: Sequence[Prediction]) -> str:
    """Labels and evidence of some texts, under a heading that says where they come from."""
    model = predictions[0].model_id if predictions else ""
    head = _tr("Hallmarks of Cancer by KDH Desktop {version}, model {model}").format(
        version=__version__, model=model
    )
    parts = [f"{head}\n{_tr('For research use, not for diagnosis')}"]
    for prediction in predictions:
        lines = []
        if len(predictions) > 1:
            lines.append(_tr("Text {id}").format(id=prediction.record.id))
        lines += _lines(prediction)
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _lines(prediction: Prediction) -> list[str]:
    lines: list[str] = []
    if prediction.scores:
        for row in rows_of(prediction):
            if isinstance(row, BandHeading):
                lines.append(heading_text(row))
            else:
                lines += _score_lines(row)
    return lines + [
        _tr("Note: {message}").format(message=warning.message) for warning in prediction.warnings
    ]


def _score_lines(score: LabelScore) -> list[str]:
    lines = [f"  {score.label.name}: {percent(score.probability)}"]
    if score.band == Band.ABSENT:
        return lines
    if not score.evidence:
        return [*lines, "    " + _tr("No clear sentence")]
    sentences = [" ".join(join_broken_words(one.text).split()) for one in score.evidence]
    return lines + [f'    "{sentence}"' for sentence in sentences]
