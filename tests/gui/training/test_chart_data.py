"""What charts show, before anybody draws them: findings in words, marks, tables."""

from __future__ import annotations

import pytest

from kdh_desktop.core.training_progress import RunProgress, RunState, StageProgress, progress_of
from kdh_desktop.core.training_protocol import EpochFinished, StageScored
from kdh_desktop.gui.training.chart import Chart, Marker, nearest, range_of, thinned
from kdh_desktop.gui.training.course_charts import loss_chart, score_chart
from kdh_desktop.gui.training.label_charts import label_chart, reliability_chart
from kdh_desktop.gui.training.machine_charts import latest_memory, memory_chart, speed_chart
from kdh_desktop.gui.training.run_shown import best_figure
from kdh_desktop.gui.training.run_words import duration_words
from kdh_desktop.gui.training.search_charts import best_chart, dimensions_of, space_chart
from kdh_desktop.gui.training.setting_words import setting_name, short_names, value_words
from kdh_desktop.gui.training.stage_words import StageWords
from tests.data.told_runs import ALPHA, LOSS, RATE, Teller, cut_run, tell_machine, whole_run


@pytest.fixture(scope="module")
def searched() -> RunProgress:
    return progress_of(whole_run(has_search=True))


def stage_of(*epochs: EpochFinished) -> StageProgress:
    return StageProgress(1, "student-distil", "", epochs=epochs)


def test_loss_says_from_where_to_where_it_fell_and_marks_the_lowest() -> None:
    told = (EpochFinished(1, 9, 0.61), EpochFinished(2, 9, 0.12), EpochFinished(3, 9, 0.3))
    chart = loss_chart(stage_of(*told), "Student")
    assert chart.finding == "Loss fell from 0.61 to 0.30 in 3 epochs."
    best = chart.series[-1]
    assert (best.xs, best.ys, best.marker) == ((2.0,), (0.12,), Marker.STAR)
    assert chart.rows == ((1, "0.61"), (2, "0.12"), (3, "0.3"))
    assert chart.across.high == 9, "the whole schedule is in sight from the start"


def test_loss_that_rose_is_not_said_to_have_fallen() -> None:
    told = (EpochFinished(1, 2, 0.5), EpochFinished(2, 2, 0.9))
    assert loss_chart(stage_of(*told), "").finding.startswith("Loss did not fall")


def test_a_stage_without_validation_says_so_instead_of_drawing_nothing() -> None:
    chart = score_chart(stage_of(EpochFinished(1, 2, 0.5)), "")
    assert chart.is_empty
    assert chart.finding == "This stage keeps no texts back to be judged on."


def test_validation_marks_the_best_epoch() -> None:
    told = (EpochFinished(1, 2, 0.5, 0.81), EpochFinished(2, 2, 0.4, 0.79))
    chart = score_chart(stage_of(*told), "")
    assert chart.series[-1].xs == (1.0,)
    assert chart.finding == "Best F1 81.0, in epoch 1 of 2."


def test_labels_stand_from_best_to_weakest_with_their_value_beside_the_bar(
    searched: RunProgress,
) -> None:
    chart = label_chart(searched)
    assert len(chart.rows) == 10
    values = [float(str(row[1])) for row in chart.rows]
    assert values == sorted(values, reverse=True)
    assert chart.rows[0][0] == "Avoiding immune destruction"
    assert [words for _, words in chart.far_ticks] == [str(row[1]) for row in chart.rows[::-1]]
    assert "weakest: Sustaining proliferative signaling" in chart.finding


def test_reliability_says_in_words_whether_confidences_can_be_believed(
    searched: RunProgress,
) -> None:
    chart = reliability_chart(searched)
    assert chart.finding == "Yes: it is off by 2.0 points on average, on texts kept back."
    assert len(chart.rows) == 10


@pytest.mark.parametrize(
    "make",
    [
        label_chart,
        reliability_chart,
        best_chart,
        speed_chart,
        memory_chart,
        lambda progress: loss_chart(progress.stage, ""),
        lambda progress: space_chart(progress, "", ""),
    ],
)
def test_a_run_that_told_nothing_has_empty_charts_that_say_why(make: object) -> None:
    chart = make(RunProgress())  # type: ignore[operator]
    assert isinstance(chart, Chart)
    assert chart.is_empty
    assert chart.finding
    assert list(chart.rows) == []


def test_search_is_drawn_beside_its_random_control(searched: RunProgress) -> None:
    chart = best_chart(searched)
    swarm, control = chart.series
    assert (swarm.name, control.name) == ("Swarm", "Random search")
    assert swarm.stroke != control.stroke
    assert swarm.marker != control.marker
    assert list(swarm.ys) == sorted(swarm.ys)
    assert len(chart.rows) == 8


def test_every_position_stands_on_the_two_settings_that_are_chosen(searched: RunProgress) -> None:
    chart = space_chart(searched, RATE, ALPHA)
    drawn = [series for series in chart.series if series.words]
    assert sum(len(series.xs) for series in drawn) == len(searched.positions) == len(chart.rows)
    assert "Learning rate" in drawn[0].words[0]
    assert all(-6 < x < -2 for series in drawn for x in series.xs), "rates by magnitude"
    assert chart.series[-1].marker is Marker.STAR


