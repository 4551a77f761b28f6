"""What is taken in is noted in the audit log; of a private session only how much."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from kdh_desktop.core.paths import AppPaths
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.journeys import Journeys
from tests.gui.importing.conftest import wait_for_summary


def test_an_import_is_noted_with_its_hash_and_without_its_name(
    journeys: Journeys, desktop: Desktop, ris: Path, qtbot: QtBot, paths: AppPaths
) -> None:
    journeys.take_in([ris])
    wait_for_summary(journeys, qtbot)
    [entry] = desktop.door.log.entries()
    details = dict(entry.details)
    assert (details["records"], details["refused"], details["format"]) == ("4", "1", "ris")
    assert len(details["sha256"]) == 64
    assert "refs" not in (paths.audit / "audit.jsonl").read_text()


def test_of_a_private_session_only_counts_are_noted(
    journeys: Journeys, desktop: Desktop, ris: Path, qtbot: QtBot
) -> None:
    desktop.window.files.private.trigger()
    qtbot.waitUntil(lambda: desktop.desk.is_private and desktop.desk.store is not None)
    journeys.take_in([ris])
    wait_for_summary(journeys, qtbot)
    [entry] = desktop.door.log.entries()
    assert dict(entry.details) == {
        "records": "4", "refused": "1", "finished": "yes", "private": "yes",
    }  # fmt: skip
    assert desktop.desk.is_private


def test_an_import_goes_on_with_a_notice_where_it_cannot_be_noted(
    journeys: Journeys, desktop: Desktop, ris: Path, qtbot: QtBot, paths: AppPaths
) -> None:
    (paths.audit / "audit.jsonl").mkdir(parents=True)
    journeys.take_in([ris])
    summary = wait_for_summary(journeys, qtbot)
    assert "4 records were taken in" in summary.heading.text()
    assert "not in the audit log" in str(summary.table.rows.rows[0][3])
