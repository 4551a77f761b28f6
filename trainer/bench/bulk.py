"""Whole files through the program: `kdh bulk` beside the bare classifier, and a large import."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from openpyxl import Workbook

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.paths import AppPaths
from trainer.bench.child import Child
from trainer.bench.references import References
from trainer.bench.table import Row, Spread
from trainer.bench.texts import invented_abstracts

BARE = "the classifier alone"
WHOLE = "kdh bulk, .xlsx to labelled .xlsx"
SHARE = "its share of the classifier's speed"
IMPORT = "RIS records taken in"

_CONTESTANT = "trainer.bench.contestant"
_TAKING_IN = "trainer.bench.taking_in"
_RUN_KDH = (
    "import sys; from pathlib import Path; from kdh_desktop.cli import main; "
    "from kdh_desktop.core.paths import AppPaths; "
    "sys.exit(main(sys.argv[5:], AppPaths(*map(Path, sys.argv[1:5]))))"
)


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """What to measure, and how thoroughly.

    Attributes:
        paths: The installation, whose shipped model is measured; its data is not touched.
        texts: Abstracts in the workbook.
        rounds: Times that the workbook is labelled.
        references: Records in the RIS file.
    """

    paths: AppPaths
    texts: int = 10_000
    rounds: int = 1
    references: int = 100_000


def run_bulk_bench(plan: BulkPlan, *, say: Callable[[str], None]) -> list[Row]:
    """Measure; takes a quarter of an hour.

    Raises:
        TrainingError: A part of it failed; its own words stand above.
    """
    with TemporaryDirectory(prefix="kdh-bench-") as scratch:
        return [*_bulk_rows(plan, Path(scratch), say), _import_row(plan, Path(scratch), say)]


def _bulk_rows(plan: BulkPlan, scratch: Path, say: Callable[[str], None]) -> list[Row]:
    say(f"a workbook of {plan.texts} abstracts")
    source = scratch / "in.xlsx"
    _write_workbook(source, plan.texts)
    spec = {
        "kind": "bundle",
        "bundle": str(plan.paths.bundled_model),
        "keys": [str(plan.paths.publisher_keys), str(plan.paths.site_keys)],
        "texts": max(1, plan.texts // 2),
    }
    bare: list[float] = []
    whole: list[float] = []
    with Child(_CONTESTANT) as classifier:
        classifier.tell(spec)
        for turn in range(plan.rounds):
            # Half of the bare work before and half after, so that whatever else the machine does
            # meanwhile hits both alike.
            say(f"round {turn + 1} of {plan.rounds}")
            seconds = [classifier.ask("round")["seconds"]]
            whole.append(plan.texts / _seconds_of_bulk(plan, source, scratch))
            seconds.append(classifier.ask("round")["seconds"])
            bare.append(2 * spec["texts"] / sum(seconds))  # type: ignore[operator]
    shares = [100 * ours / alone for ours, alone in zip(whole, bare, strict=True)]
    return [
        Row(BARE, "abstracts/s", Spread.of(bare), note="half before, half after"),
        Row(WHOLE, "abstracts/s", Spread.of(whole), note=f"{plan.texts} rows, from start to end"),
        Row(SHARE, "%", Spread.of(shares)),
    ]


def _write_workbook(path: Path, texts: int) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Abstracts")
    sheet.append(["Nr", "Abstract", "Remark"])
    for record in invented_abstracts(texts):
        sheet.append([record.id, record.text, "carried through"])
    book.save(path)


def _seconds_of_bulk(plan: BulkPlan, source: Path, scratch: Path) -> float:
    folders = (plan.paths.resources, *(scratch / name for name in ("data", "config", "logs")))
    arguments = ("bulk", str(source), "-o", str(scratch / "out.xlsx"))
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _RUN_KDH, *map(str, folders), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise TrainingError("A part of the measurement failed: kdh bulk.", done.stderr.strip())
    return seconds


def _import_row(plan: BulkPlan, scratch: Path, say: Callable[[str], None]) -> Row:
    say(f"a file of {plan.references} references")
    file = scratch / "in.ris"
    with file.open("w", encoding="utf-8", newline="\n") as out:
        for record in References().take(plan.references):
            out.writelines(f"{line}\n" for line in _ris_lines(record))
    say("taking them in")
    with Child(_TAKING_IN) as child:
        answer = child.ask({"file": str(file), "folder": str(scratch / "records")})
    if (answer["records"], answer["refused"]) != (plan.references, 0):
        raise TrainingError("Not all invented references were taken in.")
    before, peak = answer["before"], answer["peak"]
    grown = "" if before is None else f"the process grew by {peak - before:.0f} MB"
    return Row(
        f"{plan.references} {IMPORT}",
        "s",
        Spread.of([answer["seconds"]]),
        steady_mb=answer["steady"],
        peak_mb=peak,
        note=grown,
    )


def _ris_lines(record: ImportedRecord) -> Iterator[str]:
    yield "TY  - JOUR"
    yield f"AN  - {record.pmid}"
    yield f"TI  - {record.title}"
    for author in record.authors.split("; "):
        yield f"AU  - {author}"
    yield f"PY  - {record.year}"
    yield f"JO  - {record.journal}"
    yield f"AB  - {record.abstract}"
    yield f"DO  - {record.doi}"
    for word in record.keywords.split("; "):
        yield f"KW  - {word}"
    yield "ER  - "
    yield ""
