"""A report on paper: the same HTML as on screen, laid out on pages and written as PDF."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMarginsF, QUrl
from PySide6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument

from kdh_desktop import __version__
from kdh_desktop.core.exporting.atomic import staged

_RESOLUTION = 300


def write_report_pdf(html: str, target: Path, *, title: str) -> None:
    """Write a report as PDF; may be called in a job.

    Args:
        html: What `kdh_desktop.core.exporting.report.print_html` gives.
        target: Where the file shall lie.
        title: What programs that show it call it.

    Raises:
        ExportError: The file cannot be written; the old one is as it was.
    """
    with staged(target, check=_is_pdf) as path:
        writer = QPdfWriter(str(path))
        writer.setCreator(f"KDH Desktop {__version__}")
        writer.setTitle(title)
        writer.setResolution(_RESOLUTION)
        a4, upright = QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait
        # The document keeps two centimetres free by itself, and numbers the pages there.
        writer.setPageLayout(QPageLayout(a4, upright, QMarginsF()))
        document = _ClosedDocument()
        document.setHtml(html)
        document.print_(writer)


class _ClosedDocument(QTextDocument):
    """A text document that opens no file and no address, whatever its HTML names."""

    def loadResource(self, _kind: int, _name: QUrl | str) -> None:
        return None


def _is_pdf(path: Path) -> bool:
    """Whether the file was written to its end; Qt does not say when a disk is full."""
    data = path.read_bytes()
    return data.startswith(b"%PDF-") and b"%%EOF" in data[-1024:]
