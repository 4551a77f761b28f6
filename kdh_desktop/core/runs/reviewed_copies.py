"""Copies of reviewed records that runs learn from: in plain text, so kept no longer than needed.

A copy is exported into a folder of its own while a run is planned, put into the run's folder when
that is made, and deleted when the run's candidate is in force or the run is thrown away: until then
the candidate may have to be compared on what was held out. What no run took goes with the window.
"""

from __future__ import annotations

import secrets
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from kdh_desktop.core.corpus_source import CorpusSource, CorrectionsSource
from kdh_desktop.core.runs.run_folder import RunFolder, RunRequest

_STAGED = ".reviewed"


class ReviewedCopies:
    """The copies below the folder of the runs.

    Args:
        runs: That folder.
    """

    def __init__(self, runs: Path) -> None:
        self._runs = runs

    def new_file(self) -> Path:
        """An empty file to export to, in a folder that others cannot read.

        Raises:
            OSError: It cannot be made.
        """
        folder = self._runs / _STAGED
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        path = folder / f"{secrets.token_hex(8)}.jsonl"
        path.touch(mode=0o600)
        return path

    def sweep(self) -> None:
        """Delete copies that no run took."""
        shutil.rmtree(self._runs / _STAGED, ignore_errors=True)

    def forget(self, run: RunFolder) -> None:
        """Delete the copies of a run that needs them no longer."""
        for path in run.folder.glob("reviewed-*.jsonl"):
            with suppress(OSError):
                path.unlink()

    def let_go(self, request: RunRequest) -> None:
        """Delete the copies that a request was planned with, since its run has its own."""
        for source in (*request.corpus, *request.judged):
            if isinstance(source, CorrectionsSource) and self.is_copy(source):
                path = Path(source.path)
                if path.parent.name == _STAGED:
                    with suppress(OSError):
                        path.unlink(missing_ok=True)

    def is_copy(self, source: CorpusSource) -> bool:
        """Whether a source is one of these copies."""
        return isinstance(source, CorrectionsSource) and self._runs in Path(source.path).parents

    def left_out_of(self, request: RunRequest) -> RunRequest:
        """A request without the sources that are copies."""
        return replace(
            request,
            corpus=tuple(x for x in request.corpus if not self.is_copy(x)),
            judged=tuple(x for x in request.judged if not self.is_copy(x)),
        )

    def put(self, request: RunRequest, *, into: Path, as_of: Path) -> RunRequest:
        """The request with its copies put into a run's folder; `let_go` ends those before.

        Args:
            request: What is asked.
            into: Where they are put.
            as_of: What that folder is going to be called.

        Raises:
            OSError: A copy cannot be read or written.
        """
        names: dict[str, str] = {}

        def own(source: CorpusSource) -> CorpusSource:
            if not isinstance(source, CorrectionsSource) or not self.is_copy(source):
                return source
            if source.path not in names:
                names[source.path] = name = f"reviewed-{len(names) + 1}.jsonl"
                shutil.copyfile(source.path, into / name)
                (into / name).chmod(0o600)
            return CorrectionsSource(str(as_of / names[source.path]))

        return replace(
            request,
            corpus=tuple(own(source) for source in request.corpus),
            judged=tuple(own(source) for source in request.judged),
        )
