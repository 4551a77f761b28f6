"""The model card: what a model is for, what it was trained on, and what it cannot do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kdh_desktop.core.classification.manifest import Manifest

# ruff: noqa: E501 - a row of a Markdown table cannot be broken.
_CARD = """# {bundle_id}

Sorts English biomedical abstracts by the {labels} Hallmarks of Cancer (Hanahan and Weinberg 2011),
with a calibrated probability for each and the sentences that speak for it.

**For research use. Not for diagnosis, treatment or any decision about a patient.**

## What it is
A MiniLM encoder of 6 layers, width 384 (22 million parameters), with label-wise attention over the
tokens and a logit for every token, whose mean over a sentence is that sentence's logit. What is
decided on is the mean of the abstract's logit and the best sentence's. Weights are int8 per
channel; the file has {megabytes:.1f} MB. Texts longer than {max_tokens} word pieces are read in overlapping
windows.

## How it was made
1. Teacher: {members} networks of the same shape for each of {folds} folds of the training abstracts,
   trained without it, joined with TF-IDF and a linear support vector machine by stacking. Each training
   abstract has its soft targets from members that did not see it; other texts from all of them.
2. Student: distilled on {transfer} unlabelled biomedical passages, then on the training abstracts
   (Bernoulli KL per label, temperature {temperature:g}, weight {alpha:g}), then fine-tuned on the
   corpus's own labels.
3. Calibration per label and one threshold ({threshold:.3f}), from int8 students trained in the same
   way without one fold each ({calibration_folds} of {folds} folds), on the folds they did not see.
   Their soft targets on other texts came from teachers that had seen those folds, so these students
   know part of what they are asked: their figures below flatter, and serve calibration only.
   Nothing was chosen on the abstracts this model is judged on.

Trained on the Hallmarks of Cancer corpus (Baker et al. 2016; licence GPL-3.0; `train.txt` of the
BLURB split, 1,295 abstracts with labels on their sentences) and on unlabelled passages of mixed
licences. The encoder's weights are those of all-MiniLM-L6-v2 (Apache-2.0). No text is part of this
model's files.

## Figures
| what | protocol | micro-F1 | macro-F1 |
| --- | --- | --- | --- |
| this model (int8) | {dev_texts:.0f} dev abstracts, judged once; 95 % bootstrap interval | {student} ({low} to {high}) | {student_macro} |
| TF-IDF + linear SVM | the same abstracts | {linear} | {linear_macro} |
| teacher | out of fold on the training abstracts, thresholds from the other folds | {teacher} | {teacher_macro} |
| - its networks alone | the same | {teacher_network} | |
| - its linear member alone | the same | {teacher_linear} | |
| calibration students (int8) | {held_texts:.0f} training abstracts, each scored by a student that did not see it; flattering, see above | {held} | {held_macro} |
| the same students in float32 | the same | {held_float32} | |

On the dev abstracts the calibration error is {dev_calibration:.3f} (10 bins of equal size over all
decisions), and the best sentence of a rightly found label carries that label in the corpus in
{dev_evidence} % of cases. Float32 ONNX and torch differ by at most {gap:.1e} in probability.

F1 on the dev abstracts, label by label (some have few examples, so these vary by several points):

| label | F1 |
| --- | --- |
{per_label}

## What it cannot do
- It knows abstracts of cancer research, in English. Other texts get labels that mean little; the
  program marks most of them.
- It says what a text is about, not whether what the text claims is true.
- It was trained on abstracts without titles, all of them of 2013 or before: newer ideas and drugs are
  less well covered.
- Sentences shown as evidence are those the model scores highest; it may be right for other reasons.
- Its probabilities were calibrated on {held_texts:.0f} abstracts; for labels with few examples they
  are rough. Labels in the band "needs review" are for a person to decide.
"""


def model_card(manifest: Manifest, *, model_bytes: int) -> str:
    """The card as Markdown, with every figure taken from the manifest."""
    config: Mapping[str, Any] = manifest.provenance["config"]
    teacher: Mapping[str, float] = manifest.metrics["teacher_out_of_fold"]
    held: Mapping[str, float] = manifest.metrics["student_held_out_folds"]
    dev: Mapping[str, float] = manifest.metrics["student_dev"]
    return _CARD.format(
        bundle_id=manifest.bundle_id,
        labels=len(manifest.labels),
        megabytes=model_bytes / 1e6,
        max_tokens=manifest.max_tokens,
        folds=config["teacher"]["folds"],
        members=config["teacher"]["members"],
        transfer=config["distillation"]["transfer_texts"],
        temperature=config["distillation"]["temperature"],
        alpha=config["distillation"]["alpha"],
        calibration_folds=config["distillation"]["calibration_folds"],
        threshold=manifest.calibrations[0].threshold,
        dev_texts=dev["texts"],
        student=_points(dev["micro_f1"]),
        low=_points(dev["micro_f1_low"]),
        high=_points(dev["micro_f1_high"]),
        student_macro=_points(dev["macro_f1"]),
        linear=_points(dev["linear_micro_f1"]),
        linear_macro=_points(dev["linear_macro_f1"]),
        teacher=_points(teacher["micro_f1"]),
        teacher_macro=_points(teacher["macro_f1"]),
        teacher_network=_points(teacher["network_micro_f1"]),
        teacher_linear=_points(teacher["linear_micro_f1"]),
        held_texts=held["texts"],
        held=_points(held["micro_f1"]),
        held_macro=_points(held["macro_f1"]),
        held_float32=_points(held["float32_micro_f1"]),
        dev_calibration=dev["calibration_error"],
        dev_evidence=_points(dev["evidence_precision_at_1"]),
        gap=manifest.metrics["float32_parity_gap"],
        per_label="\n".join(
            f"| {label.name} | {_points(dev[f'f1.{label.id}'])} |" for label in manifest.labels
        ),
    )


def _points(share: float) -> str:
    return f"{100 * share:.1f}"
