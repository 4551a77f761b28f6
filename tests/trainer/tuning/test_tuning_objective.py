"""Positions are judged by what real networks say of texts that they did not see."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.errors import Cancelled, TrainingError
from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.search_space import Choice, Dimension, Real, TuningConfig, Whole
from kdh_desktop.core.training_config import (
    Augmentation,
    RunConfig,
    TeacherMethod,
    config_from_json,
    config_to_json,
)
from kdh_desktop.core.training_protocol import (
    Event,
    PositionJudged,
    StageScored,
    StageStarted,
    from_line,
)
from tests.trainer.conftest import ROOT, learning, trainer_environment
from trainer.commands.tune import _devices
from trainer.corpus import LabelledText
from trainer.judging.metrics import micro_f1
from trainer.learning.batching import SoftTargets
from trainer.learning.network_scores import NetworkScores
from trainer.process.control import RunControl
from trainer.running.texts import folds_of
from trainer.teacher import TeacherNetworks, pick
from trainer.tuning import Values
from trainer.tuning.objective import (
    JudgedTexts,
    OutOfFold,
    OutOfFoldObjective,
    affordable,
    with_blind_teachers,
)
from trainer.tuning.tuned_config import TrainingTexts, _fingerprint, _Teaching, tune_config

STUDENT: dict[str, Dimension] = {
    "distillation.alpha": Real(0.0, 1.0),
    "distillation.distil.peak_rate": Real(1e-5, 1e-2, is_log=True),
    "distillation.distil.epochs": Whole(1, 2),
}
TEACHER: dict[str, Dimension] = {
    "teacher.schedule.peak_rate": Real(1e-4, 1e-2, is_log=True),
    "augmentation.sentence_dropout": Real(0.0, 0.2),
}
GOOD: Values = {
    "distillation.alpha": 0.5,
    "distillation.distil.peak_rate": 5e-3,
    "distillation.distil.epochs": 2,
}


@pytest.fixture
def quick(tiny_config: RunConfig) -> RunConfig:
    how = replace(
        tiny_config.distillation,
        distil=learning(epochs=2),
        fine_tune=learning(epochs=1),
        calibration_folds=1,
    )
    teacher = replace(tiny_config.teacher, schedule=learning(epochs=2))
    return replace(
        tiny_config,
        name="tuned",
        max_tokens=64,
        augmentation=Augmentation(),
        teacher=teacher,
        distillation=how,
    )


def tuning_of(dimensions: dict[str, Dimension], *, texts: int = 24) -> TuningConfig:
    return TuningConfig(particles=2, iterations=1, dimensions=dimensions, folds=3, texts=texts)


@dataclass
class Reported:
    """Takes down reports, and says after which one it is enough, or cancels."""

    enough_after: int = 10**9
    cancel_after: int = 10**9
    control: RunControl = field(default_factory=RunControl)
    scores: list[float] = field(default_factory=list)

    def __call__(self, step: int, score: float) -> bool:
        assert step == len(self.scores)
        self.scores.append(score)
        if len(self.scores) == self.cancel_after:
            self.control.cancel()
        return len(self.scores) < self.enough_after


@pytest.fixture
def open_in(
    quick: RunConfig, tiny_encoder: Path, tiny_texts: list[LabelledText], tmp_path: Path
) -> Callable[..., OutOfFoldObjective]:
    """Opens the objective in a work folder, with teachers that know the truth."""

    def make(
        work: str = "work",
        dimensions: dict[str, Dimension] = STUDENT,
        *,
        config: RunConfig = quick,
        control: RunControl | None = None,
        is_taught: bool = True,
    ) -> OutOfFoldObjective:
        def read() -> JudgedTexts:
            judged = JudgedTexts(tiny_texts)
            few = judged.drawn(24, seed=config.seed)
            fold_of = folds_of(few, folds=3, seed=config.seed)
            soft = [[soft_of(x) for x in pick(few, fold_of != fold)] for fold in range(3)]
            return replace(judged, soft=soft) if is_taught else judged

        spec = OutOfFold(config, tuning_of(dimensions), read, tiny_encoder, tmp_path / work)
        return spec("cpu", control or RunControl())

    return make


def test_texts_are_drawn_with_the_shares_of_their_labels() -> None:
    texts = [
        LabelledText(str(row), ("A text.",), ("A text .",), np.array([row % 10 == 0], np.float32))
        for row in range(100)
    ]
    for seed in range(5):
        drawn = JudgedTexts(texts).drawn(30, seed=seed)
        assert len(drawn) == 30
        assert sum(text.targets.sum() for text in drawn if text.targets is not None) == 3


def soft_of(text: LabelledText) -> SoftTargets:
    assert text.targets is not None
    assert text.sentence_targets is not None
    return SoftTargets(4 * text.targets - 2, 4 * text.sentence_targets - 2)


def files_below(folder: Path) -> set[str]:
    return {x.relative_to(folder).as_posix() for x in folder.rglob("*") if x.is_file()}


def test_a_student_is_judged_fold_by_fold(open_in: Callable[..., OutOfFoldObjective]) -> None:
    objective, reported = open_in(), Reported()
    score = objective(GOOD, reported)
    assert len(reported.scores) == 3
    assert score == reported.scores[-1]
    assert 0.1 < score <= 1
    folder = objective.spec.folder(GOOD)
    students = {f"student-{fold}.npz" for fold in range(3)}
    assert files_below(folder) == {*students, "decisions.npz"}
    with np.load(folder / "decisions.npz") as arrays:
        assert micro_f1(arrays["present"], arrays["truth"]) == score
        assert len(arrays["truth"]) == 24


def test_positions_and_the_teachers_of_all_are_to_repeat_exactly(
    open_in: Callable[..., OutOfFoldObjective],
    quick: RunConfig,
    tiny_encoder: Path,
    tiny_texts: list[LabelledText],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    for module in ("objective", "tuned_config"):
        monkeypatch.setattr(
            f"trainer.tuning.{module}.repeat_exactly", lambda device: asked.append(device.type)
        )
    open_in()
    assert asked == ["cpu"]
    control = RunControl()
    control.cancel()
    with pytest.raises(Cancelled):
        teaching_in(tmp_path, quick, tiny_encoder)(tiny_texts, control)
    assert asked == ["cpu"] * 2


def test_the_same_position_scores_the_same(open_in: Callable[..., OutOfFoldObjective]) -> None:
    first, second = (open_in(work)(GOOD, Reported()) for work in ("one", "two"))
    assert first == second


@pytest.mark.slow
def test_better_rates_score_better_by_more_than_noise(
    open_in: Callable[..., OutOfFoldObjective], quick: RunConfig
) -> None:
    how = replace(quick.distillation, fine_tune=learning(epochs=0))
    objective = open_in(config=replace(quick, distillation=how))
    good, bad = (
        {**GOOD, "distillation.distil.epochs": epochs, "distillation.distil.peak_rate": rate}
        for epochs, rate in ((20, 3e-3), (1, 1e-5))
    )
    assert objective(good, Reported()) > objective(bad, Reported()) + 0.15
    assert objective.spec.p_value(good, good) == 1
    assert objective.spec.p_value(good, bad) < 0.05


def test_a_position_is_given_up_where_the_report_says_so(
    open_in: Callable[..., OutOfFoldObjective],
) -> None:
    objective, reported = open_in(), Reported(enough_after=1)
    objective(GOOD, reported)
    assert len(reported.scores) == 1
    assert files_below(objective.spec.folder(GOOD)) == {"student-0.npz"}


def test_a_broken_evaluation_goes_on_where_it_was(
    open_in: Callable[..., OutOfFoldObjective],
) -> None:
    whole = open_in("whole")(GOOD, Reported())
    control = RunControl()
    broken = open_in(control=control)
    with pytest.raises(Cancelled):
        broken(GOOD, Reported(cancel_after=1, control=control))
    done = broken.spec.folder(GOOD) / "student-0.npz"
    written = done.stat().st_mtime_ns
    assert open_in()(GOOD, Reported()) == whole
    assert done.stat().st_mtime_ns == written


def test_where_only_the_teacher_is_tuned_it_is_judged_itself(
    open_in: Callable[..., OutOfFoldObjective],
) -> None:
    objective, reported = open_in(dimensions=TEACHER, is_taught=False), Reported()
    values: Values = {"teacher.schedule.peak_rate": 5e-3, "augmentation.sentence_dropout": 0.1}
    assert 0.1 < objective(values, reported) <= 1
    assert len(reported.scores) == 3
    found = files_below(objective.spec.folder(values))
    assert "teacher-without-0-held-out.npz" in found
    assert not any(name.startswith("student") or not name.endswith(".npz") for name in found)


def test_a_teacher_of_networks_of_one_label_each_is_judged_by_thresholds_of_their_own(
    open_in: Callable[..., OutOfFoldObjective],
    quick: RunConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values: Values = {"teacher.schedule.peak_rate": 5e-3, "augmentation.sentence_dropout": 0.1}
    reports: dict[TeacherMethod, Reported] = {}
    for method in TeacherMethod:
        how = replace(quick.teacher, method=method, has_linear_member=False)
        config = replace(quick, teacher=how)
        objective = open_in(method.value, TEACHER, config=config, is_taught=False)
        truth, fold_of = objective.truth, objective.fold_of
        apart = (4 * truth - 2 + 10 * np.arange(truth.shape[1])).astype(np.float32)

        def told(
            _networks: TeacherNetworks,
            left_out: frozenset[int],
            _member: int,
            apart: NDArray[np.float32] = apart,
            fold_of: NDArray[np.int64] = fold_of,
        ) -> NetworkScores:
            own = apart[np.isin(fold_of, list(left_out))]
            return NetworkScores(own, own, np.ones(len(own), np.int64))

        monkeypatch.setattr(TeacherNetworks, "of_labelled", told)
        reports[method] = Reported()
        objective(values, reports[method])
    shared, each = (x.scores for x in (reports[one] for one in TeacherMethod))
    assert all(own > of_all + 0.1 for own, of_all in zip(each, shared, strict=True))


def test_where_both_are_tuned_the_student_learns_from_its_own_teacher(
    open_in: Callable[..., OutOfFoldObjective],
) -> None:
    both: dict[str, Dimension] = {**STUDENT, **TEACHER}
    objective, reported = open_in(dimensions=both, is_taught=False), Reported()
    values = {**GOOD, "teacher.schedule.peak_rate": 5e-3, "augmentation.sentence_dropout": 0.0}
    assert objective(values, reported) == reported.scores[2]
    found = files_below(objective.spec.folder(values))
    pairs = {f"teacher-without-{pair}-held-out.npz" for pair in ("0-1", "0-2", "1-2")}
    assert {*pairs, "student-2.npz"} <= found
    assert "teacher-without-0-held-out.npz" not in found


def test_teachers_of_a_search_know_nothing_of_the_fold_that_their_student_is_judged_on(
    quick: RunConfig,
    tiny_encoder: Path,
    tiny_texts: list[LabelledText],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = tiny_texts[:24]
    fold_of = np.arange(24) % 3
    monkeypatch.setattr("trainer.tuning.tuned_config.folds_of", lambda *_args, **_options: fold_of)
    lying = [
        text if fold else replace(text, targets=1 - known, sentence_targets=1 - sentences)
        for text, fold in zip(texts, fold_of, strict=True)
        if (known := text.targets) is not None and (sentences := text.sentence_targets) is not None
    ]
    told, lied = (
        [path.read_bytes() for path in teaching_in(tmp_path / work, quick, tiny_encoder)(given)]
        for work, given in (("told", texts), ("lied", lying))
    )
    assert [one == other for one, other in zip(told, lied, strict=True)] == [True, False, False]


def teaching_in(work: Path, config: RunConfig, encoder: Path) -> Callable[..., tuple[Path, ...]]:
    """Trains the teachers of a search on texts, and gives the files of what they say."""
    teaching = _Teaching(with_blind_teachers(config, tuning_of(STUDENT)), encoder, work)

    def teach(texts: Sequence[LabelledText], control: RunControl | None = None) -> tuple[Path, ...]:
        return teaching.of_each_fold(
            texts, texts, device="cpu", emit=lambda _: None, control=control or RunControl()
        )

    return teach


@pytest.mark.parametrize(
    ("path", "own", "of_student"),
    [
        ("distillation.alpha", False, True),
        ("sentence_weight", False, True),
        ("sentence_loss", True, True),
        ("max_tokens", True, True),
        ("augmentation.tokenised_share", True, True),
        ("teacher.schedule.peak_rate", True, False),
    ],
)
def test_a_position_that_changes_what_teachers_learn_has_its_own(
    quick: RunConfig, tmp_path: Path, path: str, own: bool, of_student: bool
) -> None:
    tuning = tuning_of({path: Real(0.1, 0.9)})
    spec = OutOfFold(quick, tuning, lambda: JudgedTexts([]), tmp_path, tmp_path)
    assert (spec.has_own_teachers, spec.is_of_student) == (own, of_student)


def test_fields_that_do_not_go_together_score_nothing(
    open_in: Callable[..., OutOfFoldObjective], flushed: set[int]
) -> None:
    objective, reported = open_in(), Reported()
    values: Values = {"distillation.distil.patience": 2}
    assert objective(values, reported) == 0
    assert not reported.scores
    assert 0 < objective.spec.p_value(values, values) <= 1
    # The journal's line reaches the disk, and names decisions that must be there.
    assert (objective.spec.folder(values) / "decisions.npz").stat().st_ino in flushed


def test_a_training_that_diverges_scores_nothing(
    open_in: Callable[..., OutOfFoldObjective],
) -> None:
    assert open_in()({**GOOD, "distillation.distil.peak_rate": 1e30}, Reported()) == 0


def test_trouble_that_passes_ends_the_search_and_is_no_score(
    quick: RunConfig,
    tiny_encoder: Path,
    tiny_corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = replace(quick, distillation=replace(quick.distillation, distil=learning(epochs=0)))
    tuning = tuning_of({"distillation.fine_tune.peak_rate": Real(1e-4, 1e-2, is_log=True)}, texts=8)
    with monkeypatch.context() as patch:
        patch.setattr("trainer.learning.gradients.forward", without_memory)
        with pytest.raises(TrainingError, match="Memory is too short"):
            tune(config, tiny_encoder, tiny_corpus, tmp_path, [], tuning=tuning)
    told: list[Event] = []
    tune(config, tiny_encoder, tiny_corpus, tmp_path, told, tuning=tuning)
    assert min(x.score for x in told if isinstance(x, PositionJudged)) > 0


def without_memory(*_args: object, **_options: object) -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")


def test_judging_trains_a_share_of_the_epochs(quick: RunConfig) -> None:
    tuning = replace(tuning_of(STUDENT), epoch_share=0.5, folds=3)
    config = replace(
        quick,
        distillation=replace(
            quick.distillation, distil=learning(epochs=7), fine_tune=learning(epochs=0)
        ),
    )
    cheap = affordable(config, tuning)
    assert cheap.distillation.distil.epochs == 4
    assert cheap.distillation.fine_tune.epochs == 0
    assert (cheap.teacher.schedule.epochs, cheap.teacher.folds) == (1, 3)


def tune(
    config: RunConfig,
    encoder: Path,
    corpus: Path,
    work: Path,
    told: list[Event],
    *,
    tuning: TuningConfig | None = None,
    control: RunControl | None = None,
) -> tuple[RunConfig, object]:
    return tune_config(
        config,
        tuning or tuning_of(STUDENT),
        texts=TrainingTexts(config, (HocSource(str(corpus)),)),
        encoder=encoder,
        work=work,
        devices=("cpu",),
        emit=told.append,
        control=control or RunControl(),
    )


@pytest.mark.slow
def test_a_run_is_tuned_with_a_teacher_of_its_own_and_without_the_dev_texts(
    quick: RunConfig, tiny_encoder: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    hidden = tmp_path / "corpus"
    hidden.mkdir()
    (hidden / "train.txt").write_bytes((tiny_corpus / "train.txt").read_bytes())
    for name in ("text", "labels"):
        (hidden / name).symlink_to(tiny_corpus / name)
    told: list[Event] = []
    best, outcome = tune(quick, tiny_encoder, hidden, tmp_path / "work", told)
    assert [x.name for x in told if isinstance(x, StageStarted)] == [
        "teacher-without-0-1",
        "teacher-without-0-2",
        "linear member",
        "teacher-without-1-2",
        "linear member",
        "linear member",
        "swarm",
        "random",
    ]
    judged = [x for x in told if isinstance(x, PositionJudged)]
    assert 2 < len(judged) <= 3
    assert judged[0].values["distillation.distil.peak_rate"] == 0.002
    scores = {x.score for x in judged}
    assert isinstance(told[-1], StageScored)
    assert set(told[-1].figures.values()) <= scores
    assert max(told[-1].figures.values()) == max(scores)
    changed = replace(
        quick.distillation, alpha=best.distillation.alpha, distil=best.distillation.distil
    )
    assert best == replace(quick, distillation=changed)

    again: list[Event] = []
    assert tune(quick, tiny_encoder, hidden, tmp_path / "work", again) == (best, outcome)
    assert not [x for x in again if isinstance(x, PositionJudged)]


@pytest.mark.slow
def test_a_teacher_that_was_cut_short_teaches_no_search_that_goes_on(
    quick: RunConfig, tiny_encoder: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    ended = RunControl()
    ended.keep_best()

    def taught(work: str, control: RunControl) -> bytes:
        tune(quick, tiny_encoder, tiny_corpus, tmp_path / work, [], control=control)
        found = sorted((tmp_path / work).glob("*/taught-*.npz"))
        assert len(found) == 3
        return b"".join(path.read_bytes() for path in found)

    whole = taught("whole", RunControl())
    assert taught("ended", ended) != whole
    assert taught("ended", RunControl()) == whole


def test_a_search_in_other_groups_is_another_search(
    quick: RunConfig, tiny_encoder: Path, tiny_texts: list[LabelledText]
) -> None:
    grouped = [replace(text, group=str(place // 2)) for place, text in enumerate(tiny_texts)]
    found = [
        _fingerprint(quick, tuning_of(STUDENT), texts, tiny_encoder)
        for texts in (tiny_texts, grouped)
    ]
    assert found[0] != found[1]


def test_a_space_that_does_not_fit_is_refused(
    quick: RunConfig, tiny_encoder: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    tuning = tuning_of({"distillation.beta": Choice((1, 2))})
    with pytest.raises(TrainingError, match="beta"):
        tune(quick, tiny_encoder, tiny_corpus, tmp_path, [], tuning=tuning)


def test_windows_that_the_encoder_does_not_read_are_refused_before_the_search(
    quick: RunConfig, tiny_encoder: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    told: list[Event] = []
    tuning = tuning_of({"max_tokens": Whole(16, 4096)})
    with pytest.raises(TrainingError, match="max_tokens is 4096"):
        tune(quick, tiny_encoder, tiny_corpus, tmp_path, told, tuning=tuning)
    assert not told


def test_too_few_folds_for_the_teachers_of_students_are_refused(
    quick: RunConfig, tiny_encoder: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    two = replace(tuning_of(STUDENT), folds=2)
    with pytest.raises(TrainingError, match="folds must be at least 3"):
        tune(quick, tiny_encoder, tiny_corpus, tmp_path, [], tuning=two)
    with pytest.raises(ValueError, match="folds must be at least 3"):
        replace(quick, tuning=two)
    assert replace(quick, tuning=replace(two, dimensions=TEACHER)).tuning is not None


def test_a_space_in_which_nothing_can_be_trained_is_told(
    quick: RunConfig, tiny_encoder: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    tuning = tuning_of({"distillation.fine_tune.peak_rate": Real(1e29, 1e30)}, texts=8)
    config = replace(quick, distillation=replace(quick.distillation, distil=learning(epochs=0)))
    with pytest.raises(TrainingError, match="No position"):
        tune(config, tiny_encoder, tiny_corpus, tmp_path, [], tuning=tuning)


@pytest.mark.parametrize(
    ("cards", "has_apple", "expected"),
    [(2, False, ["cuda:0", "cuda:1"]), (0, True, ["mps"]), (0, False, ["cpu"])],
)
def test_the_command_computes_on_the_fastest_there_is(
    monkeypatch: pytest.MonkeyPatch, cards: int, has_apple: bool, expected: list[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cards > 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: has_apple)
    assert _devices() == expected


@pytest.mark.slow
def test_the_command_writes_the_best_configuration_and_a_report(
    quick: RunConfig, tiny_encoder: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    config = replace(quick, distillation=replace(quick.distillation, distil=learning(epochs=0)))
    space = tuning_of({"distillation.fine_tune.peak_rate": Real(1e-4, 1e-2, is_log=True)}, texts=8)
    (tmp_path / "config.json").write_text(config_to_json(config), encoding="utf-8")
    (tmp_path / "space.json").write_text(json.dumps(to_json_value(space)), encoding="utf-8")
    places = {
        "--corpus": tiny_corpus,
        "--encoder": tiny_encoder,
        "--work": tmp_path / "work",
        "--out": tmp_path / "best.json",
    }
    options = [str(part) for pair in places.items() for part in pair]
    names = (str(tmp_path / "config.json"), str(tmp_path / "space.json"))
    done = subprocess.run(
        [sys.executable, "-m", "trainer", "tune", *names, *options, "--devices", "cpu"],
        cwd=ROOT,
        env=trainer_environment(tmp_path / "home"),
        capture_output=True,
        encoding="utf-8",
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    events = [from_line(line).event for line in done.stdout.splitlines()]
    assert any(isinstance(event, PositionJudged) for event in events)
    report = json.loads((tmp_path / "best.report.json").read_text(encoding="utf-8"))
    best = config_from_json((tmp_path / "best.json").read_text(encoding="utf-8"))
    found = [report[name]["best_values"] for name in ("swarm", "control")]
    assert {"distillation.fine_tune.peak_rate": best.distillation.fine_tune.peak_rate} in found
    assert report["is_swarm_better"] is False
    assert "Random search with the same budget" in done.stderr
