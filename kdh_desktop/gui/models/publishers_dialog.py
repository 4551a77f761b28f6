"""Whose models are taken in: a key to be trusted, and the keys that are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.plain_table import PlainTable
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID, Theme

if TYPE_CHECKING:
    from kdh_desktop.core.classification.publishers import Publisher


class TrustDialog(QDialog):
    """Shows a key's fingerprint, to be compared with its owner's before it is trusted."""

    def __init__(
        self, fingerprint: str, *, theme: Theme, icons: Icons, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Trust a publisher's key"))
        sign = QLabel()
        sign.setPixmap(icons.icon("warning", theme.colors.warning).pixmap(QSize(32, 32)))
        sign.setAccessibleName(self.tr("Warning"))
        heading = plain_label(self.tr("Take in the models of this publisher?"), kind="heading")
        top = QHBoxLayout()
        top.setSpacing(2 * GRID)
        top.addWidget(sign, 0)
        top.addWidget(heading, 1)
        self.fingerprint = QLineEdit(fingerprint)
        self.fingerprint.setReadOnly(True)
        self.fingerprint.setAccessibleName(self.tr("Fingerprint of the key"))
        self.fingerprint.setCursorPosition(0)
        self.compared = QCheckBox(
            self.tr("I have &compared the fingerprint with the publisher, by telephone")
        )
        self.compared.setAccessibleName(self.compared.text().replace("&", ""))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addWidget(
            plain_label(
                self.tr(
                    "Whoever has the other half of this key can hand you models from then on. "
                    "Files can be exchanged on their way: call the publisher, and let them read "
                    "the fingerprint of their key to you."
                )
            )
        )
        layout.addWidget(plain_label(self.tr("Fingerprint"), kind="muted"))
        layout.addWidget(self.fingerprint)
        layout.addWidget(self.compared)
        buttons = QDialogButtonBox()
        self.trust = buttons.addButton(
            self.tr("&Trust this key"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        cancel = buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        for button in (self.trust, cancel):
            button.setAccessibleName(button.text().replace("&", ""))
            button.setAutoDefault(False)
        self.trust.setEnabled(False)
        self.compared.toggled.connect(self.trust.setEnabled)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addStretch(1)
        layout.addWidget(buttons)
        metrics = self.fingerprint.fontMetrics()
        width = metrics.horizontalAdvance(self.fingerprint.text()) + 6 * GRID
        self.fingerprint.setMinimumWidth(min(width, 110 * GRID))


class PublishersDialog(QDialog):
    """The keys that are trusted; those that were added can be taken away."""

    removal_wanted = Signal(object)
    """A `Publisher`; the dialog has closed."""

    def __init__(self, publishers: Sequence[Publisher], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Trusted publishers"))
        self._publishers = tuple(publishers)
        self.table = PlainTable(
            self.tr("Trusted publishers"), (self.tr("Who"), self.tr("Fingerprint of the key"))
        )
        self.table.show_rows([(self._who(one), one.fingerprint) for one in self._publishers])
        self.remove = QPushButton(self.tr("&Take this key away…"))
        close = QPushButton(self.tr("Close"))
        buttons = QDialogButtonBox()
        for button, role in (
            (self.remove, QDialogButtonBox.ButtonRole.ActionRole),
            (close, QDialogButtonBox.ButtonRole.RejectRole),
        ):
            button.setAccessibleName(button.text().replace("&", ""))
            buttons.addButton(button, role)
        close.setDefault(True)
        self.remove.clicked.connect(self._want_removal)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(
            plain_label(
                self.tr(
                    "A model is taken in when one of these keys signed it. Models of a publisher "
                    "whose key is taken away cannot be used any more."
                )
            )
        )
        layout.addWidget(self.table, 1)
        layout.addWidget(buttons)
        self.resize(110 * GRID, 40 * GRID)
        self.table.selectionModel().currentRowChanged.connect(self._look)
        self._look()

    @property
    def current(self) -> Publisher | None:
        """The chosen publisher."""
        row = self.table.currentIndex().row()
        return self._publishers[row] if 0 <= row < len(self._publishers) else None

    def _look(self) -> None:
        self.remove.setEnabled(self.current is not None and self.current.is_other)

    def _want_removal(self) -> None:
        chosen = self.current
        if chosen is not None:
            self.accept()
            self.removal_wanted.emit(chosen)

    def _who(self, publisher: Publisher) -> str:
        if publisher.is_other:
            return self.tr("Another site, added here")
        if publisher.file.name == "site.pub":
            return self.tr("This site")
        return self.tr("The program's publisher")
