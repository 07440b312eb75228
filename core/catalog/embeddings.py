"""Rows of ``embedding`` and ``model``: the unit vector of a content under a model, as little-endian float16."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.catalog.batches import batches, marks
from core.errors import ModelDamaged

STORED = np.dtype("<f2")
"""How a vector's values are stored: two bytes each, whatever the machine."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model that the catalogue has, or had, embeddings of. ``name`` is the encoder's ``model_id``."""

    id: int
    name: str
    dim: int
    added: str


def model_id(db: sqlite3.Connection, name: str, dim: int) -> int:
    """The row of a model, which is added when it is new (so this needs a connection that writes).

    Raises `ModelDamaged` where the catalogue knows the name with another number of dimensions.
    """
    known = find_model(db, name)
    if known is None:
        row = db.execute(
            "INSERT INTO model (name, dim, added) VALUES (?, ?, ?) RETURNING id",
            [name, dim, datetime.now(UTC).isoformat(timespec="seconds")],
        ).fetchone()
        return int(row["id"])
    if known.dim != dim:
        raise ModelDamaged(
            f"The model {name} gives {dim} dimensions, but this library knows it with {known.dim}: "
            "it cannot be the same model. Install it again."
        )
    return known.id


def find_model(db: sqlite3.Connection, name: str) -> StoredModel | None:
    """The model of that name, if the catalogue knows it."""
    return next((model for model in models(db) if model.name == name), None)


def models(db: sqlite3.Connection) -> list[StoredModel]:
    """Every model that the catalogue knows, the oldest first."""
    return [StoredModel(*row) for row in db.execute("SELECT id, name, dim, added FROM model ORDER BY id")]


def add(db: sqlite3.Connection, model_id: int, rows: Iterable[tuple[int, NDArray[Any]]]) -> None:
    """Store the vectors (floating-point [dim], of unit length) of contents. One that is there already stays.

    Raises `ValueError` for a vector of another dimension or with values that are no numbers.
    """
    [dim] = db.execute("SELECT dim FROM model WHERE id = ?", [model_id]).fetchone()

    def stored() -> Iterator[tuple[int, int, bytes]]:
        for content_id, vector in rows:
            if vector.shape != (dim,) or not np.isfinite(vector).all():
                raise ValueError(f"content {content_id}: not {dim} finite values, but {vector.shape}")
            yield content_id, model_id, vector.astype(STORED).tobytes()

    db.executemany(
        "INSERT INTO embedding (content_id, model_id, vector) VALUES (?, ?, ?) "
        "ON CONFLICT (content_id, model_id) DO NOTHING",
        stored(),
    )


def have(db: sqlite3.Connection, model_id: int, content_ids: Sequence[int]) -> set[int]:
    """Those of the contents that have an embedding under the model."""
    found: set[int] = set()
    for batch in batches(content_ids):
        rows = db.execute(
            f"SELECT content_id FROM embedding WHERE model_id = ? AND content_id IN ({marks(len(batch))})",
            [model_id, *batch],
        )
        found.update(row["content_id"] for row in rows)
    return found


def get(db: sqlite3.Connection, model_id: int, content_id: int) -> NDArray[np.float32] | None:
    """The embedding of a content: float32[dim]."""
    row = db.execute(
        "SELECT vector FROM embedding WHERE content_id = ? AND model_id = ?", [content_id, model_id]
    ).fetchone()
    return None if row is None else np.frombuffer(row["vector"], STORED).astype(np.float32)


def count(db: sqlite3.Connection, model_id: int) -> int:
    """How many embeddings there are under the model."""
    return int(db.execute("SELECT count(*) FROM embedding WHERE model_id = ?", [model_id]).fetchone()[0])


def last_id(db: sqlite3.Connection, model_id: int) -> int:
    """The id of the model's newest embedding, 0 without any. With `count` it tells one set of rows from every other:
    rows never change, and an id is never given twice."""
    row = db.execute("SELECT id FROM embedding WHERE model_id = ? ORDER BY id DESC LIMIT 1", [model_id]).fetchone()
    return 0 if row is None else int(row["id"])


def after(db: sqlite3.Connection, model_id: int, id: int) -> Iterator[tuple[int, int, bytes]]:
    """(embedding id, content id, vector as stored) of each embedding newer than ``id``, the oldest first."""
    cursor = db.cursor()
    cursor.row_factory = None
    cursor.execute(
        "SELECT id, content_id, vector FROM embedding WHERE model_id = ? AND id > ? ORDER BY id", [model_id, id]
    )
    return cursor


def missing(db: sqlite3.Connection, model_id: int) -> list[int]:
    """The contents that a photo has but that have no embedding under the model."""
    rows = db.execute(
        "SELECT id FROM content WHERE EXISTS (SELECT 1 FROM photo WHERE photo.content_id = content.id) "
        "AND NOT EXISTS (SELECT 1 FROM embedding e WHERE e.content_id = content.id AND e.model_id = ?)",
        [model_id],
    )
    return [row["id"] for row in rows]
