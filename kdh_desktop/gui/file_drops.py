"""Files that are dropped anywhere on the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QMainWindow, QPlainTextEdit

from kdh_desktop.gui.classify.text_editor import TextEditor
from kdh_desktop.gui.incoming_files import files_of


class FileDrops(QObject):
    """Takes what nobody inside the window takes, and shows that it would."""

    given = Signal(object)
    """What was dropped: `GivenFiles`."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.sign = QLabel(self.tr("Drop files here to import them"), window)
        self.sign.setTextFormat(Qt.TextFormat.PlainText)
        self.sign.setProperty("kind", "drop")
        self.sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sign.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.sign.hide()
        # Boxes for a line or a note would write the file's address down.
        for kind in (QLineEdit, QPlainTextEdit):
            for box in window.findChildren(kind):
                if not isinstance(box, TextEditor):
                    box.setAcceptDrops(False)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, _window: QObject, event: QEvent) -> bool:
        match event:
            case QDragEnterEvent() if files_of(event.mimeData()) is not None:
                event.acceptProposedAction()
                self._show_sign()
                return True
            case QDropEvent() if event.type() == QEvent.Type.Drop:
                return self._take(event)
            case _ if event.type() == QEvent.Type.DragLeave:
                self.sign.hide()
            case _:
                pass
        return False

    def _take(self, event: QDropEvent) -> bool:
        self.sign.hide()
        given = files_of(event.mimeData())
        if given is None:
            return False
        event.acceptProposedAction()
        self.given.emit(given)
        return True

    def _show_sign(self) -> None:
        self.sign.setGeometry(self._window.contentsRect())
        self.sign.raise_()
        self.sign.show()
