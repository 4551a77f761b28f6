"""A search finds more than its start, and comes to the same end however often it is broken."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kdh_desktop.core.errors import Cancelled, TrainingError
from kdh_desktop.core.search_space import Choice, Real, TuningConfig, Whole
from kdh_desktop.core.training_protocol import Event, PositionJudged, SwarmIterationFinished
from tests.trainer.conftest import ROOT
from tests.trainer.tuning.tuning_toys import PLAN, START, Noted, hill, open_hill
from trainer.process.control import RunControl
from trainer.tuning import (
    Evaluation,
    InTurn,
    Objective,
    OpenObjective,
    Report,
    SideBySide,
    Tuner,
    TuningOutcome,
    Values,
)
from trainer.tuning.journal import Journal
from trainer.tuning.positions import Reports, median_bars
from trainer.tuning.swarm import RandomSearch, Swarm


@dataclass
class Tuning:
    """Tunes in one work folder, as often as it is asked."""

    work: Path
    plan: TuningConfig = PLAN
    seed: int = 3
    start: Values = field(default_factory=lambda: START)
    control: RunControl = field(default_factory=RunControl)
    events: list[Event] = field(default_factory=list)

    def __call__(
        self, objective: OpenObjective = open_hill, *, devices: tuple[str, ...] = ("cpu",)
    ) -> TuningOutcome:
        evaluators: InTurn | SideBySide
        if len(devices) == 1:
            evaluators = InTurn(objective, device=devices[0], control=self.control)
        else:
            evaluators = SideBySide(objective, devices=devices, control=self.control)
        with evaluators:
            tuner = Tuner(
                self.plan,
                seed=self.seed,
                start=self.start,
                fingerprint="toys",
                work=self.work,
                evaluators=evaluators,
                emit=self.events.append,
                control=self.control,
            )
            return tuner.tune()

    @property
    def lines(self) -> list[str]:
        return (self.work / "evaluations.jsonl").read_text(encoding="utf-8").splitlines()[1:]


@dataclass
class Counted:
    """Counts evaluations, and does something after some of them."""

    after: int = 10**9
    do: Callable[[], None] = lambda: None
    done: list[Values] = field(default_factory=list)

    def __call__(self, _device: str, _control: RunControl) -> Objective:
        def objective(values: Values, report: Report) -> float:
            if len(self.done) == self.after:
                self.do()
            self.done.append(values)
            return hill(values, report)

        return objective


class Killed(BaseException):
    """The process is gone."""


def kill() -> None:
    raise Killed


def test_the_swarm_beats_its_start_and_finds_the_hill(tmp_path: Path) -> None:
    outcome = Tuning(tmp_path, replace(PLAN, particles=10, iterations=15))()
    assert outcome.start_score is not None
    assert outcome.swarm is not None
    assert outcome.swarm.best_score > outcome.start_score + 0.3
    assert outcome.swarm.best_score > 0.93
    assert outcome.swarm.best_values["loss"] == "mse"
    assert all(a <= b for a, b in pairwise(outcome.swarm.best_scores))
    assert len(outcome.swarm.best_scores) == len(outcome.swarm.mean_scores) == 15


def test_both_searches_judge_mixed_values_within_their_bounds(tmp_path: Path) -> None:
    counted = Counted()
    outcome = Tuning(tmp_path)(counted)
    assert counted.done[0] == START
    for values in counted.done:
        assert isinstance(values["rate"], float)
        assert 1e-5 <= values["rate"] <= 1e-1
        assert type(values["epochs"]) is int
        assert 1 <= values["epochs"] <= 9
        assert values["loss"] in {"bernoulli", "mse", "softmax"}
    assert outcome.swarm is not None
    assert outcome.control is not None
    assert outcome.swarm.evaluations == outcome.control.evaluations == 30


def test_the_seed_decides(tmp_path: Path) -> None:
    first, again, other = (
        Tuning(tmp_path / name, seed=seed)() for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    assert first == again
    assert first != other


def test_the_global_generator_is_left_as_it_was(tmp_path: Path) -> None:
    np.random.seed(7)  # noqa: NPY002 - it is the generator in question
    expected = np.random.random(3)  # noqa: NPY002
    np.random.seed(7)  # noqa: NPY002
    Tuning(tmp_path)()
    assert np.random.random(3).tolist() == expected.tolist()  # noqa: NPY002


def test_killed_after_any_evaluation_it_goes_on_to_the_same_end(tmp_path: Path) -> None:
    short = replace(PLAN, particles=5, iterations=3)
    whole = Tuning(tmp_path / "whole", short)
    counted = Counted()
    outcome = whole(counted)
    assert len(counted.done) == len(whole.lines) == 29
    assert any(json.loads(line)["is_stopped"] for line in whole.lines)
    for after in range(len(counted.done)):
        broken = Tuning(tmp_path / str(after), short)
        with pytest.raises(Killed):
            broken(Counted(after, kill))
        rest = Counted()
        assert broken(rest) == outcome
        assert broken.lines == whole.lines
        assert rest.done == counted.done[after:]


@settings(max_examples=30)
@given(cut=st.integers(1, 400))
def test_a_torn_last_line_is_dropped_and_judged_again(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    tuning = Tuning(tmp_path_factory.mktemp("torn"), replace(PLAN, iterations=1))
    outcome, path = tuning(), tuning.work / "evaluations.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - min(cut, len(whole))])
    assert tuning() == outcome
    assert path.read_bytes() == whole


def test_a_finished_search_judges_nothing_again(tmp_path: Path) -> None:
    tuning, rest = Tuning(tmp_path), Counted()
    outcome = tuning()
    before = tuning.events.copy()
    tuning.events.clear()
    assert tuning(rest) == outcome
    assert not rest.done
    told = [event for event in before if isinstance(event, SwarmIterationFinished)]
    assert [x for x in tuning.events if isinstance(x, SwarmIterationFinished)] == told


def test_equal_positions_are_judged_once(tmp_path: Path) -> None:
    few = TuningConfig(
        particles=5, iterations=4, dimensions={"a": Choice(("x", "y")), "b": Whole(1, 2)}
    )
    done: list[Values] = []

    def open_few(_device: str, _control: RunControl) -> Objective:
        def objective(values: Values, _report: Report) -> float:
            done.append(values)
            return 0.5

        return objective

    outcome = Tuning(tmp_path, few, start={})(open_few)
    assert len(done) == len({json.dumps(values) for values in done}) <= 4
    assert outcome.start_score is None


def test_the_journal_of_another_tuning_is_refused(tmp_path: Path) -> None:
    Tuning(tmp_path)()
    for other in (Tuning(tmp_path, seed=4), Tuning(tmp_path, replace(PLAN, inertia=0.5))):
        with pytest.raises(TrainingError, match="another configuration"):
            other()


def test_it_tells_of_positions_and_iterations(tmp_path: Path) -> None:
    tuning = Tuning(tmp_path)
    outcome = tuning()
    assert outcome.swarm is not None
    judged = [event for event in tuning.events if isinstance(event, PositionJudged)]
    finished = [event for event in tuning.events if isinstance(event, SwarmIterationFinished)]
    assert len(judged) == 59
    assert [(x.search, x.iteration) for x in finished] == [
        (search, iteration) for search in ("swarm", "random") for iteration in range(1, 6)
    ]
    assert finished[4].best_cost == pytest.approx(1 - outcome.swarm.best_score)
    assert finished[4].best_values == outcome.swarm.best_values


def test_the_control_can_be_left_out(tmp_path: Path) -> None:
    outcome = Tuning(tmp_path, replace(PLAN, has_random_control=False))()
    assert outcome.control is None
    assert not outcome.is_swarm_better


def test_bad_positions_are_given_up_and_never_the_best(tmp_path: Path) -> None:
    early = Tuning(tmp_path / "early")
    outcome = early()
    patient = Tuning(tmp_path / "patient", replace(PLAN, is_stopping_early=False))()
    assert outcome.swarm is not None
    assert patient.swarm is not None
    assert patient.swarm.stopped == 0
    assert outcome.swarm.stopped > 0
    assert outcome.control is not None
    assert outcome.control.stopped > outcome.swarm.stopped
    stopped = [json.loads(line) for line in early.lines if json.loads(line)["is_stopped"]]
    assert all(len(x["reports"]) < 3 for x in stopped)
    assert outcome.swarm.best_values not in [x["values"] for x in stopped]


def test_the_bar_at_a_step_is_the_median_of_those_that_came_there() -> None:
    others = [
        Evaluation({"a": 1}, 0.0, reports, is_stopped=False)
        for reports in ((0.1, 0.5), (0.3, 0.6), (0.2,), (0.4, 0.9))
    ]
    assert median_bars(others) == pytest.approx((0.25, 0.6))
    assert median_bars(others[:2]) == ()
    reports = Reports((0.25, 0.6))
    assert reports(0, 0.25)
    assert not reports(1, 0.59)
    assert reports.is_stopped


@pytest.mark.parametrize(("step", "score"), [(1, 0.5), (0, float("nan"))])
def test_a_report_that_makes_no_sense_is_a_bug(step: int, score: float) -> None:
    with pytest.raises(ValueError, match="cannot be reported"):
        Reports(())(step, score)


def test_cancel_ends_it_between_evaluations_and_it_can_be_resumed(tmp_path: Path) -> None:
    tuning = Tuning(tmp_path)
    with pytest.raises(Cancelled):
        tuning(Counted(7, tuning.control.cancel))
    assert len(tuning.lines) == 8
    again = Tuning(tmp_path)
    assert again() == Tuning(tmp_path / "whole")()


def test_keep_best_ends_it_with_the_best_so_far(tmp_path: Path) -> None:
    tuning = Tuning(tmp_path)
    counted = Counted(20, tuning.control.keep_best)
    outcome = tuning(counted)
    assert len(counted.done) == 21
    assert outcome.control is None
    assert outcome.swarm is not None
    found = [hill(values, lambda *_: True) for values in counted.done]
    assert outcome.swarm.best_score == max(found)
    assert outcome.best_values == outcome.swarm.best_values


def test_keep_best_breaks_an_evaluation_off_and_does_not_count_it(tmp_path: Path) -> None:
    tuning = Tuning(tmp_path)

    def open_slow(_device: str, control: RunControl) -> Objective:
        def objective(values: Values, report: Report) -> float:
            if len(tuning.lines) == 4:
                tuning.control.keep_best()
            assert not control.is_keeping_best
            control.check()
            return hill(values, report)

        return objective

    outcome = tuning(open_slow)
    assert len(tuning.lines) == 4
    assert outcome.swarm is not None
    assert outcome.swarm.evaluations == 4


def test_keep_best_before_anything_is_judged_gives_nothing(tmp_path: Path) -> None:
    tuning = Tuning(tmp_path)
    tuning.control.keep_best()
    outcome = tuning()
    assert outcome.swarm is None
    assert outcome.best_values == {}


def test_a_better_swarm_is_claimed_only_beyond_noise(tmp_path: Path) -> None:
    outcome = Tuning(tmp_path)()
    assert outcome.swarm is not None
    assert outcome.control is not None
    swarm = replace(outcome.swarm, best_score=outcome.control.best_score + 0.01)
    for p_value, is_better in ((0.2, False), (0.01, True), (None, False)):
        found = replace(outcome, swarm=swarm, p_value=p_value)
        assert found.is_swarm_better is is_better
    worse = replace(swarm, best_score=outcome.control.best_score - 0.01)
    assert not replace(outcome, swarm=worse, p_value=0.01).is_swarm_better
    assert replace(outcome, swarm=worse).best_values == outcome.control.best_values


def test_side_by_side_gives_what_one_after_the_other_gives(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    short = replace(PLAN, iterations=3)
    beside = Tuning(tmp_path / "beside", short)(Noted(notes), devices=("first", "second"))
    assert beside == Tuning(tmp_path / "in turn", short)()
    processes = [set((notes / x).read_text(encoding="utf-8").split()) for x in ("first", "second")]
    assert [len(one) for one in processes] == [1, 1]
    assert not processes[0] & processes[1]


@pytest.mark.parametrize(("how", "words"), [("fails", "no such corpus"), ("dies", "unexpectedly")])
def test_a_failure_in_another_process_is_told(tmp_path: Path, how: str, words: str) -> None:
    noted = Noted(tmp_path, fails=how == "fails", dies=how == "dies")
    with pytest.raises(TrainingError, match=words):
        Tuning(tmp_path / "work")(noted, devices=("first", "second"))


def test_cancel_ends_the_other_processes(tmp_path: Path) -> None:
    tuning = Tuning(tmp_path / "work")
    tuning.control.cancel()
    with pytest.raises(Cancelled):
        tuning(Noted(tmp_path), devices=("first", "second"))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xfe\n", id="no letters"),
        pytest.param(b'{"fingerprint"\n', id="no JSON at its head"),
        pytest.param(b'{"fingerprint": "toys"}\n{"values": {"x"\n', id="no JSON in it"),
        pytest.param(b'{"fingerprint": "toys"}\n{"values": {}}\n', id="no evaluation"),
    ],
)
def test_a_damaged_journal_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "evaluations.jsonl"
    path.write_bytes(data)
    with pytest.raises(TrainingError, match="damaged"):
        Journal(path, fingerprint="toys")


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_positions_stay_in_the_unit_cube(seed: int, dimensions: int) -> None:
    plan = TuningConfig(
        particles=4,
        iterations=1,
        dimensions={f"d{x}": Real(0.0, 1.0) for x in range(dimensions)},
    )
    rng = np.random.default_rng(seed)
    for search in (Swarm(plan, seed=seed, start=None), RandomSearch(plan, seed=seed, start=None)):
        for _ in range(6):
            positions = search.positions
            assert positions.shape == (4, dimensions)
            assert ((positions >= 0) & (positions <= 1)).all()
            search.move(rng.random(4))


def test_logging_and_the_current_folder_are_left_alone(tmp_path: Path) -> None:
    program = """
