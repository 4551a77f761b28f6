"""Stages of a run: what each leaves in the work folder, so that a killed run goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from kdh_desktop.core.training_config import Augmentation, Schedule
from kdh_desktop.core.training_protocol import (
    BatchDivided,
    BatchesDone,
    CheckpointSaved,
    EpochFinished,
    Event,
    StageStarted,
    TextsScored,
)
from trainer.learning.batching import Batches
from trainer.learning.checkpoint import Checkpoint, load_state, save_state
from trainer.learning.network_scores import ScoresSoFar, score
from trainer.learning.training_loop import EpochOutcome, LoopHooks, Objective, Validate, train
from trainer.process.control import RunControl
from trainer.process.work_folder import CHECKPOINT_EVERY_S, note_cut_short
from trainer.running.progress import RunProgress

BATCHES_BETWEEN_EVENTS = 20


@dataclass(frozen=True, slots=True)
class StagePlan:
    """What one stage trains with.

    Attributes:
        objective: Gives the loss.
        schedule: How long and how fast.
        augmentation: How texts are varied.
        seed: All random choices follow from it.
        validate: Gives the figure by which the best epoch is chosen, or None.
    """

    objective: Objective
    schedule: Schedule
    augmentation: Augmentation
    seed: int
    validate: Validate | None = None


class StageRunner:
    """Trains networks stage by stage, telling of it, and never trains a finished one again."""

    def __init__(
        self,
        work: Path,
        *,
        stages: int,
        emit: Callable[[Event], None],
        control: RunControl,
        checkpoint_every_s: float = CHECKPOINT_EVERY_S,
    ) -> None:
        """Keep states under `work`; `progress` can be set to one that expects something.

        Args:
            work: Folder of the states.
            stages: How many stages there will be.
            emit: Takes the events.
            control: Checked before every batch and between stages.
            checkpoint_every_s: Longest time between two checkpoints.
        """
        self._work = work
        self._stages = stages
        self._stage = 0
        self._emit = emit
        self._control = control
        self.checkpoint_every_s = checkpoint_every_s
        self.progress = RunProgress([], control)

    @property
    def work(self) -> Path:
        """Folder of the states."""
        return self._work

    @property
    def control(self) -> RunControl:
        """What the run is told."""
        return self._control

    def start(self, name: str) -> None:
        """Tell that the stage called `name` begins.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        self._control.check()
        self._stage += 1
        self.progress.start(name)
        self._emit(StageStarted(self._stage, self._stages, name))

    def take_up(self, name: str) -> None:
        """Tell that the stage called `name` begins, all of which was done before.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        self.start(name)
        self.progress.take_up_rest()

    def train(self, name: str, network: nn.Module, batches: Batches, plan: StagePlan) -> None:
        """Train `network` in place, or load what this stage left when it was finished before.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
            TrainingError: The loss is no longer a number, or memory is short.
        """
        self.start(name)
        finished = self._work / f"{name}.finished"
        checkpoint = Checkpoint(self._work / f"{name}.checkpoint", every_s=self.checkpoint_every_s)
        state = load_state(finished)
        if state is not None:
            network.load_state_dict(state)
            checkpoint.remove()
            self.progress.train_to(1.0, is_taken_up=True)
            return
        self._note_wish()
        train(
            network,
            batches,
            objective=plan.objective,
            schedule=plan.schedule,
            augmentation=plan.augmentation,
            seed=plan.seed,
            hooks=self._hooks(plan.schedule),
            checkpoint=checkpoint,
            validate=plan.validate,
        )
        self._note_wish()
        save_state(finished, dict(network.state_dict()))
        checkpoint.remove()

    def keep_scores(self, name: str, network: nn.Module, batches: Batches) -> None:
        """Score all texts of `batches` into the file ``NAME.npz``, unless that was done before.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        path, texts = self._work / f"{name}.npz", len(batches.sentence_counts)
        if path.exists():
            self.progress.score(texts, is_taken_up=True)
            return
        so_far = ScoresSoFar(self._work / f"{name}.so-far.npz", every_s=self.checkpoint_every_s)
        before = len(so_far.text_logits)
        self.progress.score(before, is_taken_up=True)
        tell = self._tell_of_scores(texts, before)
        score(network, batches, control=self._control, so_far=so_far, tell=tell).save(path)
        so_far.remove()

    def _note_wish(self) -> None:
        """A run that is resumed must know of the wish that cut its stages short."""
        if self._control.is_keeping_best:
            note_cut_short(self._work)

    def _tell_of_scores(self, texts: int, before: int) -> Callable[[int], None]:
        calls = 0

        def tell(done: int) -> None:
            nonlocal calls, before
            calls += 1
            self.progress.score(done - before)
            self._control.texts_done += done - before
            before = done
            if calls % BATCHES_BETWEEN_EVENTS == 0:
                self._emit(TextsScored(done, texts, *self.progress.pace()))

        return tell

    def _hooks(self, schedule: Schedule) -> LoopHooks:
        def share(epochs: int, batch: int, batches: int) -> float:
            return (epochs + batch / batches) / max(1, schedule.epochs)

        def on_begin(epochs: int, batch: int, batches: int) -> None:
            self.progress.train_to(share(epochs, batch, batches), is_taken_up=True)

        def on_batch(epoch: int, batch: int, batches: int) -> None:
            self._control.texts_done += schedule.batch_size
            self.progress.train_to(share(epoch - 1, batch, batches))
            if batch % BATCHES_BETWEEN_EVENTS == 0 or batch == batches:
                self._emit(BatchesDone(epoch, batch, batches, *self.progress.pace()))

        def on_epoch(outcome: EpochOutcome) -> None:
            self._emit(EpochFinished(outcome.epoch, outcome.epochs, outcome.loss, outcome.score))

        return LoopHooks(
            on_batch,
            on_epoch,
            self._control,
            on_checkpoint=lambda epoch, batch: self._emit(CheckpointSaved(epoch, batch)),
            on_division=lambda parts: self._emit(BatchDivided(parts)),
            on_begin=on_begin,
        )
