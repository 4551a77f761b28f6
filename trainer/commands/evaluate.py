"""``kdh-trainer evaluate``: judge a bundle, or two against each other, on labelled texts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.errors import Cancelled, InputError
from kdh_desktop.core.paths import AppPaths

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from kdh_desktop.core.classification.model_bundle import ModelBundle
    from kdh_desktop.core.labels import LabelSet
    from trainer.commands import Commands
    from trainer.corpus import LabelledText
    from trainer.judging.judgement import ScoredTexts
    from trainer.judging.student_choice import StudentForm, StudentResult

_DESCRIPTION = """\
Scores labelled texts with a verified model, by the very code that serves it, and prints its
figures with intervals. With --against the same for a second model, and how the first differs.

With --run the candidate of a training run is compared with the model that --against names, on the
texts that the run kept back: all that decides whether it may be put into force. Both are measured
in turns. Nothing is written anywhere.
"""


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    evaluate = commands.add_parser(
        "evaluate", help="judge a model on labelled texts", description=_DESCRIPTION
    )
    judged = evaluate.add_mutually_exclusive_group(required=True)
    judged.add_argument("--bundle", type=Path, help="folder of the model")
    judged.add_argument("--run", type=Path, help="folder of a run, whose candidate is judged")
    evaluate.add_argument(
        "--corpus",
        type=Path,
        help="labelled texts: a HoC folder, a workbook, CSV, JSON lines, or a .json file that "
        "describes a source",
    )
    evaluate.add_argument(
        "--ids", type=Path, help="list of ids to judge on; for a HoC folder also its name there"
    )
    evaluate.add_argument("--against", type=Path, help="folder of a second model")
    evaluate.add_argument(
        "--public-keys",
        type=Path,
        nargs="+",
        default=[],
        help="folders of further public keys to trust",
    )
    evaluate.add_argument(
        "--known-sentences",
        type=Path,
        help="with --run: sentences whose labels every model must know (the program's own)",
    )
    evaluate.add_argument(
        "--controlled",
        action="store_true",
        help="with --run: obey the line cancel on stdin; its end cancels",
    )
    evaluate.add_argument(
        "--decisions",
        type=Path,
        help="with --bundle: file for what the model decided, to compare students by: "
        "kdh-trainer bench --students --result FILE",
    )
    evaluate.add_argument("--seed", type=int, default=0, help="of all random choices (0)")
    evaluate.add_argument("--json", action="store_true", help="print JSON instead of tables")
    evaluate.set_defaults(work_on=_evaluate)


def _evaluate(arguments: argparse.Namespace) -> int:
    try:
        if arguments.run is None:
            _judge(arguments)
        else:
            _judge_run(arguments)
    except KeyboardInterrupt as interrupt:
        raise Cancelled("The evaluation was stopped.") from interrupt
    return 0


def _judge(arguments: argparse.Namespace) -> None:
    from kdh_desktop.core.classification.classifier import OnnxClassifier
    from trainer.judging.judgement import compare_models, judge, score_labelled
    from trainer.judging.judgement_table import as_json, as_text
    from trainer.judging.student_choice import form_of, write_result

    bundles = _open(arguments)
    texts = _read(arguments, bundles[0].labels)
    form = None if arguments.decisions is None else form_of(bundles[0].model)
    scored = []
    judgements = []
    for bundle in bundles:
        _warn_of_training_texts(bundle, texts)
        one = score_labelled(OnnxClassifier(bundle), texts, on_progress=_say)
        scored.append(one)
        judgements.append(judge(one, seed=arguments.seed, on_progress=_say))
    if form is not None:
        write_result(arguments.decisions, _decisions(form, scored[0], texts))
    difference = compare_models(*scored, seed=arguments.seed) if len(scored) > 1 else None
    show = as_json if arguments.json else as_text
    sys.stdout.write(show(judgements, difference))


def _decisions(form: StudentForm, scored: ScoredTexts, texts: list[LabelledText]) -> StudentResult:
    from trainer.corpus import corpus_digest
    from trainer.judging.student_choice import StudentResult

    digest = corpus_digest(texts)[:16]
    return StudentResult.of(
        form,
        protocol=f"{len(texts)} texts of SHA-256 {digest}, thresholds of each model's own",
        present=scored.present,
        truth=scored.truth > 0,
    )


def _judge_run(arguments: argparse.Namespace) -> None:
    from trainer.commands.evaluate_run import evaluate_run

    if arguments.against is None:
        raise InputError(
            "A run is judged against the model in force.", "Name its folder with --against."
        )
    sys.stdout.write(evaluate_run(arguments, _keys(arguments)))


def _keys(arguments: argparse.Namespace) -> tuple[Ed25519PublicKey, ...]:
    from kdh_desktop.core.classification.signing import load_trusted_keys

    paths = AppPaths.default()
    return load_trusted_keys(paths.publisher_keys, paths.site_keys, *arguments.public_keys)


def _open(arguments: argparse.Namespace) -> list[ModelBundle]:
    from kdh_desktop.core.classification.model_bundle import open_bundle

    keys = _keys(arguments)
    named = [folder for folder in (arguments.bundle, arguments.against) if folder is not None]
    bundles = [open_bundle(folder, trusted_keys=keys) for folder in named]
    if any(bundle.labels.ids != bundles[0].labels.ids for bundle in bundles):
        raise InputError(
            "The two models do not know the same labels, so they cannot be compared.",
            "Name two models of one label set.",
        )
    return bundles


def _read(arguments: argparse.Namespace, labels: LabelSet) -> list[LabelledText]:
    from trainer.corpus import read_corpus
    from trainer.corpus.guess import source_of

    corpus: Path | None = arguments.corpus
    if corpus is None:
        raise InputError("There are no texts to judge on.", "Name them with --corpus.")
    if corpus.is_dir():
        return _read_hoc(corpus, arguments.ids, labels)
    texts, _ = read_corpus(source_of(corpus), labels)
    return texts if arguments.ids is None else _chosen(texts, arguments.ids)


def _read_hoc(folder: Path, ids: Path | None, labels: LabelSet) -> list[LabelledText]:
    """The texts of a list, a file or its name in the folder, or of all lists there."""
    from kdh_desktop.core.corpus_source import HocSource
    from trainer.corpus import read_corpora

    if ids is None:
        lists = [path.name for path in sorted(folder.glob("*.txt"))]
    else:
        lists = [str(ids.absolute() if ids.exists() else ids)]
    if not lists:
        raise InputError(
            "The corpus folder holds no list of ids.", "Name a list with --ids, or another folder."
        )
    texts, _ = read_corpora([HocSource(str(folder), name) for name in lists], labels)
    return list({text.id: text for text in texts}.values())


def _chosen(texts: list[LabelledText], ids: Path) -> list[LabelledText]:
    """The texts that the list names, in its order."""
    from kdh_desktop.core.importing.text_file import read_text_file

    by_id = {text.id: text for text in texts}
    wanted = [line.strip() for line in read_text_file(ids).splitlines() if line.strip()]
    missing = sum(text_id not in by_id for text_id in wanted)
    if missing or not wanted:
        raise InputError(
            f"{missing} of the {len(wanted)} ids in the list are not in the corpus.",
            "Correct the list: one id a line, at least one.",
        )
    return [by_id[text_id] for text_id in wanted]


def _warn_of_training_texts(bundle: ModelBundle, texts: list[LabelledText]) -> None:
    from trainer.corpus import corpus_digest

    if bundle.manifest.provenance.get("labelled_sha256") == corpus_digest(texts):
        sys.stderr.write(
            f"{bundle.id} was trained on these very texts: its figures here say nothing.\n"
        )


def _say(what: str, done: int, of: int) -> None:
    sys.stderr.write(f"... {what}: {done} of {of}\n")
