"""Files to take in, and the window that takes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from pytestqt.qtbot import QtBot

from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.importing.reading_dialog import ReadingDialog
from kdh_desktop.gui.importing.summary_dialog import SummaryDialog
from kdh_desktop.gui.journeys import Journeys
from tests.data.reference_files import abstract_of, ris_of


@pytest.fixture
def store(desktop: Desktop, qtbot: QtBot) -> RecordStore:
    """The open store, which knows the tiny model."""
    qtbot.waitUntil(lambda: desktop.desk.store is not None)
    opened = desktop.desk.store
    assert opened is not None
    qtbot.waitUntil(lambda: len(opened.active_labels) > 0)
    return opened


@pytest.fixture
def journeys(desktop: Desktop, store: RecordStore) -> Journeys:
    return desktop.window.journeys


@pytest.fixture
def ris(tmp_path: Path) -> Path:
    """Five references, of which the third is refused."""
    path = tmp_path / "refs.ris"
    path.write_text(ris_of(5, bad={3}), encoding="utf-8")
    return path


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A table with a title above the header, which a person has to look at."""
    return make_workbook(tmp_path / "list.xlsx", 4)


def make_workbook(path: Path, rows: int) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["A colleague's list"])
    sheet.append(["Nr", "Title", "Abstract", "Remarks"])
    for number in range(1, rows + 1):
        sheet.append([number, f"Row {number}", abstract_of(100 + number), "keep"])
    book.save(path)
    return path


Waiting = Callable[[], object]


def wait_for_question(journeys: Journeys, qtbot: QtBot) -> ReadingDialog:
    qtbot.waitUntil(lambda: journeys.imports.dialog is not None, timeout=20_000)
    dialog = journeys.imports.dialog
    assert dialog is not None
    return dialog


def wait_for_summary(journeys: Journeys, qtbot: QtBot) -> SummaryDialog:
    qtbot.waitUntil(lambda: journeys.report.summary is not None, timeout=20_000)
    summary = journeys.report.summary
    assert summary is not None
    return summary
