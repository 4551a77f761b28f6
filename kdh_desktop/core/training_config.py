"""What a training run is asked to do: networks, teacher, distillation.

Where the files lie is said apart, so that a recipe can be shipped.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import build, parse_json, require, to_json_value
from kdh_desktop.core.search_space import TuningConfig, require_dimensions_fit

_RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_MAX_SEED = 2**32
_FINISHED = "where the teacher is a finished model"

_OF_TEACHERS = ("teacher.", "augmentation.", "sentence_loss", "max_tokens")
"""Fields, and beginnings of fields, that a teacher's networks are trained by."""

MIN_BLIND_FOLDS = 3
"""Folds that a teacher which knows nothing of one of them needs: its networks learn without two."""


class NetworkKind(StrEnum):
    """Networks that can be teacher or student."""

    TRANSFORMER = "transformer"
    TEXT_CNN = "text_cnn"
    TEXT_RNN = "text_rnn"
    HAN = "han"
    GRU_ATTENTION = "gru_attention"


class TeacherMethod(StrEnum):
    """How the teacher's networks share the labels."""

    MULTI_LABEL = "multi_label"
    BINARY_RELEVANCE = "binary_relevance"


class SoftLoss(StrEnum):
    """Distance of the student's outputs to the teacher's."""

    BERNOULLI = "bernoulli"
    SOFTMAX = "softmax"
    MSE = "mse"


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """One network.

    Attributes:
        kind: Its architecture.
        dropout: Chance in 0..1 that a unit of a layer's output is zeroed.
        layers: Layers of the base encoder that are kept, evenly spread; None keeps all.
            For transformers only.
        embedding_size: Width of the word embeddings. For other networks than transformers.
        hidden_size: Width of each direction, or filters of each width. For these too.
    """

    kind: NetworkKind = NetworkKind.TRANSFORMER
    dropout: float = 0.1
    layers: int | None = None
    embedding_size: int = 300
    hidden_size: int = 128

    def __post_init__(self) -> None:
        require(0 <= self.dropout < 0.99, "dropout", "must be at least 0 and under 0.99")
        require(self.layers is None or self.layers >= 1, "layers", "must be at least 1")
        require(self.embedding_size >= 1, "embedding_size", "must be at least 1")
        require(self.hidden_size >= 1, "hidden_size", "must be at least 1")


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast one stage trains.

    Attributes:
        epochs: Passes over the texts; 0 leaves the stage out.
        peak_rate: Highest learning rate of the top layer.
        batch_size: Texts in one optimiser step.
        head_factor: Learning rate of the heads over that of the top layer.
        layer_decay: Each layer below learns at this factor of the one above.
        warmup: Share of all steps in which the rate rises; then it falls to zero.
        weight_decay: AdamW's, on matrices only.
        weight_average: Decay in 0..1 of the moving average of the weights; 0 takes the last ones.
        r_drop: Weight of the distance between two passes under different dropout; 0 makes one.
        validation_share: Share of the texts that is kept back to choose the best epoch by.
        patience: Epochs without a better one on the kept-back texts after which training stops;
            0 trains all epochs.
        has_int8_rounding: Whether the network computes with the rounding of the served form, so
            that it learns to bear it.
    """

    epochs: int
    peak_rate: float
    batch_size: int = 8
    head_factor: float = 5.0
    layer_decay: float = 0.9
    warmup: float = 0.1
    weight_decay: float = 0.01
    weight_average: float = 0.0
    r_drop: float = 0.0
    validation_share: float = 0.0
    patience: int = 0
    has_int8_rounding: bool = False

    def __post_init__(self) -> None:
        require(self.epochs >= 0, "epochs", "must not be negative")
        require(self.peak_rate > 0, "peak_rate", "must be over 0")
        require(self.batch_size >= 1, "batch_size", "must be at least 1")
        require(self.head_factor > 0, "head_factor", "must be over 0")
        require(0 < self.layer_decay <= 1, "layer_decay", "must be over 0 and at most 1")
        _require_share(self.warmup, "warmup")
        require(self.weight_decay >= 0, "weight_decay", "must not be negative")
        require(0 <= self.weight_average < 1, "weight_average", "must be at least 0 and under 1")
        require(self.r_drop >= 0, "r_drop", "must not be negative")
        require(0 <= self.validation_share < 1, "validation_share", "must lie in 0..1")
        require(self.patience >= 0, "patience", "must not be negative")
        require(
            self.patience == 0 or self.validation_share > 0,
            "patience",
            "needs a validation_share over 0",
        )


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How a text is varied each time it is seen.

    Attributes:
        sentence_dropout: Chance in 0..1 that a sentence is left out; labels are recomputed from
            the sentences that stay, which is exact where they are labelled.
        tokenised_share: Chance in 0..1 that a text appears in the corpus's own spelling.
    """

    sentence_dropout: float = 0.0
    tokenised_share: float = 0.0

    def __post_init__(self) -> None:
        _require_share(self.sentence_dropout, "sentence_dropout")
        _require_share(self.tokenised_share, "tokenised_share")


