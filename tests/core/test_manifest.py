from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from kdh_desktop.core.classification.manifest import LabelCalibration, Manifest
from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.errors import VerificationError


@pytest.fixture
def raw(tiny_bundle: ModelBundle) -> dict[str, Any]:
    return dict(json.loads(tiny_bundle.manifest.to_json()))


def test_manifest_comes_back_as_it_was_written(tiny_bundle: ModelBundle) -> None:
    assert Manifest.from_json(tiny_bundle.manifest.to_json()) == tiny_bundle.manifest


def test_manifest_without_a_domain_comes_back(tiny_bundle: ModelBundle) -> None:
    manifest = dataclasses.replace(tiny_bundle.manifest, domain=None)
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_same_manifest_gives_the_same_bytes(tiny_bundle: ModelBundle) -> None:
    again = Manifest.from_json(tiny_bundle.manifest.to_json())
    assert again.to_json() == tiny_bundle.manifest.to_json()


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"7", b"null", b"\xff\xfe", b'{"format_ver'])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(VerificationError, match="damaged"):
        Manifest.from_json(data)


@pytest.mark.parametrize("version", [0, 2, 1000, "1", None])
def test_other_formats_are_refused_by_number(raw: dict[str, Any], version: object) -> None:
    data = json.dumps({**raw, "format_version": version}).encode()
    with pytest.raises(VerificationError, match=f"has format {version}"):
        Manifest.from_json(data)


_NEEDED = [field for field in dataclasses.fields(Manifest) if field.name != "held_out"]


@pytest.mark.parametrize("field", _NEEDED, ids=lambda field: field.name)
def test_every_field_but_the_held_out_counts_is_needed(
    raw: dict[str, Any], field: dataclasses.Field[object]
) -> None:
    name = "labels" if field.name == "calibrations" else field.name
    data = json.dumps({key: value for key, value in raw.items() if key != name}).encode()
    with pytest.raises(VerificationError, match="damaged"):
        Manifest.from_json(data)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("window_stride", 0),
        ("window_stride", 63),
        ("sentence_weight", 1.5),
        ("sentence_weight", "NaN"),
        ("max_tokens", "many"),
        ("labels", []),
        ("domain", 7),
    ],
)
def test_values_out_of_range_are_refused(raw: dict[str, Any], name: str, value: object) -> None:
    with pytest.raises(VerificationError, match="damaged"):
        Manifest.from_json(json.dumps({**raw, name: value}).encode())


def test_labels_that_are_the_same_twice_are_refused(raw: dict[str, Any]) -> None:
    labels = [raw["labels"][0], *raw["labels"][:-1]]
    with pytest.raises(VerificationError, match="damaged"):
        Manifest.from_json(json.dumps({**raw, "labels": labels}).encode())


@pytest.mark.parametrize(
    "limits", [(0.5, 0.4, 0.6), (0.3, 0.7, 0.6), (-0.1, 0.5, 0.6), (0.3, 0.5, 1.1)]
)
def test_limits_must_rise_within_0_and_1(limits: tuple[float, float, float]) -> None:
    review_from, threshold, present_from = limits
    with pytest.raises(ValueError, match="rise"):
        LabelCalibration(
            slope=1.0,
            intercept=0.0,
            threshold=threshold,
            review_from=review_from,
            present_from=present_from,
        )
