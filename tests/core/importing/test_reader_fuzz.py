"""Whatever happens to the bytes of an export, no reader crashes, and its rows add up.

The damage is random and the same in every run.
"""

from __future__ import annotations

import gzip
import random
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.file_format import recognise
from kdh_desktop.core.importing.imported import FileFormat, Reading
from tests.core.importing.readings import parse, records_in, write
from tests.data.nasty_references import FILES, title_of

Damage = Callable[[bytearray, random.Random], None]

ROUNDS = 20


def cut(content: bytearray, dice: random.Random) -> None:
    del content[dice.randrange(len(content)) :]


def lose_a_beginning(content: bytearray, dice: random.Random) -> None:
    del content[: dice.randrange(len(content))]


def lose_a_piece(content: bytearray, dice: random.Random) -> None:
    start = dice.randrange(len(content))
    del content[start : start + dice.randrange(2_000)]


def repeat_a_piece(content: bytearray, dice: random.Random) -> None:
    start, at = dice.randrange(len(content)), dice.randrange(len(content))
    content[at:at] = content[start : start + dice.randrange(2_000)]


def flip_bytes(content: bytearray, dice: random.Random) -> None:
    for _ in range(dice.randrange(1, 40)):
        content[dice.randrange(len(content))] = dice.randrange(256)


def flip_bits(content: bytearray, dice: random.Random) -> None:
    for _ in range(dice.randrange(1, 40)):
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)


def mix_line_ends(content: bytearray, dice: random.Random) -> None:
    lines = bytes(content).split(b"\n")
    ends = dice.choices((b"\n", b"\r", b"\r\n", b"\n\n", b" "), (20, 5, 5, 1, 1), k=len(lines))
    content[:] = b"".join(line + end for line, end in zip(lines, ends, strict=True))


DAMAGES: tuple[Damage, ...] = (
    cut,
    lose_a_beginning,
    lose_a_piece,
    repeat_a_piece,
    flip_bytes,
    flip_bits,
    mix_line_ends,
)


RUNS = (
    *(
        " ",
        "\t",
        ")",
        ".",
        "10.1111",
        "10.5555/",
        "%41",
        "pubmed ",
        "x: ",
        "Ab ",
        '"',
        "{",
        "[",
        "-",
    ),
    *("\n", "\n ", "\n      ", "\nTY  - ", "\nAB  - x", "\nER  - \n", "\nPMID- 1\n", "\nPT J\n"),
    *("<", "<i>", "<i>x</i>", "&lt;", "<PubmedArticle>", "</PubmedArticle>", "\u0301", "\x0b"),
)
"""What patterns could stumble over, when there is very much of it."""


def read(path: Path, file_format: FileFormat) -> list[Reading]:
    """What the parser gives; nothing where it refuses the file as a whole."""
    try:
        return parse(path, file_format)
    except InputError as error:
        assert_says_what_to_do(error)
        return []


def assert_says_what_to_do(error: InputError) -> None:
    assert error.message.endswith(".")
    assert error.remedy.endswith(".")


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("file_format", FILES)
def test_no_damage_breaks_a_reader(tmp_path: Path, file_format: FileFormat, damage: Damage) -> None:
    dice = random.Random(f"{file_format} {damage.__name__}")
    for _ in range(ROUNDS):
        content = bytearray(FILES[file_format].encode())
        damage(content, dice)
        path = write(tmp_path, bytes(content))
        read(path, file_format)
        try:
            recognise(path)
        except InputError as error:
            assert_says_what_to_do(error)


@pytest.mark.parametrize("file_format", FILES)
def test_a_few_flipped_bytes_cost_a_few_records(tmp_path: Path, file_format: FileFormat) -> None:
    dice = random.Random(f"{file_format}")
    titles = {title_of(number) for number in range(1, 31)}
    for _ in range(ROUNDS):
        content = bytearray(FILES[file_format].encode())
        for _ in range(3):
            content[dice.randrange(len(content))] = dice.randrange(256)
        rows = read(write(tmp_path, bytes(content)), file_format)
        assert len(titles & {record.title for record in records_in(rows)}) >= 30 - 6


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("file_format", [FileFormat.RIS, FileFormat.PUBMED_MEDLINE])
def test_damage_to_wide_letters(tmp_path: Path, file_format: FileFormat, encoding: str) -> None:
    dice = random.Random(encoding)
    for damage in DAMAGES[:-1]:
        for _ in range(10):
            content = bytearray(FILES[file_format].encode(encoding))
            damage(content, dice)
            read(write(tmp_path, bytes(content)), file_format)


def test_damage_to_a_packed_file(tmp_path: Path) -> None:
    dice = random.Random(0)
    packed = gzip.compress(FILES[FileFormat.PUBMED_XML].encode() * 5)
    for damage in DAMAGES[:-1]:
        for _ in range(10):
            content = bytearray(packed)
            damage(content, dice)
            read(write(tmp_path, bytes(content)), FileFormat.PUBMED_XML)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("file_format", FILES)
def test_long_runs_of_anything_are_read_in_time(
    tmp_path: Path, file_format: FileFormat, run: str
) -> None:
    text = FILES[file_format].replace(title_of(2), run * (200_000 // len(run)))
    path = write(tmp_path, text)
    start = time.monotonic()
    rows = read(path, file_format)
    with suppress(InputError):
        recognise(path)
    assert time.monotonic() - start < 10, "a hundredth of that is usual"
    assert len(records_in(rows)) >= 20


@pytest.mark.parametrize("file_format", FILES)
def test_a_text_of_ten_megabytes_comes_in_whole(tmp_path: Path, file_format: FileFormat) -> None:
    words = "word " * 2_000_000
    if file_format is not FileFormat.JSON_LINES:
        words = words.replace("word word word word ", "word word word\n      word ")
    path = write(tmp_path, FILES[file_format].replace("Half of them", words, 1))
    rows = read(path, file_format)
    assert len(records_in(rows)) == 30
    assert records_in(rows)[0].abstract.count("word") == 2_000_000