@dataclass(frozen=True, slots=True)
class TeacherConfig:
    """The teacher: networks for each fold, joined by a linear member.

    Attributes:
        folds: Number of folds; each text is scored by the networks that did not see it.
        schedule: Training of each network.
        members: Networks for each fold, from as many seeds.
        method: Whether a network knows all labels, or one network is trained for each.
        network: What the networks are.
        has_linear_member: Whether a linear member over words joins them.
        is_finished: Whether the teacher is a finished model instead, named beside the recipe.
            Then nothing is trained for it; the folds are those of the students for calibration,
            and all other fields stand idle.
    """

    folds: int
    schedule: Schedule
    members: int = 1
    method: TeacherMethod = TeacherMethod.MULTI_LABEL
    network: NetworkConfig = field(default_factory=NetworkConfig)
    has_linear_member: bool = True
    is_finished: bool = False

    def __post_init__(self) -> None:
        require(self.folds >= 2, "folds", "must be at least 2")
        require(self.members >= 1, "members", "must be at least 1")


@dataclass(frozen=True, slots=True)
class DistillationConfig:
    """The student: distilled on unlabelled, then on labelled texts, then fine-tuned.

    Attributes:
        temperature: T; soft losses are taken between logits divided by T, times T squared.
        alpha: Weight in 0..1 of the soft loss where there are hard labels too.
        transfer_texts: Unlabelled texts to label by the teacher.
        transfer: Distillation on the unlabelled texts, soft loss alone.
        distil: Distillation on the labelled texts.
        fine_tune: Training on hard labels alone (sequential fine-tuning).
        calibration_folds: Folds for which a further student is trained without that fold, so
            that thresholds and calibration come from texts their student never saw.
        soft_loss: Distance to the teacher.
        network: What the student is.
        nested_members: Networks for each pair of folds, trained without both, from as many seeds.
            They teach the students of the calibration folds, who otherwise hear of their fold
            through the teacher's other networks. 0 saves that time, and the figures flatter.
    """

    temperature: float
    alpha: float
    transfer_texts: int
    transfer: Schedule
    distil: Schedule
    fine_tune: Schedule
    calibration_folds: int
    soft_loss: SoftLoss = SoftLoss.BERNOULLI
    network: NetworkConfig = field(default_factory=NetworkConfig)
    nested_members: int = 0

    def __post_init__(self) -> None:
        require(self.temperature > 0, "temperature", "must be over 0")
        _require_share(self.alpha, "alpha")
        require(self.transfer_texts >= 0, "transfer_texts", "must not be negative")
        require(self.calibration_folds >= 1, "calibration_folds", "must be at least 1")
        require(self.nested_members >= 0, "nested_members", "must not be negative")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """One training run; where its files lie is said apart, so that a recipe can be shipped.

    Attributes:
        name: Start of the bundle id; letters, digits, ``.``, ``_`` and ``-``.
        seed: All random choices follow from it.
        max_tokens: Word pieces in one window, special tokens included.
        sentence_loss: Weight of the sentences' loss over the texts'.
        sentence_weight: Weight in 0..1 of the best sentence in the decision logit.
        augmentation: How labelled texts are varied.
        teacher: The teacher's part.
        distillation: The student's part.
        judged_share: Share in 0..1 of the labelled texts that is kept back to be judged on, where
            no texts are named for that. 0 trains on all: only folds are judged then.
        tuning: What a particle swarm may change before the run trains, or None.
    """

    name: str
    seed: int
    max_tokens: int
    sentence_loss: float
    sentence_weight: float
    augmentation: Augmentation
    teacher: TeacherConfig
    distillation: DistillationConfig
    judged_share: float = 0.0
    tuning: TuningConfig | None = None

    def __post_init__(self) -> None:
        require(
            _RUN_NAME.fullmatch(self.name) is not None,
            "name",
            "must be up to 80 letters, digits, '.', '_' and '-', the first no mark",
        )
        require(0 <= self.seed < _MAX_SEED, "seed", f"must lie in 0..{_MAX_SEED - 1}")
        require(self.max_tokens >= 3, "max_tokens", "must be at least 3")
        require(self.sentence_loss >= 0, "sentence_loss", "must not be negative")
        _require_share(self.sentence_weight, "sentence_weight")
        require(0 <= self.judged_share < 1, "judged_share", "must lie in 0..1")
        folds = self.distillation.calibration_folds
        require(
            folds <= self.teacher.folds,
            "distillation.calibration_folds",
            "must not be over teacher.folds",
        )
        if self.distillation.nested_members:
            nested, few = "distillation.nested_members", self.teacher.folds < MIN_BLIND_FOLDS
            require(not self.teacher.is_finished, nested, f"must be 0 {_FINISHED}")
            require(not few, nested, f"must be 0 with under {MIN_BLIND_FOLDS} teacher.folds")
        if self.tuning is not None:
            require(not self.teacher.is_finished, "tuning", f"must be left out {_FINISHED}")
            # The fields must allow what the swarm may try, before hours are lost.
            require_search_fits(replace(self, tuning=None), self.tuning)

    @property
    def networks(self) -> frozenset[NetworkConfig]:
        """The kinds of network that the run trains."""
        student = self.distillation.network
        return frozenset({student} if self.teacher.is_finished else {student, self.teacher.network})


