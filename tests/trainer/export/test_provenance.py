"""A run goes on only with what its stages were made from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.training_config import RunConfig
from trainer.corpus import LabelledText
from trainer.export.provenance import fingerprint_of, provenance_of
from trainer.running.texts import RunTexts


def test_other_groups_are_another_run_and_none_change_nothing(
    tiny_config: RunConfig, tiny_texts: list[LabelledText]
) -> None:
    def fingerprint(*groups: str | None) -> str:
        texts = [
            replace(text, group=group) for text, group in zip(tiny_texts, groups, strict=False)
        ]
        read = RunTexts(HALLMARKS_OF_CANCER, texts, [], [])
        provenance = provenance_of(tiny_config, read, encoder="", device="cpu")
        assert ("groups_sha256" in provenance) == (len({*groups}) < len(groups))
        if "groups_sha256" not in provenance:
            parts = ("config", "labelled_sha256", "unlabelled_sha256", "encoder_sha256")
            plain = json.dumps({part: provenance[part] for part in parts}, sort_keys=True)
            assert fingerprint_of(provenance) == hashlib.sha256(plain.encode()).hexdigest()
        return fingerprint_of(provenance)

    assert len({fingerprint("a", "b", "c"), fingerprint("a", "a", "c")}) == 2
    assert fingerprint("a", "b", "b") != fingerprint("a", "a", "b")
