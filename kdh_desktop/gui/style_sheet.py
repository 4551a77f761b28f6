"""The style sheet: shapes and states that the palette cannot say."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QColor

from kdh_desktop.gui.colors import Colors


def style_sheet(colors: Colors, pictures: Path | None) -> str:
    """Everything that looks otherwise than the style would draw it; focus is a two pixel line.

    Args:
        colors: Of the present look.
        pictures: Folder of ticks and arrows; without it fields keep the style's own look.
    """
    sheet = _controls(colors) + _tables(colors)
    return sheet if pictures is None else sheet + _fields(colors, pictures)


def _controls(c: Colors) -> str:
    return f"""
QPushButton, QToolButton {{
    background: {c.base.name()}; color: {c.text.name()};
    border: 1px solid {c.control_line.name()}; border-radius: 6px;
    padding: 4px 10px; margin: 1px; min-height: 18px;
}}
QPushButton:hover, QToolButton:hover {{ background: {c.selected.name()}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {c.track.name()}; }}
QPushButton:focus, QToolButton:focus {{
    border: 2px solid {c.accent.name()}; margin: 0px;
}}
QPushButton:disabled, QToolButton:disabled {{
    color: {c.muted.name()}; background: {c.window.name()}; border-color: {c.line.name()};
}}
QPushButton[kind="main"] {{
    background: {c.accent.name()}; color: {c.accent_text.name()};
    border-color: {c.accent.name()}; padding: 4px 20px; font-weight: 600;
}}
QPushButton[kind="main"]:hover {{ background: {c.accent.darker(110).name()}; }}
QPushButton[kind="main"]:focus {{ border: 2px solid {c.text.name()}; }}
QPushButton[kind="main"]:disabled {{
    background: {c.track.name()}; color: {c.muted.name()}; border-color: {c.track.name()};
}}
QToolButton[kind="quiet"], QPushButton[kind="quiet"] {{
    background: transparent; border: 1px solid transparent; padding: 3px 6px;
}}
QToolButton[kind="quiet"]:hover, QPushButton[kind="quiet"]:hover {{
    background: {c.selected.name()};
}}
QToolButton[kind="quiet"]:focus, QPushButton[kind="quiet"]:focus {{
    border: 2px solid {c.accent.name()};
}}
QToolButton[kind="quiet"]:disabled {{ color: {c.muted.name()}; background: transparent; }}
QToolButton[kind="chip"] {{
    background: {c.selected.name()}; border: 1px solid {c.accent.name()}; border-radius: 12px;
    padding: 2px 8px;
}}
QToolButton[kind="chip"]:hover {{ background: {c.track.name()}; }}
QToolButton[kind="chip"]:focus {{ border: 2px solid {c.accent.name()}; }}
QFileDialog QToolButton {{ padding: 2px; min-width: 20px; }}
QPlainTextEdit, QListView, QTextBrowser, QScrollArea[kind="panel"] {{
    background: {c.base.name()}; border: 1px solid {c.control_line.name()};
    border-radius: 6px; margin: 1px; padding: 2px;
}}
QPlainTextEdit:focus, QListView:focus, QTextBrowser:focus, QScrollArea[kind="panel"]:focus {{
    border: 2px solid {c.accent.name()}; margin: 0px;
}}
QListView {{ outline: 0; }}
QListView[kind="plain"] {{
    border: 1px solid transparent; background: transparent; padding: 0;
}}
QListView[kind="plain"]:focus {{ border: 2px solid {c.accent.name()}; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
QScrollBar::handle {{ background: {c.control_line.name()}; border-radius: 4px; margin: 2px; }}
QScrollBar::handle:vertical {{ min-height: 24px; }}
QScrollBar::handle:horizontal {{ min-width: 24px; }}
QScrollBar::handle:hover {{ background: {c.muted.name()}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QLabel[kind="muted"] {{ color: {c.muted.name()}; }}
QLabel[kind="heading"] {{ font-weight: 600; }}
QLabel[kind="title"] {{ font-weight: 600; font-size: 15pt; }}
QToolButton[kind="quiet"]::menu-indicator {{ image: none; }}
QFrame#rail {{ background: {c.window.name()}; border-right: 1px solid {c.line.name()}; }}
QFrame#rail QToolButton {{
    background: transparent; border: 1px solid transparent; border-radius: 6px;
    padding: 6px 6px;
}}
QFrame#rail QToolButton:hover {{ background: {c.selected.name()}; }}
QFrame#rail QToolButton:checked {{
    background: {c.selected.name()}; border-left: 3px solid {c.accent.name()}; font-weight: 600;
}}
QFrame#rail QToolButton:focus {{ border: 2px solid {c.accent.name()}; }}
QFrame[kind="private"] {{ background: {c.text.name()}; }}
QFrame[kind="private"] QLabel {{ color: {c.base.name()}; }}
QLabel[kind="drop"] {{
    background: {c.note_fill.name()}; color: {c.text.name()}; font-weight: 600;
    border: 3px dashed {c.accent.name()}; border-radius: 6px;
}}
QFrame[kind="card"] {{
    background: {c.base.name()}; border: 1px solid {c.line.name()}; border-radius: 8px;
}}
QFrame[kind="note"] {{ background: {c.note_fill.name()}; border-radius: 6px; }}
QFrame[kind="warning"] {{ background: {c.warning_fill.name()}; border-radius: 6px; }}
QFrame[kind="error"] {{ background: {c.error_fill.name()}; border-radius: 6px; }}
QProgressBar {{
    background: {c.track.name()}; border: none; border-radius: 4px;
    min-height: 8px; max-height: 8px;
}}
QProgressBar::chunk {{ background: {c.accent.name()}; border-radius: 4px; }}
QSplitter::handle {{ background: transparent; }}
QSplitter::handle:horizontal:hover {{ background: {c.line.name()}; margin: 0 6px; }}
QSplitter::handle:vertical:hover {{ background: {c.line.name()}; margin: 2px 0; }}
QStatusBar {{ border-top: 1px solid {c.line.name()}; }}
QStatusBar::item {{ border: none; }}
QToolTip {{
    background: {c.base.name()}; color: {c.text.name()};
    border: 1px solid {c.control_line.name()}; padding: 6px;
}}
"""


def _tables(c: Colors) -> str:
    return f"""