import logging, os, sys
from pathlib import Path
from tests.trainer.tuning.tuning_toys import PLAN
from trainer.tuning.swarm import Swarm
import numpy as np
root = logging.getLogger()
root.setLevel("ERROR")
mine = logging.getLogger("mine")
swarm = Swarm(PLAN, seed=1, start=None)
swarm.move(np.arange(PLAN.particles, dtype=float))
assert "pyswarms" in sys.modules
assert root.handlers == [], root.handlers
assert root.level == logging.ERROR
assert not mine.disabled
assert "matplotlib" not in sys.modules
assert "LOG_CFG" not in os.environ
assert os.listdir() == [], os.listdir()
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path / "none")},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_logging_of_this_process_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    handlers = logging.getLogger().handlers.copy()
    Tuning(tmp_path / "work")()
    assert logging.getLogger().handlers == handlers
    assert [x.name for x in tmp_path.iterdir()] == ["work"]


def test_one_module_alone_imports_the_library() -> None:
    importers = [
        path.relative_to(ROOT).as_posix()
        for folder in ("trainer", "kdh_desktop")
        for path in (ROOT / folder).rglob("*.py")
        if "import" in (text := path.read_text(encoding="utf-8")) and "from pyswarms" in text
    ]
    assert importers == ["trainer/tuning/swarm.py"]
