"""``kdh-trainer bench``: speed and memory beside PyTorch, in one table."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.paths import AppPaths

if TYPE_CHECKING:
    from trainer.commands import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    bench = commands.add_parser("bench", help="measure speed and memory beside PyTorch")
    bench.add_argument("--bundle", type=Path, help="folder of the model (the bundled one's)")
    bench.add_argument("--quick", action="store_true", help="fewer texts and rounds")
    bench.add_argument("--json", action="store_true", help="print JSON instead of a table")
    bench.set_defaults(work_on=_bench)


def _bench(arguments: argparse.Namespace) -> int:
    from trainer.bench.run import Plan, about_machine, run_bench
    from trainer.bench.table import as_json, as_text

    paths = AppPaths.default()
    plan = Plan(bundle=arguments.bundle or paths.bundled_model, paths=paths)
    if arguments.quick:
        plan = replace(plan, texts=16, rounds=2, repeats=3)
    rows = run_bench(plan, say=_say)
    about = about_machine()
    if arguments.json:
        sys.stdout.write(as_json(rows, about=about))
    else:
        sys.stdout.write(f"{about}\n\n{as_text(rows)}")
    return 0


def _say(words: str) -> None:
    sys.stderr.write(f"... {words}\n")
