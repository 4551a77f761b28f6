from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.errors import KdhError, VerificationError


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    log = AuditLog(tmp_path / "audit")
    for number in range(5):
        log.write(AuditAction.EXPORTED, records=number, sha256="ab" * 32)
    return log


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "audit" / "audit.jsonl"


def test_entries_come_back_as_they_were_written(log: AuditLog) -> None:
    entries = list(log.entries())
    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[2].details == (("records", "2"), ("sha256", "ab" * 32))
    assert log.verify().first_bad is None
    assert log.verify().head == entries[-1].hash


def test_an_empty_log_is_sound(tmp_path: Path) -> None:
    report = AuditLog(tmp_path).verify()
    assert (report.entries, report.first_bad) == (0, None)


def test_the_chain_goes_on_after_a_restart(log: AuditLog, tmp_path: Path) -> None:
    AuditLog(tmp_path / "audit").write(AuditAction.UNLOCKED)
    assert log.verify().entries == 6
    assert log.verify().first_bad is None


def _changed(lines: list[str]) -> None:
    lines[2] = lines[2].replace('"2"', '"9"')


def _dropped(lines: list[str]) -> None:
    del lines[2]


def _swapped(lines: list[str]) -> None:
    lines[2], lines[3] = lines[3], lines[2]


def _put_in(lines: list[str]) -> None:
    lines.insert(2, lines[2])


def _spoilt(lines: list[str]) -> None:
    lines[2] = "\x00\n"


@pytest.mark.parametrize("tamper", [_changed, _dropped, _swapped, _put_in, _spoilt])
def test_the_first_bad_entry_is_named(
    log: AuditLog, file: Path, tamper: Callable[[list[str]], None]
) -> None:
    lines = file.read_text().splitlines(keepends=True)
    tamper(lines)
    file.write_text("".join(lines))
    bad = 4 if tamper is _put_in else 3
    assert log.verify().first_bad == bad


def test_entries_missing_at_the_end_show_in_the_head(log: AuditLog, file: Path) -> None:
    head = log.verify().head
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
    assert log.verify().head != head


def test_a_line_that_was_cut_by_a_kill_is_written_over(log: AuditLog, file: Path) -> None:
    whole = file.read_text()
    file.write_text(whole + '{"number": 6, "utc"')
    log.write(AuditAction.UNLOCKED)
    assert file.read_text().startswith(whole)
    assert log.verify().entries == 6
    assert log.verify().first_bad is None


def test_a_line_that_was_cut_by_a_full_disk_is_no_sign_of_tampering(
    log: AuditLog, file: Path
) -> None:
    head = log.verify().head
    file.write_text(file.read_text() + '{"number": 6, "utc"')
    report = log.verify()
    assert (report.entries, report.head, report.first_bad) == (5, head, None)


def test_a_damaged_end_is_not_built_upon(log: AuditLog, file: Path) -> None:
    file.write_text(file.read_text() + "{}\n")
    with pytest.raises(VerificationError):
        log.write(AuditAction.UNLOCKED)


def test_a_log_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("a file where the folder should be")
    with pytest.raises(KdhError, match="cannot be written"):
        AuditLog(tmp_path / "audit").write(AuditAction.UNLOCKED)


def test_a_noted_head_is_found_again(log: AuditLog) -> None:
    heads = [entry.hash for entry in log.entries()]
    assert [log.holds(head) for head in heads] == [1, 2, 3, 4, 5]
    assert log.holds(f" {heads[2][:20].upper()} ") == 3
    assert log.holds("0" * 64) == 0


@pytest.mark.parametrize("noted", ["", "ab", "f" * 64, "no hash at all"])
def test_a_head_of_another_log_is_not_found(log: AuditLog, noted: str) -> None:
    assert log.holds(noted) is None


@pytest.mark.parametrize("tamper", [_changed, _dropped, _spoilt])
def test_a_noted_head_behind_a_bad_entry_is_not_found(
    log: AuditLog, file: Path, tamper: Callable[[list[str]], None]
) -> None:
    head = log.verify().head
    lines = file.read_text().splitlines(keepends=True)
    tamper(lines)
    file.write_text("".join(lines))
    assert log.holds(head) is None


def test_a_noted_head_shows_that_the_end_was_cut_off(log: AuditLog, file: Path) -> None:
    head = log.verify().head
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
    assert log.holds(head) is None


def test_a_long_detail_does_not_hide_the_end_of_the_log(log: AuditLog) -> None:
    log.write(AuditAction.GATE_OVERRULED, reason="because " * 100_000)
    log.write(AuditAction.UNLOCKED)
    assert log.verify().first_bad is None


def test_a_log_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "audit" / "audit.jsonl").mkdir(parents=True)
    with pytest.raises(KdhError, match="cannot be read"):
        AuditLog(tmp_path / "audit").verify()
