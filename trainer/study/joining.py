"""A teacher out of fold: networks of the inner folds, and a linear member beside them.

Source: stacking after Wolpert 1992.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.corpus import LabelledText
from trainer.learning.network_scores import NetworkScores
from trainer.linear import LinearMember
from trainer.stacking import Stacker
from trainer.study.cells import CellFacts, CellResult, Cost
from trainer.study.place import logits_of, required, scores_of

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Members:
    """What a joined teacher is made from.

    Attributes:
        inner: Results of the networks, by the inner fold that each did not see.
        inner_fold_of: Inner fold of each text that is taught, int64 (texts,).
        texts: Those texts.
        truth: Their labels, float32 (texts, labels).
        held_out: Texts of the fold that none of them saw.
        unlabelled: Texts without labels.
    """

    inner: Sequence[CellResult]
    inner_fold_of: NDArray[np.int64]
    texts: Sequence[LabelledText]
    truth: Floats
    held_out: Sequence[LabelledText]
    unlabelled: Sequence[LabelledText]


def join_members(
    members: Members, *, has_linear_member: bool, sentence_weight: float
) -> CellResult:
    """What the members say together: of each text those that did not see it, else their mean.

    Args:
        members: The members.
        has_linear_member: Whether a linear member joins; its scores and the networks' decision
            logits are then stacked, and stand as text logits and as decision logits.
        sentence_weight: Weight in 0..1 of the best sentence in the networks' decision logits.
    """
    taught = _in_text_order(members)
    held_out = NetworkScores.mean([scores_of(one.held_out) for one in members.inner])
    transfer: NetworkScores | None = None
    if all(one.transfer is not None for one in members.inner):
        transfer = NetworkScores.mean([scores_of(required(x.transfer)) for x in members.inner])
    decision = held_out.decision_logits(sentence_weight)
    if has_linear_member:
        linear = _LinearMembers(members)
        of_taught = taught.decision_logits(sentence_weight)
        stacker = Stacker().fit([of_taught, linear.taught], members.truth)
        taught = _with_text_logits(taught, stacker.logits([of_taught, linear.taught]))
        decision = stacker.logits([decision, linear.score(members.held_out)])
        held_out = _with_text_logits(held_out, decision)
        if transfer is not None:
            of_transfer = transfer.decision_logits(sentence_weight)
            joined = stacker.logits([of_transfer, linear.score(members.unlabelled)])
            transfer = _with_text_logits(transfer, joined)
    return CellResult(
        held_out=logits_of(held_out),
        decision_logits=decision,
        facts=CellFacts(Cost(0.0, 0, 0, "")),
        taught=logits_of(taught),
        transfer=None if transfer is None else logits_of(transfer),
    )


class _LinearMembers:
    """One linear member for each inner fold, fitted without it."""

    def __init__(self, members: Members) -> None:
        self.taught = np.zeros_like(members.truth)
        self._all: list[LinearMember] = []
        for fold in range(len(members.inner)):
            own = members.inner_fold_of == fold
            member = LinearMember().fit(_pick(members.texts, ~own))
            self.taught[own] = member.score(_pick(members.texts, own))
            self._all.append(member)

    def score(self, texts: Sequence[LabelledText]) -> Floats:
        """Their mean scores of texts that none of them saw."""
        scores = [member.score(texts) for member in self._all]
        return np.asarray(np.mean(scores, axis=0), np.float32)


def _pick(texts: Sequence[LabelledText], rows: NDArray[np.bool_]) -> list[LabelledText]:
    return [text for text, is_in in zip(texts, rows, strict=True) if is_in]


def _in_text_order(members: Members) -> NetworkScores:
    """Scores of each text by the network that did not see it."""
    folds = [scores_of(required(one.kept_back)) for one in members.inner]
    rows = np.concatenate(
        [np.flatnonzero(members.inner_fold_of == fold) for fold in range(len(folds))]
    )
    order = np.argsort(rows)
    sentences = [part for one in folds for part in one.of_sentences()]
    return NetworkScores(
        np.concatenate([one.text_logits for one in folds])[order],
        np.concatenate([sentences[place] for place in order]),
        np.concatenate([one.sentences for one in folds])[order],
    )


def _with_text_logits(scores: NetworkScores, text_logits: Floats) -> NetworkScores:
    return NetworkScores(text_logits, scores.sentence_logits, scores.sentences)
