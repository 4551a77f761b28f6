"""A trained student in the forms it is served in, and its scores on texts it did not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from torch import nn

from kdh_desktop.core.classification.classifier import OnnxClassifier, TextScores
from kdh_desktop.core.classification.confidence import calibrated_probabilities
from kdh_desktop.core.classification.manifest import LabelCalibration, Manifest
from kdh_desktop.core.classification.windows import ReadText, TextReader
from trainer.corpus import LabelledText
from trainer.export.onnx_export import check_float32, export_float32, quantise
from trainer.judging.calibration import fit_calibrations
from trainer.judging.evaluation import (
    ServedScores,
    beside_truth,
    best_evidence_threshold,
    classifier_for,
)
from trainer.learning.batching import Batches, Encoder, Example
from trainer.learning.network_scores import score


@dataclass(frozen=True, slots=True)
class Candidate:
    """A student as it may be served.

    Attributes:
        int8_model: The int8 ONNX file.
        tokenizer: Its ``tokenizer.json``.
        int8: Classifier over the int8 form.
        float32: Classifier over the float32 form.
    """

    int8_model: bytes
    tokenizer: bytes
    int8: OnnxClassifier
    float32: OnnxClassifier


@dataclass(slots=True)
class CalibrationScores:
    """Scores of texts by students that did not see them, fold by fold."""

    int8: list[ServedScores] = field(default_factory=list)
    float32: list[ServedScores] = field(default_factory=list)
    texts: list[LabelledText] = field(default_factory=list)

    def add(
        self,
        unseen: Sequence[LabelledText],
        *,
        int8: Sequence[TextScores],
        float32: Sequence[TextScores],
    ) -> None:
        """Take what a student says of texts that it did not see, in both forms."""
        self.int8.append(beside_truth(unseen, int8))
        self.float32.append(beside_truth(unseen, float32))
        self.texts += unseen

    @property
    def truth(self) -> NDArray[np.float32]:
        """The corpus's labels of these texts, fold after fold, (texts, labels)."""
        return ServedScores.join(self.int8).truth

    def fit(self) -> tuple[LabelCalibration, ...]:
        """Calibration and limits from the int8 form's own scores on all folds."""
        joined = ServedScores.join(self.int8)
        return fit_calibrations(joined.decision_logits, joined.truth)

    def evidence_threshold(self) -> float:
        """Sentence probability from which a sentence counts as evidence."""
        return best_evidence_threshold(ServedScores.join(self.int8))


def export_candidate(student: nn.Module, encoder: Path, manifest: Manifest) -> Candidate:
    """Export a student to float32 and int8; it is on the CPU afterwards."""
    student.cpu()
    tokenizer = (encoder / "tokenizer.json").read_bytes()
    with TemporaryDirectory(prefix="kdh-export-") as folder:
        float32, int8 = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        export_float32(student, float32)
        quantise(float32, int8)
        model = int8.read_bytes()
        return Candidate(
            model,
            tokenizer,
            classifier_for(model, tokenizer, manifest),
            classifier_for(float32.read_bytes(), tokenizer, manifest),
        )


def parity_gap(
    student: nn.Module, candidate: Candidate, texts: Sequence[LabelledText], encoder: Encoder
) -> float:
    """Largest difference in probability between torch and the exported float32 form.

    Both are asked about the pieces and sentences that the program reads in a text. Texts of more
    than one window are left out: their windows are joined outside the network. Where all are so
    long, the first window of each is compared instead. A text of which no piece is left, such as
    one of nothing but invisible characters, is passed over.

    Raises:
        TrainingError: They differ by more than float32 should.
    """
    manifest = candidate.float32.bundle.manifest
    reader = TextReader(
        candidate.tokenizer,
        max_tokens=manifest.max_tokens,
        window_stride=manifest.window_stride,
    )
    reads = [read for read in (reader.read(text.text) for text in texts) if read.ids.size]
    short = [read for read in reads if len(read.windows) == 1]
    if short:
        examples = [_in_sentences(read) for read in short]
        served = candidate.float32.score([read.pasted for read in short])
        exported = [one.decision_logits for one in served]
    else:
        examples = [_first_window(read) for read in reads]
        exported = [_window_logits(candidate.float32, example) for example in examples]
    batches = Batches(
        examples, piece_ids=encoder.piece_ids, max_tokens=manifest.max_tokens, batch_size=1
    )
    trained = score(student, batches, is_exact=True).decision_logits(manifest.sentence_weight)
    return check_float32(
        _probabilities(trained, manifest),
        _probabilities(np.stack(exported), manifest),
        threshold=manifest.calibrations[0].threshold,
    )


def _in_sentences(read: ReadText) -> Example:
    """A text in the sentences that the program sees in it."""
    ends = np.flatnonzero(np.diff(read.sentence_of_piece)) + 1
    return _example(np.split(read.ids, ends))


def _first_window(read: ReadText) -> Example:
    """The beginning of a text as a text of one sentence."""
    start, end = read.windows[0]
    return _example([read.ids[start:end]])


def _example(sentences: Sequence[NDArray[np.int64]]) -> Example:
    pieces = tuple(tuple(sentence.tolist()) for sentence in sentences)
    return Example(pieces, pieces, None)


def _window_logits(classifier: OnnxClassifier, example: Example) -> NDArray[np.float32]:
    """Decision logits of a text of one sentence that fits one window."""
    found = classifier.score_window(np.array(example.pieces[0], np.int64))
    if found.pieces is None:
        return found.abstract
    weight = np.float32(classifier.bundle.manifest.sentence_weight)
    best: NDArray[np.float32] = found.pieces.mean(axis=0)
    return (1 - weight) * found.abstract + weight * best


def _probabilities(logits: NDArray[np.float32], manifest: Manifest) -> NDArray[np.float64]:
    return calibrated_probabilities(logits, manifest.calibrations)
