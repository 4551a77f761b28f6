"""The model card: what a model is for, what it was trained on, and what it cannot do.

Every sentence and figure follows from the manifest, so that no card says what was not done.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from kdh_desktop.core.classification.manifest import Manifest
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER

Figures = Mapping[str, float]

_KNOWN_BASES = {
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db": "all-MiniLM-L6-v2",
    "e2fa00cbd64812624864f34b54e0c2755636069a1d766b7c27f92e481a2cbcc3": (
        "all-MiniLM-L6-v2 in float16"
    ),
}
"""Base encoders by the SHA-256 of their weights; the latter lies in ``resources/encoder``."""

_OF_LABELS = (
    "Label by label, {where} (some labels have few examples there, so these vary by several "
    "points):"
)
_NETWORKS = {
    "transformer": "A transformer encoder ({base}) with label-wise attention over the tokens",
    "text_cnn": "TextCNN, a convolutional network over word embeddings",
    "text_rnn": "TextRNN, a recurrent network over word embeddings",
    "han": "HAN, a hierarchical attention network over words and sentences",
    "gru_attention": "GRU-Att, a recurrent network with attention over words",
}
_SEARCHES = {"swarm": "by a particle swarm", "random": "at random"}
_SOFT_LOSSES = {
    "bernoulli": "Bernoulli KL per label",
    "softmax": "KL of a softmax across labels",
    "mse": "squared distance of logits",
}


def model_card(manifest: Manifest, *, model_bytes: int) -> str:
    """The card as Markdown, with every figure taken from the manifest."""
    parts = [
        f"# {manifest.bundle_id}",
        _wrapped(_purpose(manifest)),
        "**For research use. Not for diagnosis, treatment or any decision about a patient.**",
        "## What it is",
        _wrapped(_network(manifest, model_bytes)),
        "## How it was made",
        "\n".join(
            _wrapped(step, mark=f"{number}. ") for number, step in enumerate(_steps(manifest), 1)
        ),
        _wrapped(_sources(manifest)),
        "## Figures",
        _table(("what", "protocol", "micro-F1", "macro-F1"), _overall(manifest.metrics)),
        "\n".join(_wrapped(remark, mark="- ") for remark in _remarks(manifest.metrics)),
        _wrapped(_OF_LABELS.format(where=_where(manifest.metrics))),
        _table(
            ("label", "precision", "recall", "F1", "average precision", "calibration error"),
            _of_labels(manifest),
        ),
        "## What it cannot do",
        "\n".join(_wrapped(limit, mark="- ") for limit in _limits(manifest)),
    ]
    return "\n\n".join(parts) + "\n"


def _is_about_hallmarks(manifest: Manifest) -> bool:
    return manifest.labels.ids == HALLMARKS_OF_CANCER.ids


def _purpose(manifest: Manifest) -> str:
    by = (
        f"Sorts English biomedical abstracts by the {len(manifest.labels)} Hallmarks of Cancer "
        "(Hanahan and Weinberg 2011)"
        if _is_about_hallmarks(manifest)
        else f"Sorts texts by {len(manifest.labels)} labels"
    )
    return f"{by}, with a calibrated probability for each and the sentences that speak for it."


def _network(manifest: Manifest, model_bytes: int) -> str:
    config = manifest.provenance["config"]
    network: Mapping[str, Any] = config["distillation"]["network"]
    layers = f", {network['layers']} of its layers kept" if network["layers"] else ""
    kind = _NETWORKS[network["kind"]].format(base=f"{_base_encoder(manifest)}{layers}")
    return (
        f"{kind}, with a logit for every token, whose mean over a sentence is that sentence's "
        "logit. What is decided on is the whole text's logit and the best sentence's, the latter "
        f"with weight {manifest.sentence_weight:g}. Weights are int8 per channel; the file has "
        f"{model_bytes / 1e6:.1f} MB. Texts longer than {manifest.max_tokens} word pieces are read "
        "in overlapping windows."
    )


def _base_encoder(manifest: Manifest) -> str:
    digest = manifest.provenance["encoder_sha256"]
    if digest in _KNOWN_BASES:
        return f"base weights of {_KNOWN_BASES[digest]}, Apache-2.0"
    return f"base weights of SHA-256 {digest[:16]}…"


def _steps(manifest: Manifest) -> Iterator[str]:
    config: Mapping[str, Any] = manifest.provenance["config"]
    teacher, student = config["teacher"], config["distillation"]
    if (tuning := manifest.metrics.get("tuning")) is not None:
        yield _search(tuning)
    yield _finished_teacher(manifest) if teacher["is_finished"] else _teacher_step(teacher)
    if stages := list(_student_stages(student)):
        yield f"Student: {', then '.join(stages)}."
    yield _calibration_step(manifest, folds=teacher["folds"], student=student)
    if _was_cut_short(manifest):
        yield (
            "The run was cut short on request: what was being trained then ended early, and every "
            "stage after it, those of the calibration students included, had one epoch at most. "
            "The epochs of its configuration are upper bounds, and calibration from students that "
            "learnt less than this model need not fit it."
        )


def _was_cut_short(manifest: Manifest) -> bool:
    return bool(manifest.provenance.get("was_cut_short"))


def _search(tuning: Mapping[str, Any]) -> str:
    searches = [one for one in (tuning["swarm"], tuning["control"]) if one is not None]
    if not searches:
        return "Search: ended on request before it had found anything; nothing was chosen by it."
    best: Mapping[str, Any] = max(searches, key=lambda one: one["best_score"])
    tried = " and ".join(f"{_SEARCHES[one['name']]} {one['evaluations']}" for one in searches)
    values = ", ".join(f"{path} {value}" for path, value in best["best_values"].items())
    return (
        f"Search: of the configurations that were tried ({tried}), the one with {values} had the "
        f"highest micro-F1 out of fold on training texts ({_points(best['best_score'])}) and was "
        "taken."
    )


def _teacher_step(teacher: Mapping[str, Any]) -> str:
    each = (
        "one for each label" if teacher["method"] == "binary_relevance" else "each for all labels"
    )
    networks = f"{teacher['members']} {'networks' if teacher['members'] > 1 else 'network'}"
    linear = (
        ", joined with TF-IDF and a linear support vector machine by stacking"
        if teacher["has_linear_member"]
        else ""
    )
    return (
        f"Teacher: {networks} ({teacher['network']['kind']}, {each}) for each of "
        f"{teacher['folds']} folds of the training texts, trained without it{linear}. Each "
        "training text has its soft targets from members that did not see it; other texts "
        "from all of them."
    )


def _finished_teacher(manifest: Manifest) -> str:
    provenance = manifest.provenance
    return (
        f"Teacher: the finished model {provenance['teacher']} (manifest of SHA-256 "
        f"{provenance['teacher_sha256'][:16]}…), for which nothing was trained. Soft targets are "
        "its calibrated logits; on texts that it was trained on itself it is too sure."
    )


def _student_stages(student: Mapping[str, Any]) -> Iterator[str]:
    loss = _SOFT_LOSSES[student["soft_loss"]]
    if student["transfer"]["epochs"] and student["transfer_texts"]:
        yield f"distilled on up to {student['transfer_texts']} unlabelled texts"
    if student["distil"]["epochs"]:
        yield (
            f"distilled on the training texts ({loss}, temperature "
            f"{student['temperature']:g}, weight {student['alpha']:g})"
        )
    if student["fine_tune"]["epochs"]:
        yield "fine-tuned on the corpus's own labels"


def _calibration_step(manifest: Manifest, *, folds: int, student: Mapping[str, Any]) -> str:
    thresholds = sorted({one.threshold for one in manifest.calibrations})
    cut = (
        f"one threshold ({thresholds[0]:.3f})"
        if len(thresholds) == 1
        else f"thresholds ({thresholds[0]:.3f} to {thresholds[-1]:.3f})"
    )
    is_apart = "student_kept_back" in manifest.metrics
    flattery = "flatter, and serve calibration only" if is_apart else "flatter"
    heard = (
        "Their teachers had not seen those folds either."
        if student["nested_members"]
        else "Their soft targets on other texts came from teachers that had seen those folds, "
        f"so these students know part of what they are asked: their figures below {flattery}."
    )
    is_cut_short = _was_cut_short(manifest)
    alike = "by the same recipe as far as the run went" if is_cut_short else "in the same way"
    judged = student["calibration_folds"]
    chosen = (
        "Nothing was chosen on the texts this model is judged on."
        if is_apart
        else _not_apart(folds=judged)
    )
    return (
        f"Calibration per label and {cut}, from int8 students trained {alike} without one "
        f"fold each ({judged} of {folds} folds), on the folds they did not see. {heard} {chosen}"
    )


def _not_apart(*, folds: int) -> str:
    source = "from the other folds" if folds > 1 else "from the same fold, which flatters"
    return (
        "No texts were kept back to judge this model itself: the figures below are those students' "
        f"on those texts, with calibration and threshold {source}."
    )


def _sources(manifest: Manifest) -> str:
    provenance = manifest.provenance
    return (
        f"Corpus: {provenance['corpus']}. Trained on {provenance['trained_on']}; judged on "
        f"{provenance['judged_on']}. No text is part of this model's files."
    )


def _judged(metrics: Mapping[str, Any]) -> Figures:
    """Figures on kept-back texts; where there were none, those of the calibration students."""
    found: Figures = metrics.get("student_kept_back") or metrics["student_held_out_folds"]
    return found


def _where(metrics: Mapping[str, Any]) -> str:
    if "student_kept_back" in metrics:
        return "on the texts it was judged on"
    return "as the calibration students do on the folds they did not see"


def _overall(metrics: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    held: Figures = metrics["student_held_out_folds"]
    if kept_back := metrics.get("student_kept_back"):
        yield from _of_kept_back(kept_back)
    yield from _of_teacher(metrics)
    scored = f"{held['texts']:.0f} training texts, each scored by a student that did not see it"
    yield (
        "calibration students (int8)",
        f"{scored}; see above",
        *_both(held),
    )
    yield ("the same students in float32", "the same", _points(held["float32_micro_f1"]), "")


def _of_teacher(metrics: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    finished: Figures | None = metrics.get("teacher_on_training_texts")
    if finished is not None:
        protocol = "the training texts; where it was trained on them, this flatters"
        yield ("teacher (a finished model)", protocol, *_both(finished))
        return
    teacher: Figures = metrics["teacher_out_of_fold"]
    protocol = "out of fold on the training texts, thresholds from the other folds"
    yield ("teacher", protocol, *_both(teacher))
    for name, words in (("network", "its networks"), ("linear", "its linear member")):
        if f"{name}_micro_f1" in teacher:
            yield (f"- {words} alone", "the same", _points(teacher[f"{name}_micro_f1"]), "")


def _both(figures: Figures) -> tuple[str, str]:
    return _with_interval(figures, "micro_f1"), _points(figures["macro_f1"])


def _of_kept_back(judged: Figures) -> Iterator[tuple[str, ...]]:
    yield (
        "this model (int8)",
        f"{judged['texts']:.0f} texts, judged once; 95 % bootstrap interval",
        *(_with_interval(judged, name) for name in ("micro_f1", "macro_f1")),
    )
    if "linear_micro_f1" in judged:
        figures = (_points(judged[f"linear_{name}"]) for name in ("micro_f1", "macro_f1"))
        yield ("TF-IDF + linear SVM", "the same texts", *figures)


def _remarks(metrics: Mapping[str, Any]) -> Iterator[str]:
    judged = _judged(metrics)
    yield (
        f"Weighted F1 {_points(judged['weighted_f1'])}, example-based F1 "
        f"{_points(judged['example_f1'])}, mean average precision "
        f"{_points(judged['mean_average_precision'])}; all labels of a text right in "
        f"{_points(judged['subset_accuracy'])} %, a single decision wrong in "
        f"{_points(judged['hamming_loss'])} % (Hamming loss)."
    )
    if "over_linear_difference" in judged:
        yield (
            f"Its micro-F1 differs from the linear member's by "
            f"{100 * judged['over_linear_difference']:+.1f} "
            f"({100 * judged['over_linear_low']:+.1f} to "
            f"{100 * judged['over_linear_high']:+.1f}; paired bootstrap, p = "
            f"{judged['over_linear_p_value']:.4f})."
        )
    yield (
        f"Calibration error {judged['calibration_error']:.3f} over all decisions, "
        f"{judged['mean_calibration_error']:.3f} as the mean of the labels' own, which would be "
        f"{judged['mean_calibration_noise']:.3f} by chance if every probability were true (10 bins "
        "of equal size)."
    )
    if "evidence_precision_at_1" in judged:
        shown = (
            f"; the F1 of all shown sentences is {_points(judged['evidence_f1'])}"
            if "evidence_f1" in judged
            else ""
        )
        yield (
            "The best sentence of a rightly found label carries that label in the corpus in "
            f"{_points(judged['evidence_precision_at_1'])} % of cases{shown}."
        )
    if "deletion_difference" in judged:
        yield (
            f"Without the sentence shown for it, a label's probability falls by "
            f"{_points(judged['deletion_difference'])} points more than without another sentence "
            f"of the text ({_points(judged['deletion_low'])} to "
            f"{_points(judged['deletion_high'])}, p = {judged['deletion_p_value']:.4f})."
        )
    gap = metrics["float32_parity_gap"]
    yield f"Float32 ONNX and torch differ by at most {gap:.1e} in probability."


def _of_labels(manifest: Manifest) -> Iterator[tuple[str, ...]]:
    judged = _judged(manifest.metrics)
    shares = ("precision", "recall", "f1", "average_precision")
    for label in manifest.labels:
        points = (_points(judged[f"{name}.{label.id}"]) for name in shares)
        yield (label.name, *points, f"{judged[f'calibration_error.{label.id}']:.3f}")


def _limits(manifest: Manifest) -> Iterator[str]:
    if _is_about_hallmarks(manifest):
        yield (
            "It knows abstracts of cancer research, in English. Other texts get labels that mean "
            "little; the program marks most of them."
        )
    else:
        yield "It knows texts like those it was trained on. Others get labels that mean little."
    yield "It says what a text is about, not whether what the text claims is true."
    if manifest.provenance["corpus"].startswith("Hallmarks of Cancer"):
        yield (
            "It was trained on abstracts without titles, all of them of 2013 or before: newer "
            "ideas and drugs are less well covered."
        )
    yield (
        "Sentences shown as evidence are those the model scores highest; it may be right for other "
        "reasons."
    )
    held: Figures = manifest.metrics["student_held_out_folds"]
    yield (
        f"Its probabilities were calibrated on {held['texts']:.0f} texts; for labels with few "
        'examples they are rough. Labels in the band "needs review" are for a person to decide.'
    )
    if manifest.held_out is not None:
        yield (
            "Limits for accepting labels without a look come from these texts: "
            f"{manifest.held_out.protocol} They hold for texts like those; labels with too few of "
            "them get no limit."
        )


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _wrapped(text: str, *, mark: str = "") -> str:
    """A paragraph or an item of a list in lines of at most 100 characters."""
    return textwrap.fill(
        text,
        100,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _with_interval(figures: Figures, name: str) -> str:
    low, high = _points(figures[f"{name}_low"]), _points(figures[f"{name}_high"])
    return f"{_points(figures[name])} ({low} to {high})"


def _points(share: float) -> str:
    return f"{100 * share:.1f}"
