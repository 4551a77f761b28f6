"""Which encoding a text is in: certain only where its bytes leave no doubt.

A byte order mark, UTF-8 and plain ASCII leave none, nor does UTF-16 whose letters and line ends
show their NULs. Everything else decodes in several ways, all of them without an error, so that a
person has to look at a preview; the likeliest comes first.
"""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.scripts import LEGACY_ENCODINGS, plausibility

_CHUNK_BYTES = 1 << 20
_SAMPLE_BYTES = 200_000
_SAMPLE_LINES = 20
_MAX_CONTROL_SHARE = 0.05
_FEW = 16
"""So many control characters make no text a program, however short it is."""

_CONTROL = bytes({*range(9), *range(0x0E, 0x1B), *range(0x1C, 0x20)})
_MIN_PLAUSIBILITY = 0.1
_MOSTLY = 10
"""So many times more often UTF-8 than not: a text into which a foreign piece was pasted."""

# The longer mark first: UTF-16's is the beginning of UTF-32's.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_TEXTS = {"idna", "punycode", "unicode-escape", "raw-unicode-escape"}
"""What Python can decode as well: names of hosts, and its own literals."""

_ESCAPE = re.compile(rb"\x1b(?:\$[@AB]|\([BIJ])")
"""How ISO-2022-JP, all ASCII bytes, changes its alphabet."""


@dataclass(frozen=True, slots=True)
class EncodingGuess:
    """The encoding of a text.

    Attributes:
        encoding: The likeliest, as Python names it.
        is_certain: Whether no other one could be meant.
        fitting: All that could be meant, likeliest first; empty where it is certain.
    """

    encoding: str
    is_certain: bool
    fitting: tuple[str, ...] = ()


def guess_encoding(file: BinaryIO) -> EncodingGuess:
    """The encoding of a whole file, which is read in pieces and left at its beginning.

    Raises:
        InputError: It is empty, or no text.
    """
    file.seek(0)
    head = file.read(_CHUNK_BYTES)
    if not head:
        raise InputError("The file is empty.", "Choose a file that holds texts.")
    shown = encoding_shown_by(head)
    guess = _by_content(file, head) if shown is None else EncodingGuess(shown, is_certain=True)
    file.seek(0)
    return guess


def encoding_shown_by(head: bytes) -> str | None:
    """The encoding that the beginning of a file shows by a mark or by its NULs, or None."""
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name
    return _unmarked_utf16(head)


def is_text(head: bytes) -> bool:
    """Whether the beginning of a file may be text in an encoding that it does not show."""
    controls = len(head) - len(head.translate(None, _CONTROL))
    return controls <= max(_FEW, _MAX_CONTROL_SHARE * len(head)) and controls < len(head)


