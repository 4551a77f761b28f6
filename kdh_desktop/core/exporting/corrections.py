"""Records with the decisions of people on them, as the trainer reads them.

Only what a person looked at goes out. What the model said is no decision, and labels that were
accepted for many records at once are the model's own words: to train on them would teach it nothing
but to be surer of its mistakes. Such records are left out and counted.

The form is that of `trainer.corpus.corrections`: JSON lines, of which the first says which labels
were decided on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from kdh_desktop.core.exporting.atomic import staged
from kdh_desktop.core.exporting.outcome import ExportOutcome
from kdh_desktop.core.exporting.records_file import OnProgress, no_progress, passed_on
from kdh_desktop.core.exporting.rows import without_unwritable
from kdh_desktop.core.exporting.source import RecordSource
from kdh_desktop.core.labels import LabelSet
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.stored import RecordDetail

FORMAT = "kdh-corrections"
VERSION = 1

_NEVER = Event().is_set


@dataclass(frozen=True, slots=True)
class CorrectionsOutcome(ExportOutcome):
    """What was written for the trainer.

    Attributes:
        complete: Records with every label decided; only these are trained on.
        accepted: Records left out because their labels were accepted together with others'.
        undecided: Records left out because nobody decided on any of their labels.
        empty: Records left out because they hold no text.
    """

    complete: int = field(default=0, kw_only=True)
    accepted: int = field(default=0, kw_only=True)
    undecided: int = field(default=0, kw_only=True)
    empty: int = field(default=0, kw_only=True)


def export_corrections(
    store: RecordSource,
    ids: Sequence[int],
    target: Path,
    *,
    labels: LabelSet,
    on_progress: OnProgress = no_progress,
    should_stop: Callable[[], bool] = _NEVER,
) -> CorrectionsOutcome:
    """Write what people decided on records, in the order of their ids.

    Args:
        store: Where the records are.
        ids: Which; those that nobody decided on are left out.
        target: The file, JSON lines.
        labels: Labels that a record needs decisions on to be trained on.
        on_progress: Is called from this thread, now and then.
        should_stop: Is asked for every record.

    Raises:
        ExportError: The file cannot be written; the old one is as it was.
        Cancelled: `should_stop` said so; the old file is as it was.
    """
    details = passed_on(
        store.details(ids), len(ids), on_progress=on_progress, should_stop=should_stop
    )
    chosen = _Chosen(labels)
    with staged(target) as path, path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_line(_head(labels)))
        for value in chosen.of(details):
            file.write(_line(value))
    return chosen.outcome(target)


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"


def _head(labels: LabelSet) -> dict[str, Any]:
    known = [{"id": x.id, "name": x.name, "definition": x.definition} for x in labels]
    return {"format": FORMAT, "version": VERSION, "labels": known}


@dataclass(slots=True)
class _Chosen:
    """Records worth training on as they pass, and a count of those left out."""

    labels: LabelSet
    written: int = 0
    complete: int = 0
    accepted: int = 0
    undecided: int = 0
    empty: int = 0
    taken: set[str] = field(default_factory=set)

    def of(self, details: Iterable[RecordDetail]) -> Iterator[dict[str, Any]]:
        """One JSON object a record."""
        for detail in details:
            known = self.labels.ids
            decided = {label: is_there for label, is_there in detail.decisions if label in known}
            looked_at = detail.looked_at
            decisions = {label: decided[label] for label in decided if label in looked_at}
            if detail.review is ReviewStatus.ACCEPTED or (decided and not decisions):
                self.accepted += 1
            elif not decisions:
                self.undecided += 1
            elif not detail.text.strip():
                self.empty += 1
            else:
                self.written += 1
                self.complete += len(decisions) == len(known)
                text, _ = without_unwritable(detail.text)
                yield {"id": self._id(detail), "text": text, "decisions": decisions}

    def outcome(self, target: Path) -> CorrectionsOutcome:
        return CorrectionsOutcome(
            self.written,
            (target,),
            notices=tuple(self._notices()),
            complete=self.complete,
            accepted=self.accepted,
            undecided=self.undecided,
            empty=self.empty,
        )

    def _id(self, detail: RecordDetail) -> str:
        """The PubMed id, by which others know the text, too; else the store's."""
        pmid = detail.imported.pmid
        found = pmid if pmid and pmid not in self.taken else f"record-{detail.id}"
        self.taken.add(found)
        return found

    def _notices(self) -> Iterator[str]:
        incomplete = self.written - self.complete
        if incomplete:
            yield (
                f"{incomplete:,} of the records have labels that nobody decided on; training "
                "leaves them out. Confirm them to have them trained on."
            )
        if self.accepted:
            yield (
                f"{_left_out(self.accepted)} because the labels were accepted together with "
                "others' and nobody looked at them one by one."
            )
        if self.undecided:
            yield f"{_left_out(self.undecided)} because nobody decided on the labels."
        if self.empty:
            yield f"{_left_out(self.empty)} for want of a text."


def _left_out(records: int) -> str:
    return "1 record was left out" if records == 1 else f"{records:,} records were left out"
