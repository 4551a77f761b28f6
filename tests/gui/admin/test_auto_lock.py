"""What locks the door by itself: time without a key, sleep, and what the desktop tells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from kdh_desktop.core.audit_log import AuditLog
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.site_door import LockReason
from kdh_desktop.gui.admin.auto_lock import AutoLock
from kdh_desktop.gui.admin.idle_watch import Clocks, IdleWatch, system_clocks
from kdh_desktop.gui.admin.system_watch import SystemWatch, reason_of
from kdh_desktop.gui.admin_door import AdminDoor
from kdh_desktop.gui.settings import Settings
from tests.gui.admin.conftest import open_door

LOOK_S = 2.0


@dataclass
class FakeClocks:
    running_s: float = 1000.0
    through_sleep_s: float = 5000.0
    clocks: Clocks = field(init=False)

    def __post_init__(self) -> None:
        self.clocks = Clocks(lambda: self.running_s, lambda: self.through_sleep_s)

    def pass_by(self, seconds: float, *, asleep: float = 0.0) -> None:
        self.running_s += seconds
        self.through_sleep_s += seconds + asleep


@pytest.fixture
def fake() -> FakeClocks:
    return FakeClocks()


@pytest.fixture
def settings(paths: AppPaths) -> Settings:
    return Settings(paths.config)


@pytest.fixture
def lock(
    door: AdminDoor,
    bare: QWidget,
    settings: Settings,
    fake: FakeClocks,
    recovery_key: str,
    qtbot: QtBot,
) -> Iterator[AutoLock]:
    """An open door that is watched."""
    lock = AutoLock(door, settings, clocks=fake.clocks)
    open_door(door, bare, qtbot)
    yield lock
    door.lock()


def let_pass(lock: AutoLock, fake: FakeClocks, seconds: float) -> None:
    """Time goes by with a look now and then, as the timer would."""
    for _ in range(int(seconds / LOOK_S)):
        fake.pass_by(LOOK_S)
        lock.idle.look()


def why(log: AuditLog, qtbot: QtBot) -> str:
    """Why the door was locked last, as the log says."""

    def reasons() -> list[str]:
        return [dict(one.details)["why"] for one in log.entries() if one.action == "locked"]

    qtbot.waitUntil(lambda: bool(reasons()))
    return reasons()[-1]


def test_the_door_locks_after_ten_minutes_without_a_key(
    door: AdminDoor, lock: AutoLock, fake: FakeClocks, log: AuditLog, qtbot: QtBot
) -> None:
    let_pass(lock, fake, 598)
    still_open = door.is_open
    let_pass(lock, fake, 2)
    assert (still_open, door.is_open) == (True, False)
    assert not lock.idle.is_started
    assert why(log, qtbot) == "idle"


@pytest.mark.parametrize("touch", ["key", "click", "move"])
def test_a_key_or_the_mouse_in_our_windows_begins_the_time_anew(
    door: AdminDoor, lock: AutoLock, fake: FakeClocks, bare: QWidget, touch: str
) -> None:
    handle = bare.windowHandle()
    let_pass(lock, fake, 590)
    match touch:
        case "key":
            QTest.keyClick(handle, Qt.Key.Key_A)
        case "click":
            QTest.mouseClick(
                handle,
                Qt.MouseButton.LeftButton,
                Qt.KeyboardModifier.NoModifier,
                bare.rect().center(),
            )
        case _:
            QTest.mouseMove(handle, bare.rect().center() + QPoint(9, 9))
    QApplication.processEvents()
    let_pass(lock, fake, 20)
    still_open = door.is_open
    let_pass(lock, fake, 600)
    assert (still_open, door.is_open) == (True, False)


def test_a_window_that_opens_later_is_watched_too(
    door: AdminDoor, lock: AutoLock, fake: FakeClocks, bare: QWidget, qtbot: QtBot
) -> None:
    later = QWidget(bare, Qt.WindowType.Dialog)
    with qtbot.waitActive(later):
        later.show()
        later.activateWindow()
    let_pass(lock, fake, 590)
    QTest.keyClick(later.windowHandle(), Qt.Key.Key_A)
    let_pass(lock, fake, 20)
    assert door.is_open
    later.close()


def test_another_time_can_be_chosen_within_limits(
    door: AdminDoor, lock: AutoLock, fake: FakeClocks, settings: Settings, paths: AppPaths
) -> None:
    lock.set_minutes(1)
    assert settings.lock_after_min == 1
    for refused in (0, 61, -5):
        lock.set_minutes(refused)
        assert settings.lock_after_min == 1
    let_pass(lock, fake, 60)
    assert not door.is_open
    settings.save()
    assert Settings(paths.config).lock_after_min == 1


@pytest.mark.parametrize("rubbish", ["0", "61", "-1", "1e9", "²", "never", "9" * 99, ""])
def test_a_settings_file_cannot_leave_the_door_open_for_good(paths: AppPaths, rubbish: str) -> None:
    paths.config.mkdir(parents=True)
    (paths.config / "settings.ini").write_text(
        f"[administrator]\nlock_after_min={rubbish}\n", encoding="utf-8"
    )
    assert Settings(paths.config).lock_after_min == 10


def test_the_door_locks_after_sleep_that_the_clock_through_sleep_shows(
    door: AdminDoor, lock: AutoLock, fake: FakeClocks, log: AuditLog, qtbot: QtBot
) -> None:
    fake.pass_by(LOOK_S, asleep=25)
    lock.idle.look()
    assert not door.is_open
    assert why(log, qtbot) == "sleep"


def test_the_door_locks_after_sleep_through_which_all_clocks_run(
    door: AdminDoor, lock: AutoLock, fake: FakeClocks
) -> None:
    fake.pass_by(40)
    lock.idle.look()
    assert not door.is_open


def test_a_slow_computer_is_not_asleep(door: AdminDoor, lock: AutoLock, fake: FakeClocks) -> None:
    for _ in range(20):
        fake.pass_by(LOOK_S + 5, asleep=1)
        lock.idle.look()
    assert door.is_open


def test_a_clock_that_is_set_back_does_not_keep_the_door_open(
    door: AdminDoor, lock: AutoLock, fake: FakeClocks
) -> None:
    fake.through_sleep_s -= 100_000
    lock.idle.look()
    assert door.is_open
    let_pass(lock, fake, 600)
    assert not door.is_open


def test_nothing_is_watched_while_the_door_is_shut(
    door: AdminDoor, bare: QWidget, settings: Settings
) -> None:
    lock = AutoLock(door, settings)
    assert not lock.idle.is_started
    assert not lock.system.is_listening
    lock.idle.stop()
    lock.system.stop()


def test_the_clocks_of_this_system_go_on(qtbot: QtBot) -> None:
    clocks = system_clocks()
    before = (clocks.running(), clocks.through_sleep())
    qtbot.waitUntil(lambda: clocks.running() > before[0])
    assert clocks.through_sleep() >= before[1]


def test_the_watch_looks_by_itself(fake: FakeClocks, qtbot: QtBot) -> None:
    watch = IdleWatch(clocks=fake.clocks)
    watch._timer.setInterval(1)
    watch.start(60)
    fake.pass_by(10)
    for _ in range(6):
        watch.look()
        fake.pass_by(10)
    with qtbot.waitSignal(watch.gone):
        pass
    watch.stop()


def test_a_program_that_the_system_suspends_is_locked(
    door: AdminDoor, lock: AutoLock, qapp: QGuiApplication
) -> None:
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationInactive)
    assert door.is_open
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationSuspended)
    assert not door.is_open


# The desktop's own words, over a real bus


@dataclass
class Bus:
    address: str

    def say(self, path: str, interface: str, member: str, *body: str) -> None:
        subprocess.run(
            [
                *("dbus-send", f"--bus={self.address}", "--type=signal", path),
                *(f"{interface}.{member}", *body),
            ],
            check=True,
        )


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    if sys.platform != "linux" or not all(map(shutil.which, ("dbus-daemon", "dbus-send"))):
        pytest.skip("needs dbus-daemon and dbus-send")
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert daemon.stdout is not None
    address = daemon.stdout.readline().strip()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")
    yield Bus(address)
    daemon.terminate()
    daemon.wait()
    daemon.stdout.close()


@pytest.fixture
def watch(bus: Bus, qtbot: QtBot) -> Iterator[SystemWatch]:
    watch = SystemWatch()
    watch.start()
    qtbot.waitUntil(lambda: watch.is_listening)
    yield watch
    watch.stop()
    qtbot.waitUntil(lambda: not _listening_threads())


def _listening_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "listens to" in thread.name]


@pytest.mark.parametrize(
    "saver", ["org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver", "org.cinnamon.ScreenSaver"]
)
def test_a_locked_screen_is_heard(watch: SystemWatch, bus: Bus, saver: str, qtbot: QtBot) -> None:
    heard: list[LockReason] = []
    watch.heard.connect(heard.append)
    bus.say("/ScreenSaver", saver, "ActiveChanged", "boolean:false")
    bus.say("/Something", "org.example.Other", "ActiveChanged", "boolean:true")
    bus.say("/ScreenSaver", saver, "ActiveChanged", "boolean:true")
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == [LockReason.SYSTEM_LOCK]


def test_a_bus_that_goes_away_ends_the_listening(bus: Bus, qtbot: QtBot) -> None:
    watch = SystemWatch()
    watch.start()
    watch.start()
    qtbot.waitUntil(lambda: watch.is_listening)
    watch.stop()
    qtbot.waitUntil(lambda: not _listening_threads())
    watch.stop()


def test_without_a_bus_nothing_is_heard_and_nothing_fails(
    monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    for address in ("unix:path=/nonexistent", "tcp:host=localhost", "rubbish", ""):
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address or f"unix:path={os.devnull}")
        watch = SystemWatch()
        watch.start()
        qtbot.waitUntil(lambda: not _listening_threads())
        assert not watch.is_listening
        watch.stop()


OURS = "/org/freedesktop/login1/session/_31"


@pytest.mark.skipif(sys.platform != "linux", reason="D-Bus is of Linux")
def test_what_logind_says_is_understood() -> None:
    from jeepney import DBusAddress, new_signal
    from jeepney.low_level import Message

    def signal(path: str, interface: str, member: str, kinds: str = "", *body: object) -> Message:
        return new_signal(DBusAddress(path, interface=interface), member, kinds, body)

    manager = "org.freedesktop.login1.Manager"
    session = "org.freedesktop.login1.Session"
    properties = "org.freedesktop.DBus.Properties"
    root = "/org/freedesktop/login1"
    hint: tuple[object, ...] = (session, {"LockedHint": ("b", True)}, [])
    no_hint: tuple[object, ...] = (session, {"IdleHint": ("b", True)}, [])
    cases = [
        (signal(root, manager, "PrepareForSleep", "b", True), LockReason.SLEEP),
        (signal(root, manager, "PrepareForSleep", "b", False), None),
        (signal(OURS, session, "Lock"), LockReason.SYSTEM_LOCK),
        (signal(f"{OURS}9", session, "Lock"), None),
        (signal(OURS, session, "Unlock"), None),
        (signal(OURS, properties, "PropertiesChanged", "sa{sv}as", *hint), LockReason.SYSTEM_LOCK),
        (signal(OURS, properties, "PropertiesChanged", "sa{sv}as", *no_hint), None),
        (signal(f"{OURS}9", properties, "PropertiesChanged", "sa{sv}as", *hint), None),
    ]
    for message, reason in cases:
        assert reason_of(message, OURS) == reason, message
    stranger = signal(f"{OURS}9", session, "Lock")
    assert reason_of(stranger, None) == LockReason.SYSTEM_LOCK, "where ours is not known, any is"
