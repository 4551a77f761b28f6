"""One text of a file as it is taken in: without what no store, window or workbook can hold.

Letters are never changed. Control characters, noncharacters and halves of pairs are taken out and
counted; vertical tabs and form feeds, which programs write for line breaks, become line feeds.
"""

from __future__ import annotations

import re

_ENCODED_SURROGATE = "\udced[\udca0-\udcbf][\udc80-\udcbf]"
"""Half of a pair that was written as if it were a letter, as `open_text` gives it."""

_BREAK = "\x0b\x0c\x1c-\x1e\x85"
_NEVER_SHOWN = "\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
_ANY_SURPLUS = re.compile(f"[{_BREAK}{_NEVER_SHOWN}]")
"""One set of characters, which is looked for ten times as fast as the alternatives below."""

_SURPLUS = re.compile(f"(?P<break>[{_BREAK}])|{_ENCODED_SURROGATE}|[{_NEVER_SHOWN}]")
_UNDECODED = re.compile("[\udc80-\udcff]")
_LINE_ENDS = re.compile("\r\n?")

REPLACEMENT = "\ufffd"
"""What other programs write for a letter that they lost."""


def has_undecoded(text: str) -> bool:
    """Whether a text from `open_text` holds bytes that are not in the file's encoding."""
    if text.isascii() or _UNDECODED.search(text) is None:
        return False
    return _UNDECODED.search(re.sub(_ENCODED_SURROGATE, "", text)) is not None


def clean_cell(text: str) -> tuple[str, int]:
    """A text without blanks around it, its line ends as line feeds, and surplus taken out.

    Returns:
        The text, and how many characters without meaning were taken out or replaced.
    """
    if text.isprintable():  # as nearly all are; nothing surplus is
        return text.strip(), 0
    removed = 0
    if not text.isprintable() and _ANY_SURPLUS.search(text) is not None:
        text, removed = _SURPLUS.subn(lambda match: "\n" if match["break"] else "", text)
    if "\r" in text:
        text = _LINE_ENDS.sub("\n", text)
    return text.strip(), removed
