"""The index for libraries above the crossover: small graphs of neighbours (see ``shard``) over an exact index.

The graphs only propose: what they find is compared exactly, with the float16 vectors that the exact index holds, so
that both give the same scores. What is in no graph yet is compared exactly too, and where a filter leaves little the
survivors are scanned instead, since a graph walks past what it may not show.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from core.search.exact import ExactIndex
from core.search.index import Ids, Scores, Vectors, best
from core.search.shard import Names, Shard

LOOK = 800
"""How many candidates a graph is asked for. All that is sought may lie in one of them: photos of one journey do."""
_MOSTLY = 0.5
"""A filter that leaves a smaller share than this is answered by the exact index."""
_TOO_MANY = 0.1
"""Where a search would have to ask for a larger share of a graph than this, the exact index answers."""


class HnswIndex:
    """Graphs over rows of an exact index, which holds the vectors and has the last word; keeps ``VectorIndex``.

    ``names`` are the embeddings' ids, int64[rows], ascending: the row of what a graph proposes is found in them. Rows
    of the exact index behind them, and those that no graph's span covers, are compared exactly. ``pool`` asks several
    graphs at a time.
    """

    def __init__(
        self,
        exact: ExactIndex,
        shards: Sequence[Shard],
        names: Names,
        *,
        pool: Executor | None = None,
        threads: int = 1,
    ) -> None:
        if len(names) > exact.rows:
            raise ValueError(f"{len(names)} names do not go with {exact.rows} rows")
        self._exact = exact
        self._shards = tuple(shards)
        self._names = names
        self._pool = pool
        self._threads = threads
        self._loose = loose(names, self._shards)

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
        """See ``VectorIndex``. What is added is compared exactly until a graph takes it in."""
        self._exact.add(ids, vectors)

    def remove(self, ids: Ids) -> None:
        """See ``VectorIndex``. The graphs still lead past them."""
        self._exact.remove(ids)

    def search(self, vector: NDArray[np.float32], k: int, allowed: Ids | None = None) -> tuple[Ids, Scores]:
        """See ``VectorIndex``."""
        rows, kept, share = self._exact.rows, None, 1.0
        if allowed is not None:
            places = self._exact.places(allowed)
            share = len(places) / max(len(self._exact), 1)
            kept = np.zeros(rows, np.bool_)
            kept[places] = True
        found = self._near(np.asarray(vector, np.float32), k, rows, kept) if share >= _MOSTLY and k > 0 else None
        return self._exact.search(vector, k, allowed) if found is None else found

    def _near(
        self, vector: NDArray[np.float32], k: int, rows: int, kept: NDArray[np.bool_] | None
    ) -> tuple[Ids, Scores] | None:
        """The ``k`` best of what the graphs propose; None where the exact index had better answer.

        A graph whose last proposals are still as good as the worst of the ``k`` may hide better ones, and is asked for
        more: a filter may have left out what it proposed first.
        """
        ranges = [(start, stop) for start, stop in (*self._loose, (len(self._names), rows)) if stop > start]
        candidates = np.concatenate([np.empty(0, np.int64), *(np.arange(*one) for one in ranges)])
        look, asked = max(LOOK, math.ceil(1.2 * k)), list(self._shards)
        if not asked:
            return None
        while asked:
            if look > _TOO_MANY * min(len(shard.names) for shard in asked) and look > LOOK:
                return None
            proposed = self._propose(vector, look, asked)
            candidates = np.unique(np.concatenate((candidates, *proposed)))
            scores = self._exact.cosines(vector, candidates)
            counts = self._exact.alive(candidates)
            if kept is not None:
                counts &= kept[candidates]
            worst = np.partition(scores[counts], -k)[-k] if np.count_nonzero(counts) >= k else -np.inf
            asked = [
                shard
                for shard, places in zip(asked, proposed, strict=True)
                if len(places) < len(shard) and _edge(scores[np.searchsorted(candidates, places)]) >= worst
            ]
            look *= 4
        top = best(scores[counts], k)
        return self._exact.ids_at(candidates[counts][top]), scores[counts][top]

    def _propose(self, vector: NDArray[np.float32], look: int, asked: Sequence[Shard]) -> list[NDArray[np.int64]]:
        """The rows that each of the graphs proposes."""

        def rows(mine: Sequence[Shard]) -> list[NDArray[np.int64]]:
            return [self._rows_of(shard.propose(vector, look)) for shard in mine]

        if self._pool is None or len(asked) == 1:
            return rows(asked)
        dealt = list(self._pool.map(rows, [asked[first :: self._threads] for first in range(self._threads)]))
        return [dealt[place % self._threads][place // self._threads] for place in range(len(asked))]

    def _rows_of(self, names: Names) -> NDArray[np.int64]:
        """The rows of those embeddings that have one."""
        if not len(self._names):
            return np.empty(0, np.int64)
        rows = np.minimum(np.searchsorted(self._names, names), len(self._names) - 1)
        found: NDArray[np.int64] = rows[self._names[rows] == names]
        return found


def loose(names: Names, shards: Sequence[Shard]) -> list[tuple[int, int]]:
    """The rows that no graph covers, as ranges from one row up to before another, in order."""
    found, at = [], 0
    for shard in sorted(shards, key=lambda one: one.span.after):
        start, stop = np.searchsorted(names, (shard.span.after, shard.span.last), side="right").tolist()
        if start > at:
            found.append((at, start))
        at = max(at, stop)
    if at < len(names):
        found.append((at, len(names)))
    return found


def _edge(scores: Scores) -> float:
    """A score that what a graph did not propose hardly reaches: what it did propose is not ordered as exactly."""
    return float(np.quantile(scores, 0.25)) if len(scores) else -math.inf
