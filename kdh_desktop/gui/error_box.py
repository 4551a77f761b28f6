"""Says why something could not be done that the user has just asked for."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from kdh_desktop.core.errors import KdhError


def show_error(parent: QWidget, error: KdhError) -> QMessageBox:
    """Show what happened, and what to do, without stopping the window behind it."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle("KDH Desktop")
    box.setText(error.message)
    box.setInformativeText(error.remedy)
    button = box.addButton(
        QCoreApplication.translate("ErrorBox", "Close"), QMessageBox.ButtonRole.RejectRole
    )
    button.setAccessibleName(button.text())
    box.setDefaultButton(button)
    box.setEscapeButton(button)
    box.open()
    return box
