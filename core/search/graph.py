"""The index for libraries above the crossover: a graph of neighbours (HNSW: Malkov and Yashunin 2018) by hnswlib.

The graph only proposes: what it finds is compared exactly, with the float16 vectors that the exact index holds, so that
both give the same scores. Vectors that came after the graph was built are compared exactly too, removed ones are passed
over, and where a filter leaves little the survivors are scanned instead, since a graph walks past what it may not show.

A graph is a cache: ``<library>/cache/graph/<model>/<generation>-<rows>.hnsw`` covers the first rows of that generation
of the matrix (see ``mirror``). It holds float32 vectors and about 160 bytes of links each, all in memory (2.2 KiB a
photo at 512 dimensions), and takes minutes to build, which is why there is none below the crossover:
``docs/performance.md`` has the figures.
"""

from __future__ import annotations

import logging
import math
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.search.exact import ExactIndex
from core.search.index import Ids, Scores, Vectors, best
from core.search.mirror import forget

if TYPE_CHECKING:
    import hnswlib

_LOG = logging.getLogger(__name__)

LINKS = 16
"""Links of a vector on each level (M). With 32, building takes 1.7 times as long for the same recall a millisecond."""
_CARE = 200
"""How many candidates building considers for a link (ef_construction)."""
_LOOK = 1600
"""How many candidates a search keeps (ef). With 400, recall@10 of sentences fell to 0.986 at 300,000 photos."""
_MOSTLY = 0.5
"""A filter that leaves a smaller share than this is answered by the exact index."""
_CHUNK = 4096


class Graph:
    """An hnswlib index whose labels are the rows 0 ... ``rows`` - 1 of one generation of the matrix."""

    def __init__(self, index: hnswlib.Index, rows: int, generation: str) -> None:
        self.rows = rows
        self.generation = generation
        self._index = index
        self._guard = threading.Lock()

    @classmethod
    def empty(cls, dim: int, generation: str, room: int) -> Graph:
        """A graph without vectors, with room for some."""
        import hnswlib

        index = hnswlib.Index(space="ip", dim=dim)
        index.init_index(max_elements=max(room, 1), M=LINKS, ef_construction=_CARE)
        return cls(index, 0, generation)

    @classmethod
    def load(cls, folder: Path, dim: int, generation: str) -> Graph | None:
        """The graph of this generation that covers the most rows; None without any, or where it cannot be read.

        hnswlib holds Python's lock while it reads (about 0.7 seconds a gigabyte).
        """
        for rows, file in sorted(_files(folder, generation), reverse=True):
            import hnswlib

            index = hnswlib.Index(space="ip", dim=dim)
            try:
                index.load_index(str(file))
            except (RuntimeError, MemoryError) as error:
                _LOG.warning("the graph %s cannot be used: %s", file, error)
                continue
            if index.get_current_count() == rows:
                return cls(index, rows, generation)
        return None

    def extend(self, matrix: NDArray[np.float16], cancelled: Callable[[], bool] = lambda: False) -> bool:
        """Add the rows of the matrix that are not there yet. Python's lock is free meanwhile; False when cancelled."""
        if len(matrix) > self._index.get_max_elements():
            with self._guard:
                self._index.resize_index(len(matrix))
        while self.rows < len(matrix):
            if cancelled():
                return False
            end = min(self.rows + _CHUNK, len(matrix))
            self._index.add_items(matrix[self.rows : end].astype(np.float32), np.arange(self.rows, end))
            self.rows = end
        return True

    def save(self, folder: Path) -> bool:
        """Write it under its name, whole or not at all, and delete what it replaces. False where that cannot be."""
        file = folder / f"{self.generation}-{self.rows}.hnsw"
        unfinished = folder / f"{secrets.token_hex(4)}.part"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._index.save_index(str(unfinished))
            unfinished.replace(file)
        except (OSError, RuntimeError) as error:
            _LOG.warning("the graph could not be kept in %s: %s", folder, error)
            forget(unfinished)
            return False
        for old in (*folder.glob("*.hnsw"), *folder.glob("*.part")):
            if old != file:
                forget(old)
        return True

    def propose(self, vector: NDArray[np.float32], count: int) -> NDArray[np.int64] | None:
        """About ``count`` rows near ``vector[dim]``; None where the graph does not reach that many."""
        with self._guard:  # How far to look is a setting of the whole index.
            self._index.set_ef(max(_LOOK, 2 * count))
            try:
                labels, _ = self._index.knn_query(vector, k=count, num_threads=1)
            except RuntimeError:
                return None
        return np.asarray(labels[0], np.int64)


class HnswIndex:
    """A graph over the first rows of an exact index, which holds the vectors and has the last word; ``VectorIndex``."""

    def __init__(self, exact: ExactIndex, graph: Graph) -> None:
        if graph.rows > exact.rows:
            raise ValueError(f"a graph of {graph.rows} rows does not go with {exact.rows}")
        self._exact = exact
        self._graph = graph

    @property
    def dim(self) -> int:
        """The number of dimensions of a vector."""
        return self._exact.dim

    @property
    def exact(self) -> ExactIndex:
        """The index that compares every vector."""
        return self._exact

    def __len__(self) -> int:
        return len(self._exact)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """See ``VectorIndex``. What is added is compared exactly until the graph is extended."""
        self._exact.add(ids, vectors)

    def remove(self, ids: Ids) -> None:
        """See ``VectorIndex``. The graph still leads past them."""
        self._exact.remove(ids)

    def search(self, vector: NDArray[np.float32], k: int, allowed: Ids | None = None) -> tuple[Ids, Scores]:
        """See ``VectorIndex``."""
        rows, kept = self._exact.rows, None
        share = len(self._exact) / max(rows, 1)
        if allowed is not None:
            places = self._exact.places(allowed)
            share = len(places) / max(rows, 1)
            kept = np.zeros(rows, np.bool_)
            kept[places] = True
        tail = np.arange(self._graph.rows, rows, dtype=np.int64)
        ask = math.ceil(1.2 * k / max(share, 0.01))
        while share >= _MOSTLY and ask <= self._graph.rows // 20:
            near = self._graph.propose(vector, ask)
            if near is None:
                break
            candidates = np.concatenate((near, tail))
            if kept is not None:
                candidates = candidates[kept[candidates]]
            ids, scores = self._exact.scores_at(vector, candidates)
            if len(ids) - len(tail) >= k:
                top = best(scores, k)
                return ids[top], scores[top]
            ask *= 4
        return self._exact.search(vector, k, allowed)


def _files(folder: Path, generation: str) -> list[tuple[int, Path]]:
    found = []
    for file in folder.glob(f"{generation}-*.hnsw"):
        rows = file.stem.partition("-")[2]
        if rows.isdecimal():
            found.append((int(rows), file))
    return found
