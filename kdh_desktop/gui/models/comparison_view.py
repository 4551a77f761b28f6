"""A comparison, shown: figures side by side, labels, texts that change, and what was checked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.classification.comparison import (
    ChangedText,
    Difference,
    JudgedModel,
    ModelComparison,
    labels_in_words,
    signed_points,
    whole_in_words,
)
from kdh_desktop.gui.calm_combo_box import CalmComboBox
from kdh_desktop.gui.models.fine_table import SORT_ROLE, FineTable
from kdh_desktop.gui.models.label_differences import (
    Column,
    DifferenceDelegate,
    LabelDifferencesModel,
)
from kdh_desktop.gui.models.words import day, figure_words, megabytes
from kdh_desktop.gui.plain_table import PlainTable
from kdh_desktop.gui.plain_text import field_label, plain_label
from kdh_desktop.gui.theme import GRID, Theme


class ComparisonView(QWidget):
    """Everything about a comparison but the verdict."""

    def __init__(self, *, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = plain_label()
        self.sentence.setAccessibleName(self.tr("In plain words"))
        self.figures = FiguresTable()
        self.labels = LabelsPane(theme)
        self.changes = ChangesPane()
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(self.tr("Figures, labels, and texts that change"))
        self.tabs.addTab(_framed(self.figures), self.tr("&Figures"))
        self.tabs.addTab(self.labels, self.tr("&Labels"))
        self.tabs.addTab(self.changes, self.tr("&Texts that change"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.sentence)
        layout.addWidget(self.tabs, 1)

    def show_comparison(self, comparison: ModelComparison) -> None:
        """Show a comparison."""
        sentences = (whole_in_words(comparison), labels_in_words(comparison))
        self.sentence.setText(" ".join(words for words in sentences if words))
        self.figures.show_comparison(comparison)
        self.labels.show_comparison(comparison)
        self.changes.show_texts(comparison.changed)
        self.tabs.setTabText(
            2, self.tr("&Texts that change ({count})").format(count=len(comparison.changed))
        )


class FiguresTable(PlainTable):
    """The candidate's figures beside the present model's."""

    def __init__(self) -> None:
        super().__init__(
            _tr("Figures of both models"),
            (_tr("What"), _tr("Candidate"), _tr("Present model"), _tr("Difference")),
        )

    def show_comparison(self, one: ModelComparison) -> None:
        """Show the figures of a comparison."""
        models = (one.candidate, one.active)
        rows: list[Sequence[str]] = [
            (_tr("Model"), *(model.bundle_id for model in models), ""),
            (_tr("Made on"), *(day(model.created_utc) for model in models), ""),
            (_tr("Judged on"), *([_tr("{n} texts").format(n=f"{one.texts:,}")] * 2), ""),
        ]
        rows += [
            (words, *(_figure(model, name) for model in models), _difference(one, name))
            for name, words in _figure_names()
            if name in one.candidate.figures or name in one.active.figures
        ]
        rows += [
            (_tr("Texts a second, in turns"), *map(_speed, models), _speed_difference(one)),
            (_tr("Size"), *(megabytes(model.model_bytes) for model in models), ""),
            (_tr("Shows sentences"), *(_yes_no(x.shows_evidence) for x in models), ""),
            (_tr("Trained on these texts"), *(_seen(model, one.texts) for model in models), ""),
            (_tr("Export agrees with training"), _parity(one), "", ""),
            (_tr("Known sentences right"), _known(one), "", ""),
        ]
        self.show_rows(rows)


class LabelsPane(QWidget):
    """Label by label; the order can be chosen by keys and by a click on a heading."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.model = LabelDifferencesModel(self)
        self.sorted = QSortFilterProxyModel(self)
        self.sorted.setSourceModel(self.model)
        self.sorted.setSortRole(SORT_ROLE)
        self.table = FineTable(self.tr("Labels of both models"))
        self.table.setModel(self.sorted)
        self.table.setSortingEnabled(True)
        self.table.horizontalHeader().setSortIndicatorClearable(True)
        self._delegate = DifferenceDelegate(theme, self)
        self.table.setItemDelegateForColumn(Column.DIFFERENCE, self._delegate)
        self.order = CalmComboBox(self.tr("Order of the labels"))
        for words, column, order in (
            (self.tr("Losses first"), Column.DIFFERENCE, Qt.SortOrder.AscendingOrder),
            (self.tr("Gains first"), Column.DIFFERENCE, Qt.SortOrder.DescendingOrder),
            (self.tr("Most texts first"), Column.POSITIVES, Qt.SortOrder.DescendingOrder),
            (self.tr("By name"), Column.NAME, Qt.SortOrder.AscendingOrder),
        ):
            self.order.addItem(words, (int(column), order))
        self.order.setMinimumContentsLength(18)
        self.order.currentIndexChanged.connect(self._sort)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(field_label(self.tr("&Order:"), self.order))
        row.addWidget(self.order)
        row.addStretch(1)
        note = plain_label(
            self.tr(
                "Bars show the difference in points of F1, thin lines its interval of 95 %. Called "
                "better or worse is only what chance does not explain, all labels taken together "
                "(Holm)."
            ),
            kind="muted",
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addLayout(row)
        layout.addWidget(self.table, 1)
        layout.addWidget(note)

    def show_comparison(self, comparison: ModelComparison) -> None:
        """Show the labels of a comparison."""
        self.model.show_labels(comparison.labels)
        self._delegate.reach = self.model.reach
        self.table.fit_columns(least=(0, 28 * GRID, 0, 7 * GRID))
        self._sort()
        self.table.setCurrentIndex(self.sorted.index(0, 0))

    def _sort(self) -> None:
        column, order = self.order.currentData()
        self.table.sortByColumn(column, order)


class ChangesPane(QWidget):
    """Texts of which the two models say something else; a row shows its text below."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: tuple[ChangedText, ...] = ()
        self.table = PlainTable(
            self.tr("Texts whose labels change"),
            (self.tr("Text"), self.tr("Becomes"), self.tr("What changes")),
        )
        self.before, self.after, self.truth = plain_label(), plain_label(), plain_label()
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(self.tr("First words of the text"))
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        for words, label in (
            (self.tr("Present model"), self.before),
            (self.tr("Candidate"), self.after),
            (self.tr("Its own labels"), self.truth),
        ):
            form.addRow(plain_label(words, kind="muted"), label)
        detail = QWidget()
        column = QVBoxLayout(detail)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(form)
        column.addWidget(self.text, 1)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.table)
        self.split.addWidget(detail)
        self.split.setSizes([300, 200])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.addWidget(self.split)
        self.table.selectionModel().currentRowChanged.connect(self._show_row)

    def show_texts(self, texts: tuple[ChangedText, ...]) -> None:
        """Show other texts."""
        self._texts = texts
        self.table.show_rows([(text.id, _becomes(text), _change(text)) for text in texts])
        self._show_text(self.table.currentIndex().row())

    def _show_row(self, current: QModelIndex, _before: QModelIndex) -> None:
        self._show_text(current.row())

    def _show_text(self, row: int) -> None:
        text = self._texts[row] if 0 <= row < len(self._texts) else None
        shown = ((), (), ()) if text is None else (text.before, text.after, text.truth)
        fields = (self.before, self.after, self.truth)
        for label, names in zip(fields, shown, strict=True):
            label.setText(_listed(names) if text is not None else "")
        words = self.tr("No text gets other labels.") if not self._texts else ""
        self.text.setPlainText(text.first_words if text is not None else words)


def _figure_names() -> tuple[tuple[str, str], ...]:
    return (
        ("micro_f1", _tr("Micro-F1")),
        ("macro_f1", _tr("Macro-F1")),
        ("weighted_f1", _tr("Weighted F1")),
        ("subset_accuracy", _tr("All labels of a text right")),
        ("mean_average_precision", _tr("Mean average precision")),
        ("calibration_error", _tr("Calibration error, lower is better")),
        ("mean_calibration_error", _tr("The same, mean of the labels")),
        ("evidence_precision_at_1", _tr("Best sentence carries the label")),
        ("evidence_f1", _tr("F1 of the sentences shown")),
    )


def _figure(model: JudgedModel, name: str) -> str:
    figure = model.figures.get(name)
    return "–" if figure is None else figure_words(figure)


def _difference(one: ModelComparison, name: str) -> str:
    found: Difference | None = one.differences.get(name)
    if found is None:
        return ""
    return _tr("{value} ({low} to {high})").format(
        value=signed_points(found.value),
        low=signed_points(found.low),
        high=signed_points(found.high),
    )


def _speed(model: JudgedModel) -> str:
    return "–" if model.texts_per_s is None else f"{model.texts_per_s:,.1f}"


def _speed_difference(one: ModelComparison) -> str:
    mine, theirs = one.candidate.texts_per_s, one.active.texts_per_s
    return f"× {mine / theirs:.2f}" if mine is not None and theirs else ""


def _seen(model: JudgedModel, texts: int) -> str:
    if model.seen.texts:
        return _tr("{n} of {of}").format(n=model.seen.texts, of=texts)
    return _tr("perhaps some") if model.seen.may_be_more else _tr("none known of")


def _parity(one: ModelComparison) -> str:
    gap = one.checks.parity_gap
    return _tr("not noted") if gap is None else _tr("within {gap}").format(gap=f"{gap:.1e}")


def _known(one: ModelComparison) -> str:
    checks = one.checks
    if not checks.known_sentences:
        return _tr("none for its labels")
    return _tr("{n} of {of}").format(n=checks.known_right, of=checks.known_sentences)


def _becomes(text: ChangedText) -> str:
    if text.gain > 0:
        return _tr("better")
    return _tr("worse") if text.gain < 0 else _tr("other, no better")


def _change(text: ChangedText) -> str:
    gone = [f"\N{MINUS SIGN} {name}" for name in text.before if name not in text.after]
    new = [f"+ {name}" for name in text.after if name not in text.before]
    return "; ".join([*new, *gone])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else _tr("no label")


def _yes_no(is_so: bool) -> str:
    return _tr("yes") if is_so else _tr("no")


def _framed(widget: QWidget) -> QWidget:
    frame = QWidget()
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(GRID, GRID, GRID, GRID)
    layout.addWidget(widget)
    return frame


def _tr(text: str) -> str:
    return QCoreApplication.translate("ComparisonView", text)
