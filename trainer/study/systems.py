"""How one cell of a study is trained.

Source: the systems of Huang et al. 2022 (ROCLING: binary-relevance teacher, stand-alone student,
response-based distillation) and of Sakai and Lam 2025 (KDH-MLTC: sequential fine-tuning, particle
swarm).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

import torch
from torch import nn

from kdh_desktop.core.search_space import Value, at_position
from kdh_desktop.core.training_config import (
    TeacherMethod,
)
from trainer.learning.checkpoint import load_state, save_state
from trainer.learning.learner import Learner
from trainer.learning.stages import StageRunner
from trainer.process.control import RunControl
from trainer.process.device import repeat_exactly
from trainer.study.bases import Bases
from trainer.study.cells import (
    Cell,
    CellFacts,
    CellResult,
    CellStore,
    Cost,
    Search,
    chain_of,
    is_joined,
    is_started_from,
    is_taught_from,
    labels_transfer,
    tuned_of,
)
from trainer.study.config import StudyConfig
from trainer.study.joining import Members, join_members
from trainer.study.partition import evenly
from trainer.study.place import Encoded, Place, logits_of, required
from trainer.study.search import ChainTrial, InnerFold, search_settings
from trainer.study.system_kinds import (
    ControlSystem,
    DistilledSystem,
    HardSystem,
    JoinedSystem,
    Role,
    TunedSystem,
)
from trainer.study.texts import StudyFiles, StudyTexts, read_study_texts

CELLS, STAGES = "cells", "stages"
"""Folders in a study's work folder."""


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """Opens the work of a study in a process; it can be pickled."""

    config: StudyConfig
    files: StudyFiles
    device: str

    def __call__(self, control: RunControl) -> Callable[[Cell], None]:
        """Read the texts once, for all cells of this process."""
        device = torch.device(self.device)
        repeat_exactly(device)
        texts = read_study_texts(self.config, self.files)
        return CellTrainer(self.config, self.files, texts, device=device, control=control).work_off


