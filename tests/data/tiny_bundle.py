"""A tiny, seeded, signed model whose labels can be told from the words of a text.

The network is a table: each word piece has one logit per label. A label's keywords push it up,
and every other piece pulls a little down, so

- a text with one of `KEYWORDS[label.id]` in a sentence of up to 20 pieces has that label, and
  the sentence is its evidence;
- a text without keywords has no label.

Between table and outputs the logits go through the same per-tensor dynamic quantisation as those
of the real model, so rows or padding in one forward pass would influence each other here, too.
"""

from __future__ import annotations

import hashlib
import json
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np
import onnx
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from kdh_desktop.core.classification.manifest import (
    DomainVocabulary,
    FileDigest,
    LabelCalibration,
    Manifest,
)
from kdh_desktop.core.classification.model_bundle import write_bundle
from kdh_desktop.core.classification.signing import sign
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER, Label, LabelSet

KEYWORDS: Mapping[str, tuple[str, ...]] = {
    "sustaining_proliferative_signaling": ("egfr", "proliferation"),
    "evading_growth_suppressors": ("p53", "checkpoint"),
    "resisting_cell_death": ("apoptosis", "caspase"),
    "enabling_replicative_immortality": ("telomerase", "senescence"),
    "inducing_angiogenesis": ("vegf", "angiogenesis"),
    "activating_invasion_and_metastasis": ("metastasis", "invasion"),
    "genomic_instability_and_mutation": ("mutation", "adducts"),
    "tumor_promoting_inflammation": ("inflammation", "cytokines"),
    "cellular_energetics": ("glycolysis", "lactate"),
    "avoiding_immune_destruction": ("immunotherapy", "lymphocytes"),
}
"""Words that make the tiny model find a label, by label id."""

COMMON_WORDS = tuple(
    "the a of in and with we was were is are to by that this for on not after from these cells "
    "cell cancer tumor tumour growth patients study results showed expression treatment protein "
    "gene increased reduced induced inhibited human mice response factor levels".split()
)
"""Other whole words of its vocabulary; the rest is spelled out in letters."""

DOMAIN = DomainVocabulary(
    words=frozenset(COMMON_WORDS) | {word for words in KEYWORDS.values() for word in words},
    min_share=0.3,
    min_words=8,
)


MODEL_CARD = b"# Tiny model\n\nFor tests. It knows a few words and nothing else.\n"


class Faults(TypedDict, total=False):
    """Ways in which a tiny bundle can be made wrong, or merely other than usual."""

    bundle_id: str
    max_tokens: int  # default 64
    window_stride: int  # default 40
    sentence_weight: float  # default 0.5
    domain: DomainVocabulary | None  # default DOMAIN
    has_token_logits: bool  # default True
    key: Ed25519PrivateKey  # signs, instead of the key that is returned
    manifest_changes: Mapping[str, Any]  # put over the manifest's JSON before it is signed
    output_labels: int  # columns of the network's outputs
    hides_columns: bool  # the outputs do not declare how many there are
    input_name: str  # instead of "input_ids"
    external_location: str  # the weights are said to lie in this file
    operator_domain: str  # of one extra node
    nan_weights: bool  # in the table
    nan_outputs: bool  # computed from sound weights
    vocabulary_too_large: bool  # the tokenizer knows pieces that the table lacks
    special_tokens: bool  # default True: the tokenizer knows [CLS] and [SEP]
    tokenizer: bytes  # instead of tokenizer.json
    model_card: bytes  # instead of MODEL_CARD.md
    network: bytes  # instead of model.onnx


