"""Where labels lie in trees: by the person's lists, by the keywords of files (``file_place``), by the ready lists."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import pairwise

from core.catalog.tags import label_id, name_of

_MOST_PAIRS = 400
"""Pairs of labels that one file may tell of."""
_BY_RANK = """
SELECT i.label_id, i.parent_id, 0 AS rank, l.id AS turn, i.position AS place
    FROM listed i JOIN label_list l ON l.id = i.list_id WHERE i.parent_id IS NOT NULL AND NOT l.ready
UNION ALL SELECT label_id, parent_id, 1, -photos, parent_id FROM file_parent
UNION ALL SELECT i.label_id, i.parent_id, 2, l.id, i.position
    FROM listed i JOIN label_list l ON l.id = i.list_id WHERE i.parent_id IS NOT NULL AND l.ready AND NOT i.known
    AND NOT EXISTS (SELECT 1 FROM listed j JOIN label_list m ON m.id = j.list_id
                    WHERE j.label_id = i.label_id AND NOT m.ready)
ORDER BY rank, turn, place
"""


def parents(db: sqlite3.Connection) -> dict[int, int]:
    """The label above each one that has one.

    The person's lists go first, in the order in which they were made; then what most files say; then the ready lists,
    which have no say over labels that were on photos, or in a list of the person's, without them. There are no rings:
    what would close one, since lists may contradict each other, is passed over.
    """
    found: dict[int, int] = {}
    cursor = db.cursor()
    cursor.row_factory = None
    for label, above, *_ in cursor.execute(_BY_RANK):
        if label not in found and not _leads_to(found, above, label):
            found[label] = above
    return found


def lines(db: sqlite3.Connection) -> dict[int, tuple[str, ...]]:
    """The names from the top of its tree down to its own, of each label that has one above it or is in a list of the
    person's. Of another label nothing says where it lies."""
    names = {row["id"]: row["name"] for row in db.execute("SELECT id, name FROM label")}
    above = parents(db)
    rows = db.execute(
        "SELECT DISTINCT i.label_id FROM listed i JOIN label_list l ON l.id = i.list_id WHERE NOT l.ready"
    )
    found: dict[int, tuple[str, ...]] = {}
    for label in {*above, *(row["label_id"] for row in rows)}:
        line, at = [names[label]], label
        while at in above:
            at = above[at]
            line.append(names[at])
        found[label] = tuple(reversed(line))
    return found


def replace_from_file(db: sqlite3.Connection, photo_id: int, paths: Iterable[Sequence[str]]) -> None:
    """Put the places that a photo's file tells of, each path its steps from the top, in place of those of before."""
    told: set[tuple[int, int]] = set()
    for path in paths:
        steps = [name for step in path if (name := name_of(step))]
        ids = [label_id(db, name) for name in steps]
        told.update((below, above) for above, below in pairwise(ids) if below != above)
        if len(told) >= _MOST_PAIRS:
            break
    rows = db.execute("SELECT label_id, parent_id FROM file_place WHERE photo_id = ?", [photo_id])
    before = {(row["label_id"], row["parent_id"]) for row in rows}
    db.executemany(
        "DELETE FROM file_place WHERE photo_id = ? AND label_id = ? AND parent_id = ?",
        [(photo_id, *pair) for pair in before - told],
    )
    db.executemany(
        "INSERT INTO file_place (photo_id, label_id, parent_id) VALUES (?, ?, ?)",
        [(photo_id, *pair) for pair in told - before],
    )


def hand_over(db: sqlite3.Connection, label: int, into: int) -> None:
    """What files say of the place of a label, and of those below it, they say of another from now on."""
    for column, other in (("label_id", "parent_id"), ("parent_id", "label_id")):
        rows = db.execute(f"SELECT photo_id, {other} AS other FROM file_place WHERE {column} = ?", [label]).fetchall()
        db.execute(f"DELETE FROM file_place WHERE {column} = ?", [label])
        db.executemany(
            f"INSERT INTO file_place (photo_id, {column}, {other}) SELECT ?1, ?2, ?3 WHERE NOT EXISTS "
            f"(SELECT 1 FROM file_place WHERE photo_id = ?1 AND {column} = ?2 AND {other} = ?3)",
            [(row["photo_id"], into, row["other"]) for row in rows if row["other"] != into],
        )


def _leads_to(above: dict[int, int], label: int, wanted: int) -> bool:
    at: int | None = label
    while at is not None:
        if at == wanted:
            return True
        at = above.get(at)
    return False
