"""The command line, `kdh`: the same core as the window, without Qt.

Exit codes: 0 done, 2 bad input, 3 cancelled, 4 verification failed; anything else is a bug.
Heavy libraries are imported by the commands that need them, so that `kdh --help` is instant.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from kdh_desktop import __version__
from kdh_desktop.core.errors import Cancelled, InputError, KdhError, VerificationError
from kdh_desktop.core.importing.pasted_text import split_pasted_text
from kdh_desktop.core.importing.text_file import MAX_TEXT_BYTES, decode_text, read_text_file
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.record import Prediction, Record
from kdh_desktop.terminal import lines_of, printable

if TYPE_CHECKING:
    from kdh_desktop.core.classification.classifier import OnnxClassifier
    from kdh_desktop.core.classification.model_bundle import ModelBundle

_CHUNK_RECORDS = 256
"""Records whose results are printed together, so that a long run shows results as it goes."""

_DESCRIPTION = "Sorts biomedical texts by the ten Hallmarks of Cancer. Nothing leaves this machine."
_EPILOG = (
    "Research use only, not for diagnosis.\n"
    "Exit codes: 0 done, 2 bad input, 3 cancelled, 4 verification failed."
)
_CLASSIFY = """\
Say which hallmarks each text is about, how sure the model is, and which sentences say so.
Several texts in one file or on standard input are told apart by blank lines or ruled lines,
or as PubMed's "Abstract (text)" display. Files are UTF-8, or UTF-16 with a byte order mark.

Text given as an argument can be seen by other users of this machine in its list of
processes. Give patients' texts on standard input or as files:  kdh classify - < note.txt
"""


def main(argv: Sequence[str] | None = None, paths: AppPaths | None = None) -> int:
    """Run one command.

    Args:
        argv: Arguments without the program's name; those of the process by default.
        paths: Folders of the installation; those of this user by default.

    Returns:
        The exit code.
    """
    _make_output_safe()
    try:
        arguments = _parser().parse_args(argv)
        code = int(arguments.command(arguments, paths or AppPaths.default()))
        sys.stdout.flush()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 2
    except KdhError as error:
        sys.stderr.write(f"kdh: {printable(str(error))}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("kdh: Stopped.\n")
        return Cancelled.exit_code
    except BrokenPipeError:
        # Whoever reads us has read enough. Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence; arguments may be texts, so none is repeated."""

    def error(self, message: str) -> NoReturn:
        kind, _, names = message.partition(": ")
        match kind:
            case "the following arguments are required":
                what = f"{names} is missing"
            case "unrecognized arguments":
                what = "An option is not known; a text that begins with a dash goes after --"
            case _:
                what = "An argument is not understood"
        sys.stderr.write(f"kdh: {what}. See `{self.prog} --help`.\n")
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="kdh", description=_DESCRIPTION, epilog=_EPILOG, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"kdh {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    classify = commands.add_parser(
        "classify",
        help="classify a text, standard input or text files",
        description=_CLASSIFY,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    classify.add_argument(
        "inputs",
        nargs="*",
        metavar="TEXT | - | FILE",
        help="one text in quotation marks, - for standard input, or text files",
    )
    classify.add_argument(
        "--json", action="store_true", help="print one JSON object a line for each text"
    )
    classify.set_defaults(command=_classify)

    models = commands.add_parser("models", help="verify models", allow_abbrev=False)
    model_commands = models.add_subparsers(required=True, metavar="COMMAND")
    verify = model_commands.add_parser(
        "verify",
        help="check that a model is what a trusted publisher signed",
        allow_abbrev=False,
    )
    verify.add_argument("path", metavar="PATH", type=Path, help="folder of the model")
    verify.set_defaults(command=_verify_model)

    selfcheck = commands.add_parser(
        "selfcheck", help="check this installation and print its versions", allow_abbrev=False
    )
    selfcheck.add_argument("--json", action="store_true", help="print one JSON object")
    selfcheck.set_defaults(command=_selfcheck)
    return parser


def _classify(arguments: argparse.Namespace, paths: AppPaths) -> int:
    records = _records_of(arguments.inputs)
    classifier = _load_classifier(_open_bundle(paths.bundled_model, paths))
    with _stopping_on_interrupt() as should_stop:
        for first in range(0, len(records), _CHUNK_RECORDS):
            chunk = records[first : first + _CHUNK_RECORDS]
            for prediction in classifier.predict(chunk, should_stop=should_stop):
                _print_prediction(prediction, as_json=arguments.json)
            sys.stdout.flush()
    if not arguments.json:
        _print(f"Model {printable(classifier.bundle.id)}. For research, not for diagnosis.")
    return 0


def _verify_model(arguments: argparse.Namespace, paths: AppPaths) -> int:
    folder: Path = arguments.path
    if not folder.is_dir():
        raise InputError("There is no folder of that name.", "Give the folder of a model.")
    bundle = _open_bundle(folder, paths)
    _load_classifier(bundle)
    megabytes = (len(bundle.model) + len(bundle.tokenizer)) / 1e6
    _print(f"{printable(bundle.id)} is whole, and a trusted publisher signed it.")
    _print(f"{len(bundle.labels)} labels, {megabytes:.1f} MB, made {bundle.manifest.created_utc}.")
    return 0


