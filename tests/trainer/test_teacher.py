"""The teacher never judges a text by what it learned from that text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kdh_desktop.core.classification.confidence import sigmoid
from kdh_desktop.core.training_config import (
    NetworkConfig,
    RunConfig,
    Schedule,
    TeacherConfig,
    TeacherMethod,
)
from kdh_desktop.core.training_protocol import Event, StageStarted
from trainer.corpus import LabelledText, target_matrix
from trainer.judging.metrics import best_threshold, best_thresholds, calibration_error, micro_f1
from trainer.learning.batching import Encoder
from trainer.learning.learner import Learner
from trainer.learning.network_scores import NetworkScores
from trainer.learning.stages import StageRunner
from trainer.linear import LinearMember
from trainer.networks.base import NetworkBase
from trainer.process.control import RunControl
from trainer.running.progress import RunProgress, StageCost
from trainer.stacking import Stacker, nested_decisions, out_of_fold_decisions
from trainer.teacher import (
    Corpus,
    LinearMembers,
    Teacher,
    TeacherNetworks,
    TeacherTrainer,
    _in_text_order,
    pick,
)

TEXTS, LABELS, FOLDS = 60, 4, 3


def scores_and_truth(
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Scores of a network and a linear member, each right more often than not, and the truth."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((TEXTS, LABELS)) < 0.3).astype(np.float32)
    network, linear = (
        (scale * (2 * truth - 1) + rng.normal(0, 1.5, truth.shape)).astype(np.float32)
        for scale in (2.0, 1.0)
    )
    return network, linear, truth


def teacher_of(
    network: NDArray[np.float32], linear: NDArray[np.float32], fold_of: NDArray[np.int64]
) -> Teacher:
    rows = np.ones(len(fold_of), bool)
    return Teacher(rows, fold_of, (network, linear), labelled=[], unlabelled=[])


FOLD_OF = np.arange(TEXTS, dtype=np.int64) % FOLDS
HALVES = np.arange(40, dtype=np.int64) % 2


def decide(scores: NDArray[np.float32], truth: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Decisions by these scores alone."""
    return nested_decisions(lambda _, rows: scores[rows], truth=truth, fold_of=FOLD_OF)


@given(st.integers(0, 200), st.integers(0, FOLDS - 1))
def test_labels_of_a_fold_never_change_its_own_decisions(seed: int, fold: int) -> None:
    network, _, truth = scores_and_truth(seed)
    own = fold == FOLD_OF
    changed = truth.copy()
    changed[own] = 1 - changed[own]
    np.testing.assert_array_equal(decide(network, truth)[own], decide(network, changed)[own])


@given(st.integers(0, FOLDS - 1))
def test_labels_of_a_fold_never_change_what_the_joined_teacher_decides_on_it(fold: int) -> None:
    network, linear, truth = scores_and_truth(fold)
    own = fold == FOLD_OF
    changed = truth.copy()
    changed[own] = 1 - changed[own]
    teacher = teacher_of(network, linear, FOLD_OF)
    np.testing.assert_array_equal(teacher.decide(truth)[own], teacher.decide(changed)[own])


def test_the_threshold_of_a_fold_is_the_best_of_the_others() -> None:
    network, _, truth = scores_and_truth(0)
    found = decide(network, truth)
    for fold in range(FOLDS):
        rest, own = fold != FOLD_OF, fold == FOLD_OF
        threshold = best_threshold(network[rest], truth[rest])
        np.testing.assert_array_equal(found[own], network[own] >= threshold)


def test_labels_with_networks_of_their_own_are_decided_by_thresholds_of_their_own() -> None:
    network, linear, truth = scores_and_truth(0)
    own = replace(teacher_of(network, linear, FOLD_OF), has_own_thresholds=True)
    found = out_of_fold_decisions(network, truth=truth, fold_of=FOLD_OF, has_own_thresholds=True)
    assert not np.array_equal(found, decide(network, truth))
    one_by_one = [decide(network[:, [label]], truth[:, [label]])[:, 0] for label in range(LABELS)]
    np.testing.assert_array_equal(found, np.column_stack(one_by_one))
    shared = replace(own, has_own_thresholds=False)
    assert not np.array_equal(own.decide(truth), shared.decide(truth))
    changed = np.where(FOLD_OF[:, None] == 0, 1 - truth, truth)
    np.testing.assert_array_equal(
        own.decide(truth)[FOLD_OF == 0], own.decide(changed)[FOLD_OF == 0]
    )


