from __future__ import annotations

from kdh_desktop.core.importing.imported import ImportedRecord, ReadingEnd
from kdh_desktop.core.importing.reading import inspect_file, read_records
from kdh_desktop.core.paths import AppPaths


def test_every_sample_reference_is_whole() -> None:
    path = AppPaths.default().sample_references
    inspection = inspect_file(path)
    assert not inspection.needs_look
    *records, end = read_records(path, inspection.plan)
    assert isinstance(end, ReadingEnd)
    assert end.rows_in_file == len(records) == 20
    for record in records:
        assert isinstance(record, ImportedRecord)
        assert all((record.title, record.abstract, record.pmid, record.doi, record.journal))
