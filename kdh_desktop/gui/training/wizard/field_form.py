"""Controls for fields of the recipe: each shows the draft's value, and changes it at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.search_space import Value, value_at
from kdh_desktop.gui.calm_combo_box import CalmComboBox
from kdh_desktop.gui.plain_text import field_label, plain_label
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.wizard.draft import DraftKeeper
from kdh_desktop.gui.training.wizard.step_page import section

Adjust = Callable[[Value | None], Mapping[str, Value | None]]

_FIELD_WIDTH = 16 * GRID
_LIST_WIDTH = 36 * GRID


class FieldForm(QWidget):
    """A form of labelled controls with a sentence under each that says what it does."""

    def __init__(self, keeper: DraftKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._shows: list[Callable[[], None]] = []
        self.controls: dict[str, QWidget] = {}
        self._rows: dict[str, tuple[QWidget, ...]] = {}
        # No form layout: that gives all rows the same height, however their sentences wrap.
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 2 * GRID, 0)
        self._grid.setHorizontalSpacing(2 * GRID)
        self._grid.setVerticalSpacing(GRID)
        self._grid.setColumnStretch(1, 1)
        keeper.changed.connect(self.refresh)

    def add_section(self, words: str, *, name: str = "") -> None:
        """A heading over the fields that follow; by its name it can be hidden as they can."""
        heading = section(words)
        self._grid.addWidget(heading, self._grid.rowCount(), 0, 1, 2)
        if name:
            self._rows[name] = (heading,)

    def add_whole(
        self,
        path: str,
        words: str,
        *,
        low: int,
        high: int,
        why: str,
        none: str = "",
        adjust: Adjust | None = None,
    ) -> QSpinBox:
        """A whole number; with `none` the lowest value stands for no value and is called so."""
        box = QSpinBox()
        box.setRange(low - 1 if none else low, high)
        if none:
            box.setSpecialValueText(none)
        tidy_spin_box(box)

        def show() -> None:
            value = value_at(self._keeper.config, path)
            box.setValue(low - 1 if value is None else int(value))

        def take(value: int) -> None:
            self._take(path, None if none and value < low else value, adjust)

        box.valueChanged.connect(take)
        self._add(path, words, box, why=why, show=show)
        return box

    def add_real(
        self,
        path: str,
        words: str,
        *,
        low: float,
        high: float,
        step: float,
        why: str,
        decimals: int = 2,
    ) -> QDoubleSpinBox:
        """A number with decimals."""
        box = QDoubleSpinBox()
        box.setDecimals(decimals)
        box.setRange(low, high)
        box.setSingleStep(step)
        tidy_spin_box(box)

        def show() -> None:
            value = value_at(self._keeper.config, path)
            box.setValue(float(value) if isinstance(value, (int, float)) else low)

        box.valueChanged.connect(lambda value: self._take(path, round(value, decimals), None))
        self._add(path, words, box, why=why, show=show)
        return box

    def add_choice(
        self,
        path: str,
        words: str,
        options: Sequence[tuple[str, Value]],
        *,
        why: str,
        adjust: Adjust | None = None,
    ) -> CalmComboBox:
        """One of several values."""
        box = CalmComboBox(words.replace("&", ""))
        box.setMinimumWidth(_LIST_WIDTH)
        for name, value in options:
            box.addItem(name, value)

        def show() -> None:
            box.setCurrentIndex(max(0, box.findData(value_at(self._keeper.config, path))))

        box.activated.connect(lambda _at: self._take(path, box.currentData(), adjust))
        self._add(path, words, box, why=why, show=show)
        return box

    def add_check(self, path: str, words: str, *, why: str) -> QCheckBox:
        """Yes or no."""
        box = QCheckBox(words)

        def show() -> None:
            box.setChecked(bool(value_at(self._keeper.config, path)))

        box.toggled.connect(lambda is_on: self._take(path, is_on, None))
        self._add(path, "", box, why=why, show=show)
        return box

    def show_rows(self, paths: Sequence[str], *, is_shown: bool) -> None:
        """Show or hide some fields with their sentences."""
        for path in paths:
            for widget in self._rows[path]:
                widget.setVisible(is_shown)

    def refresh(self) -> None:
        """Show the draft's values."""
        for control in self.controls.values():
            control.blockSignals(True)  # noqa: FBT003  # Qt's way
        for show in self._shows:
            # Fields of a search that is switched off have no value, and are not seen.
            with suppress(ValueError):
                show()
        for control in self.controls.values():
            control.blockSignals(False)  # noqa: FBT003

    def _take(self, path: str, value: Value | None, adjust: Adjust | None) -> None:
        also = {} if adjust is None else adjust(value)
        try:
            self._keeper.set_fields({**also, path: value})
        except ValueError:
            # The recipe does not allow it beside the others: it stays as it was.
            self.refresh()

    def _add(
        self, path: str, words: str, control: QWidget, *, why: str, show: Callable[[], None]
    ) -> None:
        name = words.replace("&", "") or getattr(control, "text", str)().replace("&", "")
        control.setAccessibleName(name)
        control.setAccessibleDescription(why)
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        line = QHBoxLayout()
        line.addWidget(control)
        line.addStretch(1)
        column.addLayout(line)
        if why:
            column.addWidget(plain_label(why, kind="muted"))
        place = self._grid.rowCount()
        self._grid.addWidget(row, place, 1)
        self._rows[path] = (row,)
        if words:
            label = field_label(words, control)
            lower = (control.sizeHint().height() - label.sizeHint().height()) // 2
            label.setContentsMargins(0, max(0, lower), 0, 0)
            self._grid.addWidget(label, place, 0, Qt.AlignmentFlag.AlignTop)
            self._rows[path] = (label, row)
        self.controls[path] = control
        self._shows.append(show)


def tidy_spin_box(box: QAbstractSpinBox) -> None:
    """Room before its number, and no change before a number is typed to its end."""
    box.setKeyboardTracking(False)
    box.setMinimumWidth(_FIELD_WIDTH)
    box.lineEdit().setTextMargins(GRID // 2, 0, 0, 0)
