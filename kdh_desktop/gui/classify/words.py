"""What the Classify page says, apart from the names of its controls."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from kdh_desktop.core.record import Band, TextWarning, WarningCode
from kdh_desktop.gui.active_model import ActiveModel, Failed
from kdh_desktop.gui.classify.pasted_content import Refusal, is_blank
from kdh_desktop.gui.classify.session import Activity, ClassifySession, TextEntry
from kdh_desktop.gui.excerpts import Excerpt
from kdh_desktop.gui.notices import Notice, Severity

_MINOR = {WarningCode.CLEANED, WarningCode.CUT_INTO_WINDOWS}
"""Warnings that explain something and put no label in doubt."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("ClassifyPage", text)


def refusal_notice(refusal: Refusal) -> Notice:
    """Why a paste or drop was not taken, and what to do instead."""
    match refusal:
        case Refusal.EMPTY:
            return Notice(_tr("There is nothing to paste: copy a text first."))
        case Refusal.IMAGE_ONLY:
            return Notice(
                _tr(
                    "The clipboard holds a picture, and pictures cannot be read: copy the text "
                    "itself."
                ),
                Severity.WARNING,
            )
        case Refusal.FORMATTED_ONLY:
            return Notice(
                _tr(
                    "What was pasted holds no plain text: copy the text itself, or paste it into "
                    "a plain editor first and copy it from there."
                ),
                Severity.WARNING,
            )
        case Refusal.NETWORK_FILE:
            return Notice(
                _tr(
                    "Files on the network are not opened: copy the file to this computer first, "
                    "or paste its text."
                ),
                Severity.WARNING,
            )
        case Refusal.TOO_LARGE:
            return Notice(
                _tr(
                    "This is too much text to take at once (more than 20 million characters): "
                    "paste it in smaller pieces."
                ),
                Severity.WARNING,
            )


def warning_notice(warning: TextWarning) -> Notice:
    """A warning about the text that is looked at."""
    minor = warning.code in _MINOR
    return Notice(warning.message, Severity.NOTE if minor else Severity.WARNING)


def excerpt_notice(excerpt: Excerpt, length: int) -> Notice:
    """Which part of a long text is shown."""
    return Notice(
        _tr(
            "This text is too long to edit here. Characters {start:,} to {end:,} of {length:,} "
            "are shown; choosing a hallmark shows the sentences that support it."
        ).format(start=excerpt.start + 1, end=excerpt.end, length=length)
    )


def divided_notice(count: int) -> Notice:
    """How a paste was told apart."""
    if count == 1:
        return Notice(
            _tr(
                "Only the title and abstract are shown and classified; lines around them, such as "
                "authors and addresses, were left out."
            )
        )
    return Notice(_tr("{count} texts were found, and each has its own labels.").format(count=count))


def progress_words(session: ClassifySession) -> str:
    """What is going on, beside the progress bar."""
    done, total = session.progress
    match session.activity:
        case Activity.IDLE:
            return ""
        case Activity.WAITING_FOR_MODEL:
            return _tr("Waiting for the model…")
        case Activity.DIVIDING:
            return _tr("Looking for several texts…")
        case Activity.CLASSIFYING if total > 1:
            return _tr("{done} of {total} texts").format(done=done, total=total)
        case Activity.CLASSIFYING:
            return _tr("Classifying…")
        case Activity.CANCELLING:
            return _tr("Stopping…")


def summary(entry: TextEntry) -> str:
    """How many hallmarks are in which band, or that the labels are out of date."""
    if entry.has_changed:
        return _tr("The text has changed; the labels follow…")
    if entry.is_by_other:
        return _tr("These labels are of another model than the one in force: classify again.")
    scores = () if entry.prediction is None else entry.prediction.scores
    bands = [score.band for score in scores]
    return _tr("Present: {present}. Needs review: {review}.").format(
        present=bands.count(Band.PRESENT), review=bands.count(Band.NEEDS_REVIEW)
    )


@dataclass(frozen=True, slots=True)
class Guide:
    """What to do, where there are no labels to show."""

    heading: str
    words: str
    offers_example: bool = False


def guide_of(session: ClassifySession, model: ActiveModel) -> Guide:
    """The next step in the present state."""
    if isinstance(model.state, Failed):
        return Guide(
            _tr("There is no model to classify with"),
            f"{model.state.error.message} {model.state.error.remedy}",
        )
    if session.current.prediction is not None:
        return Guide(
            _tr("This text holds nothing to classify"),
            _tr("Paste a title and abstract of a biomedical article, in English."),
        )
    if session.activity == Activity.WAITING_FOR_MODEL:
        return Guide(
            _tr("The model is being loaded"), _tr("The labels will appear here in a moment.")
        )
    if session.activity != Activity.IDLE:
        return Guide(_tr("Reading the text…"), "")
    if not is_blank(session.current.record.text):
        return Guide(
            _tr("Not classified yet"),
            _tr("Choose Classify, or press Ctrl+Enter, to see which hallmarks this text is about."),
        )
    return Guide(
        _tr("Which Hallmarks of Cancer is a text about?"),
        _tr(
            "Paste a title and abstract on the left, then choose Classify or press Ctrl+Enter. "
            "You will see the ten hallmarks with their probabilities, and the sentences that "
            "support each. Your text stays on this computer, and is kept under Records."
        ),
        offers_example=True,
    )
