"""The gate: each stated limit refuses by itself, and says why in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from kdh_desktop.core.classification.comparison import (
    CandidateChecks,
    ChangedText,
    Difference,
    Figure,
    JudgedModel,
    LabelComparison,
    ModelComparison,
    Seen,
    comparison_from_json,
    comparison_to_json,
    labels_in_words,
    seen_in_words,
    whole_in_words,
)
from kdh_desktop.core.classification.gate import (
    DEFAULT_LIMITS,
    checked_reason,
    judge_gate,
)
from kdh_desktop.core.errors import InputError

NAMES = ("Evading growth suppressors", "Inducing angiogenesis", "Cellular energetics")
FIGURES = {
    "micro_f1": Figure(0.85, 0.82, 0.88),
    "macro_f1": Figure(0.84, 0.80, 0.87),
    "calibration_error": Figure(0.02, 0.01, 0.03),
    "evidence_precision_at_1": Figure(0.86, 0.80, 0.90),
}


def difference(value: float, *, reach: float = 0.01, p_value: float = 0.5) -> Difference:
    return Difference(value, value - reach, value + reach, p_value)


def label(
    name: str, value: float, *, positives: int = 30, reach: float = 0.01, p_value: float = 0.6
) -> LabelComparison:
    figure = Figure(0.8, 0.7, 0.9)
    return LabelComparison(
        id=name.lower().replace(" ", "_"),
        name=name,
        positives=positives,
        candidate=figure,
        active=figure,
        difference=difference(value, reach=reach),
        corrected_p_value=p_value,
    )


def model(name: str, **changes: Any) -> JudgedModel:
    made = JudgedModel(
        bundle_id=name,
        created_utc="2026-01-01T00:00:00+00:00",
        model_bytes=23_000_000,
        shows_evidence=True,
        seen=Seen(0),
        texts_per_s=50.0,
        figures=FIGURES,
    )
    return replace(made, **changes)


def compared(
    differences: Mapping[str, float] | None = None, *, reach: float = 0.01, **changes: Any
) -> ModelComparison:
    """A candidate that is as good as the model in force, but for what is named."""
    values = dict.fromkeys(FIGURES, 0.0) | dict(differences or {})
    made = ModelComparison(
        run="one",
        texts=186,
        candidate=model("ours"),
        active=model("shipped"),
        has_same_labels=True,
        differences={name: difference(value, reach=reach) for name, value in values.items()},
        labels=tuple(label(name, 0.0) for name in NAMES),
        changed=(),
        checks=CandidateChecks(parity_gap=1e-6, known_sentences=10, known_right=10),
    )
    return replace(made, **changes)


def test_a_candidate_that_is_as_good_passes_without_a_word() -> None:
    verdict = judge_gate(compared())
    assert verdict.passes
    assert verdict.cautions == ()


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        (compared({"micro_f1": -0.021}), "Micro-F1 falls by 2.1 points, more than the 2.0"),
        (compared({"macro_f1": -0.031}), "Macro-F1 falls by 3.1 points, more than the 3.0"),
        (compared({"calibration_error": 0.031}), "calibration error grows by 3.1 points"),
        (compared({"evidence_precision_at_1": -0.11}), "best sentences that are right falls"),
        (compared({"micro_f1": -0.01}, reach=0.045), "may be lower by up to 5.5 points"),
        (compared(texts=19), "19 texts only"),
        (compared(texts=0, differences={}), "No texts were kept back"),
        (compared(candidate=model("ours", texts_per_s=24.0)), "too slow: 24.0 texts a second"),
        (compared(candidate=model("ours", model_bytes=260_000_000)), "too large: 260 MB"),
        (compared(candidate=model("ours", shows_evidence=False)), "which sentences speak"),
        (compared(checks=CandidateChecks(None, 10, 10)), "did not note whether its export"),
        (compared(checks=CandidateChecks(2e-4, 10, 10)), "differs from the trained one by 2.0e-04"),
        (compared(checks=CandidateChecks(1e-6, 10, 8)), "2 of the 10 sentences wrong"),
        (
            compared(labels=(label(NAMES[0], -0.12), label(NAMES[1], 0.0))),
            "Evading growth suppressors becomes worse: its F1 falls by 12.0 points on 30 texts",
        ),
    ],
)
def test_each_limit_refuses_by_itself_and_says_why(comparison: ModelComparison, words: str) -> None:
    (reason,) = judge_gate(comparison).reasons
    assert words in reason


@pytest.mark.parametrize(
    "comparison",
    [
        compared({"micro_f1": -0.019}),
        compared({"macro_f1": -0.029}),
        compared({"calibration_error": 0.029}),
        compared(texts=DEFAULT_LIMITS.min_texts),
        compared(candidate=model("ours", texts_per_s=25.0)),
        compared(checks=CandidateChecks(1e-4, 10, 10)),
    ],
)
def test_what_keeps_within_the_limits_passes(comparison: ModelComparison) -> None:
    assert judge_gate(comparison).passes


def test_a_gap_that_is_no_number_is_refused() -> None:
    assert not judge_gate(compared(checks=CandidateChecks(float("nan"), 10, 10))).passes


def test_a_loss_that_chance_may_explain_is_a_caution_and_no_refusal() -> None:
    verdict = judge_gate(compared(labels=(label(NAMES[0], -0.12, reach=0.2),)))
    assert verdict.passes
    (caution,) = verdict.cautions
    assert "may be worse" in caution


def test_labels_of_few_texts_are_not_judged_and_said_not_to_be() -> None:
    verdict = judge_gate(compared(labels=(label(NAMES[0], -0.5, positives=9),)))
    assert verdict.passes
    (caution,) = verdict.cautions
    assert caution == (
        "Evading growth suppressors: fewer than 10 texts have this label, too few to judge it one "
        "by one."
    )


def test_a_candidate_of_other_labels_stands_alone_and_must_be_good_enough() -> None:
    alone: dict[str, Any] = {
        "has_same_labels": False,
        "differences": {},
        "active": model("old", figures={}),
    }
    verdict = judge_gate(compared(**alone))
    assert verdict.passes
    assert any("other labels" in caution for caution in verdict.cautions)
    weak = model("ours", figures=FIGURES | {"micro_f1": Figure(0.55, 0.48, 0.6)})
    (reason,) = judge_gate(compared(**alone, candidate=weak)).reasons
    assert "may be as low as 48.0" in reason


def test_the_paired_tests_are_told_in_plain_words() -> None:
    better = [label(f"Label {n}", 0.1, p_value=0.01) for n in range(7)]
    same = [label(f"Other {n}", 0.01) for n in range(2)]
    worse = label(NAMES[0], -0.1, p_value=0.04)
    comparison = compared(labels=(*better, worse, *same))
    assert labels_in_words(comparison) == (
        "Better on 7, same on 2, worse on 1: Evading growth suppressors."
    )


def test_nothing_significant_is_called_so_whatever_the_figures() -> None:
    values = (0.05, 0.02, -0.03)
    labels = tuple(label(name, value) for name, value in zip(NAMES, values, strict=True))
    assert labels_in_words(compared(labels=labels)) == (
        "No label is better or worse by more than chance explains on these 186 texts. Taken as "
        "they are, the figures are higher on 2, equal on 0, lower on 1."
    )


def test_the_whole_is_told_with_its_interval_and_whether_chance_explains_it() -> None:
    sure = Difference(0.021, 0.003, 0.039, 0.02)
    comparison = compared()
    found = replace(comparison, differences=dict(comparison.differences) | {"micro_f1": sure})
    assert whole_in_words(found) == (
        "Micro-F1 rises by 2.1 points (95 % interval +0.3 to +3.9), more than chance explains."
    )
    unsure = replace(sure, value=-0.01, p_value=0.3)
    found = replace(comparison, differences=dict(comparison.differences) | {"micro_f1": unsure})
    assert "falls by 1.0 points" in whole_in_words(found)
    assert whole_in_words(found).endswith("which chance may explain.")
    assert "is the same in both" in whole_in_words(comparison)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Seen(0), ""),
        (Seen(186), "trained on these very texts"),
        (Seen(12), "trained on 12 of these 186 texts"),
        (Seen(0, may_be_more=True), "may have been trained on some"),
    ],
)
def test_a_model_in_force_that_knows_the_texts_is_said_to_be_flattered(
    seen: Seen, words: str
) -> None:
    comparison = compared(active=model("shipped", seen=seen))
    assert words in seen_in_words(comparison)
    assert bool(seen_in_words(comparison)) == bool(words)
    assert judge_gate(comparison).passes


def test_a_comparison_survives_its_way_through_a_pipe() -> None:
    text = ChangedText("t1", "Straße, 細胞 …", ("A",), (), ("A", "B"))
    comparison = compared(changed=(text,))
    line = comparison_to_json(comparison)
    assert line.count("\n") == 1
    assert comparison_from_json(line) == comparison
    assert text.gain == -1


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"run": "secret text"', "null"])
def test_half_a_comparison_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(InputError) as refused:
        comparison_from_json(text)
    assert "secret" not in str(refused.value)


def test_a_reason_is_a_sentence_on_one_line() -> None:
    assert checked_reason("  because we\nchecked  it ") == "because we checked it"
    for reason in ("", "because", " \n\t" * 9, "x" * 1001):
        with pytest.raises(InputError):
            checked_reason(reason)
