"""Commands on files that must not break them: they are taken, or refused in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kdh_desktop import cli
from kdh_desktop.core.paths import AppPaths
from tests.data.nasty_bulk import NASTY_FILES
from tests.data.tiny_installation import make_tiny_installation


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> AppPaths:
    return make_tiny_installation(tmp_path_factory.mktemp("installation"))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", NASTY_FILES)
def test_nasty_file_is_labelled_or_refused_in_a_sentence(
    name: str, paths: AppPaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = NASTY_FILES[name]
    source, out = tmp_path / case.name, tmp_path / "out.jsonl"
    case.make(source)
    code = cli.main(["bulk", str(source), "-o", str(out), *case.options], paths)
    said = capsys.readouterr()
    assert said.out == ""
    assert case.words in said.err
    if case.rows is None:
        assert code == 2
        assert not out.exists(), "nothing is written in part"
        last = said.err.splitlines()[-1]
        assert last.startswith("kdh: ")
        assert last.count(".") >= 2, "what happened, and what to do"
    else:
        assert code == 0, said.err
        rows = [json.loads(line) for line in out.read_bytes().splitlines()]
        assert len(rows) == case.rows
        assert all("labels" in row for row in rows)
    assert "Traceback" not in said.err
    assert not list((paths.data / "bulk").glob("*"))
    assert {path.name for path in tmp_path.iterdir()} <= {case.name, "out.jsonl"}


@pytest.mark.stress
@pytest.mark.parametrize("name", NASTY_FILES)
@pytest.mark.parametrize("door", [("classify",), ("records", "import")], ids=" ".join)
def test_other_doors_take_it_or_refuse_it_in_a_sentence(
    door: tuple[str, ...],
    name: str,
    paths: AppPaths,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    case = NASTY_FILES[name]
    source = tmp_path / case.name
    case.make(source)
    options = case.options if door == ("records", "import") else ()
    code = cli.main([*door, str(source), *options], paths)
    said = capsys.readouterr()
    assert code in {0, 2}
    assert "Traceback" not in said.err
    if code == 2:
        last = said.err.splitlines()[-1]
        assert last.startswith("kdh: ")
        assert last.count(".") >= 2, "what happened, and what to do"
    assert {path.name for path in tmp_path.iterdir()} == {case.name}
