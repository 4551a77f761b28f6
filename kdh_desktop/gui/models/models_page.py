"""The Models page: which model is in force, what it can do, and which were before."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from kdh_desktop.gui.page import Menus
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.window_parts import WindowParts


class ModelsPage(QWidget):
    """The models of this installation."""

    def __init__(self, parts: WindowParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self.heading = plain_label(self.tr("Models"))
        layout = QVBoxLayout(self)
        layout.addWidget(self.heading)

    @property
    def menus(self) -> Menus:
        """The page's own menus."""
        return ()

    @property
    def steps(self) -> str:
        """How the page is used, for the help."""
        return ""

    def focus_first(self) -> None:
        """Put the cursor where work begins."""
        self.setFocus()

    def save_layout(self) -> None:
        """Keep where dividing lines stand."""
