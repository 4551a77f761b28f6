"""The trips that lead through more than one page: what pages ask for and the window does."""

from __future__ import annotations

from PySide6.QtCore import QObject

from kdh_desktop.gui.classify.classify_page import ClassifyPage
from kdh_desktop.gui.desk_talk import DeskTalk
from kdh_desktop.gui.file_actions import FileActions
from kdh_desktop.gui.private_session import PrivateSession
from kdh_desktop.gui.private_sign import PrivateSign
from kdh_desktop.gui.window_parts import WindowParts


class Journeys(QObject):
    """Joins the pages, which do not know each other, with the work that they ask for."""

    def __init__(
        self,
        parts: WindowParts,
        *,
        files: FileActions,
        sign: PrivateSign,
        classify: ClassifyPage,
    ) -> None:
        super().__init__(parts.window)
        self.desk_talk = DeskTalk(parts, self)
        self.private = PrivateSession(
            parts,
            sign=sign,
            action=files.private,
            has_text=lambda: not classify.session.is_blank,
            parent=self,
        )
        self.private.ended.connect(classify.forget)
