"""The word index as the tests see it: all that it holds, and what it would hold were it built from nothing."""

from __future__ import annotations

import sqlite3

from core.catalog import word_index
from core.catalog.connection import Catalog

TABLES = ("caption_words", "name_words", "folder_words", "label_words")

Held = dict[str, list[tuple[object, ...]]]


class _Undo(Exception):
    """Rolls back what a comparison did."""


def held(db: sqlite3.Connection) -> Held:
    """Every row, and every word with its place, as FTS5 itself has them."""
    found: Held = {"size": [tuple(row) for row in db.execute("SELECT * FROM caption_size ORDER BY photo_id")]}
    for table in TABLES:
        found[table] = [tuple(row) for row in db.execute(f"SELECT rowid, text FROM {table} ORDER BY rowid")]
        # Raises for an index that does not fit its rows.
        db.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")
        db.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.seen_{table} USING fts5vocab(main, {table}, instance)")
        rows = db.execute(f"SELECT term, doc, col, offset FROM temp.seen_{table}").fetchall()
        found[f"places in {table}"] = sorted(tuple(row) for row in rows)
    return found


def built_from_nothing(db: sqlite3.Connection) -> Held:
    """What `held` gives after everything was forgotten and filled again, in the transaction that is open."""
    for table in (*TABLES, "caption_size", "words_due"):
        db.execute(f"DELETE FROM {table}")
    word_index.refresh(db)
    return held(db)


def is_in_step(catalog: Catalog) -> bool:
    """Whether the index equals one built from nothing, and nothing is due. Leaves the catalogue as it was."""
    answers: list[tuple[Held, Held, int]] = []

    def compare(db: sqlite3.Connection) -> None:
        due = db.execute("SELECT count(*) FROM words_due").fetchone()[0]
        now = held(db)
        answers.append((now, built_from_nothing(db), due))
        raise _Undo

    try:
        catalog.write(compare)
    except _Undo:
        pass
    now, anew, due = answers[0]
    assert now == anew
    return bool(due == 0)
