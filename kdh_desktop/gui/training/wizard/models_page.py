"""What teacher and student are."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from kdh_desktop.core.encoder_report import EncoderReport
from kdh_desktop.core.errors import KdhError, TrainingError
from kdh_desktop.core.search_space import Value
from kdh_desktop.core.training_config import NetworkConfig, NetworkKind
from kdh_desktop.gui.jobs import Err, Lane, Ok, Outcome
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_text import plain_label, plain_tooltip
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.wizard.draft import ChosenEncoder, DraftKeeper
from kdh_desktop.gui.training.wizard.field_form import Adjust, FieldForm
from kdh_desktop.gui.training.wizard.step_page import StepPage, scrolled, section
from kdh_desktop.gui.training.wizard.trainer_calls import encoder_work
from kdh_desktop.gui.training.wizard.words import network_name
from kdh_desktop.gui.window_parts import WindowParts

_PARTS = ("teacher", "distillation")

_TRANSFORMER: dict[str, Value | None] = {
    "epochs": 8, "peak_rate": 1.5e-4, "batch_size": 8, "head_factor": 5.0, "layer_decay": 0.9,
}  # fmt: skip
_FROM_NOTHING: dict[str, Value | None] = {
    "epochs": 25, "peak_rate": 4e-3, "batch_size": 4, "head_factor": 1.0, "layer_decay": 1.0,
}  # fmt: skip


class ModelsPage(StepPage):
    """The networks, and the encoder that transformers start from."""

    def __init__(self, parts: WindowParts, keeper: DraftKeeper) -> None:
        super().__init__(parts, keeper, title=self.tr("Models"), why=self.tr(
            "A large teacher learns from the labels, and a small student learns from the teacher: "
            "the student is the model that is used afterwards, so it may be quick."
        ))  # fmt: skip
        self._lane = Lane(parts.jobs)
        self._is_checking = False
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self.fields = FieldForm(keeper)
        self._fill()
        column.addWidget(self.fields)
        self.encoder_section = section(self.tr("Encoder to start from"))
        column.addWidget(self.encoder_section)
        self.encoder_words = plain_label()
        column.addWidget(self.encoder_words)
        column.addWidget(self._encoder_buttons())
        column.addStretch(1)
        self.column.addWidget(scrolled(content), 1)
        keeper.changed.connect(self._show)
        parts.model.changed.connect(self._show)
        self.fields.refresh()
        self._show()

    @property
    def problem(self) -> str:
        draft = self.keeper.draft
        if draft.config.teacher.is_finished and (problem := self._problem_of_teacher()):
            return problem
        if not draft.uses_encoder:
            return ""
        if self._is_checking:
            return self.tr("The folder is being checked…")
        if draft.encoder is not None and draft.encoder.error is not None:
            return self.tr("Choose another encoder, or the program's own.")
        if draft.encoder is None and not self._has_own_encoder:
            return self.tr(
                "This installation has no encoder of its own: choose a folder, or networks that "
                "need none."
            )
        return ""

    def _problem_of_teacher(self) -> str:
        """What speaks against letting the model in force teach."""
        classifier = self.parts.model.classifier
        if classifier is None:
            return self.tr("There is no model in force that could teach: train a teacher.")
        checked = self.keeper.draft.checked
        report = None if checked is None else checked.report
        known = set(classifier.bundle.labels.ids)
        if report is not None and known != {label.id for label in report.labels}:
            return self.tr("The model in force knows other labels than the texts: train a teacher.")
        return ""

    def focus_first(self) -> None:
        self.fields.controls["teacher.is_finished"].setFocus()

    @property
    def _has_own_encoder(self) -> bool:
        return (self.parts.paths.base_encoder / "config.json").is_file()

    def _fill(self) -> None:
        kinds = [(network_name(kind), kind.value) for kind in NetworkKind]
        fields = self.fields
        for part in _PARTS:
            is_teacher = part == "teacher"
            fields.add_section(self.tr("Teacher") if is_teacher else self.tr("Student"))
            if is_teacher:
                self._fill_who_teaches()
            fields.add_choice(
                f"{part}.network.kind",
                self.tr("&Network") if is_teacher else self.tr("Ne&twork"),
                kinds,
                why=self.tr(
                    "A transformer knows language already, and is slow without a graphics card; "
                    "the others begin from nothing, and learn quickly."
                )
                if is_teacher
                else self.tr("The smaller it is, the more texts it classifies in a second."),
                adjust=_usual_sizes(part),
            )
            fields.add_whole(
                f"{part}.network.layers",
                self.tr("Layers kept"),
                low=1,
                high=48,
                none=self.tr("all"),
                why=self.tr("Half of the layers take half of the time, and some of the quality."),
            )
            fields.add_whole(
                f"{part}.network.hidden_size",
                self.tr("Width"),
                low=16,
                high=1024,
                why=self.tr("A wider network can learn more, and needs more texts and time."),
            )
            if is_teacher:
                self._fill_teacher()

    def _fill_who_teaches(self) -> None:
        self.fields.add_choice(
            "teacher.is_finished",
            self.tr("Who &teaches"),
            [
                (self.tr("A teacher that is trained on these texts"), False),
                (self.tr("The model in force"), True),
            ],
            why=self.tr(
                "The model in force passes on what it knows, and nothing is trained for it: for "
                "a quicker model, or one that learns your labels beside what it knows already."
            ),
            adjust=_without_training,
        )

    def _fill_teacher(self) -> None:
        self.fields.add_whole(
            "teacher.members",
            self.tr("Networks for each fold"),
            low=1,
            high=9,
            why=self.tr("Several networks agree better than one, and take as many times longer."),
        )
        self.fields.add_check(
            "teacher.has_linear_member",
            self.tr("&Word statistics join them"),
            why=self.tr(
                "A simple count of words costs seconds and sees other things than a network does."
            ),
        )

    def _encoder_buttons(self) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        self.folder_button = QPushButton(self.tr("C&hoose a folder…"))
        self.folder_button.setToolTip(
            plain_tooltip(
                self.tr(
                    "A folder with BERT, DistilBERT or the like, weights as safetensors. It is "
                    "checked before anything of it is used."
                )
            )
        )
        self.folder_button.clicked.connect(self._ask_folder)
        self.own_button = QPushButton(self.tr("Take the &program's own"))
        self.own_button.clicked.connect(self._take_own)
        for button in (self.folder_button, self.own_button):
            button.setAccessibleName(button.text().replace("&", ""))
            button.setAutoDefault(False)
            line.addWidget(button)
        line.addStretch(1)
        self._encoder_row = row
        return row

    def _ask_folder(self) -> None:
        title = self.tr("Choose the folder of an encoder")
        self.parts.dialogs.ask_folder(self, title, then=self.take_folder)

    def take_folder(self, folder: Path) -> None:
        """Check a folder, and start from its encoder where it is sound."""

        def take(outcome: Outcome[EncoderReport]) -> None:
            match outcome:
                case Ok(report):
                    self._take(ChosenEncoder(folder, report))
                case Err(KdhError() as error):
                    self._take(ChosenEncoder(folder, error=error))
                case Err():
                    fault = TrainingError(self.tr("The folder could not be checked."))
                    self._take(ChosenEncoder(folder, error=fault))

        self._is_checking = True
        self._show()
        work = encoder_work(folder)
        self._lane.start(work, done=take)

    def _take(self, chosen: ChosenEncoder) -> None:
        self._is_checking = False
        self.keeper.change(encoder=chosen)
        self._show()
        announce(self, self.encoder_words.text())

    def _take_own(self) -> None:
        self._lane.drop()
        self._is_checking = False
        self.keeper.change(encoder=None)
        self._show()

    def _show(self) -> None:
        self._name_teacher()
        config = self.keeper.config
        is_finished = config.teacher.is_finished
        for part in _PARTS:
            network: NetworkConfig = getattr(config, part).network
            is_transformer = network.kind is NetworkKind.TRANSFORMER
            is_trained = part == "distillation" or not is_finished
            for name, is_shown in (
                ("kind", True),
                ("layers", is_transformer),
                ("hidden_size", not is_transformer),
            ):
                self.fields.show_rows([f"{part}.network.{name}"], is_shown=is_shown and is_trained)
        others = ["teacher.members", "teacher.has_linear_member"]
        self.fields.show_rows(others, is_shown=not is_finished)
        draft = self.keeper.draft
        for widget in (self.encoder_section, self.encoder_words, self._encoder_row):
            widget.setVisible(draft.uses_encoder)
        self.own_button.setVisible(draft.encoder is not None)
        self.encoder_words.setText(self._encoder_text())
        self.problem_changed.emit()

    def _name_teacher(self) -> None:
        """Keep the folder of the model that is in force now, where it is to teach."""
        classifier = self.parts.model.classifier
        if self.keeper.config.teacher.is_finished and classifier is not None:
            self.keeper.change(teacher=classifier.bundle.folder)

    def _encoder_text(self) -> str:
        chosen = self.keeper.draft.encoder
        if self._is_checking:
            return self.tr("The folder is being checked; nothing of it is loaded…")
        if chosen is None:
            if not self._has_own_encoder:
                return self.tr("This installation has no encoder of its own.")
            return self.tr(
                "The program's own: a small English encoder of six layers, good for a computer "
                "without a graphics card."
            )
        if chosen.error is not None:
            return self.tr("{name} is refused. {reason}").format(
                name=chosen.folder.name, reason=str(chosen.error)
            )
        if chosen.report is None:
            return chosen.folder.name
        return self.tr(
            "{name}: {kind}, {layers} layers, {weights} million weights, reads at most {tokens} "
            "word pieces at once."
        ).format(
            name=chosen.folder.name,
            kind=chosen.report.kind or self.tr("encoder"),
            layers=chosen.report.layers,
            weights=round(chosen.report.weights / 1e6),
            tokens=chosen.report.max_tokens,
        )


def _without_training(is_finished: Value | None) -> dict[str, Value | None]:
    """What cannot be had where nothing is trained for the teacher."""
    return {"distillation.nested_members": 0, "tuning": None} if is_finished else {}


def _usual_sizes(part: str) -> Adjust:
    """What goes with another kind of network: those that begin from nothing want more steps."""
    stages = ("schedule",) if part == "teacher" else ("distil", "transfer", "fine_tune")

    def adjust(kind: Value | None) -> dict[str, Value | None]:
        is_transformer = kind == NetworkKind.TRANSFORMER.value
        found: dict[str, Value | None] = {}
        for stage in stages:
            usual = _TRANSFORMER if is_transformer else _FROM_NOTHING
            found |= {f"{part}.{stage}.{name}": value for name, value in usual.items()}
            if stage == "transfer":
                # How often texts without labels are read hangs on whether there are any.
                del found[f"{part}.{stage}.epochs"]
            if stage == "fine_tune":
                found[f"{part}.{stage}.peak_rate"] = 5e-5 if is_transformer else 1e-3
                found[f"{part}.{stage}.epochs"] = 2 if is_transformer else 3
        if not is_transformer:
            rate = 4e-3 if kind == NetworkKind.TEXT_CNN.value else 2e-3
            for stage in stages[:2]:
                found[f"{part}.{stage}.peak_rate"] = rate
            found[f"{part}.network.layers"] = None
        return found

    return adjust
