"""The word index: which words stand in captions, in names of files, of folders and of labels.

Four FTS5 tables hold them, folded (see `word_folding`), a row for each thing that has words:

================  ==============  ==============================================================================
table             rowid           words of
================  ==============  ==============================================================================
`caption_words`   ``photo.id``    all captions of the photo, `BETWEEN` between them
`name_words`      ``photo.id``    the file's name without its ending
`folder_words`    ``folder.id``   the folder's path below its root, and the root's own name
`label_words`     ``label.id``    the label
================  ==============  ==============================================================================

A photo's folder and tags are found through the folder and the label, so that a renamed folder is one row, and a tag
that is accepted or rejected none. ``caption_size`` says how long a photo's captions are: the mean number of words of
one.

**In step.** Triggers of the catalogue write the id of whatever changes into ``words_due``, whoever changes it; `settle`
empties that table at the end of each of the writer's transactions (see `Catalog.write`). So the index changes in the
same transaction as what it is about, once for each thing that changed, and not at all where its words are the same: a
file that is read again, and says what it said, costs a comparison.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from core.catalog.batches import batches, marks
from core.catalog.naming import to_name
from core.catalog.word_folding import words, words_of_name

BETWEEN = "¶"
"""Stands between the captions of a photo, so that no phrase reaches from one into the next. Never part of a word."""

TABLES = ("caption_words", "name_words", "folder_words", "label_words")

_KEYS = {
    "photo": {"photo": "id", "caption_words": "rowid", "name_words": "rowid", "caption_size": "photo_id"},
    "folder": {"folder": "id", "folder_words": "rowid"},
    "label": {"label": "id", "label_words": "rowid"},
}
"""For each kind of thing, the tables that have it, and the column of its id."""

_BATCH = 5000
"""Things that are brought up to date together: what a run holds in memory at once."""


def settle(db: sqlite3.Connection) -> int:
    """Bring the words of everything that is due up to date, in the transaction that is open; how many things."""
    done = 0
    for kind, bring in (("photo", _photos), ("folder", _folders), ("label", _labels)):
        # In the order of ids: FTS5 writes what it has gathered whenever an id is lower than the one before.
        while due := [
            row[0] for row in db.execute("SELECT id FROM words_due WHERE kind = ? ORDER BY id LIMIT ?", [kind, _BATCH])
        ]:
            bring(db, due)
            db.execute("DELETE FROM words_due WHERE kind = ? AND id <= ?", [kind, due[-1]])
            done += len(due)
    return done


def refresh(db: sqlite3.Connection) -> None:
    """Compare every word of the catalogue with the index, and mend what differs. Fills an empty index."""
    for kind, tables in _KEYS.items():
        for table, key in tables.items():
            db.execute(f"INSERT OR IGNORE INTO words_due (kind, id) SELECT ?, {key} FROM {table}", [kind])
    settle(db)


def rebuild(db: sqlite3.Connection) -> None:
    """Make the index anew, in the transaction that is open, from whatever state it is in."""
    for table in TABLES:
        # What FTS5 looks words up in comes from its own rows again; until then no row can be taken out of it.
        db.execute(f"INSERT INTO {table} ({table}) VALUES ('rebuild')")
    refresh(db)


def captions_with(text: str) -> tuple[str, tuple[str, ...]]:
    """The ids of the photos in whose captions all words of ``text`` stand: a SELECT and its parameters.

    What is written without a space between (``well-known``, ``東京``) has to stand there side by side. No photo has
    a text without a word.
    """
    wanted = " AND ".join(phrase(folded) for part in text.split() if (folded := words(part)))
    if not wanted:
        return "SELECT rowid FROM caption_words WHERE 0", ()
    return "SELECT rowid FROM caption_words WHERE caption_words MATCH ?", (wanted,)


def path_of_folder(root: str, path: str) -> str:
    """What of a folder's path has words that it is found by, from the texts of its root's path and of its own."""
    own = to_name(root).replace("\\", "/").rstrip("/").rpartition("/")[2]
    return f"{own}/{to_name(path)}"


def stem_of_name(name: str) -> str:
    """What of the text of a file's name has words that it is found by."""
    plain = to_name(name)
    return plain.rpartition(".")[0] or plain