def test_a_label_that_no_text_has_takes_the_threshold_of_all() -> None:
    network, _, truth = scores_and_truth(0)
    truth[:, 2] = 0
    at = best_thresholds(network, truth, has_own_thresholds=True)
    assert at[2] == best_threshold(network, truth)
    assert at[0] == best_threshold(network[:, [0]], truth[:, [0]])


def test_what_is_scored_for_a_fold_is_fitted_on_the_others() -> None:
    _, _, truth = scores_and_truth(0)
    asked: list[tuple[tuple[int, ...], tuple[int, ...]]] = []

    def note(fit: NDArray[np.bool_], rows: NDArray[np.bool_]) -> NDArray[np.float32]:
        asked.append((tuple(np.unique(FOLD_OF[fit])), tuple(np.unique(FOLD_OF[rows]))))
        return truth[rows]

    nested_decisions(note, truth=truth, fold_of=FOLD_OF)
    assert asked == [
        ((1, 2), (1, 2)),
        ((1, 2), (0,)),
        ((0, 2), (0, 2)),
        ((0, 2), (1,)),
        ((0, 1), (0, 1)),
        ((0, 1), (2,)),
    ]


def test_two_members_joined_are_better_than_the_better_one() -> None:
    joined, alone = [], []
    for network, linear, truth in map(scores_and_truth, range(8)):
        teacher = teacher_of(network, linear, FOLD_OF)
        joined.append(micro_f1(teacher.decide(truth), truth))
        alone.append(micro_f1(decide(network, truth), truth))
    assert np.mean(joined) > np.mean(alone)


def test_a_single_label_that_the_other_folds_lack_is_scored_by_the_first_member() -> None:
    network = np.array([[1.0], [-2.0]], np.float32)
    linear = np.array([[0.5], [0.5]], np.float32)
    stacker = Stacker().fit([network, linear], np.zeros((2, 1), np.float32))
    np.testing.assert_array_equal(stacker.logits([network, linear]), network)


def test_joined_logits_are_calibrated() -> None:
    network, linear, truth = scores_and_truth(0)
    logits = Stacker().fit([5 * network, linear], truth).logits([5 * network, linear])
    assert logits.dtype == np.float32
    assert logits.shape == truth.shape
    assert calibration_error(sigmoid(logits), truth) < 0.06


def test_the_stacker_has_an_intercept_for_each_label() -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random((2000, 3)) < [0.1, 0.5, 0.9]).astype(np.float32)
    nothing = np.zeros_like(truth)
    logits = Stacker().fit([nothing, nothing], truth).logits([nothing, nothing])
    np.testing.assert_allclose(sigmoid(logits[0]), [0.1, 0.5, 0.9], atol=0.03)


