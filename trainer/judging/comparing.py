"""A run's candidate beside the model in force, on the texts that the run kept back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.comparison import (
    FIRST_WORDS,
    CandidateChecks,
    ChangedText,
    Difference,
    Figure,
    JudgedModel,
    LabelComparison,
    ModelComparison,
    Seen,
)
from kdh_desktop.core.labels import LabelSet
from trainer.corpus import LabelledText
from trainer.judging.evidence import evidence_figures, weighted_precision_at_1
from trainer.judging.judgement import (
    ModelDifference,
    Progress,
    ScoredTexts,
    compare_models,
    label_f1_figures,
    overall_figures,
    scored_already,
)
from trainer.judging.resampling import DRAWS, Estimate
from trainer.judging.significance import Comparison, compare
from trainer.judging.turns import Turns, score_in_turns

PARITY = "float32_parity_gap"
"""Where a run notes in its bundle's metrics how far its export is from what it trained."""

_WHOLE = (
    *("micro_f1", "macro_f1", "weighted_f1", "subset_accuracy", "mean_average_precision"),
    *("calibration_error", "mean_calibration_error"),
)
_FIGURES, _PAIRS = "figures", "differences"


@dataclass(frozen=True, slots=True)
class Contest:
    """Who is judged on what.

    Attributes:
        run: Id of the run.
        labels: Of the texts, in the order of their columns; the candidate has them, too.
        texts: What the run kept back; there may be none.
        candidate: The candidate.
        active: The model in force.
        seen: How many of the texts the model in force was trained on.
        known_sentences: Known sentences that the candidate was tried with.
        known_right: Those that came out right.
    """

    run: str
    labels: LabelSet
    texts: Sequence[LabelledText]
    candidate: OnnxClassifier
    active: OnnxClassifier
    seen: Seen
    known_sentences: int = 0
    known_right: int = 0

    @property
    def has_same_labels(self) -> bool:
        """Whether both models know the same labels, in whatever order."""
        return set(self.candidate.labels.ids) == set(self.active.labels.ids)


def compare_candidate(
    contest: Contest, *, seed: int, draws: int = DRAWS, on_progress: Progress | None = None
) -> ModelComparison:
    """Judge both models and compare them, text by text.

    Args:
        contest: Who is judged on what.
        seed: Of the bootstrap.
        draws: Of the bootstrap.
        on_progress: Told what is being done, how much of it, and of how much.

    Raises:
        InputError: A text holds nothing to score.
        ModelError: A model gave no usable result.
    """
    tell = on_progress or _tell_nobody
    if not contest.texts:
        return _finished(contest, [None, None], [{}, {}])
    turns = score_in_turns(
        (contest.candidate, contest.active),
        [text.text for text in contest.texts],
        on_progress=lambda done: tell("texts", done, len(contest.texts)),
    )
    scored = [scored_already(contest.candidate, contest.texts, turns[0].raw)]
    if contest.has_same_labels:
        ids = contest.active.labels.ids
        columns = [ids.index(label_id) for label_id in contest.candidate.labels.ids]
        scored.append(scored_already(contest.active, contest.texts, turns[1].raw, columns=columns))
    steps = len(scored) + 1
    figures: list[dict[str, Figure]] = []
    f1s: list[tuple[Estimate, ...]] = []
    for number, one in enumerate(scored):
        tell(_FIGURES, number, steps)
        figures.append(_figures(one, seed=seed, draws=draws))
        f1s.append(label_f1_figures(one, seed=seed, draws=draws))
    tell(_FIGURES, steps - 1, steps)
    difference = compare_models(*scored, seed=seed, draws=draws) if len(scored) > 1 else None
    found = _finished(
        contest,
        turns,
        [*figures, {}][:2],
        differences=_differences(scored, difference, seed=seed, draws=draws),
        labels=tuple(_labels(scored[0], f1s, difference, contest.labels)),
        changed=tuple(_changed(contest, scored)),
    )
    tell(_FIGURES, steps, steps)
    return found