def test_settings_that_are_no_numbers_stand_side_by_side(searched: RunProgress) -> None:
    chart = space_chart(searched, LOSS, ALPHA)
    assert chart.across.ticks == ((0.0, "a"), (1.0, "b"))
    assert dimensions_of(searched) == (RATE, ALPHA, LOSS)


def test_memory_and_speed_are_drawn_over_the_time_of_the_run() -> None:
    teller = Teller()
    tell_machine(teller, 2000, device_bytes=3 * 10**9)
    progress = progress_of(teller.told)
    memory = memory_chart(progress)
    assert [series.name for series in memory.series] == ["Main memory", "Graphics memory"]
    assert memory.finding == "At most 1.3 GB of main memory, at most 3.0 GB on the graphics card."
    assert len(memory.series[0].xs) <= 600
    assert "texts a second on average" in speed_chart(progress).finding
    assert latest_memory(progress) == "1.3 GB of memory, 3.0 GB on the graphics card"


def test_thinning_keeps_the_first_and_the_last_point() -> None:
    places = thinned(288_000)
    assert len(places) <= 600
    assert (places[0], places[-1]) == (0, 287_999)
    assert list(thinned(5)) == [0, 1, 2, 3, 4]


def test_an_axis_has_room_around_its_points_and_none_is_empty() -> None:
    chart = loss_chart(stage_of(EpochFinished(1, 1, 0.5)), "")
    low, high = range_of(chart.up, [0.5])
    assert low < 0
    assert high > 0.5
    low, high = range_of(chart.across, [1.0])
    assert low < 1.0 < high


def test_the_nearest_point_is_found_and_none_where_none_is_near() -> None:
    told = (EpochFinished(1, 2, 0.5), EpochFinished(2, 2, 0.25))
    chart = loss_chart(stage_of(*told), "")
    assert nearest(chart, (1.9, 0.25), (100.0, 100.0), reach=24) == (0, 1)
    assert nearest(chart, (1.5, 0.9), (100.0, 100.0), reach=24) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("teacher-without-1", "Teacher, fold 2 of 5"),
        ("teacher-without-0-member-1", "Teacher, fold 1 of 5, network 2"),
        ("teacher-without-1-3", "Teacher without folds 2 and 4"),
        ("teacher-without-1-member-2-label-0", "Teacher, fold 2 of 5, network 3, label 1"),
        ("linear member", "Word statistics beside the teacher"),
        ("student-transfer", "Student learns from texts without labels"),
        ("student-distil", "Student learns from the teacher"),
        ("student-fine-tune", "Student learns from the labels"),
        ("calibration-0-distil", "Check student 1 of 3 learns from the teacher"),
        ("side by side", "Several networks side by side"),
        ("swarm", "Search for the best settings"),
        ("export", "Writing the model file"),
        ("judge", "Measuring the model"),
        ("something-new", "Something new"),
    ],
)
def test_stages_have_plain_names(name: str, words: str) -> None:
    assert StageWords(folds=5, calibration_folds=3).title(name) == words


def test_every_stage_that_the_trainer_plans_has_a_name_and_a_purpose() -> None:
    from kdh_desktop.core.runs.run_presets import Preset, preset_config
    from trainer.running.planned_stages import CorpusSize, planned_stages

    size = CorpusSize([100] * 50, [100] * 50, 200)
    words = StageWords(folds=5, calibration_folds=5)
    for preset in Preset:
        for stage in planned_stages(preset_config(preset, name="x"), size, labels=10):
            assert words.purpose(stage.name), stage.name
            assert "-" not in words.title(stage.name)


def test_what_goes_on_is_told_with_the_number_of_texts() -> None:
    progress = progress_of(cut_run())
    words = StageWords(folds=3, texts=1300)
    told = words.now(progress)
    assert told.startswith("Teacher, fold 3 of 3: learning from 866 texts, pass 5, step ")
    waiting = words.activity(progress.stages[-1], state=RunState.PAUSED)
    assert waiting == "waits until you let it go on"


def test_settings_have_plain_names_with_their_part_where_it_matters() -> None:
    assert setting_name("max_tokens") == "Longest piece of text"
    assert setting_name(RATE) == "Learning rate (student, from the teacher)"
    assert short_names((RATE, ALPHA)) == {
        RATE: "Learning rate",
        ALPHA: "Teacher's weight (alpha)",
    }
    two = (RATE, "teacher.schedule.peak_rate")
    assert short_names(two)[two[1]] == "Learning rate (teacher)"
    assert setting_name("unheard.of_field") == "Unheard, of field"


@pytest.mark.parametrize(
    ("value", "words"),
    [(True, "yes"), (0.00003, "0.00003"), (3, "3"), ("text_cnn", "text cnn"), (None, "none")],
)
def test_values_are_written_as_people_read_them(value: object, words: str) -> None:
    assert value_words(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(4, "4 s"), (75, "1 min 15 s"), (7500, "2 h 05 min"), (-1, "0 s")]
)
def test_durations_are_as_exact_as_anybody_wants_to_know(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


def test_figures_of_a_teacher_are_not_taken_for_the_students() -> None:
    teller = Teller()
    teller.told = cut_run()
    teller.tell(StageScored({"micro_f1": 1.0}))
    progress = progress_of(teller.told)
    assert best_figure(progress) is None
    assert label_chart(progress).is_empty
    assert best_figure(progress_of(whole_run(micro=0.82))) == 0.82
