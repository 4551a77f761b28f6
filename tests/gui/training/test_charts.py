"""Charts on the screen and in files: drawn, walked by keys, shown as tables, saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from kdh_desktop.core.training_progress import RunProgress, StageProgress, progress_of
from kdh_desktop.gui.colors import Colors
from kdh_desktop.gui.theme import Theme
from kdh_desktop.gui.training.calm_table import CalmTable
from kdh_desktop.gui.training.chart import Chart
from kdh_desktop.gui.training.chart_canvas import ChartCanvas
from kdh_desktop.gui.training.chart_card import ChartCard
from kdh_desktop.gui.training.chart_saving import chart_data, suggested_name
from kdh_desktop.gui.training.course_charts import loss_chart, score_chart
from kdh_desktop.gui.training.label_charts import label_chart, reliability_chart
from kdh_desktop.gui.training.machine_charts import memory_chart, speed_chart
from kdh_desktop.gui.training.search_charts import best_chart, space_chart
from tests.data.told_runs import ALPHA, LOSS, RATE, whole_run
from tests.gui.conftest import press
from tests.gui.looks import rich_labels, unnamed


@pytest.fixture(scope="module")
def progress() -> RunProgress:
    return progress_of(whole_run(has_search=True))


@pytest.fixture(params=[Qt.ColorScheme.Light, Qt.ColorScheme.Dark])
def theme(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[Theme]:
    theme = Theme(qapp, scheme=lambda: request.param)
    yield theme
    theme.deleteLater()


def trained(progress: RunProgress) -> StageProgress:
    """The first stage that trained a network; a search has no epochs."""
    return next(stage for stage in progress.stages if stage.epochs)


def all_charts(progress: RunProgress) -> list[Chart]:
    stage = trained(progress)
    return [
        *(loss_chart(stage, "Teacher"), score_chart(stage, "Teacher"), label_chart(progress)),
        *(reliability_chart(progress), best_chart(progress), space_chart(progress, RATE, ALPHA)),
        *(space_chart(progress, LOSS, RATE), speed_chart(progress), memory_chart(progress)),
    ]


@pytest.fixture
def card(theme: Theme, qtbot: QtBot) -> Iterator[ChartCard]:
    """A card on the screen, ready to draw."""
    place = QWidget()
    qtbot.addWidget(place)
    card = ChartCard(theme)
    QVBoxLayout(place).addWidget(card)
    place.resize(620, 460)
    card.begin_drawing()
    place.show()
    yield card
    place.hide()


def canvas_of(card: ChartCard) -> ChartCanvas:
    assert card.canvas is not None
    return card.canvas


def test_every_chart_is_drawn_in_every_look(card: ChartCard, progress: RunProgress) -> None:
    for chart in all_charts(progress):
        card.show_chart(chart)
        canvas = canvas_of(card)
        assert card.stack.currentWidget() == canvas
        image = canvas.grab().toImage()
        colors = {
            image.pixelColor(x, y).name()
            for x in range(0, image.width(), 3)
            for y in range(0, image.height(), 3)
        }
        assert len(colors) > 4, chart.key
        assert canvas.accessibleName() == f"{chart.title}. {chart.finding}"
        assert unnamed(card) == []
        assert rich_labels(card) == []


def test_axes_say_the_numbers_themselves_also_in_another_look(
    card: ChartCard, theme: Theme, progress: RunProgress
) -> None:
    stage = trained(progress)
    card.show_chart(loss_chart(stage, "Teacher"))
    canvas = canvas_of(card)
    canvas.grab()
    assert max(y for series in loss_chart(stage, "").series for y in series.ys) < 1
    canvas.take_colors(theme.colors)
    axis = canvas.getPlotItem().getAxis("left")
    assert axis.autoSIPrefixScale == 1.0, "0.6 would be shown as 600"


def test_arrow_keys_go_from_point_to_point_and_say_what_each_is(
    card: ChartCard, progress: RunProgress
) -> None:
    card.show_chart(best_chart(progress))
    press(canvas_of(card), "Right")
    assert card.readout.text().startswith("Swarm, iteration 4: best F1 so far ")
    press(canvas_of(card), "Left")
    assert card.readout.text().startswith("Swarm, iteration 3")
    press(canvas_of(card), "Down")
    assert card.readout.text().startswith("Random search, iteration 3")
    press(canvas_of(card), "Home")
    assert card.readout.text().startswith("Random search, iteration 1")
    press(canvas_of(card), "Left")
    assert card.readout.text().startswith("Random search, iteration 1"), "the end is no trap"
    press(canvas_of(card), "Escape")
    assert card.readout.isHidden()


def test_bars_are_walked_up_and_down(card: ChartCard, progress: RunProgress) -> None:
    card.show_chart(label_chart(progress))
    press(canvas_of(card), "Down")
    assert card.readout.text().startswith("Avoiding immune destruction: F1 ")
    press(canvas_of(card), "Down")
    assert card.readout.text().startswith("Cellular energetics: F1 ")
    press(canvas_of(card), "Up")
    assert card.readout.text().startswith("Avoiding immune destruction: F1 ")


def test_a_click_on_a_particle_says_its_settings_and_score(
    card: ChartCard, progress: RunProgress
) -> None:
    card.show_chart(space_chart(progress, RATE, ALPHA))
    canvas = canvas_of(card)
    canvas.grab()
    number = next(x for x, one in enumerate(card.chart.pointed) if one.name == "Swarm")  # type: ignore[union-attr]
    at = canvas.point_at(number, 2).toPoint()
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert canvas.chosen == (number, 2)
    words = card.readout.text()
    assert words.startswith("Swarm, iteration 1: F1 ")
    assert "Learning rate 0.0" in words
    assert "Teacher's weight (alpha) 0." in words
    empty = QPoint(canvas.viewport().width() - 2, 2)
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=empty)
    assert canvas.chosen is None


def test_a_chosen_point_stays_chosen_while_the_run_goes_on(
    card: ChartCard, progress: RunProgress
) -> None:
    stage = trained(progress)
    card.show_chart(loss_chart(replace(stage, epochs=stage.epochs[:4]), "Teacher"))
    assert card.canvas is not None
    card.canvas.choose(0, 2)
    card.show_chart(loss_chart(stage, "Teacher"))
    assert card.canvas.chosen == (0, 2)
    assert card.readout.text().startswith("Epoch 3: loss ")


def test_the_wheel_is_left_to_the_page_and_nothing_can_be_dragged(
    card: ChartCard, progress: RunProgress
) -> None:
    card.show_chart(speed_chart(progress))
    canvas = canvas_of(card)
    before = canvas.getPlotItem().getViewBox().viewRange()
    middle = canvas.viewport().rect().center()
    turn = QWheelEvent(
        QPointF(middle),
        QPointF(canvas.viewport().mapToGlobal(middle)),
        QPoint(0, -240),
        QPoint(0, -240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    canvas.wheelEvent(turn)
    # Qt hands on to the page what is not accepted, when it comes from a real mouse.
    assert not turn.isAccepted()
    QTest.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(canvas.viewport(), middle + QPoint(80, 40))
    QTest.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton)
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.RightButton, pos=middle)
    assert QApplication.activePopupWidget() is None
    assert canvas.getPlotItem().getViewBox().viewRange() == before


def test_every_chart_can_be_read_as_a_table(card: ChartCard, progress: RunProgress) -> None:
    card.table_button.click()
    for chart in all_charts(progress):
        card.show_chart(chart)
        assert card.table is not None
        assert card.stack.currentWidget() is card.table
        assert card.table.rows.rowCount() == len(chart.rows) > 0
        assert card.table.accessibleName() == chart.title
        assert card.table_button.accessibleName() == f"Show as chart: {chart.title}"
    card.table_button.click()
    assert card.stack.currentWidget() is card.canvas


def test_a_table_keeps_its_row_while_others_are_added(
    card: ChartCard, progress: RunProgress
) -> None:
    stage = trained(progress)
    card.table_button.click()
    card.show_chart(loss_chart(replace(stage, epochs=stage.epochs[:5]), "Teacher"))
    assert card.table is not None
    card.table.setCurrentIndex(card.table.rows.index(3, 0))
    card.show_chart(loss_chart(stage, "Teacher"))
    assert card.table.currentIndex().row() == 3
    assert card.table.rows.rowCount() == 9


def test_a_table_makes_room_for_words_that_grow(qtbot: QtBot) -> None:
    table = CalmTable("Stages", ("Stage", "Time", "How it stands"))
    qtbot.addWidget(table)
    table.show_anew([("Teacher", "1 s", "learning")], widest=300)
    before = table.columnWidth(1)
    table.show_anew([("Teacher", "13 min 52 s", "learning")], widest=300)
    assert before < table.columnWidth(1) <= 300


def test_an_empty_chart_says_why_and_cannot_be_saved(card: ChartCard) -> None:
    card.show_chart(label_chart(RunProgress()))
    assert card.stack.currentWidget() is not card.canvas
    assert not card.save_button.isEnabled()
    assert not card.table_button.isEnabled()


def test_charts_are_saved_as_sharp_pictures(theme: Theme, progress: RunProgress) -> None:
    for chart in all_charts(progress)[2:6]:
        image = QImage.fromData(chart_data(chart, "png", theme.colors))
        assert (image.width(), image.height() >= 840) == (1600, True)
        assert image.pixelColor(2, 2).name() == theme.colors.base.name()


def test_charts_are_saved_as_drawings_with_title_finding_and_shapes(
    theme: Theme, progress: RunProgress
) -> None:
    for chart in all_charts(progress)[2:6]:
        drawing = chart_data(chart, "svg", theme.colors)
        root = ET.fromstring(drawing)
        kinds = [element.tag.rpartition("}")[2] for element in root.iter()]
        assert kinds.count("image") == 0, "no pixels in a drawing"
        assert kinds.count("text") > 5
        words = " ".join(element.text or "" for element in root.iter())
        assert chart.title in words
        assert chart.finding in words


def test_charts_are_saved_as_tables_that_hold_no_live_formula(progress: RunProgress) -> None:
    colors = Colors.from_palette(QApplication.palette())
    chart = replace(
        label_chart(progress), rows=(("=HYPERLINK(1)", "81.0"), ("+1", "2")), titles=("Label", "F1")
    )
    lines = chart_data(chart, "csv", colors).decode("utf-8-sig").splitlines()
    assert lines[0] == "Label,F1"
    assert not any(line.startswith(("=", "+", '"=')) for line in lines)


def test_the_suggested_name_is_one_that_every_disk_takes() -> None:
    chart = label_chart(RunProgress())
    assert suggested_name(chart, "png", "../a b:c") == "a-b-c-labels.png"
    assert suggested_name(chart, "csv", "") == "training-labels.csv"
