"""The gate's verdict on top of a comparison: a sign, a heading, and each reason in words."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from kdh_desktop.core.classification.gate import Verdict
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID, Theme

_MOST_OF_WINDOW = 0.34


class VerdictPanel(QScrollArea):
    """As tall as its words, up to a third of the window; beyond that it scrolls."""

    def __init__(self, *, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self.setAccessibleName(self.tr("Verdict of the gate"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._frame = QFrame()
        self._sign = QLabel()
        self.heading = plain_label(kind="heading")
        self.reasons = plain_label()
        self.cautions = plain_label(kind="muted")
        words = QVBoxLayout()
        words.setSpacing(GRID // 2)
        for label in (self.heading, self.reasons, self.cautions):
            label.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            words.addWidget(label)
        layout = QHBoxLayout(self._frame)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        self.setWidget(self._frame)
        self._kind = "note"
        theme.changed.connect(self._take_colors)

    def show_verdict(self, verdict: Verdict, *, heading: str) -> None:
        """Show a verdict under a heading."""
        self._kind = "note" if verdict.passes else "warning"
        self._frame.setProperty("kind", self._kind)
        self._frame.style().unpolish(self._frame)
        self._frame.style().polish(self._frame)
        self.heading.setText(heading)
        self._fill(self.reasons, self.tr("Why"), verdict.reasons)
        self._fill(self.cautions, self.tr("To know"), verdict.cautions)
        self._sign.setAccessibleName(
            self.tr("The gate lets it pass") if verdict.passes else self.tr("The gate refuses it")
        )
        self._take_colors()
        self._fit()
        announce(self, " ".join([heading, *verdict.reasons]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fill(self, label: QLabel, name: str, sentences: tuple[str, ...]) -> None:
        label.setText("\n".join(f"•  {sentence}" for sentence in sentences))
        label.setAccessibleName(f"{name}: {' '.join(sentences)}" if sentences else name)
        label.setVisible(bool(sentences))

    def _fit(self) -> None:
        layout = self._frame.layout()
        if layout is None:
            return
        needed = layout.totalHeightForWidth(self.viewport().width())
        self.setFixedHeight(min(max(needed, 0), int(self.window().height() * _MOST_OF_WINDOW)))

    def _take_colors(self) -> None:
        colors = self._theme.colors
        color = colors.accent if self._kind == "note" else colors.warning
        icon = self._icons.icon(self._kind, color)
        self._sign.setPixmap(icon.pixmap(QSize(24, 24), self.devicePixelRatioF()))
