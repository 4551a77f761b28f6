"""The labels that a model knows, in the order of its logit columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Label:
    """One label.

    Attributes:
        id: Stable identifier for files and programs, e.g. ``evading_growth_suppressors``.
        name: What people read, e.g. ``Evading growth suppressors``.
        definition: One or two sentences saying what a text with this label is about; empty where
            nobody wrote any.
    """

    id: str
    name: str
    definition: str


@dataclass(frozen=True)
class LabelSet:
    """Ordered labels; position is the logit column.

    Raises:
        ValueError: Ids or names are not unique, or there are none.
    """

    labels: tuple[Label, ...]

    def __post_init__(self) -> None:
        if not self.labels:
            raise ValueError("a label set needs at least one label")
        for values in ([x.id for x in self.labels], [x.name for x in self.labels]):
            if len(set(values)) != len(values):
                raise ValueError("label ids and names must be unique")

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Label ids in column order."""
        return tuple(label.id for label in self.labels)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Label names in column order."""
        return tuple(label.name for label in self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[Label]:
        return iter(self.labels)

    def __getitem__(self, column: int) -> Label:
        return self.labels[column]


HALLMARKS_OF_CANCER = LabelSet(
    (
        Label(
            "sustaining_proliferative_signaling",
            "Sustaining proliferative signaling",
            "Cells keep receiving or producing the signals that tell them to divide: growth "
            "factors, their receptors, and the pathways behind them stay switched on.",
        ),
        Label(
            "evading_growth_suppressors",
            "Evading growth suppressors",
            "Brakes on division are lost: tumour suppressors such as RB and p53, cell-cycle "
            "checkpoints and contact inhibition no longer stop growth.",
        ),
        Label(
            "resisting_cell_death",
            "Resisting cell death",
            "Cells escape, or are driven into, programmed death: apoptosis, autophagy and "
            "necrosis, and the proteins that promote or block them.",
        ),
        Label(
            "enabling_replicative_immortality",
            "Enabling replicative immortality",
            "Cells divide without limit: telomerase and telomere length, immortalisation, and "
            "the escape from senescence.",
        ),
        Label(
            "inducing_angiogenesis",
            "Inducing angiogenesis",
            "New blood vessels are grown to feed the tumour: VEGF and other angiogenic factors, "
            "and the drugs that block them.",
        ),
        Label(
            "activating_invasion_and_metastasis",
            "Activating invasion and metastasis",
            "Cells leave the primary tumour: migration, invasion of neighbouring tissue, "
            "epithelial-mesenchymal transition and spread to other organs.",
        ),
        Label(
            "genomic_instability_and_mutation",
            "Genomic instability and mutation",
            "The genome changes more than it should: mutations, DNA damage and faulty repair, "
            "adducts, and chromosomal aberrations.",
        ),
        Label(
            "tumor_promoting_inflammation",
            "Tumor promoting inflammation",
            "Inflammation helps the tumour: immune cells, cytokines, oxidative stress and "
            "chronic inflammatory disease that favour cancer.",
        ),
        Label(
            "cellular_energetics",
            "Cellular energetics",
            "Energy metabolism is reprogrammed: aerobic glycolysis (the Warburg effect), glucose "
            "uptake, lactate and mitochondrial changes.",
        ),
        Label(
            "avoiding_immune_destruction",
            "Avoiding immune destruction",
            "The tumour hides from or weakens the immune system: suppressed T and NK cells, "
            "checkpoint molecules, and immunotherapy that restores the response.",
        ),
    )
)
"""Source: Hanahan and Weinberg 2011, in the naming of the HoC corpus (Baker et al. 2016)."""
