"""Everything in words, a name, and the start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.exporting.atomic import write_atomically
from kdh_desktop.core.runs.own_presets import MAX_NAME, OwnPresets
from kdh_desktop.core.training_config import config_to_json
from kdh_desktop.gui.jobs import Err, Job, Ok, Outcome
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_text import field_label, plain_label, plain_tooltip
from kdh_desktop.gui.questions import ask
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.wizard.draft import DraftKeeper, run_name
from kdh_desktop.gui.training.wizard.review_words import review_lines
from kdh_desktop.gui.training.wizard.step_page import StepPage, scrolled
from kdh_desktop.gui.window_parts import WindowParts

_MAX_TITLE = 80
_HEADING_WIDTH = 20 * GRID


class ReviewPage(StepPage):
    """A last look; whatever is missing on another page is named here, too."""

    def __init__(
        self,
        parts: WindowParts,
        keeper: DraftKeeper,
        presets: OwnPresets,
        others: Sequence[StepPage],
    ) -> None:
        super().__init__(parts, keeper, title=self.tr("Review and start"), why=self.tr(
            "Nothing has been changed so far, and the model in force stays in force until you "
            "activate the new one."
        ))  # fmt: skip
        self._presets = presets
        self._others = others
        self.name = QLineEdit()
        self.name.setMaxLength(_MAX_TITLE)
        self.name.setAccessibleName(self.tr("Name of the run"))
        self.name.setPlaceholderText(self.tr("For the list of runs, e.g. Spring texts, quick"))
        self.name.textEdited.connect(lambda words: keeper.change(title=words))
        name_row = QHBoxLayout()
        name_row.addWidget(field_label(self.tr("&Name of the run"), self.name))
        name_row.addWidget(self.name, 1)
        self.column.addLayout(name_row)
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, 0, 0)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(GRID // 2)
        self._lines: list[QLabel] = []
        inside.addLayout(self._rows)
        inside.addStretch(1)
        self.column.addWidget(scrolled(content), 1)
        self.note = plain_label()
        self.note.hide()
        self.column.addWidget(self.note)
        self.column.addWidget(self._buttons())
        keeper.changed.connect(self._show)
        self._show()

    @property
    def problem(self) -> str:
        found = next((page for page in self._others if page.problem), None)
        if found is None:
            return ""
        return self.tr("{page}: {problem}").format(page=found.title, problem=found.problem)

    def focus_first(self) -> None:
        self.name.setFocus()

    def _buttons(self) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        self.preset_button = QPushButton(self.tr("Save as &preset…"))
        self.preset_button.setToolTip(
            plain_tooltip(self.tr("Keep the method for other runs; it names none of your files"))
        )
        self.preset_button.clicked.connect(self._ask_preset)
        self.export_button = QPushButton(self.tr("&Export the configuration file…"))
        self.export_button.setToolTip(
            plain_tooltip(self.tr("The same run from a command line: kdh-trainer run takes it"))
        )
        self.export_button.clicked.connect(self._ask_target)
        for button in (self.preset_button, self.export_button):
            button.setAccessibleName(button.text().replace("&", ""))
            button.setAutoDefault(False)
            line.addWidget(button)
        line.addStretch(1)
        return row

    def _ask_preset(self) -> None:
        dialog = QInputDialog(self)
        dialog.setWindowTitle(self.tr("Save as preset"))
        dialog.setLabelText(self.tr("What shall the preset be called?"))
        dialog.setTextValue(self.keeper.draft.title[:MAX_NAME])
        if (edit := dialog.findChild(QLineEdit)) is not None:
            edit.setAccessibleName(self.tr("Name of the preset"))
        dialog.textValueSelected.connect(self._keep_preset)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _keep_preset(self, name: str) -> None:
        tidy = " ".join(name.split())

        def keep() -> None:
            try:
                self._presets.keep(tidy, self.keeper.config)
            except KdhError as error:
                self._say(str(error))
            else:
                self._say(self.tr("The preset was saved; the page Method offers it."))

        if any(one.name == tidy for one in self._presets.all()):
            ask(
                self,
                self.tr("Replace the preset of this name?"),
                self.tr("There is one already, with other settings."),
                yes=self.tr("Replace"),
                no=self.tr("Keep the old one"),
                then=keep,
            )
        else:
            keep()

    def _ask_target(self) -> None:
        self.parts.dialogs.ask_target(
            self,
            self.tr("Export the configuration file"),
            suggestion=f"{run_name(self.keeper.draft.title)}.json",
            kinds=self.tr("Configuration (*.json)"),
            then=self._export,
        )

    def _export(self, target: Path) -> None:
        text = config_to_json(self.keeper.draft.request().config)

        def work(_job: Job) -> None:
            write_atomically(target, text.encode())

        def take(outcome: Outcome[None]) -> None:
            match outcome:
                case Ok():
                    self._say(self.tr("The configuration file was saved."))
                case Err(error):
                    self._say(str(error))

        self.parts.jobs.start(work, done=take)

    def _show(self) -> None:
        draft = self.keeper.draft
        if self.name.text() != draft.title:
            self.name.setText(draft.title)
        lines = review_lines(draft)
        if not self._lines:
            for heading, words in lines:
                label = plain_label(words)
                title = plain_label(heading, kind="muted")
                title.setFixedWidth(_HEADING_WIDTH)
                row = QHBoxLayout()
                row.addWidget(title, 0, Qt.AlignmentFlag.AlignTop)
                row.addWidget(label, 1)
                self._rows.addLayout(row)
                self._lines.append(label)
        for label, (heading, words) in zip(self._lines, lines, strict=True):
            label.setText(words)
            label.setAccessibleName(f"{heading}: {words}")
        self.problem_changed.emit()

    def _say(self, words: str) -> None:
        self.note.setText(words)
        self.note.setVisible(bool(words))
        if words:
            announce(self, words)
