"""Records on the terminal: lists of them, and all of one."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kdh_desktop.commands.outcome_words import records_words
from kdh_desktop.commands.output import print_json, print_line
from kdh_desktop.commands.parser import Commands, whole_number
from kdh_desktop.commands.records.filters import (
    add_filter_options,
    add_order_options,
    filter_of,
    order_of,
)
from kdh_desktop.commands.records.opening import open_with_model
from kdh_desktop.core.errors import InputError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.terminal import printable

if TYPE_CHECKING:
    from kdh_desktop.core.records.record_store import RecordStore
    from kdh_desktop.core.records.stored import RecordDetail, RecordRow, StoredScore

_SHOWN = 50
_ROWS_AT_ONCE = 500
_DIGITS = 6


def add_looking(group: Commands) -> None:
    """Add the commands."""
    for name, words in (("list", "list records"), ("search", "list records that hold words")):
        listed = group.add_parser(name, help=words, allow_abbrev=False)
        if name == "search":
            listed.add_argument("words", metavar="WORDS", help="words that all stand in a record")
        listed.add_argument(
            "--limit", type=whole_number, default=_SHOWN, metavar="N", help="at most so many"
        )
        listed.add_argument("--json", action="store_true", help="print one JSON object a line")
        add_filter_options(listed)
        add_order_options(listed)
        listed.set_defaults(command=_list)

    show = group.add_parser("show", help="print all that is known of a record", allow_abbrev=False)
    show.add_argument("id", metavar="ID", type=whole_number)
    show.add_argument("--json", action="store_true", help="print one JSON object")
    show.set_defaults(command=_show)


def _list(arguments: argparse.Namespace, paths: AppPaths) -> int:
    if "words" in arguments:
        arguments.search = f"{arguments.words} {arguments.search}"
    with open_with_model(paths) as (store, _):
        ids = store.ids(filter_of(arguments, store), order_of(arguments, store))
        shown = ids[: max(0, arguments.limit)]
        names = label_names(store)
        for first in range(0, len(shown), _ROWS_AT_ONCE):
            for row in store.rows(shown[first : first + _ROWS_AT_ONCE]):
                if arguments.json:
                    print_json(**row_as_json(row))
                else:
                    print_line(_row_line(row, names))
    if not arguments.json:
        left_out = f", {len(shown):,} shown" if len(shown) < len(ids) else ""
        print_line(records_words(len(ids)) + left_out)
    return 0


def label_names(store: RecordStore) -> Mapping[str, str]:
    """Names of the active model's labels by id."""
    return {label.id: label.name for label in store.active_labels}


def row_as_json(row: RecordRow) -> dict[str, Any]:
    """One record of a list as JSON values."""
    return {
        "id": row.id,
        "title": row.title,
        "year": row.year,
        "journal": row.journal,
        "authors": row.authors,
        "pmid": row.pmid,
        "doi": row.doi,
        "source_id": row.source_id,
        "file": row.file,
        "row": row.row,
        "review": str(row.review),
        "note": row.note,
        "classified": row.is_predicted,
        "labels": list(row.labels),
        "scores": [_score_as_json(score) for score in row.scores],
    }


def _score_as_json(score: StoredScore) -> dict[str, Any]:
    probability = score.probability
    return {
        "id": score.label_id,
        "probability": None if probability is None else round(probability, _DIGITS),
        "band": None if score.band is None else str(score.band),
        "decision": score.decision,
        "present": score.is_present,
    }


def _row_line(row: RecordRow, names: Mapping[str, str]) -> str:
    labels = "; ".join(names.get(one, one) for one in row.labels)
    state = labels or ("no label" if row.is_predicted else "not classified")
    width = max(40, shutil.get_terminal_size().columns)
    head = f"{row.id:>7}  {row.year or '    '}  {row.review:<9}  "
    room = max(20, width - len(head) - len(state) - 2)
    title = textwrap.shorten(printable(row.title), room, placeholder=" …")
    return f"{head}{title}  [{printable(state)}]"


def _show(arguments: argparse.Namespace, paths: AppPaths) -> int:
    with open_with_model(paths) as (store, _):
        try:
            detail = store.detail(arguments.id)
        except KeyError as error:
            raise InputError(
                "There is no record of that number.", "See `kdh records list`."
            ) from error
        (row,) = store.rows([arguments.id]) or (None,)
        names = label_names(store)
    if arguments.json:
        print_json(**_detail_as_json(detail, row))
        return 0
    for line in _detail_lines(detail, row, names):
        print_line(line)
    return 0


def _detail_as_json(detail: RecordDetail, row: RecordRow | None) -> dict[str, Any]:
    prediction = detail.prediction
    found = {} if row is None else row_as_json(row)
    evidence = () if prediction is None else prediction.evidence
    return found | {
        "id": detail.id,
        "text": detail.text,
        "text_sha256": detail.text_sha256,
        "extra": [list(pair) for pair in detail.imported.extra],
        "model": None if prediction is None else prediction.model_id,
        "warnings": []
        if prediction is None
        else [{"code": str(one.code), "message": one.message} for one in prediction.warnings],
        "evidence": {
            label: [
                {"text": x.text, "start": x.start, "end": x.end, "score": round(x.score, _DIGITS)}
                for x in sentences
            ]
            for label, sentences in evidence
        },
        "history": [
            {
                "utc": entry.utc,
                "kind": str(entry.kind),
                "label": entry.label_id,
                "before": entry.before,
                "after": entry.after,
                "undone": entry.is_undone,
            }
            for entry in detail.history
        ],
        "merged": list(detail.merged),
    }


def _detail_lines(
    detail: RecordDetail, row: RecordRow | None, names: Mapping[str, str]
) -> Iterator[str]:
    record = detail.imported
    width = max(50, min(110, shutil.get_terminal_size().columns))
    yield f"Record {detail.id}, row {record.row} of {printable(detail.file)}, {detail.review}"
    facts = (record.authors, record.journal, str(record.year or ""), record.pmid, record.doi)
    yield "  ".join(printable(fact) for fact in facts if fact)
    for paragraph in detail.text.split("\n"):
        yield from textwrap.wrap(printable(paragraph), width)
    if detail.note:
        yield f"Note: {printable(detail.note)}"
    for warning in () if detail.prediction is None else detail.prediction.warnings:
        yield f"Warning: {warning.message}"
    evidence = {} if detail.prediction is None else dict(detail.prediction.evidence)
    for score in () if row is None else row.scores:
        yield _score_line(score, names)
        if score.is_present and (sentences := evidence.get(score.label_id)):
            quote = f"“{printable(sentences[0].text)}”"
            yield from textwrap.wrap(
                quote, width, initial_indent=" " * 28, subsequent_indent=" " * 29
            )
    for entry in detail.history:
        label = names.get(entry.label_id, entry.label_id)
        undone = " (undone)" if entry.is_undone else ""
        yield printable(
            f"{entry.utc}  {entry.kind} {label}: {entry.before} -> {entry.after}{undone}"
        )


def _score_line(score: StoredScore, names: Mapping[str, str]) -> str:
    model = "" if score.probability is None else f"{score.probability:.3f}"
    person = "" if score.decision is None else "present" if score.decision else "absent"
    state = "present" if score.is_present else ""
    by = f"  (person: {person})" if person else ""
    return f"  {state:<9} {model:>6}  {names.get(score.label_id, score.label_id)}{by}"
