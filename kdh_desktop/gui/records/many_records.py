"""What is done to many records at once: accepting, removing, and handing on."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from kdh_desktop.gui.active_model import ActiveModel
from kdh_desktop.gui.jobs import JobRunner
from kdh_desktop.gui.record_count import record_count
from kdh_desktop.gui.records.accept_dialog import AcceptDialog
from kdh_desktop.gui.records.limits import Limits, acceptable_counter, usable_limits
from kdh_desktop.gui.records.record_list import RecordList
from kdh_desktop.gui.records.record_table import RecordTable
from kdh_desktop.gui.records.reviewer import Reviewer
from kdh_desktop.gui.settings import Settings

if TYPE_CHECKING:
    from kdh_desktop.core.classification.manifest import Manifest


class ManyRecords(QObject):
    """Works on the chosen rows, or on the whole list where not more than one is chosen."""

    said = Signal(str)
    """Something to say in passing."""

    def __init__(
        self,
        *,
        page: QWidget,
        records: RecordList,
        table: RecordTable,
        reviewer: Reviewer,
        model: ActiveModel,
        jobs: JobRunner,
        settings: Settings,
    ) -> None:
        super().__init__(page)
        self._page = page
        self._records = records
        self._table = table
        self._reviewer = reviewer
        self._model = model
        self._jobs = jobs
        self._settings = settings
        self.names: dict[str, str] = {}

    @property
    def manifest(self) -> Manifest | None:
        """What the active model's bundle says of it."""
        classifier = self._model.classifier
        return None if classifier is None else classifier.bundle.manifest

    def hand_on(self, take: Callable[[array[int]], object]) -> None:
        """Give the chosen records, or else the list as soon as it is current; nothing of none."""
        if self._table.chosen_count > 1:
            take(self._table.chosen_ids)
        else:
            self._records.when_current(lambda ids: take(ids) if ids else None)

    def remove(self) -> None:
        """Take the chosen records out of all lists; no question, because Undo brings them back."""
        ids = self._table.chosen_ids
        words = self.tr("Removed: {records}. Undo brings them back.")
        if ids:
            said = words.format(records=record_count(len(ids)))
            self._reviewer.remove(ids, lambda: self.said.emit(said))

    def accept_many(self) -> None:
        """Show what accepting many records would do, and do it if the person agrees."""
        self.hand_on(self._ask_to_accept)

    def _ask_to_accept(self, ids: array[int]) -> None:
        store = self._records.store
        if store is None:
            return
        dialog = AcceptDialog(
            store=store, ids=ids, names=self.names, jobs=self._jobs, parent=self._page
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        target, manifest = self._settings.accept_target, self.manifest
        if manifest is not None and manifest.held_out is not None:
            dialog.offer_limits(usable_limits(manifest, target), target)
        dialog.certainty_wanted.connect(lambda: self._ask_certainty(dialog))
        dialog.accept_wanted.connect(self._accept)
        dialog.open()

    def ask_certainty(self) -> None:
        """Ask how sure the person needs to be, for the next time that many are accepted."""
        self._ask_certainty(None)

    def _ask_certainty(self, offer: AcceptDialog | None) -> None:
        # It pulls in numpy, which takes too long at the start of the program.
        from kdh_desktop.gui.records.certainty_dialog import CertaintyDialog

        store, manifest = self._records.store, self.manifest
        if store is None or manifest is None:
            self.said.emit(self.tr("There is no model yet that could be sure of anything."))
            return
        dialog = CertaintyDialog(
            manifest=manifest,
            target=self._settings.accept_target,
            count=acceptable_counter(store, self._records.where, len(manifest.labels)),
            jobs=self._jobs,
            parent=self._page if offer is None else offer,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def take(target: int) -> None:
            self._settings.accept_target = target
            if offer is not None:
                offer.offer_limits(usable_limits(manifest, target), target)
            else:
                self.said.emit(
                    self.tr("Accept many… now takes {target} of 100 as sure enough.").format(
                        target=target
                    )
                )

        dialog.target_chosen.connect(take)
        dialog.open()

    def _accept(self, ids: array[int], limits: Limits | None) -> None:
        def tell(count: int) -> None:
            words = self.tr("Accepted: {records}. Undo takes it back.")
            self.said.emit(words.format(records=record_count(count)))

        self._reviewer.accept(ids, limits, tell)
