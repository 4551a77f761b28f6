"""What a study is asked to compare: systems, networks, samples, folds and seeds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import build, parse_json, require
from kdh_desktop.core.search_space import require_dimensions_fit
from kdh_desktop.core.training_config import (
    Augmentation,
    NetworkConfig,
)
from trainer.study.system_kinds import (
    Chain,
    ControlSystem,
    DistilledSystem,
    HardSystem,
    JoinedSystem,
    Part,
    Role,
    Sample,
    System,
    TunedSystem,
    links_of,
    require_id,
)


class Published(StrEnum):
    """Figures of a paper to set beside ours."""

    ROCLING = "rocling"
    KDH_MLTC = "kdh_mltc"


@dataclass(frozen=True, slots=True)
class NetworkPair:
    """A teacher's and a student's network.

    Attributes:
        id: Short name for files.
        name: Name in the report.
        teacher: The teacher's network.
        student: The student's.
        batch_size: Texts in a step of either; None takes the schedule's.
    """

    id: str
    name: str
    teacher: NetworkConfig
    student: NetworkConfig
    batch_size: int | None = None

    def __post_init__(self) -> None:
        require_id(self.id)

    def of(self, role: Role) -> NetworkConfig:
        """The network for a role."""
        return self.teacher if role is Role.TEACHER else self.student


@dataclass(frozen=True, slots=True)
class Texts:
    """Which texts of the corpus take part, and how they enter a network.

    Attributes:
        max_tokens: Word pieces in one window, special tokens included.
        labels_field: Field of a file of JSON lines that holds the labels.
        group_field: Field that says which texts belong together.
        min_positives: Labels with fewer texts are left out.
        transfer_texts: Unlabelled texts that a teacher labels for its students.
    """

    max_tokens: int
    labels_field: str = "labels"
    group_field: str | None = None
    min_positives: int = 1
    transfer_texts: int = 0

    def __post_init__(self) -> None:
        require(self.max_tokens >= 3, "max_tokens", "must be at least 3")
        require(self.min_positives >= 1, "min_positives", "must be at least 1")
        require(self.transfer_texts >= 0, "transfer_texts", "must not be negative")


@dataclass(frozen=True, slots=True)
class StudyConfig:
    """One study.

    Attributes:
        name: Name of the preset, also of the report's files.
        title: Heading of the report.
        question: What the study asks, in a sentence or two.
        source: The paper whose study this is, in short.
        corpus: What the corpus is, and under which licence.
        reductions: In which respects this preset is smaller than the full study; none if it is
            the full one.
        texts: Which texts take part.
        networks: The pairs of networks.
        systems: What is compared, each at every network, sample, fold and seed.
        folds: Number of folds.
        seeds: Each repeats all trainings; the folds stay.
        samples: Sizes of the samples; null is all texts.
        sentence_loss: Weight of the sentences' loss over the texts'.
        sentence_weight: Weight in 0..1 of the best sentence in the decision logit.
        inner_folds: Inner folds of the training texts, for out-of-fold teachers and tuning.
        inner_texts: Texts that a network of an inner fold learns from at most; 0 takes all.
        augmentation: How labelled texts are varied in hard-label stages.
        reference: The system that ablations are compared with.
        published: Figures of a paper to set beside ours.
        bootstrap_draws: Draws of every bootstrap.
    """

    name: str
    title: str
    question: str
    source: str
    corpus: str
    reductions: tuple[str, ...]
    texts: Texts
    networks: tuple[NetworkPair, ...]
    systems: tuple[System, ...]
    folds: int
    seeds: tuple[int, ...]
    samples: tuple[Sample, ...] = (None,)
    sentence_loss: float = 0.0
    sentence_weight: float = 0.0
    inner_folds: int = 2
    inner_texts: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)
    reference: str | None = None
    published: Published | None = None
    bootstrap_draws: int = 10_000

    def __post_init__(self) -> None:
        require_id(self.name)
        require(self.folds >= 2, "folds", "must be at least 2")
        require(self.inner_folds >= 2, "inner_folds", "must be at least 2")
        require(self.inner_texts >= 0, "inner_texts", "must not be negative")
        require(len(self.networks) > 0, "networks", "must not be empty")
        require(len(self.systems) > 0, "systems", "must not be empty")
        require(_are_different(self.seeds), "seeds", "must not be empty or repeat one")
        require(_are_different(self.samples), "samples", "must not be empty or repeat one")
        require(
            all(size is None or size >= 1 for size in self.samples), "samples", "must be over 0"
        )
        require(_are_different([one.id for one in self.networks]), "networks", "repeats an id")
        require(_are_different([one.id for one in self.systems]), "systems", "repeats an id")
        require(self.sentence_loss >= 0, "sentence_loss", "must not be negative")
        require(0 <= self.sentence_weight <= 1, "sentence_weight", "must lie in 0..1")
        require(self.bootstrap_draws >= 100, "bootstrap_draws", "must be at least 100")
        for system in self.systems:
            self._check_links(system)
        # The report is about them; without any it would fail once everything is trained.
        has_main = any(self.largest in self.samples_of(one) for one in self.of_part(Part.MAIN))
        require(has_main, "systems", "must have one of the main part at the largest sample")
        if self.reference is not None:
            require(self._has(self.reference), "reference", "names no system")

    def system(self, system_id: str) -> System:
        """The system of that id."""
        return next(one for one in self.systems if one.id == system_id)

    def network(self, network_id: str) -> NetworkPair:
        """The pair of networks of that id."""
        return next(one for one in self.networks if one.id == network_id)

    def samples_of(self, system: System) -> tuple[Sample, ...]:
        """The samples that a system is trained on."""
        return system.samples or self.samples

    def of_part(self, part: Part) -> tuple[System, ...]:
        """The systems of one part of the report."""
        return tuple(one for one in self.systems if one.part is part)

    @property
    def largest(self) -> Sample:
        """The largest sample."""
        return max(self.samples, key=lambda size: float("inf") if size is None else size)

    @property
    def needs_transfer(self) -> bool:
        """Whether a system learns from unlabelled texts."""
        return any(isinstance(one, DistilledSystem) and one.is_transfer for one in self.systems)

    def _has(self, system_id: str) -> bool:
        return any(one.id == system_id for one in self.systems)

    def _check_links(self, system: System) -> None:
        where = f"systems[{system.id}]"
        earlier = [one.id for one in self.systems[: self.systems.index(system)]]
        for name, linked in links_of(system).items():
            require(linked in earlier, f"{where}.{name}", "must name a system before it")
            require(
                set(self.samples_of(system)) <= set(self.samples_of(self.system(linked))),
                f"{where}.samples",
                f"must be among those of {linked}",
            )
        for size in system.samples:
            require(size in self.samples, f"{where}.samples", "must be among the study's")
        if isinstance(system, TunedSystem):
            self._check_search(system, where)
        if isinstance(system, ControlSystem):
            tuned = self.system(system.tuned)
            has_control = isinstance(tuned, TunedSystem) and tuned.search.has_random_control
            require(has_control, f"{where}.tuned", "must be a tuned system with a random control")
        if isinstance(system, JoinedSystem):
            rule = "must be a hard system"
            require(isinstance(self.system(system.teacher), HardSystem), f"{where}.teacher", rule)

    def _check_search(self, system: TunedSystem, where: str) -> None:
        require(
            system.search.folds == self.inner_folds, f"{where}.search.folds", "must be inner_folds"
        )
        chain = self.chain_of(system)
        require(
            chain is not None and isinstance(self.system(chain.distilled.teacher), HardSystem),
            f"{where}.chain",
            "must be a system distilled afresh from a hard one, or a hard one that goes on from it",
        )
        require_dimensions_fit(chain, system.search)

    def chain_of(self, system: TunedSystem) -> Chain | None:
        """The stages that a search tunes; None where they are not of the right kind."""
        last, fine_tuned = self.system(system.chain), None
        if isinstance(last, HardSystem) and last.start is not None:
            fine_tuned, last = last, self.system(last.start)
        if not isinstance(last, DistilledSystem) or last.start is not None or last.is_transfer:
            return None
        return Chain(last, fine_tuned, self.sentence_loss)


def read_study_config(path: Path) -> StudyConfig:
    """Read a study's configuration; see `json_values.build` for the form.

    Raises:
        TrainingError: It is not one; the message names the field.
    """
    try:
        return build(StudyConfig, parse_json(path.read_text(encoding="utf-8")), "study")
    except OSError as error:
        raise TrainingError(
            "The study's configuration cannot be read.", "Name a JSON file in UTF-8."
        ) from error
    except (ValueError, TypeError) as error:
        raise TrainingError(
            f"The study's configuration cannot be used: {error}.",
            "Correct that field and start again.",
        ) from error


def _are_different(values: tuple[object, ...] | list[str]) -> bool:
    return 0 < len(values) == len(set(values))
