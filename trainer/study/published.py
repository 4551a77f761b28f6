"""Figures of the papers whose studies are repeated here, to be set beside ours.

Source: Huang et al. 2022 (ROCLING), means of five folds; Sakai and Lam 2025 (KDH-MLTC).
"""

from __future__ import annotations

from dataclasses import dataclass

from trainer.study.outcome import Metric


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One line of a paper's table.

    Attributes:
        network: Id of the pair of networks that stands for it here.
        system: Id of the system that stands for it here.
        figures: Percent, by metric.
    """

    network: str
    system: str
    figures: dict[Metric, float]


def _rows(network: str, *of_systems: tuple[float, float, float, float]) -> list[PublishedRow]:
    systems = ("teacher", "student", "distilled")
    return [
        PublishedRow(network, system, dict(zip(Metric, figures, strict=True)))
        for system, figures in zip(systems, of_systems, strict=True)
    ]


ROCLING: tuple[PublishedRow, ...] = (
    *_rows(
        "text_rnn",
        (72.11, 62.65, 71.93, 13.70),
        (71.09, 57.15, 68.82, 15.85),
        (74.29, 63.76, 73.52, 16.24),
    ),
    *_rows(
        "text_cnn",
        (75.89, 68.35, 75.48, 18.75),
        (74.55, 63.57, 72.88, 18.75),
        (76.80, 67.68, 75.72, 19.70),
    ),
    *_rows(
        "han",
        (75.73, 69.36, 75.60, 17.79),
        (74.63, 66.08, 73.66, 19.10),
        (77.54, 71.00, 77.15, 21.22),
    ),
    *_rows(
        "gru_attention",
        (73.30, 64.70, 73.06, 14.93),
        (71.90, 61.44, 70.88, 14.69),
        (75.17, 67.63, 75.26, 16.52),
    ),
)
"""2,724 Chinese healthcare texts, 9 labels, 5-fold cross-validation."""

KDH_MLTC_F1 = 82.70
"""F1 on the largest sample of the Hallmarks of Cancer; average and split are not stated."""
