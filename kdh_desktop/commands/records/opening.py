"""The user's record store, open for one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kdh_desktop.commands.model_loading import bundle_in_force
from kdh_desktop.commands.output import say_line
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.terminal import printable

if TYPE_CHECKING:
    from kdh_desktop.core.classification.model_bundle import ModelBundle
    from kdh_desktop.core.records.record_store import RecordStore


@contextmanager
def open_store(paths: AppPaths) -> Iterator[RecordStore]:
    """The store, with what a person should know of it said on standard error while it is new.

    Raises:
        StoreError: It cannot be opened, e.g. because the window has it open.
    """
    from kdh_desktop.core.records.record_store import open_records

    store = open_records(paths.records)
    try:
        if not store.batches():  # to be told once is enough
            for notice in store.notices:
                say_line(f"Note: {printable(notice.message)} {printable(notice.remedy)}")
        yield store
    finally:
        store.close()


@contextmanager
def open_with_model(paths: AppPaths) -> Iterator[tuple[RecordStore, ModelBundle]]:
    """The store as the window shows it: with the predictions of the model in force.

    Raises:
        StoreError: It cannot be opened.
        ModelError: There is no model that can be used.
    """
    bundle = bundle_in_force(paths)
    with open_store(paths) as store:
        store.activate_model(bundle.manifest, manifest_sha256=bundle.manifest_sha256)
        yield store, bundle
