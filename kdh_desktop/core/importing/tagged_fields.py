"""The fields of one record by tag: what is taken for a column of ours, and what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from kdh_desktop.core.importing.record_fields import one_line


class TaggedFields:
    """Values by tag in the order of the file, of which each field is taken once."""

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        """Keep the values of each tag."""
        self._values = values
        self._taken: set[str] = set()

    def look(self, *tags: str) -> Iterator[str]:
        """Values of several fields, which are not taken by that."""
        for tag in tags:
            yield from self._values.get(tag, ())

    def take(self, *tags: str) -> Sequence[str]:
        """Values of the first of these fields that holds something; they are taken."""
        for tag in tags:
            if any(self._values.get(tag, ())):
                self._taken.add(tag)
                return self._values[tag]
        return ()

    def take_line(self, *tags: str) -> str:
        """What `take` gives as one line, for fields whose lines are broken anywhere."""
        return one_line(" ".join(self.take(*tags)))

    def rest(
        self, names: Mapping[str, str], text_of: Callable[[str, Sequence[str]], str]
    ) -> tuple[tuple[str, str], ...]:
        """Names and texts of the fields that nothing took and that hold something."""
        return tuple(
            (names.get(tag, tag), text)
            for tag, values in self._values.items()
            if tag not in self._taken and (text := text_of(tag, values))
        )
