"""What the import says of formats, columns and encodings."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from kdh_desktop.core.importing.imported import ColumnRole, FileFormat


def _tr(text: str) -> str:
    return QCoreApplication.translate("Importing", text)


def role_name(role: ColumnRole) -> str:
    """What a column is for."""
    return {
        ColumnRole.TITLE: _tr("Title"),
        ColumnRole.ABSTRACT: _tr("Abstract or text"),
        ColumnRole.ID: _tr("Id"),
        ColumnRole.PMID: _tr("PubMed id"),
        ColumnRole.DOI: _tr("DOI"),
        ColumnRole.YEAR: _tr("Year"),
        ColumnRole.JOURNAL: _tr("Journal"),
        ColumnRole.AUTHORS: _tr("Authors"),
        ColumnRole.KEYWORDS: _tr("Keywords"),
    }[role]


def format_name(file_format: FileFormat) -> str:
    """What a file was recognised as."""
    return {
        FileFormat.PUBMED_MEDLINE: _tr("PubMed export (MEDLINE)"),
        FileFormat.PUBMED_XML: _tr("PubMed export (XML)"),
        FileFormat.RIS: _tr("RIS references"),
        FileFormat.WEB_OF_SCIENCE: _tr("Web of Science export"),
        FileFormat.JSON_LINES: _tr("JSON lines"),
        FileFormat.WORKBOOK: _tr("Excel workbook"),
        FileFormat.OLD_WORKBOOK: _tr("Excel workbook (.xls)"),
        FileFormat.BINARY_WORKBOOK: _tr("Excel workbook (.xlsb)"),
        FileFormat.OPEN_DOCUMENT_SHEET: _tr("OpenDocument spreadsheet"),
        FileFormat.DELIMITED: _tr("Table as text (CSV or TSV)"),
        FileFormat.PLAIN_TEXT: _tr("Plain text"),
        FileFormat.WORD_DOCUMENT: _tr("Word document"),
        FileFormat.PDF: _tr("PDF"),
    }[file_format]


_ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf_8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
    "iso8859-1": "Latin-1",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "shift_jis": "Shift-JIS",
    "cp932": "Shift-JIS",
    "gb18030": "GB18030",
    "big5": "Big5",
    "euc_kr": "EUC-KR",
    "cp949": "EUC-KR",
    "mac_roman": "Mac Roman",
}


def encoding_name(encoding: str) -> str:
    """An encoding as people know it, with where it is used."""
    name = _ENCODINGS.get(encoding.lower(), encoding)
    places = {
        "UTF-8": _tr("all languages"),
        "UTF-16": _tr("all languages"),
        "Windows-1252": _tr("Western Europe"),
        "Latin-1": _tr("Western Europe"),
        "Windows-1250": _tr("Central Europe"),
        "Windows-1251": _tr("Cyrillic"),
        "Shift-JIS": _tr("Japanese"),
        "GB18030": _tr("Chinese, simplified"),
        "Big5": _tr("Chinese, traditional"),
        "EUC-KR": _tr("Korean"),
        "Mac Roman": _tr("old Macintosh"),
    }
    return f"{name} ({places[name]})" if name in places else name


def column_name(name: str, place: int) -> str:
    """A column as it is offered: by its name, or by its letter where it has none."""
    return name or _tr("Column {letter}").format(letter=column_letter(place))


def column_letter(place: int) -> str:
    """A column's letters as spreadsheets have them: A for 0, AA for 26."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
