"""Labels made from the names that a corpus uses."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from kdh_desktop.core.labels import Label, LabelSet

MAX_ID = 60
_HASH = 8


def tidy_name(raw: str) -> str:
    """A label's name in Unicode's composed form, with single blanks and none around it."""
    return " ".join(unicodedata.normalize("NFC", raw).split())


def labels_from_names(names: Iterable[str]) -> LabelSet:
    """A label set with ids made from the names, in their order.

    An id holds small Latin letters, digits and ``_``. Where that does not tell the whole name, it
    ends in a hash of the name: so it is the same wherever the name occurs, and unique.
    """
    unique = list(dict.fromkeys(names))
    plain = {name: _plain_id(name) for name in unique}
    uses = Counter(plain.values())
    return LabelSet(
        tuple(
            Label(_hashed(plain[name], name) if uses[plain[name]] > 1 else plain[name], name, "")
            for name in unique
        )
    )


def _plain_id(name: str) -> str:
    """The name's Latin letters and digits, with a hash where others were lost."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(x for x in parts if not unicodedata.combining(x))
    slug = re.sub(r"[^a-z0-9]+", "_", kept).strip("_")
    is_whole = all(x.isascii() for x in kept) and 0 < len(slug) <= MAX_ID
    return slug if is_whole else _hashed(slug, name)


def _hashed(slug: str, name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH]
    start = slug[: MAX_ID - _HASH - 1].strip("_")
    if start.endswith("_" + digest) or start == f"label_{digest}":
        return slug
    return f"{start or 'label'}_{digest}"
