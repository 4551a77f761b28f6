"""Fields of one record by tag, as rispy's parsers read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import rispy

from kdh_desktop.core.importing.tagged_fields import TaggedFields


def field_parser(kind: type[rispy.RisParser], tags: Iterable[str]) -> rispy.RisParser:
    """A parser that keeps all that a record says, under its tags.

    Every field is a list, or the library would drop what is said twice; and none is parted at a
    delimiter, since addresses hold semicolons, too.
    """
    known = [*tags, kind.UNKNOWN_TAG]
    return kind(mapping={tag: tag for tag in known}, list_tags=known, delimiter_tags_mapping={})


def fields_of(parser: rispy.RisParser, lines: Sequence[str]) -> TaggedFields:
    """Fields in the order of the file, behind them those of tags that nobody knows.

    Args:
        parser: From `field_parser`.
        lines: One record, from its first line to its last.
    """
    parsed = parser.parse_lines(iter(lines))[0]
    unknown: Mapping[str | None, list[str]] = parsed.pop(parser.UNKNOWN_TAG, {})
    fields = {tag: [value] if isinstance(value, str) else value for tag, value in parsed.items()}
    for tag, values in unknown.items():
        # Lines without a tag, below the first line of a record.
        fields.setdefault(parser.START_TAG if tag is None else tag, []).extend(values)
    return TaggedFields(fields)
