"""The parts of the Records page that keys lead to, one after the other."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from kdh_desktop.gui.records.detail_pane import DetailPane
from kdh_desktop.gui.records.facet_panel import FacetPanel
from kdh_desktop.gui.records.list_panel import ListPanel


class PageParts:
    """Leads from part to part, and knows in which of them single keys review."""

    def __init__(
        self, *, first: QWidget, listed: ListPanel, facets: FacetPanel, detail: DetailPane
    ) -> None:
        """Take the parts of a page.

        Args:
            first: Where a page without records begins.
            listed: Search and list.
            facets: Values to filter by.
            detail: The record.
        """
        self._first = first
        self._list = listed
        self._facets = facets
        self._detail = detail

    @property
    def for_review(self) -> tuple[QWidget, ...]:
        """Where single keys review: everywhere but in buttons and boxes to type in."""
        detail = self._detail
        labels = detail.labels.list
        return (self._list.table, labels, detail.text, detail.fields, detail.history)

    def step(self, step: int) -> None:
        """Go to the next part that is there, or to one before."""
        parts = [part for part in self._in_order() if part.isVisible()]
        held = [row for row, part in enumerate(parts) if part.hasFocus()]
        row = held[0] + step if held else 0
        if parts:
            parts[row % len(parts)].setFocus(Qt.FocusReason.TabFocusReason)

    def _in_order(self) -> tuple[QWidget, ...]:
        table, *others = self.for_review
        return (
            *(self._first, self._list.search, self._facets.tree, table),
            *(self._list.clear_button, *others, self._detail.note),
        )
