"""Rows of ``saved_search`` and ``asked``: searches that a person keeps under a name, and what they asked before."""

from __future__ import annotations

import sqlite3
import unicodedata
from datetime import UTC, datetime

from core.catalog import preferences
from core.types import Order, SavedSearch

KEPT = 1000
"""Queries that the history holds. The oldest go first."""

_HISTORY = "history"
"""The row of ``preference`` that says whether a history is kept."""
_SAVED = "SELECT id, name, query, sort, added FROM saved_search"


def folded(name: str) -> str:
    """A name as names are compared: case does not matter, and an accent typed in two ways is one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def saved(db: sqlite3.Connection) -> list[SavedSearch]:
    """All saved searches, by name."""
    return [_saved(row) for row in db.execute(f"{_SAVED} ORDER BY folded")]


def by_name(db: sqlite3.Connection, name: str) -> SavedSearch | None:
    """The saved search of this name, if there is one."""
    row = db.execute(f"{_SAVED} WHERE folded = ?", [folded(name)]).fetchone()
    return None if row is None else _saved(row)


def by_id(db: sqlite3.Connection, id: int) -> SavedSearch | None:
    """The saved search with this id, if there is one."""
    row = db.execute(f"{_SAVED} WHERE id = ?", [id]).fetchone()
    return None if row is None else _saved(row)


def save(db: sqlite3.Connection, name: str, query: str, order: Order) -> SavedSearch:
    """Keep a search; one of the same name is replaced and keeps its id."""
    row = db.execute(
        "INSERT INTO saved_search (name, folded, query, sort, added) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (folded) DO UPDATE SET name = excluded.name, query = excluded.query, sort = excluded.sort "
        "RETURNING id, name, query, sort, added",
        [name, folded(name), query, order.value, datetime.now(UTC).isoformat(timespec="seconds")],
    ).fetchone()
    return _saved(row)


def rename(db: sqlite3.Connection, id: int, name: str) -> None:
    """Give a saved search another name, which no other has."""
    db.execute("UPDATE saved_search SET name = ?, folded = ? WHERE id = ?", [name, folded(name), id])


def remove(db: sqlite3.Connection, id: int) -> None:
    """Forget a saved search. One that is gone already is no fault."""
    db.execute("DELETE FROM saved_search WHERE id = ?", [id])


def asked(db: sqlite3.Connection, most: int) -> list[str]:
    """What was asked, the newest first, each once."""
    return [row[0] for row in db.execute("SELECT query FROM asked ORDER BY id DESC LIMIT ?", [most])]


def note(db: sqlite3.Connection, query: str) -> None:
    """Put a query in front of all that was asked before."""
    db.execute("DELETE FROM asked WHERE query = ?", [query])
    db.execute("INSERT INTO asked (query) VALUES (?)", [query])
    db.execute("DELETE FROM asked WHERE id <= (SELECT id FROM asked ORDER BY id DESC LIMIT 1 OFFSET ?)", [KEPT])


def forget(db: sqlite3.Connection, query: str | None = None) -> None:
    """Forget one query, or all of them, so that the file does not hold their words any more either.

    SQLite leaves what was deleted where it was until something else needs the room; ``secure_delete`` writes zeros.
    What is in the write-ahead log goes when the last connection is closed.
    """
    db.execute("PRAGMA secure_delete = ON")
    if query is None:
        db.execute("DELETE FROM asked")
    else:
        db.execute("DELETE FROM asked WHERE query = ?", [query])


def keeps_history(db: sqlite3.Connection) -> bool:
    """Whether what is asked is noted. It is, unless that was switched off."""
    return preferences.is_on(db, _HISTORY, otherwise=True)


def keep_history(db: sqlite3.Connection, on: bool) -> None:
    """Switch that on or off; what was noted stays."""
    preferences.set(db, _HISTORY, on)


def _saved(row: sqlite3.Row) -> SavedSearch:
    order = Order(row["sort"]) if row["sort"] in list(Order) else Order.MATCH
    return SavedSearch(row["id"], row["name"], row["query"], order, row["added"])
