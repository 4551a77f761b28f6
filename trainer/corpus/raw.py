"""A corpus as it is written: names of labels, faults and all, before it is held to a label set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.classification.cleaning import clean_text
from kdh_desktop.core.classification.sentences import split_sentences
from kdh_desktop.core.corpus_report import ProblemKind
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import LabelSet
from trainer.corpus.label_names import labels_from_names
from trainer.corpus.labelled_text import LabelledText


@dataclass(frozen=True, slots=True)
class RawText:
    """One row of a corpus.

    Attributes:
        row: Row, line or running number in its source, from 1.
        id: Its id.
        text: The text, cleaned as the program cleans what users paste; empty where there is none.
        labels: Names of its labels.
        group: See `LabelledText`.
        sentences: Its sentences as running text, where the corpus divides it; else empty.
        tokenised: The same as the corpus writes them.
        sentence_labels: Names of each sentence's labels; empty where they are not known.
        undecided: Names of labels that nobody decided on: the text cannot be learnt from.
    """

    row: int
    id: str
    text: str
    labels: tuple[str, ...]
    group: str | None = None
    sentences: tuple[str, ...] = ()
    tokenised: tuple[str, ...] = ()
    sentence_labels: tuple[tuple[str, ...], ...] = ()
    undecided: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """A row, or a whole source, that cannot be read as it should.

    Attributes:
        kind: What is wrong.
        message: The same as one sentence that quotes no text.
        remedy: What to do about it.
        row: From 1; None where it concerns the source as a whole.
        id: Of the text; empty where it is not known.
    """

    kind: ProblemKind
    message: str
    remedy: str
    row: int | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class RawCorpus:
    """What a source holds.

    Attributes:
        texts: Rows that could be read, in order.
        labels: The labels that the source declares; None where it only uses names.
        faults: What could not be read, or not as it should.
    """

    texts: Sequence[RawText]
    labels: LabelSet | None = None
    faults: Sequence[Fault] = field(default=())

    @property
    def rows(self) -> int:
        """Rows found, unreadable ones included."""
        unread = {fault.row for fault in self.faults if fault.row is not None}
        return len({text.row for text in self.texts} | unread)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of labels that texts use, in alphabetical order."""
        return tuple(sorted({name for text in self.texts for name in text.labels}))


def labels_of(corpora: Sequence[RawCorpus]) -> LabelSet:
    """The label set that sources declare, or one made of all names they use.

    Raises:
        TrainingError: They declare different labels, or there are none.
    """
    declared = list(dict.fromkeys(x.labels for x in corpora if x.labels is not None))
    if len(declared) > 1:
        raise TrainingError(
            "The sources do not have the same labels.",
            "Name the labels to train, or use sources with the same ones.",
        )
    if declared:
        return declared[0]
    names = sorted({name for corpus in corpora for name in corpus.names})
    if not names:
        raise TrainingError(
            "No text of the corpus carries a label.",
            "Check which column or field holds the labels.",
        )
    return labels_from_names(names)


def columns_of(labels: LabelSet) -> dict[str, int]:
    """Column of each label by its name and by its id."""
    by_id = {label.id: column for column, label in enumerate(labels)}
    return by_id | {label.name: column for column, label in enumerate(labels)}


def undeclared(corpus: RawCorpus, labels: LabelSet) -> tuple[str, ...]:
    """Names of labels that a source leaves out which declares its own: nobody decided on them."""
    if corpus.labels is None:
        return ()
    columns = columns_of(labels)
    declared = {columns.get(name) for name in (*corpus.labels.ids, *corpus.labels.names)}
    return tuple(name for column, name in enumerate(labels.names) if column not in declared)


def texts_of(corpus: RawCorpus, labels: LabelSet) -> list[LabelledText]:
    """Texts to learn from; empty ones and ones that nobody decided on are left out.

    Raises:
        TrainingError: A label is not in the label set, or the source declares others and leaves
            one of it out.
    """
    if undeclared(corpus, labels):
        raise TrainingError(
            "A source does not say of each label whether its texts carry it.",
            "Check the corpus to see which labels it lacks, and have them decided on.",
        )
    columns = columns_of(labels)
    return [
        labelled_text(text, columns, width=len(labels))
        for text in corpus.texts
        if text.text and not text.undecided
    ]


def labelled_text(raw: RawText, columns: dict[str, int], *, width: int) -> LabelledText:
    """One text with its labels in columns.

    Raises:
        TrainingError: A label is not in `columns`.
    """
    targets = _targets(raw, raw.labels, columns, width)
    if raw.sentences:
        known = [_targets(raw, names, columns, width) for names in raw.sentence_labels]
        of_sentences = np.stack(known) if known else None
        return LabelledText(
            raw.id, raw.sentences, raw.tokenised, targets, of_sentences, group=raw.group
        )
    sentences = tuple(raw.text[start:end] for start, end in split_sentences(raw.text))
    return LabelledText(raw.id, sentences, sentences, targets, group=raw.group, whole=raw.text)


def pasted(text: str, title: str = "") -> str:
    """A text as the program reads it when it is pasted, under its title where it has one.

    Empty where there is no text: a title alone is none.
    """
    if not text.strip():
        return ""
    whole = f"{title.strip()}\n\n{text.strip()}" if title.strip() else text
    return clean_text(whole).text.strip()


def _targets(
    raw: RawText, names: Sequence[str], columns: dict[str, int], width: int
) -> NDArray[np.float32]:
    targets = np.zeros(width, np.float32)
    for name in names:
        if name not in columns:
            # It is not quoted: of a column that was chosen in error it is part of a text.
            raise TrainingError(
                f"The text in row {raw.row} carries a label that is not in the label set.",
                "Correct the label, or add it to the label set.",
            )
        targets[columns[name]] = 1.0
    return targets
