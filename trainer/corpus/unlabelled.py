"""Read unlabelled passages, which the teacher labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from kdh_desktop.core.classification.sentences import split_sentences
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import parse_json
from trainer.corpus.duplicates import WIDE_CHARACTER, content_keys, near_duplicates
from trainer.corpus.labelled_text import LabelledText


def read_unlabelled(path: Path, *, limit: int, min_words: int) -> list[LabelledText]:
    """Read the first `limit` passages of at least `min_words` words from JSON lines with ``text``.

    In scripts without blanks between words each character counts as one. Halves of characters,
    which no tokenizer takes, are left out.

    Raises:
        TrainingError: The file is missing or a line is no JSON object with a text.
    """
    whole = (
        (number, passage.encode(errors="ignore").decode()) for number, passage in passages_in(path)
    )
    long = ((number, passage) for number, passage in whole if _words_in(passage) >= min_words)
    texts: list[LabelledText] = []
    for number, passage in islice(long, limit):
        sentences = tuple(passage[start:end] for start, end in split_sentences(passage))
        texts.append(LabelledText(f"transfer:{number}", sentences, sentences, None))
    return texts


def passages_in(path: Path) -> Iterator[tuple[int, str]]:
    """Passages of JSON lines with ``text``, and numbers of their lines; empty ones are passed over.

    Raises:
        TrainingError: The file is missing or a line is no JSON object with a text.
    """
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines):
                if line.strip():
                    passage: Any = parse_json(line)
                    yield number, str(passage["text"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            "A file of unlabelled texts cannot be read.",
            'Give one with a JSON object a line, each with a "text".',
        ) from error


def apart_from(
    judged: Sequence[LabelledText], unlabelled: Sequence[LabelledText]
) -> list[LabelledText]:
    """Unlabelled texts that are not among those to be judged on, nor nearly.

    A teacher that has learnt those by heart would tell their labels through them.
    """
    texts = [text.text for text in (*judged, *unlabelled)]
    keys = content_keys(texts)
    whose = ["judged"] * len(judged) + ["unlabelled"] * len(unlabelled)
    left_out = {keys[place] for place, _ in near_duplicates(texts, whose)}
    left_out.update(keys[: len(judged)])
    own = keys[len(judged) :]
    return [text for text, key in zip(unlabelled, own, strict=True) if key not in left_out]


def _words_in(passage: str) -> int:
    return len(passage.split()) + len(WIDE_CHARACTER.findall(passage))
