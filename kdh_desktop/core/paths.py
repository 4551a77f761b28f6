"""Every folder the program owns, and where its resources lie."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from platformdirs import PlatformDirs

from kdh_desktop.core.errors import KdhError


@dataclass(frozen=True, slots=True)
class AppPaths:
    """Folders of one installation.

    Attributes:
        resources: What ships with the program: the bundled model, keys, icons, samples.
        data: What the user would miss: records, installed models, site keys, runs.
        config: Settings.
        logs: Logs, which never hold a user's text.
    """

    resources: Path
    data: Path
    config: Path
    logs: Path

    @classmethod
    def default(cls) -> Self:
        """Folders for this user on this system; nothing is created.

        Raises:
            KdhError: The resources are missing, so the installation is incomplete.
        """
        dirs = PlatformDirs("kdh-desktop", appauthor=False)
        return cls(
            resources=_find_resources(),
            data=dirs.user_data_path,
            config=dirs.user_config_path,
            logs=dirs.user_log_path,
        )

    @property
    def bundled_model(self) -> Path:
        """Folder of the model that ships with the program."""
        return self.resources / "model"

    @property
    def fast_model(self) -> Path:
        """Folder of the faster model that ships beside it."""
        return self.resources / "fast-model"

    @property
    def base_encoder(self) -> Path:
        """Folder of the encoder that training starts from where no other is named."""
        return self.resources / "encoder"

    @property
    def known_sentences(self) -> Path:
        """File of invented sentences whose labels every bundled model must know."""
        return self.resources / "sample" / "known_sentences.json"

    @property
    def models(self) -> Path:
        """Folder of the installed models and of the word which of them is active."""
        return self.data / "models"

    @property
    def runs(self) -> Path:
        """Folder of the training runs, one folder each."""
        return self.data / "runs"

    @property
    def access(self) -> Path:
        """Folder of the administrator's wrapped key."""
        return self.data / "access"

    @property
    def audit(self) -> Path:
        """Folder of the audit log."""
        return self.data / "audit"

    @property
    def records(self) -> Path:
        """Folder of the record store, its backups and its lock."""
        return self.data / "records"

    @property
    def sample_references(self) -> Path:
        """File of twenty invented references, as PubMed would export them, to try things with."""
        return self.resources / "sample" / "references.nbib"

    @property
    def publisher_keys(self) -> Path:
        """Folder of the publisher's public keys."""
        return self.resources / "keys"

    @property
    def site_keys(self) -> Path:
        """Folder of the site's own public keys."""
        return self.data / "keys"


def _find_resources() -> Path:
    package = Path(__file__).resolve().parents[1]
    frozen = getattr(sys, "_MEIPASS", None)
    candidates = [package / "resources", package.parent / "resources"]
    if frozen is not None:
        candidates.insert(0, Path(frozen) / "resources")
    for candidate in candidates:
        if (candidate / "keys").is_dir():
            return candidate
    raise KdhError(
        "The program's own files are incomplete: its resources folder is missing.",
        "Install the program again.",
    )
