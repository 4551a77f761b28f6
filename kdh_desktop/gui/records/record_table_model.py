"""The records of a list as rows, fetched in chunks while people scroll."""

from __future__ import annotations

from array import array
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)

from kdh_desktop.core.records.record_filter import Field
from kdh_desktop.core.records.stored import RecordRow
from kdh_desktop.gui.jobs import Err, Job, JobRunner, Lane, Ok, Outcome
from kdh_desktop.gui.plain_text import plain_tooltip
from kdh_desktop.gui.records.columns import Column
from kdh_desktop.gui.records.words import label_name, review_name
from kdh_desktop.gui.score_words import percent, spoken_percent

if TYPE_CHECKING:
    from kdh_desktop.core.records.record_store import RecordStore

Index = QModelIndex | QPersistentModelIndex

CHUNK = 64
"""Rows that are fetched together: more than a screen holds."""
_KEPT_CHUNKS = 60
_KEPT_ROWS = 4096
_MOST_WAITING = 3
_LONGEST = 400


class RecordRole(IntEnum):
    """What delegates ask for."""

    ROW = Qt.ItemDataRole.UserRole
    COLUMN = Qt.ItemDataRole.UserRole + 1


class RecordTableModel(QAbstractTableModel):
    """Knows the ids of all rows, and what the rows say of those that are or were looked at."""

    failed = Signal(object)
    """Rows could not be fetched: an exception."""

    def __init__(self, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = Lane(jobs)
        self._store: RecordStore | None = None
        self._ids = array("q")
        self._columns: tuple[Column, ...] = ()
        self.label_names: dict[str, str] = {}
        # Rows by the id of their record, so that one that moves in the list is not fetched again;
        # chunks by their place, of those rows that are as the store has them.
        self._rows: OrderedDict[int, RecordRow] = OrderedDict()
        self._fresh: OrderedDict[int, None] = OrderedDict()
        self._looked_at: deque[int] = deque(maxlen=2)
        self._wanted: dict[int, None] = {}
        self._fetching: int | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._fetch_next)

    # What is shown

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, from left to right."""
        return self._columns

    def show(self, store: RecordStore | None, ids: array[int]) -> None:
        """Show another list; rows that are known from an older one stay until they come anew."""
        self.beginResetModel()
        if store is not self._store:
            self._rows.clear()
        self._store, self._ids = store, ids
        self._looked_at.clear()
        self._forget_requests()
        self.endResetModel()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns, or the same in another order."""
        self.beginResetModel()
        self._columns = tuple(columns)
        self.endResetModel()

    def renew(self) -> None:
        """Fetch again what is looked at; the old rows stay until the new ones come."""
        self._forget_requests()
        for chunk in self._looked_at:
            self._want(chunk)

    def record_id(self, row: int) -> int | None:
        """Id of the record in a row."""
        return self._ids[row] if 0 <= row < len(self._ids) else None

    def ids_of(self, first: int, last: int) -> array[int]:
        """Ids of the records in some rows, the last one included."""
        return self._ids[first : last + 1]

    def row_of(self, record_id: int) -> int | None:
        """Row in which a record stands."""
        try:
            return self._ids.index(record_id)
        except ValueError:
            return None

    def rows_of(self, record_ids: Collection[int]) -> list[int]:
        """Rows in which some records stand, in the order of the list; in one pass."""
        wanted = set(record_ids)
        return [row for row, one in enumerate(self._ids) if one in wanted] if wanted else []

    def record(self, row: int) -> RecordRow | None:
        """What is known of a row; None where it is still on its way, and asked for then."""
        chunk = row // CHUNK
        if chunk not in self._looked_at:
            self._looked_at.append(chunk)
        if chunk not in self._fresh:
            self._want(chunk)
        return self._rows.get(self._ids[row])

    # Fetching

    def _want(self, chunk: int) -> None:
        if chunk == self._fetching:
            return
        self._wanted.pop(chunk, None)
        self._wanted[chunk] = None
        if self._fetching is None and not self._timer.isActive():
            # After the paint that asks: it goes through many rows, of one chunk or two.
            self._timer.start(0)

    def _fetch_next(self) -> None:
        store = self._store
        if store is None or self._fetching is not None or not self._wanted:
            return
        # What was asked for last is on the screen; what was scrolled past can wait, or be
        # asked for again.
        chunk, _ = self._wanted.popitem()
        for old in list(self._wanted)[:-_MOST_WAITING]:
            del self._wanted[old]
        self._fetching = chunk
        ids = self._ids[chunk * CHUNK : (chunk + 1) * CHUNK]
        self._lane.start(_rows_work(store, ids), done=lambda outcome: self._take(chunk, outcome))

    def _take(self, chunk: int, outcome: Outcome[dict[int, RecordRow]]) -> None:
        self._fetching = None
        match outcome:
            case Ok(rows):
                self._keep(chunk, rows)
            case Err(error):
                self.failed.emit(error)
        self._fetch_next()

    def _keep(self, chunk: int, rows: dict[int, RecordRow]) -> None:
        places = range(chunk * CHUNK, min((chunk + 1) * CHUNK, len(self._ids)))
        ids = self._ids[places.start : places.stop]
        changed = [
            place
            for place, one in zip(places, ids, strict=True)
            if self._rows.get(one) != rows.get(one)
        ]
        self._fresh[chunk] = None
        for record_id, row in rows.items():
            self._rows[record_id] = row
            self._rows.move_to_end(record_id)
        while len(self._fresh) > _KEPT_CHUNKS:
            self._fresh.popitem(last=False)
        while len(self._rows) > _KEPT_ROWS:
            self._rows.popitem(last=False)
        if changed and self._columns:
            last = len(self._columns) - 1
            self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], last))

    def _forget_requests(self) -> None:
        self._lane.drop()
        self._fresh.clear()
        self._fetching = None
        self._wanted.clear()

    # Qt's questions

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        column = self._columns[section]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.name
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip(self._heading_words(column))
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case _:
                return None

    def _heading_words(self, column: Column) -> str:
        if isinstance(column.key, Field):
            return self.tr("{column}: choose to sort").format(column=column.name)
        return self.tr("The model's probability of “{hallmark}”: choose to sort").format(
            hallmark=column.name
        )

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or role not in _ROLES:
            return None
        column = self._columns[index.column()]
        if role == RecordRole.COLUMN:
            return column
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        row = self.record(index.row())
        if role == RecordRole.ROW:
            return row
        if row is None:
            return "…" if role == Qt.ItemDataRole.DisplayRole else None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{column.name}: {self._text(row, column, spoken=True)}"
        text = self._text(row, column)
        return plain_tooltip(text) if role == Qt.ItemDataRole.ToolTipRole else text

    def _text(self, row: RecordRow, column: Column, *, spoken: bool = False) -> str:
        key = column.key
        if not isinstance(key, Field):
            score = next((score for score in row.scores if score.label_id == key), None)
            if score is None or score.probability is None:
                return ""
            return spoken_percent(score.probability) if spoken else percent(score.probability)
        if key == Field.LABELS:
            return self._labels(row)
        if key == Field.REVIEW:
            return review_name(row.review)
        return _plain(key, row)

    def _labels(self, row: RecordRow) -> str:
        if row.labels:
            return "; ".join(label_name(one, self.label_names) for one in row.labels)
        return self.tr("No hallmark") if row.is_predicted else self.tr("Not classified")


_ROLES = {
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.TextAlignmentRole,
    Qt.ItemDataRole.AccessibleTextRole,
    RecordRole.ROW,
    RecordRole.COLUMN,
}


def _plain(field: Field, row: RecordRow) -> str:
    """What a field says, on one line."""
    value = getattr(row, field.value)
    text = "" if value is None else str(value)
    return " ".join(text[:_LONGEST].split())


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.is_number else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _rows_work(store: RecordStore, ids: array[int]) -> Callable[[Job], dict[int, RecordRow]]:
    def work(_job: Job) -> dict[int, RecordRow]:
        return {row.id: row for row in store.rows(ids)}

    return work