def text_of_name(name: str) -> str:
    """What `name_words` holds for a file of this name; empty for no row."""
    return " ".join(words_of_name(stem_of_name(name)))


def text_of_captions(captions: Iterable[str]) -> tuple[str, int]:
    """What `caption_words` and ``caption_size`` hold for a photo with these captions; empty and 0 for no row."""
    said = [spoken for text in captions if (spoken := words(text))]
    size = round(sum(map(len, said)) / len(said)) if said else 0
    return f" {BETWEEN} ".join(" ".join(spoken) for spoken in said), size


def text_of_folder(root: str, path: str) -> str:
    """What `folder_words` holds for a folder; empty for no row."""
    return " ".join(words_of_name(path_of_folder(root, path)))


def text_of_label(name: str) -> str:
    """What `label_words` holds for a label; empty for no row."""
    return " ".join(words(name))


def phrase(folded: Sequence[str]) -> str:
    """What FTS5 is asked for these words side by side. Quoted, nothing in them is taken for its own language."""
    return '"' + " ".join(folded).replace('"', '""') + '"' if folded else ""


def _photos(db: sqlite3.Connection, ids: Sequence[int]) -> None:
    names: dict[int, str] = {}
    captions: dict[int, str] = {}
    sizes: dict[int, int] = {}
    for batch in batches(ids):
        rows = db.execute(f"SELECT id, name FROM photo WHERE id IN ({marks(len(batch))})", batch)
        names.update((id, text_of_name(name)) for id, name in rows)
        rows = db.execute(
            f"SELECT photo_id, text FROM caption WHERE photo_id IN ({marks(len(batch))}) ORDER BY photo_id, id", batch
        )
        for id, found in groupby(rows, key=lambda row: int(row[0])):
            captions[id], sizes[id] = text_of_captions(text for _, text in found)
    _put(db, "name_words", ids, names)
    _put(db, "caption_words", ids, captions)
    _put(db, "caption_size", ids, sizes, key="photo_id", column="words")


def _folders(db: sqlite3.Connection, ids: Sequence[int]) -> None:
    found: dict[int, str] = {}
    for batch in batches(ids):
        rows = db.execute(
            "SELECT f.id, r.path, f.path FROM folder f JOIN root r ON r.id = f.root_id "
            f"WHERE f.id IN ({marks(len(batch))})",
            batch,
        )
        for id, root, path in rows:
            found[id] = text_of_folder(root, path)
    _put(db, "folder_words", ids, found)


def _labels(db: sqlite3.Connection, ids: Sequence[int]) -> None:
    found: dict[int, str] = {}
    for batch in batches(ids):
        rows = db.execute(f"SELECT id, name FROM label WHERE id IN ({marks(len(batch))})", batch)
        found.update((id, text_of_label(name)) for id, name in rows)
    _put(db, "label_words", ids, found)


def _put(
    db: sqlite3.Connection,
    table: str,
    ids: Sequence[int],
    values: Mapping[int, str] | Mapping[int, int],
    key: str = "rowid",
    column: str = "text",
) -> None:
    """Give the rows of ``ids`` these values (no row, where there is none, or no word in it), where they have others."""
    kept: dict[int, str | int] = {}
    for batch in batches(ids):
        kept.update(db.execute(f"SELECT {key}, {column} FROM {table} WHERE {key} IN ({marks(len(batch))})", batch))
    changed = [id for id in ids if (values.get(id) or None) != kept.get(id)]
    gone = [(id,) for id in changed if id in kept]
    new = [(id, value) for id in changed if (value := values.get(id))]
    if gone:
        db.executemany(f"DELETE FROM {table} WHERE {key} = ?", gone)
    if new:
        db.executemany(f"INSERT INTO {table} ({key}, {column}) VALUES (?, ?)", new)
