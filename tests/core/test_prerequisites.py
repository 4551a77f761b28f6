"""Before Qt is loaded, one sentence says what it would die of."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from kdh_desktop import __main__ as door
from kdh_desktop import prerequisites
from kdh_desktop.core.errors import KdhError
from kdh_desktop.prerequisites import check_window_can_open, missing_packages

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Qt aborts like this on Linux only")
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _every_library_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prerequisites, "_can_load", lambda _: True)


@pytest.mark.parametrize(
    ("environ", "argv"),
    [
        ({}, []),
        ({"DISPLAY": ""}, []),
        ({"DISPLAY": ":4093"}, []),
        ({"DISPLAY": "no display"}, []),
        ({"WAYLAND_DISPLAY": "wayland-0"}, []),
        ({"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": "/nonexistent"}, []),
        ({"QT_QPA_PLATFORM": "xcb"}, []),
        ({"QT_QPA_PLATFORM": "wayland;xcb"}, []),
        ({}, ["-platform", "xcb"]),
    ],
)
def test_without_a_display_one_sentence_names_the_way_out(
    environ: Mapping[str, str], argv: list[str]
) -> None:
    with pytest.raises(KdhError) as caught:
        check_window_can_open(environ, argv)
    sentence = str(caught.value)
    assert "display" in sentence
    assert "kdh classify" in sentence
    assert sentence.count(". ") == 0
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("environ", "argv"),
    [
        ({"QT_QPA_PLATFORM": "offscreen"}, []),
        ({"QT_QPA_PLATFORM": "minimal:enable_fonts"}, []),
        ({"QT_QPA_PLATFORM": "xcb;offscreen"}, []),
        ({}, ["-platform", "offscreen"]),
        ({"WAYLAND_SOCKET": "7"}, []),
    ],
)
def test_platforms_that_need_no_display_are_let_through(
    environ: Mapping[str, str], argv: list[str]
) -> None:
    check_window_can_open(environ, argv)


def test_wayland_display_that_answers_is_found(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-7"))
        server.listen()
        check_window_can_open(
            {"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": str(tmp_path)}, []
        )


def test_missing_libraries_are_named_as_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = {"libEGL.so.1", "libxcb-cursor.so.0"}
    monkeypatch.setattr(prerequisites, "_can_load", lambda library: library not in absent)
    assert missing_packages("offscreen") == ("libegl1",)
    assert missing_packages("xcb") == ("libegl1", "libxcb-cursor0")
    with pytest.raises(KdhError, match=r"sudo apt install libegl1$"):
        check_window_can_open({"QT_QPA_PLATFORM": "offscreen"}, [])


def test_one_complete_platform_of_two_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prerequisites, "_can_load", lambda x: "xcb-cursor" not in x)
    monkeypatch.setattr(prerequisites, "_is_reachable", lambda *_: True)
    check_window_can_open({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, [])


def test_libraries_really_missing_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(prerequisites, "_BASE_LIBRARIES", {"libnowhere.so.9": "libnowhere9"})
    assert missing_packages("offscreen") == ("libnowhere9",)


def test_a_start_without_a_terminal_goes_on_to_the_message_box(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from kdh_desktop.gui import app

    def is_silent(*_: object) -> None:
        raise KdhError("Its window does not answer.", "Wait.")

    shown: list[str] = []
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(door, "check_window_can_open", lambda *_: None)
    monkeypatch.setattr(door, "become_first", lambda _: None)
    monkeypatch.setattr(door, "hand_over", is_silent)
    monkeypatch.setattr(app, "show_failure", lambda error, _: shown.append(error.message))
    for stream in ("stdout", "stderr"):  # as where Windows starts a program with a window
        monkeypatch.setattr(sys, stream, None)
    assert door.main([]) == 2
    assert shown == ["Its window does not answer."]
    assert door.main(["--version"]) == 0


def test_scripts_get_the_bare_list_and_people_a_sentence() -> None:
    run = [sys.executable, "-m", "kdh_desktop.prerequisites"]
    bare = subprocess.run(
        [*run, "--packages", "xcb"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert all(name.startswith("lib") for name in bare.stdout.split())


@pytest.mark.skipif(shutil.which("objdump") is None, reason="needs binutils")
def test_every_library_that_qt_names_is_covered_by_the_list() -> None:
    """Packages of the list pull these in; whatever else Qt starts to need has to be added."""
    pulled_in = {
        *("libxcb-image", "libxcb-render", "libxcb-render-util", "libxcb-shm", "libxcb-util"),
        *("libxcb-xkb", "libxcb-glx", "libxcb", "libX11", "libfreetype", "libglib-2.0"),
        *("libwayland-client", "libzstd", "libz", "libstdc++", "libgcc_s"),
        *("libc", "libm", "libdl", "libpthread", "librt", "ld-linux-x86-64", "ld-linux-aarch64"),
    }
    listed = {
        name.partition(".so")[0]
        for platform in (prerequisites._BASE_LIBRARIES, *prerequisites._LIBRARIES.values())
        for name in platform
    }
    assert _named_by_qt() - listed - pulled_in == set()


def _named_by_qt() -> set[str]:
    import PySide6

    qt = Path(PySide6.__path__[0]) / "Qt"
    modules = "Core Gui Widgets PrintSupport XcbQpa OpenGL OpenGLWidgets Svg Test".split()
    files = [qt / "lib" / f"libQt6{name}.so.6" for name in modules]
    files += (qt / "plugins" / "platforms" / f"libq{x}.so" for x in ("xcb", "wayland", "offscreen"))
    needed: set[str] = set()
    for file in files:
        done = subprocess.run(
            ["objdump", "-p", str(file)], capture_output=True, text=True, check=True
        )
        names = (line.split()[1] for line in done.stdout.splitlines() if "NEEDED" in line)
        needed |= {name.partition(".so")[0] for name in names}
    return {name for name in needed if not name.startswith(("libQt6", "libicu"))}


def test_program_ends_with_the_sentence_and_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert door.main([]) == 2
    assert capsys.readouterr().err.startswith("kdh-desktop: There is no display")


@pytest.mark.parametrize("option", ["--help", "-h", "--version"])
def test_help_and_version_need_no_display(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert door.main([option]) == 0
    assert "kdh-desktop" in capsys.readouterr().out


def test_door_is_quick_because_it_loads_no_qt() -> None:
    environ = {x: y for x, y in os.environ.items() if "DISPLAY" not in x and "QT" not in x}
    program = (
        "import sys; from kdh_desktop.__main__ import main; sys.stdout.write(str(main([]))); "
        "print('', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=environ,
    )
    code, *loaded = done.stdout.split()
    assert code == "2"
    assert "kdh_desktop.prerequisites" in loaded
    assert not any(name.startswith(("PySide6", "onnxruntime")) for name in loaded)
