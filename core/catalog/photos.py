"""Rows of ``photo``: the files under the roots, with what they say of themselves."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.catalog import by_date, captions, derived, failures, label_places, roots, stamps, tags, travelled
from core.catalog.batches import batches, marks
from core.catalog.folding import fold
from core.catalog.naming import readable, to_name, to_text
from core.catalog.nesting import place_of
from core.types import FileStamp, Photo, PhotoMetadata, TakenSource

_METADATA = (
    "width, height, format, taken, taken_source, camera, lens, focal_length, aperture, exposure, iso, "
    "latitude, longitude, rating"
)
_FACTS = f"{_METADATA}, {derived.COLUMNS}"
_FACTS_SET = ", ".join(f"{column} = ?" for column in _FACTS.split(", "))
_STAMP_SET = ", ".join(f"{column} = ?" for column in stamps.COLUMNS.split(", "))
_KEPT = f"content_id, {stamps.COLUMNS}, {_FACTS}"
_UPSERT = (
    f"INSERT INTO photo (folder_id, name, folded_name, {_KEPT}) VALUES ({marks(3 + len(_KEPT.split(', ')))}) "
    "ON CONFLICT (folder_id, name) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in _KEPT.split(", "))
    + " RETURNING id"
)
FROM = "photo p JOIN folder f ON f.id = p.folder_id JOIN root r ON r.id = f.root_id"
"""What a filter's ``where`` may speak of: ``p``, the photo; ``f``, its folder; ``r``, its root."""

_SELECT = (
    f"SELECT p.id, p.content_id, c.hash, p.size, p.name, f.path AS folder, r.path AS root, p.favourite, {_METADATA} "
    f"FROM {FROM} JOIN content c ON c.id = p.content_id"
)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What the catalogue knows of a file: a photo, or (``failure``) one that could not be read.

    ``folder`` is relative to the root, in POSIX form. A failure has no ``photo_id`` and no ``content_id``.
    """

    photo_id: int | None
    failure: bool
    folder_id: int
    folder: str
    name: str
    stamp: FileStamp
    content_id: int | None


def known(db: sqlite3.Connection, root_id: int) -> Iterator[KnownFile]:
    """Every file that is known under a root, photos and failures alike, as a stream: a million need no list."""
    cursor = db.cursor()
    cursor.row_factory = None
    cursor.execute(
        f"SELECT t.id, 0, f.id, f.path, t.name, {stamps.COLUMNS}, t.content_id "
        "FROM folder f JOIN photo t ON t.folder_id = f.id WHERE f.root_id = ? UNION ALL "
        f"SELECT NULL, 1, f.id, f.path, t.name, {stamps.COLUMNS}, NULL "
        "FROM folder f JOIN failure t ON t.folder_id = f.id WHERE f.root_id = ?",
        [root_id, root_id],
    )
    for photo_id, failure, folder_id, folder, name, size, mtime_ns, inode, sidecar_ns, content_id in cursor:
        stamp = stamps.from_row(size, mtime_ns, inode, sidecar_ns)
        yield KnownFile(photo_id, bool(failure), folder_id, to_name(folder), to_name(name), stamp, content_id)


def upsert(
    db: sqlite3.Connection, folder_id: int, name: str, stamp: FileStamp, content_id: int, metadata: PhotoMetadata
) -> int:
    """Add a photo, or put what is known of it now in place of what was; its id.

    Its file's captions and keywords replace those that the file had before; the user's own, and every tag that is not
    from the file, stay. A failure of that name is forgotten: the file could be read.
    """
    text = to_text(name)
    row = db.execute(
        _UPSERT, [folder_id, text, fold(text), content_id, *stamps.to_row(stamp), *_facts(db, metadata)]
    ).fetchone()
    photo_id = int(row["id"])
    db.execute("DELETE FROM failure WHERE folder_id = ? AND name = ?", [folder_id, text])
    metadata = travelled.without_own(db, photo_id, metadata)
    captions.replace_from_file(db, photo_id, metadata.captions)
    tags.replace_from_file(db, photo_id, metadata.keywords)
    label_places.replace_from_file(db, photo_id, (*metadata.paths, *metadata.paths_beside))
    failures.note_sidecars(db, photo_id, metadata.unread)
    return photo_id


def set_metadata(db: sqlite3.Connection, photo_id: int, metadata: PhotoMetadata) -> None:
    """Put what a file and its sidecars say now in place of what they said, as `upsert` does; the file is the same."""
    db.execute(f"UPDATE photo SET {_FACTS_SET} WHERE id = ?", [*_facts(db, metadata), photo_id])
    metadata = travelled.without_own(db, photo_id, metadata)
    captions.replace_from_file(db, photo_id, metadata.captions)
    tags.replace_from_file(db, photo_id, metadata.keywords)
    label_places.replace_from_file(db, photo_id, (*metadata.paths, *metadata.paths_beside))
    failures.note_sidecars(db, photo_id, metadata.unread)


def restamp(db: sqlite3.Connection, photo_id: int, stamp: FileStamp) -> None:
    """Learn a photo's new stamp: its file was touched, its bytes are the same."""
    db.execute(f"UPDATE photo SET {_STAMP_SET} WHERE id = ?", [*stamps.to_row(stamp), photo_id])


