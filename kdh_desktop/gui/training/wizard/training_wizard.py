"""The wizard that plans a training run: six steps, and none of them loses what was chosen."""

from __future__ import annotations

from contextlib import suppress

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.runs.own_presets import OwnPresets
from kdh_desktop.core.runs.training_runs import RunRequest
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.wizard.data_checker import DataChecker
from kdh_desktop.gui.training.wizard.data_page import DataPage
from kdh_desktop.gui.training.wizard.draft import DraftKeeper, draft_of, first_draft, is_gone
from kdh_desktop.gui.training.wizard.machine_page import MachinePage
from kdh_desktop.gui.training.wizard.method_page import MethodPage
from kdh_desktop.gui.training.wizard.models_page import ModelsPage
from kdh_desktop.gui.training.wizard.review_page import ReviewPage
from kdh_desktop.gui.training.wizard.source_finder import forget_copies
from kdh_desktop.gui.training.wizard.step_page import StepPage
from kdh_desktop.gui.training.wizard.step_sign import step_sign
from kdh_desktop.gui.training.wizard.tuning_page import TuningPage
from kdh_desktop.gui.window_parts import WindowParts

_PRESETS = "training-presets"
_RAIL_WIDTH = 26 * GRID
_SIGN = 22


class TrainingWizard(QDialog):
    """Plans a run; `start_wanted` says that it shall start."""

    start_wanted = Signal(object)
    """A `RunRequest`; `title` says what to call the run."""

    def __init__(self, parts: WindowParts, *, parent: QWidget | None = None) -> None:
        super().__init__(parent if parent is not None else parts.window)
        self.setWindowTitle(self.tr("New training"))
        self._parts = parts
        self._is_waiting = False
        self._has_started = False
        self.presets = OwnPresets(parts.paths.config / _PRESETS)
        self.keeper = DraftKeeper(first_draft(self.presets.last()), self)
        self.checker = DataChecker(self.keeper, parts.jobs, parent=self)
        self.data_page = DataPage(parts, self.keeper, self.checker)
        self.models_page = ModelsPage(parts, self.keeper)
        self.method_page = MethodPage(parts, self.keeper, self.presets)
        self.tuning_page = TuningPage(parts, self.keeper)
        self.machine_page = MachinePage(parts, self.keeper)
        others = (
            *(self.data_page, self.models_page, self.method_page),
            *(self.tuning_page, self.machine_page),
        )
        self.review_page = ReviewPage(parts, self.keeper, self.presets, others)
        self.pages: tuple[StepPage, ...] = (*others, self.review_page)
        self._stack = QStackedWidget()
        self.steps: list[QToolButton] = []
        self._sign = QLabel()
        self._sign.setAccessibleName(self.tr("Warning"))
        self.problem = plain_label()
        self._lay_out()
        for keys, step in (("Alt+Left", self.back), ("Alt+Right", self.next)):
            # A shortcut, since tables would take these keys for themselves.
            QShortcut(QKeySequence(keys), self, step)
        for page in self.pages:
            page.problem_changed.connect(self._show_problem)
        parts.door.changed.connect(self._take_door)
        parts.theme.changed.connect(self._take_colors)
        self._take_colors()
        self.resize(130 * GRID, 80 * GRID)
        self.go_to(0)

    @property
    def title(self) -> str:
        """What the run shall be called; may be empty."""
        return self.keeper.draft.title.strip()

    @property
    def has_plan(self) -> bool:
        """Whether texts were chosen for a run that has not been started."""
        return bool(self.keeper.draft.sources) and not self._has_started

    @property
    def page(self) -> StepPage:
        """The step that is shown."""
        return self.pages[self._stack.currentIndex()]

    def open(self) -> None:
        """Show the wizard with what was chosen in it before."""
        self._forget_what_was_used()
        self._fit_screen()
        super().open()
        self.page.enter()
        self.page.focus_first()

    def begin_with(self, request: RunRequest, *, title: str = "") -> None:
        """Choose what an earlier run was asked to do; reviewed records are to be added anew."""
        if self.has_plan:
            forget_copies(self.keeper.draft.sources)
        self.keeper.show(draft_of(request, title=title))

    def go_to(self, place: int) -> None:
        """Show a step."""
        self._stack.setCurrentIndex(place)
        for at, step in enumerate(self.steps):
            step.setChecked(at == place)
        is_last = place == len(self.pages) - 1
        self.back_button.setEnabled(place > 0)
        self.next_button.setVisible(not is_last)
        self.start_button.setVisible(is_last)
        (self.start_button if is_last else self.next_button).setDefault(True)
        self.page.enter()
        self._show_problem()
        if self.isVisible():
            self.page.focus_first()
            announce(self, self.page.title)

    def next(self) -> None:
        """Go on, where nothing speaks against it."""
        if self.next_button.isEnabled() and self.next_button.isVisibleTo(self):
            self.go_to(self._stack.currentIndex() + 1)

    def back(self) -> None:
        """Go back; nothing is lost."""
        if self._stack.currentIndex() > 0:
            self.go_to(self._stack.currentIndex() - 1)

    def start(self) -> None:
        """Say that the run shall start, and close; the choices stay for the next one."""
        if self.review_page.problem:
            return
        draft = self.keeper.draft
        request = draft.request()
        # What is remembered is a comfort; the run does not hang on it.
        with suppress(KdhError):
            self.presets.keep_last(draft.config)
        self.accept()
        self.start_wanted.emit(request)

    def note_start(self) -> None:
        """The run that was planned has begun, and has its copy of reviewed records for itself."""
        self._has_started = True

    def done(self, result: int) -> None:
        self._stop_work()
        super().done(result)

    # Its parts

    def _lay_out(self) -> None:
        rail = QFrame()
        rail.setObjectName("rail")
        rail.setFixedWidth(_RAIL_WIDTH)
        column = QVBoxLayout(rail)
        column.setContentsMargins(GRID, 2 * GRID, GRID, 2 * GRID)
        column.setSpacing(GRID // 2)
        for place, page in enumerate(self.pages):
            step = QToolButton()
            step.setText(f" {page.title}")
            step.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            step.setIconSize(QSize(_SIGN, _SIGN))
            step.setAccessibleName(
                self.tr("Step {number}: {title}").format(number=place + 1, title=page.title)
            )
            step.setCheckable(True)
            step.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            step.clicked.connect(lambda _on=False, place=place: self.go_to(place))
            self.steps.append(step)
            column.addWidget(step)
            self._stack.addWidget(page)
        column.addStretch(1)
        right = QVBoxLayout()
        right.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        right.setSpacing(GRID)
        right.addWidget(self._stack, 1)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self._sign)
        row.addWidget(self.problem, 1)
        right.addLayout(row)
        right.addLayout(self._buttons())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(rail)
        layout.addLayout(right, 1)

    def _buttons(self) -> QHBoxLayout:
        self.close_button = QPushButton(self.tr("Close"))
        self.close_button.setToolTip(self.tr("What you chose stays until the program ends"))
        self.close_button.clicked.connect(self.close)
        self.back_button = QPushButton(self.tr("&Back"))
        self.back_button.clicked.connect(self.back)
        self.next_button = QPushButton(self.tr("Ne&xt"))
        self.next_button.clicked.connect(self.next)
        self.start_button = QPushButton(self.tr("Start &training"))
        self.start_button.clicked.connect(self.start)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.close_button)
        row.addStretch(1)
        for button in (self.back_button, self.next_button, self.start_button):
            row.addWidget(button)
        for button in (self.next_button, self.start_button):
            button.setProperty("kind", "main")
        for button in (self.close_button, self.back_button, self.next_button, self.start_button):
            button.setAccessibleName(button.text().replace("&", ""))
        self.close_button.setAutoDefault(False)
        return row

    # What happens around it

    def _show_problem(self) -> None:
        words = self.page.problem
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        self._sign.setVisible(bool(words))
        self.next_button.setEnabled(not words)
        self.start_button.setEnabled(not words)
        for place, step in enumerate(self.steps):
            # Later steps may be looked at as soon as nothing before them is missing.
            step.setEnabled(not any(page.problem for page in self.pages[:place]))
        self._show_signs()

    def _take_door(self) -> None:
        """A locked door hides what an administrator was doing, and shows it again afterwards."""
        if not self._parts.door.is_open:
            if self.isVisible():
                self._is_waiting = True
                self._stop_work()
                self.hide()
        elif self._is_waiting:
            self._is_waiting = False
            self.open()

    def _forget_what_was_used(self) -> None:
        """A run has its name and its copy of reviewed records for itself; the next wants others."""
        draft = self.keeper.draft
        kept = tuple(one for one in draft.sources if not (one.is_reviewed and is_gone(one)))
        title = "" if self._has_started else draft.title
        self._has_started = False
        self.keeper.change(sources=kept, title=title)

    def _stop_work(self) -> None:
        """Whoever shuts the wizard waits for nothing, and trials would slow a run down."""
        self.data_page.close_dialogs()
        self.machine_page.stop()

    def _take_colors(self) -> None:
        color = self._parts.theme.colors.warning
        icon = self._parts.icons.icon("warning", color)
        self._sign.setPixmap(icon.pixmap(QSize(20, 20), self.devicePixelRatioF()))
        self._show_signs()

    def _show_signs(self) -> None:
        """Number the steps; the one that is shown has a full circle."""
        colors = self._parts.theme.colors
        for place, step in enumerate(self.steps):
            step.setIcon(
                step_sign(
                    place + 1,
                    colors,
                    is_shown=place == self._stack.currentIndex(),
                    is_open=step.isEnabled(),
                    ratio=self.devicePixelRatioF(),
                )
            )

    def _fit_screen(self) -> None:
        """No larger than the screen, so that the buttons are always in sight."""
        screen = self.screen()
        if screen is not None:
            room = screen.availableGeometry().size()
            self.resize(self.size().boundedTo(room - QSize(4 * GRID, 6 * GRID)))
