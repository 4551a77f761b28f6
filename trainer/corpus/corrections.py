"""Read records of the program with the decisions of people on them.

The file is JSON lines in UTF-8. Its first line may say which labels were decided on, in their
order, with names for people; without it ids stand for names:

    {"format": "kdh-corrections", "version": 1,
     "labels": [{"id": "resisting_cell_death", "name": "Resisting cell death",
                 "definition": "..."}, ...]}

Every other line is one record:

    {"id": "12450390", "text": "...", "decisions": {"resisting_cell_death": true, ...}}

- ``id`` is the record's, a string that is not empty; ``text`` the whole text, as it was classified.
- ``decisions`` holds what a person decided: ``true`` where the text carries the label, ``false``
  where it does not. A label that is left out, or is ``null``, is undecided. What the model said
  has no place here: it is no decision.
- ``group``, a string, may say what belongs together, such as a patient or a journal issue.
- Other fields are passed over, so that an export can say who decided when.

A record is complete when every label is decided. An incomplete one is left out of training and
counted by the check: to take what nobody looked at for absent would teach the model to miss it.
Which labels must be decided is said by the first line and by the label set that is asked for;
where there is neither, by all decisions of the file together.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from kdh_desktop.core.corpus_source import CorrectionsSource
from kdh_desktop.core.errors import InputError
from kdh_desktop.core.json_values import build_value
from kdh_desktop.core.labels import Label, LabelSet
from trainer.corpus.lines import BadLineError, bad_line, objects_in, string_in
from trainer.corpus.raw import Fault, RawCorpus, RawText, pasted

FORMAT = "kdh-corrections"
VERSION = 1


def read_raw_corrections(source: CorrectionsSource, labels: LabelSet | None = None) -> RawCorpus:
    """Read corrected records; a line that cannot be used is a fault.

    Args:
        source: The file.
        labels: Labels that must be decided besides those that the file names; None for no others.

    Raises:
        InputError: The file cannot be read, is not UTF-8 text, or of another version.
    """
    declared: LabelSet | None = None
    decided: list[tuple[RawText, set[str]]] = []
    faults: list[Fault] = []
    for number, record in objects_in(Path(source.path), faults):
        if "format" in record:
            declared = _head(record)
            continue
        try:
            decided.append(_read(record, number))
        except BadLineError as error:
            faults.append(bad_line(number, str(error)))
    wanted = {id_: None for asked in (declared, labels) if asked for id_ in asked.ids}
    ids = wanted or sorted({id_ for _, known in decided for id_ in known})
    texts = [
        replace(text, undecided=tuple(id_ for id_ in ids if id_ not in known))
        for text, known in decided
    ]
    return RawCorpus(texts, declared, faults)


def _head(record: dict[str, Any]) -> LabelSet:
    if record.get("format") != FORMAT or record.get("version") != VERSION:
        raise InputError(
            "The file of corrected records is of another kind or of a newer version.",
            "Export the records again with this version of the program.",
        )
    try:
        found: tuple[Label, ...] = build_value(tuple[Label, ...], record.get("labels"), "labels")
        return LabelSet(found)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"The first line of the file of corrected records is damaged: {error}.",
            "Export the records again.",
        ) from error


def _read(record: dict[str, Any], number: int) -> tuple[RawText, set[str]]:
    """A record, and the ids of the labels that were decided on."""
    id_ = string_in(record, "id")
    if not id_:
        raise BadLineError("has no id")
    if not isinstance(record.get("text"), str):
        raise BadLineError("has no text")
    decisions = record.get("decisions")
    if not isinstance(decisions, dict):
        raise BadLineError("has no decisions")
    if any(value is not None and not isinstance(value, bool) for value in decisions.values()):
        raise BadLineError("has a decision that is neither true nor false")
    known = {label: value for label, value in decisions.items() if value is not None}
    text = RawText(
        number,
        id_,
        pasted(record["text"]),
        tuple(label for label, value in known.items() if value),
        group=string_in(record, "group") or None,
    )
    return text, set(known)
