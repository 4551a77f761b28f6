"""A model in one file, ``.kdhmodel``: its folder as a ZIP archive, unpacked with distrust."""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path

from kdh_desktop.core.classification.model_bundle import MAX_SIZES
from kdh_desktop.core.errors import ModelError, VerificationError

SUFFIX = ".kdhmodel"

_COPY = re.compile(r" ?\(\d+\)$")
"""What browsers and file managers put after the name of a second copy."""

# What the library raises where bytes are not what they were, by the way of packing.
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError),
)
_WHOLE_FILE = "Get the model's file again from its source."


def pack_model(bundle_folder: Path, archive: Path) -> None:
    """Write the files of a bundle to one file.

    Args:
        bundle_folder: A verified bundle.
        archive: The file to write; the caller sees to it that it appears whole.

    Raises:
        OSError: It cannot be written.
    """
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(MAX_SIZES):
            packed.write(bundle_folder / name, name)


def unpack_model(archive: Path, folder: Path) -> None:
    """Unpack exactly the files of a bundle, none larger than it may be.

    Nothing is believed: names are compared with the five that there may be, and sizes are counted
    while they are unpacked. Whether it is a model that can be trusted, `open_bundle` says next.

    Args:
        archive: The file.
        folder: An empty folder to unpack to.

    Raises:
        ModelError: It is no such file, or cannot be read.
        VerificationError: It holds something else than the files of a bundle.
    """
    try:
        if not archive.is_file():  # a pipe would be waited for
            raise FileNotFoundError(archive)
        with zipfile.ZipFile(archive) as packed:
            members = packed.infolist()
            names = sorted(member.filename for member in members)
            if names != sorted(MAX_SIZES):
                raise VerificationError(
                    "The file does not hold exactly the parts of a model.", _WHOLE_FILE
                )
            for member in members:
                _unpack(packed, member, folder / member.filename)
    except _DAMAGED as error:
        raise VerificationError("The model's file is damaged.", _WHOLE_FILE) from error
    except OSError as error:
        raise ModelError(
            "The model's file cannot be read, or there is no room to unpack it.",
            "Check that it exists, that you may read it, and that the disk is not full.",
        ) from error


def check_name(archive: Path, bundle_id: str, *, installed: Collection[str]) -> None:
    """See that a file is not called like another version of the model that it holds.

    An older model that a publisher did sign could else be handed on as a newer one. Any other
    name is as good as the model's own.

    Args:
        archive: The file.
        bundle_id: Id of the model in it.
        installed: Ids of models that are installed.

    Raises:
        VerificationError: It is.
    """
    name = _COPY.sub("", archive.name.removesuffix(SUFFIX))
    is_other = name != bundle_id and (name in installed or _family(name) == _family(bundle_id))
    if is_other:
        raise VerificationError(
            f"The file is called like another version of the model, and holds {bundle_id}: an "
            "older model may be passed off as a newer one.",
            f"Ask its source. If this is the model you want, call the file {bundle_id}{SUFFIX}.",
        )


def _family(name: str) -> str:
    """A model's name without what tells its versions apart."""
    return re.sub(r"[\W\d_]+$", "", name).casefold()


def _unpack(packed: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    left = MAX_SIZES[member.filename]
    with packed.open(member) as source, path.open("xb") as target:
        while piece := source.read(min(1 << 20, left + 1)):
            left -= len(piece)
            if left < 0:
                raise VerificationError(
                    "A part of the model is larger than it may be.", _WHOLE_FILE
                )
            target.write(piece)
