"""The cells of a study: which there are, what each needs, and what each leaves in its file."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.json_values import build, parse_json, to_json_value
from kdh_desktop.core.search_space import Value
from kdh_desktop.core.training_config import TeacherMethod
from trainer.process.durable import save_arrays
from trainer.study.config import StudyConfig
from trainer.study.system_kinds import (
    Chain,
    ControlSystem,
    DistilledSystem,
    HardSystem,
    JoinedSystem,
    Sample,
    TunedSystem,
)

_PARTS = ("text_logits", "sentence_logits", "sentences")


@dataclass(frozen=True, slots=True)
class Cell:
    """One training of a study.

    Attributes:
        network: Id of the pair of networks.
        system: Id of the system.
        sample: Size of the sample.
        fold: The fold that is kept back and judged.
        seed: The seed.
        inner: The inner fold that is kept back besides; None for none. Such cells are never
            judged: they teach.
    """

    network: str
    system: str
    sample: Sample
    fold: int
    seed: int
    inner: int | None = None

    @property
    def id(self) -> str:
        """A name for files, different for every cell of a study."""
        size = "all" if self.sample is None else str(self.sample)
        name = f"{self.network}.{self.system}.{size}.fold{self.fold}.seed{self.seed}"
        return name if self.inner is None else f"{name}.inner{self.inner}"

    def of(self, system: str, *, inner: int | None = None) -> Cell:
        """The cell of another system at the same place."""
        return replace(self, system=system, inner=inner)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a cell cost.

    Attributes:
        seconds: Wall time of its training and scoring, other cells' beside it included.
        texts: Texts that it was trained on.
        parameters: Numbers in the trained network.
        device: What was computed on.
    """

    seconds: float
    texts: int
    parameters: int
    device: str


@dataclass(frozen=True, slots=True)
class Search:
    """What one search for hyper-parameters came to.

    Attributes:
        name: ``swarm`` or ``random``.
        best_values: Its best position, by dotted path.
        best_score: Micro-F1 there, on the inner folds.
        best_scores: Best score so far after each iteration.
        evaluations: Positions that were judged.
        stopped: How many of them were given up before their end.
    """

    name: str
    best_values: Mapping[str, Value]
    best_score: float
    best_scores: tuple[float, ...]
    evaluations: int
    stopped: int


@dataclass(frozen=True, slots=True)
class CellFacts:
    """What a cell tells beside its scores.

    Attributes:
        cost: What it cost.
        searches: What was searched for in it.
        chosen: The hyper-parameters that were taken from a search, by dotted path.
    """

    cost: Cost
    searches: tuple[Search, ...] = ()
    chosen: Mapping[str, Value] | None = None


@dataclass(frozen=True, slots=True)
class Logits:
    """What a network says of several texts; the arrays of `NetworkScores`, without its torch.

    Attributes:
        text_logits: float32 (texts, labels).
        sentence_logits: float32 (all sentences, labels), texts one after the other.
        sentences: Number of sentences of each text, int64 (texts,).
    """

    text_logits: NDArray[np.float32]
    sentence_logits: NDArray[np.float32]
    sentences: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CellResult:
    """What a cell leaves.

    Attributes:
        held_out: Scores of the texts of the fold that was kept back, in the corpus's order.
        decision_logits: Their decision logits, float32 (texts, labels).
        facts: Costs and choices.
        taught: Scores of the texts that the cell was trained on, for students.
        kept_back: Scores of the inner fold, where one was kept back.
        transfer: Scores of the unlabelled texts, for students.
    """

    held_out: Logits
    decision_logits: NDArray[np.float32]
    facts: CellFacts
    taught: Logits | None = None
    kept_back: Logits | None = None
    transfer: Logits | None = None


