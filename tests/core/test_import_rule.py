"""The rule of dependence: `gui -> core <- trainer`, and each heavy library behind one door."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from shutil import which

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("kdh_desktop", "trainer")

QT = ("PySide6", "shiboken6")
READERS = (
    "Bio",
    "defusedxml",
    "openpyxl",
    "pypdf",
    "python_calamine",
    "rispy",
)
"""Libraries that meet strangers' files, in the disposable process alone."""

TRAINING = ("torch", "transformers", "sklearn", "scipy", "onnx", "safetensors", "pyswarms")
COMMAND_LINE = ("kdh_desktop.cli", "kdh_desktop.commands", "kdh_desktop.terminal")

FORBIDDEN: Mapping[str, tuple[str, ...]] = {
    "kdh_desktop.core": (
        *("kdh_desktop.gui", "kdh_desktop.__main__", *COMMAND_LINE),
        *("trainer", *QT, *TRAINING),
    ),
    "kdh_desktop.gui": ("trainer", "kdh_desktop.cli", "kdh_desktop.commands", *TRAINING),
    **dict.fromkeys(COMMAND_LINE, ("kdh_desktop.gui", "trainer", *QT, *TRAINING)),
    "kdh_desktop.prerequisites": ("kdh_desktop.gui", "trainer", *QT, *TRAINING),
    "kdh_desktop.first_instance": ("kdh_desktop.gui", "trainer", *QT, *TRAINING),
    "trainer": ("kdh_desktop.gui", *COMMAND_LINE, *QT),
}
"""What a package, and every module in it, must not import."""

ONLY_IMPORTERS: Mapping[str, tuple[str, ...]] = {
    # Telemetry is switched off at these doors before onnxruntime is loaded. The trainer needs
    # onnxruntime's quantiser, and its benchmark the library itself.
    "onnxruntime": ("kdh_desktop.core.classification.classifier", "trainer"),
    "pyswarms": ("trainer.tuning",),
    # Takes most of a second to load, and draws charts only.
    "pyqtgraph": ("kdh_desktop.gui.training.chart_canvas",),
    "kdh_desktop.gui": ("kdh_desktop.__main__", "kdh_desktop.gui"),
    "sqlite3": ("kdh_desktop.core.records",),
    "sqlcipher3": ("kdh_desktop.core.records",),
    "keyring": ("kdh_desktop.core.records",),
    # Readers of strangers' files, which only the disposable child process may load.
    "Bio": ("kdh_desktop.core.importing",),
    "rispy": ("kdh_desktop.core.importing",),
    "pypdf": ("kdh_desktop.core.importing",),
    "python_calamine": ("kdh_desktop.core.importing",),
    "xlsxwriter": ("kdh_desktop.core.exporting",),
}
"""The only modules or packages that may import a library."""


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def modules_under(root: Path) -> dict[str, Path]:
    files = [file for package in PACKAGES for file in (root / package).rglob("*.py")]
    names = [file.relative_to(root).with_suffix("").parts for file in files]
    return {
        ".".join(parts[:-1] if parts[-1] == "__init__" else parts): file
        for parts, file in zip(names, files, strict=True)
    }