def move(db: sqlite3.Connection, photo_id: int, folder_id: int, name: str, stamp: FileStamp) -> None:
    """Learn that a photo lies elsewhere now, with its captions and tags.

    Another photo, or a failure, that was known in that place is forgotten: its file was overwritten.
    """
    text = to_text(name)
    db.execute("DELETE FROM photo WHERE folder_id = ? AND name = ? AND id <> ?", [folder_id, text, photo_id])
    db.execute("DELETE FROM failure WHERE folder_id = ? AND name = ?", [folder_id, text])
    db.execute(
        f"UPDATE photo SET folder_id = ?, name = ?, folded_name = ?, {_STAMP_SET} WHERE id = ?",
        [folder_id, text, fold(text), *stamps.to_row(stamp), photo_id],
    )


def remove(db: sqlite3.Connection, photo_ids: Sequence[int]) -> int:
    """Forget photos with their captions and tags; how many there were. Contents and embeddings stay."""
    return sum(
        db.execute(f"DELETE FROM photo WHERE id IN ({marks(len(batch))})", batch).rowcount
        for batch in batches(photo_ids)
    )


def by_ids(db: sqlite3.Connection, ids: Sequence[int]) -> list[Photo]:
    """The photos with these ids, in that order; those that are gone are left out.

    ``metadata.captions`` and ``.keywords`` are left empty: ask `captions.of` and `tags.of` for one photo's.
    """
    wanted = [int(id) for id in ids]
    found: dict[int, Photo] = {}
    for batch in batches(wanted):
        rows = db.execute(f"{_SELECT} WHERE p.id IN ({marks(len(batch))})", batch)
        found.update((row["id"], _photo(row)) for row in rows)
    return [found[id] for id in wanted if id in found]


def by_path(db: sqlite3.Connection, path: Path) -> Photo | None:
    """The photo at an absolute path, whatever links led there."""
    place = place_of(path, roots.all(db))
    if place is None:
        return None
    folder, _, name = place.inner.rpartition("/")
    row = db.execute(
        f"{_SELECT} WHERE r.id = ? AND f.path = ? AND p.name = ?", [place.root.id, to_text(folder), to_text(name)]
    ).fetchone()
    return None if row is None else _photo(row)


def stamp_of(db: sqlite3.Connection, photo_id: int) -> FileStamp | None:
    """The stamp that a photo's file had when it was read."""
    row = db.execute(f"SELECT {stamps.COLUMNS} FROM photo WHERE id = ?", [photo_id]).fetchone()
    return None if row is None else stamps.from_row(*row)


def by_content(
    db: sqlite3.Connection, content_ids: Sequence[int], allowed: tuple[str | None, Sequence[Any]] | None = None
) -> dict[int, list[Photo]]:
    """The photos with these contents, by content, copies in the order in which they were added.

    ``allowed`` is a filter over `FROM` (None keeps all) and its parameters: photos that it leaves out are left out.
    """
    where, parameters = allowed if allowed is not None else (None, ())
    found: dict[int, list[Photo]] = {}
    for batch in batches([int(id) for id in content_ids]):
        rows = db.execute(
            f"{_SELECT} WHERE p.content_id IN ({marks(len(batch))}) AND ({where or 1}) ORDER BY p.id",
            [*batch, *parameters],
        )
        for row in rows:
            found.setdefault(row["content_id"], []).append(_photo(row))
    return found


def metadata_of_content(db: sqlite3.Connection, content_id: int) -> PhotoMetadata | None:
    """All that the oldest photo with this content says of itself, captions and keywords of its file with it."""
    row = db.execute(f"{_SELECT} WHERE p.content_id = ? ORDER BY p.id LIMIT 1", [content_id]).fetchone()
    if row is None:
        return None
    said = tuple(caption for caption in captions.of(db, row["id"]) if caption.source in captions.FILE_SOURCES)
    return _metadata(row, said, tuple(tags.from_file(db, row["id"])))


def ids_by_date(db: sqlite3.Connection, where: str | None = None, params: Sequence[Any] = ()) -> NDArray[np.int64]:
    """The ids of all photos, or of those that a filter over ``photo p`` keeps, the newest first: int64[n];
    see `by_date`."""
    return by_date.every(db, where, params)


def count(db: sqlite3.Connection) -> int:
    """How many photos are known."""
    return int(db.execute("SELECT count(*) FROM photo").fetchone()[0])


def _facts(db: sqlite3.Connection, metadata: PhotoMetadata) -> list[Any]:
    return [
        metadata.width,
        metadata.height,
        readable(metadata.format),
        metadata.taken,
        metadata.taken_source,
        None if metadata.camera is None else readable(metadata.camera),
        None if metadata.lens is None else readable(metadata.lens),
        metadata.focal_length,
        metadata.aperture,
        metadata.exposure,
        metadata.iso,
        metadata.latitude,
        metadata.longitude,
        metadata.rating,
        *derived.values(db, metadata),
    ]


def _photo(row: sqlite3.Row) -> Photo:
    path = os.path.join(to_name(row["root"]), to_name(row["folder"]), to_name(row["name"]))  # noqa: PTH118
    return Photo(
        row["id"], Path(path), row["content_id"], row["hash"], row["size"], _metadata(row), bool(row["favourite"])
    )


def _metadata(row: sqlite3.Row, said: tuple[Any, ...] = (), keywords: tuple[str, ...] = ()) -> PhotoMetadata:
    source = row["taken_source"]
    return PhotoMetadata(
        **{column: row[column] for column in _METADATA.split(", ") if column != "taken_source"},
        taken_source=None if source is None else TakenSource(source),
        captions=said,
        keywords=keywords,
    )
