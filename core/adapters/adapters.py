"""The adapters of a library: which there are, which is on, and switching that. It takes effect with the next search."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence

from core.adapters.learned import LearnedName
from core.adapters.names import NameBook
from core.catalog import adapters
from core.catalog.adapters import StoredAdapter
from core.catalog.connection import Catalog
from core.errors import CallError

_NONE = NameBook()


class Adapters:
    """Keeps, switches and removes adapters. May be called from any thread, and from several processes at once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._guard = threading.Lock()
        self._books: dict[str, tuple[int, NameBook]] = {}

    def all(self) -> list[StoredAdapter]:
        """Every adapter, the oldest first."""
        with self._catalog.read() as db:
            return adapters.every(db)

    def find(self, name: str) -> StoredAdapter:
        """An adapter by its name. Raises `CallError` where there is none."""
        with self._catalog.read() as db:
            found = adapters.find(db, name)
        if found is None:
            raise CallError(f"There is no adapter “{name}”. `retrouve adapters list` lists them.")
        return found

    def names(self, adapter: StoredAdapter) -> list[LearnedName]:
        """What an adapter has learned."""
        with self._catalog.read() as db:
            return adapters.learned(db, adapter.id)

    def install(self, name: str, model_id: str, learned: Sequence[LearnedName]) -> StoredAdapter:
        """Keep an adapter and switch it on; the one that was on before for the model is kept, switched off."""

        def work(db: sqlite3.Connection) -> None:
            adapters.add(db, name, model_id, learned)
            added = adapters.find(db, name)
            assert added is not None
            adapters.switch(db, added, True)

        self._catalog.write(work)
        return self.find(name)

    def switch(self, name: str, on: bool) -> StoredAdapter:
        """Switch an adapter on (another of its model goes off) or off. Raises `CallError` where there is none."""
        adapter = self.find(name)
        self._catalog.write(lambda db: adapters.switch(db, adapter, on))
        return self.find(name)

    def remove(self, name: str) -> StoredAdapter:
        """Remove an adapter; its run's folder stays. Raises `CallError` where there is none."""
        adapter = self.find(name)
        self._catalog.write(lambda db: adapters.remove(db, adapter.id))
        return adapter

    def book(self, model_id: str) -> NameBook:
        """The names that a search with a model knows now: those of the adapter that is on for it."""
        with self._catalog.read() as db:
            chosen = adapters.active_id(db, model_id)
            if chosen is None:
                return _NONE
            with self._guard:
                known = self._books.get(model_id)
            if known is not None and known[0] == chosen:
                return known[1]
            stored = next(one for one in adapters.every(db) if one.id == chosen)
            book = NameBook(adapters.learned(db, chosen), stored.name)
        with self._guard:
            self._books[model_id] = (chosen, book)
        return book
