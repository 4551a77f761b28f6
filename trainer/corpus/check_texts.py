"""Whether the texts of a corpus can be learnt from, whatever their labels are."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from tokenizers import Tokenizer

from kdh_desktop.core.corpus_report import (
    Lengths,
    Place,
    Problem,
    ProblemKind,
    Severity,
)
from trainer.corpus.duplicates import content_keys, joined_groups, near_duplicates
from trainer.corpus.entries import Entry, counted, problem, verb
from trainer.corpus.raw import RawCorpus

MIN_TEXTS = 20
ENOUGH_TEXTS = 200
MAX_LONG_SHARE = 0.1
MAX_UNKNOWN_SHARE = 0.02

_ENCODED_AT_ONCE = 500
_HARMLESS = {ProblemKind.FILE_NOTICE, ProblemKind.NUMBERS_OR_DATES_AS_TEXT}


def fault_problems(corpora: Sequence[RawCorpus]) -> Iterator[Problem]:
    """What could not be read, one problem for each kind and remedy."""
    found = defaultdict(list)
    for source, corpus in enumerate(corpora):
        for fault in corpus.faults:
            found[fault.kind, fault.remedy].append((source, fault))
    for (kind, remedy), faults in found.items():
        places = [Place(source, fault.row, fault.id) for source, fault in faults if fault.row]
        message = faults[0][1].message
        if len(faults) > 1:
            message = f"{message} {counted(len(faults) - 1, 'more')} like it."
        severity = Severity.WARNING if kind in _HARMLESS else Severity.BLOCKING
        yield problem(kind, severity, message, remedy, places=places)


def content_problems(corpora: Sequence[RawCorpus], entries: Sequence[Entry]) -> Iterator[Problem]:
    """Too few texts, empty ones, ones that nobody decided on, and ids that are used twice."""
    places = [
        (Place(source, text.row, text.id), text)
        for source, corpus in enumerate(corpora)
        for text in corpus.texts
    ]
    if empty := [place for place, text in places if not text.text]:
        yield problem(
            ProblemKind.EMPTY_TEXTS,
            Severity.WARNING,
            f"{counted(len(empty), 'row')} {verb(len(empty), 'holds', 'hold')} no text and will "
            "be left out.",
            "Add the texts, or delete the rows.",
            places=empty,
        )
    if open_ := [place for place, text in places if text.undecided]:
        yield problem(
            ProblemKind.INCOMPLETE,
            Severity.WARNING,
            f"{counted(len(open_), 'text')} {verb(len(open_), 'is', 'are')} not decided on for "
            "every label and will be left out.",
            "Decide on every label, or go on without them.",
            places=open_,
        )
    twice = Counter((place.source, place.id) for place, _ in places)
    if again := [place for place, _ in places if twice[place.source, place.id] > 1]:
        yield problem(
            ProblemKind.DUPLICATE_IDS,
            Severity.WARNING,
            f"{counted(len(again), 'row')} share their ids with others.",
            "Check that no text was entered twice.",
            places=again,
        )
    yield from _size_problems(sum(not entry.is_test for entry in entries))


def _size_problems(texts: int) -> Iterator[Problem]:
    if texts == 0:
        yield problem(
            ProblemKind.NO_TEXTS,
            Severity.BLOCKING,
            "There is no text to train on.",
            "Choose another file, or other columns.",
        )
    elif texts < ENOUGH_TEXTS:
        is_far = texts < MIN_TEXTS
        yield problem(
            ProblemKind.FEW_TEXTS,
            Severity.BLOCKING if is_far else Severity.WARNING,
            f"There {verb(texts, 'is', 'are')} only {counted(texts, 'text')} to train on.",
            f"Add texts: at least {MIN_TEXTS} are needed, and some hundred for a useful model.",
        )


def duplicate_problems(entries: Sequence[Entry]) -> Iterator[Problem]:
    """The same text more than once: with other labels, in training and test, and nearly."""
    keys = content_keys([entry.raw.text for entry in entries])
    same: dict[str, list[Entry]] = defaultdict(list)
    for entry, key in zip(entries, keys, strict=True):
        same[key].append(entry)
    several = [alike for alike in same.values() if len(alike) > 1]
    yield from _conflicts(several)
    yield from _repeats(several)
    yield from _across(several)
    yield from _nearly(entries)


def _conflicts(several: Sequence[Sequence[Entry]]) -> Iterator[Problem]:
    odd = [
        one.like(alike[0])
        for alike in several
        for one in alike[1:]
        if not np.array_equal(one.targets, alike[0].targets)
    ]
    if odd:
        yield problem(
            ProblemKind.CONFLICTING_LABELS,
            Severity.WARNING,
            f"{counted(len(odd), 'text')} {verb(len(odd), 'is', 'are')} there before with other "
            "labels.",
            "Decide which labels are right, and keep each text once.",
            places=odd,
        )


def _repeats(several: Sequence[Sequence[Entry]]) -> Iterator[Problem]:
    again = [
        one.like(alike[0])
        for alike in several
        for one in alike[1:]
        if one.is_test == alike[0].is_test
    ]
    if again:
        yield problem(
            ProblemKind.EXACT_DUPLICATES,
            Severity.WARNING,
            f"{counted(len(again), 'text')} {verb(len(again), 'is', 'are')} there more than once.",
            "Keep each text once: copies count double, and flatter the figures.",
            places=again,
        )


def _across(several: Sequence[Sequence[Entry]]) -> Iterator[Problem]:
    shared = []
    for alike in several:
        trained = next((entry for entry in alike if not entry.is_test), None)
        if trained is not None:
            shared += [entry.like(trained) for entry in alike if entry.is_test]
    if shared:
        yield problem(
            ProblemKind.IN_TRAIN_AND_TEST,
            Severity.BLOCKING,
            f"{counted(len(shared), 'text')} {verb(len(shared), 'is', 'are')} kept for judging "
            "and trained on as well.",
            "Take each of them out of one of the two: what was trained on cannot judge.",
            places=shared,
        )


def _nearly(entries: Sequence[Entry]) -> Iterator[Problem]:
    within: list[Place] = []
    across: list[Place] = []
    groups = [None if x.group is None else (x.is_test, x.group) for x in entries]
    for one, other in near_duplicates([entry.raw.text for entry in entries], groups):
        first, second = entries[one], entries[other]
        (within if first.is_test == second.is_test else across).append(first.like(second))
    if within:
        yield problem(
            ProblemKind.NEAR_DUPLICATES,
            Severity.WARNING,
            f"{counted(len(within), 'text')} {verb(len(within), 'is', 'are')} nearly the same as "
            "another.",
            "Look whether they are versions of one text, and keep the best or group them.",
            places=within,
        )
    if across:
        yield problem(
            ProblemKind.NEARLY_IN_TRAIN_AND_TEST,
            Severity.WARNING,
            f"{counted(len(across), 'pair')} of texts, one kept for judging and one trained on, "
            f"{verb(len(across), 'is', 'are')} nearly the same.",
            "Take them out of one of the two, or the figures will flatter.",
            places=across,
        )


def group_problems(entries: Sequence[Entry], *, folds: int) -> Iterator[Problem]:
    """Too few groups or different texts to divide, and groups that are trained on and judge too."""
    ours = [entry for entry in entries if not entry.is_test]
    trained = {entry.group for entry in ours if entry.group is not None}
    apart = len(np.unique(joined_groups([x.raw.text for x in ours], [x.group for x in ours])))
    if ours and apart < folds:
        found = counted(apart, "group" if trained else "different text")
        yield problem(
            ProblemKind.FEW_GROUPS,
            Severity.BLOCKING,
            f"There {verb(apart, 'is', 'are')} only {found}, and {folds} folds are needed.",
            f"Ask for fewer folds, or add {'groups' if trained else 'texts'}.",
        )
    shared = [entry.place for entry in entries if entry.is_test and entry.group in trained]
    if shared:
        belong = verb(len(shared), "belongs", "belong")
        yield problem(
            ProblemKind.GROUP_IN_TRAIN_AND_TEST,
            Severity.BLOCKING,
            f"{counted(len(shared), 'text')} kept for judging {belong} to groups trained on.",
            "Divide the texts by group.",
            places=shared,
        )


def lengths_of(entries: Sequence[Entry], tokenizer: Tokenizer, *, window: int) -> Lengths | None:
    """Lengths of the texts to train on in word pieces; None where there is no text."""
    texts = [entry.raw.text for entry in entries if not entry.is_test]
    if not texts:
        return None
    # A tokenizer's file may say that it cuts and pads what it reads.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    unknown = _unknown_piece(tokenizer)
    pieces: list[int] = []
    unread = 0
    for start in range(0, len(texts), _ENCODED_AT_ONCE):
        part = texts[start : start + _ENCODED_AT_ONCE]
        for encoding in tokenizer.encode_batch_fast(part, add_special_tokens=False):
            pieces.append(len(encoding.ids))
            unread += sum(piece == unknown for piece in encoding.ids)
    counts = np.array(pieces)
    median, p90, p99 = np.quantile(counts, [0.5, 0.9, 0.99], method="higher").tolist()
    return Lengths(
        int(median),
        int(p90),
        int(p99),
        int(counts.max()),
        window,
        float((counts > window - 2).mean()),
        unread / max(1, int(counts.sum())),
    )


def _unknown_piece(tokenizer: Tokenizer) -> int | None:
    """Id of the piece for what the vocabulary does not know, as its file says; None for none."""
    model = json.loads(tokenizer.to_str())["model"]
    name = model.get("unk_token")
    return model.get("unk_id") if name is None else tokenizer.token_to_id(name)


def length_problems(lengths: Lengths) -> Iterator[Problem]:
    """Texts that are cut, and texts that the encoder cannot read."""
    if lengths.share_over > MAX_LONG_SHARE:
        yield problem(
            ProblemKind.LONG_TEXTS,
            Severity.WARNING,
            f"{lengths.share_over:.0%} of the texts do not fit into {lengths.window} pieces; "
            "training sees their beginnings only.",
            "Choose a longer window, or shorter texts.",
        )
    if lengths.unknown_share > MAX_UNKNOWN_SHARE:
        yield problem(
            ProblemKind.UNKNOWN_PIECES,
            Severity.WARNING,
            f"The vocabulary does not know {lengths.unknown_share:.0%} of the pieces of the texts.",
            "Choose an encoder for the language of the texts, or let the vocabulary be made anew.",
        )