class CellStore:
    """The cells' files in a folder, each whole or not there."""

    def __init__(self, folder: Path) -> None:
        """Keep files in `folder`, which is made when first needed."""
        self._folder = folder

    def state_path(self, cell: Cell) -> Path:
        """Where the trained network of a cell lies for cells that go on from it."""
        return self._folder / f"{cell.id}.state"

    def save(self, cell: Cell, result: CellResult) -> None:
        """Write what a cell leaves by way of a temporary file."""
        arrays: dict[str, NDArray[Any]] = {"decision_logits": result.decision_logits}
        arrays["facts"] = np.frombuffer(_to_json(result.facts), np.uint8)
        for name in ("held_out", "taught", "kept_back", "transfer"):
            scores: Logits | None = getattr(result, name)
            if scores is not None:
                arrays |= {f"{name}.{part}": getattr(scores, part) for part in _PARTS}
        save_arrays(self._path(cell), **arrays)

    def load(self, cell: Cell) -> CellResult | None:
        """Read what a cell left, or None where that is missing or not whole."""
        try:
            with self._path(cell).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return CellResult(
                    decision_logits=arrays["decision_logits"],
                    facts=_from_json(arrays["facts"].tobytes()),
                    held_out=_required(arrays, "held_out"),
                    taught=_scores(arrays, "taught"),
                    kept_back=_scores(arrays, "kept_back"),
                    transfer=_scores(arrays, "transfer"),
                )
        except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def require(self, cell: Cell) -> CellResult:
        """Read what a cell left; it is known to be there."""
        result = self.load(cell)
        if result is None:
            raise ValueError(f"the cell {cell.id} has left nothing yet")
        return result

    def _path(self, cell: Cell) -> Path:
        return self._folder / f"{cell.id}.npz"


@dataclass(frozen=True, slots=True)
class Planned:
    """A cell with the cells that it needs, and its expected effort in any unit."""

    cell: Cell
    needs: tuple[Cell, ...]
    effort: float


def plan_cells(config: StudyConfig, *, texts: int, labels: int) -> list[Planned]:
    """All cells of a study, each after those that it needs.

    Args:
        config: The study.
        texts: Number of labelled texts in the corpus, for the expected efforts.
        labels: Number of labels.
    """
    planned: dict[Cell, Planned] = {}
    for cell in _judged_cells(config):
        for part in _with_needs(config, cell):
            effort = _effort(config, part, texts=texts, labels=labels)
            planned.setdefault(part, Planned(part, tuple(needs_of(config, part)), effort))
    return list(planned.values())


def needs_of(config: StudyConfig, cell: Cell) -> list[Cell]:
    """The cells whose results a cell is made from."""
    system = config.system(cell.system)
    if cell.inner is not None:
        return []
    match system:
        case HardSystem(start=start):
            return [] if start is None else [cell.of(start)]
        case JoinedSystem(teacher=teacher):
            return [cell.of(teacher, inner=inner) for inner in range(config.inner_folds)]
        case DistilledSystem(teacher=teacher, start=start):
            return [cell.of(teacher), *([] if start is None else [cell.of(start)])]
        case TunedSystem():
            teacher = chain_of(config, system).distilled.teacher
            inner = [cell.of(teacher, inner=fold) for fold in range(config.inner_folds)]
            return [cell.of(teacher), *inner]
        case ControlSystem(tuned=tuned):
            return [cell.of(tuned), *needs_of(config, cell.of(tuned))]


def chain_of(config: StudyConfig, system: TunedSystem) -> Chain:
    """The stages that a tuned system tunes; the configuration was checked for them."""
    chain = config.chain_of(system)
    if chain is None:
        raise TypeError("a tuned chain begins with a distilled system")
    return chain


def is_taught_from(config: StudyConfig, cell: Cell) -> bool:
    """Whether students learn from what a cell says of its training texts."""
    for other in config.systems:
        match other:
            case DistilledSystem(teacher=teacher, is_transfer=False):
                teachers = [cell.of(teacher)]
            case TunedSystem() | ControlSystem():
                teachers = needs_of(config, cell.of(other.id))
            case _:
                continue
        if cell in teachers:
            return True
    return False


def is_started_from(config: StudyConfig, cell: Cell) -> bool:
    """Whether other cells go on from a cell's trained network."""
    starts = {getattr(other, "start", None) for other in config.systems}
    return cell.inner is None and cell.system in starts


def is_joined(config: StudyConfig, cell: Cell) -> bool:
    """Whether a cell is part of a teacher out of fold."""
    return any(
        cell in needs_of(config, cell.of(other.id))
        for other in config.systems
        if isinstance(other, JoinedSystem) and cell.sample in config.samples_of(other)
    )


def labels_transfer(config: StudyConfig, cell: Cell) -> bool:
    """Whether a cell's scores of the unlabelled texts are wanted."""
    wanted = {x.teacher for x in config.systems if isinstance(x, DistilledSystem) and x.is_transfer}
    if cell.inner is None:
        return cell.system in wanted
    joined = {x.teacher for x in config.systems if isinstance(x, JoinedSystem) and x.id in wanted}
    return cell.system in joined


