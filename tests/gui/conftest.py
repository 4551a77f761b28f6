"""The real program, offscreen, on the tiny model; faked is only what a test must hold back."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from kdh_desktop.core.access import Access, Cost
from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.errors import Cancelled
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.record import Prediction, Record
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_key import StoreKey
from kdh_desktop.gui.active_model import Classifier, Ready
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.classify.classify_page import ClassifyPage
from kdh_desktop.gui.classify.text_editor import TextEditor
from kdh_desktop.gui.file_dialogs import FileDialogs
from kdh_desktop.gui.main_window import MainWindow
from kdh_desktop.gui.theme import Theme
from tests.data.tiny_installation import make_tiny_installation
from tests.gui.looks import LongWords

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ANGIOGENESIS = (
    "We studied the growth of these tumor cells after treatment. The protein increased "
    "angiogenesis in mice. The levels of other factors were not increased."
)
APOPTOSIS = (
    "The treatment was for patients with cancer. This protein induced apoptosis in human cells "
    "and in mice. The growth of the tumor was reduced."
)
PLAIN = "The study showed that the levels of these factors were not increased in the patients."

CHEAP = Cost(iterations=1, lanes=1, memory_kib=64)
"""A guess at the administrator's password that takes no time."""

STORE_KEY = StoreKey(bytes(range(32)))

RESOURCES = Path(__file__).parents[2] / "resources"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let warnings pass that only the offscreen platform gives."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(
                pytest.mark.qt_log_ignore(r"does not support (propagateSizeHints|raise)\(")
            )


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> AppPaths:
    """An installation with the tiny model; its resources are not to be changed."""
    paths = make_tiny_installation(tmp_path_factory.mktemp("installation"))
    shutil.copytree(RESOURCES / "icons", paths.resources / "icons")
    return paths


@pytest.fixture
def paths(installation: AppPaths, tmp_path: Path) -> AppPaths:
    """The installation with folders of its own for whatever is written."""
    return AppPaths(
        resources=installation.resources,
        data=tmp_path / "data",
        config=tmp_path / "config",
        logs=tmp_path / "logs",
    )


StartDesktop = Callable[..., Desktop]


@pytest.fixture
def chosen_files() -> ChosenFiles:
    """What the next file dialog gives."""
    return ChosenFiles()


@pytest.fixture
def start(
    qtbot: QtBot, qapp: QApplication, paths: AppPaths, chosen_files: ChosenFiles
) -> Iterator[StartDesktop]:
    """Starts the program and shows its window, as `run` does."""
    started: list[Desktop] = []

    def start_desktop(**parts: object) -> Desktop:
        is_notice_read = parts.pop("is_notice_read", True)
        if "theme" not in parts:
            # Not made in vain: it would put its own look on, over that of a test's theme.
            parts["theme"] = Theme(
                qapp,
                scheme=lambda: Qt.ColorScheme.Light,
                pictures=paths.resources / "icons" / "fields",
            )
        parts.setdefault("dialogs", chosen_files)
        parts.setdefault("access", Access(paths.access, paths.site_keys, cost=CHEAP))
        parts.setdefault("open_store", partial(RecordStore.open, paths.records, key=STORE_KEY))
        desktop = Desktop(qapp, paths, **parts)  # type: ignore[arg-type]
        if is_notice_read:
            desktop.settings.keep_research_notice_read()
        others = tuple(started)
        started.append(desktop)
        desktop.window.resize(1200, 760)
        with qtbot.waitActive(desktop.window):
            desktop.window.show()
            desktop.window.activateWindow()
        desktop.model.load()
        # A test that holds jobs back counts them; and a second window would find the store locked.
        if "execute" not in parts and not any(other.window.isVisible() for other in others):
            desktop.desk.open()
        return desktop

    yield start_desktop
    for desktop in started:
        desktop.window.leave()
        qtbot.waitUntil(desktop.window.isHidden)
        for part in vars(desktop).values():
            if isinstance(part, QObject):
                part.deleteLater()
    # What has no parent yet, such as charts that were not shown, holds on to all the rest.
    for widget in qapp.topLevelWidgets():
        if widget.parent() is None and type(widget).__module__.startswith("kdh_desktop"):
            widget.deleteLater()
    qapp.processEvents()
    # At once: the next test would have to put its style on all that is left of this one.
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QGuiApplication.clipboard().clear()


@pytest.fixture
def desktop(start: StartDesktop, qtbot: QtBot) -> Desktop:
    """The program with its model loaded."""
    desktop = start()
    qtbot.waitUntil(lambda: isinstance(desktop.model.state, Ready))
    return desktop


