"""The trainer's command line: one subcommand a module, and exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from kdh_desktop.core.errors import InputError, KdhError

_QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}


_NEEDED = ("sacremoses", "sklearn", "torch", "transformers")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the trainer's command line; the result is the exit code."""
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        sys.stderr.write(
            f"What training needs is not installed ({', '.join(missing)} and more). "
            "Run `make trainer` in the program's folder.\n"
        )
        return InputError.exit_code
    arguments = _parser().parse_args(argv)
    os.environ.update(_QUIET)
    try:
        return int(arguments.work_on(arguments))
    except KdhError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except BrokenPipeError:  # no file that was named: whoever reads us has read enough
        raise
    except OSError as error:
        # No name of a file: it may say who a text is about.
        sys.stderr.write(
            f"A file or folder that was named cannot be used ({error.strerror or 'no reason given'}"
            "). Check its place, what you may do there, and the room on the disk.\n"
        )
        return InputError.exit_code


def _parser() -> argparse.ArgumentParser:
    from trainer.commands import (
        adapt,
        bench,
        check,
        check_encoder,
        evaluate,
        probe,
        run,
        study,
        suspects,
        tune,
    )

    parser = argparse.ArgumentParser(
        prog="kdh-trainer", description="Trains, distils and measures models for KDH Desktop."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run.add_parser(commands)
    check.add_parser(commands)
    probe.add_parser(commands)
    suspects.add_parser(commands)
    check_encoder.add_parser(commands)
    evaluate.add_parser(commands)
    bench.add_parser(commands)
    adapt.add_parser(commands)
    tune.add_parser(commands)
    study.add_parser(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
