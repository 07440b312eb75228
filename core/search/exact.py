"""The exact index: every vector is compared, none is missed, and there is nothing to build.

Vectors stay float16, as the catalogue keeps them, in an array that is usually a memory-mapped file (1 KiB a photo at
512 dimensions). NumPy turns float16 into float32 number by number, which costs four fifths of a scan, so blocks are
turned in bulk with integer operations that the compiler vectorises (see ``_multiply``), in the processor's second-level
cache, and multiplied there. A few threads share the blocks. Measured on two cores (AMD EPYC, AVX-512) at 100,000 x 512:

==============================================  ==========
NumPy, ``float32`` matrix (205 MB), one call      4-5 ms
``astype(float32)`` by blocks, one thread        68-82 ms
``astype(float32)`` by blocks, two threads       35-42 ms
this file, one thread                            13-14 ms
this file, two threads                             8-9 ms
==============================================  ==========

So there is no prefilter with fewer bits: what it could save is less than what it would cost to keep.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.search.index import Ids, Scores, Vectors, best

_BLOCK_NUMBERS = 1 << 18
"""Numbers in a block: 1 MiB as float32. OpenBLAS shares out larger products itself, and its threads queue for ours."""

_WORTH_THREADS = 16 * _BLOCK_NUMBERS
"""Below this many numbers (8,192 vectors of 512) a scan takes a millisecond, and threads cost more than they give."""

_WIDEN = np.float32(2.0**112)
"""Float32 counts exponents from 127, float16 from 15: what ``_multiply`` makes of it is too small by 2 to the 112th."""

_KEEP = np.int32(-0x70000001)
"""0x8FFFFFFF: clears the three copies of the sign that widening the integer leaves in the exponent."""

_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class _Rows:
    """What a search sees: never changed, only replaced as a whole.

    ``segments`` are float16[n, dim] one after the other, ``ids`` int64[rows] over all of them; ``place`` gives the row
    of an id, by the id where ids are dense, else by its rank in ``ranked``. ``dead`` marks rows that count no more.
    """

    segments: tuple[NDArray[np.float16], ...]
    ids: Ids
    place: NDArray[np.int32]
    ranked: Ids | None
    dead: NDArray[np.bool_] | None
    count: int


class ExactIndex:
    """Scans float16[n, dim] for the highest cosines; keeps ``VectorIndex``.

    ``pool`` runs the blocks in ``threads`` threads; without one the caller's thread does it all. The pool belongs to
    the caller. ``matrix`` may be a memory-mapped file; what is added later lies in memory.
    """

    def __init__(
        self,
        ids: Ids,
        matrix: NDArray[np.float16],
        *,
        pool: Executor | None = None,
        threads: int = 1,
    ) -> None:
        if matrix.ndim != 2 or len(ids) != len(matrix):
            raise ValueError(f"{len(ids)} ids do not go with a matrix of shape {matrix.shape}")
        self._dim = int(matrix.shape[1])
        self._pool = pool
        self._threads = threads if pool is not None else 1
        self._buffers = threading.local()
        self._spare: NDArray[np.float16] = np.empty((0, self._dim), np.float16)
        self._spare_used = 0
        self._rows = _rows_of((matrix,), ids, None)

    @property
    def dim(self) -> int:
        """The number of dimensions of a vector."""
        return self._dim

    def __len__(self) -> int:
        return self._rows.count

    @property
    def ids(self) -> Ids:
        """The ids that can be found, in the order in which they were added."""
        rows = self._rows
        return rows.ids if rows.dead is None else rows.ids[~rows.dead]

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """See ``VectorIndex``. Room doubles as it fills, so that adding stays cheap."""
        ids = np.asarray(ids, np.int64)
        if len(ids) != len(vectors) or (len(ids) and vectors.shape[1] != self._dim):
            raise ValueError(f"{len(ids)} ids do not go with vectors of shape {vectors.shape}")
        if not len(ids):
            return
        last = len(ids) - 1 - np.unique(ids[::-1], return_index=True)[1]
        if len(last) < len(ids):
            last.sort()
            ids, vectors = ids[last], vectors[last]  # One id twice: its last vector counts.
        self.remove(ids)
        rows = self._rows
        used, need = self._spare_used, self._spare_used + len(ids)
        segments = rows.segments[:1]
        if need > len(self._spare):
            room = np.empty((max(1024, 2 * need), self._dim), np.float16)
            room[:used] = self._spare[:used]
            self._spare = room
        # Searches that run now look no further than the rows that they knew.
        self._spare[used:need] = vectors
        self._spare_used = need
        dead = None if rows.dead is None else np.concatenate((rows.dead, np.zeros(len(ids), np.bool_)))
        self._rows = _rows_of((*segments, self._spare[:need]), np.concatenate((rows.ids, ids)), dead)

    def remove(self, ids: Ids) -> None:
        """See ``VectorIndex``. The rows stay where they are and are passed over."""
        rows = self._rows
        found = _places(rows, np.asarray(ids, np.int64))
        if not len(found):
            return
        dead = np.zeros(len(rows.ids), np.bool_) if rows.dead is None else rows.dead.copy()
        dead[found] = True
        self._rows = replace(rows, dead=dead, count=len(rows.ids) - int(dead.sum()))

    def search(self, vector: NDArray[np.float32], k: int, allowed: Ids | None = None) -> tuple[Ids, Scores]:
        """See ``VectorIndex``."""
        ids, scores = self.scores(np.asarray(vector, np.float32)[None], allowed)
        top = best(scores[0], k)
        return ids[top], scores[0][top]

    def scores(self, vectors: NDArray[np.float32], allowed: Ids | None = None) -> tuple[Ids, NDArray[np.float32]]:
        """The cosines of ``vectors[m, dim]`` with every id that is there (and allowed): ``ids[n]``, ``float32[m, n]``.

        One pass over the matrix for all ``m``, so that a second sentence costs a fraction of the first.
        """
        rows = self._rows
        vectors = np.ascontiguousarray(vectors, np.float32)
        if vectors.ndim != 2 or vectors.shape[1] != self._dim:
            raise ValueError(f"vectors of {self._dim} dimensions are compared here, not of shape {vectors.shape}")
        if allowed is None:
            scores = self._scan(rows, vectors)
            if rows.dead is None:
                return rows.ids, scores
            alive = ~rows.dead
            return rows.ids[alive], scores[:, alive]
        places = _places(rows, np.asarray(allowed, np.int64))
        if 2 * len(places) > len(rows.ids):  # Reading in order beats picking.
            scores = self._scan(rows, vectors)[:, places]
        else:
            scores = self._scan(rows, vectors, places)
        return rows.ids[places], scores

    def places(self, ids: Ids) -> NDArray[np.int64]:
        """The rows of those ids that are there, each once, ascending. Rows are numbered as they were added, from 0."""
        return _places(self._rows, np.asarray(ids, np.int64))

    @property
    def rows(self) -> int:
        """How many rows there are, those of removed ids among them."""
        return len(self._rows.ids)

    def cosines(self, vector: NDArray[np.float32], places: NDArray[np.int64]) -> Scores:
        """The cosines of ``vector[dim]`` with the rows at ascending ``places[n]``, removed ones among them."""
        [scores] = self._scan(self._rows, np.ascontiguousarray(vector, np.float32)[None], places)
        return np.asarray(scores, np.float32)

    def alive(self, places: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of the rows count: bool[n]."""
        dead = self._rows.dead
        return np.ones(len(places), np.bool_) if dead is None else ~dead[places]

    def ids_at(self, places: NDArray[np.int64]) -> Ids:
        """The ids of rows."""
        return self._rows.ids[places]

    def vectors(self, ids: Ids) -> tuple[Ids, NDArray[np.float32]]:
        """Those of the ids that are there, and their vectors: ``ids[n]``, ``float32[n, dim]``."""
        rows = self._rows
        places = _places(rows, np.asarray(ids, np.int64))
        return rows.ids[places], _take(rows.segments, places).astype(np.float32)

    def _scan(
        self, rows: _Rows, vectors: NDArray[np.float32], places: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        """Cosines of all rows, or of those at ``places``: float32[m, n]."""
        count = len(rows.ids) if places is None else len(places)
        out = np.empty((len(vectors), count), np.float32)
        jobs = _jobs(rows, places, max(1, _BLOCK_NUMBERS // self._dim), out)
        widened = vectors * _WIDEN

        def work(mine: Sequence[_Job]) -> None:
            buffer = self._buffer()
            for source, target in mine:
                part = source if places is None else _take(rows.segments, source)
                _multiply(part, widened, buffer[: len(part)], target)

        if self._pool is None or count * self._dim < _WORTH_THREADS:
            work(jobs)
        else:  # Dealt out like cards: neighbouring blocks go to different threads, and all end at about the same time.
            list(self._pool.map(work, [jobs[first :: self._threads] for first in range(self._threads)]))
        return out

    def _buffer(self) -> NDArray[np.int32]:
        """This thread's own block. A new one for each call would cost more than the product itself."""
        buffer: NDArray[np.int32] | None = getattr(self._buffers, "block", None)
        if buffer is None:
            buffer = self._buffers.block = np.empty((max(1, _BLOCK_NUMBERS // self._dim), self._dim), np.int32)
        return buffer


_Job = tuple[NDArray[Any], NDArray[np.float32]]
"""What to read (float16[b, dim], or the int64[b] places of rows), and where its cosines go (float32[m, b])."""


def _jobs(rows: _Rows, places: NDArray[np.int64] | None, block: int, out: NDArray[np.float32]) -> list[_Job]:
    if places is not None:
        return [(places[at : at + block], out[:, at : at + block]) for at in range(0, len(places), block)]
    jobs: list[_Job] = []
    start = 0
    for segment in rows.segments:
        for at in range(0, len(segment), block):
            part = segment[at : at + block]
            jobs.append((part, out[:, start + at : start + at + len(part)]))
        start += len(segment)
    return jobs


def _places(rows: _Rows, ids: Ids) -> NDArray[np.int64]:
    """The rows of those ids that are there and alive, each once, in ascending order."""
    if not len(rows.ids) or not len(ids):
        return np.empty(0, np.int64)
    if rows.ranked is None:
        known = ids[(ids >= 0) & (ids < len(rows.place))]
        places = rows.place[known]
    else:
        rank = np.minimum(np.searchsorted(rows.ranked, ids), len(rows.ranked) - 1)
        places = rows.place[rank[rows.ranked[rank] == ids]]
    marked = np.zeros(len(rows.ids), np.bool_)
    marked[places[places != _NOWHERE]] = True
    if rows.dead is not None:
        marked &= ~rows.dead
    return np.flatnonzero(marked)


def _multiply(
    part: NDArray[np.float16], widened: NDArray[np.float32], buffer: NDArray[np.int32], target: NDArray[np.float32]
) -> None:
    """``target[m, b] = widened[m, dim] @ part[b, dim].T``.

    A float16 is sign, five bits of exponent, ten of fraction. Widened to int32 with its sign and moved up by 13 bits,
    it is a float32 with the same fraction and an exponent that is too small by 112, once the extra signs are cleared:
    the same number times 2**-112, small ones and zero included, which ``widened`` (vectors times 2**112) makes good.
    Every step is exact. Infinities would become finite; the catalogue holds none.
    """
    np.copyto(buffer, part.view(np.int16))
    np.left_shift(buffer, 13, out=buffer)
    np.bitwise_and(buffer, _KEEP, out=buffer)
    numbers = buffer.view(np.float32)
    for vector, scores in zip(widened, target, strict=True):
        np.matmul(numbers, vector, out=scores)


def _take(segments: tuple[NDArray[np.float16], ...], places: NDArray[np.int64]) -> NDArray[np.float16]:
    """The rows at ascending ``places``, counted over all segments."""
    parts, start = [], 0
    for segment in segments:
        first, last = np.searchsorted(places, (start, start + len(segment)))
        if last > first:
            parts.append(segment[places[first:last] - start])
        start += len(segment)
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty((0, segments[0].shape[1]), np.float16)


def _rows_of(segments: tuple[NDArray[np.float16], ...], ids: Ids, dead: NDArray[np.bool_] | None) -> _Rows:
    """The lookup from ids to rows. An id that stands twice means its later row: the earlier one is dead."""
    ids = np.ascontiguousarray(ids, np.int64)
    at = np.arange(len(ids), dtype=np.int32)
    highest = int(ids.max(initial=0))
    ranked: Ids | None = None
    if int(ids.min(initial=0)) >= 0 and highest <= 16 * len(ids) + 65_536:
        place = np.full(highest + 1, _NOWHERE, np.int32)
        place[ids] = at
        stale = place[ids] != at
    else:
        ranked, first, rank = np.unique(ids[::-1], return_index=True, return_inverse=True)
        place = (len(ids) - 1 - first).astype(np.int32)
        stale = place[rank[::-1]] != at
    if stale.any():
        dead = stale if dead is None else dead | stale
    count = len(ids) - (0 if dead is None else int(dead.sum()))
    return _Rows(segments, ids, place, ranked, dead, count)
