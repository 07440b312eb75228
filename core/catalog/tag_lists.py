"""Tags as lists show them: of some photos, of all by path, and counted by label."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from core.catalog.batches import batches, marks
from core.catalog.naming import to_name, to_text
from core.catalog.tags import TagRow


@dataclass(frozen=True, slots=True)
class TagOn:
    """A tag, with its label's name."""

    label_id: int
    label: str
    row: TagRow


@dataclass(frozen=True, slots=True)
class Counted:
    """How many photos have a label, in each state."""

    label_id: int
    label: str
    suggested: int
    accepted: int
    rejected: int


_USED = (
    "(EXISTS (SELECT 1 FROM tag t WHERE t.label_id = l.id) OR EXISTS (SELECT 1 FROM listed i WHERE i.label_id = l.id) "
    "OR EXISTS (SELECT 1 FROM decision d WHERE d.label_id = l.id))"
)
_TAG = "t.label_id, l.name, t.state, t.source, t.score"


def of(db: sqlite3.Connection, photo_ids: Sequence[int]) -> dict[int, list[TagOn]]:
    """The tags of each of the photos that has any, by name."""
    found: dict[int, list[TagOn]] = {}
    cursor = db.cursor()
    cursor.row_factory = None
    for batch in batches([int(id) for id in photo_ids]):
        cursor.execute(
            f"SELECT t.photo_id, {_TAG} FROM tag t JOIN label l ON l.id = t.label_id "
            f"WHERE t.photo_id IN ({marks(len(batch))}) ORDER BY t.photo_id, l.folded, l.name",
            batch,
        )
        for photo_id, *tag in cursor:
            found.setdefault(photo_id, []).append(_tag(tag))
    return found


def by_path(
    db: sqlite3.Connection, states: Sequence[str], label_id: int | None = None, within: tuple[int, str] | None = None
) -> Iterator[tuple[int, Path, list[TagOn]]]:
    """The photos that have tags in these states, by path, as a stream.

    ``within``: a root's id, and a folder below it in POSIX form ("" for the root itself).
    """
    where, parameters = [f"t.state IN ({marks(len(states))})"], [*states]
    values: list[Any] = list(parameters)
    if label_id is not None:
        where.append("t.label_id = ?")
        values.append(label_id)
    if within is not None:
        root_id, folder = within
        condition, more = below(root_id, folder)
        where.append(condition)
        values.extend(more)
    cursor = db.cursor()
    cursor.row_factory = None
    cursor.execute(
        f"SELECT p.id, r.path, f.path, p.name, {_TAG} FROM tag t JOIN label l ON l.id = t.label_id "
        "JOIN photo p ON p.id = t.photo_id JOIN folder f ON f.id = p.folder_id JOIN root r ON r.id = f.root_id "
        f"WHERE {' AND '.join(where)} ORDER BY r.path, f.path, p.name, p.id, l.folded, l.name",
        values,
    )
    for (photo_id, *place), rows in groupby(cursor, key=lambda row: row[:4]):
        path = os.path.join(*map(to_name, place))  # noqa: PTH118
        yield photo_id, Path(path), [_tag(row[4:]) for row in rows]


def below(root_id: int, folder: str) -> tuple[str, list[Any]]:
    """A condition on ``f``, a folder: that it is this one, or lies below it; and its parameters."""
    text = to_text(folder)
    if not text:
        return "f.root_id = ?", [root_id]
    return "f.root_id = ? AND (f.path = ? OR substr(f.path, 1, ?) = ?)", [root_id, text, len(text) + 1, f"{text}/"]


def counts(db: sqlite3.Connection) -> list[Counted]:
    """The labels that are on photos, by name."""
    # A count for each label and state walks along `tag_label`; GROUP BY takes twice as long.
    each = ", ".join(
        f"(SELECT count(*) FROM tag t WHERE t.label_id = l.id AND t.state = '{state}')"
        for state in ("suggested", "accepted", "rejected")
    )
    rows = db.execute(f"SELECT l.id, l.name, {each} FROM label l ORDER BY l.folded, l.name")
    return [Counted(*row) for row in rows if any(row[2:])]


