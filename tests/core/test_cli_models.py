"""`kdh models` and `kdh audit`, on an installation of its own for each test."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kdh_desktop import cli
from kdh_desktop.core.access import Access, Cost
from kdh_desktop.core.classification.signing import fingerprint, write_public_key
from kdh_desktop.core.paths import AppPaths
from tests.data.tiny_bundle import make_tiny_bundle, tiny_key
from tests.data.tiny_installation import make_tiny_installation

PASSWORD = "a long password"
Kdh = Callable[..., tuple[int, str, str]]


@pytest.fixture
def paths(tmp_path: Path) -> AppPaths:
    return make_tiny_installation(tmp_path / "installation", bundle_id="shipped")


@pytest.fixture
def kdh(
    paths: AppPaths, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Kdh:
    """Runs a command; `password` is what standard input gives."""

    def run(*argv: str, password: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        code = cli.main(argv, paths)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
def newer(tmp_path: Path) -> str:
    return str(make_tiny_bundle(tmp_path / "source", bundle_id="newer")[0])


@pytest.fixture
def door(paths: AppPaths) -> None:
    cheap = Cost(iterations=1, lanes=1, memory_kib=64)
    Access(paths.access, paths.site_keys, cost=cheap).set_up(PASSWORD)


def in_force(kdh: Kdh) -> str:
    _, listed, _ = kdh("models", "list", "--json")
    (active,) = [line["id"] for line in map(json.loads, listed.splitlines()) if line["active"]]
    return str(active)


def test_a_model_is_installed_put_in_force_used_and_taken_back(
    kdh: Kdh, newer: str, door: None
) -> None:
    assert kdh("models", "install", newer)[0] == 0
    assert in_force(kdh) == "shipped"
    assert kdh("models", "activate", "newer", password=PASSWORD)[0] == 0
    assert in_force(kdh) == "newer"
    assert json.loads(kdh("classify", "apoptosis of cells", "--json")[1])["model"] == "newer"
    assert kdh("models", "rollback", password=PASSWORD)[0] == 0
    assert in_force(kdh) == "shipped"
    code, told, _ = kdh("audit", "verify")
    assert code == 0
    assert "5 entries" in told


def test_nothing_is_put_in_force_without_the_password(kdh: Kdh, newer: str, door: None) -> None:
    kdh("models", "install", newer)
    code, _, told = kdh("models", "activate", "newer", password="not this one")
    assert code == 4
    assert "not this one" not in told
    assert in_force(kdh) == "shipped"


def test_without_a_password_nobody_is_an_administrator(kdh: Kdh, newer: str) -> None:
    kdh("models", "install", newer)
    code, _, told = kdh("models", "activate", "newer", password=PASSWORD)
    assert code == 4
    assert "No administrator's password is set." in told


def test_a_model_in_force_that_breaks_is_replaced_and_said_to_be(
    kdh: Kdh, newer: str, door: None, paths: AppPaths
) -> None:
    kdh("models", "install", newer)
    kdh("models", "activate", "newer", password=PASSWORD)
    (paths.models / "newer" / "MODEL_CARD.md").unlink()
    code, told, warned = kdh("classify", "apoptosis of cells", "--json")
    assert code == 0
    assert json.loads(told)["model"] == "shipped"
    assert "cannot be used" in warned
    assert "cannot be used" in kdh("models", "list")[1]


def test_a_changed_audit_log_is_named(kdh: Kdh, newer: str, paths: AppPaths) -> None:
    kdh("models", "install", newer)
    log = paths.audit / "audit.jsonl"
    log.write_text(log.read_text().replace("newer", "older"))
    code, _, told = kdh("audit", "verify")
    assert code == 4
    assert "Entry 1" in told


def test_the_audit_log_is_listed(kdh: Kdh, newer: str, door: None) -> None:
    kdh("models", "install", newer)
    kdh("models", "activate", "newer", password="not this one")
    kdh("models", "activate", "newer", password=PASSWORD)
    _, listed, _ = kdh("audit", "show", "--json")
    entries = [json.loads(line) for line in listed.splitlines()]
    assert [entry["action"] for entry in entries] == [
        *("model_installed", "unlock_failed", "unlocked", "activated"),
    ]
    assert entries[1]["details"]["tries_left"] == "4"
    assert entries[1]["details"]["place"] == "command"
    assert "not this one" not in listed
    code, told, _ = kdh("audit", "show", "--last", "1")
    assert code == 0
    assert told.count("\n") == 1
    assert "activated  model=newer" in told
    assert kdh("audit", "show", "--last", "0")[0] == 2


def test_a_head_on_a_report_shows_what_is_missing(kdh: Kdh, newer: str, paths: AppPaths) -> None:
    kdh("models", "install", newer)
    head = kdh("audit", "verify")[1].split()[-1]
    code, told, _ = kdh("audit", "verify", "--head", head)
    assert code == 0
    assert "of entry 1" in told
    (paths.audit / "audit.jsonl").unlink()
    code, _, told = kdh("audit", "verify", "--head", head)
    assert code == 4
    assert "missing" in told


@pytest.mark.parametrize(
    "argv",
    [["models", "install", "no-such-file"], ["models", "rollback"], ["audit"]],
)
def test_what_cannot_be_done_ends_with_one_line(kdh: Kdh, argv: list[str], door: None) -> None:
    code, out, told = kdh(*argv, password=PASSWORD)
    assert code in {2, 4}
    assert out == ""
    assert told.startswith("kdh: ")
    assert told.count("\n") == 1


def test_a_model_goes_out_comes_back_and_its_history_is_told(
    kdh: Kdh, newer: str, door: None, tmp_path: Path
) -> None:
    kdh("models", "install", newer)
    target = tmp_path / "newer.kdhmodel"
    assert kdh("models", "export", "newer", str(target))[0] == 2, "the password is needed"
    assert not target.exists()
    assert kdh("models", "export", "newer", str(target), password=PASSWORD)[0] == 0
    assert kdh("models", "remove", "newer", password=PASSWORD)[0] == 0
    assert kdh("models", "history")[1].startswith("No model was put in force yet")
    assert kdh("models", "install", str(target))[0] == 0
    assert kdh("models", "remove", "shipped", password=PASSWORD)[0] == 4
    reason = ("--reason", "checked by our pathologists")
    assert kdh("models", "activate", "newer", *reason, password=PASSWORD)[0] == 0
    (entry,) = map(json.loads, kdh("models", "history", "--json")[1].splitlines())
    assert (entry["model"], entry["previous"]) == ("newer", "shipped")
    assert entry["reason"] == "checked by our pathologists"
    assert "checked by our pathologists" in kdh("models", "history")[1]
    assert kdh("models", "remove", "newer", password=PASSWORD)[0] == 4, "it is in force"
    assert kdh("audit", "verify")[0] == 0


def test_a_reason_must_say_why(kdh: Kdh, newer: str, door: None) -> None:
    kdh("models", "install", newer)
    code, _, told = kdh("models", "activate", "newer", "--reason", "so", password=PASSWORD)
    assert code == 2
    assert "fewer than 10 characters" in told
    assert in_force(kdh) == "shipped"


def test_a_file_that_cannot_be_written_leaves_nothing(kdh: Kdh, door: None, tmp_path: Path) -> None:
    target = tmp_path / "no such folder" / "x.kdhmodel"
    code, _, told = kdh("models", "export", "shipped", str(target), password=PASSWORD)
    assert code == 2
    assert "cannot be written" in told


@pytest.fixture
def theirs(tmp_path: Path) -> tuple[str, str, str]:
    """A model of another site, the file of its key, and the key's fingerprint."""
    folder, key = make_tiny_bundle(tmp_path / "theirs", seed=4, bundle_id="theirs", key=tiny_key(4))
    write_public_key(tmp_path / "theirs.pub", key)
    return str(folder), str(tmp_path / "theirs.pub"), fingerprint(key)


