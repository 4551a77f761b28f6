"""Check labelled texts before anything is trained on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

import numpy as np
from tokenizers import Tokenizer

from kdh_desktop.core.corpus_report import (
    CorpusReport,
    Problem,
    ProblemKind,
    Severity,
    SourceCounts,
)
from kdh_desktop.core.corpus_source import (
    CorpusSource,
    CorrectionsSource,
    HocSource,
    JsonLinesSource,
    TableSource,
)
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import LabelSet
from trainer.corpus.check_labels import balance_of, balance_problems, name_problems
from trainer.corpus.check_texts import (
    content_problems,
    duplicate_problems,
    fault_problems,
    group_problems,
    length_problems,
    lengths_of,
)
from trainer.corpus.entries import Entry, problem
from trainer.corpus.raw import RawCorpus, columns_of, labels_of
from trainer.corpus.read import read_raw


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """What texts are to be good for.

    Attributes:
        labels: Labels to train; None to take them from the texts to train on.
        folds: Folds of a cross-validation.
        window: Word pieces that the model reads at once, special ones included.
        tokenizer: The word pieces; None to leave lengths out.
    """

    labels: LabelSet | None = None
    folds: int = 5
    window: int = 512
    tokenizer: Tokenizer | None = None


def check_corpus(
    sources: Sequence[CorpusSource],
    plan: CheckPlan,
    *,
    test_sources: Sequence[CorpusSource] = (),
) -> CorpusReport:
    """Say of texts what speaks against training on them.

    Args:
        sources: Texts to train on.
        plan: What they are to be good for.
        test_sources: Texts kept for judging.

    Raises:
        InputError: A file cannot be read at all.
        TrainingError: A folder cannot be read at all.
    """
    every = [*sources, *test_sources]
    corpora = [read_raw(source, plan.labels) for source in sources]
    problems: list[Problem] = []
    labels = plan.labels
    if labels is None:
        try:
            labels = labels_of(corpora)
        except TrainingError as error:
            problems.append(
                problem(ProblemKind.NO_POSITIVES, Severity.BLOCKING, error.message, error.remedy)
            )
    corpora += [read_raw(source, labels) for source in test_sources]
    entries = _entries(corpora, labels, tests_from=len(sources))
    trained = [entry for entry in entries if not entry.is_test]
    balance = balance_of(entries, labels) if labels else ()
    lengths = plan.tokenizer and lengths_of(entries, plan.tokenizer, window=plan.window)
    problems += [
        *fault_problems(corpora),
        *content_problems(corpora, entries),
        *name_problems(corpora, labels),
        *balance_problems(balance, texts=len(trained), folds=plan.folds),
        *group_problems(entries, folds=plan.folds),
        *duplicate_problems(entries),
        *(length_problems(lengths) if lengths else ()),
    ]
    return CorpusReport(
        tuple(
            _counts(source, corpus, entries, place=place, is_test=place >= len(sources))
            for place, (source, corpus) in enumerate(zip(every, corpora, strict=True))
        ),
        balance,
        float(sum(entry.targets.sum() for entry in trained)) / max(1, len(trained)),
        plan.folds,
        lengths or None,
        tuple(sorted(problems, key=lambda one: one.severity is not Severity.BLOCKING)),
    )


def _entries(
    corpora: Sequence[RawCorpus], labels: LabelSet | None, *, tests_from: int
) -> list[Entry]:
    """Texts that can be used; labels that are not known are passed over here."""
    columns = columns_of(labels) if labels else {}
    width = len(labels) if labels else 0
    entries: list[Entry] = []
    for source, corpus in enumerate(corpora):
        for text in corpus.texts:
            if not text.text or text.undecided:
                continue
            targets = np.zeros(width, np.float32)
            targets[[columns[name] for name in text.labels if name in columns]] = 1.0
            entries.append(Entry(source, source >= tests_from, text, targets))
    return entries


def _counts(
    source: CorpusSource,
    corpus: RawCorpus,
    entries: Sequence[Entry],
    *,
    place: int,
    is_test: bool,
) -> SourceCounts:
    own = [entry for entry in entries if entry.source == place]
    return SourceCounts(
        _name_of(source),
        is_test,
        corpus.rows,
        len(own),
        sum(not entry.raw.labels for entry in own),
        sum(bool(entry.raw.sentence_labels) for entry in own),
        len({entry.group for entry in own if entry.group is not None}),
    )


def _name_of(source: CorpusSource) -> str:
    match source:
        case HocSource():
            return f"{Path(source.folder).name}/{source.ids_file}"
        case TableSource() | JsonLinesSource() | CorrectionsSource():
            return Path(source.path).name
        case _:
            assert_never(source)
