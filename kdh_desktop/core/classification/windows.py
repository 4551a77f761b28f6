"""From a pasted text to the windows that the network reads, and from their logits back.

The rule for length: a text of more than one window is read in overlapping windows, at most
`MAX_WINDOWS` of them and at most `MAX_CHARACTERS` of text, which is a long chapter. What lies
beyond is not read, and `ReadText.read_characters` says so; nothing is cut in silence.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

# One text at a time is encoded: worker threads would cost more than they bring.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from kdh_desktop.core.classification.cleaning import CleanText, clean_text
from kdh_desktop.core.classification.sentences import split_sentences
from kdh_desktop.core.errors import VerificationError

MAX_CHARACTERS = 250_000
MAX_WINDOWS = 128

START_PIECES = ("[CLS]", "<s>")
END_PIECES = ("[SEP]", "</s>")
"""What vocabularies call the pieces that frame a window."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadText:
    """One text as word pieces.

    Attributes:
        pasted: The text as the user gave it.
        clean: Its cleaned form, of which the pieces were made.
        ids: Word pieces without special tokens, shape (pieces,).
        sentence_spans: Sentences with at least one piece, into the cleaned text.
        sentence_of_piece: Index of each piece's sentence, never falling, shape (pieces,).
        windows: ``[start, end)`` of each window, into `ids`.
        read_characters: Characters of the pasted text that were read, from its beginning.
    """

    pasted: str
    clean: CleanText
    ids: NDArray[np.int64]
    sentence_spans: tuple[tuple[int, int], ...]
    sentence_of_piece: NDArray[np.int64]
    windows: tuple[tuple[int, int], ...]
    read_characters: int

    @property
    def is_whole(self) -> bool:
        """Whether all of the text was read."""
        return self.read_characters == len(self.pasted)


@dataclass(frozen=True, slots=True, eq=False)
class WindowLogits:
    """What the network gives for one window.

    Attributes:
        abstract: Shape (labels,).
        pieces: Shape (pieces, labels), special tokens left out; None where the network gives none.
    """

    abstract: NDArray[np.float32]
    pieces: NDArray[np.float32] | None


