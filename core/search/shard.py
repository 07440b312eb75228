"""One small graph of neighbours (HNSW: Malkov and Yashunin 2018, by hnswlib) over some embeddings of a library.

A graph of a whole large library would be one block of gigabytes: minutes to bring up to date, and Python stands still
while hnswlib reads or writes it. So there are many small ones, of `ROWS` embeddings at the most. Once it is made, one
never changes but for marks on what is gone: whatever else has to change is done on a copy, which takes its place.

It holds no whole vectors, but their `COMPONENTS` strongest principal components: its word on who is near is a proposal
anyway, and the exact index, which holds the vectors, has the last one. That makes it a third as large, and halves the
time to build it: ``docs/performance.md`` has the figures.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import hnswlib

ROWS = 65_536
"""Embeddings in a full one: 45 MB, which hnswlib reads in 30 milliseconds."""
COMPONENTS = 128
"""Numbers that are kept of each vector."""
LINKS = 16
"""Links of a vector on each level (M). With 32, building takes 1.7 times as long for the same recall a millisecond."""
_CARE = 200
"""How many candidates building considers for a link (ef_construction)."""
_SAMPLE = 8192
_CHUNK = 1024
"""Vectors that are added between two looks at whether to go on: a quarter of a second of a core."""

Names = NDArray[np.int64]
"""int64[n]: ids of embeddings, which are never given twice, ascending."""


@dataclass(frozen=True, slots=True)
class Span:
    """The embeddings that a shard answers for: those whose id is above ``after`` and up to ``last``."""

    after: int
    last: int


class Shard:
    """A graph over the embeddings of a span. Its methods may be called from any thread."""

    def __init__(self, index: hnswlib.Index, projection: NDArray[np.float32], span: Span, names: Names) -> None:
        self.span = span
        self.names = names
        """Every embedding in it, those that are gone among them."""
        self.projection = projection
        """float32[dim, components], its columns of unit length and at right angles."""
        self._index = index
        self._gone = np.zeros(len(names), np.bool_)
        self._count = len(names)
        self._guard = threading.Lock()

    def __len__(self) -> int:
        """How many embeddings it can propose."""
        return self._count

    @classmethod
    def build(
        cls,
        span: Span,
        names: Names,
        matrix: NDArray[np.float16],
        *,
        threads: int = 1,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Shard | None:
        """A graph over ``matrix[n, dim]``; None when cancelled. Python's lock is free meanwhile."""
        import hnswlib

        projection = principal(matrix)
        index = hnswlib.Index(space="ip", dim=projection.shape[1])
        index.init_index(max_elements=max(len(names), 1), M=LINKS, ef_construction=_CARE)
        return cls._grown(index, projection, span, np.empty(0, np.int64), (names, matrix), threads, cancelled)

    @classmethod
    def load(cls, file: Path, projection: NDArray[np.float32], span: Span) -> Shard:
        """What `save` wrote. Raises RuntimeError where it is none. hnswlib holds Python's lock while it reads."""
        import hnswlib

        index = hnswlib.Index(space="ip", dim=projection.shape[1])
        index.load_index(str(file))
        return cls(index, projection, span, np.sort(np.asarray(index.get_ids_list(), np.int64)))

    def save(self, file: Path) -> None:
        """Write it. Raises OSError or RuntimeError. hnswlib holds Python's lock meanwhile."""
        self._index.save_index(str(file))

    def extended(
        self,
        last: int,
        names: Names,
        matrix: NDArray[np.float16],
        *,
        threads: int = 1,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Shard | None:
        """This one with more embeddings, up to the id ``last``; None when cancelled. Only for a copy that nobody
        searches: hnswlib must not be searched while it grows, and this one is not to be used any more."""
        self._index.resize_index(len(self.names) + len(names))
        span = Span(self.span.after, last)
        return self._grown(self._index, self.projection, span, self.names, (names, matrix), threads, cancelled)

    @classmethod
    def _grown(
        cls,
        index: hnswlib.Index,
        projection: NDArray[np.float32],
        span: Span,
        known: Names,
        more: tuple[Names, NDArray[np.float16]],
        threads: int,
        cancelled: Callable[[], bool],
    ) -> Shard | None:
        names, matrix = more
        for at in range(0, len(names), _CHUNK):
            if cancelled():
                return None
            some = slice(at, at + _CHUNK)
            index.add_items(matrix[some].astype(np.float32) @ projection, names[some], num_threads=threads)
        return cls(index, projection, span, np.concatenate((known, names)))

    def is_of(self, names: Names, matrix: NDArray[np.float16]) -> bool:
        """Whether it was made of these vectors, and not of another library's that has the same ids: a few tell. Before
        anything is marked."""
        for name, vector in zip(names.tolist(), matrix.astype(np.float32) @ self.projection, strict=True):
            try:
                known = np.asarray(self._index.get_items([name]), np.float32)[0]
            except RuntimeError:
                return False
            if not np.allclose(known, vector, atol=1e-3):
                return False
        return True

    def mark(self, alive: Names) -> None:
        """Pass over what is not among ``alive``, the embeddings that the library still has."""
        first, stop = np.searchsorted(alive, (self.span.after, self.span.last), side="right")
        mine = alive[first:stop]
        if len(mine) == len(self):
            return
        place = np.minimum(np.searchsorted(mine, self.names), max(len(mine) - 1, 0))
        gone = mine[place] != self.names if len(mine) else np.ones(len(self.names), np.bool_)
        with self._guard:
            for name in self.names[gone & ~self._gone].tolist():
                self._index.mark_deleted(name)
            self._gone |= gone
            self._count = len(self.names) - int(np.count_nonzero(self._gone))

    def propose(self, vector: NDArray[np.float32], count: int) -> Names:
        """About ``count`` embeddings near to ``vector[dim]``, or all that are left where it cannot reach so many."""
        lean = np.asarray(vector @ self.projection, np.float32)
        with self._guard:  # How far to look is a setting of the whole index, and marking is no reading.
            if count < self._count:
                self._index.set_ef(count)
                try:
                    found, _ = self._index.knn_query(lean, k=count, num_threads=1)
                except RuntimeError:  # The graph hangs together too loosely to reach so many.
                    return self.names[~self._gone]
                return np.asarray(found[0], np.int64)
            return self.names[~self._gone]


def principal(matrix: NDArray[np.float16], components: int = COMPONENTS) -> NDArray[np.float32]:
    """The directions in which vectors differ most, the mean's among them: float32[dim, components or fewer].

    Of a sample of the rows of ``matrix[n, dim]``, evenly spread.
    """
    rows = np.unique(np.linspace(0, max(len(matrix) - 1, 0), min(_SAMPLE, len(matrix))).astype(np.int64))
    some = matrix[rows].astype(np.float32)
    _, directions = np.linalg.eigh(some.T @ some)  # The weakest come first.
    return np.ascontiguousarray(directions[:, ::-1][:, :components], np.float32)
