"""The wizard over the window, with the trainer's answers injected where no child is needed."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.training.wizard.training_wizard import TrainingWizard
from kdh_desktop.gui.window_parts import WindowParts
from tests.data.tiny_corpus import tiny_texts_and_names, write_tiny_encoder
from tests.data.told_runs import an_administrator
from tests.gui.conftest import RESOURCES

WAIT_MS = 60_000


@pytest.fixture(scope="session")
def equipped(installation: AppPaths, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Resources with the labelled sample and an encoder."""
    resources = tmp_path_factory.mktemp("equipped") / "resources"
    shutil.copytree(installation.resources, resources)
    shutil.copy(RESOURCES / "sample" / "labelled.csv", resources / "sample" / "labelled.csv")
    write_tiny_encoder(resources / "encoder")
    return resources


@pytest.fixture
def paths(equipped: Path, tmp_path: Path) -> AppPaths:
    return AppPaths(
        resources=equipped,
        data=tmp_path / "data",
        config=tmp_path / "config",
        logs=tmp_path / "logs",
    )


@pytest.fixture
def parts(desktop: Desktop) -> WindowParts:
    desktop.door._take(an_administrator())
    return desktop.window.training_page._parts


@pytest.fixture
def store(desktop: Desktop, qtbot: QtBot) -> RecordStore:
    """The open store, which knows the tiny model."""
    qtbot.waitUntil(lambda: desktop.desk.store is not None)
    opened = desktop.desk.store
    assert opened is not None
    qtbot.waitUntil(lambda: len(opened.active_labels) > 0)
    return opened


@pytest.fixture
def make_wizard(desktop: Desktop, parts: WindowParts) -> Iterator[Callable[[], TrainingWizard]]:
    made: list[TrainingWizard] = []

    def make() -> TrainingWizard:
        wizard = TrainingWizard(parts, parent=desktop.window)
        made.append(wizard)
        wizard.open()
        return wizard

    yield make
    for wizard in made:
        wizard.checker.stop()
        wizard.close()
        wizard.deleteLater()


@pytest.fixture
def wizard(make_wizard: Callable[[], TrainingWizard]) -> TrainingWizard:
    return make_wizard()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Texts that can be trained on."""
    path = tmp_path / "ward-seven.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["pmid", "title", "abstract", "labels", "patient"])
        for number, (text, names) in enumerate(tiny_texts_and_names(120)):
            labels = "; ".join(names)
            lines.writerow([1000 + number, f"Title {number}", text, labels, f"p{number}"])
    return path


def wait_for_check(qtbot: QtBot, wizard: TrainingWizard) -> None:
    """Until the chosen texts were checked by a real child of the trainer."""
    qtbot.waitUntil(lambda: not wizard.keeper.draft.is_check_due, timeout=WAIT_MS)