def imports_of(source: str) -> Iterator[str]:
    """Every module named in an import, also inside functions and in `import_module("...")`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(level=0, module=str(module)):
                yield module
                yield from (f"{module}.{alias.name}" for alias in node.names)
            case ast.ImportFrom():
                raise AssertionError("relative imports hide what is imported")
            case ast.Call(args=[ast.Constant(value=str(name)), *_], func=function):
                if ast.unparse(function).split(".")[-1] in {"import_module", "__import__"}:
                    yield name
            case _:
                pass


def pages_of(module: str) -> str | None:
    """The page that a module of the window belongs to: the folder below `gui`."""
    parts = module.split(".")
    if parts[:2] != ["kdh_desktop", "gui"] or len(parts) < 3:
        return None
    return parts[2] if (ROOT / "kdh_desktop" / "gui" / parts[2]).is_dir() else None


def breaches_in(root: Path) -> list[str]:
    breaches = []
    for module, file in modules_under(root).items():
        for imported in imports_of(file.read_text(encoding="utf-8")):
            forbidden = any(
                is_within(module, package) and is_within(imported, name)
                for package, names in FORBIDDEN.items()
                for name in names
            )
            unwelcome = any(
                is_within(imported, library)
                and not any(is_within(module, importer) for importer in importers)
                for library, importers in ONLY_IMPORTERS.items()
            )
            page, other = pages_of(module), pages_of(imported)
            if forbidden or unwelcome or (page and other and page != other):
                breaches.append(f"{module} imports {imported}")
    return sorted(set(breaches))


def test_every_module_keeps_the_rule() -> None:
    assert breaches_in(ROOT) == []


def test_the_scan_sees_the_modules_that_matter() -> None:
    modules = modules_under(ROOT)
    assert len(modules) > 25
    assert {"kdh_desktop.cli", "kdh_desktop.core.record", "trainer.corpus"} <= set(modules)
    imported = set(imports_of(modules["kdh_desktop.__main__"].read_text(encoding="utf-8")))
    assert "kdh_desktop.gui.app" in imported, "imports inside functions are seen, too"
    assert any(is_within(name, "PySide6") for name in _imports_below(modules, "kdh_desktop.gui"))
    assert any(is_within(name, "torch") for name in _imports_below(modules, "trainer"))


def _imports_below(modules: Mapping[str, Path], package: str) -> set[str]:
    return {
        imported
        for module, file in modules.items()
        if is_within(module, package)
        for imported in imports_of(file.read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("kdh_desktop/core/record.py", "import torch.nn"),
        ("kdh_desktop/core/record.py", "from PySide6.QtCore import QObject"),
        ("kdh_desktop/core/record.py", "def f():\n    from kdh_desktop.gui import app"),
        ("kdh_desktop/core/record.py", "from kdh_desktop import gui"),
        ("kdh_desktop/core/record.py", "import importlib\nimportlib.import_module('trainer.run')"),
        ("kdh_desktop/core/record.py", "import onnxruntime as ort"),
        ("kdh_desktop/gui/app.py", "import trainer.run"),
        ("kdh_desktop/gui/app.py", "import onnxruntime"),
        ("kdh_desktop/cli.py", "import PySide6"),
        ("kdh_desktop/commands/classify.py", "import PySide6"),
        ("trainer/run.py", "from kdh_desktop.gui.app import run"),
        ("trainer/corpus.py", "import pyswarms"),
    ],
)
def test_the_scan_finds_a_planted_breach(tmp_path: Path, module: str, line: str) -> None:
    planted = tmp_path / module
    planted.parent.mkdir(parents=True)
    planted.write_text(line + "\n", encoding="utf-8")
    assert len(breaches_in(tmp_path)) > 0


def loaded_by(statement: str) -> set[str]:
    """Top-level names of what a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import kdh_desktop", {"platformdirs", "numpy", "onnxruntime", *QT, *TRAINING}),
        ("import kdh_desktop.cli", {"numpy", "onnxruntime", "tokenizers", *QT, *TRAINING}),
        ("import kdh_desktop.__main__", {"numpy", "onnxruntime", *QT, *TRAINING}),
        ("import kdh_desktop.core.importing.reading", {*READERS, "numpy", "pandas"}),
        ("import kdh_desktop.core.classification.classifier", {*QT, *TRAINING, "trainer"}),
        ("import trainer", {"torch", "transformers", "kdh_desktop.gui", *QT}),
        ("import trainer.run", {"transformers", "kdh_desktop.gui", *QT}),
    ],
)
def test_importing_loads_nothing_that_is_not_needed(statement: str, unwanted: set[str]) -> None:
    assert loaded_by(statement) & unwanted == set()


def test_trainer_goes_offline_before_it_can_import_any_library() -> None:
    code = (
        "import os, trainer; print(*(name for name, value in os.environ.items() if value == '1'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PATH": ""},
    )
    assert {"ORT_DISABLE_TELEMETRY", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"} <= set(
        done.stdout.split()
    )


@pytest.mark.skipif(
    not (ROOT / ".git").exists() or which("git") is None, reason="a checkout and git are needed"
)
def test_no_file_of_ours_is_ignored() -> None:
    # What `.gitignore` names is left out of the wheel, too, and unseen by ruff.
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.split() == []
