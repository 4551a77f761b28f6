"""Light and dark follow the system, and every colour keeps its contrast."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from kdh_desktop.gui.colors import FOR_SHAPES, FOR_WORDS, Colors, contrast_ratio
from kdh_desktop.gui.theme import Theme


class System:
    """Stands for the desktop's own setting."""

    scheme = Qt.ColorScheme.Light


@pytest.fixture
def system() -> System:
    return System()


@pytest.fixture
def theme(qapp: QApplication, system: System) -> Iterator[Theme]:
    theme = Theme(qapp, scheme=lambda: system.scheme)
    yield theme
    theme.deleteLater()


def high_contrast(base: str, text: str, highlight: str) -> QPalette:
    palette = QPalette(QColor(base), QColor(base))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText):
        palette.setColor(role, QColor(text))
    palette.setColor(QPalette.ColorRole.Base, QColor(base))
    palette.setColor(QPalette.ColorRole.Highlight, QColor(highlight))
    palette.setColor(QPalette.ColorRole.HighlightedText, QColor(base))
    return palette


def palettes(qapp: QApplication) -> dict[str, QPalette]:
    system = System()
    found = {}
    for scheme in (Qt.ColorScheme.Light, Qt.ColorScheme.Dark):
        system.scheme = scheme
        theme = Theme(qapp, scheme=lambda: system.scheme)
        found[scheme.name] = QPalette(qapp.palette())
        theme.deleteLater()
    found["high contrast black"] = high_contrast("#000000", "#ffffff", "#1aebff")
    found["high contrast white"] = high_contrast("#ffffff", "#000000", "#37006e")
    found["low contrast"] = high_contrast("#c0c0c0", "#a8a8a8", "#b0b0b8")
    return found


def test_words_and_signs_keep_their_contrast_on_every_palette(qapp: QApplication) -> None:
    for name, palette in palettes(qapp).items():
        c = Colors.from_palette(palette)
        words = [
            *((c.text, back) for back in (c.base, c.window)),
            *((c.muted, back) for back in (c.base, c.window, c.selected)),
            *((c.present, back) for back in (c.base, c.selected)),
            *((c.review, back) for back in (c.base, c.selected)),
            (c.text, c.evidence),
            (c.text, c.note_fill),
            (c.text, c.warning_fill),
            (c.text, c.error_fill),
            (c.text, c.selected),
            (c.accent_text, c.accent),
            (c.warning, c.warning_fill),
            (c.error, c.error_fill),
        ]
        shapes = [
            *((color, c.track) for color in (c.present, c.review, c.absent)),
            *((c.control_line, back) for back in (c.base, c.window)),
            *((c.accent, back) for back in (c.base, c.window)),
            (c.evidence_line, c.evidence),
        ]
        for pairs, ratio in ((words, FOR_WORDS), (shapes, FOR_SHAPES)):
            for front, back in pairs:
                found = contrast_ratio(front, back)
                assert found >= ratio, (name, front.name(), back.name(), found)


def test_contrast_ratio_is_that_of_wcag() -> None:
    assert contrast_ratio(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast_ratio(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


def test_look_changes_with_the_system_while_the_program_runs(
    qtbot: QtBot, qapp: QApplication, theme: Theme, system: System
) -> None:
    light = QColor(theme.colors.base)
    system.scheme = Qt.ColorScheme.Dark
    with qtbot.waitSignal(theme.changed):
        theme.refresh()
    assert theme.is_dark
    assert theme.colors.base != light
    assert qapp.palette().base().color() == theme.colors.base
    assert theme.colors.base.name() in qapp.styleSheet()


def test_the_sheet_is_off_only_while_the_window_is_made(qapp: QApplication, theme: Theme) -> None:
    worn = qapp.styleSheet()
    with theme.taken_off():
        assert qapp.styleSheet() == ""
    assert qapp.styleSheet() == worn
    assert worn


def test_high_contrast_that_is_switched_on_later_gets_its_own_palette(
    qapp: QApplication, theme: Theme, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.scheme = Qt.ColorScheme.Dark
    theme.refresh()
    ours = QColor(qapp.palette().window().color())
    monkeypatch.setattr("kdh_desktop.gui.theme._is_high_contrast", lambda: True)
    theme.refresh()
    assert qapp.palette().window().color() != ours
    assert theme.colors.base == qapp.palette().base().color()


def test_system_without_a_scheme_is_judged_by_its_colours(
    qapp: QApplication, system: System
) -> None:
    system.scheme = Qt.ColorScheme.Unknown
    qapp.setPalette(high_contrast("#101010", "#f0f0f0", "#60a0ff"))
    dark = Theme(qapp, scheme=lambda: system.scheme)
    assert dark.is_dark
    dark.deleteLater()
    qapp.setPalette(high_contrast("#fafafa", "#101010", "#2060c0"))
    light = Theme(qapp, scheme=lambda: system.scheme)
    assert not light.is_dark
    light.deleteLater()
