"""Labels of records: by the model, by a person, or by the model for many at once."""

from __future__ import annotations

import argparse
import random
import sys
from typing import TYPE_CHECKING

from kdh_desktop.commands.interrupts import stopping_on_interrupt
from kdh_desktop.commands.model_loading import load_classifier
from kdh_desktop.commands.outcome_words import records_words
from kdh_desktop.commands.output import print_line, say_line
from kdh_desktop.commands.parser import Commands, whole_number
from kdh_desktop.commands.progress import ProgressLine, bulk_words
from kdh_desktop.commands.records.filters import add_filter_options, filter_of, label_id
from kdh_desktop.commands.records.merging import require_known
from kdh_desktop.commands.records.opening import open_with_model
from kdh_desktop.core.errors import Cancelled, InputError
from kdh_desktop.core.importing.text_file import MAX_TEXT_BYTES, decode_text
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.stored import OperationKind, ReviewChange
from kdh_desktop.terminal import printable

if TYPE_CHECKING:
    from kdh_desktop.core.classification.acceptance import AcceptLimits, AcceptSide
    from kdh_desktop.core.records.record_store import RecordStore

_SAMPLES = 5
_REVIEWS = {
    "confirm": ReviewStatus.CONFIRMED,
    "unsure": ReviewStatus.UNSURE,
    "skip": ReviewStatus.SKIPPED,
    "reopen": ReviewStatus.OPEN,
}
_REFUSALS = {
    "no_counts": "the model says nothing of held-out texts",
    "too_few_texts": "too few held-out texts",
    "not_reached": "not reached on held-out texts",
}


def add_deciding(group: Commands) -> None:
    """Add the commands."""
    classify = group.add_parser(
        "classify", help="classify records that are not classified yet", allow_abbrev=False
    )
    add_filter_options(classify)
    classify.set_defaults(command=_classify)

    decide = group.add_parser(
        "decide", help="say what a person decided on records", allow_abbrev=False
    )
    decide.add_argument("ids", nargs="+", type=whole_number, metavar="ID")
    for name, words in (
        ("present", "the label is there"),
        ("absent", "the label is not there"),
        ("undecided", "take the decision on the label back"),
    ):
        decide.add_argument(
            f"--{name}", action="append", default=[], metavar="LABEL", help=f"{words}; id or name"
        )
    state = decide.add_mutually_exclusive_group()
    for name, status in _REVIEWS.items():
        state.add_argument(
            f"--{name}",
            action="store_const",
            const=status,
            dest="review",
            help="decide all labels as they stand" if name == "confirm" else f"mark as {status}",
        )
    decide.add_argument(
        "--note", action="store_true", help="take the note for the record from standard input"
    )
    decide.set_defaults(command=_decide)

    accept = group.add_parser(
        "accept", help="accept the model's labels for many records at once", allow_abbrev=False
    )
    accept.add_argument(
        "--sure",
        type=float,
        metavar="SHARE",
        help="share of decisions, e.g. 0.95, that shall be right; the rest is left for a look",
    )
    accept.add_argument("--dry-run", action="store_true", help="only say what would be accepted")
    add_filter_options(accept)
    accept.set_defaults(command=_accept)


def _classify(arguments: argparse.Namespace, paths: AppPaths) -> int:
    from kdh_desktop.core.records.bulk_run import BulkRun

    line = ProgressLine()
    with stopping_on_interrupt() as should_stop, open_with_model(paths) as (store, bundle):
        where = filter_of(arguments, store)
        if store.count_unpredicted(where):
            run = BulkRun(store, load_classifier(bundle), where=where)
            try:
                final = run.run(lambda now: line.show(bulk_words(now)), should_stop)
            except Cancelled:
                line.say("What is done is kept; the same command goes on.")
                raise
            line.say(bulk_words(final))
        else:
            line.say("All of them are classified.")
    return 0