def seconds_in_all(store: CellStore, config: StudyConfig, cell: Cell) -> float:
    """Seconds of a cell and of all that it is made from, each once."""
    seen: dict[Cell, float] = {}
    for part in _with_needs(config, cell):
        if part not in seen:
            seen[part] = store.require(part).facts.cost.seconds
    return sum(seen.values())


def order_by_urgency(planned: Sequence[Planned]) -> list[Planned]:
    """The cells, those first on which the longest work still hangs, so that the grid ends early."""
    tail: dict[Cell, float] = {}
    for one in reversed(planned):
        tail[one.cell] = tail.get(one.cell, 0.0) + one.effort
        for need in one.needs:
            tail[need] = max(tail.get(need, 0.0), tail[one.cell])
    return sorted(planned, key=lambda one: (-tail[one.cell], one.cell.id))


def _judged_cells(config: StudyConfig) -> Iterator[Cell]:
    for seed in config.seeds:
        for fold in range(config.folds):
            for system in config.systems:
                for network in config.networks:
                    for sample in config.samples_of(system):
                        yield Cell(network.id, system.id, sample, fold, seed)


def _with_needs(config: StudyConfig, cell: Cell) -> Iterator[Cell]:
    for need in needs_of(config, cell):
        yield from _with_needs(config, need)
    yield cell


def _effort(config: StudyConfig, cell: Cell, *, texts: int, labels: int) -> float:
    """Texts times epochs times the depth of the network: good enough to order cells by."""
    system = config.system(cell.system)
    seen = min(texts, cell.sample or texts) * (config.folds - 1) / config.folds
    if cell.inner is not None:
        seen *= (config.inner_folds - 1) / config.inner_folds
        seen = min(seen, config.inner_texts or seen)
    pair = config.network(cell.network)
    scoring = 0.3 * texts / config.folds
    match system:
        case HardSystem(role=role, method=method, schedule=schedule):
            networks = labels if method is TeacherMethod.BINARY_RELEVANCE else 1
            return networks * (seen * schedule.epochs + scoring) * _depth(pair.of(role).layers)
        case JoinedSystem(has_linear_member=has_linear_member):
            return texts * (1.0 if has_linear_member else 0.1)
        case DistilledSystem(schedule=schedule, is_transfer=is_transfer):
            many = config.texts.transfer_texts if is_transfer else seen
            return (many * schedule.epochs + scoring) * _depth(pair.student.layers)
        case TunedSystem() | ControlSystem():
            tuned = tuned_of(config, system)
            search = _search_effort(config, tuned, seen) if tuned is system else 0.0
            training = seen * _epochs(chain_of(config, tuned)) + scoring
            return (search + training) * _depth(pair.student.layers)


def tuned_of(config: StudyConfig, system: TunedSystem | ControlSystem) -> TunedSystem:
    """The tuned system whose search a system's hyper-parameters come from."""
    tuned = system if isinstance(system, TunedSystem) else config.system(system.tuned)
    if not isinstance(tuned, TunedSystem):
        raise TypeError("a control belongs to a tuned system")
    return tuned


def _search_effort(config: StudyConfig, system: TunedSystem, seen: float) -> float:
    search = system.search
    trials = search.particles * search.iterations * (1 + search.has_random_control)
    inner = seen * (config.inner_folds - 1) / config.inner_folds
    texts = config.inner_folds * min(inner, search.texts or inner)
    return trials * texts * search.epoch_share * _epochs(chain_of(config, system))


def _epochs(chain: Chain) -> int:
    after = 0 if chain.fine_tuned is None else chain.fine_tuned.schedule.epochs
    return chain.distilled.schedule.epochs + after


def _depth(layers: int | None) -> float:
    return 6.0 if layers is None else float(layers)


def _to_json(facts: CellFacts) -> bytes:
    return json.dumps(to_json_value(facts), allow_nan=False).encode()


def _from_json(raw: bytes) -> CellFacts:
    return build(CellFacts, parse_json(raw.decode()), "facts")


def _required(arrays: Mapping[str, Any], name: str) -> Logits:
    return Logits(*(arrays[f"{name}.{part}"] for part in _PARTS))


def _scores(arrays: Mapping[str, Any], name: str) -> Logits | None:
    return _required(arrays, name) if f"{name}.sentences" in arrays else None
