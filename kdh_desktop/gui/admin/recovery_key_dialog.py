"""Shows the recovery key, once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.errors import KdhError
from kdh_desktop.gui.admin.door_work import save_key_work
from kdh_desktop.gui.admin.fitting import grow_to_fit
from kdh_desktop.gui.admin.key_paper import key_text, print_key
from kdh_desktop.gui.file_dialogs import FileDialogs
from kdh_desktop.gui.jobs import Err, JobRunner, Ok, Outcome
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID

_LARGER = 1.6
_LEAST_WIDTH = 64 * GRID

PrintKey = Callable[[QWidget, str], None]


class RecoveryKeyDialog(QDialog):
    """Closes by itself only when the door is locked; else when somebody says that it is kept."""

    def __init__(
        self,
        key: str,
        jobs: JobRunner,
        dialogs: FileDialogs,
        *,
        print_key: PrintKey = print_key,
        parent: QWidget | None = None,
    ) -> None:
        """Make the dialog.

        Args:
            key: In groups.
            jobs: Writes files.
            dialogs: Asks for files.
            print_key: Asks for a printer and prints.
            parent: The window that the dialog is about.
        """
        super().__init__(parent)
        self.setWindowTitle(self.tr("Recovery key"))
        self._key = key
        self._jobs = jobs
        self._dialogs = dialogs
        self._print_key = print_key
        self.key_view = self._view()
        self.message = plain_label()
        self.message.setMinimumHeight(2 * self.message.fontMetrics().lineSpacing())
        self.kept_box = QCheckBox(self.tr("I have &kept it where only I can find it"))
        self.kept_box.setAccessibleName(self.kept_box.text().replace("&", ""))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        heading = self.tr("Keep this recovery key: it is shown only now")
        layout.addWidget(plain_label(heading, kind="heading"))
        layout.addWidget(
            plain_label(
                self.tr(
                    "If the password is ever forgotten, this key is the only way to set a new "
                    "one. Without both, the models that were trained here can still be used, but "
                    "never be changed. Print it, and lock it away from this computer."
                )
            )
        )
        layout.addWidget(self.key_view)
        layout.addLayout(self._ways())
        layout.addWidget(self.message)
        layout.addWidget(self.kept_box)
        layout.addWidget(self._buttons())
        self.setMinimumWidth(_LEAST_WIDTH)
        self.print_button.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        grow_to_fit(self, least_width=_LEAST_WIDTH)

    @property
    def is_kept(self) -> bool:
        """Whether somebody said that the key is kept."""
        return self.kept_box.isChecked()

    def _view(self) -> QPlainTextEdit:
        """A field and no label, so that the key can be read out and walked through by keys."""
        groups = self._key.split("-")
        half = len(groups) // 2
        view = QPlainTextEdit("\n".join(["  ".join(groups[:half]), "  ".join(groups[half:])]))
        view.setReadOnly(True)
        view.setTabChangesFocus(True)
        view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        view.setAccessibleName(self.tr("Recovery key"))
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(self.font().pointSizeF() * _LARGER)
        view.setFont(font)
        view.ensurePolished()
        view.setFixedHeight(2 * view.fontMetrics().lineSpacing() + 3 * GRID)
        return view

    def _ways(self) -> QHBoxLayout:
        self.print_button = QPushButton(self.tr("&Print…"))
        self.print_button.clicked.connect(lambda: self._print_key(self, self._key))
        self.copy_button = QPushButton(self.tr("&Copy"))
        self.copy_button.clicked.connect(self._copy)
        self.save_button = QPushButton(self.tr("&Save as text file…"))
        self.save_button.clicked.connect(self._ask_file)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for button in (self.print_button, self.copy_button, self.save_button):
            button.setAccessibleName(button.text().replace("&", "").removesuffix("…"))
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        self.close_button = QPushButton(self.tr("&Go on"))
        self.close_button.setAccessibleName(self.tr("Go on"))
        self.close_button.setProperty("kind", "main")
        self.close_button.setEnabled(False)
        self.kept_box.toggled.connect(self.close_button.setEnabled)
        self.close_button.clicked.connect(self.accept)
        buttons.addButton(self.close_button, QDialogButtonBox.ButtonRole.ApplyRole)
        return buttons

    def reject(self) -> None:
        if self.is_kept:
            self.accept()
            return
        self._say(self.tr("Keep the key first, and say so below: it is never shown again."))
        self.kept_box.setFocus()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._key)
        self._say(
            self.tr(
                "Copied. Paste it into your password store now, and copy something else "
                "afterwards, so that it does not stay in the clipboard."
            )
        )

    def _ask_file(self) -> None:
        self._dialogs.ask_target(
            self,
            self.tr("Save the recovery key"),
            suggestion=self.tr("KDH recovery key.txt"),
            kinds=self.tr("Text (*.txt)"),
            then=self._save,
        )

    def _save(self, target: Path) -> None:
        self._jobs.start(save_key_work(key_text(self._key), target), done=self._say_saved)

    def _say_saved(self, outcome: Outcome[None]) -> None:
        match outcome:
            case Ok():
                self._say(
                    self.tr(
                        "Saved. Move the file to a stick or a safe: whoever can read it can set "
                        "a new password."
                    )
                )
            case Err(KdhError() as error):
                self._say(str(error))
            case Err():
                pass  # a bug was reported already

    def _say(self, words: str) -> None:
        self.message.setText(words)
        grow_to_fit(self, least_width=_LEAST_WIDTH)
        announce(self, words)
