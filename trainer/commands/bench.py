"""``kdh-trainer bench``: speed and memory beside others' code, in one table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.paths import AppPaths

if TYPE_CHECKING:
    from trainer.bench.table import Row
    from trainer.commands import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    bench = commands.add_parser("bench", help="measure speed and memory beside others' code")
    what = bench.add_mutually_exclusive_group()
    what.add_argument(
        "--training",
        action="store_const",
        dest="rows_of",
        const=_training_rows,
        help="measure training beside the Trainer of transformers, not the program",
    )
    what.add_argument(
        "--students",
        action="store_const",
        dest="rows_of",
        const=_students_rows,
        help="measure students of several depths and widths, and say which one to serve",
    )
    what.add_argument(
        "--records",
        action="store_const",
        dest="rows_of",
        const=_records_rows,
        help="measure a store of 100,000 records: taking in, lists, searches, counts, duplicates",
    )
    what.add_argument(
        "--bulk",
        action="store_const",
        dest="rows_of",
        const=_bulk_rows,
        help="measure whole files: kdh bulk on 10,000 rows beside the classifier alone, and the "
        "import of 100,000 references",
    )
    bench.add_argument(
        "--result",
        type=Path,
        action="append",
        default=[],
        help="what a trained student decided, a JSON file; name it again for each student",
    )
    bench.add_argument("--bundle", type=Path, help="folder of the model (the bundled one's)")
    bench.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="to train on")
    bench.add_argument("--quick", action="store_true", help="fewer texts and rounds")
    bench.add_argument("--json", action="store_true", help="print JSON instead of a table")
    bench.set_defaults(work_on=_bench, rows_of=_program_rows)


def _bench(arguments: argparse.Namespace) -> int:
    from trainer.bench.machine import about_machine
    from trainer.bench.table import as_json, as_text

    rows_of: Callable[[argparse.Namespace, AppPaths], list[Row]] = arguments.rows_of
    rows = rows_of(arguments, AppPaths.default())
    about = about_machine(arguments.device)
    if arguments.json:
        sys.stdout.write(as_json(rows, about=about))
    else:
        sys.stdout.write(f"{about}\n\n{as_text(rows)}")
    return 0


def _program_rows(arguments: argparse.Namespace, paths: AppPaths) -> list[Row]:
    from trainer.bench.run import Plan, run_bench

    plan = Plan(bundle=_bundle(arguments, paths), paths=paths)
    if arguments.quick:
        plan = replace(plan, texts=16, rounds=2, repeats=3)
    return run_bench(plan, say=_say)


def _training_rows(arguments: argparse.Namespace, paths: AppPaths) -> list[Row]:
    from trainer.bench.training import TrainingPlan, run_training_bench

    tokenizer = _bundle(arguments, paths) / "tokenizer.json"
    plan = TrainingPlan(tokenizer=tokenizer, device=arguments.device)
    if arguments.device != "cpu":
        # There a step takes some hundredth of the time.
        plan = replace(plan, texts=2048)
    if arguments.quick:
        plan = replace(plan, texts=plan.texts // 2, rounds=2)
    return run_training_bench(plan, say=_say)


def _students_rows(arguments: argparse.Namespace, paths: AppPaths) -> list[Row]:
    from trainer.bench.run import Plan
    from trainer.bench.students import run_students_bench
    from trainer.judging.student_choice import read_result

    results = [read_result(path) for path in arguments.result]
    plan = Plan(bundle=_bundle(arguments, paths), paths=paths)
    if arguments.quick:
        plan = replace(plan, texts=16, rounds=2)
    return run_students_bench(plan, results=results, say=_say)


def _records_rows(arguments: argparse.Namespace, paths: AppPaths) -> list[Row]:
    from kdh_desktop.core.classification.model_bundle import open_bundle
    from kdh_desktop.core.classification.signing import load_trusted_keys
    from trainer.bench.records import RecordsPlan, run_records_bench

    keys = load_trusted_keys(paths.publisher_keys, paths.site_keys)
    plan = RecordsPlan(open_bundle(_bundle(arguments, paths), trusted_keys=keys).manifest)
    if arguments.quick:
        plan = replace(plan, records=10_000, repeats=3)
    return run_records_bench(plan, say=_say)


def _bulk_rows(arguments: argparse.Namespace, paths: AppPaths) -> list[Row]:
    from trainer.bench.bulk import BulkPlan, run_bulk_bench

    plan = BulkPlan(paths)
    if arguments.quick:
        plan = replace(plan, texts=500, references=10_000)
    return run_bulk_bench(plan, say=_say)


def _bundle(arguments: argparse.Namespace, paths: AppPaths) -> Path:
    return arguments.bundle or paths.bundled_model


def _say(words: str) -> None:
    sys.stderr.write(f"... {words}\n")
