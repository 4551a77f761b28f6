"""Read labelled texts from JSON lines: an object a line, with a text and a list of labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kdh_desktop.core.corpus_source import JsonLinesSource
from trainer.corpus.label_names import tidy_name
from trainer.corpus.lines import BadLineError, bad_line, objects_in, string_in
from trainer.corpus.raw import Fault, RawCorpus, RawText, pasted


def read_raw_json_lines(source: JsonLinesSource) -> RawCorpus:
    """Read a file as it is written; a line that cannot be used is a fault.

    Raises:
        InputError: The file cannot be read, or is not UTF-8 text.
    """
    texts: list[RawText] = []
    faults: list[Fault] = []
    for number, record in objects_in(Path(source.path), faults):
        try:
            texts.append(_read(record, source, number))
        except BadLineError as error:
            faults.append(bad_line(number, str(error)))
    return RawCorpus(texts, faults=faults)


def _read(record: dict[str, Any], source: JsonLinesSource, number: int) -> RawText:
    if source.text_field not in record:
        raise BadLineError(f"has no field {source.text_field}")
    labels = record.get(source.labels_field)
    if not isinstance(labels, list) or not all(isinstance(name, str) for name in labels):
        raise BadLineError(f"has no list of labels in {source.labels_field}")
    names = dict.fromkeys(tidy_name(name) for name in labels)
    return RawText(
        number,
        string_in(record, source.id_field) or str(number),
        pasted(string_in(record, source.text_field), string_in(record, source.title_field)),
        tuple(name for name in names if name),
        group=string_in(record, source.group_field) or None,
    )
