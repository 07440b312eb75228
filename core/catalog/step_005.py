"""Migration m005: searches that a person keeps, and what they asked before (see `core.catalog.searches`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_SEARCHES = """
CREATE TABLE saved_search (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    folded TEXT NOT NULL UNIQUE,
    query TEXT NOT NULL,
    sort TEXT NOT NULL DEFAULT 'match',
    added TEXT NOT NULL
);
CREATE TABLE asked (
    id INTEGER PRIMARY KEY,
    query TEXT NOT NULL UNIQUE
);
CREATE TABLE preference (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID
"""


def m005_searches(db: Database) -> None:
    """Saved searches, the history of searches, and the person's choices about the library itself.

    ``folded`` is the name as `core.catalog.searches` compares it. Of ``asked`` the greatest id is the newest.
    ``preference`` holds what goes with the library and not with a window; what has no row is as it comes.
    """
    for statement in _SEARCHES.split(";"):
        db.execute(statement)
