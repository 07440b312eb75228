"""Tells what photos that are shown can be grouped by: dates, folders, and the bursts that they belong to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.catalog import moments
from core.catalog.connection import Catalog
from core.catalog.moments import Moments
from core.errors import ModelError
from core.search import bursts
from core.search.index import Ids

_CHUNK = 8192
"""Pairs that are compared at a time: 32 MiB of vectors at 512 dimensions."""
_LARGEST = 1 << 31
"""Ids of contents below this fit into one number two by two."""


class Vectors(Protocol):
    """What the exact index gives."""

    def vectors(self, ids: Ids) -> tuple[Ids, NDArray[np.float32]]:
        """Those of the contents that have an embedding, and their vectors of unit length."""
        ...


class Store(Protocol):
    """Where the vectors of the model that answers lie."""

    def exact(self) -> Vectors:
        """The index as the catalogue stands."""
        ...


class Grouping:
    """Groups photos of one library. May be called from any thread.

    ``store`` gives the vectors of the model that answers; it may raise `ModelError`. How alike two contents look never
    changes under one model: what was compared last time is remembered.
    """

    def __init__(self, catalog: Catalog, store: Callable[[], Store]) -> None:
        self._catalog, self._store = catalog, store
        self._guard = threading.Lock()
        self._compared: Compared | None = None

    def moments(self, ids: Ids) -> Moments:
        """When these photos (int64[n]) were taken and where they lie."""
        with self._catalog.read() as db:
            return moments.of(db, ids)

    def folders(self, folder_ids: Iterable[int]) -> dict[int, Path]:
        """Where folders lie, by their ids."""
        with self._catalog.read() as db:
            return moments.folder_paths(db, folder_ids)

    def bursts(self, of: Moments) -> Ids:
        """int64[n]: for each photo the place of the first of its burst, its own where it is in none.

        Without a model nothing is known to look alike, and there are no bursts.
        """
        with self._guard:
            before = self._compared
        compared: Compared | None = None

        def cosines(near: Ids) -> NDArray[np.float32]:
            nonlocal compared
            if compared is None:
                store = self._store()
                compared = Compared(store, before if before is not None and before.store is store else None)
            return compared.cosines(of.contents[near])

        try:
            leads = bursts.find(of.ids, of.folders, of.seconds, of.timed, cosines)
        except ModelError:
            return np.arange(len(of.ids))
        with self._guard:
            self._compared = compared.kept() if compared is not None else None
        return leads


class Compared:
    """How alike pairs of contents look, under the model whose vectors lie in ``store``. ``known`` is what was compared
    before; what is asked for again of it, and what is new, is kept."""

    def __init__(self, store: Store, known: Compared | None) -> None:
        self.store = store
        self._known = known
        self._parts: list[tuple[Ids, NDArray[np.float32]]] = []
        self._keys: Ids = np.empty(0, np.int64)
        self._cosines: NDArray[np.float32] = np.empty(0, np.float32)

    def kept(self) -> Compared:
        """What was asked for, ready to be looked up the next time."""
        kept = Compared(self.store, None)
        if self._parts:
            keys = np.concatenate([keys for keys, _ in self._parts])
            kept._keys, place = np.unique(keys, return_index=True)
            kept._cosines = np.concatenate([cosines for _, cosines in self._parts])[place]
        return kept

    def cosines(self, contents: Ids) -> NDArray[np.float32]:
        """The cosine of each pair of contents, int64[m, 2]: float32[m]; 0 where one has no embedding."""
        ordered = np.sort(contents, axis=1)
        keys = ordered[:, 0] * _LARGEST + ordered[:, 1]
        found, told = self._known.look_up(keys) if self._known is not None else _nothing(len(keys))
        new = np.flatnonzero(~told)
        for start in range(0, len(new), _CHUNK):
            some = new[start : start + _CHUNK]
            # What has no embedding yet is not kept: it is asked for again.
            found[some], told[some] = _compare(self.store.exact(), ordered[some])
        self._parts.append((keys[told], found[told]))
        return found

    def look_up(self, keys: Ids) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The cosines that are known, and which are."""
        if not len(self._keys):
            return _nothing(len(keys))
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        told = self._keys[at] == keys
        return np.where(told, self._cosines[at], np.float32(0)), told


def _nothing(count: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    return np.zeros(count, np.float32), np.zeros(count, np.bool_)


def _compare(exact: Vectors, contents: Ids) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The cosine of each pair of contents, and whether both have an embedding."""
    ids, vectors = exact.vectors(np.unique(contents))
    order = np.argsort(ids)
    known = ids[order]
    if not len(known):
        return np.zeros(len(contents), np.float32), np.zeros(len(contents), np.bool_)
    at = np.minimum(np.searchsorted(known, contents), len(known) - 1)
    both = (known[at] == contents).all(axis=1)
    left, right = vectors[order[at[both, 0]]], vectors[order[at[both, 1]]]
    cosines = np.zeros(len(contents), np.float32)
    cosines[both] = np.einsum("ij,ij->i", left, right)
    return cosines, both
