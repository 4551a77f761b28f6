"""Losses: hard labels, the teacher's soft targets, and their mixture."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import torch
from torch.nn import functional

from kdh_desktop.core.training_config import SoftLoss
from trainer.learning.batching import Batch
from trainer.learning.training_loop import Objective

_Distance = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""From the student's and the teacher's logits, both (rows, labels), to a loss."""


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


def softmax_kl(
    student_logits: torch.Tensor, teacher_logits: torch.Tensor, *, temperature: float
) -> torch.Tensor:
    """Mean over texts of KL(teacher || student) between softmaxes over labels, times T squared.

    Labels compete: one can only rise where others fall. With a single label nothing is learnt.

    Source: Sakai and Lam 2025 (KDH-MLTC), the distillation loss.
    """
    soft = torch.log_softmax(teacher_logits / temperature, dim=-1)
    logs = torch.log_softmax(student_logits / temperature, dim=-1)
    divergence = functional.kl_div(logs, soft, reduction="batchmean", log_target=True)
    return divergence * temperature**2


def logit_mse(student_logits: torch.Tensor, teacher_logits: torch.Tensor) -> torch.Tensor:
    """Mean squared difference of the logits themselves.

    Source: Ba and Caruana 2014, equation 1.
    """
    return functional.mse_loss(student_logits, teacher_logits)


def hard_objective(*, sentence_loss: float) -> Objective:
    """Binary cross-entropy of texts plus `sentence_loss` times that of sentences.

    Where only the text is labelled, that of sentences is the cross-entropy of their maximum
    against the text's labels: some sentence carries each label, and none a label that is absent.
    Texts with and without labelled sentences weigh alike.

    Source: multiple-instance learning with the maximum as the pooling, Andrews et al. 2003.
    """

    def loss(logits: torch.Tensor, sentence_logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        return _hard(logits, batch.text_targets) + sentence_loss * _hard_of_sentences(
            sentence_logits, batch
        )

    return loss


def soft_objective(
    *, sentence_loss: float, temperature: float, soft_loss: SoftLoss = SoftLoss.BERNOULLI
) -> Objective:
    """Distance to the teacher for texts, plus `sentence_loss` times that for sentences."""
    distance = _distance(soft_loss, temperature)

    def loss(logits: torch.Tensor, sentence_logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        return _soft(logits, batch.soft_text_logits, distance) + sentence_loss * _soft(
            sentence_logits, batch.soft_sentence_logits, distance
        )

    return loss


def mixed_objective(
    *,
    sentence_loss: float,
    temperature: float,
    alpha: float,
    soft_loss: SoftLoss = SoftLoss.BERNOULLI,
) -> Objective:
    """`alpha` times the soft objective plus (1 - `alpha`) times the hard one."""
    hard = hard_objective(sentence_loss=sentence_loss)
    soft = soft_objective(sentence_loss=sentence_loss, temperature=temperature, soft_loss=soft_loss)

    def loss(logits: torch.Tensor, sentence_logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        return alpha * soft(logits, sentence_logits, batch) + (1 - alpha) * hard(
            logits, sentence_logits, batch
        )

    return loss


def _hard(logits: torch.Tensor, targets: torch.Tensor | None) -> torch.Tensor:
    if targets is None:
        raise ValueError("these texts have no labels")
    return functional.binary_cross_entropy_with_logits(logits, targets.to(logits.device))


def _hard_of_sentences(sentence_logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    if batch.sentence_targets is None:
        return _hard(best_of_sentences(sentence_logits, batch), batch.text_targets)
    if batch.is_text_with_sentences is None or batch.text_targets is None:
        return _hard(sentence_logits, batch.sentence_targets)
    knows = batch.is_text_with_sentences.to(sentence_logits.device)
    inside = knows[batch.text_of_sentence.to(sentence_logits.device)]
    share = knows.float().mean()
    best = best_of_sentences(sentence_logits, batch)
    of_sentences = _hard(sentence_logits[inside], batch.sentence_targets.to(inside.device)[inside])
    of_texts = _hard(best[~knows], batch.text_targets.to(knows.device)[~knows])
    return share * of_sentences + (1 - share) * of_texts


def best_of_sentences(sentence_logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Highest sentence logit of each text and label, float32 (batch, labels)."""
    labels = sentence_logits.shape[-1]
    owner = batch.text_of_sentence.to(sentence_logits.device).unsqueeze(-1).expand(-1, labels)
    lowest = sentence_logits.new_full((len(batch.input_ids), labels), -torch.inf)
    return lowest.scatter_reduce(0, owner, sentence_logits, "amax")


def _soft(logits: torch.Tensor, targets: torch.Tensor | None, distance: _Distance) -> torch.Tensor:
    if targets is None:
        raise ValueError("these texts have no soft targets")
    return distance(logits, targets.to(logits.device))


def _distance(soft_loss: SoftLoss, temperature: float) -> _Distance:
    match soft_loss:
        case SoftLoss.BERNOULLI:
            return lambda student, teacher: bernoulli_kl(student, teacher, temperature=temperature)
        case SoftLoss.SOFTMAX:
            return lambda student, teacher: softmax_kl(student, teacher, temperature=temperature)
        case SoftLoss.MSE:
            return logit_mse
    assert_never(soft_loss)
