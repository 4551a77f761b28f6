"""Which lists of a HoC folder shall be learnt from, and which shall judge?"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QVBoxLayout, QWidget

from kdh_desktop.core.corpus_source import HocLevel, HocSource
from kdh_desktop.core.errors import InputError
from kdh_desktop.gui.calm_combo_box import CalmComboBox
from kdh_desktop.gui.plain_text import field_label, plain_label
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.wizard.draft import ChosenSource

_MOST_LISTS = 30
_JUDGES = ("test",)


class ListUse(StrEnum):
    """What a list of ids is for."""

    LEARN = "learn"
    JUDGE = "judge"
    LEAVE_OUT = "leave_out"


def lists_in(folder: Path) -> tuple[str, ...]:
    """Names of the lists of a folder in HoC's layout.

    Raises:
        InputError: It is not in that layout.
    """
    try:
        is_hoc = (folder / "text").is_dir() and (folder / "labels").is_dir()
        lists = sorted(path.name for path in folder.glob("*.txt") if path.is_file())
    except OSError:
        is_hoc, lists = False, []
    if not is_hoc or not lists:
        raise InputError(
            "This folder is not laid out as the Hallmarks of Cancer corpus is.",
            "Choose the folder that holds the folders text and labels, and lists such as "
            "train.txt.",
        )
    return tuple(lists[:_MOST_LISTS])


class HocDialog(QDialog):
    """Says for each list what it is for."""

    def __init__(self, folder: Path, lists: tuple[str, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Lists of the corpus"))
        self._folder = folder
        self.uses: dict[str, CalmComboBox] = {}
        self.level = CalmComboBox(self.tr("Which labels"))
        self.level.addItem(self.tr("The ten hallmarks"), HocLevel.HALLMARK)
        self.level.addItem(self.tr("All 36 branches below them"), HocLevel.PATH)
        form = QFormLayout()
        form.setVerticalSpacing(GRID)
        for name in lists:
            box = CalmComboBox(self.tr("Use of the list {name}").format(name=name))
            box.addItem(self.tr("Learn from it"), ListUse.LEARN)
            box.addItem(self.tr("Keep it to be judged on"), ListUse.JUDGE)
            box.addItem(self.tr("Leave it out"), ListUse.LEAVE_OUT)
            box.setCurrentIndex(box.findData(_likely_use(name, lists)))
            box.activated.connect(self._show_problem)
            self.uses[name] = box
            form.addRow(field_label(name, box), box)
        form.addRow(field_label(self.tr("Labels"), self.level), self.level)
        self.problem = plain_label()
        buttons = QDialogButtonBox()
        self.take_button = buttons.addButton(
            self.tr("Take these texts"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.take_button.setProperty("kind", "main")
        cancel = buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        for button in (self.take_button, cancel):
            button.setAccessibleName(button.text())
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(plain_label(folder.name, kind="heading"))
        words = self.tr(
            "A list that is kept to be judged on is never learnt from, so that its figures are "
            "honest."
        )
        layout.addWidget(plain_label(words, kind="muted"))
        layout.addLayout(form)
        layout.addStretch(1)
        layout.addWidget(self.problem)
        layout.addWidget(buttons)
        self.setMinimumWidth(56 * GRID)
        self._show_problem()

    @property
    def sources(self) -> tuple[ChosenSource, ...]:
        """What was chosen."""
        level = HocLevel(self.level.currentData())
        return tuple(
            ChosenSource(
                HocSource(str(self._folder), name, level),
                f"{self._folder.name}/{name}",
                is_judge=box.currentData() == ListUse.JUDGE,
            )
            for name, box in self.uses.items()
            if box.currentData() != ListUse.LEAVE_OUT
        )

    def _show_problem(self) -> None:
        has_learnt = any(box.currentData() == ListUse.LEARN for box in self.uses.values())
        self.problem.setText("" if has_learnt else self.tr("Choose a list to learn from."))
        self.problem.setVisible(not has_learnt)
        self.take_button.setEnabled(has_learnt)


def _likely_use(name: str, lists: tuple[str, ...]) -> ListUse:
    stem = Path(name).stem.lower()
    if len(lists) == 1 or not any(one in stem for one in _JUDGES):
        return ListUse.LEARN
    return ListUse.JUDGE
