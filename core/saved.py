"""Saved searches: a query under a name, and how many photos it finds now."""

from __future__ import annotations

import difflib
import sqlite3
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.catalog import searches
from core.catalog.connection import Catalog
from core.catalog.naming import readable
from core.errors import CallError
from core.types import Order, SavedSearch

if TYPE_CHECKING:
    from core.library import Library

LONGEST_NAME = 100
"""Characters of a name."""
COUNTED = 1000
"""Good matches that are counted one by one; of more it is only said that there are more."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many photos a query finds: those that pass its filters, or those above the line. ``more``: and some more."""

    photos: int
    more: bool = False


class SavedSearches:
    """The saved searches of a library. May be called from any thread.

    Writing raises `CatalogReadOnly` where nothing can be written.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def all(self) -> list[SavedSearch]:
        """All of them, by name."""
        with self._catalog.read() as db:
            return searches.saved(db)

    def find(self, name: str) -> SavedSearch:
        """The one of this name; case does not matter. Raises `CallError`, with what there is, where none has it."""
        with self._catalog.read() as db:
            found = searches.by_name(db, cleaned(name))
            if found is not None:
                return found
            names = [search.name for search in searches.saved(db)]
        raise CallError(f"There is no saved search “{cleaned(name)}”. {_hint(name, names)}")

    def save(self, name: str, query: str, order: Order = Order.MATCH) -> SavedSearch:
        """Keep a query under a name. One of the same name is replaced.

        Raises `CallError` for an empty or endless name, and for a query that asks for nothing.
        """
        name, query = valid_name(name), readable(query).replace("\0", "").strip()
        if not query:
            raise CallError("There is nothing to save: say what to look for first.")
        return self._catalog.write(lambda db: searches.save(db, name, query, order))

    def rename(self, id: int, name: str) -> SavedSearch:
        """Give one another name. Raises `CallError` where another has it, or where there is no such search any more."""
        name = valid_name(name)

        def work(db: sqlite3.Connection) -> SavedSearch:
            other = searches.by_name(db, name)
            if other is not None and other.id != id:
                raise CallError(f"There is a saved search “{other.name}” already. Choose another name.")
            searches.rename(db, id, name)
            renamed = searches.by_id(db, id)
            if renamed is None:
                raise CallError("This saved search is not there any more.")
            return renamed

        return self._catalog.write(work)

    def remove(self, id: int) -> None:
        """Forget one; the photos that it finds stay as they are."""
        self._catalog.write(lambda db: searches.remove(db, id))


def count(library: Library, query: str, *, worker: bool = False) -> Count:
    """How many photos a query finds now. Filters alone are counted by the catalogue, and load no model.

    Raises what `Library.search` raises.
    """
    from core.search import filters, grammar

    terms = grammar.parse(query)
    if terms and all(map(grammar.only_filters, terms.terms)):
        with library.catalog.read() as db:
            return Count(filters.newest(db, terms, 1).total)
    result = library.search(query, COUNTED, worker=worker)
    if all(hit.score == 0 and hit.match == 1 for hit in result.hits):
        return Count(result.total)  # Nothing was looked for, only something left out: all that is left was counted.
    return Count(result.strong, result.strong == len(result.hits) and result.total > result.strong)


def in_one_line(text: str, like: Path | None) -> str:
    """A query and a photo beside it as one text."""
    from core.search.grammar import Like, Query, parse

    return text if like is None else str(Query((*parse(text).terms, Like(str(like)))))


def narrowed(query: str, words: str) -> str:
    """A query with more words and filters, all of which must hold too."""
    from core.search.grammar import Query, parse

    return str(Query((*parse(query).terms, *parse(words).terms))) if words.strip() else query


def cleaned(name: str) -> str:
    """A name on one line, with single spaces and nothing that cannot be seen or kept."""
    shown = (" " if unicodedata.category(mark) in ("Cc", "Zl", "Zp") else mark for mark in readable(name))
    return " ".join("".join(shown).split())


def valid_name(name: str) -> str:
    """A name as it is kept. Raises `CallError` for one that cannot be."""
    name = cleaned(name)
    if not name:
        raise CallError("A saved search needs a name.")
    if len(name) > LONGEST_NAME:
        raise CallError(f"The name is too long: it can have {LONGEST_NAME} characters.")
    return name


def _hint(name: str, names: list[str]) -> str:
    if not names:
        return "None is saved yet."
    near = difflib.get_close_matches(name, names, 1)
    return f"Did you mean “{near[0]}”?" if near else f"There are: {', '.join(names[:10])}{'…' if names[10:] else '.'}"
