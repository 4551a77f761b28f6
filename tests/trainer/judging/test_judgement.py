"""Everything that is said of a model, and of two, from the model that serves to the table."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from trainer.corpus import LabelledText, read_hoc
from trainer.corpus.duplicates import groups_of
from trainer.judging.judgement import (
    Judgement,
    ModelDifference,
    ScoredTexts,
    compare_models,
    judge,
    score_labelled,
    scored_already,
)
from trainer.judging.judgement_table import as_json, as_text
from trainer.judging.metrics import average_precision, calibration_error, figures
from trainer.judging.resampling import Estimate
from trainer.judging.significance import Comparison, holm

DRAWS = 100


@pytest.fixture(scope="module")
def labelled(tiny_corpus: Path) -> list[LabelledText]:
    return read_hoc(tiny_corpus, ids_file="train.txt", labels=HALLMARKS_OF_CANCER)


@pytest.fixture(scope="module")
def scored(tiny_bundle: ModelBundle, labelled: list[LabelledText]) -> ScoredTexts:
    """What a model of a few words says; it finds about half of the labels."""
    return score_labelled(OnnxClassifier(tiny_bundle, threads=1), labelled)


@pytest.fixture(scope="module")
def judgement(scored: ScoredTexts) -> Judgement:
    return judge(scored, seed=0, draws=DRAWS)


@pytest.fixture(scope="module")
def better(scored: ScoredTexts) -> ScoredTexts:
    """The same with every label found that is there."""
    present = scored.present | (scored.truth > 0)
    return replace(scored, present=present, probabilities=present.astype(float))


@pytest.fixture(scope="module")
def difference(better: ScoredTexts, scored: ScoredTexts) -> ModelDifference:
    return compare_models(better, scored, seed=0, draws=DRAWS)


def test_figures_are_those_of_the_decisions_a_user_sees(
    scored: ScoredTexts, judgement: Judgement
) -> None:
    plain = figures(scored.present, scored.truth)
    for name in ("micro_f1", "macro_f1", "weighted_f1", "subset_accuracy", "example_f1"):
        assert getattr(judgement, name).value == pytest.approx(getattr(plain, name)), name
    assert judgement.hamming_loss.value == pytest.approx(plain.hamming_loss)
    assert 0.3 < plain.micro_f1 < 1
    assert judgement.calibration_error.value == pytest.approx(
        calibration_error(scored.probabilities, scored.truth)
    )
    precision = average_precision(scored.probabilities, scored.truth)
    assert judgement.mean_average_precision.value == pytest.approx(np.mean(precision))
    for label, found in enumerate(judgement.labels):
        assert found.id == HALLMARKS_OF_CANCER[label].id
        assert found.f1.value == pytest.approx(plain.label_f1[label])
        assert found.precision.value == pytest.approx(plain.label_precision[label])
        assert found.recall.value == pytest.approx(plain.label_recall[label])
        assert found.average_precision.value == pytest.approx(precision[label])
        assert found.there == scored.truth[:, label].sum()
        assert found.found == scored.present[:, label].sum()


def test_every_figure_lies_in_its_interval_and_between_nought_and_one(
    judgement: Judgement,
) -> None:
    found = list(estimates_in(judgement))
    assert len(found) == 9 + 10 * 5 + 5
    for one in found:
        assert 0 <= one.low <= one.value <= one.high <= 1


def estimates_in(judgement: Judgement) -> list[Estimate]:
    parts = [judgement, *judgement.labels, judgement.evidence]
    values = [getattr(part, name) for part in parts for name in type(part).__slots__]  # type: ignore[union-attr]
    return [value for value in values if isinstance(value, Estimate)]


def test_evidence_and_deletion_belong_to_a_judgement(judgement: Judgement) -> None:
    assert judgement.evidence is not None
    assert judgement.evidence.precision_at_1.value > 0.9
    assert judgement.deletion is not None
    assert judgement.deletion.more_often > 0.9


def test_texts_labelled_as_a_whole_are_judged_without_evidence_but_with_deletion(
    tiny_bundle: ModelBundle, labelled: list[LabelledText]
) -> None:
    bare = [replace(text, sentence_targets=None) for text in labelled[:12]]
    found = judge(score_labelled(OnnxClassifier(tiny_bundle, threads=1), bare), seed=0, draws=DRAWS)
    assert found.evidence is None
    assert found.deletion is not None
    assert "evidence" not in as_text([found], None)
    assert "falls by" in as_text([found], None)


def test_a_judgement_follows_from_its_seed(scored: ScoredTexts, judgement: Judgement) -> None:
    assert judge(scored, seed=0, draws=DRAWS) == judgement
    assert judge(scored, seed=1, draws=DRAWS) != judgement


def test_progress_is_told_for_whole_and_for_shortened_texts(
    tiny_bundle: ModelBundle, labelled: list[LabelledText]
) -> None:
    told: list[tuple[str, int, int]] = []

    def note(what: str, done: int, of: int) -> None:
        told.append((what, done, of))

    classifier = OnnxClassifier(tiny_bundle, threads=1)
    judge(
        score_labelled(classifier, labelled[:5], on_progress=note),
        seed=0,
        draws=9,
        on_progress=note,
    )
    assert told[0] == ("texts", 5, 5)
    what, done, of = told[-1]
    assert what == "texts without a sentence"
    assert done == of > 5


def test_a_better_model_is_seen_to_be_better(difference: ModelDifference) -> None:
    for name, found in difference.figures.items():
        if "calibration" in name:
            continue
        sign = -1 if name == "hamming_loss" else 1
        assert sign * found.difference > 0, name
        assert found.p_value < 0.05, name
    assert difference.decisions.first_only > difference.decisions.second_only == 0
    assert difference.exact_matches.p_value < 0.01
    plain = [one.f1.p_value for one in difference.labels]
    assert [one.corrected_p_value for one in difference.labels] == list(holm(plain))


def test_a_model_does_not_differ_from_itself(scored: ScoredTexts) -> None:
    found = compare_models(scored, scored, seed=0, draws=DRAWS)
    comparisons = [*found.figures.values(), *(one.f1 for one in found.labels)]
    for one in comparisons:
        assert (one.difference, one.low, one.high, one.p_value) == (0.0, 0.0, 0.0, 1.0)
    assert found.decisions.p_value == found.exact_matches.p_value == 1.0


def test_json_says_all_and_holds_no_nan(judgement: Judgement, difference: ModelDifference) -> None:
    found = json.loads(as_json([judgement, judgement], difference), parse_constant=pytest.fail)
    assert found["judgements"] == [json.loads(json.dumps(asdict(judgement)))] * 2
    assert found["difference"] == json.loads(json.dumps(asdict(difference)))
    alone = json.loads(as_json([judgement], None))
    assert alone["difference"] is None


def test_the_table_shows_the_figures_in_points(
    judgement: Judgement, difference: ModelDifference
) -> None:
    text = as_text([judgement], difference)
    row = next(line for line in text.splitlines() if line.startswith("micro-F1"))
    expected = (judgement.micro_f1.value, judgement.micro_f1.low, judgement.micro_f1.high)
    assert row.split()[1:] == [f"{100 * value:.1f}" for value in expected]
    assert all(label.name in text for label in HALLMARKS_OF_CANCER)
    assert f"{100 * difference.figures['micro_f1'].difference:+.1f}" in text
    assert "McNemar" in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_a_model_that_finds_nothing_has_figures_of_nought(scored: ScoredTexts) -> None:
    nothing = replace(
        scored,
        present=np.zeros_like(scored.present),
        probabilities=np.zeros_like(scored.probabilities),
    )
    found = judge(nothing, seed=0, draws=DRAWS)
    assert found.micro_f1 == Estimate(0.0, 0.0, 0.0)
    assert found.deletion is None
    assert found.evidence is not None
    assert found.evidence.labels == 0
    json.loads(as_json([found], None), parse_constant=pytest.fail)
    assert found.bundle in as_text([found], None)


def test_what_is_never_divided_is_resampled_whole(
    scored: ScoredTexts, better: ScoredTexts, labelled: list[LabelledText]
) -> None:
    named = [replace(text, group=f"patient {row // 3}") for row, text in enumerate(labelled)]
    own = scored_already(scored.classifier, named, scored.raw)
    assert own.groups.tolist() == groups_of(named).tolist() != groups_of(labelled).tolist()
    # Where all texts are one group, every draw is the same.
    one_group = np.zeros(len(labelled), np.int64)
    both = [replace(one, groups=one_group) for one in (better, scored)]
    judged = judge(both[1], seed=0, draws=9)
    found: list[Estimate | Comparison] = [
        *(one for one in _values_of(judged) if isinstance(one, Estimate)),
        *(one for label in judged.labels for one in _values_of(label) if isinstance(one, Estimate)),
        *(one for one in _values_of(judged.evidence) if isinstance(one, Estimate)),
        *(one for one in _values_of(judged.deletion) if isinstance(one, Comparison)),
    ]
    difference = compare_models(*both, seed=0, draws=9)
    found += [*difference.figures.values(), *(label.f1 for label in difference.labels)]
    assert len(found) == 9 + 5 * len(judged.labels) + 5 + 2 + 9 + len(judged.labels)
    for one in found:
        assert one.low == pytest.approx(one.high)


def _values_of(what: object) -> list[object]:
    assert is_dataclass(what)
    return [getattr(what, field.name) for field in fields(what)]
