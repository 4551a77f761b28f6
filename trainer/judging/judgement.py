"""All that is found out about one model on labelled texts, and how two models differ there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.classification.classifier import OnnxClassifier, TextScores
from kdh_desktop.core.classification.confidence import calibrated_probabilities
from kdh_desktop.core.classification.manifest import LabelCalibration
from trainer.corpus import LabelledText
from trainer.corpus.duplicates import groups_of
from trainer.judging.deletion import DeletionTest, deletion_test
from trainer.judging.evaluation import ServedScores, beside_truth, score_texts
from trainer.judging.evidence import EvidenceFigures, evidence_figures
from trainer.judging.metrics import (
    Decisions,
    Tally,
    calibration_noise,
    weighted_average_precision,
    weighted_calibration_error,
    weighted_label_calibration_errors,
)
from trainer.judging.resampling import (
    DRAWS,
    Estimate,
    Values,
    WeightedFigure,
    Weights,
    estimate,
    estimates,
)
from trainer.judging.significance import (
    Comparison,
    Disagreements,
    compare,
    holm,
    mcnemar_on_decisions,
    mcnemar_on_texts,
    paired_bootstrap,
    paired_bootstraps,
)

Progress = Callable[[str, int, int], None]
"""Told what is being scored, how many texts are done, and of how many."""

_OVERALL: dict[str, Callable[[Tally], Values]] = {
    "micro_f1": Tally.micro_f1,
    "macro_f1": Tally.macro_f1,
    "weighted_f1": Tally.weighted_f1,
    "subset_accuracy": Tally.subset_accuracy,
    "example_f1": Tally.example_f1,
    "hamming_loss": Tally.hamming_loss,
}


@dataclass(frozen=True, slots=True)
class ScoredTexts:
    """What a model says of labelled texts, in all the forms that judging needs.

    Attributes:
        classifier: The model.
        texts: The texts as a user would paste them.
        raw: Their raw scores.
        scores: The same beside the corpus's labels.
        probabilities: Calibrated, float64 (texts, labels).
        present: Decisions, boolean (texts, labels).
        groups: Group of each text, int64 (texts,); what is never divided is resampled whole, too.
    """

    classifier: OnnxClassifier
    texts: tuple[str, ...]
    raw: tuple[TextScores, ...]
    scores: ServedScores
    probabilities: NDArray[np.float64]
    present: NDArray[np.bool_]
    groups: NDArray[np.int64]

    @property
    def truth(self) -> NDArray[np.float32]:
        """The corpus's labels, (texts, labels)."""
        return self.scores.truth


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """Figures of one label.

    Attributes:
        id: Of the label.
        name: Of the label.
        there: Texts that have it.
        found: Texts that are given it.
        precision: Share of the texts found that have it.
        recall: Share of the texts with it that are found.
        f1: Of both.
        average_precision: Of its probabilities.
        calibration_error: Of its probabilities.
    """

    id: str
    name: str
    there: int
    found: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    average_precision: Estimate
    calibration_error: Estimate


@dataclass(frozen=True, slots=True)
class Judgement:
    """Figures of one model on labelled texts, with intervals of 95 %.

    Attributes:
        bundle: Id of the model.
        texts: Number of texts.
        micro_f1: As in `Tally`, like the next five.
        macro_f1: See there.
        weighted_f1: See there.
        subset_accuracy: See there.
        example_f1: See there.
        hamming_loss: See there.
        mean_average_precision: Mean over labels.
        calibration_error: Over all decisions.
        mean_calibration_error: Mean of the labels' own.
        mean_calibration_noise: What `mean_calibration_error` would be by chance alone if every
            probability were true.
        labels: Figures of single labels.
        evidence: Shown sentences against the corpus's; None where it labels no sentence.
        deletion: What taking them away does; None where none is shown.
    """

    bundle: str
    texts: int
    micro_f1: Estimate
    macro_f1: Estimate
    weighted_f1: Estimate
    subset_accuracy: Estimate
    example_f1: Estimate
    hamming_loss: Estimate
    mean_average_precision: Estimate
    calibration_error: Estimate
    mean_calibration_error: Estimate
    mean_calibration_noise: float
    labels: tuple[LabelFigures, ...]
    evidence: EvidenceFigures | None
    deletion: DeletionTest | None


