"""One contestant in a process of its own: `python -m trainer.bench.contestant`.

The first line on stdin says who it is, as JSON; each later line is a question, and one line of
JSON on stdout answers it: ``round`` works through all texts, ``latency`` through some one by one,
``memory`` tells what the process holds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.model_bundle import ModelBundle, open_bundle
from kdh_desktop.core.classification.signing import load_trusted_keys
from kdh_desktop.core.record import Record
from trainer.bench.memory import resident_megabytes
from trainer.bench.shapes import Shape
from trainer.bench.texts import invented_abstracts

THREADS = 2
_LATENCY_TEXTS = 40

Answer = dict[str, Any]


def main() -> int:
    """Answer questions until there are no more."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    # Whatever a library prints must not be taken for an answer.
    os.dup2(2, 1)
    spec = json.loads(sys.stdin.readline())
    contestant = _CONTESTANTS[spec["kind"]](spec)
    for question in sys.stdin:
        answer = contestant[question.strip()]()
        answers.write(json.dumps(answer) + "\n")
    return 0


Contestant = Mapping[str, Callable[[], Answer]]


def _of_classifier(classifier: OnnxClassifier, records: list[Record]) -> Contestant:
    def one_round() -> Answer:
        begin = time.perf_counter()
        predictions = classifier.predict(records)
        seconds = time.perf_counter() - begin
        return {"seconds": seconds, "tokens": [one.tokens for one in predictions]}

    def latency() -> Answer:
        seconds = []
        for record in records[:_LATENCY_TEXTS]:
            begin = time.perf_counter()
            classifier.predict([record])
            seconds.append(time.perf_counter() - begin)
        return {"seconds": seconds}

    return {"round": one_round, "latency": latency, "memory": resident_megabytes}


def _bundle(spec: Mapping[str, Any]) -> Contestant:
    classifier = OnnxClassifier(_open(spec), threads=THREADS)
    return _of_classifier(classifier, invented_abstracts(spec["texts"]))


def _model(spec: Mapping[str, Any]) -> Contestant:
    from trainer.judging.evaluation import classifier_for

    bundle = _open(spec)
    model = Path(spec["model"]).read_bytes()
    classifier = classifier_for(model, bundle.tokenizer, bundle.manifest, threads=THREADS)
    return _of_classifier(classifier, invented_abstracts(spec["texts"]))


def _open(spec: Mapping[str, Any]) -> ModelBundle:
    keys = load_trusted_keys(*map(Path, spec["keys"]))
    return open_bundle(Path(spec["bundle"]), trusted_keys=keys)


def _torch(spec: Mapping[str, Any]) -> Contestant:
    from trainer.bench.pytorch import PyTorchClassifier

    classifier = PyTorchClassifier(
        Shape(**spec["shape"]), Path(spec["bundle"]) / "tokenizer.json", threads=THREADS
    )
    texts = [record.text for record in invented_abstracts(spec["texts"])]

    def one_round() -> Answer:
        begin = time.perf_counter()
        classifier.score(texts)
        return {"seconds": time.perf_counter() - begin}

    return {"round": one_round, "memory": resident_megabytes}


def _training_loop(spec: Mapping[str, Any]) -> Contestant:
    from trainer.bench.training_contestants import training_loop

    return training_loop(spec)


def _trainer(spec: Mapping[str, Any]) -> Contestant:
    from trainer.bench.training_contestants import hugging_face_trainer

    return hugging_face_trainer(spec)


def _ceiling(spec: Mapping[str, Any]) -> Contestant:
    from trainer.bench.ceiling import Int8Products

    products = Int8Products(Shape(**spec["shape"]), tokens=spec["tokens"], threads=THREADS)

    def one_round() -> Answer:
        return {"giga_operations": products.rate()}

    return {"round": one_round}


_CONTESTANTS: Mapping[str, Callable[[Mapping[str, Any]], Contestant]] = {
    "bundle": _bundle,
    "model": _model,
    "torch": _torch,
    "ceiling": _ceiling,
    "training_loop": _training_loop,
    "trainer": _trainer,
}


if __name__ == "__main__":
    sys.exit(main())
