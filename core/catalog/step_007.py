"""Migration m007: adapters, and the names that each has learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_ADAPTERS = """
CREATE TABLE adapter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    model TEXT NOT NULL,
    added TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX adapter_active ON adapter(model) WHERE active = 1;
CREATE TABLE learned (
    adapter_id INTEGER NOT NULL REFERENCES adapter(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    vector BLOB NOT NULL,
    slope REAL NOT NULL,
    intercept REAL NOT NULL,
    line REAL NOT NULL,
    strength REAL NOT NULL,
    photos INTEGER NOT NULL,
    UNIQUE (adapter_id, key)
);
"""


def m007_adapters(db: Database) -> None:
    """What was learned from a person's captions and tags (see `core.adapters`).

    ``adapter.name`` is that of the run that made it, ``model`` the embedding space that it was learned in; of one model
    at most one is ``active``. ``learned.key`` is how a name is found in a sentence, ``vector`` float32 as bytes, of
    unit length; ``slope``, ``intercept`` and ``line`` are its calibration, ``strength`` the share that was learned
    (the rest is what the words meant), ``photos`` how many it was learned from.
    """
    for statement in _ADAPTERS.split(";"):
        if statement.strip():
            db.execute(statement)
