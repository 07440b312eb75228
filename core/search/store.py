"""Keeps the vectors that search reads in step with the catalogue.

The catalogue is the truth; what lies under ``<library>/cache`` comes back when it is deleted, damaged or out of date.
Whether anything was committed costs one ``PRAGMA data_version`` a search. If so, a count tells whether embeddings went,
and new ones are read after the last known id; so a search during indexing costs a few milliseconds more.

**The crossover.** Below `CROSSOVER` photos there are no graphs. On two cores the exact scan takes 7 ms for each 100,000
photos at 512 dimensions and is always right; graphs answer in a few milliseconds at any size, but take minutes to build
and 0.7 KiB of memory a photo. At half a million the scan takes 35 ms, which leaves a machine half as fast within the
100 ms that feel like at once. ``docs/performance.md`` has the measurements.
"""

from __future__ import annotations

import logging
import operator
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.catalog import embeddings
from core.catalog.connection import Catalog
from core.search.exact import ExactIndex
from core.search.graph import HnswIndex, loose
from core.search.index import VectorIndex
from core.search.mirror import Chunk, Mapped, Mirror, State, folder_name
from core.search.shard import Shard
from core.search.tending import Graphs, Sizes, Stored

_LOG = logging.getLogger(__name__)

CROSSOVER = 500_000
"""Photos from which graphs are built and used."""
_MOSTLY_COVERED = 8
"""Graphs answer where they cover all but so small a part: one in eight."""
_WORTH_WRITING = 512
"""New vectors are kept in memory until there are this many: half a mebibyte."""
_WORTH_REWRITING = 1000
"""Rows of embeddings that are gone are passed over until they are this many, and an eighth of all."""
_CHUNK = 4096
_SPOTS = 16
_MOST_THREADS = 8


class EmbeddingSpace(Protocol):
    """What the store needs to know of a model."""

    @property
    def model_id(self) -> str:
        """Names the embedding space, as the catalogue's table ``model`` does."""
        ...

    @property
    def dim(self) -> int:
        """The number of dimensions of an embedding."""
        ...


