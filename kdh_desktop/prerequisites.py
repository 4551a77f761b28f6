"""What the window needs from the system, looked at before Qt is loaded.

Qt aborts the process with a page of text when a library or the display is missing, before any
Python handler can speak. So this module, which loads no Qt and needs only the standard library,
asks the same questions first. `python -m kdh_desktop.prerequisites` answers for `make` and CI.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from kdh_desktop.core.errors import KdhError

# Library that Qt's own files name -> package of Debian and Ubuntu that holds it. Taken from the
# dynamic sections of QtCore, QtGui, QtWidgets and the platform plug-ins of PySide6-Essentials.
_BASE_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
}
_X11_LIBRARIES = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
}
_WAYLAND_LIBRARIES = {
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
}
_LIBRARIES = {"xcb": _X11_LIBRARIES, "wayland": _WAYLAND_LIBRARIES}


def check_window_can_open(environ: Mapping[str, str], argv: Sequence[str]) -> None:
    """Make sure that Qt will find its libraries and a display.

    Args:
        environ: The environment that Qt will see.
        argv: The arguments that Qt will see, without the program's name.

    Raises:
        KdhError: Something is missing; the message is one sentence with the way out.
    """
    if sys.platform != "linux":
        return
    wanted = _wanted_platforms(environ, argv)
    displays = [name for name in wanted if name not in _LIBRARIES or _is_reachable(name, environ)]
    if not displays:
        raise KdhError(_no_display_sentence(environ))
    missing = [missing_packages(name) for name in displays]
    if all(missing):
        raise KdhError(_missing_sentence(missing[0]))


def missing_packages(platform: str) -> tuple[str, ...]:
    """Packages of Debian and Ubuntu that one platform of Qt needs and this system lacks.

    Args:
        platform: Name of Qt's platform plug-in: ``xcb``, ``wayland``, ``offscreen``...
    """
    needed = _BASE_LIBRARIES | _LIBRARIES.get(platform, {})
    return tuple(package for library, package in needed.items() if not _can_load(library))


def _wanted_platforms(environ: Mapping[str, str], argv: Sequence[str]) -> list[str]:
    """Platforms in the order in which Qt will try them."""
    chosen = environ.get("QT_QPA_PLATFORM", "")
    for option, value in itertools.pairwise(argv):
        if option in {"-platform", "--platform"}:
            chosen = value
    names = [entry.partition(":")[0] for entry in chosen.split(";") if entry]
    return [name.removesuffix("-egl") for name in names] or ["wayland", "xcb"]


def _is_reachable(platform: str, environ: Mapping[str, str]) -> bool:
    if platform == "wayland":
        return _is_wayland_reachable(environ)
    return bool(environ.get("DISPLAY")) and _is_x11_reachable(environ["DISPLAY"])


def _is_wayland_reachable(environ: Mapping[str, str]) -> bool:
    if environ.get("WAYLAND_SOCKET"):
        return True
    name = environ.get("WAYLAND_DISPLAY", "")
    folder = environ.get("XDG_RUNTIME_DIR", "")
    if not name or not (folder or name.startswith("/")):
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(Path(folder) / name))
        except OSError:
            return False
    return True


def _is_x11_reachable(display: str) -> bool:
    """Whether an X server answers and lets us in: asked of libxcb, just as Qt will ask."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        # The missing library is the better thing to tell the user, so let that check speak.
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(os.fsencode(display), None)
    is_reachable = bool(xcb.xcb_connection_has_error(connection) == 0)
    xcb.xcb_disconnect(connection)
    return is_reachable


def _can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _no_display_sentence(environ: Mapping[str, str]) -> str:
    named = [name for name in ("WAYLAND_DISPLAY", "DISPLAY") if environ.get(name)]
    found = f"The display named by {named[0]} cannot be reached" if named else "There is no display"
    return (
        f"{found}, so the window cannot open: start the program from a desktop session, or use "
        "`kdh classify` in this terminal."
    )


def _missing_sentence(packages: Sequence[str]) -> str:
    return (
        "The window needs system libraries that are not installed; on Debian or Ubuntu this "
        f"installs them: sudo apt install {' '.join(packages)}"
    )


def main() -> int:
    """Say what a platform lacks: a sentence for people, or the bare packages for scripts."""
    arguments = sys.argv[1:]
    platform = next((word for word in arguments if not word.startswith("-")), "offscreen")
    packages = missing_packages(platform) if sys.platform == "linux" else ()
    if "--packages" in arguments:
        sys.stdout.write(" ".join(packages) + "\n")
        return 0
    if packages:
        sys.stderr.write(_missing_sentence(packages) + "\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