@pytest.fixture
def window(desktop: Desktop) -> MainWindow:
    return desktop.window


@pytest.fixture
def page(window: MainWindow) -> ClassifyPage:
    return window.classify_page


@pytest.fixture
def editor(page: ClassifyPage) -> TextEditor:
    return page.text_pane.editor


class ChosenFiles(FileDialogs):
    """File dialogs in which somebody has chosen already; without a file, they were cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[Path] = []
        self.asked: list[str] = []

    def ask_files(
        self, parent: QWidget, title: str, *, then: Callable[[Sequence[Path]], object]
    ) -> None:
        self.asked.append(title)
        then(self.files)

    def ask_file(
        self, parent: QWidget, title: str, *, kinds: str, then: Callable[[Path], object]
    ) -> None:
        self.asked.append(title)
        if self.files:
            then(self.files[0])

    def ask_folder(self, parent: QWidget, title: str, *, then: Callable[[Path], object]) -> None:
        self.asked.append(title)
        if self.files:
            then(self.files[0])

    def ask_target(
        self,
        parent: QWidget,
        title: str,
        *,
        suggestion: str,
        kinds: str,
        then: Callable[[Path], object],
    ) -> None:
        self.asked.append(title)
        if self.files:
            then(self.files[0])


class HeldExecutor:
    """Keeps jobs back until a test lets them run."""

    def __init__(self) -> None:
        self.held: list[Callable[[], None]] = []

    def __call__(self, work: Callable[[], None]) -> None:
        self.held.append(work)

    def run_next(self) -> None:
        self.held.pop(0)()

    def run_all(self) -> None:
        while self.held:
            self.run_next()


class GatedClassifier:
    """A real classifier that waits at a gate before each call after the first few."""

    def __init__(self, real: Classifier, *, free_calls: int) -> None:
        self._real = real
        self._free_calls = free_calls
        self.gate = threading.Event()
        self.is_waiting = threading.Event()

    @property
    def bundle(self) -> ModelBundle:
        return self._real.bundle

    def predict(
        self,
        records: Sequence[Record],
        *,
        on_progress: Callable[[int], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> list[Prediction]:
        self._free_calls -= 1
        if self._free_calls < 0:
            self.is_waiting.set()
            self.gate.wait()
        if should_stop is not None and should_stop():
            raise Cancelled("The work was stopped.")
        return self._real.predict(records, on_progress=on_progress, should_stop=should_stop)

    def predict_each(
        self, records: Iterable[Record], *, should_stop: Callable[[], bool] | None = None
    ) -> Generator[Prediction, None, None]:
        for record in records:
            yield from self.predict([record], should_stop=should_stop)


def put_on_clipboard(text: str) -> None:
    QGuiApplication.clipboard().setText(text)


def paste(editor: TextEditor, text: str) -> None:
    """Paste with the keys that a user presses."""
    put_on_clipboard(text)
    press(editor, "Ctrl+V")


def paste_mime(editor: TextEditor, mime: QMimeData) -> None:
    """Paste whatever the clipboard may hold."""
    QGuiApplication.clipboard().setMimeData(mime)
    press(editor, "Ctrl+V")


def press(widget: QWidget, keys: str) -> None:
    """Press a key with its modifiers, as "Ctrl+Shift+C"."""
    *held, key = keys.split("+")
    modifiers = Qt.KeyboardModifier.NoModifier
    for name in held:
        modifiers |= {
            "Ctrl": Qt.KeyboardModifier.ControlModifier,
            "Shift": Qt.KeyboardModifier.ShiftModifier,
            "Alt": Qt.KeyboardModifier.AltModifier,
        }[name]
    QTest.keyClick(widget, getattr(Qt.Key, f"Key_{key}"), modifiers)


def press_in(window: QWidget, keys: str) -> None:
    """Press keys where the focus is."""
    press(QApplication.focusWidget() or window, keys)


def shown_labels(page: ClassifyPage) -> list[str]:
    """What a screen reader would read of the list, headings included."""
    model = page.result_pane.model
    return [
        str(model.index(row).data(Qt.ItemDataRole.AccessibleTextRole))
        for row in range(model.rowCount())
    ]


def present_labels(page: ClassifyPage) -> list[str]:
    """Names under the heading "Present"."""
    return [text.split(",")[0] for text in shown_labels(page) if text.endswith(", present")]


@pytest.fixture
def long_words(qapp: QApplication) -> Iterator[None]:
    translator = LongWords()
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)
