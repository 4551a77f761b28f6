"""One phase of masked-language training: it never waits for the device but to tell of progress."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from kdh_desktop.core.errors import Cancelled, TrainingError
from kdh_desktop.core.training_protocol import (
    BatchDivided,
    BatchesDone,
    CheckpointSaved,
    EpochFinished,
    Event,
    StageScored,
)
from trainer.adaptation.masked_language import MaskedLanguageNetwork
from trainer.adaptation.masking import MaskedBatch, MaskedWindows, MaskingPieces
from trainer.adaptation.packed_texts import PieceStream
from trainer.learning.division import Division
from trainer.process.device import has_bfloat16

BATCHES_BETWEEN_EVENTS = 20
_MOST_HELD_OUT_WINDOWS = 512
_HELD_OUT_SHARE = 0.01
_SECONDS_BETWEEN_LINES = 5.0


@dataclass(frozen=True, slots=True)
class PhasePlan:
    """One phase of the pretraining.

    Attributes:
        name: What is learnt from.
        passes: Times that every text is seen.
        batch_size: Windows in one step.
        peak_rate: Highest learning rate.
    """

    name: str
    passes: int
    batch_size: int
    peak_rate: float

    def __post_init__(self) -> None:
        if self.passes < 1 or self.batch_size < 1 or not self.peak_rate > 0:
            raise TrainingError(
                "Passes, windows in a batch and learning rate must be over 0.",
                "Correct that option and start again.",
            )


@dataclass(frozen=True, slots=True)
class AdaptationConfig:
    """What the pretraining depends on, beside the encoder and the texts.

    Attributes:
        seed: All random choices follow from it.
        phases: One after the other.
        window: Tokens in one window, special ones included.
        mask_share: Share of the pieces to guess.
        dropout: Chance in 0..1 that a unit of a layer's output is zeroed.
        warmup: Share of a phase's steps in which the rate rises; then it falls to zero.
        weight_decay: AdamW's, on matrices only.
    """

    seed: int
    phases: tuple[PhasePlan, ...]
    window: int = 256
    mask_share: float = 0.15
    dropout: float = 0.1
    warmup: float = 0.06
    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        shares = (self.mask_share, self.dropout, self.warmup)
        if self.seed < 0 or self.window < 8 or not all(0 <= share <= 0.9 for share in shares):
            raise TrainingError(
                "A seed is not negative, a window has 8 tokens or more, and shares lie in 0..0.9.",
                "Correct that option and start again.",
            )


@dataclass(frozen=True, slots=True)
class Computing:
    """Where and how it is computed; the outcome is the same but for rounding.

    Attributes:
        device: The device.
        is_compiled: Whether kernels are fused first, which takes about a minute.
        checkpoint_interval_s: Time between two checkpoints.
    """

    device: torch.device
    is_compiled: bool = False
    checkpoint_interval_s: float = 240.0

    def autocast(self) -> torch.autocast:
        """bfloat16 where the device computes in it by itself; emulated it would be slower."""
        kind = self.device.type
        return torch.autocast(kind, dtype=torch.bfloat16, enabled=has_bfloat16(kind))


@dataclass(frozen=True, slots=True)
class AdaptationHooks:
    """What the pretraining tells and asks.

    Attributes:
        emit: Takes events.
        check: Is asked before every step; raises `Cancelled` where the user wants to stop.
        say: Takes one line about the progress, for people.
    """

    emit: Callable[[Event], None]
    check: Callable[[], None]
    say: Callable[[str], None]


class Phase:
    """The steps of one phase; each depends on its number alone, so that any can be the first."""

    def __init__(
        self,
        number: int,
        network: MaskedLanguageNetwork,
        *,
        config: AdaptationConfig,
        computing: Computing,
        hooks: AdaptationHooks,
        save: Callable[[dict[str, Any]], None],
    ) -> None:
        """Get ready to train `network` by the plan at `number` in the config, from 0.

        `save` keeps what `run` needs to go on from where it was.
        """
        self._number = number
        self._network = network
        self._plan = config.phases[number]
        self._config = config
        self._computing = computing
        self._hooks = hooks
        self._save = save
        self._optimizer = _optimizer(network, config.weight_decay)
        self._division = Division(
            computing.device,
            forget=partial(self._optimizer.zero_grad, set_to_none=True),
            tell=lambda parts: hooks.emit(BatchDivided(parts)),
        )
        self._losses = torch.zeros((), device=computing.device)
        self._order = torch.empty(0)

    def run(self, stream: PieceStream, pieces: MaskingPieces, state: dict[str, Any] | None) -> None:
        """Train to the end, from the beginning or from what `save` was given.

        Raises:
            Cancelled: The user stopped it; the state was saved.
            TrainingError: The loss is no longer a number, there is too little text, or memory is
                short even for an eighth of a batch.
        """
        windows, held_out = self._windows(stream, pieces)
        batch_size = min(self._plan.batch_size, windows.windows_per_pass)
        per_pass = windows.windows_per_pass // batch_size
        steps = per_pass * self._plan.passes
        first = 0 if state is None else self._restore(state)
        pace = _Pace(first, steps, tokens=batch_size * self._config.window)
        saved_at = time.monotonic()
        for step in range(first, steps):
            number, at = divmod(step, per_pass)
            self._check(step)
            if at == 0 or step == first:
                self._order = windows.order(seed=self._seed(1, number))
            self._set_rate(_rate_factor(step, steps, self._config.warmup))
            self._step(windows, self._order[at * batch_size : (at + 1) * batch_size], step)
            if (at + 1) % BATCHES_BETWEEN_EVENTS == 0 or at + 1 == per_pass:
                self._tell(number + 1, at + 1, per_pass, pace)
            if at + 1 == per_pass:
                self._finish_pass(number + 1, per_pass, held_out, batch_size)
            if time.monotonic() - saved_at >= self._computing.checkpoint_interval_s:
                self._keep(step + 1)
                self._hooks.emit(CheckpointSaved(number + 1))
                saved_at = time.monotonic()

    def _windows(
        self, stream: PieceStream, pieces: MaskingPieces
    ) -> tuple[MaskedWindows, MaskedWindows | None]:
        """Windows to learn from, and to be judged on, where there are enough."""
        body = self._config.window - 2
        whole = len(stream.ids) // body
        apart = min(_MOST_HELD_OUT_WINDOWS, int(whole * _HELD_OUT_SHARE))
        cut = len(stream.ids) if apart < 2 else len(stream.ids) - apart * body

        def of(rows: slice) -> MaskedWindows:
            part = PieceStream(stream.ids[rows], stream.is_start[rows], stream.texts, stream.source)
            return MaskedWindows(
                part,
                pieces,
                window=self._config.window,
                share=self._config.mask_share,
                device=self._computing.device,
            )

        return of(slice(cut)), None if apart < 2 else of(slice(cut, None))

    def _check(self, step: int) -> None:
        try:
            self._hooks.check()
        except Cancelled:
            self._keep(step)
            raise

    def _keep(self, steps_done: int) -> None:
        self._save(
            {
                "steps_done": steps_done,
                "optimizer": self._optimizer.state_dict(),
                "losses": self._losses,
            }
        )

    def _restore(self, state: dict[str, Any]) -> int:
        self._optimizer.load_state_dict(state["optimizer"])
        self._losses = state["losses"].to(self._computing.device)
        return int(state["steps_done"])

    def _set_rate(self, factor: float) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = self._plan.peak_rate * factor

    def _step(self, windows: MaskedWindows, begins: torch.Tensor, step: int) -> None:
        torch.manual_seed(self._seed(0, step))
        loss = self._in_parts(windows.batch(begins), self._learn)
        nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self._losses += loss

    def _in_parts(
        self, batch: MaskedBatch, loss_of: Callable[[MaskedBatch, torch.Tensor], torch.Tensor]
    ) -> torch.Tensor:
        """Each part counts by its share of the pieces to guess, so that the loss is the batch's."""
        asked = batch.weights.sum().clamp(min=1.0)

        def whole(size: int) -> torch.Tensor:
            parts = batch.parts(size)
            return torch.stack([loss_of(x, x.weights.sum() / asked) for x in parts]).sum()

        return self._division.attempt(len(batch.weights), whole)

    def _learn(self, batch: MaskedBatch, share: torch.Tensor) -> torch.Tensor:
        with self._computing.autocast():
            loss = self._network(batch.input_ids, batch.positions, batch.targets, batch.weights)
        counted: torch.Tensor = loss * share
        counted.backward()  # type: ignore[no-untyped-call]
        return counted.detach()

    def _judge(self, batch: MaskedBatch, share: torch.Tensor) -> torch.Tensor:
        # Not the network itself: where it is compiled, this would be compiled once more.
        compute = self._network.forward
        return compute(batch.input_ids, batch.positions, batch.targets, batch.weights) * share

    def _tell(self, number: int, batch: int, batches: int, pace: _Pace) -> None:
        loss = float(self._losses) / batch
        if not math.isfinite(loss):
            raise TrainingError(
                "The training diverged: its loss is no longer a number.",
                "Lower the learning rate, and name a new work folder.",
            )
        self._hooks.emit(BatchesDone(number, batch, batches))
        line = pace.line((number - 1) * batches + batch)
        if line:
            where = f"{self._plan.name}: pass {number} of {self._plan.passes}"
            self._hooks.say(f"{where}, loss {loss:.3f}, {line}")

    def _finish_pass(
        self, number: int, batches: int, held_out: MaskedWindows | None, batch_size: int
    ) -> None:
        loss = float(self._losses) / batches
        self._losses = torch.zeros_like(self._losses)
        self._hooks.emit(EpochFinished(number, self._plan.passes, loss))
        if held_out is not None:
            judged = self._held_out_loss(held_out, batch_size)
            self._hooks.emit(StageScored({f"{self._plan.name}_held_out_loss": judged}))
            self._hooks.say(f"{self._plan.name}: pass {number}, held-out loss {judged:.4f}")

    def _held_out_loss(self, windows: MaskedWindows, batch_size: int) -> float:
        """Mean loss over windows that are never learnt from, with the same words hidden."""
        torch.manual_seed(self._config.seed)
        order = windows.order(seed=self._config.seed)
        self._network.eval()
        losses: list[torch.Tensor] = []
        with torch.no_grad(), self._computing.autocast():
            for at in range(0, len(order), batch_size):
                begins = order[at : at + batch_size]
                losses.append(self._in_parts(windows.batch(begins), self._judge) * len(begins))
        self._network.train()
        return float(torch.stack(losses).sum()) / len(order)

    def _seed(self, *what: int) -> int:
        sequence = np.random.SeedSequence([self._config.seed, self._number, *what])
        return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))


class _Pace:
    """How fast it goes, told now and then."""

    def __init__(self, first: int, steps: int, *, tokens: int) -> None:
        self._steps = steps
        self._tokens = tokens
        self._told_step = first
        self._told_at = time.monotonic()

    def line(self, done: int) -> str:
        """What to say after `done` steps, or nothing where that was said a moment ago."""
        seconds = time.monotonic() - self._told_at
        if seconds < _SECONDS_BETWEEN_LINES and done < self._steps:
            return ""
        speed = (done - self._told_step) / max(seconds, 1e-9)
        self._told_step, self._told_at = done, time.monotonic()
        left = (self._steps - done) / max(speed, 1e-9)
        return f"{speed * self._tokens / 1000:.1f} thousand tokens/s, {left:.0f} s left"


def _rate_factor(step: int, steps: int, warmup: float) -> float:
    rising = max(1, math.ceil(steps * warmup))
    if step < rising:
        return (step + 1) / rising
    return (steps - step) / max(1, steps - rising)


def _optimizer(network: nn.Module, weight_decay: float) -> torch.optim.Optimizer:
    """AdamW with the settings of Liu et al. 2019, table 9."""
    matrices = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98), eps=1e-6, fused=True)
