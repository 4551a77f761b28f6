"""A second start hands its files to the first and leaves: with real processes."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path
from queue import Queue

import pytest

from kdh_desktop.__main__ import split_arguments
from kdh_desktop.core.errors import KdhError
from kdh_desktop.first_instance import (
    DOOR_FILE,
    FirstInstance,
    Visit,
    become_first,
    hand_over,
)

ROOT = Path(__file__).parents[2]

FIRST = """
import sys
from pathlib import Path
from kdh_desktop.first_instance import become_first
first = become_first(Path(sys.argv[1]))
assert first is not None
first.listen(lambda visit: print("visit", *visit.files, flush=True))
print("listening", flush=True)
sys.stdin.readline()
first.close()
"""

SECOND = """
import os, sys
from pathlib import Path
from kdh_desktop.first_instance import Visit, become_first, hand_over
assert become_first(Path(sys.argv[1])) is None
hand_over(Path(sys.argv[1]), Visit.of([Path(name) for name in sys.argv[2:]], os.environ))
print("Qt:", any(name.startswith("PySide6") for name in sys.modules))
"""


@pytest.fixture
def first(tmp_path: Path) -> Iterator[FirstInstance]:
    instance = become_first(tmp_path)
    assert instance is not None
    yield instance
    instance.close()


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_second_process_hands_its_files_over_and_loads_no_qt(
    first: FirstInstance, tmp_path: Path
) -> None:
    visits: Queue[Visit] = Queue()
    first.listen(visits.put)
    with start(SECOND, tmp_path, "a b.nbib", "/abs/über.xlsx") as second:
        answer, _ = second.communicate(timeout=30)
    assert second.returncode == 0
    assert answer == "Qt: False\n"
    visit = visits.get(timeout=10)
    assert visit.files == (ROOT / "a b.nbib", Path("/abs/über.xlsx"))


def test_place_is_free_again_after_the_first_was_killed(tmp_path: Path) -> None:
    with start(FIRST, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        assert become_first(tmp_path) is None
        process.kill()
    instance = become_first(tmp_path)
    assert instance is not None
    visits: Queue[Visit] = Queue()
    instance.listen(visits.put)
    hand_over(tmp_path, Visit((), "token"))
    assert visits.get(timeout=10) == Visit((), "token")
    instance.close()


def test_second_start_waits_until_the_first_listens(first: FirstInstance, tmp_path: Path) -> None:
    visits: Queue[Visit] = Queue()
    (tmp_path / DOOR_FILE).write_text("{half a li", encoding="utf-8")
    caller = threading.Thread(target=hand_over, args=(tmp_path, Visit((tmp_path / "a",))))
    caller.start()
    first.listen(visits.put)
    assert visits.get(timeout=10).files == (tmp_path / "a",)
    caller.join(timeout=10)


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be stopped there")
def test_stopped_first_is_reported_and_not_waited_for_without_end(tmp_path: Path) -> None:
    with start(FIRST, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(KdhError, match="does not answer"):
            hand_over(tmp_path, Visit(()), patience_s=0.5)
        assert time.monotonic() - began < 5
        process.kill()


def test_stranger_without_the_key_is_turned_away_and_the_door_stays_open(
    first: FirstInstance, tmp_path: Path
) -> None:
    visits: Queue[Visit] = Queue()
    first.listen(visits.put)
    door = json.loads((tmp_path / DOOR_FILE).read_text("utf-8"))
    with pytest.raises((AuthenticationError, EOFError, OSError)):
        Client(door["address"], authkey=b"guessed")
    hand_over(tmp_path, Visit((tmp_path,)))
    assert visits.get(timeout=10).files == (tmp_path,)
    assert visits.empty()


@pytest.mark.parametrize(
    "words", [b"[]", b"no json", b'{"files": 1}', b"\xff\xfe", b'"' * 5_000_000]
)
def test_nonsense_from_who_has_the_key_is_survived(
    first: FirstInstance, tmp_path: Path, words: bytes
) -> None:
    visits: Queue[Visit] = Queue()
    first.listen(visits.put)
    door = json.loads((tmp_path / DOOR_FILE).read_text("utf-8"))
    key = bytes.fromhex(door["key"])
    # It hangs up on a message that is too long.
    with Client(door["address"], authkey=key) as connection, suppress(OSError):
        connection.send_bytes(words)
    hand_over(tmp_path, Visit((tmp_path,)))
    assert visits.get(timeout=10).files == (tmp_path,)
    assert visits.empty()


@pytest.mark.skipif(sys.platform == "win32", reason="rights are others there")
def test_door_and_its_key_are_for_this_user_alone(first: FirstInstance, tmp_path: Path) -> None:
    first.listen(lambda _visit: None)
    assert stat.S_IMODE((tmp_path / DOOR_FILE).stat().st_mode) == 0o600
    address = Path(json.loads((tmp_path / DOOR_FILE).read_text("utf-8"))["address"])
    assert stat.S_IMODE(address.parent.stat().st_mode) == 0o700
    first.close()
    assert not (tmp_path / DOOR_FILE).exists()
    assert not address.parent.exists()


def test_token_of_the_desktop_travels_with_the_visit() -> None:
    assert Visit.of([], {"XDG_ACTIVATION_TOKEN": "", "DESKTOP_STARTUP_ID": "id"}) == Visit((), "id")


@pytest.mark.parametrize(
    ("arguments", "files", "options"),
    [
        (["a.ris", "b.xlsx"], ["a.ris", "b.xlsx"], []),
        (["-platform", "offscreen", "a"], ["a"], ["-platform", "offscreen"]),
        (["--style=fusion", "a"], ["a"], ["--style=fusion"]),
        (["--", "-odd name", "--help"], ["-odd name", "--help"], []),
        (["-style"], [], ["-style"]),
    ],
)
def test_files_are_told_from_options_of_qt(
    arguments: list[str], files: list[str], options: list[str]
) -> None:
    assert split_arguments(arguments) == ([Path(name) for name in files], options)


def test_folder_that_cannot_be_made_is_an_error_for_the_caller(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OSError):  # noqa: PT011  # whichever the system gives
        become_first(tmp_path / "file" / "data")
