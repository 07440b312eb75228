"""Which model answers: the flag ``answers`` of table ``model``, and what it takes to move it to another model.

One row carries the flag, or none in a library that was never indexed (a partial unique index holds that). The rows of
two models lie side by side while a library moves; a search reads those of the flagged one alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from core.catalog import rules_rows
from core.catalog.embeddings import StoredModel, models

_KNOWN = (
    "content.id FROM content WHERE EXISTS (SELECT 1 FROM photo WHERE photo.content_id = content.id) "
    "AND EXISTS (SELECT 1 FROM embedding old WHERE old.content_id = content.id AND old.model_id = ?)"
)
"""From the contents on: both questions are answered by an index alone, and no vector is read."""
_LEFT = f"{_KNOWN} AND NOT EXISTS (SELECT 1 FROM embedding new WHERE new.content_id = content.id AND new.model_id = ?)"


def answering(db: sqlite3.Connection) -> StoredModel | None:
    """The model that answers searches; None in a library that was never indexed."""
    row = db.execute("SELECT id, name, dim, added FROM model WHERE answers = 1").fetchone()
    return None if row is None else StoredModel(*row)


def choose(db: sqlite3.Connection, model_id: int) -> None:
    """Let this model answer from the commit on, and no other. What rules suggested by the one before is suggested anew
    by the next index run."""
    before = answering(db)
    db.execute("UPDATE model SET answers = 0 WHERE answers = 1 AND id <> ?", [model_id])
    db.execute("UPDATE model SET answers = 1 WHERE id = ?", [model_id])
    if before is not None and before.id != model_id:
        rules_rows.all_came_in(db)


def known(db: sqlite3.Connection, model_id: int) -> int:
    """How many contents that a photo has are encoded by the model."""
    return int(db.execute(f"SELECT count(*) FROM (SELECT {_KNOWN})", [model_id]).fetchone()[0])


def left(db: sqlite3.Connection, old: int, new: int) -> int:
    """How many contents the old model knows, and a photo has, that the new one has not encoded yet."""
    return int(db.execute(f"SELECT count(*) FROM (SELECT {_LEFT})", [old, new]).fetchone()[0])


def roots_left(db: sqlite3.Connection, old: int, new: int) -> list[int]:
    """The ids of the roots that hold photos of what is left."""
    rows = db.execute(
        "SELECT DISTINCT f.root_id FROM photo p JOIN folder f ON f.id = p.folder_id "
        f"WHERE p.content_id IN (SELECT {_LEFT}) ORDER BY f.root_id",
        [old, new],
    )
    return [int(row[0]) for row in rows]


def strays(db: sqlite3.Connection, needed: Collection[str]) -> list[StoredModel]:
    """The models that the catalogue knows and nobody needs: neither the one that answers nor those named."""
    chosen = answering(db)
    return [model for model in models(db) if model.name not in needed and model != chosen]


def remove_embeddings(db: sqlite3.Connection, model_id: int, most: int) -> int:
    """Remove up to ``most`` embeddings of a model; how many those were."""
    return db.execute(
        "DELETE FROM embedding WHERE id IN (SELECT id FROM embedding WHERE model_id = ? LIMIT ?)", [model_id, most]
    ).rowcount


def forget(db: sqlite3.Connection, model_id: int) -> None:
    """Remove a model that does not answer, with what embeddings it has left."""
    db.execute("DELETE FROM model WHERE id = ? AND answers = 0", [model_id])
