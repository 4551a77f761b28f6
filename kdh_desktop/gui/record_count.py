"""How many records, in words, as all pages say it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def record_count(count: int) -> str:
    """How many records, in words."""
    if count == 1:
        return QCoreApplication.translate("RecordCount", "1 record")
    words = QCoreApplication.translate("RecordCount", "{count:,} records")
    return words.format(count=count)
