"""Invented abstracts in the layout of the HoC corpus, and an encoder small enough to train."""

from __future__ import annotations

import csv
import json
import re
import string
from collections import Counter
from pathlib import Path

import numpy as np

from kdh_desktop.core.labels import HALLMARKS_OF_CANCER

_OPENINGS = (
    "We studied {cells} cells in culture .",
    "Little is known of {cells} tumours .",
    "Samples of {cells} tissue were examined .",
)
_CELLS = ("colon", "breast", "lung", "liver", "kidney", "ovary")
_FINDINGS = (
    "growth factor receptors kept the cells dividing",
    "loss of the retinoblastoma protein removed the brake on the cell cycle",
    "apoptosis was blocked and the cells survived",
    "telomerase kept the telomeres long and the cells immortal",
    "new blood vessels grew towards the tumour under VEGF",
    "the cells migrated and formed metastases in the lymph nodes",
    "DNA damage and mutations accumulated in the genome",
    "chronic inflammation with cytokines promoted the tumour",
    "glycolysis and lactate rose while mitochondria rested",
    "T cells no longer recognised the tumour",
)


def write_tiny_corpus(folder: Path, *, train: int = 60, dev: int = 12, seed: int = 0) -> Path:
    """Write texts, labels and id lists; every label occurs in both lists."""
    rng = np.random.default_rng(seed)
    (folder / "text").mkdir(parents=True)
    (folder / "labels").mkdir()
    ids = [str(1000 + number) for number in range(train + dev)]
    for number, text_id in enumerate(ids):
        hallmarks = sorted({number % 10, int(rng.integers(10))})
        # No text is there twice: this comes round after 180 of them.
        cells = _CELLS[(number + number // 30) % len(_CELLS)]
        opening = _OPENINGS[number % len(_OPENINGS)].format(cells=cells)
        sentences = [
            opening,
            *(f"In these cells , {_FINDINGS[h]} ( p < 0.05 ) ." for h in hallmarks),
        ]
        names = [HALLMARKS_OF_CANCER[h].name for h in hallmarks]
        (folder / "text" / f"{text_id}.txt").write_text("\n".join(sentences) + "\n", "utf-8")
        (folder / "labels" / f"{text_id}.txt").write_text(
            "< NULL " + "".join(f"< {name}--Detail AND {name}" for name in names), "utf-8"
        )
    (folder / "train.txt").write_text("\n".join(ids[:train]), "utf-8")
    (folder / "dev.txt").write_text("\n".join(ids[train:]), "utf-8")
    return folder


def write_tiny_table(path: Path, *, rows: int = 60, seed: int = 0) -> Path:
    """Write a table of abstracts with their labels by name, a patient for every three of them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["pmid", "title", "abstract", "labels", "patient"])
        for number, (text, names) in enumerate(tiny_texts_and_names(rows, seed=seed)):
            labels = "; ".join(names)
            lines.writerow([1000 + number, f"Title {number}", text, labels, f"p{number // 3}"])
    return path


def tiny_texts_and_names(texts: int, *, seed: int = 0) -> list[tuple[str, list[str]]]:
    """Running texts, each another, with the names of their labels; every tenth has none."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(texts):
        hallmarks = sorted({number % 10, int(rng.integers(10))}) if number % 10 else []
        opening = _OPENINGS[number % len(_OPENINGS)].format(cells=rng.choice(_CELLS))
        numbers = " and ".join(str(x) for x in rng.integers(1000, 9999, 12))
        findings = [f"In these cells {_FINDINGS[h]}." for h in hallmarks]
        sentences = [opening.replace(" .", "."), *findings, f"We counted {numbers} of them."]
        found.append((" ".join(sentences), [HALLMARKS_OF_CANCER[h].name for h in hallmarks]))
    return found


def write_tiny_transfer(path: Path, *, texts: int = 12) -> Path:
    """Write unlabelled passages of over sixty words as JSON lines."""
    sentences = [f"In some {cells} samples, {f}." for cells in _CELLS for f in _FINDINGS]
    with path.open("w", encoding="utf-8") as lines:
        for number in range(texts):
            chosen = [sentences[(number * 7 + step) % len(sentences)] for step in range(9)]
            lines.write(json.dumps({"id": number, "text": " ".join(chosen)}) + "\n")
    return path


def write_tiny_encoder(folder: Path, *, seed: int = 0) -> Path:
    """Write a seeded BERT of two layers, width 32, with word pieces for the tiny corpus."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True)
    tokenizer = BertWordPieceTokenizer(vocab=_word_pieces(), lowercase=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=400,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def _word_pieces() -> dict[str, int]:
    """Pieces for all words of the tiny corpus, the same in every process, and for any other."""
    texts = [x.format(cells=c) for x in _OPENINGS for c in _CELLS]
    texts += [*_FINDINGS, "In these cells , some samples ( p < 0.05 ) ."]
    counts = Counter(re.findall(r"\w+|[^\w\s]", " ".join(texts).lower()))
    words = sorted(counts, key=lambda word: (-counts[word], word))
    characters = string.ascii_lowercase + string.digits
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    pieces += [*characters, *(f"##{x}" for x in characters), *string.punctuation]
    return {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
