"""Contestants of the training benchmark: our loop, and the Trainer of transformers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn

from kdh_desktop.core.classification.sentences import split_sentences
from kdh_desktop.core.training_config import Augmentation, Schedule
from trainer.bench.memory import resident_megabytes
from trainer.bench.meter import StepMeter
from trainer.bench.texts import invented_abstracts
from trainer.corpus import LabelledText
from trainer.learning.batching import Batch, Batches, Encoder, Example, PieceIds
from trainer.learning.objectives import hard_objective
from trainer.learning.training_loop import LoopHooks, Objective, sentence_means, train
from trainer.networks.encoders import load_encoder
from trainer.networks.transformer import TransformerNetwork, load_transformer
from trainer.process.control import RunControl
from trainer.process.device import has_bfloat16, repeat_exactly

if TYPE_CHECKING:
    from transformers import Trainer

_RATE = 1e-4
_DROPOUT = 0.1
_SEED = 0

Answer = dict[str, Any]
Contestant = Mapping[str, Callable[[], Answer]]


@dataclass(frozen=True, slots=True)
class TrainingTask:
    """What all contestants train, and on what.

    Attributes:
        encoder: Folder of a base encoder.
        device: `cpu` or `cuda`.
        texts: Texts in an epoch, which is one round; a multiple of `batch_size`.
        batch_size: Texts in one step.
        max_tokens: Texts are cut to so many word pieces.
        labels: Number of labels.
    """

    encoder: str
    device: str
    texts: int
    batch_size: int
    max_tokens: int
    labels: int = 10

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return self.texts // self.batch_size


def training_loop(spec: Mapping[str, Any]) -> Contestant:
    """Our own loop, as every stage of a run uses it."""
    task = TrainingTask(**spec["task"])
    repeat_exactly(torch.device(task.device))
    examples, piece_ids = _examples(task)
    network = _our_network(task).to(task.device)
    batches = Batches(
        examples, piece_ids=piece_ids, max_tokens=task.max_tokens, batch_size=task.batch_size
    )

    def one_round() -> Answer:
        meter = StepMeter(_objective(), steps=task.steps)
        train(
            network,
            batches,
            objective=meter,
            schedule=Schedule(epochs=1, peak_rate=_RATE, batch_size=task.batch_size),
            augmentation=Augmentation(),
            seed=_SEED,
            hooks=LoopHooks(lambda *_: None, lambda _: None, RunControl()),
        )
        return asdict(meter.pace)

    return {"round": one_round, "memory": resident_megabytes}


def hugging_face_trainer(spec: Mapping[str, Any]) -> Contestant:
    """The Trainer of transformers on the same network, loss and texts.

    Batches are padded to their longest text, in bfloat16 where ours are; all else is its default,
    but that nothing is logged, saved or judged. `is_grouped` turns on its own grouping by length;
    without `is_our_network` dropout and attention are left as transformers makes them.
    """
    task = TrainingTask(**spec["task"])
    if spec["is_our_network"]:
        # In all but the loop it is to be as ours.
        repeat_exactly(torch.device(task.device))
    examples, piece_ids = _examples(task)
    load = _our_network if spec["is_our_network"] else _network_as_it_comes
    network = load(task)

    def one_round() -> Answer:
        meter = StepMeter(_objective(), steps=task.steps)
        trainer = _trainer(
            task,
            _Taught(network, meter),
            [_item(example) for example in examples],
            collate=_Collator(piece_ids, max_tokens=task.max_tokens),
            is_grouped=spec["is_grouped"],
        )
        trainer.train()
        return asdict(meter.pace)

    return {"round": one_round, "memory": resident_megabytes}


def _objective() -> Objective:
    return hard_objective(sentence_loss=3.0)


def _examples(task: TrainingTask) -> tuple[list[Example], PieceIds]:
    encoder = Encoder(Tokenizer.from_file(str(Path(task.encoder) / "tokenizer.json")))
    rng = np.random.default_rng(_SEED)
    texts = []
    for record in invented_abstracts(task.texts):
        sentences = tuple(record.text[start:end] for start, end in split_sentences(record.text))
        targets = rng.integers(0, 2, (len(sentences), task.labels)).astype(np.float32)
        texts.append(
            LabelledText(
                record.id,
                sentences,
                sentences,
                targets=targets.max(axis=0),
                sentence_targets=targets,
            )
        )
    return encoder.examples(texts), encoder.piece_ids


def _our_network(task: TrainingTask) -> nn.Module:
    return load_transformer(Path(task.encoder), labels=task.labels, dropout=_DROPOUT)


def _network_as_it_comes(task: TrainingTask) -> nn.Module:
    """Our network with the library's dropout and attention, which drops no focus, like ours."""
    encoder = load_encoder(Path(task.encoder), dropout=_DROPOUT)
    network = TransformerNetwork(encoder, labels=task.labels, dropout=_DROPOUT)
    network.dropout = nn.Dropout(_DROPOUT)  # type: ignore[assignment]
    return network


def _item(example: Example) -> dict[str, object]:
    """A text as the Trainer wants it: its grouping by length looks at `input_ids`."""
    return {"input_ids": [one for piece in example.pieces for one in piece], "example": example}


class _Collator:
    """Pads a batch to its longest text, with the code that makes our own batches."""

    def __init__(self, piece_ids: PieceIds, *, max_tokens: int) -> None:
        self._piece_ids = piece_ids
        self._max_tokens = max_tokens

    def __call__(self, items: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        batches = Batches(
            [item["example"] for item in items],
            piece_ids=self._piece_ids,
            max_tokens=self._max_tokens,
            batch_size=len(items),
        )
        ((_, batch),) = batches.by_length()
        named = {field.name: getattr(batch, field.name) for field in fields(batch)}
        return {name: tensor for name, tensor in named.items() if tensor is not None}


class _Taught(nn.Module):
    """A network with its loss, which is what the Trainer trains."""

    def __init__(self, network: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.network = network
        self._objective = objective

    def forward(self, **tensors: torch.Tensor) -> dict[str, torch.Tensor]:
        batch = Batch(**{field.name: tensors.get(field.name) for field in fields(Batch)})  # type: ignore[arg-type]
        logits, token_logits = self.network(batch.input_ids, batch.attention_mask)
        return {"loss": self._objective(logits, sentence_means(token_logits, batch), batch)}


def _trainer(
    task: TrainingTask,
    model: nn.Module,
    items: Sequence[Mapping[str, object]],
    *,
    collate: _Collator,
    is_grouped: bool,
) -> Trainer:
    from transformers import PrinterCallback, Trainer, TrainingArguments

    arguments = TrainingArguments(
        num_train_epochs=1,
        per_device_train_batch_size=task.batch_size,
        learning_rate=_RATE,
        bf16=has_bfloat16(task.device),
        use_cpu=task.device == "cpu",
        train_sampling_strategy="group_by_length" if is_grouped else "random",
        remove_unused_columns=False,
        logging_strategy="no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        seed=_SEED,
    )
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=items,
        data_collator=collate,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer
