"""The Models page: which model is in force, what it can do, and which were before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.runs.run_folder import RunFolder
from kdh_desktop.gui.active_model import Loading, Ready
from kdh_desktop.gui.guide_panel import GuidePanel
from kdh_desktop.gui.incoming_files import files_of
from kdh_desktop.gui.jobs import Err, Job, Lane, Ok, Outcome
from kdh_desktop.gui.models.actions import ModelActions
from kdh_desktop.gui.models.comparison_dialog import ComparisonDialog
from kdh_desktop.gui.models.errands import ModelErrands
from kdh_desktop.gui.models.model_commands import SUFFIX, ModelCommands
from kdh_desktop.gui.models.model_entries import ModelEntry, SeenModels, read_models
from kdh_desktop.gui.models.models_board import ModelsBoard
from kdh_desktop.gui.notices import Notice, NoticeAction, Severity
from kdh_desktop.gui.page import Menus
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.window_parts import WindowParts

_SPLIT = "models"
DOUBT_NOTICE = "doubted_model"
"""Key of the notice that the model in force cannot be used, or may be another one."""
_LEFT_OUT_NOTICE = "models_left_out"


class ModelsPage(QWidget):
    """The models of this installation, for everyone; changing them is for the administrator."""

    wanted = Signal()
    """Bring this page to the front."""
    replaced = Signal()
    """Another model is loaded than before: records may have no labels from it yet."""

    def __init__(self, parts: WindowParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parts = parts
        self._lane = Lane(parts.jobs)
        self._in_force = ""
        self._is_stale = True
        self.comparison: ComparisonDialog | None = None
        self.errands = ModelErrands(parts, self)
        self.commands = ModelCommands(parts, self.errands, self)
        self.offers = ModelActions(self)
        self.board = ModelsBoard(self.offers, theme=parts.theme, icons=parts.icons)
        self.board.split.restoreState(parts.settings.splitter(_SPLIT))
        self.guide = GuidePanel()
        self._import_button = self.guide.add_button(self.tr("Import a model…"), self.offers.take_in)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.board)
        self._stack.addWidget(self.guide)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        layout.addWidget(self._stack)
        self.setAcceptDrops(True)
        self._connect()
        self._show_guide(self.tr("Looking at the models…"), "")
        self._take_model()

    @property
    def menus(self) -> Menus:
        """The page's own menus."""
        return self.offers.menus()

    @property
    def steps(self) -> str:
        """How the page is used, for the help."""
        return self.tr(
            "The model in force stands on top: with it every text is classified. Choose another "
            "one on the list to see its figures, labels, origin and card; a faster one, a little "
            "less exact, came with the program. Administrators put it into force, go back to the "
            "one before, and import, export or delete models; a model file can also be dropped "
            "here. A model that was trained here is compared with the present one first: see the "
            "Training page."
        )

    def focus_first(self) -> None:
        """Put the cursor where work begins."""
        (self.board.list if self.board.seen is not None else self).setFocus()

    def save_layout(self) -> None:
        """Keep where dividing lines stand."""
        self.parts.settings.keep_splitter(_SPLIT, self.board.split.saveState())

    def compare(self, run: RunFolder | Path) -> ComparisonDialog:
        """Compare what a run trained with the model in force, and offer to put it there."""
        dialog = ComparisonDialog(self.parts, run)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.comparison = dialog
        dialog.open()
        return dialog

    def take_in_models(self, paths: Sequence[Path]) -> list[Path]:
        """Take in the first model among files; gives those that hold no model."""
        models = [path for path in paths if _is_model(path)]
        if models:
            self.wanted.emit()
            self.commands.take_in(models[0])
            self._tell_left_out(len(models) - 1)
        return [path for path in paths if not _is_model(path)]

    def refresh(self) -> None:
        """Look at the models again, at once or when the page is shown."""
        # All models are read and hashed: nobody needs that before somebody looks.
        self._is_stale = not self.isVisible()
        if self._is_stale:
            return
        paths = self.parts.paths

        def work(_job: Job) -> SeenModels:
            return read_models(paths)

        self._lane.start(work, done=self._take)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self.refresh()

    def _tell_left_out(self, count: int) -> None:
        """Say that of several models only one is taken in."""
        if count == 0:
            self.parts.notices.dismiss(_LEFT_OUT_NOTICE)
            return
        words = self.tr(
            "Models are taken in one at a time, and 1 other was left out. Give it again after "
            "this one."
        )
        if count > 1:
            words = self.tr(
                "Models are taken in one at a time, and {count:,} others were left out. Give them "
                "again after this one, one by one."
            ).format(count=count)
        self.parts.notices.show_anew(_LEFT_OUT_NOTICE, Notice(words, Severity.WARNING))

    # Drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        given = files_of(event.mimeData())
        if given is not None and any(map(_is_model, given.paths)):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        given = files_of(event.mimeData())
        if given is not None:
            event.acceptProposedAction()
            self.take_in_models(given.paths)

    # What the actions do

    def _connect(self) -> None:
        offers, commands = self.offers, self.commands
        for action, do in (
            (offers.put, commands.put_in_force),
            (offers.export, commands.export),
            (offers.remove, commands.remove),
        ):
            action.triggered.connect(lambda _checked=False, do=do: self._do(do))
        offers.roll_back.triggered.connect(self._roll_back)
        offers.take_in.triggered.connect(commands.ask_file)
        offers.trust.triggered.connect(commands.trust)
        offers.publishers.triggered.connect(self._show_publishers)
        self.board.model_chosen.connect(self._show_offers)
        self.errands.busy_changed.connect(self._take_errand)
        self.parts.model.changed.connect(self._take_model)

    def _do(self, do: Callable[[ModelEntry], None]) -> None:
        chosen = self.board.chosen
        if chosen is not None:
            do(chosen)

    def _roll_back(self) -> None:
        seen = self.board.seen
        if seen is not None and seen.previous is not None:
            self.commands.roll_back(seen.previous)

    def _show_publishers(self) -> None:
        if self.board.seen is not None:
            self.commands.show_publishers(self.board.seen.publishers)

    # What it shows

    def _take_errand(self) -> None:
        self._show_offers()
        if not self.errands.is_busy:
            self.refresh()

    def _take_model(self) -> None:
        state = self.parts.model.state
        if isinstance(state, Loading):
            return
        self.refresh()
        if not isinstance(state, Ready):
            return
        self._tell_doubt(state)
        before, self._in_force = self._in_force, state.classifier.bundle.id
        if before not in {"", self._in_force}:
            self.replaced.emit()

    def _tell_doubt(self, state: Ready) -> None:
        """Say so where the model in force cannot be used, or may be another one."""
        notices = self.parts.notices
        if not state.doubt:
            notices.dismiss(DOUBT_NOTICE)
            return
        action = NoticeAction(self.tr("Show the models"), self.wanted.emit)
        notices.show_notice(DOUBT_NOTICE, Notice(state.doubt, Severity.WARNING, action))

    def _take(self, outcome: Outcome[SeenModels]) -> None:
        match outcome:
            case Ok(seen):
                self.board.show_models(seen)
                self._stack.setCurrentWidget(self.board)
            case Err(KdhError() as error):
                self.board.seen = None
                self._show_guide(self.tr("No model can be used"), str(error), can_import=True)
            case Err():
                pass  # a bug was reported already
        self._show_offers()

    def _show_guide(self, heading: str, words: str, *, can_import: bool = False) -> None:
        self.guide.say(heading, words, buttons=[self._import_button] if can_import else ())
        self._stack.setCurrentWidget(self.guide)

    def _show_offers(self) -> None:
        seen, chosen, offers = self.board.seen, self.board.chosen, self.offers
        is_free = not self.errands.is_busy
        is_sound = is_free and chosen is not None and chosen.problem is None
        has_other = is_free and chosen is not None and not chosen.is_active
        offers.put.setEnabled(is_sound and has_other)
        offers.export.setEnabled(is_sound)
        offers.remove.setEnabled(has_other and chosen is not None and not chosen.is_shipped)
        offers.roll_back.setEnabled(is_free and seen is not None and seen.previous is not None)
        offers.publishers.setEnabled(seen is not None)
        for action in (offers.take_in, offers.trust):
            action.setEnabled(is_free)
        for action, button in self.board.buttons.items():
            button.setEnabled(action.isEnabled())


def _is_model(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIX)
