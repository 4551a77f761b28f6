"""Which files a drop names, judged without opening or asking for any of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl

from kdh_desktop.gui import incoming_files
from kdh_desktop.gui.incoming_files import expand_folders, files_of


def dropped(*urls: str) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl(url) for url in urls])
    return mime


def test_local_files_and_folders_are_given_in_order() -> None:
    given = files_of(dropped("file:///a/b%20c.nbib", "file:///a/folder"))
    assert given is not None
    assert given.paths == (Path("/a/b c.nbib"), Path("/a/folder"))
    assert not given.has_network_files


@pytest.mark.parametrize("url", ["file://host.example/share/a.ris", "file:////host.example/a.ris"])
def test_files_on_the_network_are_left_out_and_said_to_be(url: str) -> None:
    given = files_of(dropped(url, "file:///a.ris"))
    assert given is not None
    assert given.paths == (Path("/a.ris"),)
    assert given.has_network_files


def test_text_and_web_addresses_are_no_files() -> None:
    mime = dropped("https://host.example/a.ris")
    mime.setText("https://host.example/a.ris")
    assert files_of(mime) is None
    assert files_of(QMimeData()) is None


@pytest.mark.parametrize("url", ["file:", "file://", "file:a.ris", "file:///a%00b.ris"])
def test_addresses_that_lead_to_no_file_are_left_out(url: str) -> None:
    mime = QMimeData()
    mime.setData("text/uri-list", f"{url}\r\nfile:///a.ris\r\n".encode())
    given = files_of(mime)
    assert given is not None
    assert given.paths == (Path("/a.ris"),)


def test_folders_give_their_files_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.ris", "a.nbib", ".hidden", "~$a.xlsx", "sub/c.csv", ".git/d.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "sub" / "round").symlink_to(tmp_path, target_is_directory=True)
    found = expand_folders([tmp_path, tmp_path / "a.nbib"])
    assert found == (tmp_path / "a.nbib", tmp_path / "b.ris", tmp_path / "sub" / "c.csv")


def test_a_whole_disk_is_not_walked_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming_files, "MAX_FILES", 3)
    for number in range(9):
        (tmp_path / f"{number}.txt").touch()
    assert len(expand_folders([tmp_path])) == 4
