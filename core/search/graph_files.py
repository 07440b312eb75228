"""The files of one model's graphs: ``<library>/cache/graph/<model>/``. A cache.

``<name>.hnsw``, ``<name>.npy``   a shard's graph, as hnswlib writes it, and its projection: never changed
``graphs.json``                   which shards count, and of what: replaced last, by an atomic rename

What a killed writer left is named in no list, and goes with the next that is written. One process writes at a time
(`IndexLock` on this folder); the others load what it published. hnswlib trusts the links that it reads, and a damaged
one would end the process: nothing is loaded whose checksum is not the one in the list.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from core.search.mirror import forget, writing_in
from core.search.shard import Shard, Span

_LOG = logging.getLogger(__name__)
_FORMAT = 2
_LIST = "graphs.json"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A shard in the list: the name of its files, its span, how many embeddings it was made of, its checksum."""

    name: str
    after: int
    last: int
    rows: int
    checksum: int

    @property
    def span(self) -> Span:
        """What it answers for."""
        return Span(self.after, self.last)


class GraphFiles:
    """The folder of one model's shards. Nothing here raises: a cache that cannot be read or written is not there."""

    def __init__(self, folder: Path, dim: int) -> None:
        self._folder = folder
        self._dim = dim

    def entries(self) -> tuple[Entry, ...]:
        """What counts now, by span; nothing where there is nothing that can be used."""
        try:
            said = json.loads((self._folder / _LIST).read_text(encoding="utf-8"))
            if (said["format"], said["dim"]) != (_FORMAT, self._dim):
                return ()
            found = tuple(Entry(**one) for one in said["shards"])
        except (OSError, ValueError, TypeError, KeyError):
            return ()
        sound = all(
            isinstance(one.name, str) and one.name.isalnum() and type(one.rows) is type(one.checksum) is int
            for one in found
        )
        return found if sound and _in_order(found) else ()

    def load(self, entry: Entry) -> Shard | None:
        """A shard; None where it is gone or damaged."""
        graph, projection = self._files(entry.name)
        try:
            if _checksum(graph, projection) != entry.checksum:
                raise ValueError("it is damaged")
            directions = np.ascontiguousarray(np.load(projection, allow_pickle=False), np.float32)
            shard = Shard.load(graph, directions, entry.span)
        except (OSError, ValueError, RuntimeError, MemoryError) as error:
            _LOG.warning("the graph %s cannot be used: %s", graph, error)
            return None
        return shard if len(shard.names) == entry.rows and len(directions) == self._dim else None

    @contextmanager
    def writing(self) -> Iterator[bool]:
        """Whether this process may write now: not while another does, nor where nothing can be written."""
        with writing_in(self._folder, "the graphs stay as they are") as may:
            yield may

    def save(self, shard: Shard) -> Entry | None:
        """Write a shard's files; it counts once it is in a list that is published. None where that cannot be."""
        name = secrets.token_hex(8)
        graph, projection = self._files(name)
        unfinished = graph.with_suffix(".part"), projection.with_suffix(".part.npy")
        try:
            shard.save(unfinished[0])
            np.save(unfinished[1], shard.projection)
            checksum = _checksum(*unfinished)
            for part, file in zip(unfinished, (graph, projection), strict=True):
                with part.open("r+b") as written:
                    os.fsync(written.fileno())
                part.replace(file)
        except (OSError, RuntimeError) as error:
            _LOG.warning("a graph could not be kept in %s: %s", self._folder, error)
            for file in (*unfinished, graph, projection):
                forget(file)
            return None
        return Entry(name, shard.span.after, shard.span.last, len(shard.names), checksum)

    def publish(self, entries: Sequence[Entry]) -> bool:
        """Let these count and no others, and delete the files of those. Only between ``writing``'s two ends."""
        unfinished = self._folder / f"{_LIST}.{secrets.token_hex(4)}"
        said = {"format": _FORMAT, "dim": self._dim, "shards": [asdict(one) for one in entries]}
        try:
            unfinished.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
            unfinished.replace(self._folder / _LIST)
        except OSError as error:
            _LOG.warning("the graphs in %s could not be listed: %s", self._folder, error)
            forget(unfinished)
            return False
        kept = {file for one in entries for file in self._files(one.name)}
        for pattern in ("*.hnsw", "*.npy", "*.part", f"{_LIST}.*"):
            for file in self._folder.glob(pattern):
                if file not in kept:
                    forget(file)
        return True

    def _files(self, name: str) -> tuple[Path, Path]:
        return self._folder / f"{name}.hnsw", self._folder / f"{name}.npy"


def _in_order(entries: Sequence[Entry]) -> bool:
    at = 0
    for one in entries:
        if not (type(one.after) is type(one.last) is int and at <= one.after < one.last):
            return False
        at = one.last
    return True


def _checksum(*files: Path) -> int:
    found = 0
    for path in files:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                found = zlib.crc32(block, found)
    return found
