"""What a study found, as plain values: what its report, table and JSON are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kdh_desktop.core.search_space import Value
from trainer.study.cells import Search
from trainer.study.config import StudyConfig
from trainer.study.system_kinds import Sample


class Metric(StrEnum):
    """Figures that systems are compared by; all in 0..1, higher is better."""

    MICRO_F1 = "micro_f1"
    MACRO_F1 = "macro_f1"
    WEIGHTED_F1 = "weighted_f1"
    SUBSET_ACCURACY = "subset_accuracy"


@dataclass(frozen=True, slots=True)
class CellOutcome:
    """One cell that was judged.

    Attributes:
        fold: The fold it was judged on.
        seed: Its seed.
        texts: Texts it was trained on.
        seconds: Wall time of its own training and scoring.
        figures: All figures by name, in 0..1.
        label_f1: F1 of each label on this fold.
        chosen: Hyper-parameters that were taken from a search, by dotted path.
        searches: What was searched for in it.
    """

    fold: int
    seed: int
    texts: int
    seconds: float
    figures: Mapping[str, float]
    label_f1: tuple[float, ...]
    chosen: Mapping[str, Value] | None
    searches: tuple[Search, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """One figure of a system.

    Attributes:
        figure: Of all texts together, mean over seeds: what interval and tests of pairs are of.
        low: Lower end of the bootstrap's interval of 95 % over texts, or over their groups.
        high: Its upper end.
        mean: Over folds, of each fold's own figure, mean over seeds. Macro and weighted F1 are
            others than over all texts, since few texts of a fold have a rare label.
        deviation: Standard deviation over folds of the same; 0 for a single fold.
    """

    figure: float
    low: float
    high: float
    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Decisions of like probability.

    Attributes:
        decisions: Their number.
        predicted: Mean probability.
        observed: Share that is right.
    """

    decisions: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far probabilities can be believed, each fold calibrated on the others."""

    bins: tuple[Bin, ...]
    error: float


@dataclass(frozen=True, slots=True)
class SystemOutcome:
    """One system with one network, trained on one sample.

    Attributes:
        system: Its id.
        network: Id of the pair of networks.
        sample: Size of the sample.
        summaries: By metric.
        label_f1: F1 of each label over all texts, mean over seeds.
        reliability: Of its probabilities.
        seconds: Wall time of a cell and all that it is made from, mean over folds and seeds.
        parameters: Numbers in its network.
        cells: Its cells, seed by seed and fold by fold.
    """

    system: str
    network: str
    sample: Sample
    summaries: Mapping[str, Summary]
    label_f1: tuple[float, ...]
    reliability: Reliability
    seconds: float
    parameters: int
    cells: tuple[CellOutcome, ...]


@dataclass(frozen=True, slots=True)
class PairTest:
    """Two systems compared under equal conditions.

    Attributes:
        family: Tests that are corrected together.
        metric: What they are compared by.
        network: Id of the pair of networks.
        sample: Size of the sample.
        first: Id of the first system.
        second: Id of the second.
        difference: First minus second, all folds together.
        low: Lower end of its interval of 95 %.
        high: Upper end.
        bootstrap: P-value of the paired bootstrap over texts, or over their groups.
        bootstrap_holm: The same after Holm's correction.
        wilcoxon: P-value of Wilcoxon's test over folds.
        wilcoxon_holm: The same after Holm's correction.
        mcnemar: P-value of McNemar's test over texts, right where all labels are; None for other
            metrics than micro-F1, which it does not regard.
        mcnemar_holm: The same after Holm's correction.
        first_only: Texts that only the first has right.
        second_only: Texts that only the second has right.
    """

    family: str
    metric: str
    network: str
    sample: Sample
    first: str
    second: str
    difference: float
    low: float
    high: float
    bootstrap: float
    bootstrap_holm: float
    wilcoxon: float
    wilcoxon_holm: float
    mcnemar: float | None = None
    mcnemar_holm: float | None = None
    first_only: int | None = None
    second_only: int | None = None


@dataclass(frozen=True, slots=True)
class LabelCount:
    """A label and how many texts have it."""

    name: str
    texts: int


@dataclass(frozen=True, slots=True)
class About:
    """What a study was made with.

    Attributes:
        corpus_sha256: Digest of texts and labels.
        texts: Number of labelled texts.
        groups: Number of groups that were kept together; None where texts stand alone.
        samples: Texts in each sample, by its name.
        encoder_sha256: Digest of the base encoder's weights; None where no network needs one.
        transfer_texts: Number of unlabelled texts.
        transfer_sha256: Their digest; None where there are none.
        devices: What was computed on, by cell.
        machine: Processor and cores, without a name.
        jobs: Processes side by side.
        libraries: Versions.
        utc: When the report was written.
        seconds: Wall time of all cells, one after the other.
    """

    corpus_sha256: str
    texts: int
    groups: int | None
    samples: Mapping[str, int]
    encoder_sha256: str | None
    transfer_texts: int
    transfer_sha256: str | None
    devices: tuple[str, ...]
    machine: str
    jobs: int
    libraries: Mapping[str, str]
    utc: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """All of it."""

    config: StudyConfig
    about: About
    labels: tuple[LabelCount, ...]
    systems: tuple[SystemOutcome, ...]
    pairs: tuple[PairTest, ...]

    def of(self, system: str, network: str, sample: Sample) -> SystemOutcome | None:
        """One system's outcome, or None where it was not trained so."""
        for one in self.systems:
            if (one.system, one.network, one.sample) == (system, network, sample):
                return one
        return None

    def name_of(self, system: str) -> str:
        """A system's name in the report."""
        return self.config.system(system).name

    @property
    def largest(self) -> Sample:
        """The largest sample."""
        return self.config.largest


def sample_name(sample: Sample) -> str:
    """A sample's name in tables."""
    return "all" if sample is None else f"{sample:,}"
