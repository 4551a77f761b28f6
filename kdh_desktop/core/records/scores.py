"""What model and people say of the labels of some records."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kdh_desktop.core.records.models import ActiveModel
from kdh_desktop.core.records.stored import StoredScore

if TYPE_CHECKING:
    from sqlite3 import Connection

# By label first, so that neighbours in the table are read one after the other.
_SCORES = """
SELECT s.record_id, s.bit, s.probability
FROM json_each(:bits) b CROSS JOIN json_each(:ids) i
    CROSS JOIN score s ON s.model_id = :model AND s.bit = b.value AND s.record_id = i.value
    CROSS JOIN listing l ON l.record_id = i.value AND l.is_predicted
"""

_DECISIONS = """
SELECT record_id, bit, is_present FROM decision
WHERE record_id IN (SELECT value FROM json_each(?)) ORDER BY record_id, bit
"""


class Scoring:
    """Scores and decisions of some records, read at once."""

    def __init__(self, db: Connection, active: ActiveModel | None, ids: Sequence[int]) -> None:
        """Read them; predictions of a text that has changed since do not count."""
        self._active = active
        self._names: dict[int, str] = dict(db.execute("SELECT bit, label_id FROM label"))
        self._probabilities: dict[int, dict[int, float]] = defaultdict(dict)
        self._decisions: dict[int, dict[int, bool]] = defaultdict(dict)
        listed = json.dumps(sorted(set(ids)))
        if active is not None:
            bits = json.dumps([label.bit for label in active.labels])
            values = {"bits": bits, "ids": listed, "model": active.row}
            for record, bit, probability in db.execute(_SCORES, values):
                self._probabilities[record][bit] = probability
        for record, bit, is_present in db.execute(_DECISIONS, (listed,)):
            self._decisions[record][bit] = bool(is_present)

    def of(self, record: int) -> tuple[StoredScore, ...]:
        """One per label of the active model in its order, then labels that only decisions name.

        Nothing where neither a model nor a person has spoken.
        """
        decisions = self._decisions.get(record, {})
        if record not in self._probabilities and not decisions:
            return ()
        own = self.of_model(record)
        known = set() if self._active is None else {label.bit for label in self._active.labels}
        others = [
            StoredScore(self._names[bit], None, None, None, decision)
            for bit, decision in decisions.items()
            if bit not in known
        ]
        return (*own, *others)

    def of_model(self, record: int) -> tuple[StoredScore, ...]:
        """One per label of the active model in its order, with decisions beside them."""
        if self._active is None:
            return ()
        probabilities = self._probabilities.get(record, {})
        decisions = self._decisions.get(record, {})
        found = []
        for label in self._active.labels:
            probability = probabilities.get(label.bit)
            band = None if probability is None else label.band(probability)
            decision = decisions.get(label.bit)
            found.append(StoredScore(label.id, probability, label.threshold, band, decision))
        return tuple(found)

    def decisions(self, record: int) -> tuple[tuple[str, bool], ...]:
        """Label ids and decisions of people, also on labels that the active model lacks."""
        decided = self._decisions.get(record, {})
        return tuple((self._names[bit], is_present) for bit, is_present in decided.items())
