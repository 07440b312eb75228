"""Favourites: a key, and the hearts follow."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.window.main_window import MainWindow
from app.window.session import Session
from app.window.thumbnails import Thumbnails

if TYPE_CHECKING:
    from core.library import Library

MOST = 10_000
"""Photos at once, at the most: more were hardly meant, and could not be told apart again."""


class Favourites(QObject):
    """Makes the chosen photos favourites, or none of them any longer where all are."""

    set = Signal(object, bool)
    """list[int] of photo ids, and whether they are favourites now."""

    def __init__(self, window: MainWindow, session: Session, thumbnails: Thumbnails) -> None:
        super().__init__(window)
        self._window, self._session, self._thumbnails = window, session, thumbnails

    def toggle(self) -> None:
        """For the photos that are meant; ``set`` follows."""
        library, ids = self._session.library, self._window.actions.ids()
        if library is None or not ids:
            return
        if len(ids) > MOST:
            self._window.banner.say(
                f"{len(ids):,} photos are selected: choose {MOST:,} at the most for favourites.", topic="action"
            )
            return
        self._session.lanes.general.submit(partial(toggle, library, ids), partial(self._on_set, ids))

    def _on_set(self, ids: Sequence[int], favourite: bool) -> None:
        self._thumbnails.set_favourite(ids, favourite)
        self._window.viewer.set_favourite(ids, favourite)
        self.set.emit(ids, favourite)


def toggle(library: Library, ids: Sequence[int]) -> bool:
    """Make photos favourites unless all of them are; whether they are now. Runs in a worker thread."""
    favourite = not all(photo.favourite for photo in library.photos(ids))
    library.set_favourite(ids, favourite)
    return favourite