class VectorStore:
    """The vector index of one library under one model. Its methods may be called from any thread.

    ``folder`` is the library's. ``crossover`` and ``sizes`` are for tests and for machines that were measured.
    """

    def __init__(
        self,
        catalog: Catalog,
        folder: Path,
        model: EmbeddingSpace,
        *,
        crossover: int = CROSSOVER,
        sizes: Sizes | None = None,
    ) -> None:
        self._catalog = catalog
        self._model = model
        self._crossover = crossover
        name = folder_name(model.model_id)
        self._mirror = Mirror(folder / "cache" / "vectors" / name, model.dim)
        self._graphs = Graphs(folder / "cache" / "graph" / name, model.dim, sizes)
        self._guard = threading.Lock()
        self._threads = max(1, min(_processors(), _MOST_THREADS))
        self._pool: ThreadPoolExecutor | None = None
        self._seen: int | None = None
        self._state: State | None = None
        self._near: HnswIndex | None = None
        self._near_is_of: tuple[object, ...] = ()
        self._keys: NDArray[np.int64] = np.empty((0, 2), np.int64)
        self._alive: NDArray[np.bool_] = np.empty(0, np.bool_)
        self._exact: ExactIndex | None = None

    def index(self) -> VectorIndex:
        """The index as the catalogue stands: with graphs, once `warm` or `build_graph` brought some."""
        with self._guard:
            exact = self._now()
            shards = self._graphs.shards
            if not shards or len(exact) < self._crossover:
                return exact
            made_of = (exact, self._keys, self._alive, *shards)
            if len(made_of) != len(self._near_is_of) or any(map(operator.is_not, made_of, self._near_is_of)):
                self._near, self._near_is_of = self._with_graphs(exact, shards), made_of
            return exact if self._near is None else self._near

    def _with_graphs(self, exact: ExactIndex, shards: Sequence[Shard]) -> HnswIndex | None:
        """The index that asks these graphs; None where they cover too little."""
        names = np.ascontiguousarray(self._keys[:, 0])
        if _MOSTLY_COVERED * sum(stop - start for start, stop in loose(names, shards)) > len(names):
            return None
        left = names[self._alive]
        for shard in shards:
            shard.mark(left)
        return HnswIndex(exact, shards, names, pool=self._pool, threads=self._threads)

    def exact(self) -> ExactIndex:
        """The exact index as the catalogue stands. Raises what the catalogue raises."""
        with self._guard:
            return self._now()

    def _now(self) -> ExactIndex:
        version = self._catalog.data_version()
        if self._exact is None or version != self._seen:
            with self._catalog.read() as db:
                db.execute("BEGIN")  # One state of the catalogue for all that follows.
                self._exact = self._follow(db)
            self._seen = version
        return self._exact

    def warm(self) -> None:
        """For a process that stays: hold the graphs that there are, so that searches are fast."""
        stored = self._stored()
        if stored is not None:
            self._graphs.load(stored)

    def build_graph(
        self, cancelled: Callable[[], bool] = lambda: False, *, threads: int | None = None, hold: bool = True
    ) -> bool:
        """Above the crossover, bring the graphs up to date and keep them: minutes at first, later seconds at times.

        Searches go on meanwhile, with the graphs that are done. True when there is nothing left to do. ``threads`` are
        as many as this process has processors, but one, which is left to those who search. Without ``hold`` a process
        that will not search keeps no graph in memory, and reads none that is well.
        """
        stored = self._stored()
        threads = threads or max(1, self._threads - 1)
        return stored is not None and self._graphs.tend(stored, hold=hold, threads=threads, cancelled=cancelled)

    def _stored(self) -> Stored | None:
        """The vectors on the disk, and which of them count; None below the crossover."""
        with self._guard:
            if len(self._now()) < self._crossover:
                return None
            mapped = self._mirror.load()
            names = np.ascontiguousarray(self._keys[self._alive, 0])
        if mapped is None or not len(mapped.keys):
            return None
        stored = np.ascontiguousarray(mapped.keys[:, 0])
        place = np.minimum(np.searchsorted(names, stored), len(names) - 1)
        return Stored(stored, mapped.matrix, names[place] == stored)

    def close(self) -> None:
        """Let go of the files and threads."""
        with self._guard:
            self._exact = self._near = self._seen = self._state = None
            self._near_is_of = ()
            self._graphs.forget()
            if self._pool is not None:
                self._pool.shutdown(wait=False)
                self._pool = None

    def _follow(self, db: sqlite3.Connection) -> ExactIndex:
        """The index of what the catalogue holds now, from what is known of it already."""
        known = embeddings.find_model(db, self._model.model_id)
        if known is None or known.dim != self._model.dim:
            return self._take(np.empty((0, 2), np.int64), np.empty((0, self._model.dim), np.float16), None)
        exact = self._exact
        # Where nothing could be written, another process may have done it since.
        in_memory = self._state is None and (not len(self._keys) or self._mirror.state() is not None)
        if exact is None or in_memory:
            exact = self._open(db, known.id)
        exact = self._read_on(db, known.id, exact)
        stored = 0 if self._state is None else self._state.rows
        if self._state is not None and len(self._keys) - stored >= _WORTH_WRITING:
            exact = self._write_tail(db, known.id, exact)
        return exact

    def _read_on(self, db: sqlite3.Connection, model: int, exact: ExactIndex) -> ExactIndex:
        """Pass over what is gone, and add what is new."""
        self._bury(db, model, exact)
        dead = len(self._alive) - int(self._alive.sum())
        if dead >= _WORTH_REWRITING and 8 * dead >= len(self._alive):
            exact = self._rebuild(db, model)
        for keys, vectors in _chunks(db, model, self._last_id, self._model.dim):
            exact.add(keys[:, 1], vectors)
            self._keys = np.concatenate((self._keys, keys))
            self._alive = np.concatenate((self._alive, np.ones(len(keys), np.bool_)))
        return exact

    @property
    def _last_id(self) -> int:
        return int(self._keys[-1, 0]) if len(self._keys) else 0

    def _open(self, db: sqlite3.Connection, model: int) -> ExactIndex:
        mapped = self._mirror.load()
        if mapped is not None and _is_of(mapped, db, model):
            return self._take(mapped.keys, mapped.matrix, mapped.state)
        self._graphs.forget()  # They may be of another catalogue, as the copy was.
        return self._rebuild(db, model)

    def _rebuild(self, db: sqlite3.Connection, model: int) -> ExactIndex:
        """Read every vector from the catalogue: into a new file where that can be, else into memory."""
        if not self._catalog.read_only:
            with self._mirror.writing() as mine:
                if mine and self._mirror.rewrite(_chunks(db, model, 0, self._model.dim)):
                    mapped = self._mirror.load()
                    if mapped is not None:
                        return self._take(mapped.keys, mapped.matrix, mapped.state)
        chunks = list(_chunks(db, model, 0, self._model.dim))
        keys = np.concatenate([np.empty((0, 2), np.int64), *(keys for keys, _ in chunks)])
        matrix = np.empty((len(keys), self._model.dim), np.float16)
        at = 0
        while chunks:  # Each chunk goes as it is copied, so that memory holds the vectors once.
            vectors = chunks.pop(0)[1]
            matrix[at : at + len(vectors)] = vectors
            at += len(vectors)
        return self._take(keys, matrix, None)

    def _take(self, keys: NDArray[np.int64], matrix: NDArray[np.float16], state: State | None) -> ExactIndex:
        self._keys, self._state = keys, state
        self._alive = np.ones(len(keys), np.bool_)
        if self._pool is None and self._threads > 1:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="vector-scan")
        return ExactIndex(keys[:, 1], matrix, pool=self._pool, threads=self._threads)

    def _bury(self, db: sqlite3.Connection, model: int, exact: ExactIndex) -> None:
        """Pass over the rows whose embeddings are gone. Contents' ids may be given again, embeddings' ids never."""
        row = db.execute("SELECT count(*) FROM embedding WHERE model_id = ? AND id <= ?", [model, self._last_id])
        if int(row.fetchone()[0]) == int(self._alive.sum()):
            return
        alive = np.isin(self._keys[:, 0], _ids(db, model), assume_unique=True)
        gone, left = self._keys[self._alive & ~alive, 1], self._keys[alive, 1]
        exact.remove(np.setdiff1d(gone, left))
        self._alive = alive

    def _write_tail(self, db: sqlite3.Connection, model: int, exact: ExactIndex) -> ExactIndex:
        """Put the vectors in memory behind those in the file, unless another process did or is doing so."""
        if self._catalog.read_only:
            return exact
        with self._mirror.writing() as mine:
            if not mine:
                return exact
            state = self._mirror.state()
            if state is not None and state == self._state:
                for chunk in _chunks(db, model, state.last_id, self._model.dim):
                    state = self._mirror.append(state, chunk)
                    if state is None:
                        return exact
        # Ours or another's: the file is what counts now, and whatever it lacks is read again.
        return self._read_on(db, model, self._open(db, model))


