"""The models of this installation: which are there, which is in force, and which were.

The model that ships with the program is always there, and a faster one that ships may be beside it.
Others lie in folders called by their ids. Which one is in force stands in one small file that the
site's key signs, so that only whoever opens the administrator's door can change it; it is replaced
in one step. Anything that is amiss with that word or with that model leaves the shipped model in
force, and says so.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kdh_desktop.core.access import SITE_KEY, Administrator
from kdh_desktop.core.account import account
from kdh_desktop.core.audit_log import AuditLog
from kdh_desktop.core.classification.activation import (
    Activation,
    begin_history,
    doubt_about,
    read_active,
    read_history,
    write_active,
)
from kdh_desktop.core.classification.manifest import Manifest
from kdh_desktop.core.classification.model_archive import (
    SUFFIX,
    check_name,
    pack_model,
    unpack_model,
)
from kdh_desktop.core.classification.model_bundle import (
    MAX_SIZES,
    MODEL,
    MODEL_CARD,
    TOKENIZER,
    ModelBundle,
    open_bundle,
    peek_id,
    write_bundle,
)
from kdh_desktop.core.classification.model_staging import put_in_place, staging_in
from kdh_desktop.core.classification.signing import load_trusted_keys
from kdh_desktop.core.durable_file import flush_files
from kdh_desktop.core.errors import KdhError, ModelError, VerificationError
from kdh_desktop.core.paths import AppPaths

__all__ = ["Activation", "InstalledModel", "ModelInForce", "ModelRegistry"]


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """One model that can be put in force.

    Attributes:
        bundle_id: Its id.
        is_shipped: Whether it came with the program.
        is_active: Whether it is in force.
        bundle: The model, or None where it did not pass its checks.
        problem: Why not, or None.
    """

    bundle_id: str
    is_shipped: bool
    is_active: bool
    bundle: ModelBundle | None
    problem: KdhError | None


@dataclass(frozen=True, slots=True)
class ModelInForce:
    """What is classified with.

    Attributes:
        bundle: The model.
        problem: Why it may not be the model that was put in force last, or None.
        is_stand_in: Whether it is the shipped one because another one cannot be used.
    """

    bundle: ModelBundle
    problem: KdhError | None
    is_stand_in: bool = False

    @property
    def words(self) -> str:
        """What a person should know of it; empty where all is as it should be."""
        if self.problem is None:
            return ""
        if not self.is_stand_in:
            return str(self.problem)
        return (
            "The model that was put in force cannot be used, so the one that came with the "
            f"program is. {self.problem}"
        )


class ModelRegistry:
    """Installs, lists, puts in force and takes back.

    Args:
        paths: The installation.
        now: The time, for the history.
    """

    def __init__(
        self, paths: AppPaths, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._paths = paths
        self._now = now

    # What is there

    def in_force(self) -> ModelInForce:
        """The model to classify with, verified.

        Raises:
            ModelError: Not even the shipped model can be used.
        """
        keys = self._trusted_keys()
        try:
            activation = self._word()
            if activation is not None and not self._is_shipped(activation.bundle_id):
                bundle = self._open(activation.bundle_id, keys, activation)
                return ModelInForce(bundle, self._doubt(activation))
        except KdhError as problem:
            return ModelInForce(self._shipped(keys), problem, is_stand_in=True)
        doubt = self._doubt(activation)
        is_stand_in = doubt is not None and activation is None
        return ModelInForce(self._shipped(keys), doubt, is_stand_in=is_stand_in)

    def installed(self) -> list[InstalledModel]:
        """Every model, those that came with the program first, the others by age."""
        keys = self._trusted_keys()
        active = self.in_force().bundle.id
        shipped = self._shipped(keys)
        others = [self._installed(name, keys, active=active) for name in self._names()]
        first = InstalledModel(
            bundle_id=shipped.id,
            is_shipped=True,
            is_active=active == shipped.id,
            bundle=shipped,
            problem=None,
        )
        fast = self._fast_id()
        beside = (
            [] if fast is None else [self._installed(fast, keys, active=active, is_shipped=True)]
        )
        return [first, *beside, *sorted(others, key=_age)]

    def history(self) -> list[Activation]:
        """Every activation, latest first; lines that are cut are left out."""
        return read_history(self._paths.models)

    # Coming and going

    def install(
        self, source: Path, *, check: Callable[[ModelBundle], object] = lambda _: None
    ) -> ModelBundle:
        """Take in a model that a trusted publisher signed; it is not in force by that.

        Args:
            source: A bundle's folder, or a ``.kdhmodel`` file.
            check: A last look that may refuse it, such as loading it into the runtime.

        Raises:
            ModelError: It cannot be read, or another model has its name.
            VerificationError: It is not what a trusted publisher signed.
            OSError: The disk is full, or cannot be written to.
        """
        keys = self._trusted_keys()
        with staging_in(self._paths.models) as staging:
            fresh = staging / "model"
            fresh.mkdir()
            if source.is_dir():
                open_bundle(source, trusted_keys=keys)
                for name in MAX_SIZES:
                    # Without its mode: what is read-only there could not be flushed or moved here.
                    shutil.copyfile(source / name, fresh / name)
            else:
                unpack_model(source, fresh)
            flush_files(fresh)
            bundle = open_bundle(fresh, trusted_keys=keys)
            if not source.is_dir():
                check_name(source, bundle.id, installed=self._names())
            is_there = self._has(bundle, keys)
            check(bundle)
            if not is_there:
                put_in_place(fresh, self._folder(bundle.id))
        return self._find(bundle.id, keys)

    def adopt(
        self,
        candidate: Path,
        *,
        candidate_key: Ed25519PublicKey,
        administrator: Administrator,
    ) -> ModelBundle:
        """Take in what a run of this site trained, signed with the site's key from now on.

        Where it was taken in before, it stays as it is, since it may be in force.

        Args:
            candidate: The bundle that the run wrote.
            candidate_key: The run's own key, which signed it.
            administrator: The open door.

        Raises:
            VerificationError: It is not what the run signed.
            ModelError: Another model has its name.
            LockedError: The door is locked again.
            OSError: The disk is full, or cannot be written to.
        """
        bundle = open_bundle(candidate, trusted_keys=(candidate_key,))
        key, keys = administrator.key, self._trusted_keys()
        with staging_in(self._paths.models) as staging:
            if not self._has(bundle, keys):
                fresh = staging / "model"
                write_bundle(
                    fresh,
                    manifest=bundle.manifest,
                    files={
                        MODEL: bundle.model,
                        TOKENIZER: bundle.tokenizer,
                        MODEL_CARD: bundle.model_card.encode(),
                    },
                    key=key,
                )
                put_in_place(fresh, self._folder(bundle.id))
        return self._find(bundle.id, keys)

    def export(self, bundle_id: str, target: Path) -> None:
        """Write a model to a ``.kdhmodel`` file; it appears whole, or not at all.

        Raises:
            ModelError: There is no such model.
            OSError: The file cannot be written.
        """
        bundle = self._find(bundle_id, self._trusted_keys())
        with tempfile.TemporaryDirectory(prefix=".kdh-", dir=target.parent) as folder:
            packed = Path(folder) / f"model{SUFFIX}"
            pack_model(bundle.folder, packed)
            with packed.open("rb+") as file:
                os.fsync(file.fileno())
            packed.replace(target)

    def remove(self, bundle_id: str) -> None:
        """Delete a model that is not in force.

        Raises:
            ModelError: It is in force, came with the program, or is not there.
        """
        self.check_removable(bundle_id)
        shutil.rmtree(self._folder(bundle_id))

    def check_removable(self, bundle_id: str) -> None:
        """See that a model may be removed; raises as `remove` does."""
        if self.in_force().bundle.id == bundle_id:
            raise ModelError("The model is in force.", "Put another one in force first.")
        if bundle_id not in self._names():
            raise _unknown()

    # In force

    def activate(
        self,
        model: str | ModelBundle,
        *,
        administrator: Administrator,
        reason: str = "",
        check: Callable[[ModelBundle], object] = lambda _: None,
        note: Callable[[Activation], object] = lambda _: None,
    ) -> Activation:
        """Put a model in force; whoever asks next gets it.

        Args:
            model: Its id, or the model itself as `adopt` or `install` has just read it.
            administrator: The open door.
            reason: Why, where the gate was overruled.
            check: A last look that may refuse it, such as loading it into the runtime.
            note: Told what is about to be done, when all else is sure; may refuse it, too.

        Raises:
            ModelError: There is no such model.
            VerificationError: It does not pass its checks.
            LockedError: The door is locked again.
            OSError: The disk is full, or cannot be written to.
        """
        _ = administrator.key  # before anything is looked at: whoever has no open door has no key
        bundle = self._find(model, self._trusted_keys()) if isinstance(model, str) else model
        check(bundle)
        activation = Activation(
            bundle_id=bundle.id,
            manifest_sha256=bundle.manifest_sha256,
            utc=self._now().isoformat(timespec="seconds"),
            previous=self._before(bundle.id),
            reason=reason,
            actor=account(),
        )
        begin_history(self._paths.models)
        note(activation)
        write_active(self._paths.models, activation, administrator=administrator)
        return activation

    def roll_back(
        self,
        *,
        administrator: Administrator,
        check: Callable[[ModelBundle], object] = lambda _: None,
        note: Callable[[Activation], object] = lambda _: None,
    ) -> Activation:
        """Put the model in force that was before; twice gives the later one again.

        Args:
            administrator: The open door.
            check: As for `activate`.
            note: As for `activate`.

        Raises:
            ModelError: There was none before.
        """
        activation = self._word()
        if activation is None:
            raise ModelError("No other model has been in force yet.", "Put a model in force first.")
        return self.activate(
            activation.previous, administrator=administrator, check=check, note=note
        )

    @property
    def previous(self) -> str | None:
        """The model that `roll_back` would put in force, or None where there is none."""
        try:
            activation = self._word()
        except VerificationError:
            return None
        return None if activation is None else activation.previous

    # Inside

    def _before(self, bundle_id: str) -> str:
        """What a rollback shall go back to once a model is in force, which may be so already."""
        in_force = self.in_force().bundle.id
        return (self.previous or in_force) if in_force == bundle_id else in_force

    def _trusted_keys(self) -> tuple[Ed25519PublicKey, ...]:
        return load_trusted_keys(self._paths.publisher_keys, self._paths.site_keys)

    def _word(self) -> Activation | None:
        return read_active(self._paths.models, self._paths.site_keys / SITE_KEY)

    def _doubt(self, activation: Activation | None) -> KdhError | None:
        return doubt_about(
            self._paths.models,
            activation,
            log=AuditLog(self._paths.audit),
            shipped_id=peek_id(self._paths.bundled_model),
        )

    def _folder(self, bundle_id: str) -> Path:
        return self._paths.models / bundle_id

    def _names(self) -> list[str]:
        folder = self._paths.models
        if not folder.is_dir():
            return []
        return sorted(x.name for x in folder.iterdir() if x.is_dir() and x.name[0] != ".")

    def _shipped(self, keys: Sequence[Ed25519PublicKey]) -> ModelBundle:
        return open_bundle(self._paths.bundled_model, trusted_keys=keys)

    def _is_shipped(self, bundle_id: str) -> bool:
        """Whether that is what the shipped model calls itself, whatever is wrong with it."""
        return bundle_id not in self._names() and bundle_id == peek_id(self._paths.bundled_model)

    def _fast_id(self) -> str | None:
        """What the faster model that shipped calls itself; None where it is hidden or not there."""
        hidden = {*self._names(), peek_id(self._paths.bundled_model)}
        found = peek_id(self._paths.fast_model)
        return None if found in hidden else found

    def _open(
        self,
        bundle_id: str,
        keys: Sequence[Ed25519PublicKey],
        activation: Activation | None = None,
    ) -> ModelBundle:
        is_fast = bundle_id == self._fast_id()
        folder = self._paths.fast_model if is_fast else self._folder(bundle_id)
        bundle = open_bundle(folder, trusted_keys=keys, expected_id=bundle_id)
        if activation is not None and bundle.manifest_sha256 != activation.manifest_sha256:
            raise VerificationError(
                "The model is not the one that was put in force.", "Put it in force again."
            )
        return bundle

    def _installed(
        self,
        name: str,
        keys: Sequence[Ed25519PublicKey],
        *,
        active: str,
        is_shipped: bool = False,
    ) -> InstalledModel:
        bundle: ModelBundle | None = None
        problem: KdhError | None = None
        try:
            bundle = self._open(name, keys)
        except KdhError as error:
            problem = error
        return InstalledModel(
            bundle_id=name,
            is_shipped=is_shipped,
            is_active=active == name,
            bundle=bundle,
            problem=problem,
        )

    def _find(self, bundle_id: str, keys: Sequence[Ed25519PublicKey]) -> ModelBundle:
        if self._is_shipped(bundle_id):
            return self._shipped(keys)
        if bundle_id not in {*self._names(), self._fast_id()}:
            raise _unknown()
        return self._open(bundle_id, keys)

    def _has(self, bundle: ModelBundle, keys: Sequence[Ed25519PublicKey]) -> bool:
        """Whether that very model is installed and sound.

        Raises:
            ModelError: Another one has its name, so that records would not tell which said what.
        """
        try:
            there = self._find(bundle.id, keys)
        except ModelError:
            return False
        if there.manifest_sha256 != bundle.manifest_sha256:
            raise ModelError(
                "Another model of the same name is installed.",
                "Ask the model's source for one with a name of its own.",
            )
        return True


def _age(model: InstalledModel) -> tuple[str, str]:
    manifest: Manifest | None = None if model.bundle is None else model.bundle.manifest
    return ("" if manifest is None else manifest.created_utc, model.bundle_id)


def _unknown() -> ModelError:
    return ModelError("No model of that name is installed.", "See the list of installed models.")
