"""What an administrator has chosen so far, and the run that it makes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from kdh_desktop.core.corpus_report import CorpusReport
from kdh_desktop.core.corpus_source import CorpusSource, CorrectionsSource, HocSource
from kdh_desktop.core.encoder_report import EncoderReport
from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.runs.machine_report import MachineReport
from kdh_desktop.core.runs.run_presets import (
    JUDGED_SHARE,
    Preset,
    fitting_search,
    networks_each,
    networks_trained,
    preset_config,
    tuning_trainings,
)
from kdh_desktop.core.runs.training_runs import RunRequest
from kdh_desktop.core.search_space import TuningConfig, Value, at_position
from kdh_desktop.core.training_config import NetworkKind, RunConfig

LEAST_TOKENS = 64
"""The smallest choice of the word pieces that are read at once."""

_MAX_NAME = 40
_USUAL_NAME = "run"


@dataclass(frozen=True, slots=True)
class ChosenSource:
    """Labelled texts that were chosen.

    Attributes:
        source: Where they lie.
        name: What the list calls them.
        is_judge: Whether the model is judged on them instead of learning from them.
        is_reviewed: Whether they are a copy of the desk's reviewed records.
    """

    source: CorpusSource
    name: str
    is_judge: bool = False
    is_reviewed: bool = False


@dataclass(frozen=True, slots=True)
class CheckKey:
    """What a data check depends on; another key asks for another check."""

    sources: tuple[ChosenSource, ...]
    folds: int
    window: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a data check: a report, or why there is none."""

    key: CheckKey
    report: CorpusReport | None = None
    error: KdhError | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What a short trial found out about a run on this machine, or why it found out nothing."""

    key: RunRequest
    report: MachineReport | None = None
    error: KdhError | None = None


@dataclass(frozen=True, slots=True)
class ChosenEncoder:
    """A folder to start from, with what a look at it found, or why it is refused."""

    folder: Path
    report: EncoderReport | None = None
    error: KdhError | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """All choices.

    Attributes:
        config: The recipe; the run that it makes reads no more at once than its encoder can.
        sources: Labelled texts.
        transfer: File of unlabelled texts.
        encoder: Folder of another base encoder than the program's own.
        teacher: Folder of the model in force, where that is to teach.
        device: Where to compute.
        title: What to call the run.
        checked: The last data check.
        measured: The last trial on this machine.
    """

    config: RunConfig
    sources: tuple[ChosenSource, ...] = ()
    transfer: Path | None = None
    encoder: ChosenEncoder | None = None
    teacher: Path | None = None
    device: str = "auto"
    title: str = ""
    checked: Checked | None = None
    measured: Measured | None = None

    @property
    def measure_key(self) -> RunRequest:
        """What a trial of these choices depends on: all of them but the name."""
        request = self.request()
        return replace(request, config=replace(request.config, name=_USUAL_NAME))

    @property
    def current_measure(self) -> Measured | None:
        """The last trial, where it was of these very choices."""
        is_known = self.measured is not None and self.measured.key == self.measure_key
        return self.measured if is_known else None

    @property
    def has_learnt(self) -> bool:
        """Whether there are texts to learn from; without them there is nothing to check."""
        return any(not one.is_judge for one in self.sources)

    @property
    def has_judges(self) -> bool:
        """Whether there are texts to be judged on, so that none are kept back."""
        return any(one.is_judge for one in self.sources)

    @property
    def check_key(self) -> CheckKey:
        """What a data check of these choices depends on."""
        return CheckKey(self.sources, self.config.teacher.folds, self.max_tokens)

    @property
    def is_check_due(self) -> bool:
        """Whether there are texts that nobody has checked as they are chosen now."""
        is_known = self.checked is not None and self.checked.key == self.check_key
        return self.has_learnt and not is_known

    @property
    def networks(self) -> int:
        """How many networks the run trains, without those of a search."""
        return networks_trained(self.config, labels=self._labels)

    def trainings_of(self, tuning: TuningConfig) -> int:
        """How many networks a search before the run trains at most."""
        of_teacher = networks_each(self.config.teacher, labels=self._labels)
        return tuning_trainings(tuning, of_teacher=of_teacher)

    @property
    def _labels(self) -> int:
        """Number of labels, as the texts have them; before a check as many as the hallmarks."""
        report = None if self.checked is None else self.checked.report
        return len(HALLMARKS_OF_CANCER if report is None else report.labels or HALLMARKS_OF_CANCER)

    @property
    def max_tokens(self) -> int:
        """Word pieces that the run reads at once: as chosen, or as many as its encoder can."""
        report = self.encoder.report if self.encoder and self.uses_encoder else None
        most = self.config.max_tokens if report is None else report.max_tokens
        return max(LEAST_TOKENS, min(self.config.max_tokens, most))

    @property
    def uses_encoder(self) -> bool:
        """Whether any network starts from a base encoder."""
        return any(one.kind is NetworkKind.TRANSFORMER for one in self.config.networks)

    def request(self) -> RunRequest:
        """The run that was chosen."""
        share = 0.0 if self.has_judges else self.config.judged_share
        config = replace(
            self.config,
            name=run_name(self.title),
            judged_share=share,
            max_tokens=self.max_tokens,
        )
        return RunRequest(
            config=config,
            corpus=tuple(one.source for one in self.sources if not one.is_judge),
            judged=tuple(one.source for one in self.sources if one.is_judge),
            transfer=None if self.transfer is None else str(self.transfer),
            encoder=str(self.encoder.folder) if self.encoder and self.uses_encoder else None,
            device=self.device,
            teacher=str(self.teacher) if self.teacher and config.teacher.is_finished else None,
        )


def first_draft(last: RunConfig | None = None) -> Draft:
    """Choices to begin with: those of the last run, or the quick preset."""
    return Draft(_with_share(last or preset_config(Preset.QUICK, name=_USUAL_NAME)))


def draft_of(request: RunRequest, *, title: str = "") -> Draft:
    """The choices that make a request."""
    sources = (
        *(ChosenSource(one, source_name(one)) for one in request.corpus),
        *(ChosenSource(one, source_name(one), is_judge=True) for one in request.judged),
    )
    return Draft(
        _with_share(request.config),
        sources=sources,
        transfer=None if request.transfer is None else Path(request.transfer),
        encoder=None if request.encoder is None else ChosenEncoder(Path(request.encoder)),
        teacher=None if request.teacher is None else Path(request.teacher),
        device=request.device,
        title=title,
    )


def _with_share(config: RunConfig) -> RunConfig:
    """A run that was judged on texts of their own keeps none back; the next one may have none."""
    return config if config.judged_share else replace(config, judged_share=JUDGED_SHARE)


def _with_fitting_search(config: RunConfig, *, before: RunConfig) -> RunConfig:
    """The recipe with its search moved along, where only the rest of it was changed."""
    tuning, known = config.tuning, before.tuning
    if tuning is None or known is None or tuning.dimensions != known.dimensions:
        return config
    return replace(config, tuning=fitting_search(tuning, before=before, after=config))


def source_name(source: CorpusSource) -> str:
    """What a list calls texts: their file or folder, without the way to it."""
    if isinstance(source, HocSource):
        return f"{Path(source.folder).name}/{source.ids_file}"
    return Path(source.path).name


def is_gone(chosen: ChosenSource) -> bool:
    """Whether a copy of reviewed records was taken by a run, or swept away."""
    source = chosen.source
    return isinstance(source, CorrectionsSource) and not Path(source.path).exists()


def run_name(title: str) -> str:
    """A name that a bundle's id can begin with, out of any title."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_MAX_NAME].strip("-")
    return name or _USUAL_NAME


class DraftKeeper(QObject):
    """Holds the draft that all pages work on, and says when it is another one."""

    changed = Signal()

    def __init__(self, draft: Draft, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draft = draft

    @property
    def draft(self) -> Draft:
        """The choices so far."""
        return self._draft

    @property
    def config(self) -> RunConfig:
        """The recipe so far."""
        return self._draft.config

    def change(self, **values: Any) -> None:
        """Choose something else; by the names of `Draft`'s fields."""
        draft = replace(self._draft, **values)
        draft = replace(draft, config=_with_fitting_search(draft.config, before=self.config))
        if draft != self._draft:
            self._draft = draft
            self.changed.emit()

    def show(self, draft: Draft) -> None:
        """Choose everything anew."""
        if draft != self._draft:
            self._draft = draft
            self.changed.emit()

    def set_fields(self, values: Mapping[str, Value | None]) -> None:
        """Change fields of the recipe, by dotted path.

        Raises:
            ValueError: The recipe does not allow it; nothing is changed.
        """
        self.change(config=at_position(self._draft.config, _known(values)))


def _known(values: Mapping[str, Value | None]) -> Mapping[str, Value]:
    # None is a value too: it says that all of an encoder's layers are kept.
    return values  # type: ignore[return-value]
