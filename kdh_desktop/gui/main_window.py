"""The main window: rail, pages, menus and status bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QHideEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.site_door import LockReason
from kdh_desktop.gui.about_dialog import AboutDialog
from kdh_desktop.gui.active_model import ActiveModel, Failed, Loading, Ready
from kdh_desktop.gui.admin.actions import AdminActions
from kdh_desktop.gui.admin_door import AdminDoor
from kdh_desktop.gui.classify.classify_page import ClassifyPage
from kdh_desktop.gui.file_actions import FileActions
from kdh_desktop.gui.file_dialogs import FileDialogs
from kdh_desktop.gui.file_drops import FileDrops
from kdh_desktop.gui.help_dialog import HelpDialog
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.incoming_files import GivenFiles
from kdh_desktop.gui.jobs import JobRunner
from kdh_desktop.gui.journeys import Journeys
from kdh_desktop.gui.models.models_page import ModelsPage
from kdh_desktop.gui.navigation_rail import NavigationRail
from kdh_desktop.gui.notices import NoticeBar
from kdh_desktop.gui.page import Page
from kdh_desktop.gui.page_stack import PageStack
from kdh_desktop.gui.plain_text import plain_label, plain_tooltip
from kdh_desktop.gui.private_sign import PrivateSign
from kdh_desktop.gui.record_desk import RecordDesk
from kdh_desktop.gui.records.records_page import RecordsPage
from kdh_desktop.gui.research_notice import ResearchNotice
from kdh_desktop.gui.settings import Settings
from kdh_desktop.gui.theme import GRID, Theme
from kdh_desktop.gui.training.training_page import TrainingPage
from kdh_desktop.gui.training_desk import TrainingDesk
from kdh_desktop.gui.window_parts import WindowParts
from kdh_desktop.gui.work_panel import WorkPanel

_RECORDS, _TRAINING, _MODELS = 1, 2, 3
"""Places of these pages in the rail."""

_NARROW = 800
"""Width under which the rail gives its words up for the page."""


class MainWindow(QMainWindow):
    """Puts the pages together; each page does its own work."""

    files_given = Signal(list)
    """Files and folders to take in, as paths."""

    def __init__(
        self,
        *,
        model: ActiveModel,
        desk: RecordDesk,
        jobs: JobRunner,
        settings: Settings,
        theme: Theme,
        icons: Icons,
        dialogs: FileDialogs,
        door: AdminDoor,
        trainings: TrainingDesk,
        paths: AppPaths,
    ) -> None:
        super().__init__()
        self.setWindowTitle("KDH Desktop")
        self._model = model
        self._desk = desk
        self._jobs = jobs
        self._settings = settings
        self._theme = theme
        self._icons = icons
        self._trainings = trainings
        self.classify_page = ClassifyPage(
            model=model, desk=desk, jobs=jobs, settings=settings, theme=theme, icons=icons
        )
        self.records_page = RecordsPage(
            desk=desk, model=model, jobs=jobs, settings=settings, theme=theme, icons=icons
        )
        self.files = FileActions(self)
        self.notices = NoticeBar(theme=theme, icons=icons)
        self.private_sign = PrivateSign(theme=theme, icons=icons)
        self.panel = WorkPanel()
        self.rail = self._rail()
        parts = WindowParts(
            window=self,
            model=model,
            desk=desk,
            jobs=jobs,
            settings=settings,
            theme=theme,
            icons=icons,
            notices=self.notices,
            dialogs=dialogs,
            panel=self.panel,
            door=door,
            trainings=trainings,
            paths=paths,
        )
        self.admin = AdminActions(parts)
        self.training_page = TrainingPage(parts)
        self.models_page = ModelsPage(parts)
        self._pages = (
            self.classify_page,
            self.records_page,
            self.training_page,
            self.models_page,
        )
        self._page_menus: list[list[QMenu]] = []
        self._stack = PageStack()
        for page in self._pages:
            self._stack.addWidget(page)
        self.setCentralWidget(self._middle())
        self._add_menus()
        self._add_status_bar()
        self.journeys = Journeys(
            parts,
            files=self.files,
            sign=self.private_sign,
            classify=self.classify_page,
            records=self.records_page,
        )
        self._connect_pages()
        self.files_given.connect(self._take_files)
        self.drops = FileDrops(self)
        self.drops.given.connect(self._take_drop)
        for page in (self.classify_page, self.records_page, self.training_page):
            page.status_changed.connect(self.say)
        theme.changed.connect(self._take_colors)
        model.changed.connect(self._show_model)
        self._take_colors()
        self._show_model()
        self._show_page(0)
        if not self.restoreGeometry(settings.window_geometry):
            self.resize(1200, 760)

    def _connect_pages(self) -> None:
        """What leads from one page to another."""
        self.journeys.records_wanted.connect(partial(self.go_to_page, _RECORDS))
        self.training_page.front_wanted.connect(partial(self.go_to_page, _TRAINING))
        self.models_page.wanted.connect(partial(self.go_to_page, _MODELS))
        self.models_page.replaced.connect(self.journeys.bulk.offer)
        self.training_page.comparison_wanted.connect(
            lambda summary: self.models_page.compare(summary.run)
        )

    def _take_files(self, paths: list[Path]) -> None:
        """Take in files, models as well, wherever they come from."""
        if others := self.models_page.take_in_models(paths):
            self.journeys.take_in(others)

    def _take_drop(self, given: GivenFiles) -> None:
        others = self.models_page.take_in_models(given.paths)
        if others or given.has_network_files:
            self.journeys.imports.take_in_given(replace(given, paths=tuple(others)))

    def _rail(self) -> NavigationRail:
        rail = NavigationRail()
        rail.add_page(self.tr("Classify"), "Ctrl+1")
        rail.add_page(self.tr("Records"), "Ctrl+2")
        rail.add_page(self.tr("Training"), "Ctrl+3")
        rail.add_page(self.tr("Models"), "Ctrl+4")
        rail.page_chosen.connect(self.go_to_page)
        return rail

    def _middle(self) -> QWidget:
        middle = QWidget()
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        # Notices keep the distance from the edge that pages have.
        bar = QHBoxLayout()
        bar.setContentsMargins(2 * GRID, GRID, 2 * GRID, 0)
        bar.addWidget(self.notices)
        column.addWidget(self.private_sign)
        column.addLayout(bar)
        column.addWidget(self._stack, 1)
        column.addWidget(self.panel)
        layout = QHBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.rail)
        layout.addLayout(column, 1)
        return middle

    def _add_menus(self) -> None:
        self._page_menu(self.tr("&File"), self.files.menu)
        self.files.leave.triggered.connect(self.close)
        for page in self._pages:
            self._page_menus.append([self._page_menu(*menu) for menu in page.menus])
        go = self.menuBar().addMenu(self.tr("&Go"))
        names = (
            self.tr("&Classify"),
            self.tr("&Records"),
            self.tr("&Training"),
            self.tr("&Models"),
        )
        for row, name in enumerate(names):
            action = self._action(name, QKeySequence(f"Ctrl+{row + 1}"))
            action.triggered.connect(partial(self.go_to_page, row))
            go.addAction(action)
        self._page_menu(self.tr("&Administrator"), self.admin.menu)
        help_menu = self.menuBar().addMenu(self.tr("&Help"))
        self.help_action = self._action(
            self.tr("&Help and keys"), QKeySequence(QKeySequence.StandardKey.HelpContents)
        )
        self.help_action.triggered.connect(self._show_help)
        self.about_action = self._action(self.tr("&About KDH Desktop"), QKeySequence())
        self.about_action.setMenuRole(QAction.MenuRole.AboutRole)
        self.about_action.triggered.connect(self._show_about)
        help_menu.addActions([self.help_action, self.about_action])
        self.menuBar().setAccessibleName(self.tr("Menus"))

    def _page_menu(self, title: str, actions: Sequence[QAction | None]) -> QMenu:
        menu = self.menuBar().addMenu(title)
        for action in actions:
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(action)
        return menu

    def _action(self, text: str, keys: QKeySequence) -> QAction:
        action = QAction(text, self)
        action.setShortcut(keys)
        return action

    def _add_status_bar(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        bar.setAccessibleName(self.tr("Status"))
        self.model_label = plain_label(kind="muted")
        self.model_label.setWordWrap(False)
        self._offline_sign = QLabel()
        self._offline_sign.setAccessibleName(self.tr("Lock"))
        self.offline_label = plain_label(self.tr("Offline"), kind="muted")
        self.offline_label.setWordWrap(False)
        self.offline_label.setToolTip(
            plain_tooltip(self.tr("Nothing that you paste leaves this computer."))
        )
        for widget in (self.admin.sign, self.model_label, self._offline_sign, self.offline_label):
            bar.addPermanentWidget(widget)
        bar.setContentsMargins(GRID, 0, GRID, 0)

    @property
    def all_actions(self) -> Sequence[QAction]:
        """Every action of the menus that are shown, in their order."""
        found: list[QAction] = []
        for entry in self.menuBar().actions():
            menu = entry.menu()
            if isinstance(menu, QMenu) and entry.isVisible():
                found += [action for action in menu.actions() if not action.isSeparator()]
        return found

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if event.spontaneous():
            return  # brought back by the desktop: the focus is where it was
        self.current_page.focus_first()
        if not self._settings.is_research_notice_read:
            QTimer.singleShot(0, self, self._show_research_notice)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.rail.set_compact(event.size().width() < _NARROW)

    def leave(self) -> None:
        """Close without a question, once work in the background has stopped."""
        self.journeys.leaving.agree()

    def closeEvent(self, event: QCloseEvent) -> None:
        # First, so that the window waits until it is written, and stays where it cannot be.
        self.records_page.keep_note()
        if not self.journeys.leaving.may_close():
            event.ignore()
            return
        self._settings.window_geometry = self.saveGeometry()
        for page in self._pages:
            page.save_layout()
        self._settings.save()
        self.admin.lock(LockReason.CLOSED)
        self._jobs.close()
        self._trainings.close()
        self._desk.close()
        super().closeEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        # A window that the desktop has minimized is not hidden: there time goes on counting.
        if not event.spontaneous():
            self.admin.lock(LockReason.HIDDEN)

    def _show_research_notice(self) -> None:
        notice = ResearchNotice(self)
        notice.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        notice.accepted.connect(self._settings.keep_research_notice_read)
        notice.finished.connect(self.current_page.focus_first)
        notice.open()

    def _show_about(self) -> None:
        about = AboutDialog(model=self._model, icons=self._icons, parent=self)
        about.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        about.open()

    def _show_help(self) -> None:
        page = HelpDialog(steps=self.current_page.steps, actions=self.all_actions, parent=self)
        page.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        page.open()

    @property
    def current_page(self) -> Page:
        """The page in front."""
        return self._pages[self._stack.currentIndex()]

    def go_to_page(self, row: int) -> None:
        """Bring a page to the front, by its place in the rail."""
        self._show_page(row)
        self.current_page.focus_first()

    def _show_page(self, row: int) -> None:
        self.rail.show_page(row)
        self._stack.setCurrentIndex(row)
        # Keys of menus that are hidden do nothing, so that pages may use the same ones.
        for place, menus in enumerate(self._page_menus):
            for menu in menus:
                menu.menuAction().setVisible(place == row)

    def say(self, message: str) -> None:
        """Say something in passing, in the status bar."""
        self.statusBar().showMessage(message, 5000)

    def _take_colors(self) -> None:
        colors = self._theme.colors
        for row, name in enumerate(("classify", "records", "training", "models")):
            self.rail.set_icon(row, self._icons.icon(name, colors.text))
        lock = self._icons.icon("offline", colors.muted)
        self._offline_sign.setPixmap(lock.pixmap(QSize(16, 16), self.devicePixelRatioF()))

    def _show_model(self) -> None:
        self.model_label.setText(self._model_words())

    def _model_words(self) -> str:
        match self._model.state:
            case Loading():
                return self.tr("Loading the model…")
            case Failed():
                return self.tr("No model")
            case Ready(classifier):
                return self.tr("Model: {model}").format(model=classifier.bundle.manifest.bundle_id)
