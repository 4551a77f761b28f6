"""``kdh-trainer tune``: search for a better configuration with a particle swarm."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import build, parse_json, to_json_value
from kdh_desktop.core.search_space import TuningConfig
from kdh_desktop.core.training_config import config_from_json, config_to_json
from kdh_desktop.core.training_protocol import RunStarted
from trainer.commands.encoder import HELP as ENCODER_HELP
from trainer.commands.encoder import base_encoder
from trainer.process.edge import add_edge_options, edge_of_process

if TYPE_CHECKING:
    from trainer.commands import Commands
    from trainer.tuning import TuningOutcome


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    tune = commands.add_parser("tune", help="search for a better configuration with a swarm")
    tune.add_argument("config", type=Path, help="the run's configuration, a JSON file")
    tune.add_argument("space", type=Path, help="what may change and the budget, a JSON file")
    tune.add_argument(
        "--corpus",
        type=Path,
        nargs="+",
        required=True,
        metavar="SOURCE",
        help="texts to train on, as for run; those that are judged on are never looked at",
    )
    tune.add_argument(
        "--judge", type=Path, nargs="+", default=[], metavar="SOURCE", help="as for run"
    )
    tune.add_argument("--encoder", type=Path, help=ENCODER_HELP)
    tune.add_argument("--out", type=Path, required=True, help="file of the best configuration")
    tune.add_argument(
        "--devices",
        nargs="+",
        help="a process for each name that is given, as in: cuda:0 cuda:1 (all graphics cards, "
        "else the fastest there is)",
    )
    add_edge_options(tune, is_work_required=True)
    tune.set_defaults(work_on=_tune)


def _tune(arguments: argparse.Namespace) -> int:
    config = config_from_json(_read(arguments.config))
    tuning = _tuning(_read(arguments.space))
    with edge_of_process(arguments, run=config.name, work=arguments.work) as edge:
        from trainer.corpus.guess import source_of
        from trainer.tuning.tuned_config import TrainingTexts, tune_config

        corpus = tuple(source_of(path) for path in arguments.corpus)
        judged = tuple(source_of(path) for path in arguments.judge)
        texts = TrainingTexts(config, corpus, judged)
        devices = arguments.devices or _devices()
        edge.emit(RunStarted(len(texts()), 0, devices[0].partition(":")[0]))
        best, outcome = tune_config(
            config,
            tuning,
            texts=texts,
            encoder=base_encoder(arguments.encoder),
            work=arguments.work,
            devices=devices,
            emit=edge.emit,
            control=edge.control,
        )
        _write(arguments.out, config_to_json(best))
        report = {"is_swarm_better": outcome.is_swarm_better, **to_json_value(outcome)}
        _write(arguments.out.with_suffix(".report.json"), json.dumps(report, indent=2) + "\n")
    sys.stderr.write("".join(f"... {line}\n" for line in _told(outcome)))
    return 0


def _told(outcome: TuningOutcome) -> list[str]:
    """What was found, in sentences that claim no more than was."""
    from trainer.judging.significance import p_value_claim

    if outcome.swarm is None:
        return ["The search was ended before anything was judged: the configuration is as it was."]
    lines = [f"The swarm's best position scores {outcome.swarm.best_score:.4f} out of fold."]
    if outcome.start_score is not None:
        lines.append(f"The configuration as it was scores {outcome.start_score:.4f}.")
    if outcome.control is not None:
        chance = "" if outcome.p_value is None else f" ({p_value_claim(outcome.p_value)})"
        verdict = "more than noise" if outcome.is_swarm_better else "no advantage beyond noise"
        lines.append(f"Random search with the same budget: {outcome.control.best_score:.4f}.")
        lines.append(f"The swarm over random search: {verdict}{chance}.")
    return lines


def _tuning(text: str) -> TuningConfig:
    try:
        return build(TuningConfig, parse_json(text), "tuning")
    except (ValueError, TypeError) as error:
        raise TrainingError(
            f"The search space cannot be used: {error}.", "Correct that field and start again."
        ) from error


def _devices() -> list[str]:
    import torch

    from trainer.process.device import choose_device

    cards = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return cards or [choose_device().type]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(
            "A configuration file cannot be read.", "Name JSON files in UTF-8."
        ) from error


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
