"""The Classify page: paste a text, see its hallmarks and the sentences that say so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from kdh_desktop.core.errors import Cancelled, KdhError
from kdh_desktop.core.record import Prediction
from kdh_desktop.gui.active_model import ActiveModel, Failed
from kdh_desktop.gui.classify.actions import ClassifyActions
from kdh_desktop.gui.classify.example import EXAMPLE_TEXT
from kdh_desktop.gui.classify.record_keeping import RecordKeeping
from kdh_desktop.gui.classify.result_pane import ResultPane
from kdh_desktop.gui.classify.session import Activity, ClassifySession
from kdh_desktop.gui.classify.text_exchange import (
    DIVIDED_NOTICE,
    FAILED_NOTICE,
    PASTE_NOTICE,
    TextExchange,
)
from kdh_desktop.gui.classify.text_pane import TextPane
from kdh_desktop.gui.classify.text_table_model import TextTableModel
from kdh_desktop.gui.classify.words import (
    divided_notice,
    excerpt_notice,
    guide_of,
    progress_words,
    summary,
    warning_notice,
)
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.jobs import JobRunner
from kdh_desktop.gui.notices import Notice, NoticeAction, NoticeBar, Severity, announce
from kdh_desktop.gui.record_desk import RecordDesk
from kdh_desktop.gui.settings import Settings
from kdh_desktop.gui.theme import GRID, Theme

PROGRESS_DELAY_MS = 1000
"""Work that takes longer than this shows its progress and can be cancelled."""


_DRAFT_NOTICE, _KEPT_NOTICE = "draft", "kept"
_NARROW = 960
"""Width under which the page leaves out what can be had elsewhere, too."""


class ClassifyPage(QWidget):
    """Joins the session, which knows the texts, with the two panes, which show them."""

    status_changed = Signal(str)
    """Something to say in passing, in the status bar."""
    files_given = Signal(object)
    """Files for an import were pasted or dropped: `GivenFiles`."""

    def __init__(
        self,
        *,
        model: ActiveModel,
        desk: RecordDesk,
        jobs: JobRunner,
        settings: Settings,
        theme: Theme,
        icons: Icons,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._settings = settings
        self.session = ClassifySession(model, jobs, self)
        self.keeping = RecordKeeping(self.session, desk, jobs, self)
        self.commands = ClassifyActions(self)
        self.notices = NoticeBar(theme=theme, icons=icons)
        text_model = TextTableModel(self.session, self)
        self.text_pane = TextPane(theme=theme, icons=icons, model=text_model, actions=self.commands)
        self.result_pane = ResultPane(
            theme=theme, copy=self.commands.copy_result, example=self.commands.example
        )
        self.exchange = TextExchange(
            session=self.session,
            editor=self.text_pane.editor,
            notices=self.notices,
            jobs=jobs,
            parent=self,
        )
        self._progress_timer = QTimer(self)
        self._progress_timer.setSingleShot(True)
        self._progress_timer.setInterval(PROGRESS_DELAY_MS)
        self._progress_timer.timeout.connect(self._show_progress)
        self._columns = QSplitter(Qt.Orientation.Horizontal)
        self._columns.setHandleWidth(2 * GRID)
        self._columns.setChildrenCollapsible(False)
        self._columns.addWidget(self.text_pane)
        self._columns.addWidget(self.result_pane)
        self._columns.setStretchFactor(0, 1)
        self._columns.setStretchFactor(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self.notices)
        layout.addWidget(self._columns, 1)
        self._connect()
        self._restore_layout()
        self._show_model()
        self._show_current()

    @property
    def menus(self) -> Sequence[tuple[str, Sequence[QAction | None]]]:
        """Menus of this page: titles, and actions with None for a line."""
        a = self.commands
        return (
            (
                self.tr("&Edit"),
                (a.undo, a.redo, None, a.cut, a.copy, a.paste, None, a.select_all),
            ),
            (
                self.tr("&Classify"),
                (
                    *(a.classify, a.cancel, None, a.example, a.clear, None),
                    *(a.copy_result, a.copy_all, None),
                    *(a.previous, a.next, None, a.next_pane, a.previous_pane),
                ),
            ),
        )

    @property
    def steps(self) -> str:
        """How the page is used, for the help."""
        return self.tr(
            "1. Paste a title and abstract. Separate several texts by blank lines.\n"
            "2. Choose Classify. The hallmarks appear by falling probability; the line across "
            "each bar is the threshold from which a hallmark counts as present.\n"
            "3. Choose a hallmark. The sentences that support it are marked in the text.\n"
            "4. Edit the text, and the labels follow."
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_compact = event.size().width() < _NARROW
        self.text_pane.set_compact(is_compact)
        self.result_pane.set_compact(is_compact)

    def focus_first(self) -> None:
        """Put the cursor where work begins: into the text box."""
        self.text_pane.editor.setFocus()

    def forget(self) -> None:
        """Remove all texts for good, so that nothing brings them back."""
        self.exchange.forget_texts()

    def save_layout(self) -> None:
        """Keep where the dividing lines stand, and a draft of what is in no record."""
        self.keeping.finish()
        for name, splitter in self._splitters().items():
            self._settings.keep_splitter(name, splitter.saveState())

    def _restore_layout(self) -> None:
        for name, splitter in self._splitters().items():
            splitter.restoreState(self._settings.splitter(name))

    def _splitters(self) -> dict[str, QSplitter]:
        return {
            "classify/columns": self._columns,
            "classify/texts": self.text_pane.splitter,
            "classify/results": self.result_pane.splitter,
        }

    def _connect(self) -> None:
        session, editor, results = self.session, self.text_pane.editor, self.result_pane
        session.current_changed.connect(self._show_current)
        session.entry_changed.connect(self._show_entry)
        session.activity_changed.connect(self._show_activity)
        session.classified.connect(self._show_first)
        session.divided.connect(self._say_divided)
        session.failed.connect(self._say_failed)
        self.keeping.draft_found.connect(self._offer_draft)
        self.keeping.failed.connect(self._say_not_kept)
        self.keeping.caught_up.connect(lambda: self.notices.dismiss(_KEPT_NOTICE))
        editor.edited.connect(session.edit)
        editor.replaced.connect(session.replace_text)
        editor.files_given.connect(self.files_given)
        editor.excerpt_changed.connect(self._say_excerpt)
        self.text_pane.list.row_chosen.connect(self._take_text_row)
        results.evidence_wanted.connect(self._show_evidence)
        results.score_changed.connect(self._mark_evidence)
        self._model.changed.connect(self._show_model)
        self.exchange.status_changed.connect(self.status_changed)
        for action, call in self._calls().items():
            action.triggered.connect(call)

    def _calls(self) -> dict[QAction, Callable[[], object]]:
        a, session, editor = self.commands, self.session, self.text_pane.editor
        return {
            a.classify: self._classify,
            a.cancel: session.cancel,
            a.example: self.exchange.show_example,
            a.copy_result: self.exchange.copy_result,
            a.copy_all: self.exchange.copy_all,
            a.clear: self.exchange.clear,
            a.previous: lambda: session.go_to(session.current_row - 1),
            a.next: lambda: session.go_to(session.current_row + 1),
            a.next_pane: lambda: self._go_to_pane(1),
            a.previous_pane: lambda: self._go_to_pane(-1),
            a.undo: editor.undo_step,
            a.redo: editor.redo,
            a.cut: editor.cut,
            a.copy: editor.copy,
            a.paste: self.exchange.paste,
            a.select_all: editor.selectAll,
        }

    # What the user does

    def _classify(self) -> None:
        if self.session.is_blank:
            self.notices.show_anew(
                PASTE_NOTICE,
                Notice(self.tr("There is no text yet: paste one, or try the example.")),
            )
            self.focus_first()
        elif isinstance(self._model.state, Failed):
            self.notices.dismiss("model")
            self._show_model()
        else:
            self.exchange.forget_notices()
            self.session.classify()

    def _go_to_pane(self, step: int) -> None:
        panes = [pane for pane in self._panes() if pane.isVisible()]
        held = [row for row, pane in enumerate(panes) if pane.hasFocus()]
        row = held[0] + step if held else 0
        panes[row % len(panes)].setFocus(Qt.FocusReason.TabFocusReason)

    def _panes(self) -> tuple[QWidget, ...]:
        return (
            self.text_pane.list,
            self.text_pane.editor,
            self.result_pane.list,
            self.result_pane.detail.evidence,
            self.result_pane.example_button,
        )

    def _take_text_row(self, index: QModelIndex) -> None:
        if index.isValid():
            self.session.go_to(index.row())

    # What is shown

    def _show_current(self) -> None:
        session, pane = self.session, self.text_pane
        count, row = len(session.entries), session.current_row
        pane.show_count(count, row)
        pane.list.setCurrentIndex(pane.list.model().index(row, 0))
        self.commands.previous.setEnabled(row > 0)
        self.commands.next.setEnabled(row < count - 1)
        self.commands.copy_all.setEnabled(count > 1)
        text = session.current.record.text
        if pane.editor.whole_text != text:
            pane.editor.show_text(text)
        self._show_result()
        self._show_first()

    def _show_entry(self, row: int) -> None:
        if row == self.session.current_row:
            self._show_result()

    def _show_result(self) -> None:
        entry = self.session.current
        prediction = entry.prediction
        self.commands.copy_result.setEnabled(prediction is not None and not entry.is_stale)
        self._show_warnings(prediction)
        if prediction is None or not prediction.scores:
            self.result_pane.show_guide(guide_of(self.session, self._model))
        else:
            self.result_pane.show_prediction(prediction, summary=summary(entry))
        self.text_pane.hint.setText(self._hint())

    def _hint(self) -> str:
        entry = self.session.current
        if entry.record.text == EXAMPLE_TEXT:
            return self.tr("This example is invented. Edit it, and the labels follow.")
        has_labels = entry.prediction is not None and bool(entry.prediction.scores)
        return self.tr("Edit the text, and the labels follow.") if has_labels else ""

    def _show_warnings(self, prediction: Prediction | None) -> None:
        warnings = prediction.warnings if prediction is not None else ()
        found = {f"text:{warning.code}": warning for warning in warnings}
        for key in self.notices.keys:
            if key.startswith("text:") and key not in found:
                self.notices.dismiss(key)
        for key, warning in found.items():
            self.notices.show_notice(key, warning_notice(warning))

    def _show_first(self) -> None:
        """Show a text or labels that the user has not seen yet from the top."""
        prediction = self.session.current.prediction
        if prediction is not None and prediction.scores:
            self.result_pane.choose_first()
            self._show_evidence(0)
            announce(self, summary(self.session.current))

    def _show_evidence(self, first: int) -> None:
        self._mark(first, scroll=True)

    def _mark_evidence(self) -> None:
        self._mark(0, scroll=False)

    def _mark(self, first: int, *, scroll: bool) -> None:
        entry, score = self.session.current, self.result_pane.score
        if score is None or entry.prediction is None:
            self.text_pane.editor.mark((), scroll=False)
        elif not entry.has_changed:
            # Marks of an older wording move with the text, and stay until the labels follow.
            spans = [(evidence.start, evidence.end) for evidence in score.evidence]
            self.text_pane.editor.mark(spans, scroll=scroll, first=first)

    def _show_activity(self) -> None:
        is_busy = self.session.activity != Activity.IDLE
        self.commands.cancel.setEnabled(is_busy)
        if not is_busy:
            self._progress_timer.stop()
            self.text_pane.hide_progress()
        elif self.text_pane.is_progress_shown:
            self._show_progress()
        elif not self._progress_timer.isActive():
            self._progress_timer.start()
        if self.session.current.prediction is None:
            self._show_result()

    def _show_progress(self) -> None:
        done, total = self.session.progress
        self.text_pane.show_progress(done, total, progress_words(self.session))

    def _show_model(self) -> None:
        state = self._model.state
        if isinstance(state, Failed):
            self.notices.show_notice(
                "model",
                Notice(
                    f"{state.error.message} {state.error.remedy}",
                    Severity.ERROR,
                    NoticeAction(self.tr("Try again"), self._model.load),
                ),
            )
        else:
            self.notices.dismiss("model")
        if self.session.current.prediction is None:
            self._show_result()

    def _say_divided(self, count: int) -> None:
        words = self.tr("Keep as one text") if count > 1 else self.tr("Keep all lines")
        action = NoticeAction(words, self._keep_whole)
        self.notices.show_notice(DIVIDED_NOTICE, replace(divided_notice(count), action=action))

    def _keep_whole(self) -> None:
        self.notices.dismiss(DIVIDED_NOTICE)
        self.session.keep_whole()
        self.focus_first()
        self.notices.show_notice(
            DIVIDED_NOTICE,
            Notice(
                self.tr("The text is kept in one piece."),
                action=NoticeAction(self.tr("Look for several texts"), self._divide_again),
            ),
        )

    def _divide_again(self) -> None:
        self.notices.dismiss(DIVIDED_NOTICE)
        self.session.divide_again()
        self.focus_first()

    def _say_failed(self, error: KdhError) -> None:
        if isinstance(error, Cancelled):
            done, total = self.session.progress
            words = self.tr("Stopped. Texts classified: {done} of {total}.")
            notice = Notice(
                words.format(done=done, total=total) if total else self.tr("Stopped."),
                action=NoticeAction(self.tr("Go on"), self._classify),
            )
        else:
            notice = Notice(str(error), Severity.ERROR)
        self.notices.show_notice(FAILED_NOTICE, notice)

    def _say_not_kept(self, error: KdhError) -> None:
        words = self.tr("This is not kept under Records. {reason}").format(reason=error)
        self.notices.show_anew(_KEPT_NOTICE, Notice(words, Severity.ERROR))

    def _offer_draft(self) -> None:
        """Texts of the last session came after somebody had begun: nothing is put over these."""

        def bring_back() -> None:
            self.notices.dismiss(_DRAFT_NOTICE)
            self.keeping.take_draft()
            self.focus_first()

        self.notices.show_notice(
            _DRAFT_NOTICE,
            Notice(
                self.tr("There is a text of the last session that was not classified."),
                action=NoticeAction(self.tr("Bring it back"), bring_back),
            ),
        )

    def _say_excerpt(self) -> None:
        editor = self.text_pane.editor
        self.notices.dismiss("excerpt")
        if editor.excerpt is not None:
            self.notices.show_notice(
                "excerpt", excerpt_notice(editor.excerpt, len(editor.whole_text))
            )