def open_text(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """The text of a file, line ends as they are, without a byte order mark.

    Bytes that the encoding does not know become U+DC80 to U+DCFF, and halves of pairs U+D800, so
    that each can be pointed out where it stands: see `cell_text`.

    Raises:
        InputError: There is no such encoding for texts.
    """
    name = _known(encoding)
    file.seek(0)
    if name == "utf-8":
        name = "utf-8-sig"  # the mark of one that is named may be there all the same
    is_wide = name.startswith(("utf-16", "utf-32"))
    errors = _WIDE_ERRORS if is_wide else "surrogateescape"
    return io.TextIOWrapper(file, encoding=name, errors=errors, newline="")


def _known(encoding: str) -> str:
    """The name that Python has for an encoding of texts."""
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except (LookupError, ValueError) as error:
        raise _no_encoding() from error
    if name in _NO_TEXTS:
        raise _no_encoding()
    return name


def _no_encoding() -> InputError:
    return InputError("There is no such encoding of texts.", "Name another, such as utf-8.")


def _mark_wide_fault(error: UnicodeError) -> tuple[str, int]:
    """What stands for bytes of UTF-16 or UTF-32 that are no letter, or half of one."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    try:
        _, end = codecs.lookup_error("surrogatepass")(error)
    except UnicodeDecodeError:
        return "\udc80", error.end
    return "\ud800", end


_WIDE_ERRORS = "kdh-mark-wide-fault"
codecs.register_error(_WIDE_ERRORS, _mark_wide_fault)


def telling_sample(file: BinaryIO, encoding: str) -> str:
    """Lines of a text that show whether the encoding is right: the first, and those with accents.

    What does not decode is shown as U+FFFD, for this is looked at and never taken in.
    """
    lines: list[str] = []
    file.seek(0)
    head = file.read(_SAMPLE_BYTES)
    file.seek(0)
    text = head.decode(_known(encoding), errors="replace").removeprefix("\ufeff")
    for number, line in enumerate(text.splitlines()):
        is_cut = len(head) == _SAMPLE_BYTES and number > 0 and text.endswith(line)
        if not is_cut and (number < 3 or not line.isascii()):
            lines.append(line[:500])
        if len(lines) == _SAMPLE_LINES:
            break
    if all(map(str.isascii, lines)):  # what tells stands further down
        found = islice(_foreign_lines(file), _SAMPLE_LINES - len(lines))
        lines += [line[:500].decode(_known(encoding), errors="replace") for line in found]
        file.seek(0)
    return "\n".join(lines)


def _unmarked_utf16(head: bytes) -> str | None:
    """UTF-16 without a mark, by the letters and line ends that are ASCII and carry a NUL."""
    if 0 not in head[:2000]:
        return None
    even = head[: min(len(head), _SAMPLE_BYTES) // 2 * 2]
    high, low = even[0::2], even[1::2]
    # In the right order there are many ASCII letters; in the wrong one nearly none.
    little = sum(map(_is_ascii_pair, low, high))
    big = sum(map(_is_ascii_pair, high, low))
    for name, right, wrong in (("utf-16-le", little, big), ("utf-16-be", big, little)):
        if right > 10 * wrong and right > 0.02 * len(high) and _decodes_utf16(even, name):
            return name
    return None


def _is_ascii_pair(zero: int, letter: int) -> bool:
    return zero == 0 and (32 <= letter < 127 or letter in b"\t\r\n")


def _decodes_utf16(data: bytes, encoding: str) -> bool:
    text = data.decode(encoding, errors="surrogatepass")
    return text.count("\0") <= max(_FEW, _MAX_CONTROL_SHARE * len(text))


def _by_content(file: BinaryIO, head: bytes) -> EncodingGuess:
    if not is_text(head):
        raise InputError("The file is no text.", "Choose a file that holds texts or a table.")
    if _ESCAPE.search(head) and _decodes(file, "iso2022_jp"):
        return EncodingGuess("iso2022_jp", is_certain=True)
    if _decodes(file, "utf-8"):
        return EncodingGuess("utf-8", is_certain=True)
    lines = Counter(_foreign_lines(file))
    sample = b"\n".join(lines)[:_SAMPLE_BYTES]
    fitting = _ranked(file, sample)
    sound = sum(_is_utf8(line) for line in lines)
    if sound >= _MOSTLY * max(1, len(lines) - sound):
        fitting.insert(0, "utf-8")
    if not fitting:
        raise InputError(
            "The encoding of the file is not clear.", "Save it as UTF-8 and try again."
        )
    return EncodingGuess(fitting[0], is_certain=False, fitting=tuple(fitting))


def _foreign_lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines with bytes over 127, as many as make a sample."""
    file.seek(0)
    taken = 0
    while taken < _SAMPLE_BYTES and (
        piece := file.read(_CHUNK_BYTES) + file.readline(_CHUNK_BYTES)
    ):
        for line in piece.splitlines():
            if line.isascii():
                continue
            yield line
            taken += len(line)
            if taken >= _SAMPLE_BYTES:
                return


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _ranked(file: BinaryIO, sample: bytes) -> list[str]:
    """Encodings that decode all, the one that makes the most likely text first."""
    scored = []
    for place, name in enumerate(LEGACY_ENCODINGS):
        # A sample may end within a letter.
        text = sample.decode(name, errors="ignore")
        score = plausibility(text, name)
        if score >= _MIN_PLAUSIBILITY and _decodes(file, name):
            scored.append((-round(score, 2), place, name))
    return [name for _, _, name in sorted(scored)]


def _decodes(file: BinaryIO, encoding: str) -> bool:
    """Whether a whole file can be decoded; a half of a pair is no fault, and cleaned later."""
    errors = "surrogatepass" if encoding == "utf-8" else "strict"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    file.seek(0)
    try:
        while piece := file.read(_CHUNK_BYTES):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
