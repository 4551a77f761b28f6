"""How it is learnt: a preset, or each setting by itself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.runs.own_presets import OwnPreset, OwnPresets
from kdh_desktop.core.runs.run_presets import Preset, preset_config, preset_of
from kdh_desktop.core.search_space import Value
from kdh_desktop.core.training_config import (
    MIN_BLIND_FOLDS,
    RunConfig,
    SoftLoss,
    TeacherMethod,
)
from kdh_desktop.gui.calm_combo_box import CalmComboBox
from kdh_desktop.gui.plain_text import field_label
from kdh_desktop.gui.questions import ask
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.wizard.draft import LEAST_TOKENS, DraftKeeper
from kdh_desktop.gui.training.wizard.field_form import FieldForm
from kdh_desktop.gui.training.wizard.step_page import StepPage, scrolled
from kdh_desktop.gui.training.wizard.words import (
    method_name,
    preset_name,
    preset_words,
    soft_loss_name,
)
from kdh_desktop.gui.window_parts import WindowParts

_OF_TRAINED_TEACHER = ("teacher", "teacher.method", "teacher.folds", "teacher.schedule.epochs")


class MethodPage(StepPage):
    """Presets first; below them what they set."""

    def __init__(self, parts: WindowParts, keeper: DraftKeeper, presets: OwnPresets) -> None:
        super().__init__(parts, keeper, title=self.tr("Method"), why=self.tr(
            "A preset is enough for most; whatever you change below makes it a method of your own."
        ))  # fmt: skip
        self._presets = presets
        self.choices: dict[Preset | None, QRadioButton] = {}
        self._group = QButtonGroup(self)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self._preset_choices())
        column.addWidget(self._own_row())
        self.fields = FieldForm(keeper)
        self._fill()
        column.addWidget(self.fields)
        column.addStretch(1)
        self.column.addWidget(scrolled(content), 1)
        keeper.changed.connect(self._show)
        self.fields.refresh()
        self.refresh_presets()
        self._show()

    def focus_first(self) -> None:
        (self._group.checkedButton() or self.choices[Preset.QUICK]).setFocus()

    def enter(self) -> None:
        self.refresh_presets()

    def refresh_presets(self) -> None:
        """Offer the presets that are there now."""
        kept = self._presets.all()
        self.own.clear()
        for one in kept:
            self.own.addItem(one.name, one)
        for widget in self._own_widgets:
            widget.setVisible(bool(kept))

    def _preset_choices(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        for preset in (*Preset, None):
            button = QRadioButton(f"{preset_name(preset)}: {preset_words(preset)}")
            button.setAccessibleName(preset_name(preset))
            button.setAccessibleDescription(preset_words(preset))
            self._group.addButton(button)
            self.choices[preset] = button
            column.addWidget(button)
            if preset is not None:
                button.clicked.connect(lambda _on=False, preset=preset: self._take(preset))
        return box

    def _own_row(self) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        self.own = CalmComboBox(self.tr("Presets of your own"))
        self.own.setMinimumWidth(30 * GRID)
        self.take_own = QPushButton(self.tr("&Use it"))
        self.take_own.clicked.connect(self._take_own)
        self.remove_own = QPushButton(self.tr("&Delete it…"))
        self.remove_own.clicked.connect(self._ask_removal)
        label = field_label(self.tr("Presets of your &own"), self.own)
        self._own_widgets: tuple[QWidget, ...] = (label, self.own, self.take_own, self.remove_own)
        for widget in self._own_widgets:
            line.addWidget(widget)
        for button in (self.take_own, self.remove_own):
            button.setAccessibleName(button.text().replace("&", ""))
            button.setAutoDefault(False)
        line.addStretch(1)
        return row

    def _fill(self) -> None:
        self._fill_reading()
        self._fill_teacher()
        self._fill_student()

    def _fill_reading(self) -> None:
        fields = self.fields
        fields.add_section(self.tr("Reading"))
        fields.add_whole(
            "max_tokens", self.tr("Longest piece of text"), low=LEAST_TOKENS, high=8192,
            why=self.tr(
                "In word pieces; longer texts are cut while learning. An abstract has about 380, "
                "and half the length takes half the time. Where the encoder reads less at once, "
                "that is what counts."
            ),
        )  # fmt: skip
        fields.add_real(
            "sentence_weight", self.tr("Weight of the best sentence"), low=0, high=1, step=0.1,
            why=self.tr(
                "How much the one most telling sentence counts beside the text as a whole."
            ),
        )  # fmt: skip

    def _fill_teacher(self) -> None:
        fields = self.fields
        fields.add_section(self.tr("Teacher"), name="teacher")
        fields.add_choice(
            "teacher.method",
            self.tr("Networks of the teacher"),
            [(method_name(method), method.value) for method in TeacherMethod],
            why=self.tr(
                "One network for all labels is quicker; one for each label is the method of the "
                "second paper, and takes as many times longer as there are labels."
            ),
        )
        fields.add_whole(
            "teacher.folds", self.tr("Folds"), low=2, high=10,
            why=self.tr(
                "The texts are divided into so many parts, and each is scored by networks that "
                "did not see it, so that the teacher does not repeat what it knows by heart."
            ),
            adjust=self._with_calibration,
        )  # fmt: skip
        fields.add_whole(
            "teacher.schedule.epochs", self.tr("Passes of the teacher"), low=1, high=100,
            why=self.tr("How often each network reads all its texts."),
        )  # fmt: skip

    def _fill_student(self) -> None:
        fields = self.fields
        fields.add_section(self.tr("Student"))
        fields.add_real(
            "distillation.temperature", self.tr("Temperature (T)"), low=0.5, high=20, step=0.5,
            why=self.tr(
                "Softens the teacher's answers: at a higher one the student hears more of what "
                "the teacher finds nearly right."
            ),
        )  # fmt: skip
        fields.add_real(
            "distillation.alpha", self.tr("Weight of the teacher (alpha)"), low=0, high=1,
            step=0.1,
            why=self.tr("At 1 the student believes the teacher alone, at 0 the labels alone."),
        )  # fmt: skip
        fields.add_choice(
            "distillation.soft_loss",
            self.tr("Soft loss"),
            [(soft_loss_name(loss), loss.value) for loss in SoftLoss],
            why=self.tr(
                "How the student is held to the teacher. Labels against each other is the first "
                "paper's way; each by itself suits texts that carry several."
            ),
        )
        fields.add_whole(
            "distillation.distil.epochs", self.tr("Passes of the student"), low=1, high=100,
            why=self.tr("How often the student reads the labelled texts with the teacher's help."),
        )  # fmt: skip
        fields.add_whole(
            "distillation.fine_tune.epochs", self.tr("Then from the labels alone"),
            low=0, high=50,
            why=self.tr(
                "Sequential fine-tuning: last passes without the teacher. 0 leaves them out."
            ),
        )  # fmt: skip
        fields.add_whole(
            "distillation.transfer_texts", self.tr("Unlabelled texts, at most"),
            low=0, high=1_000_000,
            why=self.tr(
                "The teacher labels so many of the texts without labels for the student; 0 uses "
                "none."
            ),
            adjust=self._with_transfer,
        )  # fmt: skip
        fields.add_whole(
            "distillation.calibration_folds", self.tr("Check students"), low=1, high=10,
            why=self.tr(
                "So many further students are trained, each without one part of the texts, so "
                "that confidences come from texts that no student saw."
            ),
        )  # fmt: skip
        fields.add_whole(
            "distillation.nested_members", self.tr("Nested teachers"), low=0, high=5,
            why=self.tr(
                "Teachers that never saw the part they are judged on, not even through another. "
                "Honest figures, for several times the hours; 0 leaves them out."
            ),
        )  # fmt: skip

    def _with_calibration(self, folds: Value | None) -> dict[str, Value | None]:
        now = self.keeper.config.distillation.calibration_folds
        most = folds if isinstance(folds, int) else now
        found: dict[str, Value | None] = {"distillation.calibration_folds": min(now, most)}
        if most < MIN_BLIND_FOLDS:
            # Teachers without both folds would learn from nothing.
            found["distillation.nested_members"] = 0
        return found

    def _with_transfer(self, texts: Value | None) -> dict[str, Value | None]:
        epochs = self.keeper.config.distillation.transfer.epochs
        return {"distillation.transfer.epochs": max(epochs, 2)} if texts and not epochs else {}

    def _take(self, preset: Preset) -> None:
        config = preset_config(preset, name=self.keeper.config.name)
        # A search that was chosen stays; limits that the preset does not allow go with it.
        with suppress(ValueError):
            config = replace(config, tuning=self.keeper.config.tuning)
        self._set(config)

    def _set(self, config: RunConfig) -> None:
        """Take a recipe; what is kept back is a choice of another page."""
        now = self.keeper.config
        self.keeper.change(config=replace(config, name=now.name, judged_share=now.judged_share))

    def _take_own(self) -> None:
        chosen = self.own.currentData()
        if isinstance(chosen, OwnPreset):
            self._set(chosen.config)

    def _ask_removal(self) -> None:
        chosen = self.own.currentData()
        if not isinstance(chosen, OwnPreset):
            return

        def remove() -> None:
            self._presets.remove(chosen.name)
            self.refresh_presets()

        ask(
            self,
            self.tr("Delete this preset of your own?"),
            self.tr("Runs that were made with it stay as they are."),
            yes=self.tr("Delete"),
            no=self.tr("Keep"),
            then=remove,
        )

    def _show(self) -> None:
        found = preset_of(self.keeper.config)
        self.choices[found].setChecked(True)
        self.choices[None].setEnabled(found is None)
        teacher = self.keeper.config.teacher
        is_trained = not teacher.is_finished
        self.fields.show_rows(_OF_TRAINED_TEACHER, is_shown=is_trained)
        self.fields.show_rows(
            ["distillation.nested_members"],
            is_shown=is_trained and teacher.folds >= MIN_BLIND_FOLDS,
        )
