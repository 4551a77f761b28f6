"""A manifest as far as it is known before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tokenizers import Tokenizer

from kdh_desktop.core.classification.manifest import DomainVocabulary, LabelCalibration, Manifest
from kdh_desktop.core.training_config import NetworkKind, RunConfig
from trainer.export.domain import build_domain
from trainer.networks.base import NetworkBase
from trainer.running.texts import RunTexts


def draft_manifest(
    config: RunConfig, texts: RunTexts, base: NetworkBase, *, provenance: Mapping[str, Any]
) -> Manifest:
    """A manifest whose logits are not calibrated yet."""
    now = datetime.now(UTC)
    neutral = LabelCalibration(1.0, 0.0, 0.5, 0.5, 0.5)
    known = [text.text for text in (*texts.train, *texts.unlabelled)]
    return Manifest(
        bundle_id=f"{config.name}-{now:%Y%m%d-%H%M%S}",
        created_utc=now.isoformat(timespec="seconds"),
        labels=texts.labels,
        calibrations=(neutral,) * len(texts.labels),
        max_tokens=config.max_tokens,
        window_stride=_window_stride(config.max_tokens),
        sentence_weight=config.sentence_weight,
        evidence_threshold=0.5,
        domain=_domain(config, known, base),
        metrics={},
        provenance=provenance,
        files=(),
    )


def _window_stride(max_tokens: int) -> int:
    """Three quarters of a window: what one cuts through, the next has with what surrounds it."""
    return max(1, min(max_tokens * 3 // 4, max_tokens - 3))


def _domain(config: RunConfig, known: Sequence[str], base: NetworkBase) -> DomainVocabulary | None:
    """The texts' domain; None where the vocabulary was made from them: it knows no other texts."""
    if config.distillation.network.kind is not NetworkKind.TRANSFORMER:
        return None
    return build_domain(known, Tokenizer.from_file(str(base.folder / "tokenizer.json")))
