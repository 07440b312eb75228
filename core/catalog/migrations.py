"""The catalogue's schema, as small numbered migrations (sqlite-utils' own).

A migration never changes once it has landed: the next one mends what it left. Each runs inside the transaction that
sqlite-utils opens, so that a catalogue is always wholly of one version.

sqlite-utils takes a fifth of a second to import, which is a fifth of what a cold search may take: it is imported by
`migrations()`, when there is something to migrate. `NAMES` says what there is to know without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.catalog.step_003 import m003_filters
from core.catalog.step_004 import m004_words
from core.catalog.step_005 import m005_searches
from core.catalog.step_006 import m006_tagging
from core.catalog.step_007 import m007_adapters
from core.catalog.step_008 import m008_suggested_by

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations

SET_NAME = "retrouve"
"""The name that our migrations carry in sqlite-utils' own table."""

_FIRST = """
CREATE TABLE root (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    added TEXT NOT NULL,
    mount TEXT,
    ignore TEXT NOT NULL DEFAULT '[]'
);
CREATE TABLE folder (
    id INTEGER PRIMARY KEY,
    root_id INTEGER NOT NULL REFERENCES root(id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    UNIQUE (root_id, path)
);
CREATE TABLE content (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE
);
CREATE TABLE photo (
    id INTEGER PRIMARY KEY,
    folder_id INTEGER NOT NULL REFERENCES folder(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    content_id INTEGER NOT NULL REFERENCES content(id),
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    sidecar_ns INTEGER NOT NULL DEFAULT 0,
    width INTEGER NOT NULL DEFAULT 0,
    height INTEGER NOT NULL DEFAULT 0,
    format TEXT NOT NULL DEFAULT '',
    taken TEXT,
    taken_source TEXT,
    camera TEXT,
    lens TEXT,
    focal_length REAL,
    aperture REAL,
    exposure REAL,
    iso INTEGER,
    latitude REAL,
    longitude REAL,
    rating INTEGER,
    UNIQUE (folder_id, name)
);
CREATE INDEX photo_content ON photo(content_id);
CREATE INDEX photo_taken ON photo(taken, content_id);
CREATE TABLE failure (
    id INTEGER PRIMARY KEY,
    folder_id INTEGER NOT NULL REFERENCES folder(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    sidecar_ns INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL,
    tried TEXT NOT NULL,
    UNIQUE (folder_id, name)
);
CREATE TABLE caption (
    id INTEGER PRIMARY KEY,
    photo_id INTEGER NOT NULL REFERENCES photo(id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    source TEXT NOT NULL,
    UNIQUE (photo_id, text, source)
);
CREATE TABLE label (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE
);
CREATE TABLE tag (
    photo_id INTEGER NOT NULL REFERENCES photo(id) ON DELETE CASCADE,
    label_id INTEGER NOT NULL REFERENCES label(id),
    source TEXT NOT NULL CHECK (source IN ('auto', 'user', 'file')),
    state TEXT NOT NULL CHECK (state IN ('suggested', 'accepted', 'rejected')),
    score REAL,
    PRIMARY KEY (photo_id, label_id)
) WITHOUT ROWID;
CREATE INDEX tag_label ON tag(label_id, photo_id);
CREATE TABLE model (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    dim INTEGER NOT NULL,
    added TEXT NOT NULL
);
CREATE TABLE embedding (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    content_id INTEGER NOT NULL REFERENCES content(id) ON DELETE CASCADE,
    model_id INTEGER NOT NULL REFERENCES model(id) ON DELETE CASCADE,
    vector BLOB NOT NULL
);
CREATE UNIQUE INDEX embedding_of ON embedding(content_id, model_id);
CREATE INDEX embedding_model ON embedding(model_id);
"""


def m001_first(db: Database) -> None:
    """The first schema.

    ``content`` gives each content hash a small integer, so that a photo, its embedding and the vector index join on
    eight bytes. ``embedding`` is a rowid table: rows go to the end, pages stay full (DESIGN section 10), and
    AUTOINCREMENT makes "everything after this id" the exact list of what an index has still to read.
    ``embedding_of`` begins with the content, so that forgetting a content finds its embeddings; ``embedding_model``
    holds the row id behind the model, so that a model's last embedding is the last entry of its stretch.
    """
    for statement in _FIRST.split(";"):
        if statement.strip():
            db.execute(statement)


def m002_answering(db: Database) -> None:
    """Which model answers searches (see `core.catalog.answering`).

    A library of before has one model, as a rule; of several it is the one that encoded last.
    """
    db.execute("ALTER TABLE model ADD COLUMN answers INTEGER NOT NULL DEFAULT 0")
    db.execute("CREATE UNIQUE INDEX model_answers ON model(answers) WHERE answers = 1")
    db.execute("UPDATE model SET answers = 1 WHERE id = (SELECT model_id FROM embedding ORDER BY id DESC LIMIT 1)")


STEPS: tuple[Callable[[Database], None], ...] = (
    m001_first,
    m002_answering,
    m003_filters,
    m004_words,
    m005_searches,
    m006_tagging,
    m007_adapters,
    m008_suggested_by,
)
"""Every migration, the oldest first. A new one goes to the end."""

NAMES: tuple[str, ...] = tuple(step.__name__ for step in STEPS)
"""The names under which sqlite-utils keeps them in the catalogue."""


def migrations() -> Migrations:
    """The steps as sqlite-utils runs them."""
    from sqlite_utils import Migrations

    registered = Migrations(SET_NAME)
    for step in STEPS:
        registered(name=step.__name__)(step)
    return registered
