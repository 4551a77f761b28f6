"""Whatever a child process does to a file, this process goes on and says what happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kdh_desktop.core.errors import Cancelled, InputError
from kdh_desktop.core.importing.sandbox import Limits, run_in_child, stream_from_child

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="limits on memory need Linux")
SOON = Limits(seconds=1.0)


def count(argument: Any) -> Iterator[Any]:
    for number in range(argument):
        yield {"number": number, "letters": "é\n\u2028"}


def refuse(argument: Any) -> Iterator[Any]:
    yield 1
    raise InputError(f"There is no {argument}.", "Look again.")


def break_off(argument: Any) -> Iterator[Any]:
    yield 1
    raise RuntimeError(argument)


def kill_itself(argument: Any) -> Iterator[Any]:
    yield 1
    os.kill(os.getpid(), argument)
    yield 2


def leave_without_a_word(argument: Any) -> Iterator[Any]:
    yield 1
    sys.stdout.flush()
    os._exit(argument)


def sleep_on(argument: Any) -> Iterator[Any]:
    yield 1
    time.sleep(argument)


def give_now_and_then(argument: Any) -> Iterator[Any]:
    for number in range(argument):
        time.sleep(0.6)
        yield number


def work_on_after_a_word(argument: Any) -> Iterator[Any]:
    yield os.getpid()
    time.sleep(1)
    yield argument
    yield from work_on(1)


def stop_itself(argument: Any) -> Iterator[Any]:
    os.kill(os.getpid(), signal.SIGSTOP)
    yield argument


def work_on(argument: Any) -> Iterator[Any]:
    while argument:
        argument = -argument
    yield argument


def eat_memory(argument: Any) -> Iterator[Any]:
    yield len(bytearray(argument))


def own_process(argument: Any) -> Iterator[Any]:
    while True:
        yield os.getpid()


def flood(argument: Any) -> Iterator[Any]:
    while True:
        yield argument


def print_noise(argument: Any) -> Iterator[Any]:
    print("+[]")
    os.write(1, b"!nonsense\n")
    yield argument


def write_a_file(argument: Any) -> Iterator[Any]:
    with open(argument, "w") as file:  # noqa: PTH123
        file.write("x")
    yield 1


def give_what_is_no_json(argument: Any) -> Iterator[Any]:
    yield argument * float("nan")


def test_values_come_back_in_order() -> None:
    found = run_in_child(count, 3)
    assert found == [{"number": number, "letters": "é\n\u2028"} for number in range(3)]
    assert run_in_child(count, 0) == []


@pytest.mark.skipif(sys.platform != "linux", reason="pipes have a size of their own on Linux")
def test_a_system_that_keeps_pipes_short_is_no_hindrance(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    popen = subprocess.Popen

    def start(*args: Any, pipesize: int, **options: Any) -> Any:
        asked.append(pipesize)
        if pipesize > 0:
            raise PermissionError
        return popen(*args, **options)

    monkeypatch.setattr(subprocess, "Popen", start)
    assert [one["number"] for one in stream_from_child(count, 3)] == [0, 1, 2]
    assert len(asked) == 2


def test_values_are_there_while_the_child_goes_on() -> None:
    values = stream_from_child(flood, "x" * 1000)
    assert [next(values) for _ in range(200)] == ["x" * 1000] * 200
    values.close()


def test_closing_the_stream_ends_the_child() -> None:
    values = stream_from_child(own_process, None)
    child = next(values)
    start = time.monotonic()
    values.close()
    assert time.monotonic() - start < 0.9, "it is not waited for"
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_what_came_before_a_failure_is_given() -> None:
    values = stream_from_child(refuse, "sheet")
    assert next(values) == 1
    with pytest.raises(InputError, match="no sheet"):
        next(values)


def test_time_that_the_taker_needs_does_not_count() -> None:
    values = stream_from_child(count, 3, limits=Limits(seconds=1.0, pause_s=1.0))
    found = [next(values)]
    threading.Event().wait(1.2)
    assert [*found, *values] == run_in_child(count, 3)


def test_a_child_that_gives_nothing_for_long_is_ended() -> None:
    start = time.monotonic()
    with pytest.raises(InputError, match="takes too long"):
        run_in_child(sleep_on, 600, limits=Limits(pause_s=1.0))
    assert time.monotonic() - start < 4


def test_short_values_that_come_slowly_are_no_silence() -> None:
    assert run_in_child(give_now_and_then, 6, limits=Limits(pause_s=2.5)) == list(range(6))


def test_ctrl_c_that_ends_the_child_first_is_no_damage() -> None:
    here = threading.current_thread()
    with pytest.raises(Cancelled):
        # The child is gone before the watch, which has a thread of its own, hears of it.
        run_in_child(
            kill_itself,
            int(signal.SIGINT),
            should_stop=lambda: threading.current_thread() is here,
        )


@on_linux
def test_a_child_does_not_outlive_the_process_that_asked() -> None:
    words = (
        "from kdh_desktop.core.importing.sandbox import stream_from_child\n"
        "from tests.core.test_sandbox import work_on_after_a_word\n"
        "for value in stream_from_child(work_on_after_a_word, 1): print(value, flush=True)\n"
    )
    command = [sys.executable, "-c", words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None
        child = int(asking.stdout.readline())
        asking.kill()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    is_gone = not Path(f"/proc/{child}").exists()
    if not is_gone:
        os.kill(child, signal.SIGKILL)
    assert is_gone


def test_an_expected_failure_keeps_its_words() -> None:
    with pytest.raises(InputError) as caught:
        run_in_child(refuse, "sheet")
    assert (caught.value.message, caught.value.remedy) == ("There is no sheet.", "Look again.")


@pytest.mark.parametrize(
    ("parser", "argument"),
    [
        (break_off, "words"),
        (kill_itself, 9),
        (kill_itself, 11),
        (leave_without_a_word, 0),
        (leave_without_a_word, 3),
        (give_what_is_no_json, 1),
    ],
)
def test_a_child_that_breaks_is_told_as_a_broken_file(parser: Any, argument: Any) -> None:
    with pytest.raises(InputError, match="breaks the reader"):
        run_in_child(parser, argument)


@pytest.mark.parametrize(("parser", "argument"), [(sleep_on, 600), (stop_itself, 1), (work_on, 1)])
def test_a_child_that_goes_on_is_ended_in_time(parser: Any, argument: Any) -> None:
    start = time.monotonic()
    with pytest.raises(InputError, match="takes too long"):
        run_in_child(parser, argument, limits=SOON)
    assert time.monotonic() - start < 4


@on_linux
def test_a_child_that_wants_too_much_memory_is_told() -> None:
    with pytest.raises(InputError, match="too much memory"):
        run_in_child(eat_memory, 1_000_000_000, limits=Limits(memory_bytes=500_000_000))
    assert run_in_child(eat_memory, 1_000) == [1_000]


def test_an_answer_without_end_is_cut() -> None:
    with pytest.raises(InputError, match="more than can be read"):
        run_in_child(flood, "x" * 1000, limits=Limits(answer_bytes=1_000_000))


def test_what_a_library_prints_is_no_answer() -> None:
    assert run_in_child(print_noise, 7) == [7]


@on_linux
def test_a_child_writes_no_file(tmp_path: Any) -> None:
    with pytest.raises(InputError, match="breaks the reader"):
        run_in_child(write_a_file, str(tmp_path / "x"))
    assert not any(path.stat().st_size for path in tmp_path.iterdir())


def test_a_user_who_no_longer_waits_stops_the_child() -> None:
    start = time.monotonic()
    with pytest.raises(Cancelled):
        run_in_child(sleep_on, 600, should_stop=lambda: time.monotonic() > start + 0.3)
    assert time.monotonic() - start < 3


def test_no_name_of_a_file_is_in_the_argument_list() -> None:
    assert run_in_child(own_command_line, "secret.xlsx") == [False]


def own_command_line(argument: Any) -> Iterator[Any]:
    yield any(argument in part for part in [*sys.argv, *sys.orig_argv])
