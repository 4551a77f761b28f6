"""Real studies of tiny networks, from texts to the report."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from kdh_desktop.core.corpus_source import HocSource, JsonLinesSource
from kdh_desktop.core.errors import Cancelled, InputError, TrainingError
from kdh_desktop.core.json_values import build, parse_json, to_json_value
from kdh_desktop.core.training_config import NetworkKind
from tests.trainer.conftest import ONE_THREAD, ROOT
from tests.trainer.study.tiny_studies import tiny_kdh_mltc, tiny_rocling
from trainer.judging.resampling import resample
from trainer.process.control import RunControl
from trainer.process.work_folder import held_work_folder
from trainer.study.cells import CellStore, plan_cells
from trainer.study.config import StudyConfig, Texts
from trainer.study.outcome import Outcome
from trainer.study.partition import Partition
from trainer.study.run import Machine, run_study, write_study
from trainer.study.systems import CELLS, CellTrainer
from trainer.study.texts import StudyFiles, read_study_texts, source_of

NETWORKS = (NetworkKind.TEXT_CNN, NetworkKind.HAN)


@dataclass(frozen=True)
class Study:
    """A study that was run."""

    outcome: Outcome
    work: Path
    out: Path


def run(config: StudyConfig, files: StudyFiles) -> Study:
    """Train all cells here, where a process need not be started, and then run the study."""
    texts = read_study_texts(config, files)
    planned = plan_cells(config, texts=len(texts.labelled), labels=len(texts.labels))
    machine = Machine("cpu", 1)

    def work_off_here(*_args: object, **_options: object) -> None:
        device = torch.device("cpu")
        trainer = CellTrainer(config, files, texts, device=device, control=RunControl())
        for one in planned:
            trainer.work_off(one.cell)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trainer.study.run.run_cells", work_off_here)
        patch.setattr("trainer.study.run.make_vocabularies", lambda *_args, **_options: None)
        outcome = run_study(
            config, files, machine=machine, control=RunControl(), say=lambda _words: None
        )
    out = files.work.parent / "out"
    write_study(outcome, out)
    return Study(outcome, files.work, out)


@pytest.fixture(scope="module")
def files(tiny_corpus: Path, tiny_transfer: Path, tiny_encoder: Path) -> StudyFiles:
    sources = (HocSource(str(tiny_corpus), "train.txt"), HocSource(str(tiny_corpus), "dev.txt"))
    return StudyFiles(sources, transfer=tiny_transfer, encoder=tiny_encoder, work=Path("unset"))


def in_folder(files: StudyFiles, work: Path) -> StudyFiles:
    return StudyFiles(files.corpora, files.transfer, files.encoder, work)


@pytest.fixture(scope="module")
def kdh_mltc_study(files: StudyFiles, tmp_path_factory: pytest.TempPathFactory) -> Study:
    return run(tiny_kdh_mltc(), in_folder(files, tmp_path_factory.mktemp("kdh-mltc") / "work"))


@pytest.fixture(scope="module")
def rocling_study(files: StudyFiles, tmp_path_factory: pytest.TempPathFactory) -> Study:
    work = tmp_path_factory.mktemp("rocling") / "work"
    return run(tiny_rocling(*NETWORKS), in_folder(files, work))


def test_every_system_of_kdh_mltc_is_trained_and_judged(kdh_mltc_study: Study) -> None:
    outcome = kdh_mltc_study.outcome
    assert {one.system for one in outcome.systems} == {x.id for x in outcome.config.systems}
    assert {one.sample for one in outcome.systems if one.system == "sequential"} == {40, None}
    for one in outcome.systems:
        assert 0 < one.summaries["micro_f1"].figure <= 1
        assert one.seconds > 0
    teacher = outcome.of("teacher", "tiny", None)
    assert teacher is not None
    assert teacher.summaries["micro_f1"].figure > 0.3
    assert outcome.about.samples == {"40": 40, "all": 72}


def test_a_student_has_the_layers_it_was_given(kdh_mltc_study: Study) -> None:
    teacher, student = (kdh_mltc_study.outcome.of(x, "tiny", None) for x in ("teacher", "student"))
    assert teacher is not None
    assert student is not None
    assert teacher.parameters > student.parameters > 0


def test_the_swarm_and_its_control_are_searched_once_and_trained_apart(
    kdh_mltc_study: Study,
) -> None:
    swarm, random = (kdh_mltc_study.outcome.of(x, "tiny", 40) for x in ("swarm", "random"))
    assert swarm is not None
    assert random is not None
    for tuned, control in zip(swarm.cells, random.cells, strict=True):
        found = {one.name: one for one in tuned.searches}
        assert tuned.chosen == found["swarm"].best_values
        assert control.chosen == found["random"].best_values
        assert set(tuned.chosen) == {
            "distilled.alpha",
            "fine_tuned.schedule.peak_rate",
            "sentence_loss",
        }
        assert control.searches == ()


def test_nothing_but_results_and_networks_to_go_on_from_is_left(kdh_mltc_study: Study) -> None:
    assert not any((kdh_mltc_study.work / "stages").iterdir())
    kinds = {path.suffix for path in (kdh_mltc_study.work / CELLS).iterdir()}
    assert kinds == {".npz", ".state"}
    states = {x.name.split(".")[1] for x in (kdh_mltc_study.work / CELLS).glob("*.state")}
    assert states == {"distilled", "transfer"}


def test_inner_networks_never_see_their_inner_fold_nor_their_fold(files: StudyFiles) -> None:
    config = tiny_kdh_mltc()
    texts = read_study_texts(config, files)
    partition = texts.partition
    for one in plan_cells(config, texts=72, labels=10):
        seen = set(partition.seen(one.cell).tolist())
        held_out = set(partition.held_out(one.cell).tolist())
        kept_back = set(partition.kept_back(one.cell).tolist())
        assert seen.isdisjoint(held_out)
        assert seen.isdisjoint(kept_back)
        assert kept_back.isdisjoint(held_out)
        assert (one.cell.inner is None) == (not kept_back)


def test_every_network_is_a_binary_teacher_a_student_and_distilled(rocling_study: Study) -> None:
    outcome = rocling_study.outcome
    assert [(x.network, x.system) for x in outcome.systems] == [
        (kind.value, system) for kind in NETWORKS for system in ("teacher", "student", "distilled")
    ]
    for kind in NETWORKS:
        teacher, student = (outcome.of(x, kind.value, None) for x in ("teacher", "student"))
        assert teacher is not None
        assert student is not None
        assert teacher.parameters > 5 * student.parameters
    assert all(label.texts >= 8 for label in outcome.labels)


def test_vocabularies_are_made_without_the_fold(rocling_study: Study) -> None:
    folders = sorted(path.name for path in (rocling_study.work / "vocabularies").iterdir())
    assert folders == ["all-fold0", "all-fold1"]


def test_table_and_json_hold_every_cell(kdh_mltc_study: Study) -> None:
    with (kdh_mltc_study.out / "tiny-kdh-mltc.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(len(one.cells) for one in kdh_mltc_study.outcome.systems)
    assert all(0 <= float(row["micro_f1"]) <= 1 for row in rows)
    told = (kdh_mltc_study.out / "tiny-kdh-mltc.json").read_text(encoding="utf-8")
    assert build(Outcome, parse_json(told), "outcome") == build(
        Outcome, json.loads(json.dumps(to_json_value(kdh_mltc_study.outcome))), "outcome"
    )
    assert "NaN" not in told


def test_no_sentence_of_the_corpus_is_in_what_is_written(
    kdh_mltc_study: Study, files: StudyFiles
) -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in kdh_mltc_study.out.iterdir())
    for text in read_study_texts(tiny_kdh_mltc(), files).labelled:
        assert not any(sentence in written for sentence in text.sentences)


def test_a_work_folder_belongs_to_one_study(kdh_mltc_study: Study, files: StudyFiles) -> None:
    other = tiny_rocling(NetworkKind.TEXT_CNN)
    with pytest.raises(TrainingError, match="another configuration"):
        run_study(
            other,
            in_folder(files, kdh_mltc_study.work),
            machine=Machine("cpu", 1),
            control=RunControl(),
            say=lambda _words: None,
        )


def test_a_study_that_is_being_judged_can_be_cancelled(
    kdh_mltc_study: Study, files: StudyFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    control, judged = RunControl(), list[str]()

    def judge_and_cancel(*args: Any, **options: Any) -> NDArray[np.float64]:
        judged.append("one system")
        control.cancel()
        return resample(*args, **options)

    monkeypatch.setattr("trainer.study.judging.resample", judge_and_cancel)
    with pytest.raises(Cancelled):
        run_study(
            tiny_kdh_mltc(),
            in_folder(files, kdh_mltc_study.work),
            machine=Machine("cpu", 1),
            control=control,
            say=lambda _words: None,
        )
    assert judged == ["one system"]


def test_two_processes_do_not_work_on_one_study(files: StudyFiles, tmp_path: Path) -> None:
    with held_work_folder(tmp_path), pytest.raises(TrainingError, match="Another training works"):
        run_study(
            tiny_kdh_mltc(),
            in_folder(files, tmp_path),
            machine=Machine("cpu", 1),
            control=RunControl(),
            say=lambda _words: None,
        )


def grouped_texts(path: Path, *groups: str | None) -> StudyFiles:
    """Texts of which the last is a copy of the first, in groups."""
    names = ["one", "two", "three", "One!"]
    lines = [
        {"text": f"Text {name}", "labels": ["a"], "dialogue": group}
        for name, group in zip(names, groups, strict=True)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    source = JsonLinesSource(str(path), labels_field="labels", group_field="dialogue")
    return StudyFiles((source,), None, None, path.parent / "work")


def test_copies_of_a_text_and_groups_are_never_divided(tmp_path: Path) -> None:
    config = replace(
        tiny_rocling(NetworkKind.TEXT_CNN), texts=Texts(max_tokens=64, min_positives=1)
    )

    def groups(*names: str | None) -> list[int] | None:
        found = read_study_texts(config, grouped_texts(tmp_path / "a.jsonl", *names))
        return None if found.partition.groups is None else found.partition.groups.tolist()

    assert groups(None, None, None, None) == [0, 1, 2, 0]
    assert groups("z", "y", "x", "z") == [2, 1, 0, 2]
    assert groups("b", "a", "a", None) == [1, 0, 0, 1]
    assert groups("d", "c", "b", "a") == [3, 2, 1, 0]


def test_groups_that_do_not_fill_the_folds_are_refused(tmp_path: Path) -> None:
    config = replace(
        tiny_rocling(NetworkKind.TEXT_CNN), texts=Texts(max_tokens=64, min_positives=1)
    )
    files = grouped_texts(tmp_path / "a.jsonl", "a", "a", "a", "a")
    with pytest.raises(TrainingError, match="do not fill all folds"):
        read_study_texts(config, files)


def test_inner_folds_must_be_filled_where_a_study_has_any() -> None:
    targets = np.ones((48, 1), np.float32)
    three = np.arange(48) % 3
    Partition(tiny_kdh_mltc(), targets).check()
    Partition(tiny_rocling(NetworkKind.TEXT_CNN), targets, three).check()
    with pytest.raises(TrainingError, match="do not fill all folds"):
        Partition(tiny_kdh_mltc(), targets, three).check()


def test_a_study_of_texts_in_other_groups_is_another_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(
        tiny_rocling(NetworkKind.TEXT_CNN), texts=Texts(max_tokens=64, min_positives=1)
    )

    def stop(*_args: object, **_options: object) -> None:
        raise Cancelled("Enough.")

    def begin(*groups: str) -> None:
        files = grouped_texts(tmp_path / "a.jsonl", *groups)
        machine = Machine("cpu", 1)
        run_study(config, files, machine=machine, control=RunControl(), say=lambda _words: None)

    monkeypatch.setattr("trainer.study.run.plan_cells", stop)
    for _ in range(2):
        with pytest.raises(Cancelled):
            begin("a", "a", "b", "c")
    with pytest.raises(TrainingError, match="another configuration"):
        begin("a", "b", "b", "c")


def test_a_study_goes_on_inside_a_cell(files: StudyFiles, tmp_path: Path) -> None:
    config = tiny_kdh_mltc()
    here = in_folder(files, tmp_path)
    texts = read_study_texts(config, here)
    cell = plan_cells(config, texts=72, labels=10)[1].cell

    def train(control: RunControl) -> None:
        device = torch.device("cpu")
        CellTrainer(config, here, texts, device=device, control=control).work_off(cell)

    stopping = RunControl()
    stopping.cancel()
    with pytest.raises(Exception, match="stopped"):
        train(stopping)
    assert CellStore(tmp_path / CELLS).load(cell) is None
    train(RunControl())
    assert CellStore(tmp_path / CELLS).load(cell) is not None


def test_unlabelled_texts_must_be_named_where_a_system_learns_from_them(
    files: StudyFiles,
) -> None:
    without = StudyFiles(files.corpora, None, files.encoder, files.work)
    with pytest.raises(TrainingError, match="--transfer"):
        read_study_texts(tiny_kdh_mltc(), without)


def test_rare_labels_are_left_out(files: StudyFiles) -> None:
    texts = read_study_texts(tiny_rocling(NetworkKind.TEXT_CNN), files)
    assert texts.targets.sum(axis=0).min() >= 8
    assert texts.targets.shape[1] == len(texts.labels)
    assert all(x.sentence_targets is not None for x in texts.labelled)


def test_a_corpus_is_a_folder_a_file_or_a_description(tiny_corpus: Path, tmp_path: Path) -> None:
    config = tiny_kdh_mltc().texts
    assert source_of(tiny_corpus, config) == (
        HocSource(str(tiny_corpus), "train.txt"),
        HocSource(str(tiny_corpus), "dev.txt"),
    )
    one_list = tiny_corpus / "train.txt"
    assert source_of(one_list, config) == (HocSource(str(tiny_corpus), "train.txt"),)
    lines = tmp_path / "texts.jsonl"
    lines.write_text("", encoding="utf-8")
    assert [x.kind for x in source_of(lines, config)] == ["json_lines"]
    described = tmp_path / "source.json"
    described.write_text(json.dumps({"kind": "hoc", "folder": "somewhere"}), encoding="utf-8")
    assert source_of(described, config) == (HocSource("somewhere"),)
    with pytest.raises(InputError, match="no corpus"):
        source_of(tmp_path / "nothing.json", config)


@pytest.mark.stress
def test_the_command_runs_a_study_in_processes(
    tmp_path: Path, tiny_corpus: Path, tiny_encoder: Path
) -> None:
    config = tmp_path / "config.json"
    told = json.dumps(to_json_value(tiny_rocling(NetworkKind.TEXT_CNN)))
    config.write_text(told, encoding="utf-8")
    command = [sys.executable, "-m", "trainer", "study", str(config), "--corpus", str(tiny_corpus)]
    command += ["--work", str(tmp_path / "work"), "--out", str(tmp_path / "out"), "--jobs", "2"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **ONE_THREAD},
        capture_output=True,
        encoding="utf-8",
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    endings = [Path(line).suffix for line in done.stdout.splitlines()]
    assert endings == [".html", ".csv", ".json"]
    assert "6 of 6 cells" in done.stderr
