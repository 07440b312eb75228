"""Rows of ``adapter`` and ``learned``: what was learned from a person's captions, and whether it is on."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from core.adapters.learned import LearnedName
from core.search.calibration import Curve

_STORED = np.dtype("<f4")
_SELECT = (
    "SELECT a.id, a.name, a.model, a.added, a.active, "
    "(SELECT count(*) FROM learned l WHERE l.adapter_id = a.id) AS names FROM adapter a"
)


@dataclass(frozen=True, slots=True)
class StoredAdapter:
    """An adapter: its name is that of the run that made it, ``model`` the embedding space that it belongs to."""

    id: int
    name: str
    model: str
    added: str
    """When it was made: UTC, ISO 8601."""
    active: bool
    names: int
    """How many names it has learned."""


def every(db: sqlite3.Connection) -> list[StoredAdapter]:
    """All adapters, the oldest first."""
    return [_adapter(row) for row in db.execute(f"{_SELECT} ORDER BY a.id")]


def find(db: sqlite3.Connection, name: str) -> StoredAdapter | None:
    """The adapter of that name."""
    row = db.execute(f"{_SELECT} WHERE a.name = ?", [name]).fetchone()
    return None if row is None else _adapter(row)


def active_id(db: sqlite3.Connection, model: str) -> int | None:
    """The id of the adapter that is on for a model. An id is never given twice, and what it has learned never
    changes."""
    row = db.execute("SELECT id FROM adapter WHERE model = ? AND active = 1", [model]).fetchone()
    return None if row is None else int(row[0])


def add(db: sqlite3.Connection, name: str, model: str, learned: Sequence[LearnedName]) -> int:
    """Add an adapter, switched off; its id."""
    row = db.execute(
        "INSERT INTO adapter (name, model, added) VALUES (?, ?, ?) RETURNING id",
        [name, model, datetime.now(UTC).isoformat(timespec="seconds")],
    ).fetchone()
    db.executemany(
        "INSERT INTO learned (adapter_id, name, key, vector, slope, intercept, line, strength, photos) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                row["id"],
                one.name,
                one.key,
                one.vector.astype(_STORED).tobytes(),
                one.curve.slope,
                one.curve.intercept,
                one.curve.line,
                one.strength,
                one.photos,
            )
            for one in learned
        ],
    )
    return int(row["id"])


def learned(db: sqlite3.Connection, adapter_id: int) -> list[LearnedName]:
    """The names that an adapter has learned."""
    rows = db.execute(
        "SELECT name, key, vector, slope, intercept, line, strength, photos FROM learned WHERE adapter_id = ? "
        "ORDER BY name",
        [adapter_id],
    )
    return [
        LearnedName(
            row["name"],
            row["key"],
            np.frombuffer(row["vector"], _STORED).astype(np.float32),
            Curve(row["slope"], row["intercept"], row["line"]),
            row["strength"],
            row["photos"],
        )
        for row in rows
    ]


def switch(db: sqlite3.Connection, adapter: StoredAdapter, on: bool) -> None:
    """Switch an adapter on, and any other of its model off; or switch it off."""
    if on:
        db.execute("UPDATE adapter SET active = 0 WHERE model = ? AND active = 1", [adapter.model])
    db.execute("UPDATE adapter SET active = ? WHERE id = ?", [int(on), adapter.id])


def remove(db: sqlite3.Connection, adapter_id: int) -> None:
    """Remove an adapter with what it has learned."""
    db.execute("DELETE FROM adapter WHERE id = ?", [adapter_id])


def _adapter(row: sqlite3.Row) -> StoredAdapter:
    return StoredAdapter(row["id"], row["name"], row["model"], row["added"], bool(row["active"]), row["names"])
