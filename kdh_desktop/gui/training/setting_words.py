"""The settings of a run in plain words, by the dotted path of the configuration's field."""

from __future__ import annotations

from collections.abc import Sequence

from kdh_desktop.gui.training.run_words import tr


def setting_name(path: str) -> str:
    """What people call a setting."""
    name, part = _name_and_part(path)
    return f"{name} ({part})" if part else name


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """What a few settings are called among themselves: with their part only where it matters."""
    names = [_name_and_part(path)[0] for path in paths]
    return {
        path: name if names.count(name) == 1 else setting_name(path)
        for path, name in zip(paths, names, strict=True)
    }


def _name_and_part(path: str) -> tuple[str, str]:
    names = _fields()
    for prefix, part in _parts().items():
        field = path.removeprefix(prefix)
        if path.startswith(prefix) and field in names:
            return names[field], part
    return path.replace(".", ", ").replace("_", " ").capitalize(), ""


def value_words(value: object) -> str:
    """A setting's value, as people read it."""
    match value:
        case bool():
            return tr("yes") if value else tr("no")
        case float():
            return _plain(value)
        case None:
            return tr("none")
        case str():
            return value.replace("_", " ")
        case _:
            return str(value)


def _plain(number: float) -> str:
    """Four digits, and no exponent, which few people read."""
    short = f"{number:.4g}"
    return f"{number:.10f}".rstrip("0") if "e-" in short else short


def _parts() -> dict[str, str]:
    """The longest prefix first."""
    return {
        "teacher.schedule.": tr("teacher"),
        "teacher.network.": tr("teacher"),
        "teacher.": tr("teacher"),
        "distillation.transfer.": tr("texts without labels"),
        "distillation.distil.": tr("student, from the teacher"),
        "distillation.fine_tune.": tr("student, from the labels"),
        "distillation.network.": tr("student"),
        "distillation.": tr("student"),
        "augmentation.": tr("varied texts"),
        "tuning.": tr("search"),
        "": "",
    }


def _fields() -> dict[str, str]:
    return {
        "name": tr("Name"),
        "seed": tr("Seed"),
        "max_tokens": tr("Longest piece of text"),
        "sentence_loss": tr("Weight of sentences"),
        "sentence_weight": tr("Weight of the best sentence"),
        "judged_share": tr("Share kept back to be judged on"),
        "epochs": tr("Epochs"),
        "peak_rate": tr("Learning rate"),
        "batch_size": tr("Batch size"),
        "head_factor": tr("Rate of the top over the rest"),
        "layer_decay": tr("Rate kept from layer to layer"),
        "warmup": tr("Warm-up"),
        "weight_decay": tr("Weight decay"),
        "weight_average": tr("Averaging of weights"),
        "r_drop": tr("Agreement of two passes"),
        "validation_share": tr("Share kept back for validation"),
        "patience": tr("Patience"),
        "has_int8_rounding": tr("Rounding while learning"),
        "kind": tr("Network"),
        "dropout": tr("Dropout"),
        "layers": tr("Layers"),
        "embedding_size": tr("Size of word vectors"),
        "hidden_size": tr("Hidden size"),
        "folds": tr("Folds"),
        "members": tr("Networks for each fold"),
        "method": tr("Method"),
        "has_linear_member": tr("Word statistics beside it"),
        "temperature": tr("Temperature"),
        "alpha": tr("Teacher's weight (alpha)"),
        "transfer_texts": tr("Texts without labels"),
        "calibration_folds": tr("Check students"),
        "soft_loss": tr("Soft loss"),
        "nested_members": tr("Networks blind to two folds"),
        "sentence_dropout": tr("Sentences left out"),
        "tokenised_share": tr("Texts in the corpus's spelling"),
        "particles": tr("Particles"),
        "iterations": tr("Iterations"),
        "device": tr("Where it computes"),
    }
