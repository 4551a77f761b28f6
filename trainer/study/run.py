"""A whole study: cells, judging, report."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from pandas import DataFrame

from kdh_desktop.core.durable_file import write_durably
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.training_config import NetworkKind
from trainer.bench.machine import about_processors
from trainer.corpus import corpus_digest
from trainer.process.control import RunControl
from trainer.process.work_folder import claim_work_folder, held_work_folder
from trainer.study.bases import make_vocabularies
from trainer.study.cells import Cell, CellResult, CellStore, Planned, plan_cells
from trainer.study.config import StudyConfig
from trainer.study.judging import judge_study
from trainer.study.outcome import About, Metric, Outcome
from trainer.study.report import render_report
from trainer.study.running import run_cells
from trainer.study.systems import CELLS, OpenStudy
from trainer.study.texts import StudyFiles, StudyTexts, read_study_texts

_LIBRARIES = ("numpy", "pyswarms", "scikit-learn", "scipy", "tokenizers", "torch", "transformers")


@dataclass(frozen=True, slots=True)
class Machine:
    """What a study is computed on.

    Attributes:
        device: Name of the device.
        jobs: Processes side by side.
    """

    device: str
    jobs: int


def run_study(
    config: StudyConfig,
    files: StudyFiles,
    *,
    machine: Machine,
    control: RunControl,
    say: Callable[[str], None],
) -> Outcome:
    """Train all cells that are not there yet, and judge them.

    Raises:
        TrainingError: Texts or encoder cannot be used, or the work folder is another study's, or
            another process works there.
        Cancelled: The user stopped it; it can be resumed.
    """
    with held_work_folder(files.work):
        return _run_alone(config, files, machine=machine, control=control, say=say)


def _run_alone(
    config: StudyConfig,
    files: StudyFiles,
    *,
    machine: Machine,
    control: RunControl,
    say: Callable[[str], None],
) -> Outcome:
    encoder = _encoder_digest(config, files)
    texts = read_study_texts(config, files)
    digests = {
        "config": json.dumps(to_json_value(config), sort_keys=True),
        "corpus": corpus_digest(texts.labelled),
        "labels": json.dumps(texts.labels),
        "transfer": corpus_digest(texts.unlabelled),
        "encoder": encoder or "",
    }
    groups = texts.partition.groups
    if groups is not None:
        digests["groups"] = sha256(groups.astype("<i8").tobytes()).hexdigest()
    whole = json.dumps(digests, sort_keys=True)
    claim_work_folder(files.work, sha256(whole.encode()).hexdigest())
    planned = plan_cells(config, texts=len(texts.labelled), labels=len(texts.labels))
    store = _WatchedStore(files.work / CELLS, control)
    say(
        f"{len(texts.labelled)} texts, {len(texts.labels)} labels; {len(planned)} cells, "
        f"{machine.jobs} side by side on {machine.device}"
    )
    make_vocabularies(config, files, jobs=machine.jobs, control=control, say=say)
    run_cells(
        planned,
        store=store,
        open_work=OpenStudy(config, files, machine.device),
        jobs=machine.jobs,
        control=control,
        say=say,
    )
    say("judging")
    judged = texts.judged
    systems, pairs = judge_study(config, store, judged)
    about = _about(texts, digests, store, planned, machine)
    return Outcome(config, about, judged.label_counts, systems, pairs)


class _WatchedStore(CellStore):
    """The cells' files, read no further once the user has stopped the study."""

    def __init__(self, folder: Path, control: RunControl) -> None:
        super().__init__(folder)
        self._control = control

    def require(self, cell: Cell) -> CellResult:
        self._control.check()
        return super().require(cell)


def write_study(outcome: Outcome, folder: Path) -> list[Path]:
    """Write the report, the table and the JSON, and give their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    value = to_json_value(outcome)
    contents = {
        "html": render_report(outcome),
        "csv": _as_csv(outcome),
        "json": json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
    }
    paths: list[Path] = []
    for ending, text in contents.items():
        path = folder / f"{outcome.config.name}.{ending}"
        write_durably(path, text.encode())
        paths.append(path)
    return paths


def _as_csv(outcome: Outcome) -> str:
    """One line for each cell that was judged."""
    figures = [*(metric.value for metric in Metric), "example_f1", "hamming_loss"]
    labels = [f"f1: {label.name}" for label in outcome.labels]
    rows = [
        {
            "system": one.system,
            "network": one.network,
            "sample": one.sample or "all",
            "fold": cell.fold,
            "seed": cell.seed,
            "texts": cell.texts,
            "seconds": f"{cell.seconds:.1f}",
            **{name: cell.figures[name] for name in figures},
            **dict(zip(labels, cell.label_f1, strict=True)),
        }
        for one in outcome.systems
        for cell in one.cells
    ]
    table: str = DataFrame(rows).to_csv(index=False, float_format="%.6f", lineterminator="\n")
    return table


def _about(
    texts: StudyTexts,
    digests: Mapping[str, str],
    store: CellStore,
    planned: list[Planned],
    machine: Machine,
) -> About:
    costs = [store.require(one.cell).facts.cost for one in planned]
    partition = texts.partition
    libraries = {"python": platform.python_version()}
    return About(
        corpus_sha256=digests["corpus"],
        texts=len(texts.labelled),
        groups=None if partition.groups is None else int(partition.group_of.max()) + 1,
        samples={
            "all" if size is None else str(size): int(partition.in_sample[size].sum())
            for size in partition.config.samples
        },
        encoder_sha256=digests["encoder"] or None,
        transfer_texts=len(texts.unlabelled),
        transfer_sha256=digests["transfer"] if texts.unlabelled else None,
        devices=tuple(sorted({cost.device for cost in costs})),
        machine=about_processors(machine.device),
        jobs=machine.jobs,
        libraries=libraries | {name: version(name) for name in _LIBRARIES},
        utc=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=sum(cost.seconds for cost in costs),
    )


def _encoder_digest(config: StudyConfig, files: StudyFiles) -> str | None:
    """Digest of the base encoder's weights; None where no network starts from it.

    Raises:
        TrainingError: It is needed and was not named, or cannot be read.
    """
    kinds = {x.kind for pair in config.networks for x in (pair.teacher, pair.student)}
    if NetworkKind.TRANSFORMER not in kinds:
        return None
    if files.encoder is None:
        raise TrainingError(
            "The study trains transformers, and no base encoder was named.",
            "Name its folder with --encoder.",
        )
    try:
        return sha256((files.encoder / "model.safetensors").read_bytes()).hexdigest()
    except OSError as error:
        raise TrainingError(
            "The base encoder's weights cannot be read.",
            "Name the folder of an encoder with safetensors weights.",
        ) from error
