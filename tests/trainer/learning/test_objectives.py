"""Losses against their formulas, written out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from torch.distributions import Bernoulli, kl_divergence

from kdh_desktop.core.training_config import SoftLoss
from trainer.learning.batching import Batch
from trainer.learning.objectives import (
    bernoulli_kl,
    best_of_sentences,
    hard_objective,
    logit_mse,
    mixed_objective,
    soft_objective,
    softmax_kl,
)

TEMPERATURES = st.sampled_from([0.5, 1.0, 2.0, 5.0])
LOGITS = npst.arrays(np.float32, (4, 3), elements=st.floats(-6, 6, width=16))


def sigmoid(values: NDArray[np.floating]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-values.astype(np.float64)))


def tensor(values: NDArray[np.float32]) -> torch.Tensor:
    return torch.from_numpy(values)


def kl(student: NDArray[np.float32], teacher: NDArray[np.float32], temperature: float) -> float:
    return float(bernoulli_kl(tensor(student), tensor(teacher), temperature=temperature))


@given(LOGITS, LOGITS, TEMPERATURES)
def test_bernoulli_kl_is_its_formula(
    student: NDArray[np.float32], teacher: NDArray[np.float32], temperature: float
) -> None:
    p, q = sigmoid(teacher / temperature), sigmoid(student / temperature)
    expected = np.mean(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))
    found = kl(student, teacher, temperature)
    assert found == pytest.approx(expected * temperature**2, abs=2e-5 * temperature**2)


@given(LOGITS, LOGITS, TEMPERATURES)
def test_bernoulli_kl_is_that_of_torch(
    student: NDArray[np.float32], teacher: NDArray[np.float32], temperature: float
) -> None:
    of_teacher = Bernoulli(logits=tensor(teacher).double() / temperature)
    of_student = Bernoulli(logits=tensor(student).double() / temperature)
    expected = float(kl_divergence(of_teacher, of_student).mean())
    found = kl(student, teacher, temperature)
    assert found == pytest.approx(expected * temperature**2, abs=2e-5 * temperature**2)


@given(LOGITS, TEMPERATURES)
def test_a_student_that_agrees_has_no_soft_loss_and_no_gradient(
    logits: NDArray[np.float32], temperature: float
) -> None:
    student = tensor(logits).requires_grad_()
    loss = bernoulli_kl(student, tensor(logits), temperature=temperature)
    assert float(loss.detach()) == pytest.approx(0, abs=1e-5 * temperature**2)
    (gradient,) = torch.autograd.grad(loss, student)
    np.testing.assert_allclose(gradient.numpy(), 0, atol=1e-6)


@given(LOGITS, LOGITS, TEMPERATURES)
def test_the_gradient_is_the_difference_of_softened_probabilities_times_t(
    student: NDArray[np.float32], teacher: NDArray[np.float32], temperature: float
) -> None:
    """T squared over T: so the soft loss keeps its weight beside the hard one at any T."""
    asked = tensor(student).requires_grad_()
    loss = bernoulli_kl(asked, tensor(teacher), temperature=temperature)
    (gradient,) = torch.autograd.grad(loss, asked)
    gap = sigmoid(student / temperature) - sigmoid(teacher / temperature)
    np.testing.assert_allclose(gradient.numpy(), temperature * gap / gap.size, atol=1e-5)


def test_at_high_temperature_the_gradient_is_that_of_a_quarter_of_the_logits_gap() -> None:
    student = torch.tensor([[2.0, -1.0]], requires_grad=True)
    teacher = torch.tensor([[0.5, 1.0]])
    (gradient,) = torch.autograd.grad(bernoulli_kl(student, teacher, temperature=100.0), student)
    expected = (student.detach() - teacher) / 4 / student.numel()
    np.testing.assert_allclose(gradient.numpy(), expected.numpy(), rtol=1e-2)


def test_a_teacher_that_is_quite_sure_gives_a_finite_loss() -> None:
    sure = torch.tensor([[200.0, -200.0]])
    assert float(bernoulli_kl(sure, sure, temperature=1.0)) == 0
    assert float(bernoulli_kl(-sure, sure, temperature=1.0)) == pytest.approx(200)


def batch_of(*, has_hard: bool = True, has_soft: bool = True) -> Batch:
    """Two texts of three sentences in all, two labels."""
    generator = torch.Generator().manual_seed(0)

    def some(rows: int) -> torch.Tensor:
        return torch.randn(rows, 2, generator=generator)

    return Batch(
        input_ids=torch.zeros(2, 4, dtype=torch.int64),
        attention_mask=torch.ones(2, 4, dtype=torch.int64),
        sentence_of_token=torch.zeros(2, 4, dtype=torch.int64),
        text_of_sentence=torch.tensor([0, 0, 1]),
        text_targets=(some(2) > 0).float() if has_hard else None,
        sentence_targets=(some(3) > 0).float() if has_hard else None,
        soft_text_logits=some(2) if has_soft else None,
        soft_sentence_logits=some(3) if has_soft else None,
    )


TEXT_LOGITS = torch.tensor([[0.3, -1.2], [2.0, 0.1]])
SENTENCE_LOGITS = torch.tensor([[0.3, -1.2], [2.0, 0.1], [-0.5, 0.7]])


def cross_entropy(logits: torch.Tensor, targets: torch.Tensor | None) -> float:
    assert targets is not None
    p, t = sigmoid(logits.numpy()), targets.numpy()
    return float(-np.mean(t * np.log(p) + (1 - t) * np.log(1 - p)))


def test_the_hard_loss_adds_that_of_sentences_at_its_weight() -> None:
    batch = batch_of()
    of_texts = cross_entropy(TEXT_LOGITS, batch.text_targets)
    of_sentences = cross_entropy(SENTENCE_LOGITS, batch.sentence_targets)
    for weight in (0.0, 1.0, 3.0):
        loss = hard_objective(sentence_loss=weight)(TEXT_LOGITS, SENTENCE_LOGITS, batch)
        assert float(loss) == pytest.approx(of_texts + weight * of_sentences, rel=1e-5)


def without_sentence_labels(batch: Batch, *texts: int) -> Batch:
    """The batch with the labels of these texts' sentences not known; of none where all are named.

    The rows of its sentences hold nonsense, so that a loss that looks at them is seen.
    """
    knows = torch.tensor([text not in texts for text in range(len(batch.input_ids))])
    if not knows.any():
        return replace(batch, sentence_targets=None)
    assert batch.sentence_targets is not None
    unknown = ~knows[batch.text_of_sentence]
    targets = batch.sentence_targets.masked_fill(unknown.unsqueeze(-1), 7.0)
    return replace(batch, sentence_targets=targets, is_text_with_sentences=knows)


BEST = torch.tensor([[2.0, 0.1], [-0.5, 0.7]])
"""Highest sentence logit of each text and label."""


def test_the_best_of_sentences_is_taken_text_by_text_and_label_by_label() -> None:
    torch.testing.assert_close(best_of_sentences(SENTENCE_LOGITS, batch_of()), BEST)


def test_only_the_best_sentence_learns_where_sentences_have_no_labels() -> None:
    logits = SENTENCE_LOGITS.clone().requires_grad_()
    loss = hard_objective(sentence_loss=1)(
        TEXT_LOGITS, logits, without_sentence_labels(batch_of(), 0, 1)
    )
    (gradient,) = torch.autograd.grad(loss, logits)
    assert (gradient != 0).tolist() == [[False, False], [True, True], [True, True]]


def test_without_sentence_labels_the_maximum_over_sentences_meets_the_texts_labels() -> None:
    batch = batch_of()
    of_texts = cross_entropy(TEXT_LOGITS, batch.text_targets)
    of_maxima = cross_entropy(BEST, batch.text_targets)
    loss = hard_objective(sentence_loss=3)(
        TEXT_LOGITS, SENTENCE_LOGITS, without_sentence_labels(batch, 0, 1)
    )
    assert float(loss) == pytest.approx(of_texts + 3 * of_maxima, rel=1e-5)


def test_texts_with_and_without_sentence_labels_weigh_alike() -> None:
    batch = batch_of()
    assert batch.sentence_targets is not None
    assert batch.text_targets is not None
    of_texts = cross_entropy(TEXT_LOGITS, batch.text_targets)
    of_sentences = cross_entropy(SENTENCE_LOGITS[:2], batch.sentence_targets[:2])
    of_maximum = cross_entropy(BEST[1:], batch.text_targets[1:])
    loss = hard_objective(sentence_loss=3)(
        TEXT_LOGITS, SENTENCE_LOGITS, without_sentence_labels(batch, 1)
    )
    expected = of_texts + 3 * (of_sentences + of_maximum) / 2
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_the_soft_loss_adds_that_of_sentences_at_its_weight() -> None:
    batch = batch_of()
    assert batch.soft_text_logits is not None
    assert batch.soft_sentence_logits is not None
    of_texts = float(bernoulli_kl(TEXT_LOGITS, batch.soft_text_logits, temperature=2))
    of_sentences = float(bernoulli_kl(SENTENCE_LOGITS, batch.soft_sentence_logits, temperature=2))
    for weight in (0.0, 1.0, 3.0):
        objective = soft_objective(sentence_loss=weight, temperature=2)
        loss = float(objective(TEXT_LOGITS, SENTENCE_LOGITS, batch))
        assert loss == pytest.approx(of_texts + weight * of_sentences, rel=1e-5)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_the_mixed_loss_weighs_soft_and_hard_by_alpha(alpha: float) -> None:
    arguments = (TEXT_LOGITS, SENTENCE_LOGITS, batch_of())
    hard = float(hard_objective(sentence_loss=3)(*arguments))
    soft = float(soft_objective(sentence_loss=3, temperature=2)(*arguments))
    mixed = mixed_objective(sentence_loss=3, temperature=2, alpha=alpha)(*arguments)
    assert float(mixed) == pytest.approx(alpha * soft + (1 - alpha) * hard, rel=1e-6)


def test_targets_that_are_not_there_are_a_bug() -> None:
    with pytest.raises(ValueError, match="no labels"):
        hard_objective(sentence_loss=1)(TEXT_LOGITS, SENTENCE_LOGITS, batch_of(has_hard=False))
    soft = soft_objective(sentence_loss=1, temperature=2)
    with pytest.raises(ValueError, match="no soft targets"):
        soft(TEXT_LOGITS, SENTENCE_LOGITS, batch_of(has_soft=False))


def test_softmax_distillation_is_the_divergence_between_softmaxes() -> None:
    student, teacher = torch.tensor([[1.0, 2.0, -1.0]]), torch.tensor([[0.5, -2.0, 3.0]])
    p, q = torch.softmax(teacher / 2, dim=-1), torch.softmax(student / 2, dim=-1)
    expected = float((p * (p / q).log()).sum()) * 4
    assert float(softmax_kl(student, teacher, temperature=2.0)) == pytest.approx(expected, rel=1e-5)


@given(st.integers(0, 1000), st.floats(0.5, 8.0))
def test_every_soft_loss_is_least_where_the_student_is_the_teacher(
    seed: int, temperature: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    teacher = 3 * torch.randn(4, 5, generator=generator)
    other = teacher + torch.randn(4, 5, generator=generator)
    losses: tuple[Callable[[torch.Tensor], torch.Tensor], ...] = (
        lambda x: bernoulli_kl(x, teacher, temperature=temperature),
        lambda x: softmax_kl(x, teacher, temperature=temperature),
        lambda x: logit_mse(x, teacher),
    )
    for loss in losses:
        assert float(loss(teacher)) == pytest.approx(0, abs=1e-4)
        assert float(loss(other)) > float(loss(teacher))


def test_labels_compete_under_the_softmax_and_not_under_bernoullis() -> None:
    """Raising all logits alike is nothing to a softmax, and another teacher to Bernoullis."""
    teacher = torch.tensor([[1.0, 0.0, -1.0]])
    assert float(softmax_kl(teacher + 5, teacher, temperature=1.0)) == pytest.approx(0, abs=1e-5)
    assert float(bernoulli_kl(teacher + 5, teacher, temperature=1.0)) > 0.5


@pytest.mark.parametrize("soft_loss", SoftLoss)
def test_the_soft_loss_asked_for_is_the_one_taken(soft_loss: SoftLoss) -> None:
    batch = batch_of()
    teacher, of_sentences = batch.soft_text_logits, batch.soft_sentence_logits
    assert teacher is not None
    assert of_sentences is not None
    student, student_sentences = teacher.flip(0), of_sentences.flip(0)
    objective = soft_objective(sentence_loss=0.5, temperature=2.0, soft_loss=soft_loss)

    def expected(of_student: torch.Tensor, of_teacher: torch.Tensor) -> torch.Tensor:
        return {
            SoftLoss.BERNOULLI: bernoulli_kl(of_student, of_teacher, temperature=2.0),
            SoftLoss.SOFTMAX: softmax_kl(of_student, of_teacher, temperature=2.0),
            SoftLoss.MSE: logit_mse(of_student, of_teacher),
        }[soft_loss]

    both = expected(student, teacher) + 0.5 * expected(student_sentences, of_sentences)
    assert float(objective(student, student_sentences, batch)) == pytest.approx(float(both))
