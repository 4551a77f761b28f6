"""Which texts to learn from, and on which the new model is judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QPushButton,
    QSpinBox,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_text import field_label, plain_label, plain_tooltip
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.wizard.check_panel import CheckPanel
from kdh_desktop.gui.training.wizard.data_checker import DataChecker
from kdh_desktop.gui.training.wizard.draft import ChosenSource, DraftKeeper
from kdh_desktop.gui.training.wizard.field_form import tidy_spin_box
from kdh_desktop.gui.training.wizard.source_finder import SourceFinder, forget_copies
from kdh_desktop.gui.training.wizard.source_table_model import KIND, NAME, SourceTableModel
from kdh_desktop.gui.training.wizard.step_page import StepPage
from kdh_desktop.gui.training.wizard.suspects_dialog import SuspectsDialog
from kdh_desktop.gui.window_parts import WindowParts

_SHARES = (5, 50)
_ROW_HEIGHT = 26


class DataPage(StepPage):
    """Texts at the left, what the check says of them at the right."""

    def __init__(self, parts: WindowParts, keeper: DraftKeeper, checker: DataChecker) -> None:
        super().__init__(parts, keeper, title=self.tr("Data"), why=self.tr(
            "A model is only as good as the labels it learns from, so they are checked before "
            "anything is trained."
        ))  # fmt: skip
        self.checker = checker
        self.finder = SourceFinder(parts, self)
        self.finder.found.connect(self._add)
        self.finder.failed.connect(self._say)
        self.finder.working.connect(self._say)
        self.suspects: SuspectsDialog | None = None
        self.model = SourceTableModel(keeper, self)
        self.table = self._table()
        self.note = plain_label()
        self.note.hide()
        self._make_buttons()
        self.share = QSpinBox()
        self.share.setRange(*_SHARES)
        self.share.setSuffix(self.tr(" %"))
        tidy_spin_box(self.share)
        self.share.setAccessibleName(self.tr("Share of the texts that is kept back"))
        self.share.valueChanged.connect(self._take_share)
        self.share_words = plain_label(kind="muted")
        self.transfer_words = plain_label()
        self.panel = CheckPanel(parts, keeper, checker)
        self.panel.suspects_wanted.connect(self._show_suspects)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(GRID)
        split.addWidget(self._left())
        split.addWidget(self.panel)
        split.setStretchFactor(0, 4)
        split.setStretchFactor(1, 5)
        self.column.addWidget(split, 1)
        keeper.changed.connect(self._show)
        checker.changed.connect(self.problem_changed)
        self._show()

    @property
    def problem(self) -> str:
        draft = self.keeper.draft
        if not draft.has_learnt:
            return self.tr("Choose texts to learn from.")
        if draft.is_check_due or draft.checked is None:
            return self.tr("The texts are being checked…")
        if draft.checked.report is None:
            return self.tr("The texts cannot be read: mend them, or choose others.")
        if blocking := draft.checked.report.blocking:
            return blocking[0].message
        return ""

    def focus_first(self) -> None:
        if self.model.rowCount():
            self.table.setFocus()
        else:
            self.sample_button.setFocus()

    def close_dialogs(self) -> None:
        """Close what stands open over the page."""
        self.finder.stop()
        if self.suspects is not None:
            self.suspects.reject()

    # Its parts

    def _table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setAccessibleName(self.tr("Chosen texts"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setMinimumSectionSize(6 * GRID)
        for column in range(self.model.columnCount()):
            mode = QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(column, mode)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        table.setColumnHidden(KIND, False)  # noqa: FBT003  # Qt's way
        table.setMinimumHeight(5 * _ROW_HEIGHT)
        table.selectionModel().currentRowChanged.connect(self._show_buttons)
        self.model.modelReset.connect(self._select_last)
        remove = QAction(self.tr("Remove"), table)
        remove.setShortcut(QKeySequence(Qt.Key.Key_Delete))
        remove.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        remove.triggered.connect(self._remove)
        table.addAction(remove)
        return table

    def _make_buttons(self) -> None:
        self.sample_button = self._button(
            self.tr("&Try it with the sample"),
            self.tr("240 invented abstracts that ship with the program"),
        )
        self.sample_button.clicked.connect(self.finder.take_sample)
        self.add_button = self._button(
            self.tr("&Add texts"), self.tr("Choose texts whose labels are known")
        )
        menu = QMenu(self.add_button)
        self.add_actions: dict[str, QAction] = {}
        for key, words, call in (
            ("file", self.tr("&Spreadsheet, CSV or JSON lines…"), self.finder.ask_file),
            ("folder", self.tr("&HoC folder…"), self.finder.ask_folder),
            ("reviewed", self.tr("&Reviewed records of the desk"), self.finder.take_reviewed),
            ("sample", self.tr("Sam&ple of the program"), self.finder.take_sample),
        ):
            action = menu.addAction(words)
            action.setIconVisibleInMenu(False)
            action.triggered.connect(lambda _on=False, call=call: call())
            self.add_actions[key] = action
        self.add_button.setMenu(menu)
        self.use_button = self._button(
            self.tr("&Keep to judge on"),
            self.tr("Texts that the model never learns from, so that its figures are honest"),
        )
        self.use_button.clicked.connect(self._change_use)
        self.remove_button = self._button(self.tr("Re&move"), self.tr("Take them off this list"))
        self.remove_button.clicked.connect(self._remove)
        self.transfer_button = self._button(
            self.tr("C&hoose unlabelled texts…"),
            self.tr("JSON lines with a field text; the teacher labels them for the student"),
        )
        self.transfer_button.clicked.connect(self._ask_transfer)
        self.no_transfer_button = self._button(self.tr("Do &without"), "")
        self.no_transfer_button.clicked.connect(lambda: self.keeper.change(transfer=None))

    def _left(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(GRID)
        first = QHBoxLayout()
        first.addWidget(self.add_button)
        first.addWidget(self.sample_button)
        first.addStretch(1)
        second = QHBoxLayout()
        second.addWidget(self.use_button)
        second.addWidget(self.remove_button)
        second.addStretch(1)
        column.addLayout(first)
        column.addWidget(self.table, 1)
        column.addLayout(second)
        column.addWidget(self.note)
        kept = QHBoxLayout()
        kept.addWidget(field_label(self.tr("&Share kept back to judge on"), self.share))
        kept.addWidget(self.share)
        kept.addStretch(1)
        column.addLayout(kept)
        column.addWidget(self.share_words)
        transfer = QHBoxLayout()
        transfer.addWidget(self.transfer_button)
        transfer.addWidget(self.no_transfer_button)
        transfer.addStretch(1)
        column.addLayout(transfer)
        column.addWidget(self.transfer_words)
        return left

    def _button(self, words: str, purpose: str) -> QPushButton:
        button = QPushButton(words)
        button.setAccessibleName(words.replace("&", ""))
        button.setToolTip(plain_tooltip(purpose))
        # A button beside the page's own choices must not answer to Enter in their place.
        button.setAutoDefault(False)
        return button

    # What happens in it

    def _add(self, found: tuple[ChosenSource, ...]) -> None:
        sources = self.keeper.draft.sources
        new = tuple(one for one in found if one.source not in [x.source for x in sources])
        reviewed = any(one.is_reviewed for one in new)
        kept = tuple(one for one in sources if not (reviewed and one.is_reviewed))
        if not new:
            self._say(self.tr("These texts are in the list already."))
            return
        forget_copies(one for one in sources if one not in kept)
        self._say("")
        self.keeper.change(sources=(*kept, *new))
        self.table.setFocus()

    def _remove(self) -> None:
        row = self.table.currentIndex().row()
        sources = self.keeper.draft.sources
        if 0 <= row < len(sources):
            forget_copies(sources[row : row + 1])
            self.keeper.change(sources=(*sources[:row], *sources[row + 1 :]))
            self.focus_first()

    def _change_use(self) -> None:
        row = self.table.currentIndex().row()
        sources = list(self.keeper.draft.sources)
        if 0 <= row < len(sources):
            sources[row] = replace(sources[row], is_judge=not sources[row].is_judge)
            self.keeper.change(sources=tuple(sources))

    def _take_share(self, percent: int) -> None:
        self.keeper.set_fields({"judged_share": percent / 100})

    def _ask_transfer(self) -> None:
        def take(path: Path) -> None:
            self.keeper.change(transfer=path)

        title = self.tr("Choose a file of unlabelled texts")
        kinds = self.tr("JSON lines (*.jsonl *.ndjson)")
        self.parts.dialogs.ask_file(self, title, kinds=kinds, then=take)

    def _select_last(self) -> None:
        if self.model.rowCount():
            self.table.setCurrentIndex(self.model.index(self.model.rowCount() - 1, 0))
        self._show_buttons()

    def _show(self) -> None:
        draft = self.keeper.draft
        self.share.blockSignals(True)  # noqa: FBT003  # Qt's way
        self.share.setValue(round(draft.config.judged_share * 100))
        self.share.blockSignals(False)  # noqa: FBT003
        self.share.setEnabled(not draft.has_judges)
        self.share_words.setText(
            self.tr("Not needed: the model is judged on the texts that you keep for that.")
            if draft.has_judges
            else self.tr(
                "So many texts are never learnt from; on them the new model is compared with "
                "the one in force."
            )
        )
        self._show_transfer()
        self._show_buttons()
        self.problem_changed.emit()

    def _show_transfer(self) -> None:
        transfer = self.keeper.draft.transfer
        many = self.keeper.config.distillation.transfer_texts
        self.no_transfer_button.setVisible(transfer is not None)
        if transfer is None:
            words = self.tr("Not needed. Texts of your field without labels can help the student.")
        elif many:
            words = self.tr("{name}: up to {count} of its texts are used.").format(
                name=transfer.name, count=f"{many:,}"
            )
        else:
            words = self.tr(
                "{name}: not used by this method. Choose the preset balanced or best, or say on "
                "the page Method how many texts to take."
            ).format(name=transfer.name)
        self.transfer_words.setText(words)

    def _show_buttons(self) -> None:
        row = self.table.currentIndex().row()
        sources = self.keeper.draft.sources
        is_chosen = 0 <= row < len(sources)
        self.use_button.setEnabled(is_chosen)
        self.remove_button.setEnabled(is_chosen)
        is_judge = is_chosen and sources[row].is_judge
        words = self.tr("&Learn from them") if is_judge else self.tr("&Keep to judge on")
        self.use_button.setText(words)
        self.use_button.setAccessibleName(words.replace("&", ""))

    def _show_suspects(self) -> None:
        dialog = self.suspects = SuspectsDialog(self.parts, self.keeper.draft.sources, self)

        def forget() -> None:
            if self.suspects is dialog:
                self.suspects = None
            dialog.deleteLater()

        dialog.finished.connect(forget)
        dialog.open()

    def _say(self, words: str) -> None:
        self.note.setText(words)
        self.note.setVisible(bool(words))
        if words:
            announce(self, words)
