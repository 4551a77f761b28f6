"""Whether the labels of a corpus can be learnt."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher, get_close_matches

import numpy as np

from kdh_desktop.core.corpus_report import LabelBalance, Place, Problem, ProblemKind, Severity
from kdh_desktop.core.labels import LabelSet
from trainer.corpus.entries import Entry, counted, problem, verb
from trainer.corpus.raw import RawCorpus, columns_of, undeclared

MAX_NAME = 200
"""Characters of a label's name; what is longer is more likely a text."""

MAX_LABELS = 500
SIMILAR = 0.9
RARE_SHARE = 0.1
"""Share of a label's texts that a misspelling of it may have to count as one."""


def balance_of(entries: Sequence[Entry], labels: LabelSet) -> tuple[LabelBalance, ...]:
    """How often each label occurs."""
    nothing = np.zeros((0, len(labels)), np.float32)
    trained = np.stack([x.targets for x in entries if not x.is_test] or [nothing[:0].sum(0)])
    judged = np.stack([x.targets for x in entries if x.is_test] or [nothing[:0].sum(0)])
    texts = sum(not entry.is_test for entry in entries)
    return tuple(
        LabelBalance(label.id, label.name, int(seen), float(seen) / max(1, texts), int(kept))
        for label, seen, kept in zip(labels, trained.sum(0), judged.sum(0), strict=True)
    )


def name_problems(corpora: Sequence[RawCorpus], labels: LabelSet | None) -> Iterator[Problem]:
    """Labels that are none, that the label set or a source lacks, or that look misspelt.

    Args:
        corpora: All sources, those to train on first.
        labels: The label set; None where it could not be made.
    """
    names = {name for corpus in corpora for name in corpus.names}
    if len(names) > MAX_LABELS or any(len(name) > MAX_NAME for name in names):
        yield problem(
            ProblemKind.NOT_LABELS,
            Severity.BLOCKING,
            f"The labels are {counted(len(names), 'different entry', 'different entries')}, or "
            "long ones: they look like texts.",
            "Check which column or field holds the labels, and what stands between them.",
        )
        return
    if labels is None:
        return
    yield from _unknown(corpora, labels)
    yield from _undeclared(corpora, labels)
    yield from _similar(corpora, labels)


def _unknown(corpora: Sequence[RawCorpus], labels: LabelSet) -> Iterator[Problem]:
    known = columns_of(labels)
    places: dict[str, list[Place]] = defaultdict(list)
    for source, corpus in enumerate(corpora):
        for text in corpus.texts:
            for name in text.labels:
                if name not in known:
                    places[name].append(Place(source, text.row, text.id))
    for name, where in sorted(places.items()):
        nearest = _nearest(name, labels)
        yield problem(
            ProblemKind.UNKNOWN_LABELS,
            Severity.BLOCKING,
            # It is not quoted: of a column that was chosen in error it is part of a text.
            f"{counted(len(where), 'text')} {verb(len(where), 'carries', 'carry')} a label that "
            "is not in the label set.",
            f"Did you mean {nearest}? Correct it, or add it to the label set."
            if nearest
            else "Correct it, or add it to the label set.",
            places=where,
            labels=[name],
        )


def _undeclared(corpora: Sequence[RawCorpus], labels: LabelSet) -> Iterator[Problem]:
    """What nobody decided on is not absent: to judge on it would call right findings wrong."""
    for corpus in corpora:
        if missing := undeclared(corpus, labels):
            yield problem(
                ProblemKind.INCOMPLETE,
                Severity.BLOCKING,
                f"A source does not say whether its texts carry {counted(len(missing), 'label')}: "
                f"{_listed(missing)}.",
                "Have them decided on for each of its texts, or choose another source.",
                labels=missing,
            )


def _nearest(name: str, labels: LabelSet) -> str | None:
    by_key = {_key(label.name): label.name for label in labels}
    by_key |= {_key(label.id): label.name for label in labels}
    found = get_close_matches(_key(name), list(by_key), n=1, cutoff=0.6)
    return by_key[found[0]] if found else None


def _similar(corpora: Sequence[RawCorpus], labels: LabelSet) -> Iterator[Problem]:
    """A rare name that is nearly that of a frequent label is more likely a misspelling of it."""
    counts = Counter(name for corpus in corpora for text in corpus.texts for name in text.labels)
    names = sorted(set(labels.names) & set(counts), key=lambda name: (-counts[name], name))
    for place, rare in enumerate(names):
        for frequent in names[:place]:
            if _is_misspelling(rare, frequent, share=counts[rare] / counts[frequent]):
                yield problem(
                    ProblemKind.SIMILAR_LABELS,
                    Severity.WARNING,
                    f"The labels {rare} ({counted(counts[rare], 'text')}) and {frequent} "
                    f"({counted(counts[frequent], 'text')}) are nearly the same.",
                    "Write them alike if they mean the same.",
                    labels=[rare, frequent],
                )
                break


def _is_misspelling(rare: str, frequent: str, *, share: float) -> bool:
    one, other = _key(rare), _key(frequent)
    if one == other:
        return True
    # In other scripts one letter more or less is another word, as in 高血压 and 高血糖.
    if share > RARE_SHARE or not (one.isascii() and other.isascii()):
        return False
    digits = [re.findall(r"\d+", x) for x in (one, other)]
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return (
        digits[0] == digits[1]
        and matcher.real_quick_ratio() >= SIMILAR
        and matcher.quick_ratio() >= SIMILAR
        and matcher.ratio() >= SIMILAR
    )


def _key(name: str) -> str:
    """A name without what is easily written otherwise: case, width, blanks and punctuation."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(x for x in plain if x.isalnum())


def balance_problems(
    balance: Sequence[LabelBalance], *, texts: int, folds: int
) -> Iterator[Problem]:
    """Labels that all texts have, or none, or too few for every fold to hold one."""
    if texts == 0:
        return
    if len(balance) == 1:
        yield problem(
            ProblemKind.ONE_LABEL,
            Severity.WARNING,
            "There is only one label.",
            "Go on if that is meant; else check which column or field holds the labels.",
            labels=[balance[0].name],
        )
    if never := [one.name for one in balance if one.positives == 0]:
        yield problem(
            ProblemKind.NO_POSITIVES,
            Severity.BLOCKING,
            f"{counted(len(never), 'label')} {verb(len(never), 'occurs', 'occur')} in no text: "
            f"{_listed(never)}.",
            "Add texts that carry them, or take them out of the label set.",
            labels=never,
        )
    if always := [one.name for one in balance if one.positives == texts]:
        yield problem(
            ProblemKind.NO_NEGATIVES,
            Severity.BLOCKING,
            f"{counted(len(always), 'label')} {verb(len(always), 'occurs', 'occur')} in every "
            f"text: {_listed(always)}.",
            "Add texts that do not carry them: there is nothing to tell apart.",
            labels=always,
        )
    if few := [one for one in balance if 0 < one.positives < 2 * folds]:
        yield problem(
            ProblemKind.FEW_POSITIVES,
            Severity.WARNING,
            f"{counted(len(few), 'label')} {verb(len(few), 'occurs', 'occur')} in fewer than "
            f"{2 * folds} texts: {_listed([f'{one.name} ({one.positives})' for one in few])}.",
            f"Add texts that carry them: with {folds} folds their figures mean little.",
            labels=[one.name for one in few],
        )


def _listed(names: Sequence[str], most: int = 10) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
