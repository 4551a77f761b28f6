"""What the Models page shows: the model in force, the list, its history, and the chosen model."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.classification.comparison import points
from kdh_desktop.gui.flow_layout import FlowLayout
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.models.actions import ModelActions
from kdh_desktop.gui.models.model_entries import ModelEntry, SeenModels
from kdh_desktop.gui.models.model_view import ModelView
from kdh_desktop.gui.models.words import (
    day,
    kept_figure,
    kept_figure_words,
    kept_figures,
    minute,
)
from kdh_desktop.gui.plain_table import PlainTable
from kdh_desktop.gui.plain_text import plain_label, plain_tooltip
from kdh_desktop.gui.theme import GRID, Theme


class InForceCard(QFrame):
    """The model in force, in two lines."""

    def __init__(self, *, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self.setProperty("kind", "card")
        self._sign = QLabel()
        self._sign.setAccessibleName(self.tr("In force"))
        self.name = plain_label(kind="heading")
        self.words = plain_label(kind="muted")
        lines = QVBoxLayout()
        lines.setSpacing(2)
        lines.addWidget(self.name)
        lines.addWidget(self.words)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(self._sign)
        layout.addLayout(lines, 1)
        theme.changed.connect(self._take_colors)
        self._take_colors()

    def show_models(self, seen: SeenModels) -> None:
        """Show which model is in force."""
        active = seen.active
        self.name.setText(self.tr("In force: {model}").format(model=active.id))
        self.words.setText(" · ".join(self._parts(active, seen)))

    def _parts(self, active: ModelEntry, seen: SeenModels) -> Iterator[str]:
        manifest = active.manifest
        if manifest is not None:
            yield self.tr("made on {day}").format(day=day(manifest.created_utc))
            if (found := kept_figures(manifest)) is not None:
                protocol, figures = found
                yield self.tr("micro-F1 {figure} on {protocol}").format(
                    figure=kept_figure_words(figures, "micro_f1"), protocol=protocol
                )
            yield self.tr("{count} labels").format(count=len(manifest.labels))
        latest = next(iter(seen.history), None)
        if latest is not None and latest.bundle_id == active.id:
            yield self.tr("in force since {when}").format(when=minute(latest.utc))
        elif active.is_shipped:
            yield self.tr("came with the program")

    def _take_colors(self) -> None:
        icon = self._icons.icon("models", self._theme.colors.accent)
        self._sign.setPixmap(icon.pixmap(QSize(28, 28), self.devicePixelRatioF()))


class ModelsBoard(QWidget):
    """Shows what was read; which model is chosen it keeps by the model's id."""

    model_chosen = Signal()
    """Another model is chosen on the list."""

    def __init__(
        self, actions: ModelActions, *, theme: Theme, icons: Icons, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.seen: SeenModels | None = None
        self.card = InForceCard(theme=theme, icons=icons)
        self.list = PlainTable(
            self.tr("Installed models"),
            (self.tr("Model"), self.tr("State"), self.tr("Made"), self.tr("Micro-F1")),
        )
        self.history = PlainTable(
            self.tr("History: which model was put into force, when, by whom and why"),
            (self.tr("When"), self.tr("Model"), self.tr("By"), self.tr("Why")),
        )
        self.no_history = plain_label(
            self.tr("No other model has been put into force yet."), kind="muted"
        )
        self.view = ModelView()
        self.buttons: dict[QAction, QPushButton] = {}
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(2 * GRID)
        self.split.addWidget(self._left(actions))
        self.split.addWidget(self.view)
        self.split.setSizes([580, 540])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * GRID)
        layout.addWidget(self.card)
        layout.addWidget(self.split, 1)
        self.list.selectionModel().currentRowChanged.connect(self._show_chosen)

    @property
    def chosen(self) -> ModelEntry | None:
        """The model chosen on the list."""
        if self.seen is None:
            return None
        row = self.list.currentIndex().row()
        return self.seen.entries[row] if 0 <= row < len(self.seen.entries) else None

    def show_models(self, seen: SeenModels) -> None:
        """Show other models, with the same one chosen where it is still there."""
        chosen, was_active = self.chosen, self.seen.active.id if self.seen is not None else ""
        wanted = seen.active.id
        if chosen is not None and seen.active.id == was_active and seen.entry(chosen.id):
            wanted = chosen.id
        self.seen = seen
        self.card.show_models(seen)
        self.list.show_rows([self._row(entry) for entry in seen.entries], widest=30 * GRID)
        rows = [
            (minute(entry.utc), entry.bundle_id, entry.actor or "–", entry.reason or "–")
            for entry in seen.history
        ]
        self.history.show_rows(rows, widest=26 * GRID)
        self.history.setVisible(bool(rows))
        self.no_history.setVisible(not rows)
        place = [entry.id for entry in seen.entries].index(wanted)
        self.list.setCurrentIndex(self.list.rows.index(place, 0))
        self._show_chosen()

    def _left(self, actions: ModelActions) -> QWidget:
        row = FlowLayout()
        for action, words in (
            (actions.put, self.tr("Put into force…")),
            (actions.roll_back, self.tr("Roll back…")),
            (actions.take_in, self.tr("Import…")),
            (actions.export, self.tr("Export…")),
            (actions.remove, self.tr("Delete…")),
        ):
            button = QPushButton(words)
            button.setAccessibleName(words)
            button.setToolTip(plain_tooltip(action.toolTip()))
            button.clicked.connect(action.trigger)
            self.buttons[action] = button
            row.addWidget(button)
        left = QWidget()
        layout = QVBoxLayout(left)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(plain_label(self.tr("Installed models"), kind="heading"))
        layout.addWidget(self.list, 3)
        layout.addLayout(row)
        layout.addWidget(plain_label(self.tr("History"), kind="heading"))
        layout.addWidget(self.no_history)
        layout.addWidget(self.history, 2)
        return left

    def _row(self, entry: ModelEntry) -> tuple[str, ...]:
        manifest = entry.manifest
        found = None if manifest is None else kept_figures(manifest)
        figure = None if found is None else kept_figure(found[1], "micro_f1")
        return (
            entry.id,
            self._state(entry),
            "–" if manifest is None else day(manifest.created_utc),
            "–" if figure is None else points(figure.value),
        )

    def _state(self, entry: ModelEntry) -> str:
        if entry.problem is not None:
            return self.tr("cannot be used")
        if entry.is_active:
            return self.tr("in force")
        if entry.is_shipped:
            return self.tr("came with the program")
        return self.tr("was in force before") if entry.was_active else self.tr("installed")

    def _show_chosen(self) -> None:
        chosen = self.chosen
        if chosen is not None:
            self.view.show_model(chosen)
        self.model_chosen.emit()
