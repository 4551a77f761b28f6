"""What to do when the records cannot be opened: the reason, and every way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QDate, QLocale
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.errors import (
    DamagedStoreError,
    KdhError,
    NewerStoreError,
    StoreInUseError,
    WrongKeyError,
)
from kdh_desktop.core.records.backups import Backup
from kdh_desktop.gui.calm_combo_box import CalmComboBox
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID

_INDENT = 3 * GRID


class WayOut(StrEnum):
    """What a person can do about records that cannot be opened."""

    TRY_AGAIN = "try_again"
    RESTORE = "restore"
    SET_ASIDE = "set_aside"
    GO_ON = "go_on"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the records are not there.

    Attributes:
        error: The reason.
        backups: Backups that can be restored, latest first.
    """

    error: KdhError
    backups: Sequence[Backup] = ()

    @property
    def ways_out(self) -> tuple[WayOut, ...]:
        """What can be offered, the likeliest to help first."""
        restore = (WayOut.RESTORE,) if self.backups else ()
        match self.error:
            case DamagedStoreError():
                return (*restore, WayOut.SET_ASIDE, WayOut.GO_ON)
            case WrongKeyError():
                return (WayOut.TRY_AGAIN, WayOut.SET_ASIDE, WayOut.GO_ON)
            case NewerStoreError():
                return (WayOut.GO_ON, *restore, WayOut.SET_ASIDE)
            case _:
                return (WayOut.TRY_AGAIN, WayOut.GO_ON)


class StoreTroubleDialog(QDialog):
    """Asks which way out; nothing is deleted whatever is chosen."""

    def __init__(self, trouble: Trouble, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._trouble = trouble
        self.setWindowTitle(self.tr("The records are not open"))
        self.choices: dict[WayOut, QRadioButton] = {}
        self._group = QButtonGroup(self)
        self.backups = CalmComboBox(self.tr("Backup to restore"))
        for backup in trouble.backups:
            self.backups.addItem(_backup_words(backup), backup)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(plain_label(self._heading(), kind="heading"))
        layout.addWidget(plain_label(trouble.error.message))
        if trouble.error.remedy:
            layout.addWidget(plain_label(trouble.error.remedy, kind="muted"))
        for way in trouble.ways_out:
            layout.addSpacing(GRID // 2)
            self._add_choice(way, layout)
        layout.addSpacing(GRID)
        layout.addWidget(self._buttons())
        self.setMinimumWidth(68 * GRID)
        first = self.choices[trouble.ways_out[0]]
        first.setChecked(True)
        first.setFocus()

    @property
    def way_out(self) -> WayOut:
        """What was chosen."""
        return next(way for way, button in self.choices.items() if button.isChecked())

    @property
    def backup(self) -> Backup | None:
        """The backup to restore, where that was chosen."""
        chosen = self.backups.currentData()
        is_wanted = self.way_out == WayOut.RESTORE and isinstance(chosen, Backup)
        return chosen if is_wanted else None

    def _add_choice(self, way: WayOut, layout: QVBoxLayout) -> None:
        words, meaning = self._words(way)
        button = QRadioButton(words)
        button.setAccessibleName(words)
        button.setAccessibleDescription(meaning)
        self.choices[way] = button
        self._group.addButton(button)
        layout.addWidget(button)
        inner = QVBoxLayout()
        inner.setContentsMargins(_INDENT, 0, 0, 0)
        inner.setSpacing(GRID // 2)
        inner.addWidget(plain_label(meaning, kind="muted"))
        if way == WayOut.RESTORE:
            inner.addWidget(self.backups)
            button.toggled.connect(self.backups.setEnabled)
            self.backups.setEnabled(False)
        layout.addLayout(inner)

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        go_on = buttons.addButton(self.tr("Continue"), QDialogButtonBox.ButtonRole.AcceptRole)
        go_on.setAccessibleName(self.tr("Continue"))
        go_on.setProperty("kind", "main")
        go_on.setDefault(True)
        buttons.accepted.connect(self.accept)
        return buttons

    def _heading(self) -> str:
        match self._trouble.error:
            case DamagedStoreError():
                return self.tr("The records are damaged")
            case WrongKeyError():
                return self.tr("The records cannot be unlocked")
            case NewerStoreError():
                return self.tr("The records were written by a newer version")
            case StoreInUseError():
                return self.tr("The records are open elsewhere")
            case _:
                return self.tr("The records cannot be opened")

    def _words(self, way: WayOut) -> tuple[str, str]:
        match way:
            case WayOut.TRY_AGAIN:
                return self.tr("&Try again"), self.tr("The reason may be gone by now.")
            case WayOut.RESTORE:
                return self.tr("&Restore a backup"), self.tr(
                    "What was done after the backup is not in it. The present records are kept "
                    "in a folder beside."
                )
            case WayOut.SET_ASIDE:
                return self.tr("&Set the records aside and begin anew"), self.tr(
                    "They are moved into a folder beside with their backups, and nothing is "
                    "deleted. The list of records is empty then."
                )
            case WayOut.GO_ON:
                return self.tr("&Go on without records"), self.tr(
                    "Texts can be classified, and nothing is stored until the records are open."
                )


def _backup_words(backup: Backup) -> str:
    locale = QLocale()
    made = backup.made.astimezone()
    day = locale.toString(QDate(made.year, made.month, made.day), QLocale.FormatType.LongFormat)
    return f"{day}, {made:%H:%M} ({locale.formattedDataSize(backup.size)})"
