"""A candidate is compared by a real child process, judged, and put into force or not."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from kdh_desktop.core.audit_log import AuditAction
from kdh_desktop.core.classification.model_registry import ModelRegistry
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.run_folder import RunFolder
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.models.comparison_dialog import ComparisonDialog
from kdh_desktop.gui.models.models_page import ModelsPage
from tests.data.tiny_run import NEVER
from tests.gui.looks import clipped, rich_labels, unnamed
from tests.gui.models.conftest import MakeRun, actions, click, give_password

Compare = Callable[[RunFolder], ComparisonDialog]

WORSE = {"inducing_angiogenesis": NEVER, "cellular_energetics": NEVER}


@pytest.fixture
def compare(models: ModelsPage, qtbot: QtBot) -> Compare:
    """Opens the dialog and waits for the verdict."""

    def compare(run: RunFolder) -> ComparisonDialog:
        dialog = models.compare(run)
        qtbot.waitUntil(lambda: dialog.verdict is not None, timeout=60_000)
        return dialog

    return compare


def in_force(desktop: Desktop) -> str:
    classifier = desktop.model.classifier
    return "" if classifier is None else classifier.bundle.id


def test_a_candidate_that_passes_is_put_into_force_and_seen_at_once(
    desktop: Desktop, compare: Compare, run: MakeRun, paths: AppPaths, qtbot: QtBot
) -> None:
    before = in_force(desktop)
    dialog = compare(run())
    assert dialog.verdict is not None
    assert dialog.verdict.passes
    assert "may be put into force" in dialog.panel.heading.text()
    assert not dialog.overrule.isVisible()
    assert unnamed(dialog) == []
    assert rich_labels(dialog) == []
    qtbot.waitUntil(lambda: clipped(dialog) == [])
    click(dialog.put)
    begun = time.monotonic()
    give_password(desktop, qtbot)
    qtbot.waitUntil(lambda: in_force(desktop) == "ours", timeout=10_000)
    assert time.monotonic() - begun < 10
    card = desktop.window.models_page.board.card
    qtbot.waitUntil(lambda: card.name.text() == "In force: ours")
    activation = ModelRegistry(paths).history()[0]
    assert (activation.bundle_id, activation.previous, activation.reason) == ("ours", before, "")
    assert actions(paths)[-1] is AuditAction.ACTIVATED


@pytest.mark.slow
def test_a_worse_candidate_is_refused_with_reasons_and_kept_out(
    desktop: Desktop, compare: Compare, run: MakeRun
) -> None:
    before = in_force(desktop)
    dialog = compare(run(texts=160, intercepts=WORSE))
    assert dialog.verdict is not None
    assert not dialog.verdict.passes
    assert "refuses" in dialog.panel.heading.text()
    assert "becomes worse" in dialog.panel.reasons.text()
    assert "worse on 2" in dialog.view.sentence.text()
    assert not dialog.put.isVisible()
    changes = dialog.view.changes
    assert changes.table.rows.rowCount() > 5
    assert "We studied" in changes.text.toPlainText()
    assert changes.before.text()
    labels = dialog.view.labels
    first = labels.sorted.index(0, 0).data()
    assert first in {"Inducing angiogenesis", "Cellular energetics"}, "losses come first"
    dialog.view.tabs.setCurrentIndex(1)
    labels.order.setCurrentIndex(3)
    assert labels.sorted.index(0, 0).data() == "Activating invasion and metastasis"
    click(dialog.keep)
    assert not dialog.isVisible()
    assert in_force(desktop) == before


@pytest.mark.slow
def test_overruling_needs_a_reason_and_the_password_again(
    desktop: Desktop, compare: Compare, run: MakeRun, paths: AppPaths, qtbot: QtBot
) -> None:
    desktop.door.open_for(desktop.window, lambda _administrator: None)
    give_password(desktop, qtbot)
    dialog = compare(run(texts=160, intercepts=WORSE))
    click(dialog.overrule)
    reason = dialog.reason_dialog
    assert reason is not None
    assert unnamed(reason) == []
    qtbot.waitUntil(lambda: clipped(reason) == [])
    QTest.keyClicks(reason.edit, "because")
    assert not reason.go_on.isEnabled()
    QTest.keyClicks(reason.edit, " we checked it by hand")
    click(reason.go_on)
    assert desktop.door.is_open, "and yet the password is asked for"
    give_password(desktop, qtbot)
    qtbot.waitUntil(lambda: in_force(desktop) == "ours", timeout=10_000)
    assert ModelRegistry(paths).history()[0].reason == "because we checked it by hand"
    assert actions(paths)[-2:] == [AuditAction.GATE_OVERRULED, AuditAction.ACTIVATED]


def test_a_candidate_that_was_tampered_with_cannot_be_overruled(
    compare: Compare, run: MakeRun
) -> None:
    made = run()
    (made.candidate / "MODEL_CARD.md").write_text("# Another\n", "utf-8")
    dialog = compare(made)
    assert dialog.panel.heading.text() == "The candidate cannot be used"
    assert "not the one that was signed" in dialog.panel.reasons.text()
    assert not dialog.overrule.isVisible()
    assert not dialog.put.isVisible()


def test_closing_the_dialog_ends_the_child(
    models: ModelsPage, run: MakeRun, qtbot: QtBot, tmp_path: Path
) -> None:
    mark = tmp_path / "ended"
    script = (
        "import sys, pathlib; sys.stderr.write('... texts: 3 of 9\\n'); sys.stderr.flush(); "
        f"sys.stdin.buffer.read(); pathlib.Path({str(mark)!r}).touch()"
    )
    dialog = ComparisonDialog(models.parts, run(), command=lambda: [sys.executable, "-c", script])
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    qtbot.waitUntil(lambda: "3 of 9" in dialog.progress_words.text(), timeout=20_000)
    click(dialog.keep)
    qtbot.waitUntil(mark.exists, timeout=5_000)


def test_a_child_that_breaks_is_told_in_a_sentence_and_can_be_tried_again(
    models: ModelsPage, run: MakeRun, qtbot: QtBot
) -> None:
    made = run()
    dialog = ComparisonDialog(
        models.parts, made, command=lambda: [sys.executable, "-c", "raise SystemExit(1)"]
    )
    dialog.open()
    qtbot.waitUntil(lambda: dialog.verdict is not None, timeout=20_000)
    assert "broke off" in dialog.panel.reasons.text()
    assert dialog.again.isVisible()
    dialog.reject()
    dialog.deleteLater()
