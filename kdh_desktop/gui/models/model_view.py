"""One model, shown: its figures, labels, where it comes from, and its card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from kdh_desktop.core.classification.comparison import points
from kdh_desktop.gui.markdown_reader import MarkdownReader
from kdh_desktop.gui.models.model_entries import ModelEntry
from kdh_desktop.gui.models.words import (
    kept_figure_words,
    kept_figures,
    megabytes,
    minute,
    origin_rows,
)
from kdh_desktop.gui.plain_table import PlainTable
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.score_words import percent
from kdh_desktop.gui.theme import GRID

if TYPE_CHECKING:
    from kdh_desktop.core.classification.manifest import Manifest


class ModelView(QWidget):
    """What there is to know of the chosen model."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = plain_label(kind="heading")
        self.protocol = plain_label(kind="muted")
        self.figures = PlainTable(
            self.tr("Figures of the model"), (self.tr("What"), self.tr("Value"))
        )
        self.labels = PlainTable(
            self.tr("Labels of the model"),
            (
                self.tr("Label"),
                self.tr("Present from"),
                self.tr("Look at from"),
                self.tr("Sure from"),
                self.tr("F1"),
                self.tr("Off by"),
                self.tr("Meaning"),
            ),
        )
        self.origin = PlainTable(
            self.tr("Where the model comes from"), (self.tr("What"), self.tr("Value")), wraps=True
        )
        self.card = MarkdownReader(self.tr("Model card"))
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(self.tr("Figures, labels, origin and card of the model"))
        figures = _column(self.protocol, self.figures)
        labels = _column(
            plain_label(
                self.tr(
                    "Probabilities are calibrated; a label is present from its own limit on, and "
                    "between the two limits beside it a person should look. “Off by” is how far "
                    "its probabilities were from the truth, in points."
                ),
                kind="muted",
            ),
            self.labels,
        )
        for page, title in (
            (figures, self.tr("&Figures")),
            (labels, self.tr("&Labels")),
            (_column(self.origin), self.tr("&Where from")),
            (_column(self.card), self.tr("&Card")),
        ):
            self.tabs.addTab(page, title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.heading)
        layout.addWidget(self.tabs, 1)

    def show_model(self, entry: ModelEntry) -> None:
        """Show a model."""
        self.heading.setText(self.tr("About {model}").format(model=entry.id))
        manifest = entry.manifest
        if manifest is None:
            self.protocol.setText(
                self.tr("This model cannot be used. {why}").format(why=entry.problem)
            )
            for table in (self.figures, self.labels, self.origin):
                table.show_rows([])
            self.card.setPlainText("")
            return
        found = kept_figures(manifest)
        figures: Mapping[str, Any] = {} if found is None else found[1]
        self.protocol.setText(
            self.tr("The bundle says nothing of how good it is.")
            if found is None
            else self.tr("Judged on {protocol}. In points of 100, with 95 % intervals.").format(
                protocol=found[0]
            )
        )
        self.figures.show_rows(list(_figure_rows(entry, manifest, figures)))
        self.labels.show_rows(list(_label_rows(manifest, figures)), widest=28 * GRID)
        self.origin.show_rows(list(origin_rows(manifest)))
        self.card.show_markdown(entry.card)


def _figure_rows(
    entry: ModelEntry, manifest: Manifest, figures: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    for name, words in (
        ("micro_f1", _tr("Micro-F1")),
        ("macro_f1", _tr("Macro-F1")),
        ("weighted_f1", _tr("Weighted F1")),
        ("subset_accuracy", _tr("All labels of a text right")),
        ("mean_average_precision", _tr("Mean average precision")),
        ("calibration_error", _tr("Calibration error, lower is better")),
        ("mean_calibration_error", _tr("The same, mean of the labels")),
        ("evidence_precision_at_1", _tr("Best sentence carries the label")),
    ):
        if name in figures:
            yield words, kept_figure_words(figures, name)
    gap = manifest.metrics.get("float32_parity_gap")
    if isinstance(gap, (int, float)):
        yield _tr("Export agrees with training"), _tr("within {gap}").format(gap=f"{gap:.1e}")
    yield _tr("Size"), megabytes(entry.size)
    yield _tr("Reads at a time"), _tr("{n} word pieces").format(n=manifest.max_tokens)
    yield _tr("Made"), minute(manifest.created_utc)


def _label_rows(manifest: Manifest, figures: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for label, limits in zip(manifest.labels, manifest.calibrations, strict=True):
        yield (
            label.name,
            percent(limits.threshold),
            percent(limits.review_from),
            percent(limits.present_from),
            _points(figures.get(f"f1.{label.id}")),
            _points(figures.get(f"calibration_error.{label.id}")),
            label.definition,
        )


def _points(value: object) -> str:
    return points(value) if isinstance(value, (int, float)) else "–"


def _column(*widgets: QWidget) -> QWidget:
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(GRID, GRID, GRID, GRID)
    layout.setSpacing(GRID)
    for widget in widgets[:-1]:
        layout.addWidget(widget)
    layout.addWidget(widgets[-1], 1)
    return page


def _tr(text: str) -> str:
    return QCoreApplication.translate("ModelView", text)