class TextReader:
    """Cuts texts into the windows of one model.

    Args:
        tokenizer_json: Contents of a ``tokenizer.json`` with a start and an end piece.
        max_tokens: Word pieces in one window, special tokens included.
        window_stride: Word pieces from the start of one window to the start of the next.

    Raises:
        VerificationError: The tokenizer cannot be used.
    """

    def __init__(self, tokenizer_json: bytes, *, max_tokens: int, window_stride: int) -> None:
        try:
            self._tokenizer = Tokenizer.from_str(tokenizer_json.decode("utf-8"))
        except Exception as error:  # the library raises nothing more exact
            raise _unusable_tokenizer() from error
        # The file may ask for either, and both would cut or stretch texts in silence.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        # A pasted "[SEP]" is text like any other.
        self._tokenizer.encode_special_tokens = True
        ends = [first_known(self._tokenizer, names) for names in (START_PIECES, END_PIECES)]
        if None in ends:
            raise _unusable_tokenizer()
        self._first, self._last = (np.array([end], dtype=np.int64) for end in ends)
        self._max_pieces = max_tokens - 2
        self._stride = window_stride

    @property
    def highest_id(self) -> int:
        """Largest number that a word piece may have."""
        return max(self._tokenizer.get_vocab(with_added_tokens=True).values())

    def read(self, text: str) -> ReadText:
        """Clean, split and encode one text; it may come out with no pieces at all."""
        clean = clean_text(_beginning(text))
        # Some vocabularies have pieces for blanks alone, which are no sentence.
        readable = "" if clean.text.isspace() else clean.text
        # `encode_batch` lets other threads run meanwhile, which `encode` does not.
        encoding = self._tokenizer.encode_batch([readable], add_special_tokens=False)[0]
        windows = self._windows(len(encoding.ids))
        count = windows[-1][1] if windows else 0
        places = np.array(encoding.offsets[:count], dtype=np.int64).reshape(count, 2)
        spans, sentence_of_piece = _sentences(clean.text, places)
        is_cut = count < len(encoding.ids)
        read_cleaned = int(places[-1, 1]) if is_cut else len(clean.text)
        return ReadText(
            pasted=text,
            clean=clean,
            ids=np.array(encoding.ids[:count], dtype=np.int64),
            sentence_spans=spans,
            sentence_of_piece=sentence_of_piece,
            windows=windows,
            read_characters=clean.offsets[read_cleaned],
        )

    def framed(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """The network's input for one window, shape (1, tokens): [CLS] pieces [SEP]."""
        return np.concatenate((self._first, ids, self._last))[np.newaxis]

    def _windows(self, pieces: int) -> tuple[tuple[int, int], ...]:
        if not pieces:
            return ()
        overhang = max(0, pieces - self._max_pieces)
        count = min(1 + -(-overhang // self._stride), MAX_WINDOWS)
        starts = range(0, count * self._stride, self._stride)
        return tuple((start, min(start + self._max_pieces, pieces)) for start in starts)


def first_known(tokenizer: Tokenizer, names: Sequence[str]) -> int | None:
    """Id of the first of several pieces that a tokenizer knows, or None."""
    found = (tokenizer.token_to_id(name) for name in names)
    return next((number for number in found if number is not None), None)


def join_windows(
    read: ReadText, outputs: Sequence[WindowLogits]
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Join the logits of a text's windows.

    Args:
        read: The text.
        outputs: One per window, in order.

    Returns:
        The abstract's logits, shape (labels,): the highest over the windows; and the sentences',
        shape (sentences, labels): the mean over their pieces, each piece's logits being averaged
        over the windows it lies in. None where the network gives none.
    """
    abstract = np.max([output.abstract for output in outputs], axis=0)
    shape = (len(read.ids), len(abstract))
    sums, counts = np.zeros(shape, dtype=np.float32), np.zeros((shape[0], 1), dtype=np.float32)
    for (start, end), output in zip(read.windows, outputs, strict=True):
        if output.pieces is None:
            return abstract, None
        sums[start:end] += output.pieces
        counts[start:end] += 1
    firsts = np.searchsorted(read.sentence_of_piece, np.arange(len(read.sentence_spans)))
    sizes = np.diff(firsts, append=shape[0])[:, np.newaxis].astype(np.float32)
    sentences = np.add.reduceat(sums / counts, firsts, axis=0) / sizes
    return abstract, sentences.astype(np.float32, copy=False)


def _beginning(text: str) -> str:
    """At most `MAX_CHARACTERS`, cut between words where there are any."""
    if len(text) <= MAX_CHARACTERS:
        return text
    blank = text.rfind(" ", MAX_CHARACTERS - 1000, MAX_CHARACTERS)
    return text[: blank if blank > 0 else MAX_CHARACTERS]


def _sentences(
    text: str, places: NDArray[np.int64]
) -> tuple[tuple[tuple[int, int], ...], NDArray[np.int64]]:
    """Sentences that hold pieces, and the sentence of each piece.

    A piece belongs where its last character lies, since it may begin with the blank before it.
    """
    spans = split_sentences(text)
    lasts = np.maximum(places[:, 0], places[:, 1] - 1)
    starts = np.array([start for start, _ in spans], dtype=np.int64)
    rows = np.maximum(np.searchsorted(starts, lasts, side="right") - 1, 0)
    rows = np.maximum.accumulate(rows)
    kept, renumbered = np.unique(rows, return_inverse=True)
    return tuple(spans[row] for row in kept), renumbered.astype(np.int64)


def _unusable_tokenizer() -> VerificationError:
    return VerificationError(
        "The model's tokenizer cannot be used.", "Install the model again from its source."
    )
