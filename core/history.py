"""What was asked before: kept in the catalogue, so that the window and the command line share it."""

from __future__ import annotations

from core.catalog import searches
from core.catalog.connection import Catalog
from core.catalog.naming import readable

LONGEST = 2000
"""Characters of a query that is worth noting. A longer one was pasted, and nobody picks it from a list."""


class History:
    """The queries of a library, the newest first, each once. May be called from any thread.

    While it is switched off nothing is written and nothing shown; what was noted before stays until it is cleared. (The
    copies of the catalogue that are made before a migration hold what the history held then.)
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    @property
    def enabled(self) -> bool:
        """Whether what is asked is noted."""
        with self._catalog.read() as db:
            return searches.keeps_history(db)

    def set_enabled(self, on: bool) -> None:
        """Switch it on or off. Raises `CatalogReadOnly`."""
        self._catalog.write(lambda db: searches.keep_history(db, on))

    def recent(self, most: int = 200) -> list[str]:
        """The newest queries; none while it is switched off."""
        with self._catalog.read() as db:
            return searches.asked(db, most) if searches.keeps_history(db) else []

    def note(self, query: str) -> None:
        """Note a query. Nothing happens while it is switched off, nor in a library that can only be read."""
        query = readable(query).replace("\0", "").strip()
        if not query or len(query) > LONGEST or self._catalog.read_only:
            return
        with self._catalog.read() as db:
            if not searches.keeps_history(db) or searches.asked(db, 1) == [query]:
                return
        # Asked again by the writer: another process may have switched it off this very moment.
        self._catalog.write(lambda db: searches.note(db, query) if searches.keeps_history(db) else None)

    def forget(self, query: str) -> None:
        """Forget one query. Raises `CatalogReadOnly`."""
        self._catalog.write(lambda db: searches.forget(db, query))

    def clear(self) -> None:
        """Forget all of them. Raises `CatalogReadOnly`."""
        self._catalog.write(lambda db: searches.forget(db))
