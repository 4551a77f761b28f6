"""Which records a command is about: the filters of the records page as options."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kdh_desktop.commands.parser import whole_number
from kdh_desktop.core.errors import InputError
from kdh_desktop.core.record import Band
from kdh_desktop.core.records.record_filter import (
    Field,
    Queue,
    RecordFilter,
    RecordOrder,
    ReviewStatus,
)

if TYPE_CHECKING:
    from kdh_desktop.core.records.record_store import RecordStore

_NO_VALUE = "none"


def add_filter_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose records; without any, all are meant."""
    group = parser.add_argument_group(
        "which records", "All conditions must hold; of one that is given several times, any."
    )
    group.add_argument("--search", default="", metavar="WORDS", help="words that all stand in it")
    group.add_argument(
        "--label", action="append", default=[], metavar="L", help="it has this label; id or name"
    )
    group.add_argument("--all-labels", action="store_true", help="it has all of these labels")
    group.add_argument("--without-labels", action="store_true", help="classified, without a label")
    _add_choice(group, "--band", Band, "a label (of --label) lies in this band")
    _add_choice(group, "--review", ReviewStatus, "how far a person got")
    group.add_argument(
        "--queue", choices=[str(one) for one in Queue], help="a queue, in the queue's order"
    )
    group.add_argument(
        "--import", action="append", default=[], type=whole_number, metavar="N", dest="batches",
        help="number of an import, as `kdh records imports` says it",
    )  # fmt: skip
    group.add_argument(
        "--year", action="append", default=[], metavar="Y", help=f"year, or {_NO_VALUE}"
    )
    group.add_argument(
        "--journal", action="append", default=[], metavar="J", help=f"journal, or {_NO_VALUE}"
    )
    group.add_argument(
        "--id", action="append", type=whole_number, metavar="N", dest="ids", help="its id"
    )
    predicted = group.add_mutually_exclusive_group()
    predicted.add_argument("--classified", action="store_true", default=None, dest="is_predicted")
    predicted.add_argument("--not-classified", action="store_false", dest="is_predicted")


def add_order_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say in what order records come."""
    parser.add_argument(
        "--sort", metavar="COLUMN", help="a column, or a label for the model's probability of it"
    )
    parser.add_argument("--descending", action="store_true", help="from the end")


def filter_of(arguments: argparse.Namespace, store: RecordStore) -> RecordFilter:
    """The records that the options choose.

    Raises:
        InputError: A label or a year is none.
    """
    return RecordFilter(
        search=arguments.search,
        labels=tuple(label_id(store, name) for name in arguments.label),
        has_all_labels=arguments.all_labels,
        without_labels=arguments.without_labels,
        bands=tuple(Band(one) for one in arguments.band),
        reviews=tuple(ReviewStatus(one) for one in arguments.review),
        batches=tuple(arguments.batches),
        years=tuple(_year(one) for one in arguments.year),
        journals=tuple("" if one == _NO_VALUE else one for one in arguments.journal),
        queue=None if arguments.queue is None else Queue(arguments.queue),
        is_predicted=arguments.is_predicted,
        ids=None if arguments.ids is None else tuple(arguments.ids),
    )


def order_of(arguments: argparse.Namespace, store: RecordStore) -> RecordOrder:
    """The order that the options ask for.

    Raises:
        InputError: There is no such column.
    """
    by: Field | str = Field.ID
    if arguments.sort is not None:
        names = {str(field) for field in Field}
        by = Field(arguments.sort) if arguments.sort in names else label_id(store, arguments.sort)
    return RecordOrder(by, is_descending=arguments.descending)


def label_id(store: RecordStore, name: str) -> str:
    """Id of the label that a person means by its id or name.

    Raises:
        InputError: The model in force knows none.
    """
    wanted = name.strip().casefold()
    for label in store.active_labels:
        if wanted in {label.id.casefold(), label.name.casefold()}:
            return label.id
    raise InputError(
        "The model knows no label of that name.",
        f"Its labels are: {', '.join(label.id for label in store.active_labels)}.",
    )


def _add_choice(
    group: argparse._ArgumentGroup,
    option: str,
    choices: type[Band | ReviewStatus],
    words: str,
) -> None:
    group.add_argument(
        option,
        action="append",
        default=[],
        choices=[str(one) for one in choices],
        help=words,
    )


def _year(text: str) -> int | None:
    if text == _NO_VALUE:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise InputError("A year is a number, or `none`.", "Correct it.") from error
