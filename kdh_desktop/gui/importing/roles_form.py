"""Which column of a table is what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QWidget

from kdh_desktop.core.importing.imported import ColumnMapping, ColumnRole
from kdh_desktop.gui.calm_combo_box import CalmComboBox
from kdh_desktop.gui.importing.words import column_letter, column_name, role_name
from kdh_desktop.gui.plain_text import field_label, plain_label
from kdh_desktop.gui.theme import GRID

_NAME_CHARACTERS = 40
_CARRIED_NAMES = 12
_NONE = -1


class RolesForm(QWidget):
    """One list of columns for each role; a column can have one role only."""

    mapping_changed = Signal(object)
    """A `ColumnMapping`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns: tuple[str, ...] = ()
        self._mapping = ColumnMapping()
        self.boxes: dict[ColumnRole, CalmComboBox] = {}
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(GRID // 2)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for role in ColumnRole:
            box = CalmComboBox(self.tr("Column for: {role}").format(role=role_name(role)))
            box.activated.connect(lambda _at, role=role: self._choose(role))
            self.boxes[role] = box
            form.addRow(field_label(role_name(role), box), box)
        self.carried = plain_label(kind="muted")
        form.addRow(self.carried)

    @property
    def mapping(self) -> ColumnMapping:
        """What was chosen."""
        return self._mapping

    def show_columns(self, columns: Sequence[str], mapping: ColumnMapping) -> None:
        """Offer the columns of another table, with what they seem to be."""
        self._columns = tuple(columns)
        names = _offered_names(self._columns)
        for box in self.boxes.values():
            box.clear()
            box.addItem(self.tr("(none)"), _NONE)
            for place, name in enumerate(names):
                box.addItem(name, place)
        self._show(mapping)

    def _choose(self, role: ColumnRole) -> None:
        place = self.boxes[role].currentData()
        # The column leaves the role that it had: what is chosen last is what is meant.
        kept = tuple(
            (other, at) for other, at in self._mapping.columns if other != role and at != place
        )
        mapping = ColumnMapping(kept if place == _NONE else (*kept, (role, place)))
        self._show(mapping)
        self.mapping_changed.emit(mapping)

    def _show(self, mapping: ColumnMapping) -> None:
        self._mapping = mapping
        for role, box in self.boxes.items():
            place = mapping.place(role)
            box.setCurrentIndex(max(0, box.findData(_NONE if place is None else place)))
        self.carried.setText(self._carried_words())

    def _carried_words(self) -> str:
        names = [
            _shortened(column_name(name, place))
            for place, name in enumerate(self._columns)
            if self._mapping.role(place) is None
        ]
        if not names:
            return ""
        listed = ", ".join(names[:_CARRIED_NAMES])
        if len(names) > _CARRIED_NAMES:
            more = self.tr("and {count} more").format(count=len(names) - _CARRIED_NAMES)
            listed = f"{listed} {more}"
        return self.tr("Carried along unchanged: {columns}").format(columns=listed)


def _offered_names(columns: Sequence[str]) -> list[str]:
    """Names to tell the columns apart by, also where two are called the same."""
    often = Counter(columns)
    return [
        _shortened(column_name(name, place))
        + (f" ({column_letter(place)})" if name and often[name] > 1 else "")
        for place, name in enumerate(columns)
    ]


def _shortened(name: str) -> str:
    words = " ".join(name.split())
    return words if len(words) <= _NAME_CHARACTERS else f"{words[: _NAME_CHARACTERS - 1]}…"
