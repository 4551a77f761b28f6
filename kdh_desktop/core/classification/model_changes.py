"""Changes to the models of this installation, each of them in the audit log before it counts.

What the administrator's door guards needs the open door here, too, and not only in the window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kdh_desktop.core.access import Administrator
from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.classification.activation import Activation
from kdh_desktop.core.classification.gate import checked_reason
from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.classification.model_registry import ModelRegistry
from kdh_desktop.core.classification.publishers import (
    Publisher,
    distrust_publisher,
    trust_publisher,
)
from kdh_desktop.core.classification.signing import fingerprint, load_public_key
from kdh_desktop.core.errors import ExportError, ModelError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.run_folder import RunFolder


class ModelChanges:
    """Does to the models what the window and the command line are asked to.

    Args:
        paths: The installation.
        check: A last look at a model that is to be installed or put in force: loads it into the
            runtime, and raises `ModelError` where that fails.
    """

    def __init__(
        self, paths: AppPaths, *, check: Callable[[ModelBundle], object] | None = None
    ) -> None:
        self.registry = ModelRegistry(paths)
        self._paths = paths
        self._log = AuditLog(paths.audit)
        self._check = check or _load

    def install(self, source: Path) -> ModelBundle:
        """Take in a model of a trusted publisher; it is not in force by that.

        Raises:
            ModelError: It is not to be used; the message says why.
            KdhError: The audit log cannot be written.
        """

        def note(bundle: ModelBundle) -> None:
            self._check(bundle)
            self._log.write(
                AuditAction.MODEL_INSTALLED,
                model=bundle.id,
                manifest_sha256=bundle.manifest_sha256,
            )

        with _told_of_the_disk():
            return self.registry.install(source, check=note)

    def put_candidate_in_force(
        self, run: RunFolder, *, administrator: Administrator, reason: str = ""
    ) -> Activation:
        """Take in what a run trained, signed with the site's key, and put it in force.

        Args:
            run: The run.
            administrator: The open door.
            reason: Why, where the gate refused it and is overruled; else empty.

        Raises:
            VerificationError: It is not what the run signed.
            ModelError: Another model has its name, or the disk is full.
            InputError: The reason is too short.
            LockedError: The door is locked again.
            KdhError: The audit log cannot be written.
        """
        words = checked_reason(reason) if reason else ""
        key = load_public_key(run.public_key)
        with _told_of_the_disk():
            bundle = self.registry.adopt(
                run.candidate, candidate_key=key, administrator=administrator
            )
        return self.put_in_force(bundle, administrator=administrator, reason=words)

    def put_in_force(
        self, model: str | ModelBundle, *, administrator: Administrator, reason: str = ""
    ) -> Activation:
        """Put an installed model in force; the model before stays so where anything fails.

        Args:
            model: Its id, or the model as it has just been read.
            administrator: The open door.
            reason: Why, where no gate let it pass; else empty.

        Raises:
            As `put_candidate_in_force`.
        """
        words = checked_reason(reason) if reason else ""

        def note(activation: Activation) -> None:
            if words:
                self._note(AuditAction.GATE_OVERRULED, activation, reason=words)
            self._note(AuditAction.ACTIVATED, activation)

        with _told_of_the_disk():
            return self.registry.activate(
                model, administrator=administrator, reason=words, check=self._check, note=note
            )

    def roll_back(self, *, administrator: Administrator) -> Activation:
        """Put the model in force that was before.

        Raises:
            ModelError: There was none before, or it cannot be used any more.
            LockedError: The door is locked again.
            KdhError: The audit log cannot be written.
        """

        def note(activation: Activation) -> None:
            self._note(AuditAction.ROLLED_BACK, activation)

        with _told_of_the_disk():
            return self.registry.roll_back(
                administrator=administrator, check=self._check, note=note
            )

    def export(self, bundle_id: str, target: Path, *, administrator: Administrator) -> None:
        """Write a model to a ``.kdhmodel`` file.

        Raises:
            ModelError: There is no such model, or it does not pass its checks.
            LockedError: The door is locked again.
            ExportError: The file cannot be written; what was there before is untouched.
        """
        _ = administrator.key
        self._log.write(AuditAction.MODEL_EXPORTED, model=bundle_id)
        try:
            self.registry.export(bundle_id, target)
        except OSError as error:
            raise ExportError(
                "The file cannot be written.",
                "Choose another folder, or make room on the disk.",
            ) from error

    def remove(self, bundle_id: str, *, administrator: Administrator) -> None:
        """Delete a model that is not in force.

        Raises:
            ModelError: It is in force, came with the program, or is not there.
            LockedError: The door is locked again.
        """
        _ = administrator.key
        self.registry.check_removable(bundle_id)
        self._log.write(AuditAction.MODEL_REMOVED, model=bundle_id)
        with _told_of_the_disk():
            self.registry.remove(bundle_id)

    def trust(self, key: Ed25519PublicKey, *, administrator: Administrator) -> None:
        """Take in a publisher's models from now on.

        Raises:
            LockedError: The door is locked again.
            KdhError: The audit log cannot be written.
        """
        _ = administrator.key
        self._log.write(AuditAction.KEY_TRUSTED, fingerprint=fingerprint(key))
        with _told_of_the_disk():
            trust_publisher(key, self._paths, administrator=administrator)

    def distrust(self, publisher: Publisher, *, administrator: Administrator) -> None:
        """Take in nothing of a publisher any more.

        Raises:
            LockedError: The door is locked again.
            InputError: It is the program's or the site's own key.
            KdhError: The audit log cannot be written.
        """
        _ = administrator.key
        if publisher.is_other:
            self._log.write(AuditAction.KEY_REMOVED, fingerprint=publisher.fingerprint)
        distrust_publisher(publisher, administrator=administrator)

    def _note(self, action: AuditAction, activation: Activation, **more: str) -> None:
        self._log.write(
            action,
            model=activation.bundle_id,
            manifest_sha256=activation.manifest_sha256,
            before=activation.previous,
            **more,
        )


@contextmanager
def _told_of_the_disk() -> Iterator[None]:
    """Say in words what the disk does not let us do; the model in force is what it was."""
    try:
        yield
    except OSError as error:
        raise ModelError(
            "The folder of the models cannot be written to, so nothing was changed.",
            "Make room on the disk, and see that the program's data folder can be written to.",
        ) from error


def _load(bundle: ModelBundle) -> None:
    """See that the runtime takes a model."""
    from kdh_desktop.core.classification.classifier import OnnxClassifier

    OnnxClassifier(bundle)
