"""Whether the word index is in step with the catalogue (see `core.catalog.word_index`). Changes nothing.

Three questions. What is still due: another program wrote, and nobody of ours since. Which rows hold other words than
the catalogue says: both are walked through side by side, in the order of ids, with one of each in memory. And whether
what FTS5 looks words up in fits its rows: its own integrity-check
(https://www.sqlite.org/fts5.html#the_integrity_check_command). All of it took 3.5 s for 300,000 photos of which one in
twenty had a caption, FTS5's part a tenth of a second; the time grows with the number of photos.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby

from core.catalog import word_index
from core.catalog.connection import Catalog

Rows = Iterator[tuple[int, str | int]]
"""Ids, ascending, each with what is held for it; without those that nothing is held for."""


@dataclass(frozen=True, slots=True)
class WordsLookedAt:
    """``waiting``: photos, folders and labels that are due. ``differing``: rows of others that are missing, too many,
    or hold other words than they should. ``damaged``: tables whose words cannot be looked up as they stand there."""

    waiting: int
    differing: int
    damaged: tuple[str, ...]

    @property
    def in_step(self) -> bool:
        """Whether every word is found where it stands."""
        return not (self.waiting or self.differing or self.damaged)


def look(catalog: Catalog) -> WordsLookedAt:
    """Look at all of it. In a library that can only be read, FTS5 is not asked: its check wants the right to write.

    Raises `LibraryBusy` while another process writes for long, and what `Catalog.read` raises.
    """
    damaged = () if catalog.read_only else tuple(catalog.check_words())
    with catalog.read() as db:
        db.execute("BEGIN")
        due: dict[str, set[int]] = {"photo": set(), "folder": set(), "label": set()}
        for kind, id in db.execute("SELECT kind, id FROM words_due"):
            due[kind].add(id)
        differing = sum(
            _differences(_without(expected, due[kind]), _without(kept, due[kind]))
            for kind, expected, kept in _pairs(db)
        )
    return WordsLookedAt(sum(map(len, due.values())), differing, damaged)


def _pairs(db: sqlite3.Connection) -> Iterator[tuple[str, Rows, Rows]]:
    """For each table the kind of thing that it is about, what it should hold, and what it holds."""
    names = _rows(db, "SELECT id, name FROM photo ORDER BY id")
    yield "photo", ((id, word_index.text_of_name(name)) for id, name in names), _held(db, "name_words")
    yield "photo", ((id, text) for id, text, _ in _captions(db)), _held(db, "caption_words")
    sizes = _rows(db, "SELECT photo_id, words FROM caption_size ORDER BY photo_id")
    yield "photo", ((id, size) for id, _, size in _captions(db)), ((id, size) for id, size in sizes)
    folders = _rows(db, "SELECT f.id, r.path, f.path FROM folder f JOIN root r ON r.id = f.root_id ORDER BY f.id")
    yield (
        "folder",
        ((id, word_index.text_of_folder(root, path)) for id, root, path in folders),
        _held(db, "folder_words"),
    )
    labels = _rows(db, "SELECT id, name FROM label ORDER BY id")
    yield "label", ((id, word_index.text_of_label(name)) for id, name in labels), _held(db, "label_words")


def _rows(db: sqlite3.Connection, sql: str) -> Iterator[sqlite3.Row]:
    with closing(db.execute(sql)) as rows:
        yield from rows


def _held(db: sqlite3.Connection, table: str) -> Rows:
    return ((id, text) for id, text in _rows(db, f"SELECT rowid, text FROM {table} ORDER BY rowid"))


def _captions(db: sqlite3.Connection) -> Iterator[tuple[int, str, int]]:
    rows = _rows(db, "SELECT photo_id, text FROM caption ORDER BY photo_id, id")
    for id, found in groupby(rows, key=lambda row: int(row[0])):
        yield id, *word_index.text_of_captions(text for _, text in found)


def _without(rows: Rows, due: set[int]) -> Rows:
    return ((id, value) for id, value in rows if value and id not in due)


def _differences(expected: Rows, kept: Rows) -> int:
    """How many ids do not have the same on both sides."""
    count = 0
    one, other = next(expected, None), next(kept, None)
    while one is not None or other is not None:
        if one == other:
            one, other = next(expected, None), next(kept, None)
            continue
        count += 1
        first = min(row[0] for row in (one, other) if row is not None)
        if one is not None and one[0] == first:
            one = next(expected, None)
        if other is not None and other[0] == first:
            other = next(kept, None)
    return count
