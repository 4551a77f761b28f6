"""Does this installation work: does the model know what it must know?"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kdh_desktop import __version__
from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.record import Record


@dataclass(frozen=True, slots=True)
class KnownSentence:
    """How one invented sentence came out.

    Attributes:
        expected: Id of the label that must come first.
        found: Id of the label that came first.
    """

    expected: str
    found: str

    @property
    def is_right(self) -> bool:
        """Whether the model says what it must."""
        return self.expected == self.found


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """What a self-check found.

    Attributes:
        model_id: Bundle id of the model.
        provider: What the runtime computes on.
        versions: Versions of the program and of what its scores depend on, by name.
        sentences: How the known sentences came out; none where the model has other labels.
    """

    model_id: str
    provider: str
    versions: Mapping[str, str]
    sentences: tuple[KnownSentence, ...]

    @property
    def is_sound(self) -> bool:
        """Whether every known sentence came out right."""
        return all(sentence.is_right for sentence in self.sentences)


def check_classifier(classifier: OnnxClassifier, *, known_sentences: Path) -> SelfCheck:
    """Classify sentences whose labels are known.

    Args:
        classifier: The model in force, verified and loaded.
        known_sentences: JSON file: a list of objects with ``label`` (an id) and ``text``.

    Raises:
        KdhError: The known sentences are missing.
        ModelError: The model gave no usable result.
    """
    known = _known_sentences(known_sentences)
    if not {label_id for label_id, _ in known} <= set(classifier.labels.ids):
        known = []  # a site may train labels of its own
    records = [Record(label_id, text) for label_id, text in known]
    return SelfCheck(
        model_id=classifier.bundle.id,
        provider=classifier.provider,
        versions={
            "kdh-desktop": __version__,
            "python": platform.python_version(),
            **classifier.versions,
        },
        sentences=tuple(
            KnownSentence(expected=x.record.id, found=x.by_probability[0].label.id)
            for x in classifier.predict(records)
        ),
    )


def _known_sentences(path: Path) -> list[tuple[str, str]]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return [(str(x["label"]), str(x["text"])) for x in raw]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KdhError(
            "The program's own files are incomplete: its known sentences are missing.",
            "Install the program again.",
        ) from error
