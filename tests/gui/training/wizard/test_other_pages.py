"""Models, method, tuning and review: what they change in the draft, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QInputDialog, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from kdh_desktop.core.corpus_report import CorpusReport, LabelBalance
from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.runs.machine_report import (
    DeviceFound,
    ExpectedCost,
    MachineReport,
    ProbeProblem,
)
from kdh_desktop.core.runs.run_presets import Preset, preset_of
from kdh_desktop.core.search_space import Real, TuningConfig
from kdh_desktop.core.training_config import NetworkKind, config_from_json
from kdh_desktop.gui.jobs import Job
from kdh_desktop.gui.training.wizard.draft import Checked, ChosenSource
from kdh_desktop.gui.training.wizard.field_form import FieldForm
from kdh_desktop.gui.training.wizard.review_words import review_lines
from kdh_desktop.gui.training.wizard.training_wizard import TrainingWizard
from tests.data.tiny_corpus import write_tiny_encoder
from tests.gui.conftest import ChosenFiles
from tests.gui.training.wizard.conftest import WAIT_MS


def choose(form: FieldForm, path: str, value: object) -> None:
    box = form.controls[path]
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def spin(form: FieldForm, path: str, value: int) -> None:
    box = form.controls[path]
    assert isinstance(box, QSpinBox)
    box.setValue(value)


def tuning_of(wizard: TrainingWizard) -> TuningConfig | None:
    return wizard.keeper.config.tuning


def test_a_network_from_scratch_needs_no_encoder_and_other_rates(wizard: TrainingWizard) -> None:
    fields = wizard.models_page.fields
    wizard.method_page.choices[Preset.BALANCED].click()
    assert wizard.keeper.draft.uses_encoder
    for part in ("teacher", "distillation"):
        choose(fields, f"{part}.network.kind", "text_cnn")
    config = wizard.keeper.config
    assert config.distillation.network.kind is NetworkKind.TEXT_CNN
    assert config.distillation.distil.peak_rate == 4e-3
    assert wizard.keeper.draft.request().encoder is None
    wizard.go_to(1)
    assert not wizard.models_page.folder_button.isVisible()
    choose(fields, "teacher.network.kind", "transformer")
    assert wizard.keeper.config.teacher.schedule.peak_rate == 1.5e-4
    assert wizard.models_page.folder_button.isVisible()


def test_texts_without_labels_are_learnt_at_a_rate_of_the_network(wizard: TrainingWizard) -> None:
    wizard.method_page.choices[Preset.QUICK].click()
    choose(wizard.models_page.fields, "distillation.network.kind", "transformer")
    spin(wizard.method_page.fields, "distillation.transfer_texts", 500)
    how = wizard.keeper.config.distillation
    assert how.transfer.epochs > 0
    assert how.transfer.peak_rate == how.distil.peak_rate == 1.5e-4
    assert how.transfer.layer_decay == how.distil.layer_decay


def test_networks_of_each_label_are_counted(wizard: TrainingWizard) -> None:
    wizard.method_page.choices[Preset.BEST].click()
    wizard.go_to(2)
    choose(wizard.method_page.fields, "teacher.method", "binary_relevance")
    assert dict(review_lines(wizard.keeper.draft))["Trainings"] == "156 networks"
    assert "156 networks" in wizard.tuning_page.cost.text()


def test_the_model_in_force_may_teach(wizard: TrainingWizard, qtbot: QtBot) -> None:
    models, method = wizard.models_page, wizard.method_page
    active = wizard.models_page.parts.model
    qtbot.waitUntil(lambda: active.classifier is not None)
    method.choices[Preset.BEST].click()
    wizard.tuning_page.switch.click()
    wizard.go_to(1)
    choose(models.fields, "teacher.is_finished", True)
    assert models.problem == ""
    for path in ("teacher.network.kind", "teacher.members", "teacher.has_linear_member"):
        assert not models.fields.controls[path].isVisible()
    assert models.fields.controls["distillation.network.layers"].isVisible()
    request = wizard.keeper.draft.request()
    assert active.classifier is not None
    assert request.teacher == str(active.classifier.bundle.folder)
    assert request.config.networks == {request.config.distillation.network}
    assert tuning_of(wizard) is None
    wizard.go_to(2)
    assert not method.fields.controls["teacher.schedule.epochs"].isVisible()
    assert method.fields.controls["distillation.alpha"].isVisible()
    assert not wizard.tuning_page.switch.isEnabled()
    lines = dict(review_lines(wizard.keeper.draft))
    assert lines["Teacher"] == "the model in force; nothing is trained for it"
    assert lines["Trainings"] == "6 networks"
    wizard.begin_with(request)
    assert wizard.keeper.draft.request() == replace(
        request, config=replace(request.config, name=wizard.keeper.draft.request().config.name)
    )
    method.choices[Preset.QUICK].click()
    assert wizard.keeper.draft.request().teacher is None
    assert wizard.tuning_page.switch.isEnabled()


def test_a_model_of_other_labels_cannot_teach(wizard: TrainingWizard, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: wizard.models_page.parts.model.classifier is not None)
    choose(wizard.models_page.fields, "teacher.is_finished", True)
    label = LabelBalance("grade", "Grade", 3, 0.5)
    report = CorpusReport((), (label,), 1.0, 3, None, ())
    source = ChosenSource(HocSource("texts"), "texts")
    key = replace(wizard.keeper.draft, sources=(source,)).check_key
    wizard.keeper.change(sources=(source,), checked=Checked(key, report))
    assert "other labels" in wizard.models_page.problem


def test_layers_can_be_cut_and_taken_back(wizard: TrainingWizard) -> None:
    fields = wizard.models_page.fields
    spin(fields, "distillation.network.layers", 3)
    assert wizard.keeper.config.distillation.network.layers == 3
    spin(fields, "distillation.network.layers", 0)
    assert wizard.keeper.config.distillation.network.layers is None


def test_a_sound_folder_is_taken_as_the_encoder(
    wizard: TrainingWizard, qtbot: QtBot, tmp_path: Path, chosen_files: ChosenFiles
) -> None:
    wizard.method_page.choices[Preset.BALANCED].click()
    folder = write_tiny_encoder(tmp_path / "bert")
    chosen_files.files = [folder]
    wizard.models_page.folder_button.click()
    qtbot.waitUntil(lambda: wizard.keeper.draft.encoder is not None, timeout=WAIT_MS)
    assert "bert, 2 layers" in wizard.models_page.encoder_words.text()
    assert wizard.models_page.problem == ""
    assert wizard.keeper.draft.request().encoder == str(folder)
    wizard.models_page.own_button.click()
    assert wizard.keeper.draft.request().encoder is None


def test_an_encoder_that_reads_little_at_once_shortens_what_the_run_reads(
    wizard: TrainingWizard, qtbot: QtBot, tmp_path: Path
) -> None:
    wizard.method_page.choices[Preset.BALANCED].click()
    usual = wizard.keeper.config.max_tokens
    wizard.models_page.take_folder(write_tiny_encoder(tmp_path / "bert"))
    qtbot.waitUntil(lambda: wizard.keeper.draft.encoder is not None, timeout=WAIT_MS)
    assert "reads at most 128 word pieces at once" in wizard.models_page.encoder_words.text()
    assert wizard.keeper.draft.request().config.max_tokens == 128 < usual
    assert "up to 128 word pieces" in dict(review_lines(wizard.keeper.draft))["Student"]
    assert wizard.method_page.choices[Preset.BALANCED].isChecked()
    wizard.models_page.own_button.click()
    assert wizard.keeper.draft.request().config.max_tokens == usual


def test_a_folder_with_a_pickle_alone_is_refused_and_blocks(
    wizard: TrainingWizard, qtbot: QtBot, tmp_path: Path
) -> None:
    wizard.method_page.choices[Preset.BALANCED].click()
    (tmp_path / "config.json").write_text("{}", "utf-8")
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    wizard.models_page.take_folder(tmp_path)
    qtbot.waitUntil(lambda: wizard.keeper.draft.encoder is not None, timeout=WAIT_MS)
    assert "safetensors" in wizard.models_page.encoder_words.text()
    assert "Choose another encoder" in wizard.models_page.problem
    assert "Models" in wizard.review_page.problem or "Data" in wizard.review_page.problem


def test_presets_set_the_method_and_a_change_makes_it_custom(wizard: TrainingWizard) -> None:
    page = wizard.method_page
    page.choices[Preset.BEST].click()
    assert preset_of(wizard.keeper.config) is Preset.BEST
    spin(page.fields, "max_tokens", 300)
    assert page.choices[None].isChecked()
    wizard.tuning_page.switch.click()
    page.choices[Preset.QUICK].click()
    assert preset_of(wizard.keeper.config) is Preset.QUICK
    assert wizard.keeper.config.tuning is not None


def test_fewer_folds_take_the_check_students_with_them(wizard: TrainingWizard) -> None:
    wizard.method_page.choices[Preset.BEST].click()
    spin(wizard.method_page.fields, "teacher.folds", 2)
    assert wizard.keeper.config.teacher.folds == 2
    assert wizard.keeper.config.distillation.calibration_folds == 2
    spin(wizard.method_page.fields, "distillation.calibration_folds", 3)
    assert wizard.keeper.config.distillation.calibration_folds == 2


def test_two_folds_leave_nothing_for_nested_teachers(wizard: TrainingWizard) -> None:
    fields = wizard.method_page.fields
    wizard.method_page.choices[Preset.BEST].click()
    spin(fields, "distillation.nested_members", 1)
    spin(fields, "teacher.folds", 3)
    assert wizard.keeper.config.distillation.nested_members == 1
    spin(fields, "teacher.folds", 2)
    assert wizard.keeper.config.teacher.folds == 2
    assert wizard.keeper.config.distillation.nested_members == 0


def test_a_search_says_how_many_trainings_it_means(wizard: TrainingWizard) -> None:
    page = wizard.tuning_page
    page.switch.click()
    spin(page.fields, "tuning.particles", 10)
    spin(page.fields, "tuning.iterations", 5)
    assert "153 trainings" in page.cost.text()
    page.switch.click()
    assert tuning_of(wizard) is None
    page.switch.click()
    tuning = tuning_of(wizard)
    assert tuning is not None
    assert tuning.particles == 10


def test_usual_limits_of_the_search_go_with_another_network(wizard: TrainingWizard) -> None:
    rate = "distillation.distil.peak_rate"
    wizard.method_page.choices[Preset.QUICK].click()
    page = wizard.tuning_page
    page.switch.click()
    at = next(
        row
        for row in range(page.table.rowCount())
        if "emperature" in page.table.item(row, 0).text()  # type: ignore[union-attr]
    )
    page.table.item(at, 1).setText("2")  # type: ignore[union-attr]
    wizard.method_page.choices[Preset.BALANCED].click()
    tuning = tuning_of(wizard)
    assert tuning is not None
    assert tuning.dimensions[rate] == Real(4e-5, 3.6e-4, is_log=True)
    assert tuning.dimensions["distillation.temperature"] == Real(2.0, 5.0)
    assert "distillation.network.hidden_size" not in tuning.dimensions
    page.switch.click()
    choose(wizard.models_page.fields, "distillation.network.kind", "text_cnn")
    page.switch.click()
    again = tuning_of(wizard)
    assert again is not None
    assert again.dimensions[rate] == Real(1.33e-3, 0.012, is_log=True)
    assert again.dimensions["distillation.temperature"] == Real(2.0, 5.0)


def test_the_space_is_edited_and_nonsense_is_refused(wizard: TrainingWizard) -> None:
    page = wizard.tuning_page
    page.switch.click()
    row = [page.table.item(at, 0).text() for at in range(page.table.rowCount())]  # type: ignore[union-attr]
    at = next(place for place, words in enumerate(row) if "emperature" in words)
    low = page.table.item(at, 1)
    assert low is not None
    low.setText("2")
    tuning = wizard.keeper.config.tuning
    assert tuning is not None
    assert tuning.dimensions["distillation.temperature"] == Real(2.0, 5.0)
    for nonsense in ("9", "x", "-3"):
        item = page.table.item(at, 1)
        assert item is not None
        item.setText(nonsense)
        now = wizard.keeper.config.tuning
        assert now is not None
        assert now.dimensions["distillation.temperature"] == Real(2.0, 5.0)
        assert page.note.text()
    ticked = page.table.item(at, 0)
    assert ticked is not None
    ticked.setCheckState(Qt.CheckState.Unchecked)
    last = wizard.keeper.config.tuning
    assert last is not None
    assert "distillation.temperature" not in last.dimensions


def test_a_preset_of_ones_own_is_saved_used_and_deleted(
    wizard: TrainingWizard, qtbot: QtBot
) -> None:
    spin(wizard.method_page.fields, "max_tokens", 321)
    wizard.go_to(2)
    wizard.review_page.preset_button.click()
    dialog = wizard.review_page.findChild(QInputDialog)
    assert dialog is not None
    dialog.setTextValue("Night run")
    dialog.accept()
    wizard.method_page.choices[Preset.QUICK].click()
    wizard.method_page.refresh_presets()
    assert wizard.method_page.own.currentText() == "Night run"
    wizard.method_page.take_own.click()
    assert wizard.keeper.config.max_tokens == 321
    wizard.method_page.remove_own.click()
    answer = next(
        button for button in wizard.findChildren(QPushButton) if button.text() == "Delete"
    )
    answer.click()
    qtbot.waitUntil(lambda: wizard.presets.all() == [])
    assert not wizard.method_page.take_own.isVisible()


def test_the_exported_file_is_what_the_trainer_takes(
    wizard: TrainingWizard, qtbot: QtBot, tmp_path: Path, chosen_files: ChosenFiles
) -> None:
    target = tmp_path / "spring.json"
    chosen_files.files = [target]
    wizard.review_page.name.textEdited.emit("Spring")
    wizard.review_page.export_button.click()
    qtbot.waitUntil(lambda: "saved" in wizard.review_page.note.text())
    config = config_from_json(target.read_text("utf-8"))
    assert config == wizard.keeper.draft.request().config
    assert config.name == "spring"


def machine_report(**values: object) -> MachineReport:
    usual: dict[str, object] = {
        "devices": (DeviceFound("cpu", "A processor", threads=2),),
        "memory_bytes": 8_000_000_000,
        "free_memory_bytes": 2_000_000_000,
        "free_disk_bytes": 90_000_000_000,
        "cost": ExpectedCost("cpu", 720.0, 0.0, 400_000_000, 192, 0),
    }
    return MachineReport(**(usual | values))  # type: ignore[arg-type]


def test_the_expected_time_is_told_and_forgotten_when_something_changes(
    wizard: TrainingWizard, qtbot: QtBot
) -> None:
    page = wizard.machine_page
    page._work = lambda _request: lambda _job: machine_report()
    page.measure_button.click()
    qtbot.waitUntil(lambda: "12 minutes" in page.estimate.text())
    assert page.table.rows.rows[0][0] == "A processor"
    assert [page.device.itemData(at) for at in range(page.device.count())] == ["auto", "cpu"]
    wizard.review_page.name.textEdited.emit("Only another name")
    assert "12 minutes" in page.estimate.text()
    spin(wizard.method_page.fields, "max_tokens", 256)
    assert "Not measured" in page.estimate.text()


def test_what_speaks_against_the_run_is_told(wizard: TrainingWizard, qtbot: QtBot) -> None:
    problem = ProbeProblem("The disk has 0.1 GB free.", "Free some space.")
    page = wizard.machine_page
    page._work = lambda _request: lambda _job: machine_report(cost=None, problem=problem)
    page.measure_button.click()
    qtbot.waitUntil(lambda: "Free some space." in page.problem_words.text())


def test_a_trial_can_be_stopped(wizard: TrainingWizard, qtbot: QtBot) -> None:
    held = Event()

    def waiting(job: Job) -> MachineReport:
        while not job.should_stop() and not held.wait(0.01):
            pass
        return machine_report()

    page = wizard.machine_page
    page._work = lambda _request: waiting
    page.measure_button.click()
    assert page.measure_button.text().replace("&", "") == "Stop measuring"
    page.measure_button.click()
    assert page.measure_button.text().replace("&", "") == "Measure"
    held.set()


def test_every_page_can_be_named(wizard: TrainingWizard) -> None:
    for page in wizard.pages:
        assert page.title
        assert page.accessibleName() == page.title
