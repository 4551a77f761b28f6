"""Hears from the desktop that the screen is locked or that the computer goes to sleep.

On Linux logind and the screen savers say so over D-Bus, which is listened to on two threads of
their own, since a bus may be silent or gone. Nothing is asked that could hold the window up, and
without a bus nothing is heard: then time alone locks, and the clocks show that there was a sleep.

On Windows and macOS there is nothing here that listens. There Qt tells that the program is
suspended, the clocks show sleep, and a locked screen is locked by the time without a key.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication

from kdh_desktop.core.site_door import LockReason

if TYPE_CHECKING:
    from jeepney import Message
    from jeepney.io.blocking import DBusConnection

_log = logging.getLogger(__name__)

_LOGIND = "org.freedesktop.login1"
_SESSION = f"{_LOGIND}.Session"
_ANSWER_S = 5.0

_FROM_LOGIND = f"type='signal',sender='{_LOGIND}'"

SYSTEM_RULES = (
    f"{_FROM_LOGIND},interface='{_LOGIND}.Manager',member='PrepareForSleep'",
    f"{_FROM_LOGIND},interface='{_SESSION}',member='Lock'",
    f"{_FROM_LOGIND},member='PropertiesChanged',arg0='{_SESSION}'",
)
SESSION_RULES = ("type='signal',member='ActiveChanged'",)


class SystemWatch(QObject):
    """Listens while it is started."""

    heard = Signal(object)
    """A `LockReason`, on the GUI thread."""
    _told = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._told.connect(self._pass_on, Qt.ConnectionType.QueuedConnection)
        self._listeners: list[_Listener] = []
        self._is_started = False

    def start(self) -> None:
        """Listen from now on; this does not wait for a bus."""
        if self._is_started:
            return
        self._is_started = True
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.applicationStateChanged.connect(self._take_state)
        if sys.platform == "linux":
            self._listeners = [
                _Listener("SYSTEM", SYSTEM_RULES, self._tell),
                _Listener("SESSION", SESSION_RULES, self._tell),
            ]
            for listener in self._listeners:
                listener.start()

    def stop(self) -> None:
        """Listen no more."""
        if not self._is_started:
            return
        self._is_started = False
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.applicationStateChanged.disconnect(self._take_state)
        for listener in self._listeners:
            listener.stop()
        self._listeners = []

    @property
    def is_listening(self) -> bool:
        """Whether at least one bus is listened to."""
        return any(listener.is_connected for listener in self._listeners)

    def _tell(self, reason: LockReason) -> None:
        with contextlib.suppress(RuntimeError):  # the window is gone
            self._told.emit(reason)

    def _pass_on(self, reason: LockReason) -> None:
        self.heard.emit(reason)

    def _take_state(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationSuspended:
            self.heard.emit(LockReason.SLEEP)


class _Listener(threading.Thread):
    """Listens to one bus until it is stopped or the bus is gone."""

    def __init__(self, bus: str, rules: Sequence[str], tell: Callable[[LockReason], None]) -> None:
        super().__init__(name=f"listens to the {bus.lower()} bus", daemon=True)
        self._bus = bus
        self._rules = rules
        self._tell = tell
        self._lock = threading.Lock()
        self._is_stopped = False
        self._connection: DBusConnection | None = None

    @property
    def is_connected(self) -> bool:
        """Whether the bus would be heard."""
        return self._connection is not None

    def stop(self) -> None:
        """Let the thread end by itself."""
        with self._lock:
            self._is_stopped = True
            if self._connection is not None:
                # A read that waits on another thread ends by this, and not by closing.
                with contextlib.suppress(OSError):
                    self._connection.sock.shutdown(socket.SHUT_RDWR)

    def run(self) -> None:
        """Connect and listen."""
        try:
            from jeepney import DBusErrorResponse
            from jeepney.io.blocking import open_dbus_connection
        except ImportError:
            return
        try:
            with open_dbus_connection(self._bus) as connection:
                self._listen(connection)
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            # No bus, or not any more.
            _log.debug("the %s bus is not listened to: %s", self._bus.lower(), type(error).__name__)
        except DBusErrorResponse as error:
            _log.debug("the %s bus refuses: %s", self._bus.lower(), error.name)
        finally:
            self._connection = None

    def _listen(self, connection: DBusConnection) -> None:
        from jeepney.bus_messages import message_bus

        for rule in self._rules:
            connection.send_and_get_reply(message_bus.AddMatch(rule), timeout=_ANSWER_S)
        session = _own_session(connection) if self._bus == "SYSTEM" else None
        with self._lock:
            if self._is_stopped:
                return
            self._connection = connection
        while True:
            reason = reason_of(connection.receive(), session)
            if reason is not None:
                self._tell(reason)


def _own_session(connection: DBusConnection) -> str | None:
    """Path of the session that we run in; None where logind does not know, as in a container."""
    from jeepney import DBusAddress, MessageType, new_method_call

    manager = DBusAddress("/org/freedesktop/login1", _LOGIND, f"{_LOGIND}.Manager")
    question = new_method_call(manager, "GetSessionByPID", "u", (os.getpid(),))
    try:
        answer = connection.send_and_get_reply(question, timeout=_ANSWER_S)
    except TimeoutError:
        return None
    if answer.header.message_type != MessageType.method_return or not answer.body:
        return None
    return str(answer.body[0])


def reason_of(message: Message, session: str | None) -> LockReason | None:
    """Why to lock after a signal, or None.

    Args:
        message: What the bus brought.
        session: Path of our own session; without it the lock of any session is taken for ours.
    """
    from jeepney import HeaderFields, MessageType

    if message.header.message_type != MessageType.signal:
        return None
    fields = message.header.fields
    is_ours = session is None or fields.get(HeaderFields.path) == session
    body: tuple[Any, ...] = tuple(message.body)
    match fields.get(HeaderFields.member), body:
        case "PrepareForSleep", (True,):
            return LockReason.SLEEP
        case "Lock", () if is_ours:
            return LockReason.SYSTEM_LOCK
        case "PropertiesChanged", (_, {"LockedHint": (_, True)}, _) if is_ours:
            return LockReason.SYSTEM_LOCK
        case "ActiveChanged", (True,):
            is_saver = str(fields.get(HeaderFields.interface)).endswith("ScreenSaver")
            return LockReason.SYSTEM_LOCK if is_saver else None
        case _:
            return None
