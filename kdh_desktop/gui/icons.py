"""Icons drawn in the colour of the words beside them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize
from PySide6.QtGui import QColor, QIcon, QImageReader, QPixmap

_SIZES = (16, 20, 24, 32, 40, 48, 64)


class Icons:
    """Reads icons from the folder that ships with the program."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def icon(self, name: str, color: QColor) -> QIcon:
        """One icon, sharp at every scaling; empty where it cannot be read."""
        # Controls show words as well, so a missing icon costs beauty and nothing else.
        try:
            drawing = (self._folder / f"{name}.svg").read_text("utf-8")
        except OSError:
            return QIcon()
        data = QByteArray(drawing.replace("currentColor", color.name()).encode())
        icon = QIcon()
        for size in _SIZES:
            icon.addPixmap(_drawn(data, size))
        return icon

    @property
    def application(self) -> QIcon:
        """The program's own icon."""
        return QIcon(str(self._folder / "kdh-desktop.png"))


def _drawn(data: QByteArray, size: int) -> QPixmap:
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(b"svg"))
    reader.setScaledSize(QSize(size, size))
    return QPixmap.fromImage(reader.read())
