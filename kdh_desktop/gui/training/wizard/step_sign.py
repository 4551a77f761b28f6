"""The number of a step in a circle, drawn in the colours of the present look."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPen, QPixmap

from kdh_desktop.gui.colors import Colors

_SIZE = 22


def step_sign(number: int, colors: Colors, *, is_shown: bool, is_open: bool, ratio: float) -> QIcon:
    """A full circle for the step that is shown, a pale one for a step that cannot be opened."""
    pixmap = QPixmap(round(_SIZE * ratio), round(_SIZE * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    line = colors.accent if is_open else colors.control_line
    painter.setPen(QPen(line, 1.5))
    painter.setBrush(colors.accent if is_shown else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QRectF(1, 1, _SIZE - 2, _SIZE - 2))
    words = colors.accent_text if is_shown else (colors.text if is_open else colors.muted)
    painter.setPen(words)
    font = painter.font()
    font.setPixelSize(12)
    font.setBold(is_shown)
    painter.setFont(font)
    painter.drawText(QRectF(0, 0, _SIZE, _SIZE), Qt.AlignmentFlag.AlignCenter, str(number))
    painter.end()
    icon = QIcon(pixmap)
    # Qt would draw a paler copy of its own for a button that cannot be pressed.
    icon.addPixmap(pixmap, QIcon.Mode.Disabled)
    return icon