class CellTrainer:
    """Trains cells one after the other, and leaves their results in the store."""

    def __init__(
        self,
        config: StudyConfig,
        files: StudyFiles,
        texts: StudyTexts,
        *,
        device: torch.device,
        control: RunControl,
    ) -> None:
        """Take what all cells share; nothing is trained yet."""
        self._config = config
        self._files = files
        self._texts = texts
        self._device = device
        self._control = control
        self._store = CellStore(files.work / CELLS)
        self._bases = Bases(config, files, texts)
        self._encoded: dict[Path, Encoded] = {}

    def work_off(self, cell: Cell) -> None:
        """Train a cell, or go on where a killed attempt was, and keep what it gives.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        stages = self._files.work / STAGES / cell.id
        self._store.save(cell, self._train(cell, stages))
        shutil.rmtree(stages, ignore_errors=True)

    def _train(self, cell: Cell, stages: Path) -> CellResult:
        begun = time.monotonic()
        system = self._config.system(cell.system)
        if isinstance(system, JoinedSystem):
            return self._join(cell, system, begun)
        role = system.role if isinstance(system, HardSystem) else Role.STUDENT
        place = self._place(cell, role, stages)
        searches: tuple[Search, ...] = ()
        chosen: Mapping[str, Value] | None = None
        match system:
            case HardSystem():
                network = self._hard(place, system)
            case DistilledSystem():
                network = self._distilled(place, system)
            case TunedSystem() | ControlSystem():
                tuned = tuned_of(self._config, system)
                if tuned is system:
                    searches = self._search(place, tuned)
                    chosen = searches[0].best_values
                else:
                    chosen = self._found_at_random(cell.of(tuned.id))
                chain = at_position(chain_of(self._config, tuned), chosen)
                teacher = self._store.require(cell.of(chain.distilled.teacher))
                network = place.train_chain(chain, required(teacher.taught))
            case _:
                assert_never(system)
        result = self._scored(place, network)
        cost = Cost(
            seconds=time.monotonic() - begun,
            texts=len(place.seen),
            parameters=sum(parameter.numel() for parameter in network.parameters()),
            device=self._device.type,
        )
        return replace(result, facts=CellFacts(cost, searches, chosen))

    def _hard(self, place: Place, system: HardSystem) -> nn.Module:
        if system.method is TeacherMethod.BINARY_RELEVANCE:
            return place.fit_each_label(system)
        start = None if system.start is None else self._state_of(place.cell.of(system.start))
        return place.fit(system, start=start)

    def _distilled(self, place: Place, system: DistilledSystem) -> nn.Module:
        teacher = self._store.require(place.cell.of(system.teacher))
        start = None if system.start is None else self._state_of(place.cell.of(system.start))
        if system.is_transfer:
            told = required(teacher.transfer)
            return place.transfer(system, place.encoded.unlabelled, told, start=start)
        return place.distil(system, required(teacher.taught), start=start)

    def _search(self, place: Place, system: TunedSystem) -> tuple[Search, ...]:
        chain = chain_of(self._config, system)
        partition = self._texts.partition
        folds: list[InnerFold] = []
        for inner in range(self._config.inner_folds):
            teacher = place.cell.of(chain.distilled.teacher, inner=inner)
            kept_back = evenly(partition.kept_back(teacher), 2 * system.search.texts)
            folds.append(
                InnerFold(
                    seen=place.encoded.pick(partition.seen(teacher)),
                    taught=required(self._store.require(teacher).taught),
                    kept_back=place.encoded.pick(kept_back),
                    truth=self._texts.targets[kept_back],
                )
            )
        return search_settings(
            ChainTrial(place, chain, folds, system.search),
            sentence_weight=self._config.sentence_weight,
            control=self._control,
        )

    def _found_at_random(self, tuned: Cell) -> Mapping[str, Value]:
        searches = self._store.require(tuned).facts.searches
        return next(one.best_values for one in searches if one.name == "random")

    def _join(self, cell: Cell, system: JoinedSystem, begun: float) -> CellResult:
        """A teacher out of fold, from the networks that its inner cells trained."""
        partition = self._texts.partition
        inner = [
            self._store.require(cell.of(system.teacher, inner=number))
            for number in range(self._config.inner_folds)
        ]
        rows = partition.outer(cell)
        members = Members(
            inner,
            inner_fold_of=partition.inner_fold_of(cell),
            texts=[self._texts.labelled[row] for row in rows],
            truth=self._texts.targets[rows],
            held_out=[self._texts.labelled[row] for row in partition.held_out(cell)],
            unlabelled=self._texts.unlabelled,
        )
        joined = join_members(
            members,
            has_linear_member=system.has_linear_member,
            sentence_weight=self._config.sentence_weight,
        )
        cost = Cost(
            seconds=time.monotonic() - begun,
            texts=len(rows),
            parameters=sum(one.facts.cost.parameters for one in inner),
            device=self._device.type,
        )
        return replace(joined, facts=CellFacts(cost))

    def _scored(self, place: Place, network: nn.Module) -> CellResult:
        """What a trained network says of all texts that anybody will ask it about."""
        config, cell, learner = self._config, place.cell, place.learner
        if is_started_from(config, cell):
            save_state(self._store.state_path(cell), dict(network.state_dict()))
        partition, encoded = self._texts.partition, place.encoded
        is_asked = cell.inner is None or is_joined(config, cell)
        judged_on = encoded.pick(partition.held_out(cell)) if is_asked else place.seen[:1]
        held_out = learner.scores(network, judged_on)
        taught = kept_back = transfer = None
        if is_taught_from(config, cell):
            taught = logits_of(learner.scores(network, place.seen))
        if cell.inner is not None:
            rows = partition.kept_back(cell)
            kept_back = logits_of(learner.scores(network, encoded.pick(rows)))
        if labels_transfer(config, cell):
            transfer = logits_of(learner.scores(network, encoded.unlabelled))
        return CellResult(
            held_out=logits_of(held_out),
            decision_logits=held_out.decision_logits(config.sentence_weight),
            facts=CellFacts(Cost(0.0, 0, 0, "")),
            taught=taught,
            kept_back=kept_back,
            transfer=transfer,
        )

    def _place(self, cell: Cell, role: Role, stages: Path) -> Place:
        config, partition = self._config, self._texts.partition
        pair = config.network(cell.network)
        base = self._bases.of(pair.of(role), (cell.sample, cell.fold))
        runner = StageRunner(stages, stages=1, emit=lambda _event: None, control=self._control)
        learner = Learner(
            network=pair.of(role),
            base=base,
            labels=len(self._texts.labels),
            max_tokens=config.texts.max_tokens,
            sentence_weight=config.sentence_weight,
            runner=runner,
            device=self._device,
        )
        encoded = self._encoded.get(base.folder)
        if encoded is None:
            encoded = Encoded(base, self._texts.labelled, self._texts.unlabelled)
            self._encoded = {base.folder: encoded}
        return Place(
            cell,
            learner,
            encoded,
            seen=encoded.pick(partition.seen(cell)),
            folder=stages,
            sentence_loss=config.sentence_loss,
            augmentation=config.augmentation,
            batch_size=pair.batch_size,
        )

    def _state_of(self, cell: Cell) -> dict[str, torch.Tensor]:
        state = load_state(self._store.state_path(cell))
        if state is None:
            raise ValueError(f"the cell {cell.id} left no network")
        return state
