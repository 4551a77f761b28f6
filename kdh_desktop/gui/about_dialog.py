"""About: what the program is for, the model's card, and what we use under which licence."""

from __future__ import annotations

import platform
from importlib import metadata

from PySide6.QtCore import QCoreApplication, qVersion
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop import __version__
from kdh_desktop.gui.active_model import ActiveModel, Failed, Loading, Ready
from kdh_desktop.gui.dialog_frame import frame_dialog
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.markdown_reader import MarkdownReader
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID

COMPONENTS = {
    "biopython": "Biopython License",
    "cryptography": "Apache-2.0 or BSD-3-Clause",
    "defusedxml": "PSF-2.0",
    "filelock": "MIT",
    "jeepney": "MIT",
    "keyring": "MIT",
    "numpy": "BSD-3-Clause",
    "onnxruntime": "MIT",
    "openpyxl": "MIT",
    "platformdirs": "MIT",
    "pypdf": "BSD-3-Clause",
    "pyqtgraph": "MIT",
    "PySide6-Essentials": "LGPL-3.0",
    "python-calamine": "MIT",
    "rapidfuzz": "MIT",
    "rispy": "MIT",
    "sqlcipher3": "Zlib, with SQLCipher (BSD-3-Clause)",
    "tokenizers": "Apache-2.0",
    "XlsxWriter": "BSD-2-Clause",
}
"""What the program is delivered with, and under which licence; a test compares it with what
pyproject.toml asks for."""


def research_use_sentence() -> str:
    """The one wording of what the program is not for."""
    return QCoreApplication.translate(
        "AboutDialog",
        "For research use, not for diagnosis: the labels describe what a text is about, can be "
        "wrong, and must not guide the treatment of a patient.",
    )


class AboutDialog(QDialog):
    """Follows the active model while it is open."""

    def __init__(self, *, model: ActiveModel, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About KDH Desktop"))
        self._model = model
        self._model_line = plain_label(kind="muted")
        self.card = MarkdownReader(self.tr("Model card"))
        self.licences = MarkdownReader(self.tr("Versions and licences"))
        self.licences.show_markdown(_licences())
        tabs = QTabWidget()
        tabs.setAccessibleName(self.tr("About, model card, versions and licences"))
        tabs.addTab(self._about_page(icons), self.tr("&About"))
        tabs.addTab(self.card, self.tr("&Model card"))
        tabs.addTab(self.licences, self.tr("&Versions and licences"))
        frame_dialog(self, tabs, close=self.tr("Close"))
        self.resize(78 * GRID, 60 * GRID)
        model.changed.connect(self._show_model)
        self._show_model()

    def _about_page(self, icons: Icons) -> QWidget:
        page = QWidget()
        sign = QLabel()
        sign.setPixmap(icons.application.pixmap(64, 64))
        sign.setAccessibleName(self.tr("Icon of KDH Desktop"))
        title = plain_label(f"KDH Desktop {__version__}", kind="heading")
        purpose = plain_label(
            self.tr(
                "Shows which of the ten Hallmarks of Cancer a biomedical text is about, how sure "
                "the model is, and which sentences say so."
            )
        )
        offline = plain_label(
            self.tr(
                "It works offline: texts, labels and settings stay on this computer, and nothing "
                "is sent anywhere."
            )
        )
        head = QHBoxLayout()
        head.setSpacing(2 * GRID)
        head.addWidget(sign)
        words = QVBoxLayout()
        words.addWidget(title)
        words.addWidget(self._model_line)
        head.addLayout(words, 1)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addLayout(head)
        layout.addWidget(plain_label(research_use_sentence(), kind="heading"))
        layout.addWidget(purpose)
        layout.addWidget(offline)
        layout.addStretch(1)
        return page

    def _show_model(self) -> None:
        match self._model.state:
            case Loading():
                self._model_line.setText(self.tr("The model is being loaded."))
                self.card.setPlainText(self._model_line.text())
            case Failed(error):
                self._model_line.setText(self.tr("No model is active."))
                self.card.setPlainText(str(error))
            case Ready(classifier):
                manifest = classifier.bundle.manifest
                self._model_line.setText(
                    self.tr("Model {model}, made on {day}").format(
                        model=manifest.bundle_id, day=manifest.created_utc[:10]
                    )
                )
                self.card.show_markdown(classifier.bundle.model_card)


def _licences() -> str:
    def tr(text: str) -> str:
        return QCoreApplication.translate("AboutDialog", text)

    rows = [
        ("KDH Desktop", __version__, "Apache-2.0"),
        ("Python", platform.python_version(), "PSF-2.0"),
        ("Qt", qVersion(), "LGPL-3.0"),
        *((name, _version(name), licence) for name, licence in COMPONENTS.items()),
        ("all-MiniLM-L6-v2", "", "Apache-2.0"),
    ]
    table = "\n".join(f"| {name} | {version} | {licence} |" for name, version, licence in rows)
    return (
        f"| {tr('Component')} | {tr('Version')} | {tr('Licence')} |\n|---|---|---|\n{table}\n\n"
        + tr(
            "The hallmarks are those of Hanahan and Weinberg (2011). The bundled model was "
            "trained on the Hallmarks of Cancer corpus of Baker and others (2016), which is "
            "published under GPL-3.0, from the encoder all-MiniLM-L6-v2. It holds none of the "
            "corpus's texts; what the licence of a corpus means for a model is not settled."
        )
    )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return QCoreApplication.translate("AboutDialog", "unknown")
