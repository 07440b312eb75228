"""A library of a million photos: what searches it, with graphs and without, what it takes, and what adding to it costs.

Building it takes minutes, and its graphs several more, so that this part runs only when it is asked for. In the
``--place`` of before both are still there. Beside each time by the clock stands the processor time of the same calls,
which says what they cost on a machine that others use as well.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.catalog import contents, embeddings, folders, photos, roots
from core.catalog.connection import Catalog
from core.models.registry import ModelInfo
from core.search import filters
from core.search.grammar import parse
from core.search.graph import HnswIndex
from core.search.mirror import Mirror, folder_name
from core.search.searcher import Searcher
from core.search.store import CROSSOVER, VectorStore
from core.types import FileStamp, PhotoMetadata
from tests.bench import kept, memory, starting
from tests.bench.libraries import Built, Space
from tests.bench.measure import Row, Times, cores, timed
from tests.bench.querying import SHARES, Model, Prepared, search, sizes

MILLION = 1_000_000
_QUERIES = 60
_TOP = 50
_BUDGET_MS = 100.0
_ADDED = 1000
_SHARES = ("50 %", "5 %", "0.5 %")
_NO_GRAPHS = 1 << 60
_BLOCK = 512
"""Rows: OpenBLAS would share out larger products."""


def measure(place: Path, count: int, info: ModelInfo, home: Path) -> list[Row]:
    """Everything named above, of ``count`` photos in ``place``, built there where it is not."""
    built, _ = kept.library(place, count, info.model_id, Space(info.dim))
    rows = of_vectors(built, info.model_id, place / "grown")
    with suppress(FileNotFoundError):  # Only Linux says it.
        rows += memory.measure(built, info.model_id, place / "empty")
    rows += starting.cold_search(built.folder, count, home)
    rows += starting.window(built.folder, count, home)
    return rows


def of_vectors(built: Built, model_id: str, grown: Path, crossover: int = CROSSOVER) -> list[Row]:
    """What has to do with the vectors alone. ``grown`` is where a copy is added to."""
    rows = _graphs(built, model_id, crossover)
    rows += _queries(built, model_id, crossover)
    return rows + _adding(built, model_id, grown, crossover)


@contextmanager
def _opened(built: Built, model_id: str, crossover: int) -> Iterator[tuple[Catalog, VectorStore]]:
    model = Model(model_id, built.dim)
    with (
        closing(Catalog.open(built.folder)) as catalog,
        closing(VectorStore(catalog, built.folder, model, crossover=crossover)) as store,
    ):
        yield catalog, store


def _graphs(built: Built, model_id: str, crossover: int) -> list[Row]:
    """Build them, or see that they are there; how long a process that stays waits for them."""
    folder = built.folder / "cache" / "graph"
    with _opened(built, model_id, crossover) as (_, store):
        store.exact()
        start, worked = time.perf_counter(), time.process_time()
        store.build_graph(threads=cores())
        seconds, processor = time.perf_counter() - start, time.process_time() - worked
        rows = [Row("graphs brought up to date (minutes at the first time)", seconds, "s")]
        rows.append(Row("  processor time", processor, "s"))
    with _opened(built, model_id, crossover) as (_, store):
        store.exact()
        loading = _once(store.warm)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
    return [*rows, Row("  loaded", loading.all[0], "ms"), Row("  on the disk", size, "MB"), *sizes(built)]


def _queries(built: Built, model_id: str, crossover: int) -> list[Row]:
    """Whole searches and the ten best, with graphs and without."""
    space = Space(built.dim)
    encoder = Prepared(model_id, space.sentences(_QUERIES))
    sentences = [f"sentence{number}" for number in range(_QUERIES)]
    rows: list[Row] = []
    for name, from_here in (("with graphs", crossover), ("exact scan", _NO_GRAPHS)):
        with _opened(built, model_id, from_here) as (catalog, store):
            store.warm()
            searcher = Searcher(catalog, store, encoder, Model(model_id, built.dim))
            for sentence in sentences:
                searcher.search(sentence, top=_TOP)  # Encodes it, and reads the mapped pages once.
            plain = _plain(built, model_id, encoder.encode_texts(sentences[:5]))
            asked = {"": sentences}
            asked |= {f", {share} pass a filter": [f"{one} {SHARES[share]}" for one in sentences] for share in _SHARES}
            for what, queries in asked.items():
                rows += _rows(f"query, {built.photos:,} photos, {name}{what}", search(searcher, queries), plain)
            if from_here == crossover:
                rows += _recall(catalog, store, encoder.encode_texts(sentences))
    return rows


def _rows(what: str, times: Times, plain: Times) -> list[Row]:
    return [
        Row(f"{what}, p95", times.p95, "ms", plain.p50, "astype(float32) by blocks, one thread", _BUDGET_MS),
        Row("  processor time, p50", times.processor_p50, "ms", plain.processor_p50, "the same"),
    ]


def _plain(built: Built, model_id: str, vectors: NDArray[np.float32]) -> Times:
    """What NumPy does with float16 by itself: a float32 matrix of all would take two gigabytes."""
    mapped = Mirror(built.folder / "cache" / "vectors" / folder_name(model_id), built.dim).load()
    if mapped is None:
        raise RuntimeError("the vectors were not written where a search maps them")

    def product(vector: NDArray[np.float32]) -> float:
        blocks = (mapped.matrix[at : at + _BLOCK] for at in range(0, len(mapped.matrix), _BLOCK))
        return max(float((block.astype(np.float32) @ vector).max()) for block in blocks)

    return timed([lambda v=v: product(v) for v in vectors])


def _recall(catalog: Catalog, store: VectorStore, vectors: NDArray[np.float32]) -> list[Row]:
    index, exact, rows = store.index(), store.exact(), []
    if not isinstance(index, HnswIndex):
        raise RuntimeError("there are no graphs to compare with the exact scan")
    for share in (None, *_SHARES):
        allowed = None if share is None else _passing(catalog, SHARES[share])
        found = [
            len(np.intersect1d(index.search(one, 10, allowed)[0], exact.search(one, 10, allowed)[0])) for one in vectors
        ]
        what = "recall of the ten best, " + ("no filter" if share is None else f"{share} pass a filter")
        rows.append(Row(what, float(np.mean(found)) / 10, "share", None, "", 0.99, at_least=True))
    return rows


def _passing(catalog: Catalog, text: str) -> NDArray[np.int64]:
    where, params = filters.compile(parse(text))
    with catalog.read() as db:
        found = db.execute(f"SELECT p.content_id FROM photo p WHERE {where}", params).fetchall()
    return np.array([row[0] for row in found], np.int64)


def _adding(built: Built, model_id: str, place: Path, crossover: int) -> list[Row]:
    """A thousand photos more, from their vectors until they are found, in a copy: what the next search has to do and
    what the graphs have to do count, what a search costs anyway does not."""
    _copy(built.folder, place)
    fresh = Space(built.dim, seed=3).photos(_ADDED)
    grown = Built(place, built.photos, built.dim, 0)
    try:
        with _opened(grown, model_id, crossover) as (catalog, store):
            store.warm()
            usual = timed([lambda v=v: store.index().search(v, _TOP) for v in fresh[:20]])
            written = _once(lambda: catalog.write(lambda db: _add(db, model_id, fresh)))
            next_one = _once(lambda: store.index().search(fresh[0], _TOP))
            tended = _once(lambda: store.build_graph())
            found = [store.index().search(one, 1)[1][0] for one in fresh[::100]]
            if min(found) < 0.999:
                raise RuntimeError("what was added is not found")
    finally:
        shutil.rmtree(place, ignore_errors=True)
    total = sum(one.all[0] for one in (written, next_one, tended)) - usual.p50
    worked = sum(one.processor[0] for one in (written, next_one, tended)) - usual.processor_p50
    return [
        Row(f"adding {_ADDED:,} photos to {built.photos:,}, beyond encoding", total / 1e3, "s", None, "", 1.0),
        Row("  processor time", worked / 1e3, "s"),
        Row("  of it the catalogue", written.all[0], "ms"),
        Row("  of it the next search", next_one.all[0], "ms", usual.p50, "a search before"),
        Row("  of it the graphs", tended.all[0], "ms"),
    ]


def _once(call: Callable[[], object]) -> Times:
    start, worked = time.perf_counter(), time.process_time()
    call()
    return Times(((time.perf_counter() - start) * 1e3,), ((time.process_time() - worked) * 1e3,))


def _add(db: sqlite3.Connection, model_id: str, vectors: NDArray[np.float32]) -> None:
    """As an index run does, file by file."""
    root = roots.add(db, Path("/nowhere/new").absolute(), None)
    folder = folders.ensure(db, root.id, "")
    model = embeddings.model_id(db, model_id, vectors.shape[1])
    for number, vector in enumerate(vectors):
        content = contents.ensure(db, hashlib.sha256(f"new {number}".encode()).digest()[:16])
        photos.upsert(db, folder, f"{number:06}.jpg", FileStamp(1, 2, 3), content, PhotoMetadata())
        embeddings.add(db, model, [(content, vector)])


def _copy(library: Path, place: Path) -> None:
    """A copy of a library that may be written to. Files of its cache are links: rows are only appended, behind those
    that count, and all else is replaced as a whole."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    shutil.copyfile(library / "catalog.sqlite", place / "catalog.sqlite")

    def link(source: str, target: str) -> None:
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)

    shutil.copytree(library / "cache", place / "cache", copy_function=link)
