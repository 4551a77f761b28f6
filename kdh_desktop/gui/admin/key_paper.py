"""The recovery key on paper or in a file."""

from __future__ import annotations

import datetime as dt
from html import escape

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QPagedPaintDevice, QTextDocument
from PySide6.QtWidgets import QDialog, QWidget


def key_text(key: str) -> str:
    """The key with what it is for, as plain text."""
    return f"{_heading()}\n\n{key}\n\n{_meaning()}\n\n{_date()}\n"


def key_html(key: str) -> str:
    """The same, to be printed."""
    groups = [escape(group) for group in key.split("-")]
    half = len(groups) // 2
    lines = "<br>".join("&nbsp;&nbsp;".join(row) for row in (groups[:half], groups[half:]))
    return (
        f"<h2>{escape(_heading())}</h2>"
        f'<p style="font-family: monospace; font-size: 20pt">{lines}</p>'
        f"<p>{escape(_meaning())}</p><p>{escape(_date())}</p>"
    )


def print_key(parent: QWidget, key: str) -> None:
    """Ask for a printer, and print the key."""
    # Loaded by who prints: it looks for printers when it is loaded.
    from PySide6.QtPrintSupport import QPrintDialog, QPrinter

    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setDocName(_heading())
    dialog = QPrintDialog(printer, parent)
    dialog.setWindowTitle(_tr("Print the recovery key"))
    dialog.accepted.connect(lambda: print_on(printer, key))
    dialog.finished.connect(dialog.deleteLater)
    QDialog.open(dialog)  # its own `open` wants a slot by name


def print_on(paper: QPagedPaintDevice, key: str) -> None:
    """Lay the key out on one page."""
    document = QTextDocument()
    document.setHtml(key_html(key))
    document.print_(paper)


def _heading() -> str:
    return _tr("KDH Desktop: recovery key of the administrator")


def _meaning() -> str:
    return _tr(
        "Whoever has this key can set a new administrator's password. Keep it on paper in a "
        "locked place, away from this computer. It works once; then a new one is shown."
    )


def _date() -> str:
    day = dt.datetime.now().astimezone().date().isoformat()
    return _tr("Made on {day}.").format(day=day)


def _tr(text: str) -> str:
    return QCoreApplication.translate("RecoveryKey", text)