def _selfcheck(arguments: argparse.Namespace, paths: AppPaths) -> int:
    from kdh_desktop.core.selfcheck import check_classifier

    classifier = _load_classifier(_open_bundle(paths.bundled_model, paths))
    check = check_classifier(classifier, known_sentences=paths.known_sentences)
    folders = {
        "resources": paths.resources,
        "data": paths.data,
        "config": paths.config,
        "logs": paths.logs,
    }
    right = sum(sentence.is_right for sentence in check.sentences)
    if arguments.json:
        _print_json(
            sound=check.is_sound,
            model=check.model_id,
            provider=check.provider,
            versions=dict(check.versions),
            paths={name: str(folder) for name, folder in folders.items()},
            sentences=[
                {"expected": x.expected, "found": x.found, "right": x.is_right}
                for x in check.sentences
            ],
        )
    else:
        _print(f"Model      {printable(check.model_id)}: whole, signed by a trusted publisher")
        _print(f"Provider   {check.provider}")
        for name, version in check.versions.items():
            _print(f"Version    {name} {version}")
        for name, folder in folders.items():
            _print(f"Folder     {name}: {printable(str(folder))}")
        _print(f"Sentences  {right} of {len(check.sentences)} known ones came out right")
    if not check.is_sound:
        raise VerificationError(
            f"The model gets {len(check.sentences) - right} known sentences wrong.",
            "Install the program again.",
        )
    return 0


def _open_bundle(folder: Path, paths: AppPaths) -> ModelBundle:
    from kdh_desktop.core.classification.model_bundle import open_bundle
    from kdh_desktop.core.classification.signing import load_trusted_keys

    keys = load_trusted_keys(paths.publisher_keys, paths.site_keys)
    return open_bundle(folder, trusted_keys=keys)


def _load_classifier(bundle: ModelBundle) -> OnnxClassifier:
    from kdh_desktop.core.classification.classifier import OnnxClassifier

    return OnnxClassifier(bundle)


def _records_of(inputs: Sequence[str]) -> list[Record]:
    """All texts of all inputs, read and checked before the model is even loaded."""
    if not inputs and (sys.stdin is None or sys.stdin.isatty()):
        raise InputError(
            "There is no text to classify.", "Give a text, a file, or - for standard input."
        )
    if len(inputs) == 1 and inputs[0] != "-" and not _is_file_name(inputs[0]):
        return _split(inputs[0])
    records: list[Record] = []
    for position, name in enumerate(inputs or ["-"], start=1):
        try:
            records += _records_in_input(name, is_only=len(inputs) < 2)
        except KdhError as error:
            raise InputError(f"Input {position}: {error.message}", error.remedy) from error
    return _with_unique_ids(records)


def _records_in_input(name: str, *, is_only: bool) -> list[Record]:
    if name == "-":
        source = "stdin"
        text = decode_text(b"" if sys.stdin is None else sys.stdin.buffer.read(MAX_TEXT_BYTES + 1))
    elif os.path.lexists(name):
        source = Path(name).name
        text = read_text_file(Path(name))
    else:
        raise InputError(
            "There is no such file.", "Check its name, or put a text in quotation marks."
        )
    records = _split(text)
    if name != "-" and len(records) == 1 and records[0].id == "1":
        return [Record(source, records[0].text)]
    if is_only:
        return records
    return [Record(f"{source}:{record.id}", record.text) for record in records]


def _with_unique_ids(records: Sequence[Record]) -> list[Record]:
    """Files of one name may come from different folders, and one PubMed record in two files."""
    seen = Counter[str]()
    unique: list[Record] = []
    for record in records:
        seen[record.id] += 1
        count = seen[record.id]
        unique.append(record if count == 1 else Record(f"{record.id} ({count})", record.text))
    return unique


def _is_file_name(argument: str) -> bool:
    """Whether an argument means a file: it is there, or it looks like the name of one."""
    with contextlib.suppress(OSError, ValueError):  # a text may be too long for a file name
        if os.path.lexists(argument):
            return True
    is_one_word = len(argument.split()) == 1
    return is_one_word and (os.sep in argument or argument.lower().endswith((".txt", ".text")))


def _split(text: str) -> list[Record]:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError("The text is not valid UTF-8.", "Give it on standard input or as a file.")
    records = split_pasted_text(text)
    if not records:
        raise InputError("There is no text to classify.", "Give a text with words in it.")
    return records


@contextlib.contextmanager
def _stopping_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Let Ctrl+C end the work between two windows; a second one ends it at once."""
    previous = signal.getsignal(signal.SIGINT)
    if previous is signal.SIG_IGN:  # started in the background, where Ctrl+C is not for us
        yield lambda: False
        return
    asked = threading.Event()

    def ask(_signal: int, _frame: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, previous)

    signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, previous)


def _print_prediction(prediction: Prediction, *, as_json: bool) -> None:
    if as_json:
        from kdh_desktop.core.exporting.prediction_json import prediction_to_json_line

        _print(prediction_to_json_line(prediction))
        return
    for line in lines_of(prediction, columns=shutil.get_terminal_size().columns):
        _print(line)
    _print("")


def _print_json(**values: object) -> None:
    import json

    _print(json.dumps(values))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


def _make_output_safe() -> None:
    """Print what a terminal's encoding lacks as `?`, instead of failing half-way through."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
