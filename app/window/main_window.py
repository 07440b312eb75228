"""The window: search field, photos, viewer, activity bar. It shows; what happens is decided by the conductor."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
)
from PySide6.QtWidgets import QMainWindow, QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from app.jobs import Lanes
from app.window.activity_bar import ActivityBar
from app.window.banner import Banner
from app.window.commands import Commands
from app.window.dropping import OWN, DropOverlay, dropped
from app.window.folding import Folding
from app.window.laid import Laid
from app.window.message_page import MessagePage
from app.window.pages import Pages
from app.window.photo_actions import PhotoActions
from app.window.photo_delegate import PhotoDelegate
from app.window.photo_grid import USUAL, PhotoGrid
from app.window.photo_model import PhotoModel
from app.window.results_bar import ResultsBar
from app.window.review_page import ReviewPage
from app.window.searching import Found
from app.window.settings import Settings
from app.window.side_by_side import SideBySide
from app.window.side_panel import SidePanel
from app.window.teach_page import TeachPage
from app.window.theme import Choice, Theme
from app.window.thumbnails import Thumbnails
from app.window.top_bar import TopBar
from app.window.viewer import Viewer


class MainWindow(QMainWindow):
    """Builds the widgets and lays them out; knows how to show an answer, a photo and a message."""

    dropped = Signal(object)
    """Dropped: what was dropped onto the window."""
    closing = Signal()

    def __init__(self, theme: Theme, thumbnails: Thumbnails, lanes: Lanes, settings: Settings) -> None:
        super().__init__()
        self.may_close: Callable[[], bool] = lambda: True
        """Asked before the window closes: whoever has something to save may keep it open."""
        self._resting: list[QAction] = []
        self.theme, self.settings = theme, settings
        self.setWindowTitle("Retrouve")
        self.setAcceptDrops(True)
        self.model = PhotoModel(thumbnails, self)
        self.top = TopBar(theme)
        self.search = self.top.search
        self.banner = Banner(theme)
        self.results_bar, self.folding = ResultsBar(theme), Folding()
        self.grid = PhotoGrid(self.model, thumbnails, theme)
        self.grid.setItemDelegate(PhotoDelegate(thumbnails, theme, self.grid))
        self.message = MessagePage(theme)
        self.activity = ActivityBar(theme)
        self.side = SidePanel(theme)
        self.review = ReviewPage(theme, thumbnails, lanes.viewer)
        self.teach = TeachPage(theme, lanes)
        self.viewer = Viewer(self.model, thumbnails, lanes.viewer, theme)
        self.actions = PhotoActions(self.grid, self.model, self.viewer, lanes.general, self.in_viewer)
        self.overlay = DropOverlay(self)
        self.waiting = QProgressBar()
        self._lay_out()
        self._connect()
        self.resize(1240, 820)
        if settings.geometry is not None:
            self.restoreGeometry(settings.geometry)
        self.grid.set_side(settings.side)
        self.top.show_side(settings.side)
        if not settings.info:
            self.viewer.toggle_info()
        self.search.setFocus()

    def _lay_out(self) -> None:
        self.waiting.setRange(0, 0)
        self.waiting.setTextVisible(False)
        self.waiting.setFixedHeight(3)
        self.waiting.setStyleSheet("QProgressBar { min-height: 3px; max-height: 3px; border-radius: 0; }")
        policy = self.waiting.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.waiting.setSizePolicy(policy)
        self.waiting.hide()
        self.pages = Pages(objectName="pages")
        self.pages.addWidget(self.message)
        self.pages.addWidget(self.grid)
        self.pages.currentChanged.connect(lambda: self.results_bar.setVisible(self.pages.currentWidget() is self.grid))
        self.results_bar.hide()
        photos = QWidget(objectName="window")
        over_photos = QVBoxLayout(photos)
        over_photos.setContentsMargins(0, 0, 0, 0)
        over_photos.setSpacing(0)
        over_photos.addWidget(self.waiting)
        over_photos.addWidget(self.results_bar)
        over_photos.addWidget(self.pages, 1)
        self.beside = SideBySide(self.side, photos)
        browser = QWidget(objectName="window")
        column = QVBoxLayout(browser)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget, stretch in (
            (self.top, 0),
            (self.banner, 0),
            (self.beside, 1),
            (self.review, 1),
            (self.teach, 1),
            (self.activity, 0),
        ):
            column.addWidget(widget, stretch)
        self.review.hide()
        self.teach.hide()
        self.browser = browser
        self.stack = QStackedWidget()
        self.stack.addWidget(browser)
        self.stack.addWidget(self.viewer)
        self.setCentralWidget(self.stack)

    def _connect(self) -> None:
        self.top.side_chosen.connect(self.grid.set_side)
        self.grid.zoomed.connect(self.top.show_side)
        self.grid.zoomed.connect(self.review.grid.set_side)
        self.review.grid.zoomed.connect(self.grid.set_side)
        self.grid.photo_opened.connect(self.open_row)
        self.grid.typed.connect(self._on_typed)
        self.grid.customContextMenuRequested.connect(
            lambda at: (
                self._photo_menu(self.grid.viewport().mapToGlobal(at)) if self.grid.indexAt(at).isValid() else None
            )
        )
        self.search.left.connect(self._on_search_left)
        self.viewer.left.connect(self.leave_viewer)
        self.viewer.menu_asked.connect(self._photo_menu)
        self.actions.open_asked.connect(self.open_row)

    def set_commands(self, do: dict[str, Callable[[], object]]) -> None:
        """Make the actions; ``do`` names what the window cannot do by itself."""
        own: dict[str, Callable[[], object]] = {
            "search": self._on_search_asked,
            "quit": self.close,
            "open": self.actions.open,
            "similar": self.actions.similar,
            "reveal": self.actions.reveal,
            "open_with": self.actions.open_with,
            "copy_path": self.actions.copy_path,
            "larger": lambda: self._zoom(1.2),
            "smaller": lambda: self._zoom(1 / 1.2),
            "usual": lambda: self.viewer.picture.fit() if self.in_viewer() else self.grid.set_side(USUAL),
            "full_screen": lambda: self.showNormal() if self.isFullScreen() else self.showFullScreen(),
        }
        self.commands = Commands.build(self, {name: partial(self._act, act) for name, act in (own | do).items()})
        menus = self.commands.menus(self, self.theme, self._on_theme_chosen)
        self.top.set_menus(menus)
        if sys.platform == "darwin":
            for menu in menus:
                self.menuBar().addMenu(menu)
            self.top.menu.hide()
        folders = self.commands.folders
        self.top.folders.clicked.connect(folders.trigger)
        folders.changed.connect(lambda: self.top.folders.setEnabled(folders.isEnabled()))

    def _act(self, act: Callable[[], object]) -> None:
        """Do what was asked for; that something else failed before is of no interest any more."""
        self.banner.settle("action")
        act()

    def in_viewer(self) -> bool:
        """Whether one photo is shown at full size."""
        return self.stack.currentWidget() is self.viewer

    def in_review(self) -> bool:
        """Whether the page for deciding on tags takes the place of search field and photos."""
        return not self.review.isHidden()

    def in_teach(self) -> bool:
        """Whether the page for teaching names does."""
        return not self.teach.isHidden()

    def set_reviewing(self, on: bool) -> None:
        """Show the page for deciding on tags, or the photos again."""
        self._set_page(self.review, on)

    def set_teaching(self, on: bool) -> None:
        """Show the page for teaching names, or the photos again."""
        self._set_page(self.teach, on)

    def _set_page(self, page: QWidget, on: bool) -> None:
        """Show a page, or the photos again. What acts on the photos of the one is off on the other."""
        if on and self.in_viewer():
            self.leave_viewer()
        # What goes first: both at a time would need more height than a small window has, and it would grow.
        shown = [page] if on else [self.top, self.beside]
        for widget in (self.review, self.teach, self.top, self.beside):
            if widget not in shown:
                widget.hide()
        for widget in shown:
            widget.show()
        # The page has keys of its own for these. What was off before stays off after it.
        acts = (*self.commands.on_photo(), self.commands.undo_tags, self.commands.redo_tags)
        if on:
            self._resting += [action for action in acts if action.isEnabled()]
            for action in acts:
                action.setEnabled(False)
        else:
            for action in self._resting:
                action.setEnabled(True)
            self._resting = []
        if not on:
            self._on_search_left() if self.pages.currentWidget() is self.grid else self.search.take_focus()

    def show_found(self, found: Found, *, in_front: bool = True) -> None:
        """Show an answer in the grid. The same query again keeps what is in view, and the selection. With ``in_front``
        off the page that is shown stays."""
        laid = self.folding.lay(found)
        if found.again:
            self._renew(laid)
        else:
            self._fill(laid)
            self.grid.verticalScrollBar().setValue(0)
        self.viewer.follow()
        if in_front:
            self.pages.setCurrentWidget(self.grid)

    def lay_anew(self, found: Found) -> None:
        """Something was folded or opened: show the same answer as it is laid out now, around what is in view."""
        self._renew(self.folding.lay(found))
        self.viewer.follow()
        self.pages.setCurrentWidget(self.grid)

    def _fill(self, laid: Laid) -> None:
        self.model.show(laid)
        self.grid.set_sections(laid.sections)

    def _renew(self, laid: Laid) -> None:
        if not laid.hits and self.model.hit(0) is None and np.array_equal(self.model.ids, laid.ids):
            # The same photos: what has changed is asked for anew when the grid is laid out.
            self.model.renew(laid)
            self.grid.set_sections(laid.sections)
            return
        # At the very top, new photos come in above what is there, unless somebody is looking at just that.
        stays = self.grid.verticalOffset() != 0 or self.grid.is_looked_at() or self.in_viewer()
        places = self.grid.places() if stays else []
        first = self.model.photo_id(0) if self.grid.verticalOffset() == 0 and self.model.rowCount() else None
        current, chosen = self.grid.currentIndex(), self.grid.chosen()
        was = current.row()
        photo_id = self.model.photo_id(was) if current.isValid() else None
        self._fill(laid)
        row = self.model.row_of(photo_id) if photo_id is not None else None
        if row is None and photo_id is not None and self.model.rowCount():
            # It was called wrong, or is gone: the keys go on beside it, and not in the search field.
            row = min(was, self.model.rowCount() - 1)
        if row is not None:
            self.grid.make_current(row, select=False)
        if len(chosen):
            self.grid.choose(chosen)
        if first is None or not self.model.rowCount() or self.model.photo_id(0) != first:
            self.grid.go_back_to(places)

    def open_row(self, row: int) -> None:
        """Show the photo of a row at full size."""
        self.stack.setCurrentWidget(self.viewer)
        self.viewer.setFocus()
        self.viewer.show_row(row)

    def leave_viewer(self) -> None:
        """Back to the grid, at the photo that was shown last."""
        row = self.viewer.row
        self.viewer.close_photo()
        self.stack.setCurrentWidget(self.browser)
        self.grid.setFocus()
        if 0 <= row < self.model.rowCount():
            self.grid.go_to_row(row)

    def _zoom(self, factor: float) -> None:
        if self.in_viewer():
            self.viewer.picture.zoom_by(factor)
        else:
            self.grid.set_side(round(self.grid.side() * factor))

    def _photo_menu(self, at: object) -> None:
        menu = self.commands.photo_menu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        self.commands.open.setEnabled(not self.in_viewer())
        menu.popup(at)  # type: ignore[call-overload]

    def _on_search_asked(self) -> None:
        for page in (self.review, self.teach):
            if not page.isHidden():
                page.left.emit()
        if self.in_viewer():
            self.leave_viewer()
        self.search.take_focus()

    def _on_typed(self, letter: str) -> None:
        if letter == "?":
            self.commands.shortcuts.trigger()
            return
        self.search.edit.setFocus()
        self.search.edit.insert(letter)

    def _on_search_left(self) -> None:
        if self.pages.currentWidget() is self.grid and self.model.rowCount():
            self.grid.setFocus()
            if not self.grid.currentIndex().isValid():
                self.grid.go_to_row(next(self.grid.visible_rows(), 0))
        elif self.pages.currentWidget() is self.message and (buttons := self.message.buttons()):
            buttons[0].setFocus(Qt.FocusReason.TabFocusReason)

    def _on_theme_chosen(self, choice: Choice) -> None:
        self.theme.choose(choice)

    # Events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that nobody else wanted."""
        if event.key() == Qt.Key.Key_Escape and not self.in_viewer():
            if self.isFullScreen():
                self.showNormal()
            elif self.in_review():
                self.review.left.emit()
            elif self.in_teach():
                self.teach.left.emit()
            elif not self.search.is_empty():
                self.search.clear()
            else:
                self.search.take_focus()
        elif event.key() == Qt.Key.Key_Up and self.grid.hasFocus():
            self.search.take_focus()
        elif event.text() == "?" and not self.search.edit.hasFocus():
            self.commands.shortcuts.trigger()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: D102
        if event.mimeData().hasUrls() and not event.mimeData().hasFormat(OWN):
            self.overlay.say(dropped(event.mimeData()))
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: D102
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: D102
        self.overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Only ever copied from: a file manager that offers to move gets nothing moved."""
        self.overlay.hide()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.dropped.emit(dropped(event.mimeData()))

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        self.search.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window, and have everything stop, unless something is still to be saved."""
        if not self.may_close():
            event.ignore()
            return
        self.settings.save(
            geometry=self.saveGeometry(),
            side=self.grid.side(),
            theme=self.theme.choice,
            info=not self.viewer.strip.isHidden(),
        )
        self.closing.emit()
        super().closeEvent(event)
