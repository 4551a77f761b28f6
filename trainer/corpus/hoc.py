"""Read the Hallmarks of Cancer corpus in its original layout.

Source of the layout: Baker et al. 2016, Automatic semantic classification of scientific
literature according to the hallmarks of cancer.
"""

from __future__ import annotations

import re
from pathlib import Path

from kdh_desktop.core.corpus_report import ProblemKind
from kdh_desktop.core.corpus_source import HocLevel, HocSource
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER, LabelSet
from trainer.corpus.detokenise import detokenise, repair_characters
from trainer.corpus.label_names import tidy_name
from trainer.corpus.labelled_text import LabelledText
from trainer.corpus.raw import Fault, RawCorpus, RawText, texts_of

PATH_STEP = " -- "
"""What stands between the levels of a path in the name of its label."""


def read_hoc(
    folder: Path,
    *,
    ids_file: str,
    labels: LabelSet,
    level: HocLevel = HocLevel.HALLMARK,
) -> list[LabelledText]:
    """Read the texts of one split of the HoC corpus in its original layout.

    Args:
        folder: Holds ``text``, ``labels`` and the id lists.
        ids_file: Name of the list, one PubMed id a line.
        labels: Labels whose names are the first level of the corpus's label paths, or whole paths.
        level: Which of the two.

    Raises:
        TrainingError: A file is missing or unreadable, there is no text, or a label is unknown.
    """
    raw = read_raw_hoc(HocSource(str(folder), ids_file, level))
    for fault in raw.faults:
        raise TrainingError(fault.message, fault.remedy)
    if not raw.texts:
        raise TrainingError(
            f"The list {ids_file} names no text.", "Write one id a line, at least one."
        )
    return texts_of(raw, labels)


def read_raw_hoc(source: HocSource) -> RawCorpus:
    """Read a split as it is written; a text that cannot be used is a fault.

    At the level of paths, a sentence has the labels that stand there, and not those above them:
    ``Genomic instability and mutation -- DNA damage`` is another label than what lies below it.

    Raises:
        TrainingError: A file is missing or unreadable.
    """
    texts: list[RawText] = []
    faults: list[Fault] = []
    folder = Path(source.folder)
    try:
        ids = _read_text(folder / source.ids_file).split()
        for row, text_id in enumerate(ids, 1):
            read = _read_one(folder, text_id, row=row, level=source.level)
            if isinstance(read, Fault):
                faults.append(read)
            else:
                texts.append(read)
    except OSError as error:
        raise TrainingError(
            "The corpus folder is incomplete: a text, its labels or the list of ids is missing.",
            "Choose the folder that holds the folders text and labels and the id lists.",
        ) from error
    except UnicodeDecodeError as error:
        raise TrainingError(
            "A file of the corpus is not written in UTF-8.", "Convert the corpus to UTF-8."
        ) from error
    found = RawCorpus(texts, faults=faults)
    has_hallmarks = set(found.names) <= set(HALLMARKS_OF_CANCER.names)
    is_hallmarks = has_hallmarks and source.level is HocLevel.HALLMARK
    return RawCorpus(texts, HALLMARKS_OF_CANCER, faults) if is_hallmarks else found


def _read_one(folder: Path, text_id: str, *, row: int, level: HocLevel) -> RawText | Fault:
    raw = _read_text(folder / "text" / f"{text_id}.txt")
    sentences = [line.strip() for line in raw.split("\n") if line.strip()]
    segments = _read_text(folder / "labels" / f"{text_id}.txt").split("<")[1:]
    if not sentences:
        return Fault(
            ProblemKind.EMPTY_TEXTS,
            f"Text {row} of the list is empty.",
            "Take it off the list, or complete it.",
            row,
            text_id,
        )
    if len(segments) != len(sentences):
        return Fault(
            ProblemKind.UNREADABLE_ROWS,
            f"Text {row} of the list has {len(sentences)} sentences and {len(segments)} label "
            "entries.",
            "Give every sentence one entry, in order; an empty one means no label.",
            row,
            text_id,
        )
    of_sentences = tuple(_labels_of(segment, level) for segment in segments)
    running = tuple(detokenise(sentence) for sentence in sentences)
    return RawText(
        row,
        text_id,
        " ".join(running),
        tuple(sorted({name for names in of_sentences for name in names})),
        sentences=running,
        tokenised=tuple(repair_characters(sentence) for sentence in sentences),
        sentence_labels=of_sentences,
    )


def _read_text(path: Path) -> str:
    """A file's text without the byte order mark that editors on Windows put before it."""
    return path.read_text(encoding="utf-8-sig")


def _labels_of(segment: str, level: HocLevel) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for path in re.split(r"\bAND(?=[\sA-Z])", segment.strip()):
        steps = [tidy_name(step) for step in path.split("--")]
        if not steps[0] or steps[0] == "NULL":
            continue
        whole = PATH_STEP.join(step for step in steps if step)
        found[steps[0] if level is HocLevel.HALLMARK else whole] = None
    return tuple(found)