def _is_of(mapped: Mapped, db: sqlite3.Connection, model: int) -> bool:
    """Whether a matrix copies this catalogue, and not one that was restored or put in its place: a few rows tell."""
    state = mapped.state
    given = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'embedding'").fetchone()
    if state.last_id > (0 if given is None else int(given[0])):
        return False
    spots = np.unique(np.linspace(0, max(state.rows - 1, 0), min(_SPOTS, state.rows)).astype(np.int64))
    for spot in spots:
        id, content = map(int, mapped.keys[spot])
        row = db.execute("SELECT content_id, model_id, vector FROM embedding WHERE id = ?", [id]).fetchone()
        if row is None:  # Gone since: that is nothing strange.
            continue
        if (row[0], row[1]) != (content, model) or bytes(row[2]) != mapped.matrix[spot].tobytes():
            _LOG.warning("the stored copy of the vectors is of another catalogue, or damaged: it is made again")
            return False
    return True


def _chunks(db: sqlite3.Connection, model: int, after: int, dim: int) -> Iterator[Chunk]:
    """The embeddings after an id, some thousand at a time."""
    rows = embeddings.after(db, model, after)
    while chunk := list(islice(rows, _CHUNK)):
        sound = [row for row in chunk if len(row[2]) == 2 * dim]
        if len(sound) < len(chunk):
            _LOG.warning("%d embeddings have another length than %d values", len(chunk) - len(sound), dim)
        if sound:
            keys = np.array([row[:2] for row in sound], np.int64)
            vectors = np.frombuffer(b"".join(row[2] for row in sound), embeddings.STORED).reshape(len(sound), dim)
            yield keys, vectors


def _ids(db: sqlite3.Connection, model: int) -> NDArray[np.int64]:
    """The ids of all embeddings of a model. SQLite joins them: a row each would take five times as long."""
    joined = db.execute("SELECT group_concat(id) FROM embedding WHERE model_id = ?", [model]).fetchone()[0]
    return np.fromstring(joined or "", np.int64, sep=",")


def _processors() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