def test_scores_of_folds_go_back_into_the_order_of_the_texts() -> None:
    rng = np.random.default_rng(0)
    fold_of = np.array([2, 0, 1, 0, 2, 2, 1], np.int64)
    counts = rng.integers(1, 5, len(fold_of))
    text_logits = rng.standard_normal((len(fold_of), 3), dtype=np.float32)
    sentences = [rng.standard_normal((count, 3), dtype=np.float32) for count in counts]
    held_out = [
        NetworkScores(
            text_logits[fold_of == fold],
            np.concatenate([sentences[x] for x in np.flatnonzero(fold_of == fold)]),
            counts[fold_of == fold],
        )
        for fold in range(3)
    ]
    scored_by = [fold_of == fold for fold in range(3)]
    for rows in (np.ones(len(fold_of), bool), fold_of != 1):
        found = _in_text_order(held_out, scored_by, rows)
        np.testing.assert_array_equal(found.text_logits, text_logits[rows])
        np.testing.assert_array_equal(found.sentences, counts[rows])
        for one, other in zip(found.of_sentences(), pick(sentences, rows), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.fixture
def corpus(tiny_texts: list[LabelledText], encoder: Encoder) -> Corpus:
    bare = [LabelledText(x.id, x.sentences, x.tokenised, None) for x in tiny_texts[40:43]]
    return Corpus(tiny_texts[:40], bare, encoder.examples(tiny_texts[:40]), encoder.examples(bare))


@pytest.fixture
def quick(tiny_config: RunConfig) -> RunConfig:
    return replace(
        tiny_config, teacher=TeacherConfig(2, Schedule(1, 2e-3, batch_size=8), members=2)
    )


@pytest.fixture
def learner_in(tiny_encoder: Path, encoder: Encoder) -> Callable[..., Learner]:
    """Makes what trains networks in a work folder, with a list of what it tells."""

    def make(work: Path, told: list[Event] | None = None) -> Learner:
        emit = ([] if told is None else told).append
        return Learner(
            NetworkConfig(),
            NetworkBase(tiny_encoder, encoder),
            labels=10,
            max_tokens=128,
            sentence_weight=0.5,
            runner=StageRunner(work, stages=9, emit=emit, control=RunControl()),
            device=torch.device("cpu"),
        )

    return make


def stages_of(told: list[Event]) -> list[str]:
    return [event.name for event in told if isinstance(event, StageStarted)]


def test_several_members_of_a_fold_are_averaged(
    corpus: Corpus, quick: RunConfig, learner_in: Callable[..., Learner], tmp_path: Path
) -> None:
    told: list[Event] = []
    trainer = TeacherTrainer(
        corpus, HALVES, config=quick, learner=learner_in(tmp_path, told), work=tmp_path
    )
    teacher = trainer.train()
    members = [f"teacher-without-{x}" for x in ("0", "0-member-1", "1", "1-member-1")]
    assert stages_of(told) == [*members, "linear member"]
    saved = [NetworkScores.load(tmp_path / f"{x}-held-out.npz") for x in members]
    assert not np.array_equal(saved[0].text_logits, saved[1].text_logits)
    for fold in (0, 1):
        mean = NetworkScores.mean(saved[2 * fold : 2 * fold + 2]).decision_logits(0.5)
        np.testing.assert_array_equal(teacher.members[0][teacher.fold_of == fold], mean)
    assert [len(x.sentence_logits) for x in teacher.labelled] == [
        len(x.sentences) for x in corpus.labelled
    ]
    others = [NetworkScores.load(tmp_path / f"{x}-unlabelled.npz") for x in members]
    np.testing.assert_array_equal(
        np.concatenate([x.sentence_logits for x in teacher.unlabelled]),
        NetworkScores.mean(others).sentence_logits,
    )


def test_a_teacher_without_a_linear_member_speaks_for_its_networks_alone(
    corpus: Corpus, quick: RunConfig, learner_in: Callable[..., Learner], tmp_path: Path
) -> None:
    config = replace(quick, teacher=replace(quick.teacher, has_linear_member=False))
    trainer = TeacherTrainer(
        corpus, HALVES, config=config, learner=learner_in(tmp_path), work=tmp_path
    )
    teacher = trainer.train()
    assert len(teacher.members) == 1
    assert len(teacher.labelled) == len(corpus.labelled)
    assert not list(tmp_path.glob("linear*"))


def test_a_linear_member_that_was_not_asked_for_the_unlabelled_texts_is_asked_again(
    corpus: Corpus, tmp_path: Path
) -> None:
    """A swarm before the run trains the teacher in the run's folder, and has no such texts."""
    alone, out = replace(corpus, unlabelled=[], unlabelled_examples=[]), frozenset({0})
    held_out = LinearMembers(alone, HALVES, work=tmp_path).of_labelled(out)
    members = LinearMembers(corpus, HALVES, work=tmp_path)
    assert members.of_unlabelled(out).shape == (3, 10)
    np.testing.assert_array_equal(members.of_labelled(out), held_out)
    written = (tmp_path / "linear-without-0.npz").stat().st_mtime_ns
    assert LinearMembers(corpus, HALVES, work=tmp_path).of_unlabelled(out).shape == (3, 10)
    np.testing.assert_array_equal(
        LinearMembers(alone, HALVES, work=tmp_path).of_labelled(out), held_out
    )
    assert (tmp_path / "linear-without-0.npz").stat().st_mtime_ns == written


def test_a_binary_relevance_teacher_trains_a_network_for_each_label(
    corpus: Corpus, quick: RunConfig, learner_in: Callable[..., Learner], tmp_path: Path
) -> None:
    told: list[Event] = []
    how = replace(quick.teacher, members=1, method=TeacherMethod.BINARY_RELEVANCE)
    config = replace(quick, teacher=how)
    trainer = TeacherTrainer(
        corpus, HALVES, config=config, learner=learner_in(tmp_path, told), work=tmp_path
    )
    teacher = trainer.train()
    labels = [f"teacher-without-{fold}-label-{label}" for fold in (0, 1) for label in range(10)]
    assert stages_of(told) == [*labels, "linear member"]
    assert teacher.members[0].shape == (40, 10)
    again: list[Event] = []
    learner = learner_in(tmp_path, again)
    costs = [StageCost(name, 10, 1) for name in stages_of(told)]
    learner.runner.progress = RunProgress(costs, learner.runner.control)
    TeacherTrainer(corpus, HALVES, config=config, learner=learner, work=tmp_path).train()
    assert stages_of(again) == stages_of(told)
    assert learner.runner.progress.pace() == (1.0, 0.0)
    assert teacher.has_own_thresholds


def with_labels_turned_round(corpus: Corpus, rows: NDArray[np.bool_]) -> Corpus:
    texts = [
        replace(x, targets=1 - x.targets, sentence_targets=1 - x.sentence_targets)
        if is_in and x.targets is not None and x.sentence_targets is not None
        else x
        for x, is_in in zip(corpus.labelled, rows, strict=True)
    ]
    examples = [
        replace(x, text_targets=text.targets, sentence_targets=text.sentence_targets)
        for x, text in zip(corpus.labelled_examples, texts, strict=True)
    ]
    return replace(corpus, labelled=texts, labelled_examples=examples)


def test_a_network_never_sees_the_labels_of_the_folds_it_is_trained_without(
    corpus: Corpus, quick: RunConfig, learner_in: Callable[..., Learner], tmp_path: Path
) -> None:
    def held_out(name: str, changed: Corpus) -> NDArray[np.float32]:
        work = tmp_path / name
        work.mkdir()
        networks = TeacherNetworks(
            changed, HALVES, config=quick, learner=learner_in(work), work=work
        )
        return networks.of_labelled(frozenset({0}), 0).text_logits

    plain = held_out("plain", corpus)
    own = held_out("own", with_labels_turned_round(corpus, HALVES == 0))
    others = held_out("others", with_labels_turned_round(corpus, HALVES == 1))
    np.testing.assert_array_equal(own, plain)
    assert not np.array_equal(others, plain)


def test_a_teacher_without_a_fold_knows_nothing_of_its_labels(
    corpus: Corpus, quick: RunConfig, learner_in: Callable[..., Learner], tmp_path: Path
) -> None:
    """Neither its soft targets on the other folds nor those on the unlabelled texts change."""
    how = replace(quick.teacher, folds=3, members=1)
    config = replace(quick, teacher=how, distillation=replace(quick.distillation, nested_members=1))
    fold_of = np.arange(40, dtype=np.int64) % 3

    def taught(name: str, changed: Corpus) -> Teacher:
        work = tmp_path / name
        work.mkdir()
        trainer = TeacherTrainer(
            changed, fold_of, config=config, learner=learner_in(work), work=work
        )
        return trainer.train_without(1)

    plain = taught("plain", corpus)
    turned = taught("turned", with_labels_turned_round(corpus, fold_of == 1))
    np.testing.assert_array_equal(plain.rows, fold_of != 1)
    assert len(plain.labelled) == plain.rows.sum()
    for one, other in zip(
        (*plain.labelled, *plain.unlabelled), (*turned.labelled, *turned.unlabelled), strict=True
    ):
        np.testing.assert_array_equal(one.text_logits, other.text_logits)
        np.testing.assert_array_equal(one.sentence_logits, other.sentence_logits)


def test_the_linear_member_learns_and_repeats_itself(tiny_texts: list[LabelledText]) -> None:
    learned, unseen = tiny_texts[:40], tiny_texts[40:]
    member = LinearMember().fit(learned)
    scores = member.score(unseen)
    assert scores.dtype == np.float32
    threshold = best_threshold(member.score(learned), target_matrix(learned))
    assert micro_f1(scores >= threshold, target_matrix(unseen)) > 0.9
    np.testing.assert_array_equal(LinearMember().fit(learned).score(unseen), scores)


def test_both_parts_of_the_linear_member_weigh_the_same(tiny_texts: list[LabelledText]) -> None:
    member = LinearMember().fit(tiny_texts)
    raw = member._raw(tiny_texts)
    mean, deviation = member._scale
    np.testing.assert_allclose(mean.ravel(), raw.mean(axis=(1, 2)))
    np.testing.assert_allclose(deviation.ravel(), raw.std(axis=(1, 2)))
    assert float(member.score(tiny_texts).mean()) == pytest.approx(0, abs=1e-5)


def test_the_linear_member_scores_texts_without_labels(tiny_texts: list[LabelledText]) -> None:
    member = LinearMember().fit(tiny_texts)
    bare = [LabelledText(x.id, x.sentences, x.tokenised, None) for x in tiny_texts]
    np.testing.assert_array_equal(member.score(bare), member.score(tiny_texts))


def only_as_a_whole(texts: Sequence[LabelledText]) -> list[LabelledText]:
    """The texts with the labels of their sentences forgotten."""
    return [replace(text, sentence_targets=None) for text in texts]


def test_the_linear_member_learns_from_texts_labelled_as_a_whole(
    tiny_texts: list[LabelledText],
) -> None:
    learned, unseen = only_as_a_whole(tiny_texts[:40]), tiny_texts[40:]
    member = LinearMember().fit(learned)
    assert member._raw(unseen).shape == (1, 20, 10)
    threshold = best_threshold(member.score(learned), target_matrix(learned))
    assert micro_f1(member.score(unseen) >= threshold, target_matrix(unseen)) > 0.9


def test_the_linear_member_learns_from_those_sentences_that_are_labelled(
    tiny_texts: list[LabelledText],
) -> None:
    mixed = [*tiny_texts[:30], *only_as_a_whole(tiny_texts[30:])]
    both, none = LinearMember().fit(mixed), LinearMember().fit(only_as_a_whole(tiny_texts))
    assert len(both._raw(tiny_texts)) == 2
    np.testing.assert_array_equal(both._raw(tiny_texts)[0], none._raw(tiny_texts)[0])


def test_the_linear_member_holds_a_label_that_it_never_saw_for_absent(
    tiny_texts: list[LabelledText],
) -> None:
    without = [text for text in tiny_texts if text.targets is not None and not text.targets[3]]
    member = LinearMember().fit(without)
    truth = target_matrix(without)
    threshold = best_threshold(member.score(without), truth)
    assert not (member.score(tiny_texts)[:, 3] >= threshold).any()


@pytest.mark.parametrize("label", [0, 7])
def test_the_linear_member_can_learn_a_single_label(
    tiny_texts: list[LabelledText], label: int
) -> None:
    only = [replace(x, targets=x.targets[[label]]) for x in tiny_texts if x.targets is not None]
    texts = only_as_a_whole(only)
    scores = LinearMember().fit(texts).score(texts)
    truth = target_matrix(texts)
    assert scores.shape == (60, 1)
    assert micro_f1(scores >= best_threshold(scores, truth), truth) > 0.9


def test_the_linear_member_survives_a_fold_with_nothing_to_tell_apart(
    tiny_texts: list[LabelledText],
) -> None:
    nothing = [replace(x, targets=np.zeros(1, np.float32)) for x in only_as_a_whole(tiny_texts)]
    assert LinearMember().fit(nothing).score(tiny_texts).tolist() == [[0.0]] * 60


def test_the_linear_member_reads_scripts_without_blanks() -> None:
    words = ("胸口疼痛伴有气短", "心电图显示心律不齐")
    sentences = [f"患者{words[n % 2]}已经{n}天了。" for n in range(30)]
    targets = np.eye(2, dtype=np.float32)
    texts = [LabelledText(str(n), (x,), (x,), targets[n % 2]) for n, x in enumerate(sentences)]
    unseen = [LabelledText("x", (x,), (x,), None) for x in ("医生说心律不齐。", "有些气短。")]
    scores = LinearMember().fit(texts).score(unseen)
    assert scores.argmax(axis=1).tolist() == [1, 0]
