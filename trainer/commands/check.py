"""``kdh-trainer check``: what speaks against training on some texts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.corpus_report import (
    CorpusReport,
    Problem,
    ProblemKind,
    SourceCounts,
    report_to_json,
)
from kdh_desktop.core.paths import AppPaths
from trainer.process.parent import add_parent_option, end_with_parent

if TYPE_CHECKING:
    from trainer.commands import Commands

BLOCKED = 2
"""Exit code where training must not start."""

_MAX_ROWS = 8


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    check = commands.add_parser("check", help="say what speaks against training on some texts")
    check.add_argument(
        "sources",
        type=Path,
        nargs="+",
        metavar="SOURCE",
        help="texts to train on: a HoC folder or one of its lists, a workbook, CSV, JSON lines, "
        "or a .json file that describes a source",
    )
    check.add_argument(
        "--test",
        type=Path,
        nargs="+",
        default=[],
        metavar="SOURCE",
        help="texts that are kept for judging",
    )
    check.add_argument("--folds", type=int, default=5, help="folds of the cross-validation (5)")
    check.add_argument("--window", type=int, default=512, help="pieces the model reads (512)")
    check.add_argument("--encoder", type=Path, help="folder with tokenizer.json (the model's)")
    check.add_argument("--json", action="store_true", help="print JSON instead of words")
    add_parent_option(check)
    check.set_defaults(work_on=_check)


def _check(arguments: argparse.Namespace) -> int:
    end_with_parent(arguments)
    from tokenizers import Tokenizer

    from trainer.corpus.check import CheckPlan, check_corpus
    from trainer.corpus.guess import source_of

    folder = arguments.encoder or AppPaths.default().bundled_model
    report = check_corpus(
        [source_of(path) for path in arguments.sources],
        CheckPlan(
            folds=arguments.folds,
            window=arguments.window,
            tokenizer=Tokenizer.from_file(str(folder / "tokenizer.json")),
        ),
        test_sources=[source_of(path) for path in arguments.test],
    )
    sys.stdout.write(report_to_json(report) if arguments.json else as_text(report))
    return BLOCKED if report.blocking else 0


def as_text(report: CorpusReport) -> str:
    """A report in words."""
    lines = [_source_line(source) for source in report.sources]
    lines += ["", f"{len(report.labels)} labels, {report.labels_per_text:.2f} a text:"]
    widest = max((len(label.name) for label in report.labels), default=0)
    has_test = any(source.is_test for source in report.sources)
    for label in report.labels:
        judged = f"  {label.test_positives:>6,} for judging" if has_test else ""
        lines.append(
            f"  {label.name:<{widest}}  {label.positives:>6,}  {label.share:>6.1%}{judged}"
        )
    if report.lengths is not None:
        of = report.lengths
        lengths = f"half up to {of.median:,}, 90 % up to {of.p90:,}, 99 % up to {of.p99:,}"
        over = f"{of.share_over:.1%} over the window of {of.window:,}"
        lines += ["", f"Length in pieces: {lengths}, longest {of.longest:,}; {over}"]
    for title, problems in (("BLOCKING", report.blocking), ("WARNING", report.warnings)):
        for one in problems:
            lines += ["", f"{title}: {one.message}", f"  {one.remedy}", *_labels(one), *_rows(one)]
    lines += ["", "Training must not start." if report.blocking else "Training can start."]
    return "\n".join(lines) + "\n"


def _source_line(source: SourceCounts) -> str:
    name = f"{source.name}{' (for judging)' if source.is_test else ''}"
    parts = [
        f"{name}: {source.texts:,} of {source.rows:,} rows can be used",
        f"{source.without_labels:,} of them carry no label",
    ]
    if source.with_sentence_labels:
        parts.append(f"{source.with_sentence_labels:,} have labelled sentences")
    if source.groups:
        parts.append(f"they form {source.groups:,} groups")
    return ", ".join(parts)


def _labels(one: Problem) -> list[str]:
    """A label as it is written, where the message may not quote it."""
    if one.kind is not ProblemKind.UNKNOWN_LABELS:
        return []
    return [f"  Label: {', '.join(one.labels)}"]


def _rows(one: Problem) -> list[str]:
    if not one.places:
        return []
    shown = ", ".join(
        f"{place.row}" + (f" like {place.like}" if place.like is not None else "")
        for place in one.places[:_MAX_ROWS]
    )
    more = one.count - min(_MAX_ROWS, len(one.places))
    return [f"  Rows: {shown}" + (f" and {more:,} more" if more > 0 else "")]
