"""Indexing gently: the menu's switch, which the library keeps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.window.main_window import MainWindow
from app.window.session import Session
from core.errors import RetrouveError

if TYPE_CHECKING:
    from core.library import Library


class Pacing(QObject):
    """Switches a library over between indexing as fast as can be and leaving room for other work, at once."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._library: Library | None = None
        session.opened.connect(self._on_opened)

    def commands(self) -> dict[str, Callable[[], object]]:
        """What to do about the pace."""
        return {"gently": self._on_toggled}

    def _on_opened(self, library: Library) -> None:
        self._library = library
        # Until the library has said how it is set, the switch cannot be used: the answer would undo a person's choice.
        self._window.commands.gently.setEnabled(False)
        self._session.lanes.general.submit(lambda: library.gentle, partial(self._on_known, library))

    def _on_known(self, library: Library, on: bool) -> None:
        if library is self._library:
            self._window.commands.gently.setChecked(on)
            self._window.commands.gently.setEnabled(not library.read_only)

    def _on_toggled(self) -> None:
        if self._library is not None:
            on = self._window.commands.gently.isChecked()
            self._session.keep(partial(self._library.set_gentle, on), failed=self._on_failed)

    def _on_failed(self, error: RetrouveError) -> None:
        self._window.commands.gently.setChecked(not self._window.commands.gently.isChecked())
        self._window.banner.say(str(error), topic="action")
