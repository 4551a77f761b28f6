"""Everything that the Records page can do, as actions for menus, buttons and keys."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from kdh_desktop.gui.page import Menus
from kdh_desktop.gui.records.label_table_model import KEYS


class RecordActions(QObject):
    """The actions; the page connects them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._add_review()
        self._add_many()
        self._add_view()

    def _add_review(self) -> None:
        self.undo = self._action(self.tr("&Undo"), "", QKeySequence.StandardKey.Undo)
        self.redo = self._action(
            self.tr("&Redo"), "", QKeySequence.StandardKey.Redo, "Ctrl+Shift+Z", "Ctrl+Y"
        )
        self.confirm = self._action(
            self.tr("&Confirm"),
            self.tr("Take the hallmarks as they stand, and go on to the next record"),
            "Return",
            "Enter",
        )
        self.skip = self._action(
            self.tr("&Skip"), self.tr("Leave the record for later, and go on"), "Space"
        )
        self.unsure = self._action(
            self.tr("&Unsure"), self.tr("Mark the record as one that you are unsure of"), "U"
        )
        self.note = self._action(self.tr("&Note"), self.tr("Write a note on the record"), "N")
        self.next = self._action(
            self.tr("Ne&xt record"), self.tr("Go to the next record"), "Ctrl+PgDown"
        )
        self.previous = self._action(
            self.tr("&Previous record"), self.tr("Go to the record before"), "Ctrl+PgUp"
        )
        self.scroll_down = self._action(
            self.tr("Scroll the text &down"),
            self.tr("Read on, without leaving the list"),
            "Alt+Down",
        )
        self.scroll_up = self._action(
            self.tr("Scr&oll the text up"), self.tr("Read back, without leaving the list"), "Alt+Up"
        )
        self.toggles = [
            self._action(
                self.tr("Hallmark {key}").format(key=key),
                self.tr("Say that this hallmark is present, or that it is absent"),
                key,
            )
            for key in KEYS
        ]

    def _add_many(self) -> None:
        self.accept_many = self._action(
            self.tr("&Accept many…"),
            self.tr("Accept the hallmarks of all records on the list, after a look at some"),
            "Ctrl+Shift+A",
        )
        self.certainty = self._action(
            self.tr("&How sure do you need to be?…"),
            self.tr("Set how often accepted hallmarks must be right"),
            "Ctrl+Shift+H",
        )
        self.remove = self._action(
            self.tr("Re&move"), self.tr("Take the chosen records out of all lists"), "Del"
        )
        self.retrain = self._action(
            self.tr("Send to re&training…"),
            self.tr("Keep the reviewed ones of the chosen records for training a model"),
            "Ctrl+T",
        )
        self.export = self._action(
            self.tr("&Export…"),
            self.tr("Write the chosen records, or the whole list, to a file"),
        )
        self.classify = self._action(
            self.tr("Classi&fy"),
            self.tr("Classify the records on the list that have no hallmarks yet"),
            "Ctrl+Return",
            "Ctrl+Enter",
        )
        self.import_files = self._action(
            self.tr("&Import files…"),
            self.tr("Take in references or a table from files"),
        )

    def _add_view(self) -> None:
        self.find = self._action(
            self.tr("&Find"), self.tr("Search for words in the records"), "Ctrl+F"
        )
        self.clear = self._action(
            self.tr("C&lear filters"), self.tr("Show all records again"), "Ctrl+L"
        )
        self.refresh = self._action(
            self.tr("&Refresh the list"), self.tr("List again what the filter leaves by now"), "F5"
        )
        self.needs_review = self._action(
            self.tr("What needs &review"),
            self.tr("List what the model is not sure of, nearest to the threshold first"),
            "Ctrl+R",
        )
        self.disagreement = self._action(
            self.tr("Where model and person disa&gree"),
            self.tr("List what you decided otherwise, the surest model first"),
            "Ctrl+D",
        )
        self.columns = self._action(
            self.tr("C&olumns…"), self.tr("Choose which columns the table has"), "Ctrl+Shift+O"
        )
        self.facets = self._action(
            self.tr("Filter &panel"), self.tr("Show or hide the values to filter by"), "Ctrl+B"
        )
        self.facets.setCheckable(True)
        self.next_pane = self._action(
            self.tr("Next part o&f the page"),
            self.tr("Move between search, filter, table and record"),
            "F6",
        )
        self.previous_pane = self._action(
            self.tr("Previous part of the pa&ge"),
            self.tr("Move back between search, filter, table and record"),
            "Shift+F6",
        )

    def menus(self, *, sort: QAction) -> Menus:
        """Menus of the page.

        Args:
            sort: A menu of the columns to sort by.
        """
        return (
            (
                self.tr("&Edit"),
                (self.undo, self.redo, None, self.find, self.clear, None, self.remove),
            ),
            (
                self.tr("&Records"),
                (self.classify, None, self.accept_many, self.certainty, None, self.retrain),
            ),
            (
                self.tr("Rev&iew"),
                (
                    *(self.needs_review, self.disagreement, None),
                    *(self.confirm, self.skip, self.unsure, self.note, None),
                    *(self.next, self.previous, self.scroll_down, self.scroll_up, None),
                    *self.toggles,
                ),
            ),
            (
                self.tr("&View"),
                (
                    *(self.refresh, sort, self.columns, self.facets, None),
                    *(self.next_pane, self.previous_pane),
                ),
            ),
        )

    @property
    def review_keys(self) -> list[QAction]:
        """Actions of single keys, which must not reach boxes that people type in."""
        return [
            *(self.confirm, self.skip, self.unsure, self.note, self.remove),
            *self.toggles,
        ]

    def attach(self, *widgets: QWidget) -> None:
        """Let single keys review wherever one of these widgets has the focus."""
        for action in self.review_keys:
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            for widget in widgets:
                widget.addAction(action)

    def _action(self, text: str, purpose: str, *keys: str | QKeySequence.StandardKey) -> QAction:
        action = QAction(text, self)
        action.setIconVisibleInMenu(False)
        found: list[QKeySequence] = []
        for key in keys:
            sequence = QKeySequence(key)
            if sequence not in found:
                found.append(sequence)
        action.setShortcuts(found)
        if purpose:
            shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(f"{purpose} ({shown})" if shown else purpose)
            action.setStatusTip(purpose)
        return action