def tiny_key(seed: int = 0) -> Ed25519PrivateKey:
    """The key pair that signs the tiny bundle of that seed."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"tiny {seed}".encode()).digest())


def make_tiny_bundle(
    folder: Path,
    *,
    seed: int = 0,
    labels: LabelSet = HALLMARKS_OF_CANCER,
    **faults: Unpack[Faults],
) -> tuple[Path, Ed25519PublicKey]:
    """Write the bundle into `folder` and return it with the key to trust.

    Sound bundles go through `write_bundle`; with a fault named they are written around its
    checks, so that `open_bundle` and the classifier are what must notice.
    """
    tokenizer = _tokenizer(labels)
    rows = tokenizer.get_vocab_size()
    tokenizer_json = tokenizer.to_str()
    if not faults.get("special_tokens", True):
        tokenizer_json = tokenizer_json.replace("[CLS]", "[BOS]")
    files = {
        "model.onnx": faults["network"]
        if "network" in faults
        else tiny_network(labels, rows=rows, seed=seed, faults=faults),
        "tokenizer.json": faults.get("tokenizer", tokenizer_json.encode()),
        "MODEL_CARD.md": faults.get("model_card", MODEL_CARD),
    }
    manifest = tiny_manifest(labels, seed=seed, faults=faults)
    key = faults.get("key", tiny_key(seed))
    if faults.keys() <= _HARMLESS:
        write_bundle(folder, manifest=manifest, files=files, key=key)
    else:
        write_unchecked(
            folder, manifest, files, key=key, changes=faults.get("manifest_changes", {})
        )
    return folder, tiny_key(seed).public_key()


_HARMLESS = {
    "bundle_id",
    "max_tokens",
    "window_stride",
    "sentence_weight",
    "domain",
    "has_token_logits",
    "key",
}


def write_unchecked(
    folder: Path,
    manifest: Manifest,
    files: Mapping[str, bytes],
    *,
    key: Ed25519PrivateKey,
    changes: Mapping[str, Any],
) -> None:
    """Sign whatever is given."""
    raw = json.loads(manifest.to_json())
    raw["files"] = [
        {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in sorted(files.items())
    ]
    data = json.dumps({**raw, **changes}).encode()
    folder.mkdir(parents=True)
    for name, content in {**files, "manifest.json": data, "manifest.sig": sign(data, key)}.items():
        (folder / name).write_bytes(content)


def tiny_manifest(labels: LabelSet, *, seed: int, faults: Faults) -> Manifest:
    """Manifest of the tiny bundle; `files` is left for the writer."""
    calibration = LabelCalibration(
        slope=1.0, intercept=0.0, threshold=0.5, review_from=0.3, present_from=0.7
    )
    return Manifest(
        bundle_id=faults.get("bundle_id", f"tiny-{seed}"),
        created_utc="2026-01-01T00:00:00Z",
        labels=labels,
        calibrations=(calibration,) * len(labels),
        max_tokens=faults.get("max_tokens", 64),
        window_stride=faults.get("window_stride", 40),
        sentence_weight=faults.get("sentence_weight", 0.5),
        evidence_threshold=0.5,
        domain=faults.get("domain", DOMAIN),
        metrics={},
        provenance={"seed": seed},
        files=tuple[FileDigest, ...](),
    )


def keywords_of(label: Label) -> tuple[str, ...]:
    """Words that make the tiny model find the label; for a made-up label those of its name."""
    return KEYWORDS.get(label.id) or tuple(label.name.lower().split())


def _tokenizer(labels: LabelSet) -> Tokenizer:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words += [word for label in labels for word in keywords_of(label)]
    words += COMMON_WORDS
    characters = string.ascii_lowercase + string.digits
    words += [*characters, *(f"##{x}" for x in characters), *string.punctuation]
    pieces = {piece: row for row, piece in enumerate(dict.fromkeys(words))}
    tokenizer = Tokenizer(WordPiece(pieces, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return tokenizer


def _table(labels: LabelSet, *, rows: int, seed: int) -> NDArray[np.float32]:
    generator = np.random.default_rng(seed)
    table = -0.25 + 0.02 * generator.standard_normal((rows, len(labels)), dtype=np.float32)
    vocabulary = _tokenizer(labels).get_vocab()
    for column, label in enumerate(labels):
        for word in keywords_of(label):
            table[vocabulary[word], column] = 8.0
    return table.astype(np.float32)


def tiny_network(labels: LabelSet, *, rows: int, seed: int, faults: Faults) -> bytes:
    """The network as an ONNX file."""
    table = _table(labels, rows=rows, seed=seed)
    if "output_labels" in faults:
        table = np.resize(table, (rows, faults["output_labels"]))
    if faults.get("nan_weights"):
        table[5, 0] = np.nan
    if faults.get("vocabulary_too_large"):
        table = table[:-10]
    ids = faults.get("input_name", "input_ids")
    columns = table.shape[1]
    nodes = [
        helper.make_node("Gather", ["table", ids], ["rows"], axis=0),
        helper.make_node("DynamicQuantizeLinear", ["rows"], ["q", "scale", "zero"]),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["token_logits"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["mask", "one"], ["minus"]),
        helper.make_node("Mul", ["minus", "far"], ["hidden"]),
        helper.make_node("Unsqueeze", ["hidden", "last"], ["hidden_3d"]),
        helper.make_node("Add", ["token_logits", "hidden_3d"], ["masked"]),
        helper.make_node("ReduceMax", ["masked", "middle"], ["highest"], keepdims=0),
        helper.make_node("Sub", ["highest", "bias"], ["sound_logits"]),
        *_last_nodes(faults),
    ]
    floats = {
        "table": table,
        "one": np.float32(1),
        "far": np.float32(1e4),
        "bias": np.float32(2),
        "nothing": np.float32(0),
    }
    integers = {"last": np.array([2]), "middle": np.array([1])}
    weights = [
        numpy_helper.from_array(np.asarray(value), name)
        for name, value in {**floats, **integers}.items()
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in (ids, "attention_mask")
    ]
    declared = "columns" if faults.get("hides_columns") else columns
    shapes: dict[str, list[str | int]] = {"logits": ["batch", declared]}
    if faults.get("has_token_logits", True):
        shapes["token_logits"] = ["batch", "tokens", declared]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    ]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, weights)
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    if "external_location" in faults:
        _externalise(model.graph.initializer[0], faults["external_location"])
    return bytes(model.SerializeToString())


def _last_nodes(faults: Faults) -> list[onnx.NodeProto]:
    if faults.get("nan_outputs"):
        return [
            helper.make_node("Mul", ["sound_logits", "nothing"], ["zero_logits"]),
            helper.make_node("Div", ["zero_logits", "zero_logits"], ["logits"]),
        ]
    if "operator_domain" in faults:
        domain = faults["operator_domain"]
        return [helper.make_node("Identity", ["sound_logits"], ["logits"], domain=domain)]
    return [helper.make_node("Identity", ["sound_logits"], ["logits"])]


def _externalise(tensor: onnx.TensorProto, location: str) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
