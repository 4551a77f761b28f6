"""Corpora are read as they are written, and refused in words where they cannot be used."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from trainer.corpus import (
    LabelledText,
    apart_from,
    corpus_digest,
    groups_digest,
    read_hoc,
    read_unlabelled,
    target_matrix,
)

GROWTH, SUPPRESSORS, DEATH = (HALLMARKS_OF_CANCER[column].name for column in range(3))
ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("KDH_CORPUS", ROOT.parent / "shared" / "data" / "hoc"))


def write_corpus(folder: Path, texts: Mapping[str, tuple[str, str]]) -> Path:
    """Write texts and their label files, by id; the list names them all."""
    for name in ("text", "labels"):
        (folder / name).mkdir(parents=True)
    for text_id, (text, labels) in texts.items():
        (folder / "text" / f"{text_id}.txt").write_text(text, encoding="utf-8")
        (folder / "labels" / f"{text_id}.txt").write_text(labels, encoding="utf-8")
    (folder / "train.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    return folder


def read(folder: Path) -> list[LabelledText]:
    return read_hoc(folder, ids_file="train.txt", labels=HALLMARKS_OF_CANCER)


def labels_of(text: LabelledText) -> list[set[str]]:
    assert text.sentence_targets is not None
    names = HALLMARKS_OF_CANCER.names
    return [{names[x] for x in np.flatnonzero(row)} for row in text.sentence_targets]


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        ("", set()),
        ("   \n", set()),
        ("NULL", set()),
        (" NULL ", set()),
        (GROWTH, {GROWTH}),
        (f" {GROWTH}--Receptors ", {GROWTH}),
        (f"{GROWTH}--Growth factors growth promoting signals--Downstream signaling", {GROWTH}),
        (f"{GROWTH}--Receptors AND {DEATH}--Apoptosis", {GROWTH, DEATH}),
        (f"{GROWTH}--Receptors AND{DEATH}--Apoptosis", {GROWTH, DEATH}),
        (f"{GROWTH}--Receptors AND{GROWTH}--Growth factors", {GROWTH}),
        (f"{GROWTH} AND {SUPPRESSORS} AND{DEATH}", {GROWTH, SUPPRESSORS, DEATH}),
        (f"NULL AND {DEATH}", {DEATH}),
    ],
)
def test_the_first_level_of_each_label_path_counts(
    tmp_path: Path, segment: str, expected: set[str]
) -> None:
    folder = write_corpus(tmp_path / "hoc", {"1": ("Cells grew .\n", f"<{segment}")})
    assert labels_of(read(folder)[0]) == [expected]


def test_each_sentence_has_its_own_segment(tmp_path: Path) -> None:
    text = "One .\nTwo .\nThree .\nFour .\n"
    labels = f"< <{GROWTH}--Receptors AND{DEATH}--Apoptosis< NULL <{SUPPRESSORS}"
    (only,) = read(write_corpus(tmp_path / "hoc", {"1": (text, labels)}))
    assert labels_of(only) == [set(), {GROWTH, DEATH}, set(), {SUPPRESSORS}]
    assert only.targets is not None
    assert only.targets.tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]


def test_what_stands_before_the_first_segment_is_no_label(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "hoc", {"1": ("Cells grew .\n", f"remark <{DEATH}")})
    assert labels_of(read(folder)[0]) == [{DEATH}]


def test_blank_lines_and_line_ends_of_windows_are_no_sentences(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "hoc", {"1": ("\r\nOne .\r\n  \r\nTwo .\r\n\r\n", "<<")})
    assert read(folder)[0].tokenised == ("One .", "Two .")


def test_texts_come_in_the_order_of_the_list_as_running_text(tmp_path: Path) -> None:
    texts = {"9": ("Growth , ( p < 0.05 ) .\nIt ended .", "< <"), "1": ("Other cells .", "<")}
    first, second = read(write_corpus(tmp_path / "hoc", texts))
    assert (first.id, second.id) == ("9", "1")
    assert first.text == "Growth, (p < 0.05). It ended."
    assert first.tokenised == ("Growth , ( p < 0.05 ) .", "It ended .")


def test_a_wrong_number_of_label_entries_is_told_by_place_and_numbers(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "hoc", {"77": ("One .\nTwo .\n", "< NULL < NULL < NULL")})
    with pytest.raises(TrainingError, match="Text 1 of the list has 2 sentences and 3 label"):
        read(folder)


@pytest.mark.parametrize("label", ["Growing", GROWTH.lower(), f"{GROWTH} and {DEATH}"])
def test_an_unknown_label_is_told_by_its_place(tmp_path: Path, label: str) -> None:
    folder = write_corpus(tmp_path / "hoc", {"1": ("One .\n", f"<{label}--Detail")})
    with pytest.raises(
        TrainingError, match=r"row 1 carries a label that is not in the label set\. C"
    ):
        read(folder)


@pytest.mark.parametrize("missing", ["train.txt", "text/1.txt", "labels/1.txt"])
def test_a_missing_file_is_told(tmp_path: Path, missing: str) -> None:
    folder = write_corpus(tmp_path / "hoc", {"1": ("One .\n", "<")})
    (folder / missing).unlink()
    with pytest.raises(TrainingError, match="incomplete"):
        read(folder)


def test_byte_order_marks_are_no_part_of_ids_and_texts(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "hoc", {"1": ("One .\n", "<"), "2": ("Two .\n", "<")})
    for path in (folder / "train.txt", folder / "text" / "1.txt", folder / "labels" / "1.txt"):
        path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert [text.text for text in read(folder)] == ["One.", "Two."]


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "hoc").write_text("no folder", encoding="utf-8")
    with pytest.raises(TrainingError, match="incomplete"):
        read(tmp_path / "hoc")


@pytest.mark.parametrize("damaged", ["train.txt", "text/1.txt", "labels/1.txt"])
def test_a_file_in_another_encoding_is_told(tmp_path: Path, damaged: str) -> None:
    folder = write_corpus(tmp_path / "hoc", {"1": ("One .\n", "<")})
    (folder / damaged).write_bytes("1 µm".encode("latin-1"))
    with pytest.raises(TrainingError, match="UTF-8"):
        read(folder)


def test_an_empty_text_is_told_by_its_place(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "hoc", {"1": ("One .\n", "<"), "77": (" \n\n", "")})
    with pytest.raises(TrainingError, match="Text 2 of the list is empty"):
        read(folder)


def test_an_empty_list_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"train\.txt names no text"):
        read(write_corpus(tmp_path / "hoc", {}))


def test_an_unlabelled_text_has_no_targets() -> None:
    text = LabelledText("1", ("One.",), ("One .",), None)
    with pytest.raises(ValueError, match="no targets"):
        target_matrix([text])


def test_a_text_is_pasted_as_it_was_given_or_sentence_by_sentence() -> None:
    text = LabelledText("1", ("One.", "Two."), ("One .", "Two ."), None)
    assert text.text == "One. Two."
    assert replace(text, whole="One.\n\nTwo.").text == "One.\n\nTwo."


def test_the_digest_sees_every_change(tiny_texts: list[LabelledText]) -> None:
    first, second = tiny_texts[:2]
    assert first.sentence_targets is not None
    assert first.targets is not None
    bare = replace(first, targets=None, sentence_targets=None)
    others = [
        [second, first],
        [first],
        [replace(first, id="x"), second],
        [replace(first, sentences=("x",), sentence_targets=first.sentence_targets[:1]), second],
        [replace(first, sentence_targets=1 - first.sentence_targets), second],
        [bare, second],
        [replace(bare, targets=first.targets), second],
        [replace(bare, targets=1 - first.targets), second],
    ]
    digests = {corpus_digest(texts) for texts in ([first, second], *others)}
    assert len(digests) == len(others) + 1
    assert corpus_digest([first, second]) == corpus_digest(tiny_texts[:2])


def test_the_digest_of_groups_tells_only_which_texts_stay_together(
    tiny_texts: list[LabelledText],
) -> None:
    def digest(*groups: str | None) -> str:
        pairs = zip(tiny_texts, groups, strict=False)
        return groups_digest([replace(text, group=group) for text, group in pairs])

    assert digest(None, None, None) == digest("a", "b", None) == ""
    assert digest("a", "a", None) == digest("b", "b", "c") != ""
    assert len({digest("a", "a", None), digest("a", None, "a"), digest(None, "a", "a")}) == 3


def write_lines(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def passage(words: int, mark: str = "word") -> str:
    return json.dumps({"id": 1, "text": f"{mark} " * words + "."})


def test_unlabelled_passages_are_divided_into_sentences(tmp_path: Path) -> None:
    text = "Growth of cells was induced by VEGF. It was inhibited after 24 h."
    path = write_lines(tmp_path / "passages.jsonl", json.dumps({"text": text}))
    (only,) = read_unlabelled(path, limit=10, min_words=2)
    assert only.sentences == (
        "Growth of cells was induced by VEGF.",
        "It was inhibited after 24 h.",
    )
    assert only.text == text
    assert only.sentence_targets is None


def test_short_passages_are_passed_over_and_do_not_count(tmp_path: Path) -> None:
    lines = [passage(3), passage(9, "long"), passage(2), passage(9, "longer"), passage(9, "last")]
    found = read_unlabelled(write_lines(tmp_path / "p.jsonl", *lines), limit=2, min_words=9)
    assert [text.id for text in found] == ["transfer:1", "transfer:3"]


def test_empty_lines_among_passages_are_passed_over(tmp_path: Path) -> None:
    lines = ["", passage(9), "", "  ", passage(9, "last"), ""]
    found = read_unlabelled(write_lines(tmp_path / "p.jsonl", *lines), limit=9, min_words=1)
    assert [text.id for text in found] == ["transfer:1", "transfer:4"]


def test_characters_count_as_words_where_there_are_no_blanks(tmp_path: Path) -> None:
    passages = ["患者因反复咳嗽入院，病理证实为腺癌。", "肺癌。"]
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in passages]
    found = read_unlabelled(write_lines(tmp_path / "p.jsonl", *lines), limit=9, min_words=9)
    assert [text.text for text in found] == passages[:1]


def test_a_byte_order_mark_and_halves_of_characters_do_no_harm(tmp_path: Path) -> None:
    line = json.dumps({"text": "Cells\ud83d grew."})
    path = write_lines(tmp_path / "p.jsonl", "\ufeff" + line)
    (only,) = read_unlabelled(path, limit=9, min_words=1)
    assert only.text == "Cells grew."
    assert corpus_digest([only])


def test_texts_to_judge_on_are_no_unlabelled_ones(
    tmp_path: Path,
) -> None:
    judged = LabelledText("1", (" ".join(f"word{n}" for n in range(40)),), (), None)
    same, titled = judged.text.upper(), f"Its title. {judged.text}"
    passages = [same, titled, titled, "Quite another passage.", "Quite another passage."]
    lines = [json.dumps({"text": text}) for text in passages]
    found = read_unlabelled(write_lines(tmp_path / "p.jsonl", *lines), limit=9, min_words=1)
    assert [text.text for text in apart_from([judged], found)] == passages[3:]
    assert apart_from([], found) == found


def test_nothing_is_read_past_the_limit(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "p.jsonl", passage(9), "no JSON at all")
    assert len(read_unlabelled(path, limit=1, min_words=1)) == 1
    assert read_unlabelled(path, limit=0, min_words=1) == []


@pytest.mark.parametrize(
    "line",
    ["{", "[" * 100_000, "[]", "7", "null", '"text"', '{"id": 1}', '["text"]'],
    ids=lambda line: line[:9],
)
def test_a_line_that_is_no_passage_is_told(tmp_path: Path, line: str) -> None:
    path = write_lines(tmp_path / "p.jsonl", passage(9), line)
    with pytest.raises(TrainingError, match="unlabelled texts cannot be read"):
        read_unlabelled(path, limit=10, min_words=1)


def test_a_missing_file_of_passages_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cannot be read"):
        read_unlabelled(tmp_path / "none.jsonl", limit=1, min_words=1)


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not there: name it in KDH_CORPUS")
@pytest.mark.parametrize(("ids_file", "texts"), [("train.txt", 1295), ("dev.txt", 186)])
def test_the_whole_corpus_is_read(ids_file: str, texts: int) -> None:
    found = read_hoc(CORPUS, ids_file=ids_file, labels=HALLMARKS_OF_CANCER)
    assert len(found) == len({text.id for text in found}) == texts
    assert (target_matrix(found).sum(axis=0) > 0).all()
