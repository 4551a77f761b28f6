"""Formatted text to read: a model's card, licences. It opens nothing."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QPalette, QTextTable
from PySide6.QtWidgets import QTextBrowser

from kdh_desktop.gui.theme import GRID


class MarkdownReader(QTextBrowser):
    """Shows formatted text and opens nothing: no link, no image, no file."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setOpenLinks(False)
        self.document().setDocumentMargin(GRID)
        self.setTabChangesFocus(True)

    def show_markdown(self, text: str) -> None:
        """Show Markdown, with air in its tables."""
        self.setMarkdown(text)
        for frame in self.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                look = frame.format()
                look.setCellPadding(GRID / 2)
                look.setBorderCollapse(True)
                look.setBorderBrush(self.palette().brush(QPalette.ColorRole.PlaceholderText))
                frame.setFormat(look)

    def loadResource(self, _kind: int, _url: QUrl | str) -> object:
        return None