QTableView {{
    background: {c.base.name()}; border: 1px solid {c.control_line.name()};
    border-radius: 6px; margin: 1px; gridline-color: {c.line.name()};
    selection-background-color: {c.selected.name()}; selection-color: {c.text.name()};
}}
QTreeView {{
    background: {c.base.name()}; border: 1px solid {c.control_line.name()}; outline: 0;
    border-radius: 6px; margin: 1px; padding: 2px;
    selection-background-color: {c.selected.name()}; selection-color: {c.text.name()};
}}
QTreeView::item {{ padding: 3px 0; }}
QTreeView::item:selected {{ background: {c.selected.name()}; color: {c.text.name()}; }}
QTreeView:focus {{ border: 2px solid {c.accent.name()}; margin: 0px; }}
QTableView:focus {{ border: 2px solid {c.accent.name()}; margin: 0px; }}
QHeaderView {{ background: {c.window.name()}; border: none; }}
QHeaderView::section {{
    background: {c.window.name()}; color: {c.text.name()}; padding: 3px 6px;
    border: none; border-right: 1px solid {c.line.name()}; border-bottom: 1px solid {c.line.name()};
}}
QTableView QTableCornerButton::section {{
    background: {c.window.name()}; border: none; border-right: 1px solid {c.line.name()};
    border-bottom: 1px solid {c.line.name()};
}}
QFrame[kind="work"] {{ background: {c.window.name()}; border-top: 1px solid {c.line.name()}; }}
"""


def _fields(c: Colors, pictures: Path) -> str:
    def picture(name: str, on: QColor) -> str:
        shade = "light" if on.lightnessF() > 0.5 else "dark"
        # Slashes on every system, and quoted, because a folder's name may hold anything.
        place = (pictures / f"{name}-on-{shade}.svg").as_posix().replace('"', '\\"')
        return f'url("{place}")'

    return f"""
QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox {{
    background: {c.base.name()}; color: {c.text.name()};
    border: 1px solid {c.control_line.name()}; border-radius: 6px;
    padding: 3px 8px; margin: 1px; min-height: 18px;
    selection-background-color: {c.accent.name()}; selection-color: {c.accent_text.name()};
}}
QLineEdit:focus, QComboBox:focus, QComboBox:on, QSpinBox:focus, QDoubleSpinBox:focus {{
    border: 2px solid {c.accent.name()}; margin: 0px;
}}
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled {{
    color: {c.muted.name()}; background: {c.window.name()}; border-color: {c.line.name()};
}}
QLineEdit QToolButton {{
    background: transparent; border: none; margin: 0; padding: 0; min-height: 0;
}}
QAbstractSpinBox QLineEdit {{
    border: none; margin: 0; padding: 0 0 0 6px; min-height: 0; background: transparent;
}}
QComboBox::drop-down {{ border: none; width: 22px; }}
QComboBox::down-arrow {{ image: {picture("down", c.base)}; width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{
    background: {c.base.name()}; color: {c.text.name()}; border: 1px solid {c.control_line.name()};
    border-radius: 0; margin: 0; padding: 0; outline: 0;
    selection-background-color: {c.selected.name()}; selection-color: {c.text.name()};
}}
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button,
QDoubleSpinBox::down-button {{ border: none; background: transparent; width: 20px; }}
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{
    image: {picture("up", c.base)}; width: 10px; height: 10px;
}}
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{
    image: {picture("down", c.base)}; width: 10px; height: 10px;
}}
QCheckBox, QRadioButton {{ spacing: 8px; padding: 2px; border: 1px solid transparent; }}
QCheckBox:focus, QRadioButton:focus {{
    border: 1px solid {c.accent.name()}; border-radius: 4px;
}}
QCheckBox::indicator, QTableView::indicator, QListView::indicator, QTreeView::indicator,
QGroupBox::indicator {{
    width: 14px; height: 14px; border: 1px solid {c.control_line.name()};
    border-radius: 3px; background: {c.base.name()};
}}
QCheckBox::indicator:checked, QTableView::indicator:checked, QListView::indicator:checked,
QTreeView::indicator:checked {{
    background: {c.accent.name()}; border-color: {c.accent.name()};
    image: {picture("check", c.accent)};
}}
QRadioButton::indicator {{
    width: 14px; height: 14px; border: 1px solid {c.control_line.name()};
    border-radius: 8px; background: {c.base.name()};
}}
QRadioButton::indicator:checked {{
    border: 4px solid {c.accent.name()}; width: 8px; height: 8px; background: {c.base.name()};
}}
QCheckBox:disabled, QRadioButton:disabled {{ color: {c.muted.name()}; }}
"""
