"""What the export says of formats, files and what became of them."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from kdh_desktop.gui.exporting.export_choice import Destination


def _tr(text: str) -> str:
    return QCoreApplication.translate("Exporting", text)


def destination_name(destination: Destination) -> str:
    """What is written, in a few words, with a letter for Alt."""
    return {
        Destination.WORKBOOK: _tr("&Excel workbook"),
        Destination.CSV: _tr("&CSV"),
        Destination.JSON_LINES: _tr("&JSON lines"),
        Destination.RIS: _tr("&RIS"),
        Destination.REPORT: _tr("Re&port for the screen"),
        Destination.REPORT_PDF: _tr("Report as P&DF"),
        Destination.OWN_TABLE: _tr("&Your own table, with labels"),
    }[destination]


def destination_meaning(destination: Destination) -> str:
    """What it is good for, in a line."""
    return {
        Destination.WORKBOOK: _tr("A new table for a spreadsheet; every text stays as it is."),
        Destination.CSV: _tr("A table for any program, as text."),
        Destination.JSON_LINES: _tr("For programs: one record a line, every text as it is."),
        Destination.RIS: _tr("For reference software, with the hallmarks among the keywords."),
        Destination.REPORT: _tr(
            "Counts, hallmarks that come together, evidence and methods, as a web page."
        ),
        Destination.REPORT_PDF: _tr("The same on paper."),
        Destination.OWN_TABLE: _tr(
            "A copy of an imported workbook or CSV as it was, with columns to correct hallmarks "
            "in; bring it back with Take in a corrected workbook."
        ),
    }[destination]


def file_kinds(destination: Destination) -> str:
    """What the system's dialog offers to save as."""
    kinds = {
        Destination.WORKBOOK: _tr("Excel workbooks"),
        Destination.CSV: _tr("CSV files"),
        Destination.JSON_LINES: _tr("JSON lines"),
        Destination.RIS: _tr("RIS files"),
        Destination.REPORT: _tr("Web pages"),
        Destination.REPORT_PDF: _tr("PDF files"),
        Destination.OWN_TABLE: _tr("Tables"),
    }
    return f"{kinds[destination]} (*{destination.ending})"


def correction_count(count: int) -> str:
    """How many corrections, in words."""
    if count == 1:
        return _tr("1 correction")
    return _tr("{count} corrections").format(count=f"{count:,}")


def cut_count(count: int) -> str:
    """How many texts were cut, as a sentence."""
    if count == 1:
        return _tr("1 text was cut.")
    return _tr("{count} texts were cut.").format(count=f"{count:,}")
