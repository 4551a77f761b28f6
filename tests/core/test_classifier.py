from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.model_bundle import ModelBundle, open_bundle
from kdh_desktop.core.classification.windows import MAX_WINDOWS
from kdh_desktop.core.errors import Cancelled, InputError, ModelError
from kdh_desktop.core.labels import Label, LabelSet
from kdh_desktop.core.record import Band, LabelScore, Prediction, Record, WarningCode
from tests.data.nasty import (
    EMPTY_TEXTS,
    ENGLISH_ABSTRACT,
    FOREIGN_TEXTS,
    MISFIT_BUNDLES,
    OUTSIDE_TEXTS,
    SHORT_TEXTS,
    combining_marks,
    one_word_100_000_times,
    ten_megabytes,
)
from tests.data.tiny_bundle import Faults, keywords_of, make_tiny_bundle

Made = Callable[..., OnnxClassifier]


@pytest.fixture(scope="module")
def classifier(tiny_bundle: ModelBundle) -> OnnxClassifier:
    return OnnxClassifier(tiny_bundle, threads=2)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Classifier over a tiny bundle that is other than usual."""

    def make(labels: LabelSet | None = None, **faults: object) -> OnnxClassifier:
        options: Faults = faults  # type: ignore[assignment]
        if labels is None:
            folder, key = make_tiny_bundle(tmp_path / "bundle", **options)
        else:
            folder, key = make_tiny_bundle(tmp_path / "bundle", labels=labels, **options)
        return OnnxClassifier(open_bundle(folder, trusted_keys=[key]), threads=2)

    return make


def predict(classifier: OnnxClassifier, text: str) -> Prediction:
    (prediction,) = classifier.predict([Record("1", text)])
    return prediction


def present(prediction: Prediction) -> set[str]:
    return {score.label.id for score in prediction.scores if score.is_present}


def codes(prediction: Prediction) -> list[WarningCode]:
    return [warning.code for warning in prediction.warnings]


def score_of(prediction: Prediction, label: str) -> LabelScore:
    (score,) = (score for score in prediction.scores if score.label.id == label)
    return score


class TestLabels:
    def test_words_decide_labels_and_bands(self, classifier: OnnxClassifier) -> None:
        prediction = predict(classifier, ENGLISH_ABSTRACT)
        assert present(prediction) == {"inducing_angiogenesis", "evading_growth_suppressors"}
        assert prediction.by_probability[0].band is Band.PRESENT
        assert score_of(prediction, "cellular_energetics").band is Band.ABSENT
        assert prediction.model_id == "tiny-0"
        assert prediction.windows == 3
        assert codes(prediction) == [WarningCode.CUT_INTO_WINDOWS]

    def test_every_label_is_found_by_its_words(self, classifier: OnnxClassifier) -> None:
        for label in classifier.labels:
            text = f"The {keywords_of(label)[0]} of these cells was reduced in the study."
            assert present(predict(classifier, text)) == {label.id}

    def test_text_without_such_words_has_no_label(self, classifier: OnnxClassifier) -> None:
        prediction = predict(classifier, "The growth of these cells was reduced in the study.")
        assert present(prediction) == set()
        assert all(not score.evidence for score in prediction.scores)
        assert prediction.warnings == ()

    def test_labels_of_another_set_are_found(self, made: Made) -> None:
        labels = LabelSet((Label("a", "Fever", "Hot."), Label("b", "Cough", "Loud.")))
        prediction = predict(made(labels), "The patients showed fever after this treatment.")
        assert present(prediction) == {"a"}

    def test_probabilities_follow_from_the_decision_logits(
        self, classifier: OnnxClassifier
    ) -> None:
        (scores,) = classifier.score([ENGLISH_ABSTRACT])
        best = scores.sentence_logits.max(axis=0)
        expected = (scores.abstract_logits + best) / 2
        np.testing.assert_allclose(scores.decision_logits, expected, rtol=1e-6)
        found = [score.probability for score in predict(classifier, ENGLISH_ABSTRACT).scores]
        np.testing.assert_allclose(found, 1 / (1 + np.exp(-expected)), rtol=1e-6)

    @pytest.mark.parametrize("weight", [0.0, 1.0])
    def test_sentence_weight_is_obeyed_at_its_ends(self, weight: float, made: Made) -> None:
        (scores,) = made(sentence_weight=weight).score([ENGLISH_ABSTRACT])
        best = scores.sentence_logits.max(axis=0)
        expected = best if weight else scores.abstract_logits
        assert np.array_equal(scores.decision_logits, expected)

    def test_network_without_piece_logits_decides_by_the_abstract(self, made: Made) -> None:
        classifier = made(has_token_logits=False)
        (scores,) = classifier.score([ENGLISH_ABSTRACT])
        assert np.array_equal(scores.decision_logits, scores.abstract_logits)
        assert scores.sentence_logits.shape == (0, 10)
        prediction = predict(classifier, ENGLISH_ABSTRACT)
        assert "inducing_angiogenesis" in present(prediction)
        assert all(not score.evidence for score in prediction.scores)


class TestEvidence:
    def test_evidence_is_the_sentence_that_holds_the_word(self, classifier: OnnxClassifier) -> None:
        (evidence,) = score_of(
            predict(classifier, ENGLISH_ABSTRACT), "evading_growth_suppressors"
        ).evidence
        assert evidence.text == "The p53 response was not increased."
        assert ENGLISH_ABSTRACT[evidence.start : evidence.end] == evidence.text
        assert 0.5 <= evidence.score <= 1.0

    def test_offsets_point_into_the_pasted_text_whatever_was_cleaned(
        self, classifier: OnnxClassifier
    ) -> None:
        sentence = "The v\u200beg\u00adf of me\u0301n was\u202e reduced in mice."
        pasted = f"\ufeff\r\nThe cells gre\u0301w.\x00\r\n\r\n {sentence} The end of the study."
        prediction = predict(classifier, pasted)
        (evidence,) = score_of(prediction, "inducing_angiogenesis").evidence
        assert evidence.text == sentence
        assert pasted[evidence.start : evidence.end] == sentence
        assert codes(prediction) == [WarningCode.CLEANED]

    def test_at_most_three_sentences_are_shown_best_first(self, classifier: OnnxClassifier) -> None:
        sentences = [f"The vegf {'of these cells ' * n}was reduced." for n in (3, 1, 4, 0, 2)]
        evidence = score_of(
            predict(classifier, " ".join(sentences)), "inducing_angiogenesis"
        ).evidence
        assert [item.text for item in evidence] == [sentences[3], sentences[1], sentences[4]]
        assert [item.score for item in evidence] == sorted(
            (item.score for item in evidence), reverse=True
        )


class TestSameness:
    TEXTS = (
        ENGLISH_ABSTRACT,
        "The vegf of mice.",
        ENGLISH_ABSTRACT * 4,
        "Cells grew.",
        "p53",
        *OUTSIDE_TEXTS.values(),
    )

    def test_text_scores_the_same_to_the_bit_alone_or_among_others(
        self, classifier: OnnxClassifier
    ) -> None:
        together = classifier.score(self.TEXTS)
        for text, scores in zip(self.TEXTS, together, strict=True):
            (alone,) = classifier.score([text])
            assert alone.decision_logits.tobytes() == scores.decision_logits.tobytes()
            assert alone.sentence_logits.tobytes() == scores.sentence_logits.tobytes()

    def test_rows_of_one_forward_pass_would_change_each_other(
        self, classifier: OnnxClassifier
    ) -> None:
        """The control: this network is one on which the rule matters."""
        reader, session = classifier._reader, classifier._session
        one = reader.framed(reader.read("The cells of mice.").ids)
        two = reader.framed(reader.read("The vegf of mice.").ids)

        def run(ids: np.ndarray) -> np.ndarray:
            feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
            return np.asarray(session.run(["logits"], feed)[0])

        assert not np.array_equal(run(np.concatenate((one, two)))[0], run(one)[0])

    @pytest.mark.parametrize("threads", [1, 5])
    def test_number_of_threads_changes_nothing(
        self, threads: int, classifier: OnnxClassifier, tiny_bundle: ModelBundle
    ) -> None:
        records = [Record(str(row), text) for row, text in enumerate(self.TEXTS)]
        other = OnnxClassifier(tiny_bundle, threads=threads)
        assert other.predict(records) == classifier.predict(records)

    def test_predictions_come_in_the_order_of_the_records(self, classifier: OnnxClassifier) -> None:
        generator = random.Random(0)
        records = [
            Record(str(row), "The vegf of cells was reduced. " * generator.randrange(12))
            for row in range(300)
        ]
        predictions = classifier.predict(records)
        assert [prediction.record for prediction in predictions] == records
        assert [not prediction.scores for prediction in predictions] == [
            not record.text for record in records
        ]


class TestProgressAndCancelling:
    RECORDS = tuple(Record(str(row), ENGLISH_ABSTRACT) for row in range(200))

    def test_progress_counts_every_record_once(self, classifier: OnnxClassifier) -> None:
        told: list[int] = []
        classifier.predict([*self.RECORDS, Record("e", "")], on_progress=told.append)
        assert told == sorted(told)
        assert told[-1] == 201
        assert len(told) == len(set(told))

    @pytest.mark.parametrize("calls", [0, 1, 150, 300])
    def test_cancelling_stops_between_windows(self, calls: int, classifier: OnnxClassifier) -> None:
        told: list[int] = []
        asked = iter(range(calls + 1))

        def should_stop() -> bool:
            return next(asked) == calls

        with pytest.raises(Cancelled) as caught:
            classifier.predict(self.RECORDS, on_progress=told.append, should_stop=should_stop)
        assert caught.value.exit_code == 3
        assert not told or told[-1] < len(self.RECORDS)
        assert_no_thread_left()

    def test_cancelling_one_endless_text_does_not_wait_for_all_its_windows(
        self, classifier: OnnxClassifier
    ) -> None:
        asked = iter([False, False, False, True])
        with pytest.raises(Cancelled):
            classifier.predict(
                [Record("1", one_word_100_000_times())], should_stop=lambda: next(asked)
            )
        assert_no_thread_left()

    def test_error_of_the_caller_comes_through_and_ends_the_work(
        self, classifier: OnnxClassifier
    ) -> None:
        def fail(done: int) -> None:
            raise RuntimeError(f"no window any more at {done}")

        with pytest.raises(RuntimeError, match="no window any more at 1"):
            classifier.predict(self.RECORDS, on_progress=fail)
        assert_no_thread_left()

    def test_calls_from_several_threads_do_not_disturb_each_other(
        self, classifier: OnnxClassifier
    ) -> None:
        expected = classifier.predict(self.RECORDS[:20])
        found: list[list[Prediction]] = []
        threads = [
            threading.Thread(target=lambda: found.append(classifier.predict(self.RECORDS[:20])))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [expected] * 3


class TestStream:
    RECORDS = tuple(
        Record(str(row), f"{ENGLISH_ABSTRACT} The vegf." if row % 3 else " " * row)
        for row in range(150)
    )

    def test_stream_gives_what_all_at_once_gives(self, classifier: OnnxClassifier) -> None:
        assert list(classifier.predict_each(iter(self.RECORDS))) == classifier.predict(self.RECORDS)
        assert_no_thread_left()

    def test_stream_takes_only_a_few_records_ahead(self, classifier: OnnxClassifier) -> None:
        taken = 0

        def records() -> Iterator[Record]:
            nonlocal taken
            for row in range(1000):
                taken += 1
                yield Record(str(row), ENGLISH_ABSTRACT)

        found = classifier.predict_each(records())
        next(found)
        assert taken <= 64
        found.close()
        assert_no_thread_left()

    def test_empty_stream_ends(self, classifier: OnnxClassifier) -> None:
        assert list(classifier.predict_each([])) == []

    def test_stopping_a_stream_leaves_what_came_before(self, classifier: OnnxClassifier) -> None:
        found: list[Prediction] = []
        stream = classifier.predict_each(self.RECORDS, should_stop=lambda: len(found) >= 40)
        with pytest.raises(Cancelled):
            found.extend(stream)
        assert [one.record for one in found] == list(self.RECORDS[: len(found)])
        assert 40 <= len(found) < len(self.RECORDS)
        assert_no_thread_left()


def assert_no_thread_left() -> None:
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("classify")]


class TestHostileTexts:
    @pytest.mark.parametrize("name", EMPTY_TEXTS)
    def test_text_of_nothing_has_no_scores_and_says_so(
        self, name: str, classifier: OnnxClassifier
    ) -> None:
        prediction = predict(classifier, EMPTY_TEXTS[name])
        assert prediction.scores == ()
        assert prediction.tokens == prediction.windows == 0
        assert codes(prediction)[0] is WarningCode.EMPTY

    @pytest.mark.parametrize("name", SHORT_TEXTS)
    def test_short_text_is_scored_with_a_warning(
        self, name: str, classifier: OnnxClassifier
    ) -> None:
        prediction = predict(classifier, SHORT_TEXTS[name])
        assert len(prediction.scores) == 10
        assert codes(prediction)[0] is WarningCode.TOO_SHORT

    @pytest.mark.parametrize("name", FOREIGN_TEXTS)
    def test_foreign_text_is_scored_and_marked(self, name: str, classifier: OnnxClassifier) -> None:
        prediction = predict(classifier, FOREIGN_TEXTS[name])
        assert prediction.scores
        assert codes(prediction)[0] is WarningCode.NOT_ENGLISH
        assert WarningCode.TOO_SHORT not in codes(prediction)

    @pytest.mark.parametrize("name", OUTSIDE_TEXTS)
    def test_text_outside_the_domain_is_scored_and_marked(
        self, name: str, classifier: OnnxClassifier
    ) -> None:
        prediction = predict(classifier, OUTSIDE_TEXTS[name])
        assert prediction.scores
        assert codes(prediction)[0] is WarningCode.OUT_OF_DOMAIN

    @pytest.mark.timeout(60)
    @pytest.mark.parametrize(
        "build", [ten_megabytes, one_word_100_000_times], ids=["10 MB", "one word"]
    )
    def test_endless_text_is_read_in_part_and_says_how_far(
        self, build: Callable[[], str], classifier: OnnxClassifier
    ) -> None:
        text = build()
        prediction = predict(classifier, text)
        assert prediction.windows == MAX_WINDOWS
        assert codes(prediction)[0] is WarningCode.TOO_LONG
        assert codes(prediction)[-1] is WarningCode.CUT_INTO_WINDOWS
        assert f"of its {len(text):,} characters" in prediction.warnings[0].message

    def test_text_of_several_windows_is_read_to_its_last_word(
        self, classifier: OnnxClassifier
    ) -> None:
        text = "The growth of these cells was reduced in mice. " * 60
        assert present(predict(classifier, text)) == set()
        prediction = predict(classifier, text + "The vegf was reduced.")
        assert present(prediction) == {"inducing_angiogenesis"}
        assert prediction.tokens == 60 * 10 + 5
        assert prediction.windows == 15
        assert codes(prediction) == [WarningCode.CUT_INTO_WINDOWS]
        (evidence,) = score_of(prediction, "inducing_angiogenesis").evidence
        assert evidence.text == "The vegf was reduced."

    @pytest.mark.timeout(20)
    def test_thousands_of_combining_marks_are_cleaned(self, classifier: OnnxClassifier) -> None:
        prediction = predict(classifier, combining_marks(100_000))
        assert WarningCode.CLEANED in codes(prediction)

    def test_disguised_letters_are_pointed_out(self, classifier: OnnxClassifier) -> None:
        prediction = predict(classifier, "The v\u0435gf of these cells was reduced in mice.")
        assert codes(prediction) == [WarningCode.LOOKALIKE_LETTERS]
        assert present(prediction) == set()

    @settings(max_examples=100)
    @given(
        text=st.text(max_size=80)
        | st.lists(
            st.sampled_from(
                ["vegf", " p53 ", ". ", "\n\n", "\u200b", "e\u0301", "\ud800", "[SEP]"]
            ),
            max_size=60,
        ).map("".join)
    )
    def test_any_text_is_classified_and_its_evidence_lies_in_it(
        self, text: str, classifier: OnnxClassifier
    ) -> None:
        prediction = predict(classifier, text)
        assert bool(prediction.scores) == bool(prediction.windows)
        assert bool(prediction.scores) != (WarningCode.EMPTY in codes(prediction))
        for score in prediction.scores:
            assert 0.0 <= score.probability <= 1.0
            assert score.is_present == (score.probability >= 0.5)
            for evidence in score.evidence:
                assert evidence.text == text[evidence.start : evidence.end] != ""

    def test_scoring_for_evaluation_refuses_empty_texts(self, classifier: OnnxClassifier) -> None:
        with pytest.raises(InputError, match="1 of the texts"):
            classifier.score([ENGLISH_ABSTRACT, " "])

    def test_no_records_give_no_predictions(self, classifier: OnnxClassifier) -> None:
        assert classifier.predict([]) == []


class TestOpening:
    @pytest.mark.parametrize("name", MISFIT_BUNDLES)
    def test_network_that_does_not_fit_its_manifest_is_refused(
        self, name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        folder, key = MISFIT_BUNDLES[name](tmp_path / "bundle")
        bundle = open_bundle(folder, trusted_keys=[key])
        with pytest.raises(ModelError) as caught:
            OnnxClassifier(bundle)
        assert caught.value.exit_code == 4
        assert capfd.readouterr() == ("", "")

    def test_provider_and_versions_are_those_in_use(self, classifier: OnnxClassifier) -> None:
        assert classifier.provider == "CPUExecutionProvider"
        assert set(classifier.versions) == {"numpy", "onnxruntime", "tokenizers"}
        assert classifier.bundle.id == "tiny-0"

    def test_telemetry_is_off_even_if_the_user_switched_it_on(self) -> None:
        program = (
            "import sys, os\n"
            "assert 'onnxruntime' not in sys.modules\n"
            "import kdh_desktop.core.classification.classifier\n"
            "print(os.environ['ORT_DISABLE_TELEMETRY'])\n"
        )
        found = subprocess.run(
            [sys.executable, "-c", program],
            env={"ORT_DISABLE_TELEMETRY": "0"},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout == "1\n"

    @pytest.mark.skipif(sys.platform == "win32", reason="peak memory is read the POSIX way")
    def test_ten_megabytes_cost_less_than_100_megabytes(self, tiny: tuple[Path, object]) -> None:
        program = (
            "import resource, sys\n"
            "from pathlib import Path\n"
            "from kdh_desktop.core.classification.classifier import OnnxClassifier\n"
            "from kdh_desktop.core.classification.model_bundle import open_bundle\n"
            "from kdh_desktop.core.record import Record\n"
            "from tests.data.nasty import one_word_100_000_times, ten_megabytes\n"
            "from tests.data.tiny_bundle import tiny_key\n"
            "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
            "bundle = open_bundle(Path(sys.argv[1]), trusted_keys=[tiny_key().public_key()])\n"
            "classifier = OnnxClassifier(bundle, threads=2)\n"
            "classifier.predict([Record('0', 'The vegf of cells.')])\n"
            "records = [Record('1', ten_megabytes()), Record('2', one_word_100_000_times())]\n"
            "before = peak()\n"
            "classifier.predict(records)\n"
            "print(peak() - before)\n"
        )
        found = subprocess.run(
            [sys.executable, "-c", program, str(tiny[0])],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        assert int(found.stdout) < 100
