"""`kdh classify`: texts from the arguments, standard input or text files."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from kdh_desktop.commands.interrupts import stopping_on_interrupt
from kdh_desktop.commands.model_loading import load_active_classifier
from kdh_desktop.commands.output import flush_lines, print_line
from kdh_desktop.commands.parser import EPILOG, Commands
from kdh_desktop.core.errors import InputError, KdhError
from kdh_desktop.core.importing.pasted_text import split_pasted_text
from kdh_desktop.core.importing.text_file import MAX_TEXT_BYTES, decode_text, read_text_file
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.record import Prediction, Record
from kdh_desktop.terminal import lines_of, printable

_CHUNK_RECORDS = 256
"""Records whose results are printed together, so that a long run shows results as it goes."""

_DESCRIPTION = """\
Say which hallmarks each text is about, how sure the model is, and which sentences say so.
Several texts in one file or on standard input are told apart by blank lines or ruled lines,
or as PubMed's "Abstract (text)" display. Files are UTF-8, or UTF-16 with a byte order mark.

Text given as an argument can be seen by other users of this machine in its list of
processes. Give patients' texts on standard input or as files:  kdh classify - < note.txt
"""


def add_classify(commands: Commands) -> None:
    """Add the command."""
    classify = commands.add_parser(
        "classify",
        help="classify a text, standard input or text files",
        description=_DESCRIPTION,
        epilog=EPILOG,
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


def _classify(arguments: argparse.Namespace, paths: AppPaths) -> int:
    records = _records_of(arguments.inputs)
    classifier = load_active_classifier(paths)
    with stopping_on_interrupt() as should_stop:
        for first in range(0, len(records), _CHUNK_RECORDS):
            chunk = records[first : first + _CHUNK_RECORDS]
            for prediction in classifier.predict(chunk, should_stop=should_stop):
                _print_prediction(prediction, as_json=arguments.json)
            flush_lines()
    if not arguments.json:
        print_line(f"Model {printable(classifier.bundle.id)}. For research, not for diagnosis.")
    return 0


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


def _print_prediction(prediction: Prediction, *, as_json: bool) -> None:
    if as_json:
        from kdh_desktop.core.exporting.prediction_json import prediction_to_json_line

        print_line(prediction_to_json_line(prediction))
        return
    for line in lines_of(prediction, columns=shutil.get_terminal_size().columns):
        print_line(line)
    print_line("")
