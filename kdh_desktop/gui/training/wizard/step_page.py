"""A page of the wizard: a title, one sentence of why, choices, and what keeps from going on."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QScrollArea, QVBoxLayout, QWidget

from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.wizard.draft import DraftKeeper
from kdh_desktop.gui.window_parts import WindowParts


class StepPage(QWidget):
    """One step; its choices are in the draft alone, so that no page can lose them."""

    problem_changed = Signal()
    """What keeps from going on is something else."""

    def __init__(self, parts: WindowParts, keeper: DraftKeeper, *, title: str, why: str) -> None:
        super().__init__()
        self.parts = parts
        self.keeper = keeper
        self.title = title
        self.setAccessibleName(title)
        heading = plain_label(title, kind="heading")
        font = heading.font()
        font.setPointSizeF(font.pointSizeF() * 1.3)
        heading.setFont(font)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(GRID)
        self.column.addWidget(heading)
        self.column.addWidget(plain_label(why, kind="muted"))

    @property
    def problem(self) -> str:
        """Why a person cannot go on from here, as one sentence with what to do; else empty."""
        return ""

    def focus_first(self) -> None:
        """Put the cursor where work begins."""
        self.setFocus()

    def enter(self) -> None:
        """The page is shown now."""


def scrolled(content: QWidget) -> QScrollArea:
    """What scrolls up and down where the window is small."""
    area = QScrollArea()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(area.focusPolicy().NoFocus)
    return area


def form_in(content: QWidget) -> QFormLayout:
    """A form whose fields keep their size and whose explanations wrap."""
    form = QFormLayout(content)
    form.setContentsMargins(0, 0, 2 * GRID, 0)
    form.setHorizontalSpacing(2 * GRID)
    form.setVerticalSpacing(GRID)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    return form


def section(words: str) -> QWidget:
    """A heading between groups of choices."""
    label = plain_label(words, kind="heading")
    label.setContentsMargins(0, GRID, 0, 0)
    return label
