"""The history in the window: which searches are noted, the list of earlier ones, and its switch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QToolButton

from app.window.asking import ask
from app.window.earlier import EarlierList
from app.window.icons import icon
from app.window.main_window import MainWindow
from app.window.searching import Asked, Found, Searching
from app.window.session import Session
from app.window.suggestions import SuggestionList
from core.errors import RetrouveError
from core.saved import in_one_line

if TYPE_CHECKING:
    from core.library import Library

LINGERED = 4_000
"""Milliseconds for which an answer is looked at before its query counts as one that was meant, not typed through."""


class Remembering(QObject):
    """Notes a query once it was meant: Enter was pressed, a photo was opened, or its answer stayed for a while."""

    def __init__(self, window: MainWindow, session: Session, searching: Searching) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._library: Library | None = None
        self._unnoted = ""
        self._entered = False
        self.list = EarlierList(window.search, window.theme, window)
        self.button = QToolButton()
        self.button.setToolTip("Earlier searches (Alt+Down)")
        self.button.setAccessibleName("Earlier searches")
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        window.search.add_button(self.button)
        self._wait = QTimer(self, singleShot=True, interval=LINGERED)
        self._wait.timeout.connect(self.note_now)
        searching.started.connect(self._on_started)
        searching.found.connect(self._on_found)
        window.search.edit.returnPressed.connect(self._on_entered)
        window.grid.photo_opened.connect(self.note_now)
        self.button.clicked.connect(self.open)
        self.list.chosen.connect(self._on_chosen)
        self.list.forget_asked.connect(self._on_forget_asked)
        self.list.clear_asked.connect(self.clear)
        self.list.keep_asked.connect(self.keep)
        window.search.edit.installEventFilter(self)
        window.theme.changed.connect(self._tint)
        self._tint()

    def use(self, library: Library) -> None:
        """Keep the history of this library."""
        self._library = library
        self._session.lanes.general.submit(lambda: library.history.enabled, self._show_switch)

    def open(self) -> None:
        """Show what was searched for before, or close the list."""
        if self.list.isVisible():
            self.list.hide()
        elif self._library is not None:
            self._window.search.edit.setFocus()
            self._ask(self.list.open)

    def keep(self, on: bool) -> None:
        """Switch the history on or off; what was noted stays."""
        if self._library is not None:
            self._unnoted = "" if not on else self._unnoted
            work = partial(self._library.history.set_enabled, on)
            self._session.keep(work, lambda _none: self._show_switch(on), self._on_failed)

    def toggle(self) -> None:
        """As the menu says."""
        self.keep(self._window.commands.keep_history.isChecked())

    def clear(self) -> None:
        """Forget all of it, once that is confirmed."""
        if self._library is not None and confirm_clear(self._window):
            self._unnoted = ""
            self._session.keep(self._library.history.clear, failed=self._on_failed)

    def note_now(self) -> None:
        """The query that is answered was meant."""
        self._wait.stop()
        query, self._unnoted = self._unnoted, ""
        if query and self._library is not None:
            self._session.keep(partial(self._library.history.note, query), failed=lambda _error: None)

    def stop(self) -> None:
        """The window closes: what was being looked at is noted, if there is still time."""
        self._wait.stop()

    def _ask(self, show: object) -> None:
        library = self._library
        assert library is not None
        self._session.lanes.general.submit(
            lambda: (library.history.recent(), library.history.enabled),
            lambda found: show(*found),  # type: ignore[operator]
        )

    def _on_started(self, asked: Asked) -> None:
        # The same question, refined by what is right and wrong in its answer, is still being looked at.
        if in_one_line(asked.text, asked.like) != self._unnoted:
            self._wait.stop()
            self._unnoted = ""

    def _on_found(self, found: Found) -> None:
        # A photo alone is no query that anybody would pick from a list.
        if not found.again and found.asked.text:
            self._unnoted = in_one_line(found.asked.text, found.asked.like)
            self._wait.start()
            if self._entered:
                self.note_now()
        self._entered = False

    def _on_entered(self) -> None:
        self._entered = not self._unnoted
        self.note_now()

    def _on_chosen(self, query: str) -> None:
        self._window.search.put_instead(query)
        self._window.search.edit.setFocus()

    def _on_forget_asked(self, query: str) -> None:
        if self._library is not None:
            self._session.keep(partial(self._library.history.forget, query), failed=self._on_failed)

    def _on_failed(self, error: RetrouveError) -> None:
        self._show_switch(not self._window.commands.keep_history.isChecked())
        self._window.banner.say(str(error), topic="action")

    def _show_switch(self, on: bool) -> None:
        self._window.commands.keep_history.setChecked(on)

    def _tint(self) -> None:
        self.button.setIcon(icon("earlier", self._window.theme.colour("muted"), 18))
        self.button.setIconSize(QSize(18, 18))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Alt+Down opens the list; so does Down where nothing is typed, if there is anything to show."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Down:
            if self._library is None or self.list.isVisible() or self._completes():
                return False
            modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            if modifiers == Qt.KeyboardModifier.AltModifier:
                self.open()
                return True
            if modifiers == Qt.KeyboardModifier.NoModifier and self._window.search.is_empty():
                self._ask(self._open_or_leave)
                return True
        return super().eventFilter(watched, event)

    def _completes(self) -> bool:
        """Whether the arrows belong to the list of completions."""
        shown = self._window.findChild(SuggestionList)
        return shown is not None and shown.isVisible()

    def _open_or_leave(self, queries: list[str], enabled: bool) -> None:
        if queries and self._window.search.is_empty():
            self.list.open(queries, enabled)
        else:
            self._window.search.left.emit()


def confirm_clear(parent: MainWindow) -> bool:
    """Ask before the history is forgotten: it does not come back."""
    question = "Forget everything that was searched for in this library?"
    return not ask(parent, "Clear the history", question, "Your saved searches and your photos stay.", "Forget", "Keep")
