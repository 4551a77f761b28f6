"""A file's trip from import to export is killed at any moment, and nothing acknowledged is lost."""

from __future__ import annotations

import contextlib
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import openpyxl
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kdh_desktop.core.records.bulk_run import BATCH_RECORDS
from kdh_desktop.core.records.intake import ROWS_AT_ONCE
from kdh_desktop.core.records.record_store import RecordStore
from tests.data.killable_work import KEY
from tests.data.reference_files import ris_of

ROOT = Path(__file__).parents[2]
REFUSED = (11, 600)


@dataclass
class Trip:
    """One trip that is killed again and again until it comes to its end."""

    bundle: Path
    folder: Path
    ending: str
    rows: int
    chance: random.Random
    kills: int = 0
    trips: int = 0
    outputs: list[bytes] = field(default_factory=list)

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def source(self) -> Path:
        return self.folder / "in.ris"

    @property
    def output(self) -> Path:
        return self.folder / f"out.{self.ending}"

    @property
    def counter(self) -> Path:
        return self.folder / "counter"

    def begin(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.source.write_text(ris_of(self.rows, bad=REFUSED), encoding="utf-8")

    def run(self, *, lines: int | None = None) -> list[tuple[str, int]]:
        """Run, killed a little after so many lines; gives what it acknowledged."""
        names = (self.bundle, self.store, self.source, self.output, self.counter)
        with subprocess.Popen(
            [sys.executable, "-m", "tests.data.killable_work", *map(str, names)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            assert child.stdout is not None
            said = []
            if lines is not None:
                said = [child.stdout.readline() for _ in range(lines)]
                with contextlib.suppress(subprocess.TimeoutExpired):
                    # Not always right behind a save: anywhere up to the next one or so.
                    child.wait(timeout=self.chance.random() * 0.12)
                child.kill()
            said += child.stdout.readlines()
        assert lines is not None or child.returncode == 0
        whole = [line.split() for line in said if line.endswith("\n")]
        return [(word, int(number)) for word, number in whole]

    def predicted(self) -> int:
        if not self.store.exists():
            return 0
        store = RecordStore.open(self.store, key=KEY)
        try:
            return store.count() - store.count_unpredicted()
        finally:
            store.close()

    def kill_once(self) -> None:
        before, computed = self.predicted(), self.computed()
        # As many acknowledgements as a whole trip has: imports, saves and exported rows.
        lines = self.rows // ROWS_AT_ONCE + self.rows // 64 + self.rows // 200
        said = self.run(lines=self.chance.randint(0, lines))
        self.kills += 1
        self.check(said, before=before, computed=self.computed() - computed)
        if ("end", 0) in said or self.output.exists():
            assert self.is_whole()
            self.trips += 1
            self.begin()

    def check(self, said: list[tuple[str, int]], *, before: int, computed: int) -> None:
        told = dict(said)
        store = RecordStore.open(self.store, key=KEY)
        try:
            store.verify()
            batches = store.batches()
            rows = sum(batch.records + batch.refused for batch in batches)
            assert rows >= told.get("in", 0), "no row that was acknowledged is lost"
            ids = store.ids()
            titles = [row.title for row in store.rows(ids)]
            good = [n for n in range(1, rows + 1) if n not in REFUSED]
            assert titles == [f"Invented study {n}" for n in good], "each row once, in order"
            saved = len(ids) - store.count_unpredicted() - before
            assert saved >= told.get("done", 0), "no prediction that was acknowledged is lost"
            assert computed - saved <= BATCH_RECORDS, "at most one batch is done twice"
        finally:
            store.close()

    def computed(self) -> int:
        return self.counter.stat().st_size if self.counter.exists() else 0

    def is_whole(self) -> bool:
        """Whether the output holds all rows; and all outputs are the same."""
        if self.ending == "xlsx":
            book = openpyxl.load_workbook(self.output, read_only=True)
            rows = [list(row) for row in book["Records"].iter_rows(values_only=True)]
            self.outputs.append(repr(rows).encode())
            return len(rows) == self.rows - len(REFUSED) + 1
        self.outputs.append(self.output.read_bytes())
        return self.outputs[-1].count(b"\n") == self.rows - len(REFUSED)

    def finish(self) -> None:
        said = self.run()
        assert said[-1] == ("end", 0)
        assert self.is_whole()
        unbroken = replace(self, folder=self.folder.with_name("unbroken"), outputs=[])
        unbroken.begin()
        unbroken.run()
        assert unbroken.is_whole()
        assert set(self.outputs) == set(unbroken.outputs), "bit for bit as an unbroken run"


def kill_trips(bundle: Path, folder: Path, ending: str, *, rows: int, times: int) -> None:
    trip = Trip(bundle, folder / "trip", ending, rows, random.Random(times))
    trip.begin()
    while trip.kills < times:
        trip.kill_once()
    trip.finish()


@pytest.mark.timeout(120)
def test_killed_trip_goes_on_to_the_same_output(
    tiny: tuple[Path, Ed25519PublicKey], tmp_path: Path
) -> None:
    kill_trips(tiny[0], tmp_path, "jsonl", rows=700, times=2)


@pytest.mark.stress
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("ending", ["jsonl", "xlsx"])
def test_a_hundred_kills_of_each_format_lose_nothing(
    tiny: tuple[Path, Ed25519PublicKey], tmp_path: Path, ending: str
) -> None:
    kill_trips(tiny[0], tmp_path, ending, rows=1_600, times=100)
