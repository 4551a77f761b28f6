"""The Records page: find, review and hand on what was taken in."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.records.record_filter import Queue, RecordFilter
from kdh_desktop.gui.active_model import ActiveModel
from kdh_desktop.gui.guide_panel import GuidePanel
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.jobs import JobRunner
from kdh_desktop.gui.notices import Notice, NoticeBar, Severity
from kdh_desktop.gui.page import Menus
from kdh_desktop.gui.record_count import record_count
from kdh_desktop.gui.record_desk import RecordDesk
from kdh_desktop.gui.records.actions import RecordActions
from kdh_desktop.gui.records.column_choice import ColumnChoice
from kdh_desktop.gui.records.detail_pane import DetailPane
from kdh_desktop.gui.records.facet_groups import GroupKey
from kdh_desktop.gui.records.facet_panel import FacetPanel
from kdh_desktop.gui.records.filter_steps import chips_of, has_conditions, toggled
from kdh_desktop.gui.records.list_panel import ListPanel
from kdh_desktop.gui.records.many_records import ManyRecords
from kdh_desktop.gui.records.open_record import OpenRecord
from kdh_desktop.gui.records.page_guide import help_steps, no_hits_guide, page_guide
from kdh_desktop.gui.records.page_parts import PageParts
from kdh_desktop.gui.records.record_list import Reason, RecordList
from kdh_desktop.gui.records.record_table_model import RecordTableModel
from kdh_desktop.gui.records.review_steps import ReviewSteps
from kdh_desktop.gui.records.reviewer import Reviewer
from kdh_desktop.gui.settings import Settings
from kdh_desktop.gui.theme import GRID, Theme

_NARROW, _LOW = 900, 420
"""Width and height under which the page leaves out what can be had elsewhere, too."""
_FACETS = "records/facets"


class RecordsPage(QWidget):
    """Joins the list, which knows what is asked for, with the panes, which show it."""

    status_changed = Signal(str)
    """Something to say in passing, in the status bar."""
    import_wanted = Signal(list)
    """Files to take in, as paths; none where the user should pick them."""
    export_wanted = Signal(object, object)
    """Ids of records in their order, and the columns on the screen, as fields and label ids."""
    classify_wanted = Signal(object)
    """Classify the records of a `RecordFilter` that have no prediction."""
    retraining_wanted = Signal(object)
    """Ids of records of which the reviewed ones shall go to retraining."""

    def __init__(
        self,
        *,
        desk: RecordDesk,
        model: ActiveModel,
        jobs: JobRunner,
        settings: Settings,
        theme: Theme,
        icons: Icons,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._settings = settings
        self._labels: tuple[tuple[str, str], ...] = ()
        self.commands = RecordActions(self)
        self.records = RecordList(desk, jobs, self)
        self.open_record = OpenRecord(jobs, self)
        self.reviewer = Reviewer(jobs, self)
        self.table_model = RecordTableModel(jobs, self)
        self.notices = NoticeBar(theme=theme, icons=icons)
        self.facets = FacetPanel()
        self.list = ListPanel(
            model=self.table_model, theme=theme, icons=icons, actions=self.commands
        )
        self.table = self.list.table
        review = self.commands
        self.detail = DetailPane(
            theme=theme, actions=(review.confirm, review.skip, review.unsure, review.note)
        )
        self._lay_out()
        self.steps_of_review = ReviewSteps(
            actions=self.commands,
            table=self.table,
            model=self.table_model,
            detail=self.detail,
            reviewer=self.reviewer,
            parent=self,
        )
        self.many = ManyRecords(
            page=self,
            records=self.records,
            table=self.table,
            reviewer=self.reviewer,
            model=model,
            jobs=jobs,
            settings=settings,
        )
        self.columns = ColumnChoice(page=self, table=self.table, settings=settings)
        self._parts = PageParts(
            first=self.import_button, listed=self.list, facets=self.facets, detail=self.detail
        )
        self.commands.attach(*self._parts.for_review)
        self._connect()
        self._restore_layout()
        self._take_labels()
        self._take_store()

    def _lay_out(self) -> None:
        self.guide = GuidePanel()
        self.import_button = self.guide.add_button(
            self.tr("Import files…"), self.commands.import_files
        )
        self._middle = QSplitter(Qt.Orientation.Vertical)
        self._middle.addWidget(self.list)
        self._middle.addWidget(self.detail)
        self._middle.setSizes([250, 350])
        self._columns = QSplitter(Qt.Orientation.Horizontal)
        self._columns.addWidget(self.facets)
        self._columns.addWidget(self._middle)
        self._columns.setStretchFactor(0, 1)
        self._columns.setStretchFactor(1, 6)
        self._columns.setSizes([30 * GRID, 100 * GRID])
        for splitter in (self._middle, self._columns):
            splitter.setHandleWidth(GRID)
            splitter.setChildrenCollapsible(False)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.guide)
        self._stack.addWidget(self._columns)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self.notices)
        layout.addWidget(self._stack, 1)

    # What the window asks

    @property
    def menus(self) -> Menus:
        """Menus of this page."""
        return self.commands.menus(sort=self.columns.sort_menu)

    @property
    def steps(self) -> str:
        """How the page is used, for the help."""
        return help_steps()

    def focus_first(self) -> None:
        """Put the cursor where work begins: into the list."""
        if self._stack.currentIndex() == 0:
            self.import_button.setFocus()
        elif self.list.is_table_shown:
            self.table.setFocus()
        else:
            self.list.search.setFocus()

    def show_filter(self, where: RecordFilter) -> None:
        """List what a filter leaves, e.g. what was just imported."""
        self.list.search.show_search(where.search)
        self.records.show(where)

    def export(self) -> None:
        """Ask for an export of the chosen records, or of the list as it is by now."""
        self.many.hand_on(self._want_export)

    def keep_note(self) -> None:
        """Have the note written that is being typed."""
        self.detail.note.keep()

    def save_layout(self) -> None:
        """Keep where the dividing lines stand, and write what is still to be written."""
        # A disk that is full or gone must not keep the window open.
        with suppress(KdhError):
            self.reviewer.finish()
        self.columns.keep()
        for name, splitter in self._splitters().items():
            self._settings.keep_splitter(name, splitter.saveState())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_low = event.size().height() < _LOW
        self.list.set_compact(is_compact=is_low)
        self.detail.set_compact(is_compact=is_low)
        self._show_facets()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.records.watch(is_on=True)
        self.reviewer.look()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.records.watch(is_on=False)

    def _splitters(self) -> dict[str, QSplitter]:
        return {
            "records/columns": self._columns,
            "records/rows": self._middle,
            "records/record": self.detail.splitter,
        }

    def _restore_layout(self) -> None:
        for name, splitter in self._splitters().items():
            splitter.restoreState(self._settings.splitter(name))
        self.commands.facets.setChecked(self._settings.is_shown(_FACETS))
        self._show_facets()

    # Connections

    def _connect(self) -> None:
        records, table = self.records, self.table
        self._desk.changed.connect(self._take_store)
        self._desk.model_taken.connect(self._take_model)
        records.listed.connect(self._show_list)
        records.asked.connect(self._show_filter)
        records.counted.connect(self._show_counts)
        records.rows_changed.connect(self._renew_rows)
        for source in (records, self.table_model, self.open_record):
            source.failed.connect(self._say_failed)
        self.reviewer.failed.connect(self._say_lost)
        # A note that is held may have given way to the one in the store.
        self.reviewer.failed.connect(self.open_record.renew)
        self.reviewer.written.connect(records.look)
        self.list.saving.follow(self.reviewer)
        self.open_record.changed.connect(self._show_record)
        table.row_entered.connect(self._enter_row)
        table.chosen_changed.connect(self._show_chosen)
        table.order_wanted.connect(records.sort)
        self.columns.order_wanted.connect(records.sort)
        self.list.search.search_wanted.connect(self._search)
        self.list.search.left.connect(table.setFocus)
        self.facets.value_toggled.connect(self._toggle_value)
        self.list.chips.filter_wanted.connect(records.show)
        self.list.chips.clear_wanted.connect(self._clear)
        self.steps_of_review.said.connect(self.status_changed)
        self.many.said.connect(self.status_changed)
        for action, call in self._calls().items():
            action.triggered.connect(call)

    def _calls(self) -> dict[QAction, Callable[[], object]]:
        a = self.commands
        return {
            a.import_files: lambda: self.import_wanted.emit([]),
            a.classify: lambda: self.classify_wanted.emit(self.records.where),
            a.export: self.export,
            a.retrain: lambda: self.many.hand_on(self.retraining_wanted.emit),
            a.accept_many: self.many.accept_many,
            a.certainty: self.many.ask_certainty,
            a.remove: self.many.remove,
            a.find: self._find,
            a.clear: self._clear,
            a.refresh: self.records.renew,
            a.columns: self.columns.choose,
            a.facets: self._fold_facets,
            a.next_pane: lambda: self._parts.step(1),
            a.previous_pane: lambda: self._parts.step(-1),
            a.needs_review: lambda: self._show_queue(Queue.NEEDS_REVIEW),
            a.disagreement: lambda: self._show_queue(Queue.DISAGREEMENT),
        }

    # What the user does

    def _search(self, words: str) -> None:
        self.records.show(replace(self.records.where, search=words))

    def _toggle_value(self, group: GroupKey, value: object) -> None:
        self.records.show(toggled(self.records.where, group, value))

    def _find(self) -> None:
        self.list.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.list.search.selectAll()

    def _clear(self) -> None:
        self.list.search.show_search("")
        self.records.show(RecordFilter())
        self.focus_first()

    def _show_queue(self, queue: Queue) -> None:
        self.records.show(replace(self.records.where, queue=queue))
        self.table.setFocus()

    def _want_export(self, ids: array[int]) -> None:
        self.export_wanted.emit(ids, [column.key for column in self.table.columns])

    def _show_facets(self) -> None:
        has_room = self.width() >= _NARROW
        self.facets.setVisible(self.commands.facets.isChecked() and has_room)
        self.commands.facets.setEnabled(has_room)

    def _fold_facets(self) -> None:
        is_shown = self.commands.facets.isChecked()
        had_focus = self.facets.tree.hasFocus()
        self._show_facets()
        self._settings.keep_shown(_FACETS, is_shown=is_shown)
        if had_focus:
            self.focus_first()

    # What is shown

    def _take_store(self) -> None:
        if self._desk.is_private:
            # The store on the disk stays open behind the private one: the note belongs there.
            self.detail.note.keep()
        else:
            # Its store is closed, and the same id may be another record now.
            self.detail.note.give_up()
        self.reviewer.take_store(self._desk.store)
        self.reviewer.look()
        self.open_record.show(self._desk.store, None)
        self._take_labels()
        self.records.begin()
        self.list.search.show_search(self.records.where.search)
        self._show_guide()

    def _take_model(self) -> None:
        self._take_labels()
        if self._desk.store is not None:
            self.records.renew()
            self.open_record.renew()

    def _take_labels(self) -> None:
        store = self._desk.store
        active = () if store is None else store.active_labels
        known = active or HALLMARKS_OF_CANCER.labels
        labels = tuple((label.id, label.name) for label in known)
        if labels == self._labels:
            return
        self._labels = labels
        self.table_model.label_names = self.many.names = dict(labels)
        self.steps_of_review.name_toggles(labels)
        self.columns.take_labels(labels)

    def _show_list(self, reason: Reason) -> None:
        records = self.records
        self.table.take_list(records.store, records.ids, keep_place=reason == Reason.RENEWED)
        self.table.show_order(records.order)
        self._show_guide()
        self._show_chosen()

    def _show_counts(self) -> None:
        self._show_filter()
        self._show_guide()
        self._show_chosen()

    def _show_filter(self) -> None:
        """Show what is asked for, with the counts that are known so far."""
        self.table.show_order(self.records.order)
        records, names = self.records, dict(self._labels)
        batches = () if records.counts is None else records.counts.batches
        files = {batch.id: batch.source.name for batch in batches}
        self.facets.show_counts(records.counts, records.where, names)
        chips = chips_of(records.where, names=names, files=files)
        self.list.chips.show_chips(chips, can_clear=has_conditions(records.where))

    def _show_guide(self) -> None:
        guide = page_guide(self._desk, self.records)
        held = QApplication.focusWidget()
        had_focus = held is not None and self.isAncestorOf(held)
        was_guide = self._stack.currentIndex() == 0
        if guide is not None:
            buttons = (self.import_button,) if guide.offers_import else ()
            self.guide.say(guide.heading, guide.words, buttons=buttons)
        self._stack.setCurrentIndex(0 if guide is not None else 1)
        if self.records.ids or self.records.is_listing:
            self.list.show_table()
        else:
            no_hits = no_hits_guide(self.records)
            self.list.show_guide(no_hits.heading, no_hits.words)
        self.detail.setVisible(bool(self.records.ids))
        if had_focus and was_guide != (guide is not None):
            self.focus_first()

    def _show_chosen(self) -> None:
        """Say how many rows there are and are chosen, and offer what fits them."""
        records, chosen = self.records, self.table.chosen_count
        count, row = len(records.ids), self.table.currentIndex().row() + 1
        everything = count if records.counts is None else records.counts.everything
        words = self.tr("{row:,} of {records}").format(row=row, records=record_count(count))
        if chosen > 1:
            words = self.tr("{chosen:,} of {records} chosen").format(
                chosen=chosen, records=record_count(count)
            )
        if everything != count:
            words += self.tr(" ({everything:,} in all)").format(everything=everything)
        self.list.count.setText(words if count else "")
        self.list.refresh_button.setVisible(records.is_stale and not records.is_listing)
        a = self.commands
        for action in (a.confirm, a.skip, a.unsure, a.note, a.next, a.previous, *a.toggles):
            action.setEnabled(row > 0)
        a.remove.setEnabled(chosen > 0)
        for action in (a.accept_many, a.export, a.retrain):
            action.setEnabled(count > 0)
        unpredicted = 0 if records.counts is None else records.counts.facets.unpredicted
        a.classify.setEnabled(unpredicted > 0)

    def _enter_row(self) -> None:
        self.open_record.show(self.records.store, self.table.current_id)
        self._show_chosen()

    def _show_record(self) -> None:
        detail = self.open_record.detail
        if detail is not None:
            detail = replace(detail, note=self.reviewer.note_of(detail.id, detail.note))
        self.detail.show_record(detail, self._labels)

    def _renew_rows(self) -> None:
        self.table_model.renew()
        self.open_record.renew()
        self.reviewer.look()

    def _say_lost(self, error: Exception) -> None:
        """Say that something is not written, though the same was said and closed before."""
        self.notices.dismiss("store")
        self._say_failed(error)

    def _say_failed(self, error: Exception) -> None:
        # Whatever is no `KdhError` is a bug, which the window has been told of already.
        if isinstance(error, KdhError):
            self.notices.show_notice("store", Notice(str(error), Severity.ERROR))
