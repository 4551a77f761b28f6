"""Read unlabelled passages, which the teacher labels."""

from __future__ import annotations

import json
from pathlib import Path

from kdh_desktop.core.classification.sentences import split_sentences
from kdh_desktop.core.errors import TrainingError
from trainer.corpus.labelled_text import LabelledText


def read_unlabelled(path: Path, *, limit: int, min_words: int) -> list[LabelledText]:
    """Read the first `limit` passages of at least `min_words` words from JSON lines with ``text``.

    Raises:
        TrainingError: The file is missing or a line is no JSON object with a text.
    """
    texts: list[LabelledText] = []
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                if len(texts) == limit:
                    break
                passage = str(json.loads(line)["text"])
                if len(passage.split()) < min_words:
                    continue
                sentences = tuple(passage[a:b] for a, b in split_sentences(passage))
                texts.append(LabelledText(f"transfer:{number}", sentences, sentences, None))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            "The file of unlabelled texts cannot be read.",
            'Give a file with one JSON object a line, each with a "text".',
        ) from error
    return texts