def _decide(arguments: argparse.Namespace, paths: AppPaths) -> int:
    note = _note(arguments.ids) if arguments.note else None
    with open_with_model(paths) as (store, _):
        decisions = [
            (label_id(store, name), is_present)
            for names, is_present in (
                (arguments.present, True),
                (arguments.absent, False),
                (arguments.undecided, None),
            )
            for name in names
        ]
        if len({label for label, _ in decisions}) < len(decisions):
            raise InputError("A label is named twice.", "Say one thing of each label.")
        is_confirmed = arguments.review is ReviewStatus.CONFIRMED
        if not decisions and note is None and arguments.review is None:
            raise InputError("Nothing was decided.", "Name labels, a state, or --note.")
        review = None if is_confirmed else arguments.review
        if decisions or note is not None or review is not None:
            changes = [ReviewChange(one, tuple(decisions), review, note) for one in arguments.ids]
            kind = (
                OperationKind.DECIDE
                if decisions
                else OperationKind.SET_REVIEW
                if review is not None
                else OperationKind.WRITE_NOTE
            )
            _reviewed(store, changes, kind)
        if is_confirmed:
            require_known(store, arguments.ids)
            _confirm(store, set(arguments.ids), is_all=not decisions and note is None)
    return 0


def _confirm(store: RecordStore, ids: set[int], *, is_all: bool) -> None:
    """Confirm records, and say how many of them there was nothing to confirm of.

    Args:
        store: The store.
        ids: The records.
        is_all: Whether the command does nothing else.
    """
    left_out = len(ids) - store.confirm(ids)
    if not left_out:
        return
    were = "1 record was" if left_out == 1 else f"{left_out:,} records were"
    message = f"{were} not confirmed: not classified, and nobody decided on a label."
    remedy = "Classify first, or name labels with --present or --absent."
    if is_all and left_out == len(ids):
        raise InputError(message, remedy)
    say_line(f"Note: {message} {remedy}")


def _reviewed(store: RecordStore, changes: list[ReviewChange], kind: OperationKind) -> None:
    require_known(store, [change.record_id for change in changes])
    store.review(changes, kind=kind)


def _note(ids: list[int]) -> str:
    if len(ids) > 1:
        raise InputError("A note belongs to one record.", "Name one record with --note.")
    data = b"" if sys.stdin is None else sys.stdin.buffer.read(MAX_TEXT_BYTES + 1)
    return decode_text(data).strip()


def _accept(arguments: argparse.Namespace, paths: AppPaths) -> int:
    from kdh_desktop.core.classification.acceptance import accept_limits, bounds_of

    if arguments.sure is not None and not 0.5 <= arguments.sure < 1:
        raise InputError("--sure is a share from 0.5 to below 1.", "Try 0.95.")
    with open_with_model(paths) as (store, bundle):
        limits = None
        if arguments.sure is not None:
            found = accept_limits(bundle.manifest, arguments.sure)
            _say_limits(found, store)
            limits = bounds_of(found)
            if not limits:
                raise InputError(
                    "No label can be accepted at that share.", "Ask for less, or look at them all."
                )
        ids = store.ids(filter_of(arguments, store))
        would = store.acceptable(ids, limits)
        if arguments.dry_run:
            _say_samples(store, would)
        else:
            store.accept(would, limits)
        verb = "would be accepted" if arguments.dry_run else "accepted"
        print_line(f"{len(would):,} of {records_words(len(ids))} {verb}.")
    return 0


def _say_limits(found: tuple[AcceptLimits, ...], store: RecordStore) -> None:
    names = {label.id: label.name for label in store.active_labels}
    for one in found:
        sides = (("present from", one.present), ("absent below", one.absent))
        words = "; ".join(f"{name} {_side_words(side)}" for name, side in sides)
        say_line(f"{names.get(one.label_id, one.label_id)}: {words}")


def _side_words(side: AcceptSide) -> str:
    if side.limit is None:
        return f"no limit ({_REFUSALS[str(side.refusal)]})"
    low, high = side.interval
    return (
        f"{side.limit:.2f} ({side.right} of {side.support} held-out decisions right, "
        f"{100 * low:.0f} to {100 * high:.0f} %)"
    )


def _say_samples(store: RecordStore, ids: list[int]) -> None:
    chosen = random.sample(ids, min(_SAMPLES, len(ids)))
    names = {label.id: label.name for label in store.active_labels}
    for row in store.rows(sorted(chosen)):
        labels = "; ".join(names.get(one, one) for one in row.labels) or "no label"
        print_line(f"{row.id:>7}  {printable(row.title)[:70]}  [{printable(labels)}]")
