"""Which of several students is served: the fastest of those that are as good as the best.

The rule, written down before the students were trained: of the students whose micro-F1 is at most
one point under the highest, and whose difference from it the same texts do not show to be real
(the paired interval of 95 % reaches 0), the one that classifies the most abstracts a second. Of
equally fast ones, the better.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import build, parse_json, to_json_value
from trainer.judging.metrics import Decisions, Tally
from trainer.judging.significance import Comparison, paired_bootstrap

MOST_BEHIND = 0.01
"""Micro-F1 that a student may lie under the best one."""

_SEED = 0


@dataclass(frozen=True, slots=True)
class StudentForm:
    """What makes one student faster than another.

    Attributes:
        layers: Layers of its encoder.
        inner: Units of their feed-forward parts.
    """

    layers: int
    inner: int = 1536

    def __str__(self) -> str:
        """Its name in tables."""
        layers = "1 layer" if self.layers == 1 else f"{self.layers} layers"
        return f"{layers}, {self.inner} inner units"


@dataclass(frozen=True, slots=True)
class StudentResult:
    """What a trained student decided, one JSON file a student.

    Attributes:
        form: Its form.
        protocol: How it was judged, in words, the same for all that are compared.
        present: Its decisions: a string a text, with 0 or 1 for each label.
        truth: The corpus's labels of the same texts in the same order, likewise.
    """

    form: StudentForm
    protocol: str
    present: tuple[str, ...]
    truth: tuple[str, ...]

    def __post_init__(self) -> None:
        lengths = {len(row) for row in (*self.present, *self.truth)}
        if len(self.present) != len(self.truth) or len(lengths) != 1 or lengths == {0}:
            raise ValueError("decisions and labels must be of the same texts and labels")
        if set("".join((*self.present, *self.truth))) - set("01"):
            raise ValueError("decisions and labels are written as 0 and 1")

    @classmethod
    def of(
        cls,
        form: StudentForm,
        *,
        protocol: str,
        present: NDArray[np.bool_],
        truth: NDArray[np.bool_],
    ) -> StudentResult:
        """The result of decisions and labels, both boolean (texts, labels)."""
        return cls(form, protocol, _rows(present), _rows(truth))


@dataclass(frozen=True, slots=True)
class Standing:
    """How good a student is beside the best.

    Attributes:
        micro_f1: In 0..1.
        behind: How far it lies behind the best, on the same texts; 0 for the best itself.
    """

    micro_f1: float
    behind: Comparison

    @property
    def is_as_good(self) -> bool:
        """Whether it may be chosen for its speed."""
        return self.behind.difference <= MOST_BEHIND and self.behind.low <= 0


def form_of(model: bytes) -> StudentForm:
    """The form of an exported transformer: its layers have two matrices each that turn about.

    Args:
        model: The int8 ONNX file.

    Raises:
        TrainingError: It is no transformer.
    """
    import onnx

    graph = onnx.load_model_from_string(model).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMulInteger"]
    matrices = Counter(shapes.get(node.input[1], ()) for node in products)
    feed_forward = [shape for shape in matrices if len(shape) == 2 and shape[0] > shape[1]]
    found = [shape for shape in feed_forward if matrices[shape[::-1]] == matrices[shape]]
    if len(found) != 1:
        raise TrainingError(
            "The model is no transformer, so it has no layers to be compared by.",
            "Name students whose network is a transformer.",
        )
    return StudentForm(matrices[found[0]], inner=found[0][0])


def write_result(path: Path, result: StudentResult) -> None:
    """Write a student's result for `kdh-trainer bench --students`."""
    path.write_text(json.dumps(to_json_value(result), indent=1) + "\n", encoding="utf-8")


def read_result(path: Path) -> StudentResult:
    """Read what `write_result` wrote.

    Raises:
        TrainingError: The file cannot be read, or is something else.
    """
    try:
        return build(StudentResult, parse_json(path.read_text(encoding="utf-8")), "result")
    except OSError as error:
        raise TrainingError(
            "A student's result cannot be read.",
            "Name files that were written for trained students.",
        ) from error
    except (TypeError, ValueError) as error:
        raise TrainingError(
            f"A student's result cannot be used: {error}.",
            "Name files that were written for trained students.",
        ) from error


def standings(results: Sequence[StudentResult]) -> dict[StudentForm, Standing]:
    """How each student stands beside the best of them.

    Raises:
        TrainingError: They were not judged on the same texts, or a form occurs twice.
    """
    if not results:
        return {}
    is_same = len({(result.protocol, result.truth) for result in results}) == 1
    if not is_same or len({result.form for result in results}) < len(results):
        raise TrainingError(
            "The students' results cannot be compared.",
            "Name one result for each form, all judged on the same texts in the same way.",
        )
    truth = _matrix(results[0].truth)
    statistic = Decisions.statistic(Tally.micro_f1)
    scores = [
        float(Decisions(_matrix(result.present), truth).tally().micro_f1()) for result in results
    ]
    best = results[int(np.argmax(scores))]
    return {
        result.form: Standing(
            score,
            paired_bootstrap(
                _matrix(best.present),
                _matrix(result.present),
                truth,
                statistic=statistic,
                seed=_SEED,
            ),
        )
        for result, score in zip(results, scores, strict=True)
    }


def choose(
    speeds: Mapping[StudentForm, float], standing: Mapping[StudentForm, Standing]
) -> StudentForm | None:
    """The student to serve, by the rule above; None where none was both measured and judged.

    Args:
        speeds: Abstracts a second.
        standing: See `standings`.
    """
    allowed = [form for form in speeds if form in standing and standing[form].is_as_good]
    return max(allowed, key=lambda form: (speeds[form], standing[form].micro_f1), default=None)


def _rows(decisions: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple("".join("1" if one else "0" for one in row) for row in decisions)


def _matrix(rows: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([[mark == "1" for mark in row] for row in rows], dtype=np.bool_)
