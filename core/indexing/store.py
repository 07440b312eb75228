"""Writes what a run found, in batches: each is one transaction, so that a kill loses one batch at most."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.catalog import contents, decisions_rows, embeddings, failures, folders, photos, rules_rows
from core.catalog.connection import Catalog
from core.catalog.thumbnails import ThumbnailCache
from core.indexing.diff import Known, Move
from core.types import ContentHash, FileStamp, PhotoMetadata

_MOST = 64
_OLDEST_S = 2.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file lies: ``folder`` in POSIX form, relative to its root."""

    root_id: int
    folder: str
    name: str


@dataclass(frozen=True, slots=True)
class ReadPhoto:
    """A photo to keep. ``moved_from`` is the row of the same content whose file has gone: it becomes this photo."""

    place: Place
    stamp: FileStamp
    hash: ContentHash | None
    metadata: PhotoMetadata
    content_id: int | None = None
    """Stands in for ``hash`` where only that is known."""
    embedding: NDArray[np.float16] | None = None
    thumbnail: bytes | None = None
    moved_from: int | None = None


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """A file, or with an empty name a folder, that could not be read."""

    place: Place
    stamp: FileStamp
    reason: str


class Store:
    """Gathers rows and commits them. Whatever the catalogue raises, what was committed before is safe."""

    def __init__(
        self,
        catalog: Catalog,
        thumbnails: ThumbnailCache,
        model_id: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._catalog = catalog
        self._thumbnails = thumbnails
        self._model_id = model_id
        self._clock = clock
        self._rows: list[ReadPhoto | UnreadFile] = []
        self._since = 0.0

    def add(self, row: ReadPhoto | UnreadFile) -> None:
        """Takes a row into the batch."""
        if not self._rows:
            self._since = self._clock()
        self._rows.append(row)

    @property
    def due(self) -> bool:
        """Whether the batch is full, or has waited long enough."""
        return bool(self._rows) and (len(self._rows) >= _MOST or self._clock() - self._since >= _OLDEST_S)

    def flush(self) -> list[int]:
        """Commits the batch; the ids of its photos. Thumbnails go first: a cache may hold what nobody asks for."""
        rows, self._rows = self._rows, []
        if not rows:
            return []
        kept = [(row.hash, row.thumbnail) for row in rows if isinstance(row, ReadPhoto)]
        self._thumbnails.put_many([(name, jpeg) for name, jpeg in kept if name is not None and jpeg])
        return self._catalog.write(lambda db: self._write(db, rows), row_by_row=True)

    def _write(self, db: sqlite3.Connection, rows: Sequence[ReadPhoto | UnreadFile]) -> list[int]:
        stored: list[int] = []
        came_in: list[int] = []
        covers = rules_rows.coverage(db)
        for row in rows:
            folder_id = folders.ensure(db, row.place.root_id, row.place.folder)
            if isinstance(row, UnreadFile):
                failures.record(db, folder_id, row.place.name, row.stamp, row.reason)
                continue
            content_id = row.content_id if row.hash is None else contents.ensure(db, row.hash)
            assert content_id is not None
            ruled = covers is not None and bool(covers(row.place.root_id, row.place.folder))
            comes_in = ruled and _comes_in(db, row, content_id)
            if row.moved_from is not None:
                photos.move(db, row.moved_from, folder_id, row.place.name, row.stamp)
            photo_id = photos.upsert(db, folder_id, row.place.name, row.stamp, content_id, row.metadata)
            decisions_rows.put_back(db, photo_id, content_id)
            stored.append(photo_id)
            if comes_in:
                came_in.append(photo_id)
            if row.embedding is not None:
                embeddings.add(db, self._model_id, [(content_id, row.embedding)])
        rules_rows.came_in(db, came_in)
        return stored

    def move(self, moves: Sequence[Move]) -> int:
        """Applies all moves in one transaction: names may go round in a ring. How many photos they overwrote."""
        if not moves:
            return 0
        moving = {move.source.file.photo_id for move in moves}
        overwritten = {move.over.photo_id for move in moves if move.over is not None and not move.over.failure}
        targets = {(move.root.id, move.found.folder, move.found.name) for move in moves}
        self._catalog.write(lambda db: self._move(db, moves, targets), row_by_row=True)
        return len(overwritten - moving)

    def _move(self, db: sqlite3.Connection, moves: Sequence[Move], targets: set[tuple[int, str, str]]) -> None:
        for move in moves:
            known = move.source.file
            if (move.source.root.id, known.folder, known.name) in targets and known.photo_id is not None:
                # Another photo is about to take this place: this one steps aside, to a name that no file can have.
                photos.move(db, known.photo_id, known.folder_id, f"\0{known.photo_id}", known.stamp)
        for move in moves:
            known = move.source.file
            folder_id = folders.ensure(db, move.root.id, move.found.folder)
            if known.photo_id is not None:
                # The sidecar's time stays the old one until its metadata has been read.
                stamp = move.found.stamp
                kept = FileStamp(stamp.size, stamp.mtime_ns, stamp.inode, known.stamp.sidecar_ns)
                photos.move(db, known.photo_id, folder_id, move.found.name, kept)
        covers = rules_rows.coverage(db)
        if covers is not None:
            rules_rows.came_in(db, [photo_id for move in moves if (photo_id := _moved_in(move, covers)) is not None])

    def forget(self, gone: Sequence[Known], *, purge: bool) -> int:
        """Forgets files that have gone, and with ``purge`` the contents that no photo has any more. How many photos."""
        photo_ids = [entry.file.photo_id for entry in gone if entry.file.photo_id is not None]
        failed = [entry.file for entry in gone if entry.file.failure]
        if not (photo_ids or failed or purge):
            return 0

        def work(db: sqlite3.Connection) -> tuple[int, list[ContentHash]]:
            removed = photos.remove(db, photo_ids)
            for file in failed:
                failures.remove(db, file.folder_id, [file.name])
            folders.prune(db)
            return removed, contents.purge_orphans(db)

        removed, hashes = self._catalog.write(work)
        self._thumbnails.remove(hashes)
        return removed


def _comes_in(db: sqlite3.Connection, row: ReadPhoto, content_id: int) -> bool:
    """Whether a photo that is about to be kept is new in its place."""
    if row.moved_from is not None:
        return True
    return rules_rows.content_at(db, row.place.root_id, row.place.folder, row.place.name) != content_id


def _moved_in(move: Move, covers: rules_rows.Covers) -> int | None:
    """The photo, when a rule holds where it lies now that did not hold where it lay."""
    before = covers(move.source.root.id, move.source.file.folder)
    now = covers(move.root.id, move.found.folder)
    return move.source.file.photo_id if now - before else None
