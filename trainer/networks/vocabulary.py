"""Word pieces and embeddings from a task's own texts, for networks that are not pretrained.

The folder holds all that such a network and the bundle made of it need: a tokenizer, embeddings
pretrained on unlabelled texts, and a note of what they were made from.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import string
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer
from tokenizers.models import BPE, Model, WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import PreTokenizer, Split, WhitespaceSplit
from tokenizers.pre_tokenizers import Sequence as InOrder
from tokenizers.trainers import BpeTrainer, WordPieceTrainer

from kdh_desktop.core.durable_file import flush_files, flush_folder
from kdh_desktop.core.errors import TrainingError
from trainer.learning.batching import SPECIAL_PIECES
from trainer.networks.embeddings import EMBEDDINGS, TABLE, TOKENIZER
from trainer.networks.han import SENTENCE_ENDS

NOTE = "vocabulary.json"
_FILES = frozenset({TOKENIZER, EMBEDDINGS, NOTE})
_VERSION = 1
"""Is raised when the same texts would give another vocabulary."""

_BLANKLESS_RUN = 12.0
"""Mean characters between blanks from which a language writes none; English has 6, Chinese 20."""

_WORDS = r"\d+(?:[.,]\d+)+|(?:\p{L}\.){2,}|[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]"
"""Numbers with their points, abbreviations such as e.g., words, and single marks."""

_SPECIAL = [names[0] for names in SPECIAL_PIECES]
_UNKNOWN = _SPECIAL[-1]
_ALPHABET = (*string.ascii_lowercase, *string.digits, *string.punctuation, *SENTENCE_ENDS)
"""Characters that every vocabulary has."""

_MIN_COUNT = 2
_WINDOW = 5
_NEGATIVES = 5
_FIRST_RATE, _LAST_RATE = 0.025, 0.0001
_MOST_EPOCHS = 5
_MOST_PIECES = 20_000_000
"""Pieces read in all epochs together: two minutes or so."""

_LONGEST_PASSAGE = 10_000
_CHUNK_PIECES = 100_000


def prepare_vocabulary(
    texts: Sequence[str],
    folder: Path,
    *,
    pieces: int,
    embedding_size: int,
    pretrain_on: Sequence[str],
    seed: int,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Make the vocabulary folder, or leave it as it is where it was made from the very same.

    A folder appears whole or not at all.

    Args:
        texts: Texts whose words the pieces are made from.
        folder: Where it shall lie. An older vocabulary there is replaced.
        pieces: Most pieces in the vocabulary.
        embedding_size: Width of the embeddings.
        pretrain_on: Texts to pretrain the embeddings on; without any they are learnt with the
            network.
        seed: Of the pretraining.
        check: Called every other second; what it raises stops the work, and leaves nothing.

    Raises:
        TrainingError: There are no texts, or the folder holds something else.
    """
    if not any(text.strip() for text in texts):
        raise TrainingError("There is no text to make a vocabulary from.")
    note = json.dumps(
        {
            "version": _VERSION,
            "texts": _digest(texts),
            "pieces": pieces,
            "embedding_size": embedding_size,
            "pretrain_on": _digest(pretrain_on),
            "seed": seed,
        }
    )
    if _note_of(folder) == note:
        return
    _check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        tokenizer = train_tokenizer(texts, pieces=pieces)
        tokenizer.save(str(staging / TOKENIZER))
        if any(text.strip() for text in pretrain_on):
            table = pretrain_embeddings(
                pretrain_on, tokenizer, size=embedding_size, seed=seed, check=check
            )
            save_file({TABLE: table}, staging / EMBEDDINGS)
        (staging / NOTE).write_text(note, encoding="utf-8")
        staging.chmod(0o755)
        # The folder counts once it is there, also after a power cut.
        flush_files(staging)
        if folder.exists():
            shutil.rmtree(folder)
        staging.rename(folder)
        flush_folder(folder.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def train_tokenizer(texts: Sequence[str], *, pieces: int) -> Tokenizer:
    """Word pieces for texts with blanks between words, else pieces of what stands between marks.

    Punctuation is always a piece of its own, so that networks see where sentences end; a point
    inside a number or an abbreviation is not.
    """
    normalizer = BertNormalizer(lowercase=True, handle_chinese_chars=False)
    seen = set().union(*(normalizer.normalize_str(text) for text in texts))
    alphabet = sorted({*seen, *_ALPHABET})
    with_blanks = _has_blanks(texts)
    # The order of the first pieces decides between merges that are as frequent as each other, and
    # the trainer takes those inside words as they come out of a hash table, so they are named here.
    inside = [f"##{character}" for character in alphabet] if with_blanks else []
    plan: dict[str, Any] = {
        "vocab_size": pieces,
        "min_frequency": _MIN_COUNT,
        "special_tokens": [*_SPECIAL, *inside],
        "initial_alphabet": alphabet,
        "show_progress": False,
    }
    draft = Tokenizer(WordPiece() if with_blanks else BPE())
    draft.normalizer, draft.pre_tokenizer = normalizer, _divide_words()
    trainer = WordPieceTrainer(**plan) if with_blanks else BpeTrainer(**plan)
    draft.train_from_iterator(texts, trainer)

    trained = json.loads(draft.to_str())["model"]
    model: Model
    if with_blanks:
        model = WordPiece(trained["vocab"], unk_token=_UNKNOWN, max_input_chars_per_word=100)
    else:
        model = BPE(trained["vocab"], [tuple(x) for x in trained["merges"]], unk_token=_UNKNOWN)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, _divide_words()
    tokenizer.add_special_tokens(_SPECIAL)
    return tokenizer


def pretrain_embeddings(
    texts: Sequence[str],
    tokenizer: Tokenizer,
    *,
    size: int,
    seed: int,
    check: Callable[[], None] = lambda: None,
) -> NDArray[np.float32]:
    """Embeddings of all pieces, float32 (pieces, size), from how they stand in `texts`.

    Pieces that never occur get random vectors. One thread, so that the same comes of the same.

    Source: skip-gram with negative sampling, Mikolov et al. 2013.
    """
    from gensim.models import Word2Vec

    logging.getLogger("gensim").setLevel(logging.ERROR)  # it advises on thread pools
    passages = _passages(texts, tokenizer)
    model = Word2Vec(
        vector_size=size,
        window=_WINDOW,
        min_count=1,
        negative=_NEGATIVES,
        sg=1,
        workers=1,
        seed=seed % 2**32,
    )
    model.build_vocab(passages)
    chunks = _chunks(passages)
    epochs = min(_MOST_EPOCHS, max(1, _MOST_PIECES // sum(map(len, passages))))
    rates = np.linspace(_FIRST_RATE, _LAST_RATE, epochs * len(chunks) + 1)
    for step, chunk in enumerate(chunks * epochs):
        check()
        model.train(
            chunk,
            total_examples=len(chunk),
            epochs=1,
            start_alpha=rates[step],
            end_alpha=rates[step + 1],
        )
    learnt: NDArray[np.float32] = model.wv.vectors
    rows = max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1
    rng = np.random.default_rng(seed)
    table = rng.normal(scale=float(learnt.std()), size=(rows, size)).astype(np.float32)
    for place, piece in enumerate(model.wv.index_to_key):
        table[tokenizer.token_to_id(piece)] = learnt[place]
    return table


def _passages(texts: Sequence[str], tokenizer: Tokenizer) -> list[list[str]]:
    """Texts as pieces, none longer than the library reads."""
    encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [
        encoding.tokens[start : start + _LONGEST_PASSAGE]
        for encoding in encodings
        for start in range(0, len(encoding.tokens), _LONGEST_PASSAGE)
    ]


def _chunks(passages: list[list[str]]) -> list[list[list[str]]]:
    """Passages in bundles that take about a second each, between which one can stop."""
    ends = np.cumsum([len(passage) for passage in passages])
    cuts = np.flatnonzero(np.diff(ends // _CHUNK_PIECES)) + 1
    edges = [0, *cuts.tolist(), len(passages)]
    return [passages[start:end] for start, end in pairwise(edges)]


def _divide_words() -> PreTokenizer:
    return InOrder([WhitespaceSplit(), Split(Regex(_WORDS), behavior="isolated")])


def _has_blanks(texts: Sequence[str]) -> bool:
    characters = sum(len(text) for text in texts)
    return characters / max(1, sum(len(text.split()) for text in texts)) < _BLANKLESS_RUN


def _digest(texts: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def _note_of(folder: Path) -> str | None:
    try:
        return (folder / NOTE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _check_replaceable(folder: Path) -> None:
    """Nothing but a vocabulary may be replaced by one."""
    if folder.exists() and any(entry.name not in _FILES for entry in folder.iterdir()):
        raise TrainingError(
            "The folder for the vocabulary holds other files.", "Name an empty or a new folder."
        )