def counts_with_lists(db: sqlite3.Connection) -> list[tuple[Counted, tuple[str, ...]]]:
    """The labels that are on photos or in no list, by name, each with the names of the lists that have it."""
    lists: dict[int, list[str]] = {}
    for label_id, name in db.execute(
        "SELECT i.label_id, k.name FROM listed i JOIN label_list k ON k.id = i.list_id ORDER BY k.folded"
    ):
        lists.setdefault(label_id, []).append(name)
    found = {row.label_id: row for row in counts(db)}
    others = db.execute(f"SELECT l.id, l.name FROM label l WHERE {_USED} ORDER BY l.folded, l.name")
    rows = [found.get(id) or Counted(id, name, 0, 0, 0) for id, name in others if id in found or id not in lists]
    return [(row, tuple(lists.get(row.label_id, ()))) for row in rows]


def photos_tagged(db: sqlite3.Connection) -> int:
    """How many photos have a label that is accepted."""
    return int(db.execute("SELECT count(*) FROM photo WHERE tagged = 1").fetchone()[0])


def waiting(db: sqlite3.Connection, list_id: int | None = None) -> list[tuple[int, str, int]]:
    """(label id, name, photos) of the labels with suggestions; with a list, of its labels alone. Most photos first."""
    # A count for each label walks along `tag_label`; GROUP BY takes forty times as long.
    among = "" if list_id is None else "WHERE l.id IN (SELECT label_id FROM listed WHERE list_id = ?)"
    rows = db.execute(
        "SELECT l.id, l.name, (SELECT count(*) FROM tag t WHERE t.label_id = l.id AND t.state = 'suggested') AS photos "
        f"FROM label l {among} ORDER BY photos DESC, l.folded, l.id",
        [] if list_id is None else [list_id],
    )
    return [(id, name, photos) for id, name, photos in rows if photos]


def suggested(db: sqlite3.Connection, label_id: int, at_least: float | None = None) -> Iterator[tuple[int, int, float]]:
    """(photo id, content id, score) of the suggestions of a label, the surest first; without a score: 0. A stream."""
    cursor = db.cursor()
    cursor.row_factory = None
    line = "" if at_least is None else "AND t.score >= ?"
    return cursor.execute(
        "SELECT t.photo_id, p.content_id, coalesce(t.score, 0.0) FROM tag t JOIN photo p ON p.id = t.photo_id "
        f"WHERE t.label_id = ? AND t.state = 'suggested' {line} ORDER BY t.score DESC, t.photo_id",
        [label_id] if at_least is None else [label_id, at_least],
    )


def names(db: sqlite3.Connection, label_ids: Sequence[int]) -> dict[int, str]:
    """The names of those of the labels that are there."""
    found: dict[int, str] = {}
    for batch in batches(label_ids):
        found.update(db.execute(f"SELECT id, name FROM label WHERE id IN ({marks(len(batch))})", batch))
    return found


def all_names(db: sqlite3.Connection) -> list[str]:
    """The names of the labels that something has: a photo, a list, a decision on a photo that is gone."""
    return [row["name"] for row in db.execute(f"SELECT name FROM label l WHERE {_USED} ORDER BY folded, name")]


def is_used(db: sqlite3.Connection, label_id: int) -> bool:
    """Whether a photo, a list, or a decision on a photo that is gone has a label. The row of one that nothing has stays
    where a step names it, for when that is undone; to a person it is not there."""
    return db.execute(f"SELECT 1 FROM label l WHERE l.id = ? AND {_USED}", [label_id]).fetchone() is not None


def lists_of(db: sqlite3.Connection, label_id: int) -> list[str]:
    """The names of the lists that have a label."""
    query = "SELECT k.name FROM listed i JOIN label_list k ON k.id = i.list_id WHERE i.label_id = ? ORDER BY k.folded"
    return [row["name"] for row in db.execute(query, [label_id])]


def _tag(row: Sequence[Any]) -> TagOn:
    label_id, label, state, source, score = row
    return TagOn(label_id, label, TagRow(state, source, score))