def test_another_site_is_trusted_by_the_fingerprint_that_it_told(
    kdh: Kdh, door: None, theirs: tuple[str, str, str]
) -> None:
    folder, key, digits = theirs
    assert kdh("models", "install", folder)[0] == 4
    code, told, _ = kdh("models", "trust", key)
    assert code == 0
    assert digits in told
    assert "Nothing is changed yet." in told
    assert kdh("models", "install", folder)[0] == 4
    # As somebody writes down what is read to them.
    heard = digits.replace(" ", "").upper()
    assert kdh("models", "trust", key, "--fingerprint", heard, password=PASSWORD)[0] == 0
    assert kdh("models", "install", folder)[0] == 0
    (other,) = [one for one in trusted(kdh) if one["added"]]
    assert other["fingerprint"] == digits
    assert f"{digits}  another site" in kdh("models", "publishers")[1]
    assert kdh("models", "distrust", digits[:19], password=PASSWORD)[0] == 0
    assert [one for one in trusted(kdh) if one["added"]] == []
    assert "cannot be used" in kdh("models", "list")[1]


def test_a_key_that_was_exchanged_on_its_way_is_refused(
    kdh: Kdh, door: None, theirs: tuple[str, str, str]
) -> None:
    _, key, digits = theirs
    other = digits[:-1] + ("0" if digits[-1] != "0" else "1")
    for heard in (other, digits[:19], ""):
        code, _, told = kdh("models", "trust", key, "--fingerprint", heard, password=PASSWORD)
        assert code == 2
        assert "Do not trust it" in told
    assert kdh("models", "trust", key, "--fingerprint", digits, password="not this")[0] == 4
    assert not [one for one in trusted(kdh) if one["added"]]


def test_a_key_that_was_copied_by_hand_is_another_site_s(
    kdh: Kdh, door: None, paths: AppPaths, theirs: tuple[str, str, str]
) -> None:
    (program,) = paths.publisher_keys.glob("*.pub")
    shutil.copy(theirs[1], paths.site_keys / "theirs.pub")
    shutil.copy(program, paths.site_keys / "again.pub")
    assert f"{theirs[2]}  another site" in kdh("models", "publishers")[1]
    digits = [one["fingerprint"] for one in trusted(kdh) if one["added"]]
    assert len(digits) == 2
    for one in digits:
        assert kdh("models", "distrust", one, password=PASSWORD)[0] == 0
    assert not [one for one in trusted(kdh) if one["added"]]


def test_only_keys_that_were_added_can_be_taken_away(kdh: Kdh, door: None) -> None:
    own = trusted(kdh)
    for one in own:
        code, _, told = kdh("models", "distrust", one["fingerprint"], password=PASSWORD)
        assert code == 2
        assert "This key is needed." in told
    for digits in ("", own[0]["fingerprint"][:9], "f" * 64):
        code, _, told = kdh("models", "distrust", digits, password=PASSWORD)
        assert code == 2
        assert "kdh models publishers" in told
    assert trusted(kdh) == own


def trusted(kdh: Kdh) -> list[dict[str, Any]]:
    return [json.loads(line) for line in kdh("models", "publishers", "--json")[1].splitlines()]
