"""Questions to the trainer, answered by a short child process: plain functions for jobs.

What is asked about lies in a file of a private folder, so that no name of a user's file stands in
an argument list. The child ends when this program does.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from typing import IO

from kdh_desktop.core.corpus_report import CorpusReport, report_from_json
from kdh_desktop.core.corpus_source import CorpusSource, source_to_json
from kdh_desktop.core.encoder_report import EncoderReport, encoder_report_from_json
from kdh_desktop.core.errors import Cancelled, KdhError, TrainingError
from kdh_desktop.core.runs.machine_report import MachineReport, machine_report_from_json
from kdh_desktop.core.runs.run_folder import RunRequest, request_to_json
from kdh_desktop.core.suspicious_labels import SuspiciousLabels, suspects_from_json
from kdh_desktop.gui.jobs import Job
from kdh_desktop.gui.training.wizard.draft import CheckKey, ChosenSource
from kdh_desktop.gui.training_process import trainer_command, trainer_environment

Command = Callable[[], list[str]]

_POLL_S = 0.05
_MOST_CHARACTERS = 50_000_000
_PROGRESS = "... "


def check_work(
    key: CheckKey, *, command: Command = trainer_command
) -> Callable[[Job], CorpusReport]:
    """Let the trainer check texts; the work raises `KdhError` where they cannot be read."""

    def work(job: Job) -> CorpusReport:
        with tempfile.TemporaryDirectory(prefix="kdh-check-") as name:
            learnt, judged = _described(key.sources, Path(name))
            arguments = ["check", *learnt, "--folds", str(key.folds), "--window", str(key.window)]
            if judged:
                arguments += ["--test", *judged]
            return report_from_json(ask_trainer(arguments, job, command=command))

    return work


def suspects_work(
    sources: Sequence[ChosenSource], bundle: Path, *, command: Command = trainer_command
) -> Callable[[Job], SuspiciousLabels]:
    """Compare labels with what a model says; the work reports lines of progress."""

    def work(job: Job) -> SuspiciousLabels:
        with tempfile.TemporaryDirectory(prefix="kdh-check-") as name:
            learnt, judged = _described(sources, Path(name))
            arguments = ["suspects", *learnt, *judged, "--bundle", str(bundle)]
            return suspects_from_json(ask_trainer(arguments, job, command=command))

    return work


def encoder_work(
    folder: Path, *, command: Command = trainer_command
) -> Callable[[Job], EncoderReport]:
    """See whether a run can start from a folder; nothing of it is loaded."""

    def work(job: Job) -> EncoderReport:
        with tempfile.TemporaryDirectory(prefix="kdh-check-") as name:
            named = Path(name) / "encoder.json"
            named.write_text(json.dumps({"folder": str(folder)}), encoding="utf-8")
            arguments = ["check-encoder", str(named)]
            return encoder_report_from_json(ask_trainer(arguments, job, command=command))

    return work


def probe_work(
    request: RunRequest, *, command: Command = trainer_command
) -> Callable[[Job], MachineReport]:
    """See what this machine can do, and try for some seconds what a run would take on it."""

    def work(job: Job) -> MachineReport:
        with tempfile.TemporaryDirectory(prefix="kdh-check-") as name:
            asked = Path(name) / "request.json"
            asked.write_text(request_to_json(request), encoding="utf-8")
            # A trial that is given up can delete nothing of what it made from the texts.
            arguments = ["probe", str(asked), "--work", name]
            return machine_report_from_json(ask_trainer(arguments, job, command=command))

    return work


def ask_trainer(arguments: Sequence[str], job: Job, *, command: Command = trainer_command) -> str:
    """What the trainer answers in JSON.

    Raises:
        TrainingError: It refused, in its words; or it broke.
        Cancelled: The job was stopped.
    """
    try:
        process = subprocess.Popen(
            [*command(), *arguments, "--json", "--controlled"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=trainer_environment(),
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise TrainingError(
            "The trainer cannot be started.", "Install the program again."
        ) from error
    with process:
        try:
            answer, said = _heard(process, job)
        finally:
            if process.poll() is None:
                process.kill()
            if process.stdin is not None:
                with suppress(OSError):
                    process.stdin.close()
    if answer.lstrip().startswith("{") and answer.rstrip().endswith("}"):
        return answer
    raise _failure(said, process.returncode)


def _heard(process: subprocess.Popen[str], job: Job) -> tuple[str, str]:
    """All of stdout, and what stderr said beside progress, which is reported as it comes."""
    if process.stdout is None or process.stderr is None:
        raise AssertionError("both were asked for")
    said: list[str] = []
    answer: Queue[str] = Queue()
    out, err = process.stdout, process.stderr
    readers = (
        threading.Thread(target=lambda: answer.put(_read(out)), daemon=True),
        threading.Thread(target=lambda: _follow(err, said, job), daemon=True),
    )
    for reader in readers:
        reader.start()
    while True:
        try:
            whole = answer.get(timeout=_POLL_S)
        except Empty:
            if job.should_stop():
                raise Cancelled("The work was stopped.") from None
            continue
        process.wait()
        readers[1].join()
        return whole, "\n".join(said[-20:])


def _read(out: IO[str]) -> str:
    try:
        return out.read(_MOST_CHARACTERS)
    except (OSError, ValueError):
        return ""


def _follow(err: IO[str], said: list[str], job: Job) -> None:
    with suppress(OSError, ValueError):
        for line in err:
            if line.startswith(_PROGRESS):
                job.report(line[len(_PROGRESS) :].strip())
            elif line.strip():
                said.append(line.strip())


def _failure(said: str, exit_code: int) -> KdhError:
    """The trainer's own last sentence where it refused; else that it broke."""
    last = said.splitlines()[-1] if said else ""
    if exit_code in {2, 4} and last:
        return TrainingError(last)
    return TrainingError(
        "The trainer ended without an answer.",
        "Try again; where it happens twice, install the program again.",
    )


def _described(sources: Sequence[ChosenSource], folder: Path) -> tuple[list[str], list[str]]:
    """Files that describe the sources: those to learn from, and those to be judged on."""
    learnt: list[str] = []
    judged: list[str] = []
    for place, one in enumerate(sources):
        (judged if one.is_judge else learnt).append(_describe(one.source, folder / f"{place}.json"))
    return learnt, judged


def _describe(source: CorpusSource, path: Path) -> str:
    path.write_text(source_to_json(source), encoding="utf-8")
    return str(path)
