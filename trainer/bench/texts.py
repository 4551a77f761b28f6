"""Invented abstracts of real length: no text of anybody's is measured with."""

from __future__ import annotations

import numpy as np

from kdh_desktop.core.record import Record

_PIECES_PER_SENTENCE = 39.5
"""Mean over the sentences below, by the word pieces of the usual uncased vocabulary."""

_CELLS = ("colon carcinoma", "glioblastoma", "mammary epithelial", "hepatoma", "melanoma")
_GENES = ("TP53", "EGFR", "VEGFA", "MYC", "CDKN2A", "HIF-1alpha", "PD-L1", "BCL-2")
_PROCESSES = ("apoptosis", "angiogenesis", "invasion", "glycolysis", "senescence", "DNA repair")
_DRUGS = ("an antibody", "a kinase inhibitor", "short interfering RNA", "ionising radiation")
_TEMPLATES = (
    (
        "The role of {gene} in {process} of {cells} cells is still debated, although earlier "
        "work suggested a link with {other} and with the prognosis of patients."
    ),
    (
        "We therefore treated {cells} cells with {drug} for {number} h and measured the "
        "expression of {gene} and of {other} by quantitative PCR and immunoblotting."
    ),
    (
        "Loss of {gene} reduced {process} by {number}% (p < 0.01), whereas overexpression of "
        "{other} restored it to the level of untreated controls."
    ),
    (
        "In xenografts of {cells} tumours in nude mice, {drug} delayed growth by {number} days "
        "and increased the share of caspase-3-positive cells."
    ),
    (
        "Chromatin immunoprecipitation showed that {gene} binds the promoter of {other}, and "
        "mutation of the binding site abolished {process} in a luciferase assay."
    ),
    (
        "Among {number} patients, high {gene} was associated with {process} and with shorter "
        "survival (hazard ratio 1.8, 95% confidence interval 1.2-2.7)."
    ),
    (
        "Taken together, these data indicate that {gene} controls {process} through {other}, "
        "which may be of use in the treatment of {cells} cancers."
    ),
)


def invented_abstracts(count: int, *, seed: int = 0) -> list[Record]:
    """Abstracts of about 80 to 500 word pieces, 360 on average; the same ones for a seed."""
    rng = np.random.default_rng(seed)
    pieces = np.clip(rng.normal(360, 110, size=count), 80, 470)
    return [
        Record(str(number), _abstract(rng, sentences=max(2, round(length / _PIECES_PER_SENTENCE))))
        for number, length in enumerate(pieces, start=1)
    ]


def _abstract(rng: np.random.Generator, *, sentences: int) -> str:
    return " ".join(
        _TEMPLATES[rng.integers(len(_TEMPLATES))].format(
            gene=rng.choice(_GENES),
            other=rng.choice(_GENES),
            process=rng.choice(_PROCESSES),
            cells=rng.choice(_CELLS),
            drug=rng.choice(_DRUGS),
            number=rng.integers(12, 97),
        )
        for _ in range(sentences)
    )
