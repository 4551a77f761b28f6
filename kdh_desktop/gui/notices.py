"""Inline notices: what happened and what to do, without a dialog in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID, Theme


class Severity(StrEnum):
    """How much a notice matters; also its name in the style sheet and of its icon."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class NoticeAction:
    """A way out that the notice offers."""

    text: str
    run: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice; the message never quotes a user's text.

    Attributes:
        message: What happened.
        severity: How much it matters.
        action: A way out.
        is_outcome: Whether it only says how something ended: the next such one takes its place,
            so that they do not pile up over the page.
    """

    message: str
    severity: Severity = Severity.NOTE
    action: NoticeAction | None = None
    is_outcome: bool = False

    @property
    def words(self) -> tuple[str, str]:
        """All that is read of it."""
        return self.message, "" if self.action is None else self.action.text


def announce(source: QWidget, message: str) -> None:
    """Have a screen reader say something that shows elsewhere on the screen."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(source, message))


class NoticeBar(QScrollArea):
    """The notices that stand at present, each under a key, so that news replaces olds.

    They take at most a quarter of the window, and scroll beyond that.
    """

    def __init__(self, *, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._rows: dict[str, _NoticeRow] = {}
        self._closed: dict[str, str] = {}
        self.setAccessibleName(self.tr("Notices"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inside = QWidget()
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID // 2)
        self.setWidget(self._inside)
        self.hide()

    @property
    def messages(self) -> dict[str, str]:
        """What stands at present, by key."""
        return {key: row.notice.message for key, row in self._rows.items()}

    @property
    def keys(self) -> frozenset[str]:
        """Keys of what stands at present, and of what the user has closed."""
        return frozenset(self._rows.keys() | self._closed.keys())

    def show_notice(self, key: str, notice: Notice) -> None:
        """Show a notice, in place of the one with the same key."""
        shown = self._rows.get(key)
        if shown is not None and shown.notice.words == notice.words:
            # No news in words; but its way out may lead elsewhere by now.
            shown.notice = notice
            return
        if self._closed.get(key) == notice.message:
            # The user has read it and closed it; it is no news until its reason has gone away.
            return
        self.dismiss(key)
        if notice.is_outcome:
            self.dismiss(*[old for old, row in self._rows.items() if row.notice.is_outcome])
        row = _NoticeRow(notice, theme=self._theme, icons=self._icons)
        row.dismissed.connect(lambda: self._close(key))
        self._rows[key] = row
        self._column.addWidget(row)
        self._fit()
        announce(self, f"{row.severity_name}: {notice.message}")

    def show_anew(self, key: str, notice: Notice) -> None:
        """Show what answers somebody, though the same was said and closed before."""
        self.dismiss(key)
        self.show_notice(key, notice)

    def dismiss(self, *keys: str) -> None:
        """Take notices away, where they stand."""
        for key in keys:
            self._closed.pop(key, None)
            row = self._rows.pop(key, None)
            if row is not None:
                self._column.removeWidget(row)
                row.hide()
                row.deleteLater()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _close(self, key: str) -> None:
        message = self.messages[key]
        self.dismiss(key)
        self._closed[key] = message

    def _fit(self) -> None:
        self.setVisible(bool(self._rows))
        needed = self._column.totalHeightForWidth(self.viewport().width())
        limit = max(self.window().height() // 4, 5 * GRID)
        self.setFixedHeight(min(max(needed, 0), limit))


class _NoticeRow(QFrame):
    dismissed = Signal()

    def __init__(self, notice: Notice, *, theme: Theme, icons: Icons) -> None:
        super().__init__()
        self.notice = notice
        self.setProperty("kind", notice.severity.value)
        self._theme = theme
        self._icons = icons
        self._sign = QLabel()
        self._sign.setAccessibleName(self.severity_name)
        message = plain_label(notice.message)
        message.setAccessibleName(f"{self.severity_name}: {notice.message}")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID, 2, GRID // 2, 2)
        layout.setSpacing(GRID)
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(message, 1)
        if notice.action is not None:
            layout.addWidget(self._action_button(notice.action.text))
        self._close = QToolButton()
        self._close.setProperty("kind", "quiet")
        self._close.setToolTip(self.tr("Dismiss this notice"))
        self._close.setAccessibleName(self.tr("Dismiss this notice"))
        self._close.setIconSize(QSize(16, 16))
        self._close.clicked.connect(self.dismissed)
        layout.addWidget(self._close)
        theme.changed.connect(self._take_colors)
        self._take_colors()

    @property
    def severity_name(self) -> str:
        """The severity in words, for those who do not see the sign."""
        match self.notice.severity:
            case Severity.NOTE:
                return self.tr("Note")
            case Severity.WARNING:
                return self.tr("Warning")
            case Severity.ERROR:
                return self.tr("Error")

    def _action_button(self, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setAccessibleName(text)
        button.clicked.connect(self._run_action)
        return button

    def _run_action(self) -> None:
        if self.notice.action is not None:
            self.notice.action.run()

    def _take_colors(self) -> None:
        colors = self._theme.colors
        color = {
            Severity.NOTE: colors.accent,
            Severity.WARNING: colors.warning,
            Severity.ERROR: colors.error,
        }[self.notice.severity]
        icon = self._icons.icon(self.notice.severity.value, color)
        self._sign.setPixmap(icon.pixmap(QSize(20, 20), self.devicePixelRatioF()))
        self._close.setIcon(self._icons.icon("close", colors.text))