def _finished(
    contest: Contest,
    turns: Sequence[Turns | None],
    figures: Sequence[Mapping[str, Figure]],
    **rest: Any,
) -> ModelComparison:
    checks = CandidateChecks(
        parity_gap=contest.candidate.bundle.manifest.metrics.get(PARITY),
        known_sentences=contest.known_sentences,
        known_right=contest.known_right,
    )
    pairs = zip((contest.candidate, contest.active), (Seen(0), contest.seen), strict=True)
    models = [
        _model(classifier, seen, turn, its)
        for (classifier, seen), turn, its in zip(pairs, turns, figures, strict=True)
    ]
    given = {"differences": {}, "labels": (), "changed": ()} | rest
    return ModelComparison(
        run=contest.run,
        texts=len(contest.texts),
        candidate=models[0],
        active=models[1],
        has_same_labels=contest.has_same_labels,
        checks=checks,
        **given,
    )


def _model(
    classifier: OnnxClassifier, seen: Seen, turns: Turns | None, figures: Mapping[str, Figure]
) -> JudgedModel:
    bundle = classifier.bundle
    return JudgedModel(
        bundle_id=bundle.id,
        created_utc=bundle.manifest.created_utc,
        model_bytes=len(bundle.model),
        shows_evidence=classifier.has_token_logits,
        seen=seen,
        texts_per_s=None if turns is None else turns.texts_per_s,
        figures=figures,
    )


def _figures(scored: ScoredTexts, *, seed: int, draws: int) -> dict[str, Figure]:
    whole = overall_figures(scored, seed=seed, draws=draws)
    found = {name: _figure(whole[name]) for name in _WHOLE}
    evidence = evidence_figures(
        scored.scores,
        scored.present,
        threshold=scored.classifier.bundle.manifest.evidence_threshold,
        seed=seed,
        draws=draws,
        groups=scored.groups,
    )
    if evidence is not None:
        found["evidence_precision_at_1"] = _figure(evidence.precision_at_1)
        found["evidence_f1"] = _figure(evidence.f1)
    return found


def _differences(
    scored: Sequence[ScoredTexts], difference: ModelDifference | None, *, seed: int, draws: int
) -> dict[str, Difference]:
    if difference is None:
        return {}
    found = {name: _difference(difference.figures[name]) for name in _WHOLE}
    first, second = (weighted_precision_at_1(one.scores, one.present) for one in scored)
    if first is not None and second is not None:
        size, groups = len(scored[0].texts), scored[0].groups
        found["evidence_precision_at_1"] = _difference(
            compare(first, second, size=size, seed=seed, draws=draws, groups=groups)
        )
    return found


def _labels(
    candidate: ScoredTexts,
    f1s: Sequence[Sequence[Estimate]],
    difference: ModelDifference | None,
    labels: LabelSet,
) -> Iterator[LabelComparison]:
    positives = (candidate.truth > 0).sum(axis=0).tolist()
    for column, label in enumerate(labels):
        pair = None if difference is None else difference.labels[column]
        yield LabelComparison(
            id=label.id,
            name=label.name,
            positives=positives[column],
            candidate=_figure(f1s[0][column]),
            active=_figure(f1s[1][column]) if len(f1s) > 1 else None,
            difference=None if pair is None else _difference(pair.f1),
            corrected_p_value=None if pair is None else pair.corrected_p_value,
        )


def _changed(contest: Contest, scored: Sequence[ScoredTexts]) -> Iterator[ChangedText]:
    """Texts of which the models say something else, the candidate's losses first."""
    if len(scored) < 2:
        return
    candidate, active = scored
    names = contest.labels.names
    truth = candidate.truth > 0

    def named(row: NDArray[np.bool_]) -> tuple[str, ...]:
        return tuple(names[column] for column in np.flatnonzero(row))

    rows = np.flatnonzero((candidate.present != active.present).any(axis=1)).tolist()
    found = [
        ChangedText(
            id=contest.texts[row].id,
            first_words=_first_words(contest.texts[row].text),
            before=named(active.present[row]),
            after=named(candidate.present[row]),
            truth=named(truth[row]),
        )
        for row in rows
    ]
    yield from sorted(found, key=lambda text: text.gain)


def _first_words(text: str) -> str:
    words = text.split()
    return " ".join(words[:FIRST_WORDS]) + (" …" if len(words) > FIRST_WORDS else "")


def _figure(one: Estimate) -> Figure:
    return Figure(one.value, one.low, one.high)


def _difference(one: Comparison) -> Difference:
    return Difference(one.difference, one.low, one.high, one.p_value)


def _tell_nobody(_what: str, _done: int, _of: int) -> None:
    """Stands for whoever is not interested."""
