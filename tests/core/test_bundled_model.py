"""The models that ship with the program: the one in force at first, and the faster one."""

from __future__ import annotations

import pytest

from kdh_desktop.core.classification.acceptance import Refusal, accept_limits
from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.model_bundle import ModelBundle, open_bundle
from kdh_desktop.core.classification.signing import load_trusted_keys
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.record import Prediction, Record, WarningCode
from tests.data.nasty import FOREIGN_TEXTS, OUTSIDE_TEXTS

PATHS = AppPaths.default()

ABOUT = {
    "inducing_angiogenesis": (
        "Vascular endothelial growth factor (VEGF) drives the sprouting of new vessels in solid "
        "tumors. We treated mice bearing colon xenografts with an antibody against VEGF receptor "
        "2. Microvessel density fell by half, endothelial tube formation was inhibited in vitro, "
        "and tumor angiogenesis was suppressed in treated animals."
    ),
    "resisting_cell_death": (
        "We examined whether the compound induces apoptosis in leukemia cells. Treatment activated "
        "caspase-3 and caspase-9, released cytochrome c from mitochondria, and lowered Bcl-2. "
        "Annexin V staining confirmed that cells died by apoptosis, which overexpression of Bcl-2 "
        "prevented."
    ),
    "activating_invasion_and_metastasis": (
        "Loss of E-cadherin accompanied the epithelial-mesenchymal transition in breast cancer "
        "cells. Silencing of Snail reduced migration and invasion through Matrigel, and fewer lung "
        "metastases formed in mice that were injected with the silenced cells."
    ),
    "cellular_energetics": (
        "Tumor cells rely on aerobic glycolysis, known as the Warburg effect. Knockdown of "
        "hexokinase 2 reduced glucose uptake and lactate production, and cells shifted from "
        "glycolysis to oxidative phosphorylation."
    ),
}
"""Invented abstracts, each plainly about one hallmark."""


SHIPPED = (PATHS.bundled_model, PATHS.fast_model)


@pytest.fixture(scope="module", params=SHIPPED, ids=lambda folder: folder.name)
def bundle(request: pytest.FixtureRequest) -> ModelBundle:
    return open_bundle(request.param, trusted_keys=load_trusted_keys(PATHS.publisher_keys))


@pytest.fixture(scope="module")
def classifier(bundle: ModelBundle) -> OnnxClassifier:
    return OnnxClassifier(bundle, threads=2)


def predict(classifier: OnnxClassifier, text: str) -> Prediction:
    (prediction,) = classifier.predict([Record("1", text)])
    return prediction


def codes(prediction: Prediction) -> list[WarningCode]:
    return [warning.code for warning in prediction.warnings]


def test_labels_are_the_hallmarks(bundle: ModelBundle) -> None:
    assert bundle.labels.ids == HALLMARKS_OF_CANCER.ids


def test_bundle_is_at_most_25_megabytes(bundle: ModelBundle) -> None:
    assert sum(file.stat().st_size for file in bundle.folder.iterdir()) <= 25 * 2**20


def test_model_card_names_the_corpus_and_its_licence(bundle: ModelBundle) -> None:
    for words in ("Hallmarks of Cancer", "GPL-3.0", "diagnos"):
        assert words in bundle.model_card


@pytest.mark.parametrize("label", ABOUT)
def test_plain_abstract_is_about_its_hallmark(label: str, classifier: OnnxClassifier) -> None:
    prediction = predict(classifier, ABOUT[label])
    best = prediction.by_probability[0]
    assert best.label.id == label
    assert best.is_present
    assert best.evidence
    assert prediction.warnings == ()


@pytest.mark.parametrize("name", FOREIGN_TEXTS)
def test_foreign_text_is_marked(name: str, classifier: OnnxClassifier) -> None:
    assert codes(predict(classifier, FOREIGN_TEXTS[name]))[0] is WarningCode.NOT_ENGLISH


@pytest.mark.parametrize("name", OUTSIDE_TEXTS)
def test_text_outside_the_domain_is_marked(name: str, classifier: OnnxClassifier) -> None:
    assert codes(predict(classifier, OUTSIDE_TEXTS[name]))[0] is WarningCode.OUT_OF_DOMAIN


def test_text_scores_the_same_to_the_bit_alone_or_among_others(
    classifier: OnnxClassifier,
) -> None:
    texts = [*ABOUT.values(), " ".join(ABOUT.values()) * 3, "p53"]
    for text, scores in zip(texts, classifier.score(texts), strict=True):
        (alone,) = classifier.score([text])
        assert alone.decision_logits.tobytes() == scores.decision_logits.tobytes()
        assert alone.sentence_logits.tobytes() == scores.sentence_logits.tobytes()


def test_bundle_keeps_what_the_model_said_of_the_dev_abstracts(bundle: ModelBundle) -> None:
    counts = bundle.manifest.held_out
    assert counts is not None
    assert counts.texts == 186
    assert "186 " in counts.protocol
    assert "186 " in bundle.model_card.split("accepting labels without a look")[1]


def test_limits_of_labels_with_few_dev_abstracts_are_refused(bundle: ModelBundle) -> None:
    limits = {one.label_id: one for one in accept_limits(bundle.manifest, 0.9)}
    rare = limits["enabling_replicative_immortality"]
    assert rare.present.refusal is Refusal.TOO_FEW_TEXTS
    assert limits["resisting_cell_death"].present.limit is not None
    for one in limits.values():
        assert one.absent.support > 100
