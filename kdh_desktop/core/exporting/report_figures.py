"""What a report counts, gathered while records pass by once."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, count

from kdh_desktop.core.audit_log import AuditReport
from kdh_desktop.core.exporting.provenance import Provenance
from kdh_desktop.core.exporting.rows import names_of, standing
from kdh_desktop.core.exporting.source import KnownLabel
from kdh_desktop.core.record import Band, Evidence, WarningCode
from kdh_desktop.core.records.stored import RecordDetail

EVIDENCE_PER_LABEL = 5


@dataclass(slots=True)
class LabelFigures:
    """What is counted of one label.

    Attributes:
        name: What people call it.
        threshold: Of the active model; None where only people know the label.
        by_model: Records in which the model counts it as present.
        in_force: Records in which it counts as present: by a person's decision, else the model.
        bands: Records by how sure the model is.
        decided: Records in which a person decided it, not for many records at once.
        overruled: Those of them where the model says otherwise.
    """

    name: str
    threshold: float | None
    by_model: int = 0
    in_force: int = 0
    bands: Counter[Band] = field(default_factory=Counter)
    decided: int = 0
    overruled: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Quotation:
    """A sentence that speaks for a label.

    Attributes:
        score: Probability in 0..1 that the sentence alone carries the label.
        order: Later records have lower ones, so that the first of equals is kept.
        sentence: The sentence.
        title: The record's title.
        reference: Id by which people find the record.
        is_decided: Whether a person decided that the label is present, and not for many at once.
    """

    score: float
    order: int
    sentence: str
    title: str
    reference: str
    is_decided: bool


class ReportFigures:
    """Counts, pairs and quotations of a set of records.

    Attributes:
        title: What the report is called.
        provenance: Which program and models stand behind it, and how far people got.
        labels: By label id: those of the active model in its order, then people's own.
        pairs: Records in which two labels, by id, count as present together.
        without_label: Classified records in which no label counts as present.
        files: Records by the file that they came from.
        warnings: Records by what was the matter with their text.
        years: First and last year of publication; None where no record has one.
        predicted_utc: First and last time at which the model classified one of them.
        audit: The audit log as it was when the report was made, or None where nobody looked.
    """

    def __init__(
        self,
        labels: Sequence[KnownLabel],
        *,
        title: str,
        evidence_per_label: int = EVIDENCE_PER_LABEL,
        audit: AuditReport | None = None,
    ) -> None:
        """Begin with nothing counted."""
        self.title = title
        self.audit = audit
        self.provenance = Provenance(labels)
        self.labels = {label.id: LabelFigures(label.name, label.threshold) for label in labels}
        self.pairs = Counter[frozenset[str]]()
        self.without_label = 0
        self.files = Counter[str]()
        self.warnings = Counter[WarningCode]()
        self.years: tuple[int, int] | None = None
        self.predicted_utc: tuple[str, str] | None = None
        self._names = names_of(labels)
        self._most = evidence_per_label
        self._quotations: dict[str, list[Quotation]] = {}
        self._order = count(0, -1)

    def add(self, detail: RecordDetail) -> None:
        """Count one record."""
        self.provenance.add(detail)
        self.files[detail.file] += 1
        year = detail.imported.year
        if year is not None:
            first, last = self.years or (year, year)
            self.years = (min(first, year), max(last, year))
        if detail.prediction is not None:
            utc = detail.prediction.utc
            begin, end = self.predicted_utc or (utc, utc)
            self.predicted_utc = (min(begin, utc), max(end, utc))
            self.warnings.update({warning.code for warning in detail.prediction.warnings})
        self._count_labels(detail)

    def quotations(self, label_id: str) -> list[Quotation]:
        """The clearest sentences for a label, best first."""
        return sorted(self._quotations.get(label_id, ()), reverse=True)

    def _count_labels(self, detail: RecordDetail) -> None:
        present: list[str] = []
        looked_at = detail.looked_at
        evidence = {} if detail.prediction is None else dict(detail.prediction.evidence)
        for score in standing(detail):
            figures = self.labels.get(score.label_id)
            if figures is None:
                figures = LabelFigures(self._names.get(score.label_id, score.label_id), None)
                self.labels[score.label_id] = figures
            figures.by_model += score.is_predicted
            if score.band is not None:
                figures.bands[score.band] += 1
            if score.label_id in looked_at:
                figures.decided += 1
                is_known = score.probability is not None
                figures.overruled += is_known and score.decision != score.is_predicted
            if score.is_present:
                figures.in_force += 1
                present.append(score.label_id)
                for sentence in evidence.get(score.label_id, ())[:1]:
                    is_decided = score.label_id in looked_at
                    self._quote(detail, score.label_id, sentence, is_decided=is_decided)
        self.pairs.update(map(frozenset, combinations(present, 2)))
        self.without_label += detail.prediction is not None and not present

    def _quote(
        self, detail: RecordDetail, label_id: str, sentence: Evidence, *, is_decided: bool
    ) -> None:
        best = self._quotations.setdefault(label_id, [])
        record = detail.imported
        quotation = Quotation(
            score=sentence.score,
            order=next(self._order),
            sentence=sentence.text,
            title=record.title,
            reference=f"PMID {record.pmid}" if record.pmid else record.source_id or str(detail.id),
            is_decided=is_decided,
        )
        if len(best) < self._most:
            heapq.heappush(best, quotation)
        elif self._most:
            heapq.heappushpop(best, quotation)
