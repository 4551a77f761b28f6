"""``kdh-trainer evaluate --run``: a run's candidate against the model in force, for the gate."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.errors import Cancelled, InputError, KdhError, ModelError
from kdh_desktop.core.paths import AppPaths

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from kdh_desktop.core.classification.classifier import OnnxClassifier
    from kdh_desktop.core.classification.comparison import ModelComparison
    from kdh_desktop.core.runs.training_runs import RunFolder, RunRequest
    from trainer.corpus import LabelledText
    from trainer.running.texts import RunTexts


def evaluate_run(arguments: argparse.Namespace, keys: Sequence[Ed25519PublicKey]) -> str:
    """Compare, and give what is to be printed.

    Args:
        arguments: Of ``kdh-trainer evaluate``.
        keys: Whose models are trusted beside the run's own.

    Raises:
        InputError: The run is not to be read, or its texts are not what they were.
        ModelError: A model cannot be used.
        TrainingError: The texts cannot be read any more.
    """
    from kdh_desktop.core.classification.comparison import comparison_to_json
    from trainer.judging.comparison_table import comparison_as_text

    if arguments.controlled:
        _end_with_stdin()
    found = _compare(arguments, keys)
    return comparison_to_json(found) if arguments.json else comparison_as_text(found)


def _compare(arguments: argparse.Namespace, keys: Sequence[Ed25519PublicKey]) -> ModelComparison:
    from kdh_desktop.core.classification.classifier import OnnxClassifier
    from kdh_desktop.core.classification.model_bundle import open_bundle
    from kdh_desktop.core.classification.signing import load_public_key
    from kdh_desktop.core.runs.training_runs import RunFolder
    from trainer.judging.comparing import Contest, compare_candidate
    from trainer.judging.seen_texts import seen_texts

    folder = RunFolder(arguments.run)
    request = _request(folder)
    candidate = OnnxClassifier(
        open_bundle(folder.candidate, trusted_keys=(load_public_key(folder.public_key),))
    )
    try:
        active = OnnxClassifier(open_bundle(arguments.against, trusted_keys=keys))
    except ModelError as error:
        # Not the candidate's fault, which other exit codes tell.
        raise InputError(
            f"The model in force cannot be used. {error.message}", error.remedy
        ) from error
    texts = _texts(request, candidate)
    known, right = _known_sentences(candidate, arguments.known_sentences)
    earlier = list(_runs_of(active.bundle.id, folder))
    contest = Contest(
        run=folder.id,
        labels=candidate.labels,
        texts=texts.judged,
        candidate=candidate,
        active=active,
        seen=seen_texts(
            active.bundle.manifest,
            texts.judged,
            known=_training_texts(request, earlier),
            is_hoc=_is_hoc(request),
            is_ours=bool(earlier) or _is_of_this_site(arguments),
        ),
        known_sentences=known,
        known_right=right,
    )
    return compare_candidate(contest, seed=arguments.seed, on_progress=_say)


def _request(folder: RunFolder) -> RunRequest:
    from kdh_desktop.core.runs.training_runs import request_from_json

    try:
        return request_from_json(folder.request.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "What the run was asked to do cannot be read.", "Name the folder of a training run."
        ) from error


def _read(request: RunRequest) -> RunTexts:
    from trainer.running.texts import read_run_texts

    return read_run_texts(
        request.config, corpus=request.corpus, judged=request.judged, transfer=None
    )


def _texts(request: RunRequest, candidate: OnnxClassifier) -> RunTexts:
    """The run's texts, read exactly as the run read them.

    What was held out is known only while the files are what they were.
    """
    from trainer.corpus import corpus_digest

    texts = _read(request)
    trained_on = candidate.bundle.manifest.provenance.get("labelled_sha256")
    if trained_on != corpus_digest(texts.train) or texts.labels.ids != candidate.labels.ids:
        raise InputError(
            "The texts are not what they were when the run began, so nobody can tell any more "
            "which of them it was not trained on.",
            "Put the files back as they were, or train again.",
        )
    return texts


def _known_sentences(candidate: OnnxClassifier, path: Path | None) -> tuple[int, int]:
    """How many known sentences the candidate was tried with, and how many came out right."""
    from kdh_desktop.core.selfcheck import check_classifier

    check = check_classifier(candidate, known_sentences=path or AppPaths.default().known_sentences)
    sentences = check.sentences
    if not {sentence.expected for sentence in sentences} <= set(candidate.labels.ids):
        return 0, 0
    return len(sentences), sum(sentence.is_right for sentence in sentences)


def _training_texts(
    request: RunRequest, earlier: Sequence[RunFolder]
) -> Iterator[Sequence[LabelledText]]:
    """What the model in force may have been trained on, as far as this machine still has it.

    Args:
        request: Of the run that is judged.
        earlier: Runs that trained the model in force.
    """
    from trainer.judging.seen_texts import hoc_lists

    yield from hoc_lists((*request.corpus, *request.judged))
    for other in earlier:
        try:
            yield _read(_request(other)).train
        except KdhError:
            continue  # its files are gone, or are others now


def _runs_of(bundle_id: str, folder: RunFolder) -> Iterator[RunFolder]:
    """Other runs of this installation whose candidate has that id."""
    from kdh_desktop.core.classification.manifest import Manifest
    from kdh_desktop.core.runs.training_runs import RunFolder

    for other in map(RunFolder, sorted(folder.folder.parent.iterdir())):
        try:
            manifest = Manifest.from_json((other.candidate / "manifest.json").read_bytes())
        except (OSError, KdhError):
            continue
        if other.id != folder.id and manifest.bundle_id == bundle_id:
            yield other


def _is_of_this_site(arguments: argparse.Namespace) -> bool:
    """Whether the site signed the model in force: a run here trained it, be it long deleted."""
    from kdh_desktop.core.access import SITE_KEY
    from kdh_desktop.core.classification.model_bundle import open_bundle
    from kdh_desktop.core.classification.signing import load_public_key

    folders = (AppPaths.default().site_keys, *arguments.public_keys)
    own = [load_public_key(x / SITE_KEY) for x in folders if (x / SITE_KEY).exists()]
    try:
        open_bundle(arguments.against, trusted_keys=own)
    except ModelError:
        return False
    return True


def _is_hoc(request: RunRequest) -> bool:
    from kdh_desktop.core.corpus_source import HocSource

    return any(isinstance(source, HocSource) for source in (*request.corpus, *request.judged))


def _end_with_stdin() -> None:
    """End this process when whoever drives it says cancel, or is gone.

    Nothing is written anywhere, so that the process may simply stop.
    """

    def wait() -> None:
        # Past Python's own buffers: a thread that waits in them bars the interpreter's end.
        while (said := os.read(0, 1000)) and b"cancel" not in said:
            pass
        os._exit(Cancelled.exit_code)

    threading.Thread(target=wait, daemon=True).start()


def _say(what: str, done: int, of: int) -> None:
    sys.stderr.write(f"... {what}: {done} of {of}\n")
    sys.stderr.flush()
