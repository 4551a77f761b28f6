"""The Records page: find, review and hand on what was taken in."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QVBoxLayout, QWidget

from kdh_desktop.gui.guide_panel import GuidePanel
from kdh_desktop.gui.page import Menus


class RecordsPage(QWidget):
    """Joins the list, which knows what is asked for, with the panes, which show it."""

    status_changed = Signal(str)
    """Something to say in passing, in the status bar."""
    import_wanted = Signal(list)
    """Files to take in, as paths; none where the user should pick them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._import = QAction(self.tr("&Import files…"), self)
        self._import.setShortcut("Ctrl+I")
        self._import.setToolTip(self.tr("Take in references or a table from files"))
        self._import.triggered.connect(lambda: self.import_wanted.emit([]))
        self.guide = GuidePanel()
        self._import_button = self.guide.add_button(self.tr("Import files…"), self._import)
        self.guide.say(
            self.tr("No records yet"),
            self.tr(
                "Import references or a table, and find, classify and review them here. "
                "Nothing leaves this computer."
            ),
            buttons=(self._import_button,),
        )
        layout = QVBoxLayout(self)
        layout.addWidget(self.guide)

    @property
    def menus(self) -> Menus:
        """Menus of this page."""
        return ((self.tr("&Records"), (self._import,)),)

    @property
    def steps(self) -> str:
        """How the page is used, for the help."""
        return self.tr("1. Import files.\n2. Find records, and review them.")

    def focus_first(self) -> None:
        """Put the cursor where work begins."""
        self._import_button.setFocus()

    def save_layout(self) -> None:
        """Keep where the dividing lines stand."""
