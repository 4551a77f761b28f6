"""``kdh-trainer suspects``: labels of a training set that a model would not have given."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.suspicious_labels import (
    FIRST_CHARACTERS,
    LEAST_DISAGREEMENT,
    MAX_SUSPECTS,
    SuspiciousLabel,
    SuspiciousLabels,
    suspects_to_json,
)
from trainer.process.parent import add_parent_option, end_with_parent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kdh_desktop.core.classification.model_bundle import ModelBundle
    from kdh_desktop.core.labels import LabelSet
    from trainer.commands import Commands
    from trainer.corpus.raw import RawText


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    suspects = commands.add_parser(
        "suspects", help="list labels that a model would not have given, worst first"
    )
    suspects.add_argument(
        "sources",
        type=Path,
        nargs="+",
        metavar="SOURCE",
        help="labelled texts: a HoC folder, a workbook, CSV, JSON lines, or a .json file that "
        "describes a source",
    )
    suspects.add_argument("--bundle", type=Path, required=True, help="folder of the model")
    suspects.add_argument("--public-keys", type=Path, help="folder of further public keys to trust")
    suspects.add_argument("--json", action="store_true", help="print JSON instead of words")
    add_parent_option(suspects)
    suspects.set_defaults(work_on=_suspects)


def _suspects(arguments: argparse.Namespace) -> int:
    end_with_parent(arguments)
    from trainer.corpus.guess import source_of
    from trainer.corpus.raw import labels_of
    from trainer.corpus.read import read_raw

    bundle = _open(arguments)
    corpora = [read_raw(source_of(path)) for path in arguments.sources]
    texts = [
        (place, text)
        for place, corpus in enumerate(corpora)
        for text in corpus.texts
        if text.text and not text.undecided
    ]
    found = _compared(bundle, texts, labels_of(corpora))
    sys.stdout.write(suspects_to_json(found) if arguments.json else as_text(found))
    return 0


def _open(arguments: argparse.Namespace) -> ModelBundle:
    from kdh_desktop.core.classification.model_bundle import open_bundle
    from kdh_desktop.core.classification.signing import load_trusted_keys

    paths = AppPaths.default()
    folders = (paths.publisher_keys, paths.site_keys, arguments.public_keys)
    keys = load_trusted_keys(*(folder for folder in folders if folder is not None))
    return open_bundle(arguments.bundle, trusted_keys=keys)


def _compared(
    bundle: ModelBundle, texts: Sequence[tuple[int, RawText]], labels: LabelSet
) -> SuspiciousLabels:
    """Score the texts, and rank their labels by how far the model is from them."""
    known = {label.id for label in bundle.labels}
    shared = [label for label in labels if label.id in known]
    unknown = tuple(label.name for label in labels if label.id not in known)
    if not shared:
        return SuspiciousLabels(bundle.id, len(texts), (), unknown, 0, ())
    found = [one for one in _pairs(bundle, texts, labels) if one.disagreement >= LEAST_DISAGREEMENT]
    found.sort(key=lambda one: (-one.disagreement, one.source, one.id, one.label))
    names = tuple(label.name for label in shared)
    return SuspiciousLabels(
        bundle.id, len(texts), names, unknown, len(found), tuple(found[:MAX_SUSPECTS])
    )


def _pairs(
    bundle: ModelBundle, texts: Sequence[tuple[int, RawText]], labels: LabelSet
) -> list[SuspiciousLabel]:
    from kdh_desktop.core.classification.classifier import OnnxClassifier
    from kdh_desktop.core.record import Record
    from trainer.corpus.raw import columns_of

    columns = columns_of(labels)
    ids = set(labels.ids)
    records = [Record(str(place), text.text) for place, (_, text) in enumerate(texts)]
    pairs = []
    predictions = OnnxClassifier(bundle).predict_each(records)
    for done, prediction in enumerate(predictions, 1):
        source, text = texts[int(prediction.record.id)]
        carried = {labels[columns[name]].id for name in text.labels if name in columns}
        pairs += [
            SuspiciousLabel(
                source,
                text.id,
                " ".join(text.text[: 2 * FIRST_CHARACTERS].split())[:FIRST_CHARACTERS],
                score.label.name,
                score.label.id in carried,
                round(score.probability, 6),
            )
            for score in prediction.scores
            if score.label.id in ids
        ]
        if done % 25 == 0 or done == len(records):
            sys.stderr.write(f"... compared: {done} of {len(records)}\n")
            sys.stderr.flush()
    return pairs


def as_text(found: SuspiciousLabels) -> str:
    """The outcome in words."""
    if not found.is_comparable:
        return "The model knows none of these labels, so nothing can be compared.\n"
    lines = [
        f"{found.count:,} labels of {found.texts:,} texts are far from what {found.model} says."
    ]
    if found.unknown:
        lines.append(f"Left out, since the model does not know them: {', '.join(found.unknown)}")
    for one in found.suspects:
        said = "labelled" if one.is_labelled else "not labelled"
        lines.append(f"  {one.id}: {one.label}: {said}, the model says {one.probability:.0%}")
    return "\n".join(lines) + "\n"
