"""Losses: hard labels, the teacher's soft targets, and their mixture."""

from __future__ import annotations

import torch
from torch.nn import functional

from trainer.batching import Batch
from trainer.training_loop import Objective


def bernoulli_kl(
    student_logits: torch.Tensor, teacher_logits: torch.Tensor, *, temperature: float
) -> torch.Tensor:
    """Mean over all labels of KL(teacher || student) between Bernoullis, times T squared.

    Source: Hinton et al. 2015, section 2, with one Bernoulli per label in place of a softmax,
    so that labels do not compete.
    """
    soft = torch.sigmoid(teacher_logits / temperature)
    cross_entropy = functional.binary_cross_entropy_with_logits(student_logits / temperature, soft)
    entropy = functional.binary_cross_entropy(soft, soft)
    return (cross_entropy - entropy) * temperature**2


def hard_objective(*, sentence_loss: float) -> Objective:
    """Binary cross-entropy of texts plus `sentence_loss` times that of sentences."""

    def loss(logits: torch.Tensor, sentence_logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        return _hard(logits, batch.text_targets) + sentence_loss * _hard(
            sentence_logits, batch.sentence_targets
        )

    return loss


def soft_objective(*, sentence_loss: float, temperature: float) -> Objective:
    """Bernoulli KL to the teacher for texts, plus `sentence_loss` times that for sentences."""

    def loss(logits: torch.Tensor, sentence_logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        return _soft(logits, batch.soft_text_logits, temperature) + sentence_loss * _soft(
            sentence_logits, batch.soft_sentence_logits, temperature
        )

    return loss


def mixed_objective(*, sentence_loss: float, temperature: float, alpha: float) -> Objective:
    """`alpha` times the soft objective plus (1 - `alpha`) times the hard one."""
    hard = hard_objective(sentence_loss=sentence_loss)
    soft = soft_objective(sentence_loss=sentence_loss, temperature=temperature)

    def loss(logits: torch.Tensor, sentence_logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        return alpha * soft(logits, sentence_logits, batch) + (1 - alpha) * hard(
            logits, sentence_logits, batch
        )

    return loss


def _hard(logits: torch.Tensor, targets: torch.Tensor | None) -> torch.Tensor:
    if targets is None:
        raise ValueError("these texts have no labels")
    return functional.binary_cross_entropy_with_logits(logits, targets.to(logits.device))


def _soft(logits: torch.Tensor, targets: torch.Tensor | None, temperature: float) -> torch.Tensor:
    if targets is None:
        raise ValueError("these texts have no soft targets")
    return bernoulli_kl(logits, targets.to(logits.device), temperature=temperature)
