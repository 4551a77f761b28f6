"""The report on paper says what the one on screen says."""

from __future__ import annotations

from pathlib import Path

import pypdf
import pytest
from pytestqt.qtbot import QtBot

from kdh_desktop.core.errors import ExportError
from kdh_desktop.core.exporting.report import gather_report, print_html
from kdh_desktop.gui.exporting.report_pdf import write_report_pdf
from tests.core.exporting.test_report import HOSTILE, STORE
from tests.data.nasty_exports import disk_full_at


def test_pdf_holds_the_words_of_the_report(qtbot: QtBot, tmp_path: Path) -> None:
    html = print_html(gather_report(STORE, [1, 2, 3, 4], title="Report of the unit"))
    write_report_pdf(html, tmp_path / "report.pdf", title="Report of the unit")
    pdf = pypdf.PdfReader(tmp_path / "report.pdf")
    words = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Report of the unit"
    for expected in ("Report of the unit", "Inducing angiogenesis", "Methods", "made-up-model"):
        assert expected in words
    assert HOSTILE[:30] in words, "texts are shown, not run"
    assert len(pdf.pages) == 2


def test_full_disk_leaves_the_old_pdf(qtbot: QtBot, tmp_path: Path) -> None:
    target = tmp_path / "report.pdf"
    target.write_bytes(b"old")
    html = print_html(gather_report(STORE, [1, 2, 3, 4]))
    with disk_full_at(2_000), pytest.raises(ExportError):
        write_report_pdf(html, target, title="Report")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
