"""Libraries of any size, without a photo file: a catalogue whose vectors are spread as those of a CLIP model are."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.catalog import derived, embeddings, folders, roots
from core.catalog.connection import Catalog
from core.catalog.folding import fold
from core.models.encoder import Embeddings
from core.types import PhotoMetadata, TakenSource

_CHUNK = 20_000
_COLUMNS = (
    "folder_id, name, folded_name, content_id, size, mtime_ns, inode, "
    "width, height, format, taken, taken_source, camera"
)
_THINGS = 2000
_ROOM_KIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Built:
    """A library on the disk, and how many bytes its catalogue grew by when the vectors went in."""

    folder: Path
    photos: int
    dim: int
    bytes_of_vectors: int


class Space:
    """Photos and sentences: two narrow cones of unit vectors that face different ways, with the same things in both."""

    def __init__(self, dim: int, seed: int = 1) -> None:
        self._rng = np.random.default_rng(seed)
        self._dim = dim
        self._spread = (np.arange(1, dim + 1) ** -0.5).astype(np.float32)
        self._turn = np.linalg.qr(self._rng.standard_normal((dim, dim)))[0].astype(np.float32)
        self._things = self._rng.standard_normal((_THINGS, dim)).astype(np.float32) * self._spread
        self._photo, self._sentence = _unit(self._rng.standard_normal((2, dim)).astype(np.float32))

    @property
    def dim(self) -> int:
        return self._dim

    def photos(self, count: int) -> Embeddings:
        return self._cone(count, self._photo)

    def sentences(self, count: int) -> Embeddings:
        return self._cone(count, self._sentence)

    def _cone(self, count: int, middle: NDArray[np.float32]) -> Embeddings:
        things = self._things[self._rng.integers(0, _THINGS, count)]
        own = self._rng.standard_normal((count, self._dim), dtype=np.float32) * self._spread
        return _unit((0.6 * things + 0.8 * own) / np.linalg.norm(self._spread) @ self._turn + middle)


def build(folder: Path, photos: int, model_id: str, dim: int, space: Space) -> Built:
    """A library of ``photos``, a hundred to a folder, taken evenly over a thousand days.

    With the few pages that SQLite keeps in memory by itself, a million would be written to the disk over and over.
    """
    with closing(Catalog.open(folder)) as catalog:
        catalog.write(_with_room)
        for some in _chunks(1, photos):
            catalog.write(lambda db, some=some: add_photos(db, some))
    without = _settled(folder)
    with closing(Catalog.open(folder)) as catalog:
        for some in _chunks(1, photos):
            catalog.write(lambda db, some=some: add_vectors(db, some, model_id, space))
    return Built(folder, photos, dim, _settled(folder) - without)


def _with_room(db: sqlite3.Connection) -> None:
    db.execute(f"PRAGMA cache_size = -{_ROOM_KIB}")
    db.execute("PRAGMA temp_store = MEMORY")


def add_photos(db: sqlite3.Connection, numbers: range) -> None:
    """The photos with these numbers, which are their contents' ids."""
    path = Path("/nowhere/photos").absolute()
    root = roots.get(db, path) or roots.add(db, path, None)
    inside = {number // 100: 0 for number in numbers}
    inside = {number: folders.ensure(db, root.id, f"{number:04}") for number in inside}
    db.executemany(
        "INSERT INTO content (id, hash) VALUES (?, ?)",
        ((id, hashlib.sha256(str(id).encode()).digest()[:16]) for id in numbers),
    )
    days = np.arange("2018-01-01", "2020-09-27", dtype="datetime64[D]").astype(str).tolist()
    columns = f"{_COLUMNS}, {derived.COLUMNS}"
    found: dict[str, list[int | float | None]] = {}

    def rows() -> Iterator[list[object]]:
        for id in numbers:
            name, taken = f"IMG_{id:06}.jpg", f"{days[id * 7919 % 1000]}T12:00:00"
            known = PhotoMetadata(4000, 3000, "JPEG", taken, TakenSource.EXIF, camera="Camera X")
            facts = (known.width, known.height, known.format, taken, known.taken_source, known.camera)
            if taken not in found:  # All else is the same in all of them.
                found[taken] = derived.values(db, known)
            yield [inside[id // 100], name, fold(name), id, 3_000_000, id, id, *facts, *found[taken]]

    db.executemany(f"INSERT INTO photo ({columns}) VALUES ({', '.join('?' * len(columns.split(',')))})", rows())


def add_vectors(db: sqlite3.Connection, numbers: range, model_id: str, space: Space) -> None:
    """A vector for each of the contents with these ids."""
    model = embeddings.model_id(db, model_id, space.dim)
    embeddings.add(db, model, zip(numbers, space.photos(len(numbers)), strict=True))


def _chunks(first: int, last: int) -> Iterator[range]:
    for start in range(first, last + 1, _CHUNK):
        yield range(start, min(start + _CHUNK, last + 1))


def _settled(folder: Path) -> int:
    """The bytes of the catalogue with its log folded in."""
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (folder / "catalog.sqlite").stat().st_size


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
