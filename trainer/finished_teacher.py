"""A finished model as the teacher: a smaller or faster network learns what it says.

Nothing is trained for it. What it says of the labelled texts flatters where it was trained on them;
unlabelled texts are the better lesson.

Source: response-based distillation after Hinton et al. 2015.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.confidence import calibrated_logits
from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import LabelSet
from trainer.corpus import LabelledText
from trainer.learning.batching import Batches, Encoder, SoftTargets
from trainer.learning.network_scores import NetworkScores
from trainer.learning.stages import StageRunner
from trainer.running.planned_stages import FINISHED_TEACHER
from trainer.running.texts import RunTexts
from trainer.teacher import Teacher, soft_targets


class FinishedTeacher:
    """Asks a finished model what it thinks of a run's texts, and keeps its answers.

    Args:
        bundle: The model, verified.
        labels: The run's.
        runner: Keeps the answers in the run's work folder.

    Raises:
        TrainingError: The model has other labels, or gives no logits of sentences.
        ModelError: It cannot be computed.
    """

    def __init__(self, bundle: ModelBundle, labels: LabelSet, *, runner: StageRunner) -> None:
        self._manifest = bundle.manifest
        self._columns = _columns(bundle, labels)
        classifier = OnnxClassifier(bundle, threads=1)
        if not classifier.has_token_logits:
            raise TrainingError(
                "The model that is to teach says nothing of sentences.",
                "Choose one that this program trained, or train a teacher.",
            )
        self._network = ServedNetwork(classifier, self._columns)
        self._encoder = Encoder(Tokenizer.from_buffer(bundle.tokenizer))
        self._runner = runner

    def teach(self, texts: RunTexts, fold_of: NDArray[np.int64]) -> Teacher:
        """What it says of all texts of a run.

        Args:
            texts: The run's.
            fold_of: Fold of each labelled text, of which the model knows nothing.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        self._runner.start(FINISHED_TEACHER)
        labelled = self._scores("labelled", texts.train)
        decisions = labelled.decision_logits(self._manifest.sentence_weight)
        unlabelled = []
        if texts.unlabelled:
            unlabelled = self._taught(self._scores("unlabelled", texts.unlabelled))
        return Teacher(
            np.ones(len(texts.train), bool),
            fold_of,
            (decisions,),
            self._taught(labelled),
            unlabelled,
        )

    def _scores(self, what: str, texts: Sequence[LabelledText]) -> NetworkScores:
        name = f"{FINISHED_TEACHER}-{what}"
        batches = Batches(
            self._encoder.examples(texts),
            piece_ids=self._encoder.piece_ids,
            max_tokens=self._manifest.max_tokens,
            batch_size=1,
        )
        self._runner.keep_scores(name, self._network, batches)
        return NetworkScores.load(self._runner.work / f"{name}.npz")

    def _taught(self, scores: NetworkScores) -> list[SoftTargets]:
        decisions = scores.decision_logits(self._manifest.sentence_weight)
        calibrations = [self._manifest.calibrations[column] for column in self._columns]
        logits = calibrated_logits(decisions, calibrations).astype(np.float32)
        return soft_targets(logits, scores)


class ServedNetwork(nn.Module):
    """A model as it is served, in the place of a network: it scores one text a pass.

    Args:
        classifier: The model.
        columns: Those of its columns to give, in order.
    """

    def __init__(self, classifier: OnnxClassifier, columns: Sequence[int]) -> None:
        super().__init__()
        self._classifier = classifier
        self._columns = list(columns)
        # Where a network computes is asked of its weights.
        self.place = nn.Parameter(torch.empty(0), requires_grad=False)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Text logits (1, labels) and token logits (1, tokens, labels), both float32.

        Args:
            input_ids: int64 (1, tokens), with start and end and without padding.
            attention_mask: int64 (1, tokens), all 1.
        """
        del attention_mask
        found = self._classifier.score_window(input_ids[0, 1:-1].numpy())
        of_tokens = np.zeros((input_ids.shape[1], len(self._columns)), np.float32)
        if found.pieces is not None:
            of_tokens[1:-1] = found.pieces[:, self._columns]
        of_text = torch.from_numpy(found.abstract[self._columns])
        return of_text.unsqueeze(0), torch.from_numpy(of_tokens).unsqueeze(0)


def _columns(bundle: ModelBundle, labels: LabelSet) -> list[int]:
    """The model's column of each label of the run."""
    known = bundle.labels.ids
    if set(known) != set(labels.ids):
        raise TrainingError(
            "The model that is to teach knows other labels than the texts have.",
            "Choose a model of the same labels, or train a teacher.",
        )
    return [known.index(label) for label in labels.ids]
