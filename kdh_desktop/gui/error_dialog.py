"""What happens when the program has a bug: the user is told, and nothing of a text leaks.

An exception's message may quote the text that it was raised over, and so may local variables.
Neither is shown or logged: details name the kind of exception, and the lines of code it passed.
"""

from __future__ import annotations

import logging
import platform
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal, Slot, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop import __version__
from kdh_desktop.core.errors import KdhError
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID

_log = logging.getLogger(__name__)
_PACKAGE = Path(__file__).resolve().parents[1]


def describe_error(error: BaseException) -> str:
    """Kinds of exception and lines of code, from the first cause on; no message, no values."""
    parts = [
        (
            f"KDH Desktop {__version__}, Python {platform.python_version()}, Qt {qVersion()}, "
            f"{platform.system()} {platform.machine()}"
        )
    ]
    for number, link in enumerate(_chain(error)):
        parts.append(("then " if number else "") + type(link).__name__)
        # Expected errors word themselves without quoting a text; nobody else promises that.
        if isinstance(link, KdhError):
            parts[-1] += f": {link.message}"
        parts += [
            f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(link.__traceback__)
        ]
    return "\n".join(parts)


def _chain(error: BaseException) -> Iterator[BaseException]:
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return reversed(links)


def _short(filename: str) -> str:
    """A path without the folders above, which may hold a person's name."""
    path = Path(filename)
    if path.is_relative_to(_PACKAGE):
        return str(path.relative_to(_PACKAGE.parent))
    return "/".join(path.parts[-2:])


class ErrorReporter(QObject):
    """Takes bugs from every thread to the log and to one dialog at a time."""

    _found = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._dialog: ErrorDialog | None = None
        self._found.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Catch whatever nobody else catches, in the GUI thread and in all others."""
        sys.excepthook = self._take_uncaught
        threading.excepthook = self._take_thread

    @Slot(object)
    def report(self, error: BaseException) -> None:
        """Log a bug and show it; may be called on any thread."""
        details = describe_error(error)
        _log.error("unexpected error\n%s", details)
        self._found.emit(details)

    @property
    def dialog(self) -> ErrorDialog | None:
        """The dialog, while it is open."""
        return self._dialog

    def _take_uncaught(
        self, _kind: type[BaseException], error: BaseException, _trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            QApplication.quit()
            return
        self.report(error)

    def _take_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            self.report(args.exc_value)

    @Slot(str)
    def _show(self, details: str) -> None:
        # A fault in painting comes back with every frame: the first report stays, the others
        # are in the log.
        if self._dialog is not None:
            return
        self._dialog = ErrorDialog(details, QApplication.activeWindow())
        self._dialog.finished.connect(self._forget)
        # With the window that it belongs to it goes unfinished, as where a dialog closes itself.
        self._dialog.destroyed.connect(self._lose)
        self._dialog.open()

    @Slot()
    def _forget(self) -> None:
        if self._dialog is not None:
            self._dialog.destroyed.disconnect(self._lose)
            self._dialog.deleteLater()
            self._dialog = None

    @Slot()
    def _lose(self) -> None:
        self._dialog = None


class ErrorDialog(QDialog):
    """What happened, what it means for the user, and details to pass on."""

    def __init__(self, details: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Unexpected error"))
        self.setAccessibleDescription(
            self.tr("Says that the program has a fault, and holds details to pass on.")
        )
        headline = plain_label(self.tr("The program has met a fault of its own."), kind="heading")
        meaning = plain_label(
            self.tr(
                "The last action may not have been carried out. Your text is still in the window, "
                "and you can go on working; if it happens again, copy your text and start the "
                "program again."
            )
        )
        request = plain_label(
            self.tr(
                "Please send these details to the people who support the program. They name "
                "places in the program and hold nothing of your text."
            )
        )
        self.details = QPlainTextEdit(details)
        self.details.setReadOnly(True)
        self.details.setTabChangesFocus(True)
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.details.setAccessibleName(self.tr("Details of the error"))
        self.details.setMinimumHeight(20 * GRID)
        self.copy_button = QPushButton(self.tr("&Copy details"))
        self.copy_button.setAccessibleName(self.tr("Copy details"))
        self.copy_button.clicked.connect(self._copy)
        buttons = QDialogButtonBox()
        close = buttons.addButton(self.tr("Close"), QDialogButtonBox.ButtonRole.RejectRole)
        close.setAccessibleName(self.tr("Close"))
        close.setDefault(True)
        buttons.addButton(self.copy_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        for widget in (headline, meaning, request):
            layout.addWidget(widget)
        layout.addWidget(self.details, 1)
        layout.addWidget(buttons)
        self.resize(70 * GRID, 48 * GRID)
        close.setFocus()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.details.toPlainText())
        self.copy_button.setText(self.tr("Copied"))
