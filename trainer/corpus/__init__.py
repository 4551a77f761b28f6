"""Read, check and describe texts to learn from."""

from trainer.corpus.hoc import read_hoc
from trainer.corpus.labelled_text import (
    LabelledText,
    corpus_digest,
    groups_digest,
    target_matrix,
)
from trainer.corpus.read import read_corpora, read_corpus
from trainer.corpus.unlabelled import apart_from, read_unlabelled

__all__ = [
    "LabelledText",
    "apart_from",
    "corpus_digest",
    "groups_digest",
    "read_corpora",
    "read_corpus",
    "read_hoc",
    "read_unlabelled",
    "target_matrix",
]
