"""What shall be written of the records, and in which form?"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.gui.calm_combo_box import CalmComboBox
from kdh_desktop.gui.exporting.export_choice import Destination, ExportChoice, OwnTable
from kdh_desktop.gui.exporting.words import destination_meaning, destination_name
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.plain_text import field_label, plain_label
from kdh_desktop.gui.record_count import record_count
from kdh_desktop.gui.theme import GRID, Theme

_SHOWN_COLUMNS = 12


class ExportDialog(QDialog):
    """Offers every form that records can leave the program in."""

    def __init__(
        self,
        *,
        count: int,
        columns: Sequence[str],
        choice: ExportChoice,
        theme: Theme,
        icons: Icons,
        parent: QWidget | None = None,
    ) -> None:
        """Ask about records.

        Args:
            count: How many records are to be written.
            columns: Names of the list's columns.
            choice: What was chosen the last time.
            theme: Colours.
            icons: Icons.
            parent: The window.
        """
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export"))
        self._columns = columns
        self.destinations: dict[Destination, QRadioButton] = {}
        self._group = QButtonGroup(self)
        self.abstracts = self._box(self.tr("Also the &abstracts"), is_on=choice.has_abstracts)
        self.probabilities = self._box(
            self.tr("Also the pro&bability of every hallmark"), is_on=choice.has_probabilities
        )
        self.title = QLineEdit(choice.title)
        self.title.setAccessibleName(self.tr("Title of the report"))
        self.title.setPlaceholderText(self.tr("Hallmarks of Cancer: report"))
        self.tables = CalmComboBox(self.tr("Table to hand back"))
        self.tables.currentIndexChanged.connect(self._show_table)
        self.unclassified = plain_label()
        self._sign = QLabel()
        self._sign.setPixmap(icons.icon("warning", theme.colors.warning).pixmap(QSize(20, 20)))
        self._sign.setAccessibleName(self.tr("Warning"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(plain_label(record_count(count), kind="heading"))
        for destination in Destination:
            self._add_destination(destination, layout)
        layout.addSpacing(GRID)
        layout.addWidget(self._details())
        layout.addStretch(1)
        layout.addWidget(self._buttons())
        self.setMinimumWidth(76 * GRID)
        self.offer_tables(())
        button = self.destinations[choice.destination]
        chosen = button if button.isEnabled() else self.destinations[Destination.WORKBOOK]
        chosen.setChecked(True)
        chosen.setFocus()
        self._group.buttonToggled.connect(self._show_details)
        self._show_details()

    @property
    def choice(self) -> ExportChoice:
        """What is chosen."""
        table = self.tables.currentData()
        return ExportChoice(
            destination=self._destination,
            has_abstracts=self.abstracts.isChecked(),
            has_probabilities=self.probabilities.isChecked(),
            title=" ".join(self.title.text().split()),
            table=table if isinstance(table, OwnTable) else None,
        )

    def offer_tables(self, tables: Sequence[OwnTable], *, chosen: int | None = None) -> None:
        """Offer imported tables to hand back, once they are known.

        Args:
            tables: Those that can be.
            chosen: Id of the import whose table is to be handed back; None to leave the choice.
        """
        self.tables.clear()
        for table in tables:
            words = self.tr("{name}, {records}").format(
                name=table.batch.source.name, records=record_count(table.batch.records)
            )
            self.tables.addItem(words, table)
            if table.batch.id == chosen:
                self.tables.setCurrentIndex(self.tables.count() - 1)
                self.destinations[Destination.OWN_TABLE].setEnabled(True)
                self.destinations[Destination.OWN_TABLE].setChecked(True)
        self.destinations[Destination.OWN_TABLE].setEnabled(bool(tables))

    @property
    def _destination(self) -> Destination:
        return next(name for name, button in self.destinations.items() if button.isChecked())

    # Its parts

    def _add_destination(self, destination: Destination, layout: QVBoxLayout) -> None:
        button = QRadioButton(destination_name(destination))
        meaning = destination_meaning(destination)
        button.setAccessibleName(button.text().replace("&", ""))
        button.setAccessibleDescription(meaning)
        self.destinations[destination] = button
        self._group.addButton(button)
        words = plain_label(meaning, kind="muted")
        inner = QHBoxLayout()
        inner.setContentsMargins(3 * GRID, 0, 0, 0)
        inner.addWidget(words)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(button)
        column.addLayout(inner)
        layout.addLayout(column)

    def _box(self, words: str, *, is_on: bool) -> QCheckBox:
        box = QCheckBox(words)
        box.setAccessibleName(words.replace("&", ""))
        box.setChecked(is_on)
        return box

    def _details(self) -> QWidget:
        self._pages = QStackedWidget()
        for page in (self._columns_page(), self._title_page(), self._table_page(), QWidget()):
            self._pages.addWidget(page)
        return self._pages

    def _columns_page(self) -> QWidget:
        names = ", ".join(self._columns[:_SHOWN_COLUMNS])
        if len(self._columns) > _SHOWN_COLUMNS:
            more = len(self._columns) - _SHOWN_COLUMNS
            names = self.tr("{names} and {count} more").format(names=names, count=more)
        self.columns_label = plain_label(
            self.tr("Columns of the list: {names}").format(names=names)
        )
        return _column(self.columns_label, self.abstracts, self.probabilities)

    def _title_page(self) -> QWidget:
        return _column(field_label(self.tr("&Title of the report"), self.title), self.title)

    def _table_page(self) -> QWidget:
        row = QWidget()
        inner = QHBoxLayout(row)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(GRID)
        inner.addWidget(self._sign)
        inner.addWidget(self.unclassified, 1)
        every = plain_label(
            self.tr("All records of the table are written, whatever the list shows."),
            kind="muted",
        )
        return _column(field_label(self.tr("Tab&le"), self.tables), self.tables, every, row)

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        self.save_button = buttons.addButton(
            self.tr("Save…"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.save_button.setProperty("kind", "main")
        self.save_button.setDefault(True)
        cancel = buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        for button in (self.save_button, cancel):
            button.setAccessibleName(button.text())
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        return buttons

    # What it shows

    def _show_details(self) -> None:
        destination = self._destination
        if destination.has_columns:
            self._pages.setCurrentIndex(0)
        elif destination.is_report:
            self._pages.setCurrentIndex(1)
        else:
            self._pages.setCurrentIndex(2 if destination is Destination.OWN_TABLE else 3)

    def _show_table(self) -> None:
        table = self.tables.currentData()
        count = table.unclassified if isinstance(table, OwnTable) else 0
        words = self.tr("{records} of it are not classified yet; their labels stay empty.")
        if count == 1:
            words = self.tr("{records} of it is not classified yet; its labels stay empty.")
        self.unclassified.setText(words.format(records=record_count(count)))
        self.unclassified.setVisible(count > 0)
        self._sign.setVisible(count > 0)


def _column(*widgets: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID // 2)
    for widget in widgets:
        column.addWidget(widget)
    column.addStretch(1)
    return page
