"""The stages of a run in plain words: the one place that knows the trainer's names of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kdh_desktop.core.training_progress import RunProgress, RunState, StageProgress
from kdh_desktop.gui.training.run_words import label_name, tr

_TEACHER = re.compile(
    r"teacher-without-(?P<folds>\d+(?:-\d+)*)(?:-member-(?P<member>\d+))?(?:-label-(?P<label>\d+))?"
)
_STUDENT = re.compile(r"(?:student|calibration-(?P<fold>\d+))-(?P<part>[a-z-]+)")


@dataclass(frozen=True, slots=True)
class StageWords:
    """Names stages for people.

    Attributes:
        folds: Folds of the teacher, or 0 where nobody knows.
        calibration_folds: Students that are trained for calibration, or 0.
        label_ids: The labels in their order, where they are known.
        texts: Labelled texts that the run learns from, or 0.
    """

    folds: int = 0
    calibration_folds: int = 0
    label_ids: tuple[str, ...] = ()
    texts: int = 0

    def title(self, name: str) -> str:
        """A stage in a few words, e.g. "Teacher, fold 2 of 5"."""
        teacher, student = _TEACHER.fullmatch(name), _STUDENT.fullmatch(name)
        if teacher is not None:
            return self._teacher_title(teacher)
        if student is not None:
            return self._student_title(student)
        return {
            "teacher": tr("The finished model teaches"),
            "linear member": tr("Word statistics beside the teacher"),
            "side by side": tr("Several networks side by side"),
            "swarm": tr("Search for the best settings"),
            "random": tr("Random search, to compare with"),
            "export": tr("Writing the model file"),
            "judge": tr("Measuring the model"),
        }.get(name) or name.replace("-", " ").replace("_", " ").capitalize()

    def purpose(self, name: str) -> str:
        """What a stage is for, in a sentence."""
        teacher, student = _TEACHER.fullmatch(name), _STUDENT.fullmatch(name)
        if teacher is not None:
            return tr(
                "The large model learns from all texts but those of its fold, and then says what "
                "it thinks of these."
            )
        if student is not None:
            return _student_purpose(student)
        return {
            "teacher": tr("A model that is finished already says what it thinks of all texts."),
            "linear member": tr("A simple count of words gives a second opinion to the teacher's."),
            "side by side": tr("Networks that do not wait for each other are trained together."),
            "swarm": tr("Many settings are tried, each led by the best ones found so far."),
            "random": tr("As many settings are drawn by chance, to see what the search is worth."),
            "export": tr("The model is made small and quick, and its confidences are set right."),
            "judge": tr("The finished model is tried on texts that nothing was trained on."),
        }.get(name, "")

    def activity(self, stage: StageProgress, *, state: RunState = RunState.RUNNING) -> str:
        """What goes on in a stage right now, in words."""
        if state is RunState.PAUSED:
            return tr("waits until you let it go on")
        if stage.scored is not None:
            return tr("reading {done:,} of {total:,} texts").format(
                done=stage.scored.texts, total=stage.scored.of_texts
            )
        if stage.name == "side by side" and stage.batches is not None:
            return tr("{done} of {total} networks are trained").format(
                done=stage.batches.batch, total=stage.batches.batches
            )
        learning = self._learning(stage.name)
        if stage.batches is not None:
            return tr("{what}, pass {epoch}, step {batch:,} of {batches:,}").format(
                what=learning,
                epoch=stage.batches.epoch,
                batch=stage.batches.batch,
                batches=stage.batches.batches,
            )
        return learning

    def now(self, progress: RunProgress) -> str:
        """What a run is doing, in one line: the stage and what goes on in it."""
        stage = progress.stage
        if stage is None:
            return tr("Reading the texts and looking at the machine")
        activity = self.activity(stage, state=progress.state)
        return f"{self.title(stage.name)}: {activity}"

    def _learning(self, name: str) -> str:
        words = {
            "export": tr("writing and checking it"),
            "judge": tr("reading texts that it has not seen"),
            "swarm": tr("trying settings"),
            "random": tr("trying settings"),
            "teacher": tr("reading all texts"),
            "linear member": tr("counting words"),
            "side by side": tr("training them"),
        }
        if name in words:
            return words[name]
        count = self._texts_of(name)
        if count:
            return tr("learning from {count:,} texts").format(count=count)
        return tr("learning")

    def _texts_of(self, name: str) -> int:
        teacher, student = _TEACHER.fullmatch(name), _STUDENT.fullmatch(name)
        left_out = len(teacher["folds"].split("-")) if teacher is not None else 0
        if student is not None:
            if student["part"] == "transfer":
                return 0
            left_out = 0 if student["fold"] is None else 1
        if not self.folds:
            return 0 if left_out else self.texts
        return self.texts * (self.folds - left_out) // self.folds

    def _teacher_title(self, found: re.Match[str]) -> str:
        folds = [int(fold) + 1 for fold in found["folds"].split("-")]
        if len(folds) > 1:
            numbers = tr(" and ").join(map(str, folds))
            title = tr("Teacher without folds {folds}").format(folds=numbers)
        elif self.folds:
            title = tr("Teacher, fold {fold} of {folds}").format(fold=folds[0], folds=self.folds)
        else:
            title = tr("Teacher, fold {fold}").format(fold=folds[0])
        if found["member"] is not None:
            title += tr(", network {number}").format(number=int(found["member"]) + 1)
        if found["label"] is not None:
            title += f", {self._label(int(found['label']))}"
        return title

    def _label(self, column: int) -> str:
        if column < len(self.label_ids):
            return label_name(self.label_ids[column])
        return tr("label {number}").format(number=column + 1)

    def _student_title(self, found: re.Match[str]) -> str:
        part = {
            "transfer": tr("learns from texts without labels"),
            "distil": tr("learns from the teacher"),
            "fine-tune": tr("learns from the labels"),
        }.get(found["part"], found["part"].replace("-", " "))
        if found["fold"] is None:
            return tr("Student {part}").format(part=part)
        number = int(found["fold"]) + 1
        if self.calibration_folds:
            who = tr("Check student {number} of {count}").format(
                number=number, count=self.calibration_folds
            )
        else:
            who = tr("Check student {number}").format(number=number)
        return f"{who} {part}"


def _student_purpose(found: re.Match[str]) -> str:
    if found["fold"] is not None:
        return tr(
            "A student that never saw part of the texts shows how sure the model may be of itself."
        )
    return {
        "transfer": tr("The small model learns to agree with the teacher on texts without labels."),
        "distil": tr("The small model learns to agree with the teacher on the labelled texts."),
        "fine-tune": tr("The small model is trained once more, on the labels of people alone."),
    }.get(found["part"], "")


def is_of_student(name: str) -> bool:
    """Whether it is the student itself that learns in a stage, and not one to check it by."""
    found = _STUDENT.fullmatch(name)
    return found is not None and found["fold"] is None
