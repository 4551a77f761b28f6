"""What the Classify page has done in the background: plain functions of frozen inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kdh_desktop.core.errors import Cancelled
from kdh_desktop.core.importing.text_file import read_text_file
from kdh_desktop.core.record import Prediction, Record
from kdh_desktop.gui.active_model import Classifier
from kdh_desktop.gui.classify.pasted_content import MAX_FILE_BYTES, normalised
from kdh_desktop.gui.jobs import Job

_CHUNK = 16
"""Texts per answer: few enough for steady news, enough to keep all cores busy."""


@dataclass(frozen=True, slots=True)
class Item:
    """A text to classify, under the key by which the page knows it again."""

    key: int
    record: Record


@dataclass(frozen=True, slots=True)
class Answer:
    """Predictions for some items; `done` counts all so far."""

    predictions: tuple[tuple[int, Prediction], ...]
    done: int


def divide_work(text: str) -> Callable[[Job], tuple[Record, ...]]:
    """Tell apart the texts of one paste; the work returns at least one record."""

    def work(_job: Job) -> tuple[Record, ...]:
        from kdh_desktop.core.importing.pasted_text import split_pasted_text

        whole = normalised(text)
        records = split_pasted_text(whole)
        if len(records) > 1:
            return tuple(records)
        # Blanks around a single text are the user's; they stay as they are.
        if not records or records[0].text.strip() == whole.strip():
            return (Record(records[0].id if records else "1", whole),)
        return tuple(records)

    return work


def classify_work(classifier: Classifier, items: Sequence[Item]) -> Callable[[Job], None]:
    """Classify the items in order, the first one alone so that its labels come at once."""

    def work(job: Job) -> None:
        done = 0
        for chunk in _chunks(items):
            if job.should_stop():
                raise Cancelled("The work was stopped.")
            predictions = classifier.predict(
                [item.record for item in chunk], should_stop=job.should_stop
            )
            done += len(chunk)
            pairs = zip((item.key for item in chunk), predictions, strict=True)
            job.report(Answer(tuple(pairs), done))

    return work


def _chunks(items: Sequence[Item]) -> list[Sequence[Item]]:
    rest = range(1, len(items), _CHUNK)
    return [items[:1], *(items[start : start + _CHUNK] for start in rest)]


def read_file_work(path: Path) -> Callable[[Job], str]:
    """Read a plain text file.

    The work raises `InputError` where it is too large, no plain file, or not text.
    """

    def work(_job: Job) -> str:
        return normalised(read_text_file(path, max_bytes=MAX_FILE_BYTES))

    return work