def is_student_judged(tuning: TuningConfig) -> bool:
    """Whether a search judges its positions by students; else it does by teachers."""
    is_student_tuned = any(path.startswith("distillation.") for path in tuning.dimensions)
    return is_student_tuned or not any(path.startswith("teacher.") for path in tuning.dimensions)


def has_own_teachers(tuning: TuningConfig) -> bool:
    """Whether a position of a search changes what teachers learn, and so trains its own."""
    return any(path.startswith(_OF_TEACHERS) for path in tuning.dimensions)


def require_search_fits(config: RunConfig, tuning: TuningConfig) -> None:
    """Check that a search can be made from a configuration.

    Raises:
        ValueError: A dimension is no field of it or may not have all its values, or there are too
            few folds for the students' teachers.
    """
    require_dimensions_fit(config, tuning)
    require(
        tuning.folds >= MIN_BLIND_FOLDS or not is_student_judged(tuning),
        "tuning.folds",
        f"must be at least {MIN_BLIND_FOLDS} where students are judged",
    )


def config_to_json(config: RunConfig) -> str:
    """The configuration as indented JSON."""
    return json.dumps(to_json_value(config), indent=2, allow_nan=False) + "\n"


def config_from_json(text: str) -> RunConfig:
    """Read a configuration; every field without a default must be there, and no other.

    Raises:
        TrainingError: It is not one; the message names the field.
    """
    try:
        return build(RunConfig, parse_json(text), "configuration")
    except (ValueError, TypeError) as error:
        raise TrainingError(
            f"The configuration cannot be used: {error}.", "Correct that field and start again."
        ) from error


def _require_share(value: float, field: str) -> None:
    require(0 <= value <= 1, field, "must lie in 0..1")
