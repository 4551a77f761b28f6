"""Which program and model stand behind exported labels, gathered while records pass by."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from kdh_desktop import __version__
from kdh_desktop.core.exporting.rows import Cell, names_of, standing
from kdh_desktop.core.exporting.source import KnownLabel
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.stored import RecordDetail

RESEARCH_USE = "For research, not for diagnosis."


def now_utc() -> str:
    """This moment, ISO 8601, to the second."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


@dataclass(slots=True)
class Provenance:
    """What is behind a set of records.

    Attributes:
        labels: Labels of the active model.
        made_utc: When the export was made, ISO 8601.
        records: Records seen.
        classified: Those with a prediction.
        reviews: How far people got, by status.
        decisions: Labels that people decided on, counted once for each record; not what they
            accepted for many records at once.
        overruled: Those of them where the model says otherwise.
        models: Bundle id and manifest hash of each model met, with its number of records.
    """

    labels: Sequence[KnownLabel]
    made_utc: str = field(default_factory=now_utc)
    records: int = 0
    classified: int = 0
    reviews: Counter[ReviewStatus] = field(default_factory=Counter)
    decisions: int = 0
    overruled: int = 0
    models: Counter[tuple[str, str]] = field(default_factory=Counter)

    def watch(self, details: Iterable[RecordDetail]) -> Iterator[RecordDetail]:
        """The records as they are, taken note of."""
        for detail in details:
            self.add(detail)
            yield detail

    def add(self, detail: RecordDetail) -> None:
        """Take note of one record."""
        self.records += 1
        self.reviews[detail.review] += 1
        if detail.prediction is not None:
            self.classified += 1
            self.models[detail.prediction.model_id, detail.prediction.model_sha256] += 1
        looked_at = detail.looked_at
        for score in standing(detail):
            if score.label_id in looked_at:
                self.decisions += 1
                is_known = score.probability is not None
                self.overruled += is_known and score.decision != score.is_predicted

    @property
    def reviewed(self) -> int:
        """Records that a person confirmed."""
        return self.reviews[ReviewStatus.CONFIRMED]

    def lines(self) -> list[tuple[str, Cell]]:
        """Names and values for a sheet or a list."""
        names = names_of(self.labels)
        found: list[tuple[str, Cell]] = [
            ("Program", f"KDH Desktop {__version__}"),
            ("Date (UTC)", self.made_utc),
            ("Records", self.records),
            ("Records classified", self.classified),
            ("Records confirmed by a person", self.reviewed),
            ("Records accepted together", self.reviews[ReviewStatus.ACCEPTED]),
            ("Decisions by people", self.decisions),
            ("Decisions against the model", self.overruled),
        ]
        for (model_id, sha256), count in self.models.items():
            found += [
                ("Model", model_id),
                ("Model, SHA-256 of its manifest", sha256),
                ("Records classified by it", count),
            ]
        found += [(f"Threshold: {names[label.id]}", label.threshold) for label in self.labels]
        found.append(("Use", RESEARCH_USE))
        return found
