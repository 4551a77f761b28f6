"""Accept many at once: how many, five of them at random, and only then the button."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.records.stored import RecordDetail, StoredScore
from kdh_desktop.gui.jobs import Err, Job, JobRunner, Lane, Ok, Outcome
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.record_count import record_count
from kdh_desktop.gui.records.limits import Limits
from kdh_desktop.gui.records.words import label_name
from kdh_desktop.gui.score_words import percent
from kdh_desktop.gui.theme import GRID

if TYPE_CHECKING:
    from kdh_desktop.core.records.record_store import RecordStore

SAMPLES = 5
_BEGINNING = 280


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    """What would be accepted.

    Attributes:
        ids: Records that would be touched.
        asked: How many were asked for.
        samples: Some of them, at random.
    """

    ids: Sequence[int]
    asked: int
    samples: tuple[RecordDetail, ...]


class AcceptDialog(QDialog):
    """Offers to accept, as the hallmarks stand or only where the model is sure enough."""

    accept_wanted = Signal(object, object)
    """Ids of the records, and the limits or None."""
    certainty_wanted = Signal()
    """The person wants another answer to "how sure do you need to be?"."""

    def __init__(
        self,
        *,
        store: RecordStore,
        ids: Sequence[int],
        names: dict[str, str],
        jobs: JobRunner,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Accept many records"))
        self._store = store
        self._ids = ids
        self._names = names
        self._lane = Lane(jobs)
        self._limits: Limits | None = None
        self.offer: AcceptOffer | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        words = self.tr(
            "Accepted hallmarks count as decided by you, and can be taken back with Undo. Records "
            "that you confirmed or marked as unsure stay as they are."
        )
        layout.addWidget(plain_label(words))
        layout.addLayout(self._choices())
        self.count = plain_label(kind="heading")
        self.count.setAccessibleName(self.tr("How many records would be accepted"))
        layout.addWidget(self.count)
        layout.addLayout(self._sample_head())
        self._area = QScrollArea()
        self._area.setProperty("kind", "panel")
        self._area.setWidgetResizable(True)
        self._area.setAccessibleName(self.tr("Some of these records, at random"))
        layout.addWidget(self._area, 1)
        layout.addWidget(self._buttons())
        self.resize(90 * GRID, 76 * GRID)
        self._ask()

    def done(self, result: int) -> None:
        """Close, and wait for no answer any more."""
        self._lane.drop()
        super().done(result)

    # Parts

    def _choices(self) -> QVBoxLayout:
        self.as_they_stand = QRadioButton(self.tr("&All, as their hallmarks stand"))
        self.where_sure = QRadioButton(self.tr("&Only where the model is sure enough"))
        self.where_sure.setEnabled(False)
        for button in (self.as_they_stand, self.where_sure):
            button.setAccessibleName(button.text().replace("&", ""))
        self._group = QButtonGroup(self)
        self._group.addButton(self.as_they_stand)
        self._group.addButton(self.where_sure)
        self.as_they_stand.setChecked(True)
        self._group.buttonClicked.connect(self._ask)
        change = QPushButton(self.tr("&How sure…"))
        change.setAccessibleName(self.tr("How sure do you need to be?"))
        change.setAutoDefault(False)
        change.clicked.connect(self.certainty_wanted)
        row = QHBoxLayout()
        row.addWidget(self.where_sure)
        row.addWidget(change)
        row.addStretch(1)
        choices = QVBoxLayout()
        choices.setSpacing(GRID // 2)
        choices.addWidget(self.as_they_stand)
        choices.addLayout(row)
        return choices

    def _sample_head(self) -> QHBoxLayout:
        self._samples_words = plain_label(kind="muted")
        self.others_button = QPushButton(self.tr("Show &others"))
        self.others_button.setAccessibleName(self.tr("Show other records"))
        self.others_button.setAutoDefault(False)
        self.others_button.clicked.connect(self._ask)
        row = QHBoxLayout()
        row.addWidget(self._samples_words, 1)
        row.addWidget(self.others_button)
        return row

    def _buttons(self) -> QDialogButtonBox:
        box = QDialogButtonBox()
        self.accept_button = box.addButton(
            self.tr("Accept"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.accept_button.setProperty("kind", "main")
        cancel = box.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        cancel.setAccessibleName(cancel.text())
        # So many at once are not accepted by a Return too many.
        self.accept_button.setAutoDefault(False)
        cancel.setDefault(True)
        cancel.setFocus()
        box.accepted.connect(self._agree)
        box.rejected.connect(self.reject)
        return box

    # Limits and counts

    def offer_limits(self, limits: Limits, target: int) -> None:
        """Offer to accept only where the model is sure enough."""
        self._limits = limits
        self.where_sure.setText(
            self.tr("&Only those where at least {target} of 100 such decisions were right").format(
                target=target
            )
        )
        self.where_sure.setAccessibleName(self.where_sure.text().replace("&", ""))
        self.where_sure.setEnabled(True)
        self.where_sure.setChecked(True)
        self.where_sure.setFocus()
        self._ask()

    @property
    def limits(self) -> Limits | None:
        """The limits that were chosen; None to accept as the hallmarks stand."""
        return self._limits if self.where_sure.isChecked() else None

    def _ask(self) -> None:
        self.offer = None
        self.accept_button.setEnabled(False)
        self.count.setText(self.tr("Counting…"))
        work = _offer_work(self._store, self._ids, self.limits)
        self._lane.start(work, done=self._take)

    def _take(self, outcome: Outcome[AcceptOffer]) -> None:
        match outcome:
            case Ok(offer):
                self._show(offer)
            case Err(error):
                self.count.setText(str(error))

    def _show(self, offer: AcceptOffer) -> None:
        self.offer = offer
        count, left = len(offer.ids), offer.asked - len(offer.ids)
        words = self.tr("{records} will be accepted.").format(records=record_count(count))
        if left == 1:
            words += " " + self.tr("One other stays as it is.")
        elif left:
            words += " " + self.tr("{count:,} others stay as they are.").format(count=left)
        self.count.setText(words)
        self._samples_words.setText(
            self.tr("{count} of them, at random:").format(count=len(offer.samples))
            if count
            else self.tr("The others are not classified, confirmed already, or not sure enough.")
        )
        self.others_button.setEnabled(count > SAMPLES)
        self.accept_button.setText(self.tr("Accept {records}").format(records=record_count(count)))
        self.accept_button.setAccessibleName(self.accept_button.text())
        self.accept_button.setEnabled(count > 0)
        page = QWidget()
        page.setBackgroundRole(page.palette().ColorRole.Base)
        column = QVBoxLayout(page)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID // 2)
        for detail in offer.samples:
            for label in self._sample(detail):
                column.addWidget(label)
            column.addSpacing(GRID)
        column.addStretch(1)
        self._area.setWidget(page)

    def _sample(self, detail: RecordDetail) -> list[QWidget]:
        lines = detail.text.split("\n", maxsplit=1)
        title, rest = lines[0], lines[1] if len(lines) > 1 else ""
        whole = " ".join(rest[: 2 * _BEGINNING].split())
        beginning = f"{whole[:_BEGINNING]}…" if len(whole) > _BEGINNING else whole
        scores = () if detail.prediction is None else detail.prediction.scores
        found = [one for one in scores if is_accepted(one, self.limits)]
        labels = "; ".join(
            f"{label_name(one.label_id, self._names)} ({percent(one.probability or 0.0)})"
            for one in found
        )
        words = self.tr("Accepted: {labels}").format(labels=labels or self.tr("no hallmark"))
        parts = [plain_label(title[:_BEGINNING], kind="heading")]
        if beginning:
            parts.append(plain_label(beginning, kind="muted"))
        return [*parts, plain_label(words)]

    def _agree(self) -> None:
        if self.offer is not None and self.offer.ids:
            self.accept_wanted.emit(self.offer.ids, self.limits)
            self.accept()


def is_accepted(score: StoredScore, limits: Limits | None) -> bool:
    """Whether a label would be there once its record is accepted."""
    if score.decision is not None or limits is None or score.label_id not in limits:
        return score.is_present
    return score.probability is not None and score.probability >= limits[score.label_id][1]


def _offer_work(
    store: RecordStore, ids: Sequence[int], limits: Limits | None
) -> Callable[[Job], AcceptOffer]:
    def work(_job: Job) -> AcceptOffer:
        accepted = store.acceptable(ids, limits)
        # For a look only: nobody gains anything from knowing which ones are drawn.
        drawn = random.sample(accepted, min(SAMPLES, len(accepted)))
        return AcceptOffer(accepted, len(ids), tuple(store.detail(one) for one in drawn))

    return work
