"""What a model said of held-out texts is counted right and comes back from a manifest."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdh_desktop.core.classification.held_out import BINS, EDGES, HeldOutCounts
from kdh_desktop.core.classification.manifest import Manifest
from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.errors import VerificationError


def counts(texts: int = 7, labels: int = 10) -> HeldOutCounts:
    generator = np.random.default_rng(0)
    return HeldOutCounts.of(
        generator.random((texts, labels)),
        generator.integers(0, 2, (texts, labels)),
        protocol="Seven texts.",
    )


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50))
def test_counts_over_every_edge_are_those_of_the_probabilities(
    texts: list[tuple[float, bool]],
) -> None:
    probabilities = np.array([[probability] for probability, _ in texts])
    truth = np.array([[is_there] for _, is_there in texts])
    found = HeldOutCounts.of(probabilities, truth, protocol="")
    for k, edge in enumerate(EDGES):
        beyond = probabilities >= edge
        assert sum(found.positives[0][k:]) == int((beyond & truth).sum())
        assert sum(found.negatives[0][k:]) == int((beyond & ~truth).sum())


def test_every_edge_belongs_to_the_bin_above_it() -> None:
    probabilities = np.array([[k / 100] for k in range(101)])
    found = HeldOutCounts.of(probabilities, np.ones((101, 1)), protocol="")
    assert found.positives[0] == (*(1,) * 99, 2)


def test_manifest_with_held_out_counts_comes_back(tiny_bundle: ModelBundle) -> None:
    manifest = dataclasses.replace(tiny_bundle.manifest, held_out=counts())
    assert Manifest.from_json(manifest.to_json()) == manifest
    assert Manifest.from_json(manifest.to_json()).to_json() == manifest.to_json()


def test_manifest_without_held_out_counts_has_the_bytes_it_always_had(
    tiny_bundle: ModelBundle,
) -> None:
    assert tiny_bundle.manifest.held_out is None
    assert "held_out" not in json.loads(tiny_bundle.manifest.to_json())


def test_counts_of_other_labels_are_refused(tiny_bundle: ModelBundle) -> None:
    with pytest.raises(ValueError, match="one row per label"):
        dataclasses.replace(tiny_bundle.manifest, held_out=counts(labels=9))


@pytest.mark.parametrize("damage", ["texts", "labels", "bins", "negative", "words", "name", "kind"])
def test_counts_that_do_not_add_up_are_refused(tiny_bundle: ModelBundle, damage: str) -> None:
    raw = json.loads(dataclasses.replace(tiny_bundle.manifest, held_out=counts()).to_json())
    held_out = raw["held_out"]
    (name, rows), *_ = held_out["labels"].items()
    match damage:
        case "texts":
            held_out["texts"] += 1
        case "labels":
            del held_out["labels"][name]
        case "bins":
            rows["positives"] += " 0"
        case "negative":
            rows["positives"] = " ".join(["-1", "1", *["0"] * (BINS - 2)])
        case "words":
            rows["negatives"] = "many"
        case "name":
            held_out["labels"]["another"] = held_out["labels"].pop(name)
        case _:
            raw["held_out"] = [1]
    with pytest.raises(VerificationError, match="damaged"):
        Manifest.from_json(json.dumps(raw).encode())