@dataclass(frozen=True, slots=True)
class LabelDifference:
    """Difference of one label's F1 between two models.

    Attributes:
        id: Of the label.
        f1: The difference; its p-value is its own.
        corrected_p_value: The same by Holm's correction for the number of labels.
    """

    id: str
    f1: Comparison
    corrected_p_value: float


@dataclass(frozen=True, slots=True)
class ModelDifference:
    """How a model differs from another one on the same texts: the first minus the second.

    Attributes:
        first: Id of the first model.
        second: Id of the second.
        texts: Number of texts.
        figures: Paired bootstrap of each figure of the whole, by its name in `Judgement`.
        labels: Paired bootstrap of each label's F1.
        decisions: McNemar's test over single decisions.
        exact_matches: McNemar's test over texts whose labels are all right.
    """

    first: str
    second: str
    texts: int
    figures: dict[str, Comparison]
    labels: tuple[LabelDifference, ...]
    decisions: Disagreements
    exact_matches: Disagreements


def decide(
    scores: ServedScores, calibrations: Sequence[LabelCalibration]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Probabilities and decisions as a user would see them, both (texts, labels)."""
    probabilities = calibrated_probabilities(scores.decision_logits, calibrations)
    return probabilities, probabilities >= np.array([one.threshold for one in calibrations])


def score_labelled(
    classifier: OnnxClassifier,
    labelled: Sequence[LabelledText],
    *,
    on_progress: Progress | None = None,
) -> ScoredTexts:
    """Let a model score labelled texts, as it would a user's.

    Raises:
        InputError: One of them holds nothing to score.
        ModelError: The model gave no usable result.
    """
    texts = [text.text for text in labelled]
    raw = score_texts(classifier, texts, on_progress=_told(on_progress, "texts", len(texts)))
    return scored_already(classifier, labelled, raw)


def scored_already(
    classifier: OnnxClassifier,
    labelled: Sequence[LabelledText],
    raw: Sequence[TextScores],
    *,
    columns: Sequence[int] | None = None,
) -> ScoredTexts:
    """Labelled texts beside the scores that a model gave them.

    Args:
        classifier: The model.
        labelled: The texts.
        raw: Its raw scores of them, in order.
        columns: For each label of the texts the model's column; None where they are the same.
    """
    calibrations = classifier.bundle.manifest.calibrations
    if columns is not None:
        raw = [_ordered(one, list(columns)) for one in raw]
        calibrations = tuple(calibrations[column] for column in columns)
    scores = beside_truth(labelled, raw)
    probabilities, present = decide(scores, calibrations)
    texts = tuple(text.text for text in labelled)
    groups = groups_of(labelled)
    return ScoredTexts(classifier, texts, tuple(raw), scores, probabilities, present, groups)


def _ordered(scores: TextScores, columns: list[int]) -> TextScores:
    return replace(
        scores,
        abstract_logits=scores.abstract_logits[columns],
        sentence_logits=scores.sentence_logits[:, columns],
        decision_logits=scores.decision_logits[columns],
    )


def judge(
    scored: ScoredTexts,
    *,
    seed: int,
    draws: int = DRAWS,
    on_progress: Progress | None = None,
) -> Judgement:
    """Find out all about a model on labelled texts.

    Args:
        scored: What it says of them.
        seed: Of the bootstrap, and of the choice of sentences that are taken away.
        draws: Of the bootstrap.
        on_progress: Told how the scoring of shortened texts goes on.
    """
    manifest = scored.classifier.bundle.manifest
    deletion = deletion_test(
        scored.classifier,
        scored.texts,
        scored.raw,
        scored.present,
        seed=seed,
        draws=draws,
        groups=scored.groups,
        on_progress=None
        if on_progress is None
        else lambda done, of: on_progress("texts without a sentence", done, of),
    )
    return Judgement(
        bundle=manifest.bundle_id,
        texts=len(scored.texts),
        **overall_figures(scored, seed=seed, draws=draws),
        mean_calibration_noise=calibration_noise(scored.probabilities, seed=seed),
        labels=_label_figures(scored, seed=seed, draws=draws),
        evidence=evidence_figures(
            scored.scores,
            scored.present,
            threshold=manifest.evidence_threshold,
            seed=seed,
            draws=draws,
            groups=scored.groups,
        ),
        deletion=deletion,
    )


def compare_models(
    first: ScoredTexts, second: ScoredTexts, *, seed: int, draws: int = DRAWS
) -> ModelDifference:
    """Compare two models that scored the same texts for the same labels."""
    truth, groups = first.truth, first.groups
    found = {
        name: paired_bootstrap(
            first.present,
            second.present,
            truth,
            statistic=Decisions.statistic(figure),
            seed=seed,
            draws=draws,
            groups=groups,
        )
        for name, figure in _OVERALL.items()
    }
    found |= {
        name: compare(one, other, size=len(truth), seed=seed, draws=draws, groups=groups)
        for (name, one), other in zip(
            _of_scores(first).items(), _of_scores(second).values(), strict=True
        )
    }
    per_label = paired_bootstraps(
        first.present,
        second.present,
        truth,
        statistic=Decisions.statistic(Tally.label_f1),
        seed=seed,
        draws=draws,
        groups=groups,
    )
    corrected = holm([one.p_value for one in per_label])
    ids = first.classifier.labels.ids
    return ModelDifference(
        first=first.classifier.bundle.id,
        second=second.classifier.bundle.id,
        texts=len(truth),
        figures=found,
        labels=tuple(map(LabelDifference, ids, per_label, corrected)),
        decisions=mcnemar_on_decisions(first.present, second.present, truth),
        exact_matches=mcnemar_on_texts(first.present, second.present, truth),
    )


def label_f1_figures(scored: ScoredTexts, *, seed: int, draws: int = DRAWS) -> tuple[Estimate, ...]:
    """F1 of each label, in the order of the texts' labels; arguments as in `judge`."""
    decisions = Decisions(scored.present, scored.truth)

    def of(weights: Weights) -> Values:
        return decisions.tally(weights).label_f1()

    size = len(scored.texts)
    return estimates(of, size=size, seed=seed, draws=draws, groups=scored.groups)


def _of_scores(scored: ScoredTexts) -> dict[str, WeightedFigure]:
    """Figures of the whole that need probabilities, by their names in `Judgement`."""
    return {
        "mean_average_precision": _mean(
            weighted_average_precision(scored.probabilities, scored.truth)
        ),
        "calibration_error": weighted_calibration_error(scored.probabilities, scored.truth),
        "mean_calibration_error": _mean(
            weighted_label_calibration_errors(scored.probabilities, scored.truth)
        ),
    }


def overall_figures(scored: ScoredTexts, *, seed: int, draws: int = DRAWS) -> dict[str, Estimate]:
    """Figures of the whole, by their names in `Judgement`; arguments as in `judge`."""
    size, groups = len(scored.texts), scored.groups
    decisions = Decisions(scored.present, scored.truth)

    def all_at_once(weights: Weights) -> Values:
        tally = decisions.tally(weights)
        return np.column_stack([figure(tally) for figure in _OVERALL.values()])

    found = estimates(all_at_once, size=size, seed=seed, draws=draws, groups=groups)
    return dict(zip(_OVERALL, found, strict=True)) | {
        name: estimate(
            figure,
            size=size,
            seed=seed,
            draws=draws,
            groups=groups,
            is_gap="calibration" in name,
        )
        for name, figure in _of_scores(scored).items()
    }


def _label_figures(scored: ScoredTexts, *, seed: int, draws: int) -> tuple[LabelFigures, ...]:
    def of(figure: WeightedFigure, *, is_gap: bool = False) -> tuple[Estimate, ...]:
        return estimates(
            figure,
            size=len(scored.texts),
            seed=seed,
            draws=draws,
            groups=scored.groups,
            is_gap=is_gap,
        )

    decisions = Decisions(scored.present, scored.truth)
    of_labels = zip(
        scored.classifier.labels,
        (scored.truth > 0).sum(axis=0).tolist(),
        scored.present.sum(axis=0).tolist(),
        of(lambda weights: decisions.tally(weights).label_precision()),
        of(lambda weights: decisions.tally(weights).label_recall()),
        of(lambda weights: decisions.tally(weights).label_f1()),
        of(weighted_average_precision(scored.probabilities, scored.truth)),
        of(weighted_label_calibration_errors(scored.probabilities, scored.truth), is_gap=True),
        strict=True,
    )
    return tuple(LabelFigures(label.id, label.name, *rest) for label, *rest in of_labels)


def _mean(figure: WeightedFigure) -> WeightedFigure:
    return lambda weights: np.asarray(figure(weights).mean(axis=1))


def _told(on_progress: Progress | None, what: str, of: int) -> Callable[[int], None] | None:
    return None if on_progress is None else lambda done: on_progress(what, done, of)
