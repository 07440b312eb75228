"""Rows of ``root``: the folders that the user added."""

from __future__ import annotations

import glob
import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from core.catalog import rules_rows
from core.catalog.folding import fold
from core.catalog.naming import to_name, to_text
from core.types import Root

_COLUMNS = "id, path, added, mount, ignore"


def add(db: sqlite3.Connection, path: Path, mount: Path | None, ignore: Sequence[str] = ()) -> Root:
    """Add a root, or learn the mount point of one that is known (whose ignore patterns stay)."""
    text = to_text(str(path))
    row = db.execute(
        "INSERT INTO root (path, folded, folded_name, added, mount, ignore) VALUES (?, ?, ?, ?, ?, ?) "
        f"ON CONFLICT (path) DO UPDATE SET mount = excluded.mount RETURNING {_COLUMNS}",
        [
            text,
            *folded(text),
            datetime.now(UTC).isoformat(timespec="seconds"),
            None if mount is None else to_text(str(mount)),
            json.dumps(list(ignore)),
        ],
    ).fetchone()
    return _root(row)


def folded(path: str) -> tuple[str, str]:
    """A root's path and its last step as a filter compares them: folded, with slashes that lean forwards, none at the
    end."""
    whole = path.replace("\\", "/").rstrip("/")
    return fold(whole), fold(whole.rpartition("/")[2])


def all(db: sqlite3.Connection) -> list[Root]:
    """Every root, in the order in which they were added."""
    return [_root(row) for row in db.execute(f"SELECT {_COLUMNS} FROM root ORDER BY id")]


def get(db: sqlite3.Connection, path: Path) -> Root | None:
    """The root at exactly this path."""
    row = db.execute(f"SELECT {_COLUMNS} FROM root WHERE path = ?", [to_text(str(path))]).fetchone()
    return None if row is None else _root(row)


def forget(db: sqlite3.Connection, root_id: int) -> int:
    """Remove a root with its folders, photos and failures; the number of photos that went.

    Contents and embeddings stay: `contents.purge_orphans` removes those that no photo has any more.
    """
    photos, _ = counts(db).get(root_id, (0, 0))
    db.execute("DELETE FROM root WHERE id = ?", [root_id])
    return photos


def swallow(db: sqlite3.Connection, parent_id: int, child: Root, inner: str) -> None:
    """Make what is known under ``child`` known under the root whose folder ``inner`` it is, and remove ``child``.

    The rows of photos and failures stay as they are, so that nothing is read or encoded again. The child's ignore
    patterns and rules go on to hold below its folder alone.
    """
    text = to_text(inner)
    db.execute(
        "UPDATE folder SET root_id = ?, path = CASE path WHEN '' THEN ? ELSE ? || '/' || path END, "
        "folded = CASE path WHEN '' THEN ? ELSE ? || '/' || folded END WHERE root_id = ?",
        [parent_id, text, text, fold(text), fold(text), child.id],
    )
    rules_rows.swallow(db, parent_id, child.id, inner)
    start = glob.escape(inner)
    ignore(db, parent_id, [pattern for name in child.ignore for pattern in (f"{start}/{name}", f"{start}/*/{name}")])
    db.execute("DELETE FROM root WHERE id = ?", [child.id])


def ignore(db: sqlite3.Connection, root_id: int, patterns: Sequence[str]) -> None:
    """Add to the patterns of names and paths that a root leaves out."""
    if patterns:
        [known] = db.execute("SELECT ignore FROM root WHERE id = ?", [root_id]).fetchone()
        merged = dict.fromkeys([*json.loads(known), *patterns])
        db.execute("UPDATE root SET ignore = ? WHERE id = ?", [json.dumps(list(merged)), root_id])


def counts(db: sqlite3.Connection) -> dict[int, tuple[int, int]]:
    """For each root's id, how many photos and how many failures the catalogue knows under it."""
    found = {int(row["id"]): [0, 0] for row in db.execute("SELECT id FROM root")}
    for place, table in enumerate(("photo", "failure")):
        rows = db.execute(
            f"SELECT f.root_id, count(*) FROM folder f JOIN {table} t ON t.folder_id = f.id GROUP BY f.root_id"
        )
        for root_id, number in rows:
            found[root_id][place] = number
    return {root_id: (photos, failures) for root_id, (photos, failures) in found.items()}


def _root(row: sqlite3.Row) -> Root:
    return Root(
        id=row["id"],
        path=Path(to_name(row["path"])),
        added=row["added"],
        mount=None if row["mount"] is None else Path(to_name(row["mount"])),
        ignore=tuple(json.loads(row["ignore"])),
    )
