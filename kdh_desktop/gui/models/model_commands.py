"""What is done to models from the Models page: each guarded by the administrator's door."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMessageBox

from kdh_desktop.core.errors import KdhError
from kdh_desktop.gui.error_box import show_error
from kdh_desktop.gui.jobs import Err, Job, Lane, Ok, Outcome
from kdh_desktop.gui.models.errands import ModelErrands
from kdh_desktop.gui.models.model_entries import ModelEntry
from kdh_desktop.gui.models.publishers_dialog import PublishersDialog, TrustDialog
from kdh_desktop.gui.models.reason_dialog import ReasonDialog
from kdh_desktop.gui.questions import ask
from kdh_desktop.gui.window_parts import WindowParts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from kdh_desktop.core.access import Administrator
    from kdh_desktop.core.classification.model_bundle import ModelBundle
    from kdh_desktop.core.classification.publishers import Publisher

SUFFIX = ".kdhmodel"


class ModelCommands(QObject):
    """Asks, opens the door, and lets errands do the work."""

    def __init__(
        self, parts: WindowParts, errands: ModelErrands, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._parts = parts
        self._errands = errands
        self._lane = Lane(parts.jobs)
        self.question: QMessageBox | None = None
        self.error_box: QMessageBox | None = None
        self.dialog: ReasonDialog | TrustDialog | PublishersDialog | None = None
        errands.failed.connect(self.tell)

    def tell(self, error: KdhError) -> None:
        """Say why something could not be done."""
        self.error_box = show_error(self._parts.window, error)

    # In force

    def put_in_force(self, entry: ModelEntry) -> None:
        """Put an installed model in force; one that never was needs a written reason."""
        if entry.was_active:
            self.question = ask(
                self._parts.window,
                self.tr("Put {model} into force?").format(model=entry.id),
                self.tr(
                    "Texts are classified with it from now on, everywhere in the program. What "
                    "was classified keeps its labels, and says which model gave them."
                ),
                yes=self.tr("Put into force"),
                no=self.tr("Cancel"),
                then=lambda: self._put(entry.id, ""),
            )
            return
        dialog = ReasonDialog(
            question=self.tr("Put {model} into force?").format(model=entry.id),
            reasons=(
                self.tr(
                    "It has never been compared with the present model on texts of this site: its "
                    "figures are its maker's own."
                ),
            ),
            theme=self._parts.theme,
            icons=self._parts.icons,
            parent=self._parts.window,
        )
        dialog.given.connect(lambda reason: self._confirm(entry.id, reason))
        self._open(dialog)

    def roll_back(self, previous: str) -> None:
        """Put the model in force again that was before."""
        self.question = ask(
            self._parts.window,
            self.tr("Go back to {model}?").format(model=previous),
            self.tr(
                "It was in force before. New texts are classified with it again, exactly as they "
                "were then. The present model stays installed."
            ),
            yes=self.tr("Roll back"),
            no=self.tr("Cancel"),
            then=lambda: self._parts.door.open_for(self._parts.window, self._errands.roll_back),
        )

    def _put(self, bundle_id: str, reason: str) -> None:
        self._parts.door.open_for(
            self._parts.window,
            lambda administrator: self._errands.put_in_force(
                bundle_id, administrator, reason=reason
            ),
        )

    def _confirm(self, bundle_id: str, reason: str) -> None:
        self._parts.door.confirm_for(
            self._parts.window,
            self.tr("The password puts a model into force that was not compared here."),
            lambda administrator: self._errands.put_in_force(
                bundle_id, administrator, reason=reason
            ),
        )

    # Coming and going

    def ask_file(self) -> None:
        """Ask for a file with a model, and take it in."""
        self._parts.dialogs.ask_file(
            self._parts.window,
            self.tr("Import a model"),
            kinds=self.tr("Models (*.kdhmodel)"),
            then=self.take_in,
        )

    def take_in(self, file: Path) -> None:
        """Take in a model from a file."""
        self._parts.door.open_for(
            self._parts.window,
            lambda _administrator: self._errands.start(
                lambda changes: changes.install(file), done=self._say_taken_in
            ),
        )

    def export(self, entry: ModelEntry) -> None:
        """Ask where to, and write a model to a file."""
        self._parts.door.open_for(
            self._parts.window,
            lambda administrator: self._parts.dialogs.ask_target(
                self._parts.window,
                self.tr("Export the model"),
                suggestion=f"{entry.id}{SUFFIX}",
                kinds=self.tr("Models (*.kdhmodel)"),
                then=lambda target: self._export(entry.id, target, administrator),
            ),
        )

    def remove(self, entry: ModelEntry) -> None:
        """Delete a model."""
        self.question = ask(
            self._parts.window,
            self.tr("Delete {model}?").format(model=entry.id),
            self.tr(
                "It cannot be put into force any more unless it is imported again. Labels that it "
                "gave stay, and say that they are from it."
            ),
            yes=self.tr("Delete"),
            no=self.tr("Cancel"),
            then=lambda: self._parts.door.open_for(
                self._parts.window, lambda administrator: self._remove(entry.id, administrator)
            ),
        )

    def _say_taken_in(self, bundle: ModelBundle) -> None:
        self._errands.say(
            self.tr("{model} is installed. It is not in force until you put it there.").format(
                model=bundle.id
            )
        )

    def _export(self, bundle_id: str, target: Path, administrator: Administrator) -> None:
        self._errands.start(
            lambda changes: changes.export(bundle_id, target, administrator=administrator),
            done=lambda _none: self._errands.say(
                self.tr("{model} was written to the file.").format(model=bundle_id)
            ),
        )

    def _remove(self, bundle_id: str, administrator: Administrator) -> None:
        self._errands.start(
            lambda changes: changes.remove(bundle_id, administrator=administrator),
            done=lambda _none: self._errands.say(
                self.tr("{model} was deleted.").format(model=bundle_id)
            ),
        )

    # Publishers

    def trust(self) -> None:
        """Ask for a key, show its fingerprint, and trust it."""
        self._parts.dialogs.ask_file(
            self._parts.window,
            self.tr("Trust a publisher's key"),
            kinds=self.tr("Public keys (*.pub)"),
            then=self._read_key,
        )

    def show_publishers(self, publishers: Sequence[Publisher]) -> None:
        """Show whose models are taken in."""
        dialog = PublishersDialog(publishers, self._parts.window)
        dialog.removal_wanted.connect(self._ask_removal)
        self._open(dialog)

    def _read_key(self, file: Path) -> None:
        paths = self._parts.paths

        def work(_job: Job) -> Ed25519PublicKey:
            from kdh_desktop.core.classification.publishers import read_publisher_key

            return read_publisher_key(file, paths)

        self._lane.start(work, done=self._take_key)

    def _take_key(self, outcome: Outcome[Ed25519PublicKey]) -> None:
        match outcome:
            case Ok(key):
                self._show_key(key)
            case Err(KdhError() as error):
                self.tell(error)
            case Err():
                pass  # a bug was reported already

    def _show_key(self, key: Ed25519PublicKey) -> None:
        from kdh_desktop.core.classification.signing import fingerprint

        dialog = TrustDialog(
            fingerprint(key),
            theme=self._parts.theme,
            icons=self._parts.icons,
            parent=self._parts.window,
        )
        dialog.accepted.connect(
            lambda: self._parts.door.open_for(
                self._parts.window, lambda administrator: self._trust(key, administrator)
            )
        )
        self._open(dialog)

    def _trust(self, key: Ed25519PublicKey, administrator: Administrator) -> None:
        self._errands.start(
            lambda changes: changes.trust(key, administrator=administrator),
            done=lambda _none: self._errands.say(
                self.tr("Models of this publisher can be imported now.")
            ),
        )

    def _ask_removal(self, publisher: Publisher) -> None:
        self.question = ask(
            self._parts.window,
            self.tr("Take this publisher's key away?"),
            self.tr(
                "Models of this publisher cannot be used any more, also where one is in force."
            ),
            yes=self.tr("Take away"),
            no=self.tr("Cancel"),
            then=lambda: self._parts.door.open_for(
                self._parts.window,
                lambda administrator: self._distrust(publisher, administrator),
            ),
        )

    def _distrust(self, publisher: Publisher, administrator: Administrator) -> None:
        def finish(_none: None) -> None:
            self._errands.say(self.tr("The key was taken away."))
            self._parts.model.load()

        self._errands.start(
            lambda changes: changes.distrust(publisher, administrator=administrator), done=finish
        )

    def _open(self, dialog: ReasonDialog | TrustDialog | PublishersDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog = dialog
        dialog.open()
