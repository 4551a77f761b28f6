"""What a run reads is checked first, and parted without tearing groups."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from kdh_desktop.core.corpus_source import HocSource, TableSource
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.training_config import RunConfig
from tests.data.tiny_corpus import write_tiny_table
from trainer.running.texts import folds_of, read_run_texts


@pytest.fixture
def table(tmp_path: Path) -> TableSource:
    path = write_tiny_table(tmp_path / "texts.csv")
    return TableSource(
        str(path), "abstract", labels_column="labels", id_column="pmid", group_column="patient"
    )


def test_texts_to_judge_on_may_be_named(tiny_config: RunConfig, tiny_corpus: Path) -> None:
    texts = read_run_texts(
        tiny_config,
        corpus=[HocSource(str(tiny_corpus))],
        judged=[HocSource(str(tiny_corpus), "dev.txt")],
        transfer=None,
    )
    assert (len(texts.train), len(texts.judged), texts.unlabelled) == (60, 12, [])
    assert texts.labels == HALLMARKS_OF_CANCER


def test_texts_to_judge_on_are_taken_out_of_the_unlabelled_ones(
    tiny_config: RunConfig, tiny_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.running.texts.TRANSFER_MIN_WORDS", 1)
    judged = HocSource(str(tiny_corpus), "dev.txt")
    read = partial(read_run_texts, tiny_config, corpus=[HocSource(str(tiny_corpus))])
    texts = [text.text for text in read(judged=[judged], transfer=None).judged]
    passages = tmp_path / "passages.jsonl"
    lines = [json.dumps({"text": text}) for text in ["Another text of five words.", *texts[:5]]]
    passages.write_text("\n".join(lines), encoding="utf-8")
    (only,) = read(judged=[judged], transfer=passages).unlabelled
    assert only.text == "Another text of five words."


def test_texts_to_judge_on_that_say_nothing_of_a_label_are_refused(
    tiny_config: RunConfig, tiny_corpus: Path, tmp_path: Path
) -> None:
    short = HALLMARKS_OF_CANCER.names[:8]
    path = tmp_path / "judged.csv"
    path.write_text(f"text,{','.join(short)}\nCells grew.{',0' * 8}\n", encoding="utf-8")
    with pytest.raises(TrainingError, match="does not say whether its texts carry 2 labels"):
        read_run_texts(
            tiny_config,
            corpus=[HocSource(str(tiny_corpus))],
            judged=[TableSource(str(path), "text", label_columns=short)],
            transfer=None,
        )


def test_a_share_is_kept_back_where_none_are_named(
    tiny_config: RunConfig, table: TableSource
) -> None:
    config = replace(tiny_config, judged_share=0.25)
    texts = read_run_texts(config, corpus=[table], judged=[], transfer=None)
    assert len(texts.train) + len(texts.judged) == 60
    assert len(texts.judged) == pytest.approx(15, abs=3)
    assert not {x.group for x in texts.train} & {x.group for x in texts.judged}


def test_all_texts_are_trained_on_where_nothing_is_kept_back(
    tiny_config: RunConfig, table: TableSource
) -> None:
    texts = read_run_texts(tiny_config, corpus=[table], judged=[], transfer=None)
    assert (len(texts.train), texts.judged) == (60, [])


def test_no_group_lies_in_two_folds(tiny_config: RunConfig, table: TableSource) -> None:
    train = read_run_texts(tiny_config, corpus=[table], judged=[], transfer=None).train
    fold_of = folds_of(train, folds=4, seed=1)
    assert set(fold_of.tolist()) == {0, 1, 2, 3}
    groups = np.array([text.group for text in train])
    for group in set(groups.tolist()):
        assert len(set(fold_of[groups == group].tolist())) == 1


def test_texts_that_do_not_fill_the_folds_once_some_are_kept_back_are_refused(
    tiny_config: RunConfig, tmp_path: Path
) -> None:
    path = write_tiny_table(tmp_path / "few.csv", rows=20)
    source = TableSource(str(path), "abstract", labels_column="labels", id_column="pmid")
    config = replace(tiny_config, judged_share=0.2, teacher=replace(tiny_config.teacher, folds=20))
    with pytest.raises(TrainingError, match="do not fill 20 folds"):
        read_run_texts(config, corpus=[source], judged=[], transfer=None)


def test_no_text_fills_no_fold() -> None:
    with pytest.raises(TrainingError, match="do not fill 2 folds"):
        folds_of([], folds=2, seed=1)


def test_what_speaks_against_training_is_said_before_it_starts(
    tiny_config: RunConfig, tiny_corpus: Path
) -> None:
    source = HocSource(str(tiny_corpus))
    with pytest.raises(TrainingError, match="kept for judging and trained on"):
        read_run_texts(tiny_config, corpus=[source], judged=[source], transfer=None)
