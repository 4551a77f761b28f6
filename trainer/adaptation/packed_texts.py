"""Texts as one long stream of word pieces, encoded once and kept."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from kdh_desktop.core.errors import TrainingError
from trainer.corpus.unlabelled import passages_in

_TEXTS_AT_ONCE = 2000
_LARGEST_INT16 = 2**15 - 1
_NO_WORD = -1


@dataclass(frozen=True, slots=True)
class PieceStream:
    """Texts one after the other, each closed by the end piece.

    Attributes:
        ids: Word-piece ids, int16 where the vocabulary allows it, else int32 (pieces,).
        is_start: Whether a word begins at a piece, bool (pieces,).
        texts: Number of texts.
        source: SHA-256 of the tokenizer that the texts were encoded with, and of the texts.
    """

    ids: NDArray[np.signedinteger]
    is_start: NDArray[np.bool_]
    texts: int
    source: str

    def save(self, path: Path) -> None:
        """Write to one compressed file by way of a temporary one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + ".part.npz")
        np.savez_compressed(
            temporary,
            ids=self.ids,
            starts=np.packbits(self.is_start),
            texts=np.int64(self.texts),
            source=np.array(self.source),
        )
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Read what `save` wrote, or None where it is missing or damaged."""
        try:
            with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
                ids = arrays["ids"]
                starts = np.unpackbits(arrays["starts"], count=len(ids)).astype(bool)
                return cls(ids, starts, int(arrays["texts"]), str(arrays["source"]))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error):
            return None


def read_passages(paths: Sequence[Path]) -> list[str]:
    """The ``text`` of every line of JSON-lines files, in order, each text once.

    Raises:
        TrainingError: A file cannot be read, or a line is no JSON object with a text.
    """
    return list(dict.fromkeys(passage for path in paths for _, passage in passages_in(path)))


def prepared_stream(
    path: Path, read: Callable[[], list[str]] | None, tokenizer_file: Path
) -> PieceStream | None:
    """The stream kept at `path`, or made and kept there where its texts have changed.

    Args:
        path: Where it is kept.
        read: Gives the texts; None where what is kept is to be taken as it is.
        tokenizer_file: A ``tokenizer.json``.

    Returns:
        The stream, or None where there are neither texts nor a kept stream.

    Raises:
        TrainingError: The texts, the tokenizer or what was kept cannot be used.
    """
    tokenizer_bytes = _bytes_of(tokenizer_file)
    of_tokenizer = sha256(tokenizer_bytes).hexdigest()
    kept = PieceStream.load(path)
    if read is None:
        if kept is not None and not kept.source.startswith(of_tokenizer):
            raise TrainingError(
                "The work folder holds texts encoded for another base encoder.",
                "Name the texts again, or that encoder.",
            )
        return kept
    texts = read()
    source = f"{of_tokenizer}:{_digest_of(texts)}"
    if kept is not None and kept.source == source:
        return kept
    stream = pack(texts, Tokenizer.from_str(tokenizer_bytes.decode()), source=source)
    stream.save(path)
    return stream


def pack(texts: Sequence[str], tokenizer: Tokenizer, *, source: str) -> PieceStream:
    """Encode texts in a random but fixed order, so that any part is a fair sample of the whole.

    Args:
        texts: Running texts.
        tokenizer: Says also which pieces belong to one word.
        source: See `PieceStream`.

    Raises:
        TrainingError: No text has a piece, or the tokenizer lacks the end piece.
    """
    end = tokenizer.token_to_id("[SEP]")
    if end is None:
        raise TrainingError(
            "The base encoder's vocabulary lacks [SEP].", "Choose another base encoder."
        )
    is_small = tokenizer.get_vocab_size() <= _LARGEST_INT16
    kind: type[np.int16 | np.int32] = np.int16 if is_small else np.int32
    ids: list[NDArray[np.signedinteger]] = []
    starts: list[NDArray[np.bool_]] = []
    for piece_ids, words in _encoded(texts, tokenizer):
        ids.append(np.array([*piece_ids, end], kind))
        word = np.array([*words, _NO_WORD], np.int64)
        starts.append(np.append(True, word[1:] != word[:-1]))
    if not ids:
        raise TrainingError("There is no text to learn from.", "Name files with passages.")
    return PieceStream(np.concatenate(ids), np.concatenate(starts), len(ids), source)


def _encoded(texts: Sequence[str], tokenizer: Tokenizer) -> Iterator[tuple[list[int], list[int]]]:
    """Piece ids of each text that has any, and the number of the word that each belongs to."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    order = np.random.default_rng(0).permutation(len(texts))
    for at in range(0, len(order), _TEXTS_AT_ONCE):
        some = [texts[index] for index in order[at : at + _TEXTS_AT_ONCE]]
        for encoding in tokenizer.encode_batch(some, add_special_tokens=False):
            if encoding.ids:
                words = encoding.word_ids
                yield encoding.ids, [_NO_WORD if word is None else word for word in words]


def _digest_of(texts: Sequence[str]) -> str:
    digest = sha256()
    for text in texts:
        digest.update(sha256(text.encode("utf-8", "surrogatepass")).digest())
    return digest.hexdigest()


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TrainingError(
            "The base encoder's folder lacks its file tokenizer.json.",
            "Name the folder of an encoder with safetensors weights.",
        ) from error
