"""Photos that are there more than once: copies, byte for byte, and near copies, which look the same to the model.

A near copy is a picture saved again smaller or in another format, or the next shot of the same thing. Near copies of
near copies are one group. Every photo is compared with every other, by tiles of the matrix of all cosines: nothing is
missed, and the vectors of two tiles are all that lies in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.catalog import photos, repeated

if TYPE_CHECKING:
    from core.library import Library

NEAR = 0.98
"""The cosine from which two photos are near copies; training keeps them together too (`training.teaching`)."""
ROWS, COLUMNS = 1024, 4096
"""The size of a tile: 16 MiB of cosines, and 10 MiB of vectors at 512 dimensions."""

Ids = NDArray[np.int64]
Vectors = Callable[[int, int], NDArray[np.float32]]
"""Gives the vectors of the photos from one place up to another: float32[m, dim], each of unit length."""


class Kind(StrEnum):
    """How alike the photos of a group are."""

    COPIES = "copies"
    """The same bytes."""
    NEAR = "near"
    """The same picture, as far as the model can tell."""


@dataclass(frozen=True, slots=True)
class Group:
    """Photos that are the same, by path: two at the least. Of photos with the same bytes a group of near copies has the
    first alone: the others are in a group of their own."""

    kind: Kind
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class CopiesProgress:
    """How far the comparing is, in tiles; the last one has all groups, copies first, and each kind by path."""

    done: int
    total: int
    groups: tuple[Group, ...] = ()
    unencoded: int = 0
    """Photos that have no embedding yet: of them copies alone are known."""


class Copies:
    """Finds what is there more than once in a library. May be called from any thread."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def find(self, cancelled: Callable[[], bool] = lambda: False) -> Generator[CopiesProgress, None, None]:
        """Compare all photos, by what the model that answers has encoded; nothing is written, no file is read.

        May be closed or cancelled between two tiles. Raises `ModelError` where there is no model.
        """
        exact = self._library.store.exact()
        ids = np.sort(exact.ids)
        with self._library.catalog.read() as db:
            alone = repeated.contents_without(db, ids)

        def vectors(start: int, stop: int) -> NDArray[np.float32]:
            known, found = exact.vectors(ids[start:stop])
            return found[np.argsort(known)]

        joined, total = np.arange(len(ids)), 0
        for done, total, label in _joined(len(ids), vectors):
            if cancelled():
                return
            joined = label
            yield CopiesProgress(done, total + 1)
        yield CopiesProgress(total + 1, total + 1, tuple(self._groups(ids, joined)), alone)

    def _groups(self, ids: Ids, label: Ids) -> Iterator[Group]:
        with self._library.catalog.read() as db:
            copied = repeated.contents(db)
        yield from sorted(self._of(copied, Kind.COPIES), key=lambda group: group.paths)
        order = np.argsort(label, kind="stable")
        cuts = np.flatnonzero(np.diff(label[order])) + 1
        near = [ids[part] for part in np.split(order, cuts) if len(part) > 1]
        yield from sorted(self._of(near, Kind.NEAR), key=lambda group: group.paths)

    def _of(self, found: list[Ids], kind: Kind) -> Iterator[Group]:
        """Groups of contents as groups of paths; those that have one photo left meanwhile are none."""
        with self._library.catalog.read() as db:
            named = photos.by_content(db, [int(id) for contents in found for id in contents])
        for contents in found:
            paths = [sorted(photo.path for photo in named.get(int(id), ())) for id in contents]
            chosen = paths[0] if kind is Kind.COPIES else [mine[0] for mine in paths if mine]
            if len(chosen) > 1:
                yield Group(kind, tuple(sorted(chosen)))


def _joined(count: int, vectors: Vectors, least: float = NEAR) -> Iterator[tuple[int, int, Ids]]:
    """Joins what is alike, tile by tile: (tiles done, tiles in all, int64[count]), where photos that hang together have
    the same number, the lowest of their places. The last one holds for all; none comes for no photo."""
    label = np.arange(count)
    starts = range(0, count, ROWS)
    total = sum(len(range(start, count, COLUMNS)) for start in starts)
    done = 0
    for start in starts:
        mine = vectors(start, min(start + ROWS, count))
        for other in range(start, count, COLUMNS):
            theirs = vectors(other, min(other + COLUMNS, count))
            rows, columns = np.nonzero(mine @ theirs.T >= least)
            label = _merged(label, rows + start, columns + other)
            done += 1
            yield done, total, label


def _merged(label: Ids, one: Ids, other: Ids) -> Ids:
    """The numbers after pairs of places were joined. Each turn joins all groups that still differ with the lowest
    neighbour that they have, so that a chain of a thousand takes few turns."""
    while True:
        left, right = label[one], label[other]
        differ = left != right
        if not differ.any():
            return label
        label = label.copy()
        np.minimum.at(label, np.maximum(left, right)[differ], np.minimum(left, right)[differ])
        while not np.array_equal(further := label[label], label):
            label = further
        one, other = one[differ], other[differ]
