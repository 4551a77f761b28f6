"""Read any corpus that a source can name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from kdh_desktop.core.corpus_report import ProblemKind
from kdh_desktop.core.corpus_source import (
    CorpusSource,
    CorrectionsSource,
    HocSource,
    JsonLinesSource,
    TableSource,
)
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import LabelSet
from trainer.corpus.corrections import read_raw_corrections
from trainer.corpus.hoc import read_raw_hoc
from trainer.corpus.json_lines import read_raw_json_lines
from trainer.corpus.labelled_text import LabelledText
from trainer.corpus.raw import RawCorpus, labels_of, texts_of
from trainer.corpus.table import read_raw_table

_HARMLESS = {ProblemKind.FILE_NOTICE, ProblemKind.NUMBERS_OR_DATES_AS_TEXT}
"""Faults with which a text can still be used as it is."""


def read_corpus(
    source: CorpusSource, labels: LabelSet | None = None
) -> tuple[list[LabelledText], LabelSet]:
    """Read the labelled texts of one source.

    Empty texts are left out, and records that are not decided on; `check_corpus` counts them.

    Args:
        source: What to read.
        labels: Labels in the order of the columns; None to take them from the source: as it
            declares them, else all names it uses in alphabetical order.

    Raises:
        InputError: The file cannot be read.
        TrainingError: A row cannot be used, a label is not in `labels`, the source declares its
            labels and one of `labels` is not among them, or there is no text.
    """
    return read_corpora([source], labels)


def read_corpora(
    sources: Sequence[CorpusSource], labels: LabelSet | None = None
) -> tuple[list[LabelledText], LabelSet]:
    """Read several sources as one corpus, in their order; see `read_corpus`."""
    corpora = [read_raw(source, labels) for source in sources]
    for fault in (fault for corpus in corpora for fault in corpus.faults):
        if fault.kind not in _HARMLESS:
            raise TrainingError(fault.message, fault.remedy)
    if not any(corpus.texts for corpus in corpora):
        raise TrainingError("The corpus holds no text.", "Choose another file, or other columns.")
    chosen = labels or labels_of(corpora)
    texts = [text for corpus in corpora for text in texts_of(corpus, chosen)]
    if not texts:
        raise TrainingError(
            "None of the texts can be used: they are empty, or not decided on.",
            "Check the corpus to see which.",
        )
    return texts, chosen


def read_raw(source: CorpusSource, labels: LabelSet | None = None) -> RawCorpus:
    """Read a source as it is written, with its faults.

    Raises:
        InputError: The file cannot be read.
        TrainingError: The folder cannot be read.
    """
    match source:
        case HocSource():
            return read_raw_hoc(source)
        case TableSource():
            return read_raw_table(source)
        case JsonLinesSource():
            return read_raw_json_lines(source)
        case CorrectionsSource():
            return read_raw_corrections(source, labels)
        case _:
            assert_never(source)
