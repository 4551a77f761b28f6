"""An encoding is certain only when it is; else the likeliest comes first, to be looked at."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.cell_text import clean_cell, has_undecoded
from kdh_desktop.core.importing.encoding import guess_encoding, open_text, telling_sample

GERMAN = "id,text\n1,Die Behandlung führte zu einer Abnahme der Tumorgröße bei 5 µm.\n"
POLISH = "id,text\n1,Leczenie pacjentów doprowadziło do zmniejszenia guzów i źródła bólu.\n"
RUSSIAN = "id,text\n1,Мы изучили действие препарата на клетки опухоли.\n"
GREEK = "id,text\n1,Μελετήσαμε την επίδραση του φαρμάκου στα κύτταρα.\n"
JAPANESE = "id,text\n1,心電図検査の結果、腫瘍が小さくなった。\n"
CHINESE = "id,text\n1,我们研究了该药物对肿瘤细胞凋亡的影响。\n"
TAIWANESE = "id,text\n1,我們研究了該藥物對腫瘤細胞凋亡的影響。\n"
KOREAN = "id,text\n1,종양 세포의 성장에 대한 약물의 효과를 연구하였다.\n"
UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
LEGACY = [
    (GERMAN, "cp1252"),
    (GERMAN, "latin-1"),
    (GERMAN, "mac_roman"),
    (POLISH, "cp1250"),
    (RUSSIAN, "cp1251"),
    (RUSSIAN, "koi8_r"),
    (GREEK, "cp1253"),
    (JAPANESE, "cp932"),
    (JAPANESE, "euc_jp"),
    (CHINESE, "gb18030"),
    (TAIWANESE, "big5"),
    (KOREAN, "cp949"),
]


def file_of(text: str, encoding: str) -> io.BytesIO:
    return io.BytesIO(text.encode(encoding))


@pytest.mark.parametrize("encoding", UNICODE)
@pytest.mark.parametrize("text", [GERMAN, JAPANESE, CHINESE, "id,text\n1,plain\n"])
def test_unicode_is_certain_with_and_without_a_mark(encoding: str, text: str) -> None:
    file = file_of(text, encoding)
    guess = guess_encoding(file)
    assert (guess.is_certain, guess.fitting) == (True, ())
    assert open_text(file, guess.encoding).read() == text


def test_japanese_mail_encoding_is_certain_by_its_escapes() -> None:
    file = file_of(JAPANESE, "iso2022_jp")
    assert guess_encoding(file).is_certain
    assert open_text(file, guess_encoding(file).encoding).read() == JAPANESE


@pytest.mark.parametrize(("text", "encoding"), LEGACY, ids=[name for _, name in LEGACY])
def test_other_encodings_are_guessed_right_but_never_certain(text: str, encoding: str) -> None:
    file = file_of(text, encoding)
    guess = guess_encoding(file)
    assert not guess.is_certain
    assert guess.fitting[0] == guess.encoding
    assert open_text(file, guess.encoding).read() == text


def test_encodings_that_read_a_text_otherwise_are_offered() -> None:
    guess = guess_encoding(file_of(GERMAN, "cp1252"))
    assert {"cp1252", "cp1250", "cp850"} <= set(guess.fitting)


def test_a_foreign_piece_in_utf8_does_not_change_the_encoding_of_the_rest() -> None:
    lines = "".join(f"{number},Größe der Tumoren\n" for number in range(30)).encode()
    file = io.BytesIO(lines + "31,Größe\n".encode("cp1252"))
    guess = guess_encoding(file)
    assert (guess.encoding, guess.is_certain) == ("utf-8", False)
    rows = open_text(file, guess.encoding).read().splitlines()
    assert [number for number, row in enumerate(rows) if has_undecoded(row)] == [30]


def test_the_sample_shows_lines_with_accents_however_late_they_come() -> None:
    text = "id,text\n" + "1,plain words\n" * 1000 + "2,Größe\n"
    sample = telling_sample(file_of(text, "cp1252"), "cp1252").splitlines()
    assert sample == ["id,text", "1,plain words", "1,plain words", "2,Größe"]


def test_what_is_no_text_is_refused() -> None:
    for content in (b"", bytes(1000), bytes(range(256)) * 20):
        with pytest.raises(InputError):
            guess_encoding(io.BytesIO(content))


def test_an_unknown_encoding_is_refused() -> None:
    for name in ("klingon", "base64", "rot13"):
        with pytest.raises(InputError, match="no such encoding"):
            open_text(io.BytesIO(b"x"), name)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"a\x00b", "utf-8"),
        (b"a\xef\xbf\xbeb", "utf-8"),
        (b"a\xed\xa0\x80b", "utf-8"),
        (b"a\x81b", "latin-1"),
        ("a\ud800b".encode("utf-16-le", "surrogatepass"), "utf-16-le"),
        ("a\udfffb".encode("utf-16-be", "surrogatepass"), "utf-16-be"),
    ],
    ids=["NUL", "U+FFFE", "surrogate in UTF-8", "C1", "high surrogate", "low surrogate"],
)
def test_characters_without_meaning_are_taken_out_and_counted(data: bytes, encoding: str) -> None:
    text = open_text(io.BytesIO(data), encoding).read()
    assert not has_undecoded(text)
    assert clean_cell(text) == ("ab", 1)


def test_vertical_tabs_and_all_line_ends_become_line_feeds() -> None:
    assert clean_cell(" a\x0bb\r\nc\rd\x0c") == ("a\nb\nc\nd", 2)
    assert clean_cell("SEPT1 \u200b-\u00a0x\U0001f9ec") == ("SEPT1 \u200b-\u00a0x\U0001f9ec", 0)


@given(st.text())
def test_cleaning_keeps_every_letter_and_leaves_what_can_be_stored(text: str) -> None:
    cleaned, removed = clean_cell(text)
    cleaned.encode("utf-8")
    assert clean_cell(cleaned) == (cleaned, 0)
    assert removed <= len(text)
    if text.isprintable():
        assert cleaned == text.strip()


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_unicode_survives_any_text(text: str) -> None:
    file = file_of(text, "utf-8-sig")
    assert open_text(file, guess_encoding(file).encoding).read() == text


@pytest.mark.parametrize("name", ["idna", "punycode", "unicode_escape", "raw_unicode_escape"])
def test_codecs_of_python_that_are_no_encoding_of_texts_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="no such encoding"):
        open_text(io.BytesIO(b"x"), name)
