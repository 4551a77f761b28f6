"""Texts in, labels out: the only module that imports onnxruntime."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

# From 1.29 on the runtime reports home on Linux and macOS unless this is set before the import;
# its own `disable_telemetry_events()` comes too late. No setting of the user's may undo it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime
import tokenizers
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_state

from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.classification.prediction import TextScores, prediction_of
from kdh_desktop.core.classification.windows import (
    ReadText,
    TextReader,
    WindowLogits,
    join_windows,
)
from kdh_desktop.core.errors import Cancelled, InputError, ModelError, VerificationError
from kdh_desktop.core.labels import LabelSet
from kdh_desktop.core.record import Prediction, Record

__all__ = ["OnnxClassifier", "TextScores"]

_CHUNK_WINDOWS = 128
"""Windows under way at a time; bounds the memory for logits, whatever the number of texts."""

_STREAM_CHUNK_WINDOWS = 32
"""The same for a stream: few, so that results come soon and little is lost when it is cut."""

_INPUTS = ("input_ids", "attention_mask")
_SILENT = 4  # fatal only: whatever goes wrong comes as an exception, and stdout is the program's
_RUNTIME_ERRORS: tuple[type[Exception], ...] = (
    runtime_state.EPFail,
    runtime_state.EngineError,
    runtime_state.Fail,
    runtime_state.InvalidArgument,
    runtime_state.InvalidGraph,
    runtime_state.InvalidProtobuf,
    runtime_state.NoModel,
    runtime_state.NoSuchFile,
    runtime_state.NotImplemented,
    runtime_state.RuntimeException,
    RuntimeError,
)

onnxruntime.set_default_logger_severity(_SILENT)


class OnnxClassifier:
    """Classifies texts with one model.

    Int8 networks take one activation scale from all that is in a forward pass, so texts beside
    each other would change each other's scores. Hence one window per pass, without padding, and
    speed from several passes at a time, the longest begun first. A text's scores are the same to
    the bit, alone or among others, on any number of threads.

    Args:
        bundle: A verified model.
        threads: Passes at a time; by default the cores that this process may use, at most 8.

    Raises:
        ModelError: The runtime cannot open the model.
        VerificationError: The network breaks the contract of the bundle.
    """

    def __init__(self, bundle: ModelBundle, *, threads: int | None = None) -> None:
        self._bundle = bundle
        self._threads = threads or min(_usable_cores(), 8)
        manifest = bundle.manifest
        self._reader = TextReader(
            bundle.tokenizer,
            max_tokens=manifest.max_tokens,
            window_stride=manifest.window_stride,
        )
        self._session = _open_session(bundle.model)
        self._outputs = _check_signature(self._session, labels=len(bundle.labels))
        self._probe()

    @property
    def bundle(self) -> ModelBundle:
        """The model."""
        return self._bundle

    @property
    def labels(self) -> LabelSet:
        """Labels in column order."""
        return self._bundle.labels

    @property
    def threads(self) -> int:
        """Passes at a time."""
        return self._threads

    @property
    def has_token_logits(self) -> bool:
        """Whether the network says which sentences speak for a label."""
        return "token_logits" in self._outputs

    @property
    def provider(self) -> str:
        """What the runtime really computes on."""
        return str(self._session.get_providers()[0])

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of the libraries that a score depends on, by name."""
        return {
            "numpy": np.__version__,
            "onnxruntime": onnxruntime.__version__,
            "tokenizers": tokenizers.__version__,
        }

    def predict(
        self,
        records: Sequence[Record],
        *,
        on_progress: Callable[[int], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> list[Prediction]:
        """Classify records.

        Args:
            records: Any texts, the empty and the endless included.
            on_progress: Told how many records are done, after each, on the calling thread.
            should_stop: Asked before each text and after each window, on the calling thread.

        Returns:
            One prediction per record, in order.

        Raises:
            Cancelled: `should_stop` said so.
            ModelError: The model gave no usable result.
        """
        results = self._score_all([record.text for record in records], on_progress, should_stop)
        return [
            prediction_of(record, read, scores, bundle=self._bundle)
            for record, (read, scores) in zip(records, results, strict=True)
        ]

    def predict_each(
        self, records: Iterable[Record], *, should_stop: Callable[[], bool] | None = None
    ) -> Generator[Prediction, None, None]:
        """Classify records as they come, without a pause between any two of them.

        A few dozen records are taken ahead of the one whose prediction is given. Closing the
        generator ends the work.

        Args:
            records: Any texts; asked for on the calling thread.
            should_stop: Asked before each text and after each window, on the calling thread.

        Yields:
            One prediction per record, in order.

        Raises:
            Cancelled: `should_stop` said so; records under way are lost.
            ModelError: The model gave no usable result.
        """
        waiting: deque[Record] = deque()

        def texts() -> Iterator[str]:
            for record in records:
                waiting.append(record)
                yield record.text

        work = _Work(on_progress=None, should_stop=should_stop)
        for read, scores in self._scores_of(texts(), work, chunk_windows=_STREAM_CHUNK_WINDOWS):
            yield prediction_of(waiting.popleft(), read, scores, bundle=self._bundle)

    def score(self, texts: Sequence[str]) -> list[TextScores]:
        """Raw scores of texts, in order, for evaluation.

        Raises:
            InputError: One of them holds nothing to score.
            ModelError: The model gave no usable result.
        """
        found = [scores for _, scores in self._score_all(texts, None, None)]
        whole = [scores for scores in found if scores is not None]
        if len(whole) < len(found):
            raise InputError(
                f"{len(found) - len(whole)} of the texts hold nothing to score.", "Leave them out."
            )
        return whole

    def _score_all(
        self,
        texts: Sequence[str],
        on_progress: Callable[[int], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> Iterator[tuple[ReadText, TextScores | None]]:
        work = _Work(on_progress=on_progress, should_stop=should_stop)
        return self._scores_of(texts, work, chunk_windows=_CHUNK_WINDOWS)

    def _scores_of(
        self, texts: Iterable[str], work: _Work, *, chunk_windows: int
    ) -> Iterator[tuple[ReadText, TextScores | None]]:
        """Scores in order; None for a text without word pieces.

        While one chunk is computed the next is read, so that no core waits.
        """
        executor = ThreadPoolExecutor(self._threads, thread_name_prefix="classify")
        try:
            under_way: _Chunk | None = None
            for reads in self._chunks(texts, work, chunk_windows):
                submitted = self._submit(executor, reads)
                if under_way is not None:
                    yield from self._finish(under_way, work)
                under_way = submitted
            if under_way is not None:
                yield from self._finish(under_way, work)
        finally:
            executor.shutdown(wait=True, cancel_futures=True)

    def _chunks(
        self, texts: Iterable[str], work: _Work, chunk_windows: int
    ) -> Iterator[list[ReadText]]:
        chunk: list[ReadText] = []
        windows = 0
        for text in texts:
            work.check()
            read = self._reader.read(text)
            chunk.append(read)
            windows += max(len(read.windows), 1)
            if windows >= chunk_windows:
                yield chunk
                chunk, windows = [], 0
        if chunk:
            yield chunk

    def _submit(self, executor: ThreadPoolExecutor, reads: list[ReadText]) -> _Chunk:
        places = [
            (row, column) for row, read in enumerate(reads) for column in range(len(read.windows))
        ]

        def length(place: tuple[int, int]) -> int:
            start, end = reads[place[0]].windows[place[1]]
            return end - start

        places.sort(key=length, reverse=True)
        futures = {
            executor.submit(self._run_window, reads[row], column): (row, column)
            for row, column in places
        }
        return _Chunk(reads, futures)

    def _finish(self, chunk: _Chunk, work: _Work) -> Iterator[tuple[ReadText, TextScores | None]]:
        outputs: list[dict[int, WindowLogits]] = [{} for _ in chunk.reads]
        work.advance(sum(not read.windows for read in chunk.reads))
        for future in as_completed(chunk.futures):
            row, column = chunk.futures[future]
            outputs[row][column] = future.result()
            if len(outputs[row]) == len(chunk.reads[row].windows):
                work.advance(1)
            work.check()
        for read, windows in zip(chunk.reads, outputs, strict=True):
            ordered = [windows[column] for column in range(len(windows))]
            yield read, self._join(read, ordered) if ordered else None

    def _run_window(self, read: ReadText, column: int) -> WindowLogits:
        start, end = read.windows[column]
        return self.score_window(read.ids[start:end])

    def score_window(self, pieces: NDArray[np.int64]) -> WindowLogits:
        """Raw logits of one window: one forward pass.

        Args:
            pieces: Ids of its word pieces without start and end, int64 (pieces,).

        Raises:
            ModelError: The model gave no usable result.
        """
        ids = self._reader.framed(pieces)
        try:
            results = self._session.run(
                self._outputs, dict(zip(_INPUTS, (ids, np.ones_like(ids)), strict=True))
            )
        except _RUNTIME_ERRORS as error:
            raise ModelError(
                "The model could not be computed.",
                "Close other programs to free memory, or install the model again.",
            ) from error
        if not all(np.isfinite(result).all() for result in results):
            raise ModelError(
                "The model gave a result that is not a number.",
                "Use another model, or install this one again.",
            )
        return WindowLogits(
            abstract=results[0][0], pieces=results[1][0, 1:-1] if len(results) > 1 else None
        )

    def _probe(self) -> None:
        """Compute a short and a full window, to see what the declared shapes do not tell."""
        labels = len(self.labels)
        full = self._bundle.manifest.max_tokens - 2
        highest = self._reader.highest_id
        for pieces in (np.array([highest]), np.linspace(0, highest, full).astype(np.int64)):
            try:
                result = self.score_window(pieces)
            except ModelError as error:
                raise _contract_broken() from error
            fits = result.abstract.shape == (labels,)
            if result.pieces is not None:
                fits = fits and result.pieces.shape == (len(pieces), labels)
            if not fits:
                raise _contract_broken()

    def _join(self, read: ReadText, outputs: Sequence[WindowLogits]) -> TextScores:
        abstract, sentences = join_windows(read, outputs)
        weight = np.float32(self._bundle.manifest.sentence_weight)
        decision = abstract
        if sentences is not None:
            decision = (1 - weight) * abstract + weight * sentences.max(axis=0)
        return TextScores(
            abstract_logits=abstract,
            sentence_logits=abstract[np.newaxis][:0] if sentences is None else sentences,
            sentence_spans=() if sentences is None else read.sentence_spans,
            decision_logits=decision,
            tokens=len(read.ids),
            windows=len(read.windows),
        )


@dataclass(slots=True)
class _Work:
    """What one call tells its caller, and asks."""

    on_progress: Callable[[int], None] | None
    should_stop: Callable[[], bool] | None
    done: int = 0

    def check(self) -> None:
        if self.should_stop is not None and self.should_stop():
            raise Cancelled("The classification was stopped.")

    def advance(self, texts: int) -> None:
        self.done += texts
        if texts and self.on_progress is not None:
            self.on_progress(self.done)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Texts under way, and where the result of each pass belongs: text and window."""

    reads: list[ReadText]
    futures: dict[Future[WindowLogits], tuple[int, int]]


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # knows of containers and of taskset
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _open_session(model: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _SILENT
    for pool in ("intra_op", "inter_op"):  # idle threads shall not burn the battery
        options.add_session_config_entry(f"session.{pool}.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except _RUNTIME_ERRORS as error:
        raise ModelError(
            "The model's network cannot be opened.",
            "Install a version of the program that fits the model.",
        ) from error


def _check_signature(session: Any, *, labels: int) -> list[str]:
    """Names of the outputs to ask for, once all that the network declares fits the contract."""
    inputs = {node.name: (node.type, len(node.shape)) for node in session.get_inputs()}
    outputs = {node.name: (node.type, len(node.shape)) for node in session.get_outputs()}
    columns = {node.shape[-1] for node in session.get_outputs() if node.shape}
    allowed = {"logits": ("tensor(float)", 2), "token_logits": ("tensor(float)", 3)}
    fits = (
        inputs == dict.fromkeys(_INPUTS, ("tensor(int64)", 2))
        and "logits" in outputs
        and outputs.items() <= allowed.items()
        and all(columns_of == labels for columns_of in columns if isinstance(columns_of, int))
    )
    if not fits:
        raise _contract_broken()
    return [name for name in allowed if name in outputs]


def _contract_broken() -> VerificationError:
    return VerificationError(
        "The model's network does not do what its manifest says.",
        "Install the model again from its source, or use another.",
    )
