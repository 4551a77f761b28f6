"""What the wizard calls networks, methods, presets and devices."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from kdh_desktop.core.runs.run_presets import Preset
from kdh_desktop.core.training_config import (
    NetworkConfig,
    NetworkKind,
    SoftLoss,
    TeacherMethod,
)


def tr(text: str) -> str:
    """A word in the user's language."""
    return QCoreApplication.translate("TrainingWizard", text)


def network_name(kind: NetworkKind) -> str:
    """What a network is called."""
    return {
        NetworkKind.TRANSFORMER: tr("Transformer, from an encoder"),
        NetworkKind.TEXT_CNN: tr("TextCNN"),
        NetworkKind.TEXT_RNN: tr("TextRNN"),
        NetworkKind.HAN: tr("HAN, words then sentences"),
        NetworkKind.GRU_ATTENTION: tr("GRU with attention"),
    }[kind]


def network_words(network: NetworkConfig) -> str:
    """A network with its size."""
    name = network_name(network.kind)
    if network.kind is not NetworkKind.TRANSFORMER:
        return tr("{name}, width {width}").format(name=name, width=network.hidden_size)
    if network.layers is None:
        return tr("{name}, all layers").format(name=name)
    return tr("{name}, {count} layers").format(name=name, count=network.layers)


def method_name(method: TeacherMethod) -> str:
    """How the teacher shares the labels."""
    return {
        TeacherMethod.MULTI_LABEL: tr("One network for all labels"),
        TeacherMethod.BINARY_RELEVANCE: tr("One network for each label"),
    }[method]


def soft_loss_name(loss: SoftLoss) -> str:
    """How the student is held to the teacher."""
    return {
        SoftLoss.BERNOULLI: tr("Each label by itself"),
        SoftLoss.SOFTMAX: tr("Labels against each other"),
        SoftLoss.MSE: tr("Distance of the scores"),
    }[loss]


def preset_name(preset: Preset | None) -> str:
    """What a preset is called."""
    match preset:
        case Preset.QUICK:
            return tr("Quick")
        case Preset.BALANCED:
            return tr("Balanced")
        case Preset.BEST:
            return tr("Best")
        case None:
            return tr("Custom")


def preset_words(preset: Preset | None) -> str:
    """What a preset is good for."""
    match preset:
        case Preset.QUICK:
            return tr("Minutes on an ordinary computer. Shows whether the texts can be learnt.")
        case Preset.BALANCED:
            return tr("Hours without a graphics card. A good model, from some hundred texts on.")
        case Preset.BEST:
            return tr("As the model of the program was made: for a graphics card, or a weekend.")
        case None:
            return tr("Something was changed by hand, or comes from a preset of your own.")


def device_name(device: str) -> str:
    """Where it is computed."""
    return {
        "auto": tr("The fastest there is"),
        "cpu": tr("Processor"),
        "cuda": tr("Graphics card (NVIDIA)"),
        "mps": tr("Graphics processor (Apple)"),
    }.get(device, device)


def duration_words(seconds: float) -> str:
    """A time as people say it, rounded to what can be known."""
    minutes = seconds / 60
    if minutes < 1.5:
        return tr("about a minute")
    if minutes < 90:
        return tr("about {count} minutes").format(count=round(minutes))
    if minutes < 48 * 60:
        return tr("about {count} hours").format(count=f"{minutes / 60:.1f}".removesuffix(".0"))
    return tr("about {count} days").format(count=f"{minutes / 1440:.1f}".removesuffix(".0"))


def size_words(size: float) -> str:
    """Room on a disk or in a memory."""
    if size >= 1e9:
        return tr("{count} GB").format(count=f"{size / 1e9:.1f}")
    return tr("{count} MB").format(count=f"{max(1, round(size / 1e6))}")
