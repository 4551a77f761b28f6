"""A work folder is refused in words that are true in the window, too, which has no options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kdh_desktop.core.errors import TrainingError
from trainer.process.work_folder import claim_work_folder, held_work_folder


def claim_twice(work: Path) -> None:
    claim_work_folder(work, "one")
    claim_work_folder(work, "two")


def hold_a_file(work: Path) -> None:
    work.touch()
    with held_work_folder(work):
        pass


def hold_twice(work: Path) -> None:
    with held_work_folder(work), held_work_folder(work):
        pass


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (claim_twice, "another configuration"),
        (hold_a_file, "cannot be written to"),
        (hold_twice, "Another training works"),
    ],
)
def test_the_remedy_names_no_option(
    tmp_path: Path, use: Callable[[Path], None], words: str
) -> None:
    with pytest.raises(TrainingError, match=words) as refused:
        use(tmp_path / "work")
    assert refused.value.remedy
    assert "--" not in refused.value.remedy
    assert "Name " not in refused.value.remedy
