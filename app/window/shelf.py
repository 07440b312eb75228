"""Saved searches in the window: the panel with its live counts, saving, renaming and removing; and, built here too, the
history and the export."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize
from PySide6.QtWidgets import QToolButton

from app.jobs import Latest
from app.window.counting import Counting
from app.window.icons import icon
from app.window.indexing import Indexing
from app.window.main_window import MainWindow
from app.window.name_dialog import NameDialog
from app.window.remembering import Remembering
from app.window.results import Results
from app.window.searching import Asked, Searching
from app.window.session import Session
from app.window.taking_out import TakingOut
from app.window.typed import finished, is_listing
from core.errors import RetrouveError
from core.saved import in_one_line
from core.types import Order, SavedSearch

if TYPE_CHECKING:
    from core.library import Library


class Shelf(QObject):
    """Lets panel, field and library play together. ``commands`` is what the window's actions do here."""

    def __init__(
        self, window: MainWindow, session: Session, searching: Searching, indexing: Indexing, results: Results
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._searching, self._results = window, session, searching, results
        self._library: Library | None = None
        self._loading = Latest()
        self.remembering = Remembering(window, session, searching)
        self.taking_out = TakingOut(window, session, searching)
        self.counting = Counting(session.lanes.general, lambda: searching.waiting, self)
        self.button = QToolButton()
        self.button.clicked.connect(self.save)
        window.search.add_button(self.button)
        self._side, self._model = window.side, window.side.model
        window.beside.remember(window.settings.panel, window.settings.panel_width)
        self._connect(indexing)
        self._show_asked(searching.asked)

    def commands(self) -> dict[str, Callable[[], object]]:
        """What to do about searches, beside asking them."""
        return {
            "save_search": self.save,
            "earlier": self.remembering.open,
            "keep_history": self.remembering.toggle,
            "clear_history": self.remembering.clear,
            "panel": self._on_panel_asked,
            "export": self.taking_out.open,
        }

    def _connect(self, indexing: Indexing) -> None:
        window, session, side = self._window, self._session, self._side
        session.opened.connect(self._on_opened)
        session.ready.connect(self.counting.set_ready)
        session.changed_elsewhere.connect(self._on_changed_elsewhere)
        for changed in (session.forgotten, indexing.stored, indexing.ended):
            changed.connect(lambda *_: self.counting.renew())
        self._searching.started.connect(self._show_asked)
        side.list.chosen.connect(self._on_chosen)
        side.list.remove_asked.connect(self._on_remove_asked)
        side.list.left.connect(self._leave)
        side.model.renamed.connect(self._on_renamed)
        side.save_asked.connect(self.save)
        side.hide_asked.connect(self._on_panel_asked)
        window.top.panel.clicked.connect(self._on_panel_asked)
        window.beside.shown_changed.connect(self._on_shown_changed)
        window.closing.connect(self._on_closing)
        self.counting.counted.connect(side.model.set_counted)
        window.theme.changed.connect(lambda: self._show_asked(self._searching.asked))

    # The library

    def _on_opened(self, library: Library) -> None:
        self._library = library
        self.remembering.use(library)
        self.counting.use(library)
        self._on_shown_changed(self._window.beside.shown)
        commands, changeable = self._window.commands, not library.read_only
        for action in (commands.save_search, commands.keep_history, commands.clear_history):
            action.setEnabled(changeable)
        self._load()

    def _on_changed_elsewhere(self) -> None:
        self._load()
        self.counting.renew()

    def _load(self, then: Callable[[], None] = lambda: None) -> None:
        """Ask which there are; ``then`` is called once they are shown."""
        if self._library is not None:

            def show(searches: list[SavedSearch]) -> None:
                self._show(searches)
                then()

            self._loading.run(self._session.lanes.general, self._library.saved.all, show)

    def _show(self, searches: list[SavedSearch]) -> None:
        inside = self._is_inside()
        self._model.show(searches)
        self.counting.show(searches)
        self._window.beside.set_filled(bool(searches))
        self._show_asked(self._searching.asked)
        if inside and not searches:
            # The list went, and perhaps the panel, with the last of them: the keys must not end up just anywhere.
            self._side.take_focus() if self._window.beside.shown else self._leave()

    def _is_inside(self) -> bool:
        """Whether the panel has the focus."""
        focused = self._window.focusWidget()
        return focused is not None and self._side.isAncestorOf(focused)

    # Saving

    def _query(self) -> str:
        """What is in the field, as one text."""
        return in_one_line(finished(self._window.search.text), self._window.search.like)

    def save(self) -> None:
        """Ask for a name for what is in the field, and keep it."""
        query, library = self._query(), self._library
        if library is None or library.read_only:
            return
        if not query:
            self._window.search.take_focus()
            self._window.banner.say("Search for something first: that can be saved.", topic="action", error=False)
            return
        dialog = NameDialog(query, self._model, self._window)
        order = self._results.order
        dialog.named.connect(lambda name: self._keep(name, query, order))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _keep(self, name: str, query: str, order: Order) -> None:
        if self._library is not None:
            self._session.keep(partial(self._library.saved.save, name, query, order), self._on_kept, self._on_failed)

    def _on_kept(self, search: SavedSearch) -> None:
        self._load(lambda: self._side.list.go_to(search.id))

    def _on_renamed(self, id: int, name: str) -> None:
        if self._library is not None:
            done = lambda _search: self._load()  # noqa: E731
            self._session.keep(partial(self._library.saved.rename, id, name), done, self._on_failed)

    def _on_remove_asked(self, search: SavedSearch) -> None:
        if self._library is not None:
            removed = partial(self._on_removed, search)
            self._session.keep(partial(self._library.saved.remove, search.id), removed, self._on_failed)

    def _on_removed(self, search: SavedSearch, _none: None) -> None:
        self._load()
        back = partial(self._keep, search.name, search.query, search.order)
        self._window.banner.say(
            f"The saved search “{search.name}” is removed.", topic="action", error=False, button="Undo", act=back
        )

    def _on_failed(self, error: RetrouveError) -> None:
        self._load()
        self._window.banner.say(str(error), topic="action")

    # Asking

    def _on_chosen(self, search: SavedSearch) -> None:
        self._window.banner.settle("action")
        self._results.choose_order(search.order, of_list=is_listing(search.query))
        self._window.search.put_instead(search.query)

    def _show_asked(self, asked: Asked) -> None:
        """Whether what is asked is saved shows in the panel and at the field."""
        query = in_one_line(asked.text, asked.like)
        self._model.set_asked(query)
        search = self._model.saved_as(query)
        name = "bookmark" if search is None else "bookmarked"
        words = "Save this search" if search is None else f"Saved as “{search.name}”"
        colour = self._window.theme.colour("muted" if search is None else "accent")
        self.button.setIcon(icon(name, colour, 18))
        self.button.setIconSize(QSize(18, 18))
        self.button.setToolTip(f"{words} (Ctrl+S)")
        self.button.setAccessibleName(words)
        self.button.setVisible(bool(query) and (self._library is None or not self._library.read_only))

    # The panel

    def _on_panel_asked(self) -> None:
        window = self._window
        if window.in_viewer():
            window.leave_viewer()
            if window.beside.shown:
                self._side.take_focus()
                return
        inside = self._is_inside()
        window.beside.toggle()
        if window.beside.shown:
            self._side.take_focus()
        elif inside:
            self._leave()

    def _on_shown_changed(self, shown: bool) -> None:
        self.counting.set_active(shown)
        self._window.top.panel.setChecked(shown)
        self._window.commands.panel.setChecked(shown)

    def _leave(self) -> None:
        """From the panel to the photos, or to the field where there are none."""
        window = self._window
        if window.pages.currentWidget() is window.grid and window.model.rowCount():
            window.grid.setFocus()
        else:
            window.search.take_focus()

    def _on_closing(self) -> None:
        self.counting.stop()
        self.remembering.stop()
        self._window.settings.keep_panel(self._window.beside.wanted, self._window.beside.panel_width)
