"""What the main window asks of every page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtGui import QAction

Menus = Sequence[tuple[str, Sequence[QAction | None]]]
"""Titles, and actions with None for a line."""


class Page(Protocol):
    """A page of the main window; always a `QWidget` as well."""

    @property
    def menus(self) -> Menus:
        """Menus that stand in the menu bar while the page is in front."""
        ...

    @property
    def steps(self) -> str:
        """How the page is used, for the help."""
        ...

    def focus_first(self) -> None:
        """Put the cursor where work begins."""
        ...

    def save_layout(self) -> None:
        """Keep where dividing lines stand and how columns are set."""
        ...
