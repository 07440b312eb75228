"""Rows of ``written``: what sidecars were before an export wrote them, run by run."""

from __future__ import annotations

import json
import sqlite3
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from core.catalog.batches import batches, marks
from core.catalog.naming import to_name, to_text
from core.catalog.travelled import Kept

KEPT_RUNS = 20
"""Runs that can be undone; older ones are forgotten."""
_HEAD = struct.Struct(">32sII")


@dataclass(frozen=True, slots=True)
class Written:
    """A sidecar that a run wrote. ``before`` is packed (see `packed`); None where there was no file."""

    id: int
    path: Path
    before: bytes | None
    after_hash: bytes
    photo_id: int
    kept: Kept
    """What `travelled` had of the photo before."""


def next_run(db: sqlite3.Connection) -> int:
    """The number of a new run; forgets those that are too old to be undone."""
    run = int(db.execute("SELECT coalesce(max(run), 0) + 1 FROM written").fetchone()[0])
    db.execute("DELETE FROM written WHERE run <= ?", [run - KEPT_RUNS])
    return run


def add(
    db: sqlite3.Connection, run: int, path: Path, before: bytes | None, after: bytes, photo_id: int, kept: Kept
) -> int:
    """Note what is about to be written; the row's id."""
    row = db.execute(
        "INSERT INTO written (run, path, before, after_hash, owned, photo_id, made) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "RETURNING id",
        [
            run,
            to_text(str(path)),
            None if before is None else packed(before, after),
            sha256(after).digest(),
            json.dumps(sorted(kept)),
            photo_id,
            datetime.now(UTC).isoformat(timespec="seconds"),
        ],
    ).fetchone()
    return int(row["id"])


def last_run(db: sqlite3.Connection) -> list[Written]:
    """What the last run wrote that was not undone, the newest first: a sidecar's own writings in reverse."""
    rows = db.execute(
        "SELECT id, path, before, after_hash, owned, photo_id FROM written "
        "WHERE run = (SELECT max(run) FROM written) ORDER BY id DESC"
    )
    return [
        Written(
            row["id"],
            Path(to_name(row["path"])),
            row["before"],
            row["after_hash"],
            row["photo_id"],
            frozenset((kind, value) for kind, value in json.loads(row["owned"])),
        )
        for row in rows
    ]


def remove(db: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Forget rows: they were undone, or nothing was written after all."""
    for batch in batches(ids):
        db.execute(f"DELETE FROM written WHERE id IN ({marks(len(batch))})", batch)


def packed(before: bytes, after: bytes) -> bytes:
    """``before`` as it differs from ``after``: an undo has that at hand. A hundred bytes, as a rule, in place of a
    hundred thousand."""
    head = _alike(before, after)
    tail = _alike(before[head:][::-1], after[head:][::-1])
    middle = before[head : len(before) - tail]
    return _HEAD.pack(sha256(before).digest(), head, tail) + zlib.compress(middle)


def unpacked(pack: bytes, after: bytes) -> bytes:
    """The ``before`` of `packed`. Raises ValueError where ``after`` is not the one that it was packed against."""
    digest, head, tail = _HEAD.unpack_from(pack)
    before = after[:head] + zlib.decompress(pack[_HEAD.size :]) + after[len(after) - tail :]
    if sha256(before).digest() != digest:
        raise ValueError("packed against other bytes")
    return before


def is_before(pack: bytes, raw: bytes) -> bool:
    """Whether ``raw`` is what was packed."""
    return bool(_HEAD.unpack_from(pack)[0] == sha256(raw).digest())


def _alike(one: bytes, other: bytes) -> int:
    """How many bytes two begin with alike; found by halves, since comparing slices is quick."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
