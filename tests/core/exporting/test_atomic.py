"""A file's place holds the old one or the new one, whole, whatever happens on the way."""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path

import pytest

from kdh_desktop.core.errors import Cancelled, ExportError
from kdh_desktop.core.exporting.atomic import staged, write_atomically
from tests.data.nasty_exports import disk_full_at


def test_new_file_takes_the_place_of_the_old_one_and_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_bytes(b"old")
    target.chmod(0o640)
    write_atomically(target, b"new")
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [target]


def test_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_bytes(b"old")
    with disk_full_at(100_000), pytest.raises(ExportError, match="disk is full"):
        write_atomically(target, bytes(101_000))
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_disk_that_fails_at_the_last_moment_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    target = tmp_path / "out.csv"
    target.write_bytes(b"old")

    def fail(_file: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ExportError):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_file_open_elsewhere_is_said_to_be_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.csv"
    target.write_bytes(b"old")

    def refuse(_self: Path, _target: Path) -> None:
        raise PermissionError(errno.EACCES, "used by another process")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ExportError, match="open in another program"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_read_only_folder_is_said_to_be_so(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o500)
    # Root may write anywhere but here.
    folder = Path("/sys/kernel") if os.geteuid() == 0 else shut
    with pytest.raises(ExportError, match="nothing may be written"):
        write_atomically(folder / "out.csv", b"new")


def test_places_that_are_no_file_are_refused_before_work(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "fifo.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    for name in ("folder.csv", "fifo.csv", "loop.csv", "missing/out.csv", "x" * 300):
        with pytest.raises(ExportError):
            write_atomically(tmp_path / name, b"new")
    assert (tmp_path / "folder.csv").is_dir()
    assert len(list(tmp_path.iterdir())) == 3


def test_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.csv"
    link.symlink_to("real/out.csv")
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "real" / "out.csv").read_bytes() == b"new"


def test_stop_leaves_nothing_behind(tmp_path: Path) -> None:
    def write_half() -> None:
        with staged(tmp_path / "out.csv") as path:
            path.write_bytes(b"half")
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_file_that_fails_its_check_is_not_put_in_place(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_bytes(b"old")
    with pytest.raises(ExportError, match="read back"), staged(target, check=_is_never_sound) as at:
        at.write_bytes(b"new")
    assert target.read_bytes() == b"old"


def test_what_a_killed_export_left_is_taken_away_a_day_later(tmp_path: Path) -> None:
    old, young = tmp_path / ".kdh-old.part", tmp_path / ".kdh-young.part"
    for folder in (old, young):
        folder.mkdir()
        (folder / "half").write_bytes(b"half")
    yesterday = time.time() - 25 * 3600
    os.utime(old, (yesterday, yesterday))
    write_atomically(tmp_path / "out.csv", b"new")
    assert not old.exists()
    assert young.exists()


def _is_never_sound(_path: Path) -> bool:
    return False
