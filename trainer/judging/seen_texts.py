"""Was a model trained on texts that it is judged on? Found out from the hash in its provenance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kdh_desktop.core.classification.comparison import Seen
from kdh_desktop.core.classification.manifest import Manifest
from kdh_desktop.core.corpus_source import CorpusSource, HocSource
from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from trainer.corpus import LabelledText, corpus_digest, read_hoc

_MOST_LISTS = 8
"""Lists of ids in a folder of the HoC corpus that are looked at."""


def seen_texts(
    manifest: Manifest,
    judged: Sequence[LabelledText],
    *,
    known: Iterable[Sequence[LabelledText]],
    is_hoc: bool,
    is_ours: bool = False,
) -> Seen:
    """How many of the judged texts a model was trained on.

    Args:
        manifest: The model's.
        judged: The texts.
        known: Sets of texts that it may have been trained on; taken one by one until one has the
            hash that its provenance names.
        is_hoc: Whether the judged texts are the HoC corpus's.
        is_ours: Whether a run of this installation trained the model.
    """
    digest = manifest.provenance.get("labelled_sha256")
    for texts in known:
        if digest == corpus_digest(texts):
            trained_on = {" ".join(text.text.split()) for text in texts}
            return Seen(sum(" ".join(text.text.split()) in trained_on for text in judged))
    is_of_hoc = "Hallmarks of Cancer" in str(manifest.provenance.get("corpus", ""))
    return Seen(0, may_be_more=is_ours or (is_hoc and is_of_hoc))


def hoc_lists(sources: Sequence[CorpusSource]) -> Iterator[list[LabelledText]]:
    """The texts of every list of the HoC folders among the sources.

    With the labels of its own corpus, as the model that ships with the program was trained.
    """
    folders = dict.fromkeys(source.folder for source in sources if isinstance(source, HocSource))
    for folder in folders:
        for path in sorted(Path(folder).glob("*.txt"))[:_MOST_LISTS]:
            try:
                yield read_hoc(Path(folder), ids_file=path.name, labels=HALLMARKS_OF_CANCER)
            except KdhError:
                continue  # a list of something else, or of labels of its own
