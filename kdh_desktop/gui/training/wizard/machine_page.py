"""Where it is computed, and what that takes: found out by a short trial."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from kdh_desktop.core.errors import Cancelled, KdhError, TrainingError
from kdh_desktop.core.runs.machine_report import MachineReport
from kdh_desktop.core.runs.training_runs import RunRequest
from kdh_desktop.gui.calm_combo_box import CalmComboBox
from kdh_desktop.gui.jobs import Err, Job, Lane, Ok, Outcome
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_table import PlainTable
from kdh_desktop.gui.plain_text import field_label, plain_label
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.wizard.draft import DraftKeeper, Measured
from kdh_desktop.gui.training.wizard.step_page import StepPage, form_in, scrolled, section
from kdh_desktop.gui.training.wizard.trainer_calls import probe_work
from kdh_desktop.gui.training.wizard.words import device_name, duration_words, size_words
from kdh_desktop.gui.window_parts import WindowParts

ProbeWork = Callable[[RunRequest], Callable[[Job], MachineReport]]

_DEVICES = ("auto", "cpu", "cuda", "mps")
_SHOWN_DEVICES = 4
_ROW_HEIGHT = 26


class MachinePage(StepPage):
    """Devices and memory, and the time and room that the run will take."""

    def __init__(
        self, parts: WindowParts, keeper: DraftKeeper, *, work: ProbeWork = probe_work
    ) -> None:
        super().__init__(parts, keeper, title=self.tr("Machine"), why=self.tr(
            "Training is heavy work: a short trial tells beforehand how long it will take here."
        ))  # fmt: skip
        self._work = work
        self._lane = Lane(parts.jobs)
        self._asked: RunRequest | None = None
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        fields = QWidget()
        form = form_in(fields)
        self.device = CalmComboBox(self.tr("Where to compute"))
        self.device.setMinimumWidth(36 * GRID)
        self.device.activated.connect(
            lambda _at: keeper.change(device=str(self.device.currentData()))
        )
        form.addRow(field_label(self.tr("&Compute on"), self.device), self.device)
        column.addWidget(fields)
        column.addWidget(section(self.tr("What the run takes")))
        self.estimate = plain_label()
        self.problem_words = plain_label()
        self.bar = QProgressBar()
        self.bar.setAccessibleName(self.tr("The trial goes on"))
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        for widget in (self.estimate, self.problem_words, self.bar):
            column.addWidget(widget)
        column.addLayout(self._button_row())
        self.found_section = section(self.tr("What was found on this machine"))
        column.addWidget(self.found_section)
        self.memory = plain_label()
        column.addWidget(self.memory)
        titles = (self.tr("Device"), self.tr("Kind"), self.tr("Memory"), self.tr("Threads"))
        self.table = PlainTable(self.tr("Devices"), titles)
        column.addWidget(self.table)
        column.addStretch(1)
        self.column.addWidget(scrolled(content), 1)
        keeper.changed.connect(self._show)
        self._show()

    def _button_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.measure_button = QPushButton(self.tr("&Measure"))
        self.measure_button.setAutoDefault(False)
        self.measure_button.clicked.connect(self._press)
        row.addWidget(self.measure_button)
        row.addStretch(1)
        return row

    def focus_first(self) -> None:
        self.device.setFocus()

    def enter(self) -> None:
        """Try what was chosen, unless that is known already or goes on."""
        draft = self.keeper.draft
        is_sound = draft.has_learnt and not draft.is_check_due
        if is_sound and draft.current_measure is None and self._asked != draft.measure_key:
            self._measure()

    def stop(self) -> None:
        """Give up the trial that goes on."""
        self._lane.drop()
        self._asked = None
        self._show()

    def _press(self) -> None:
        if self._asked is not None:
            self.stop()
        else:
            self._measure()

    def _measure(self) -> None:
        key = self._asked = self.keeper.draft.measure_key

        def take(outcome: Outcome[MachineReport]) -> None:
            match outcome:
                case Ok(report):
                    self._take(Measured(key, report))
                case Err(Cancelled()):
                    self.stop()
                case Err(KdhError() as error):
                    self._take(Measured(key, error=error))
                case Err():
                    fault = TrainingError(self.tr("It could not be measured, because of a fault."))
                    self._take(Measured(key, error=fault))

        self._lane.start(self._work(key), done=take)
        self._show()

    def _take(self, measured: Measured) -> None:
        self._asked = None
        self.keeper.change(measured=measured)
        self._show()
        announce(self, self.estimate.text())

    def _show(self) -> None:
        draft = self.keeper.draft
        measured = draft.current_measure
        is_going_on = self._asked is not None
        self._show_devices(None if draft.measured is None else draft.measured.report)
        self.bar.setVisible(is_going_on)
        words = self.tr("&Stop measuring") if is_going_on else self.tr("&Measure")
        self.measure_button.setText(words)
        self.measure_button.setAccessibleName(words.replace("&", ""))
        self.problem_words.hide()
        if is_going_on:
            self.estimate.setText(self.tr("A few steps are tried; this takes up to a minute…"))
        elif measured is None:
            self.estimate.setText(self.tr("Not measured for what is chosen now."))
        elif measured.report is None:
            self.estimate.setText(str(measured.error))
        else:
            self._show_cost(measured.report)

    def _show_cost(self, report: MachineReport) -> None:
        cost = report.cost
        if cost is None:
            self.estimate.setText(self.tr("What was chosen could not be tried."))
        else:
            words = self.tr("{time} on: {device}. {room} on the disk, of which {free} are free.")
            self.estimate.setText(
                words.format(
                    time=duration_words(cost.seconds).capitalize(),
                    device=device_name(cost.device),
                    room=size_words(cost.disk_bytes),
                    free=size_words(report.free_disk_bytes),
                )
            )
        if report.problem is not None:
            self.problem_words.setText(f"{report.problem.message} {report.problem.remedy}")
            self.problem_words.show()

    def _show_devices(self, report: MachineReport | None) -> None:
        found = () if report is None else report.devices
        kinds = ("auto", *dict.fromkeys(one.kind for one in found)) if found else _DEVICES
        chosen = self.keeper.draft.device
        offered = kinds if chosen in kinds else (*kinds, chosen)
        if [self.device.itemData(at) for at in range(self.device.count())] != list(offered):
            self.device.clear()
            for kind in offered:
                self.device.addItem(device_name(kind), kind)
        self.device.setCurrentIndex(max(0, self.device.findData(chosen)))
        for widget in (self.found_section, self.memory, self.table):
            widget.setVisible(report is not None)
        if report is None:
            return
        total, free = report.memory_bytes, report.free_memory_bytes
        known = total is not None and free is not None
        self.memory.setVisible(known)
        if total is not None and free is not None:
            words = self.tr("{total} of memory, {free} of it free")
            self.memory.setText(words.format(total=size_words(total), free=size_words(free)))
        rows = [
            (
                one.name or device_name(one.kind),
                device_name(one.kind),
                "" if one.memory_bytes is None else size_words(one.memory_bytes),
                "" if one.threads is None else one.threads,
            )
            for one in found
        ]
        if list(self.table.rows.rows) != rows:
            self.table.show_rows(rows)
        header = self.table.horizontalHeader().sizeHint().height()
        shown = min(len(rows), _SHOWN_DEVICES)
        self.table.setFixedHeight(header + _ROW_HEIGHT * shown + GRID)
