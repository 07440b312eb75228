"""The files that search maps into memory: a copy of the catalogue's vectors in one matrix. A cache.

``<library>/cache/vectors/<model>/`` holds

``matrix-<generation>.f16``     float16[rows, dim], row by row
``contents-<generation>.i64``   int64[rows, 2]: the embedding's id (ascending) and its content's
``state.json``                  which generation counts, and how many of its rows: replaced last, by an atomic rename

Rows are only ever appended, behind those that ``state.json`` counts, so that a reader never sees half of one and what a
killed writer left is written over. Everything else makes a new generation under a new name: on Windows a file that
somebody has mapped can neither be replaced nor deleted. One process writes at a time (`IndexLock` on this folder);
who cannot write keeps what it read in memory.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from core.catalog.lock import IndexLock
from core.errors import RetrouveError

_LOG = logging.getLogger(__name__)
_FORMAT = 1
_STATE = "state.json"

Chunk = tuple[NDArray[np.int64], NDArray[np.float16]]
"""int64[n, 2] of embedding and content ids, and their float16[n, dim]."""


@dataclass(frozen=True, slots=True)
class State:
    """What ``state.json`` says. ``last_id`` is the embedding id of the last row, 0 without any."""

    generation: str
    dim: int
    rows: int
    last_id: int
    format: int = _FORMAT


@dataclass(frozen=True, slots=True)
class Mapped:
    """The matrix as it lies on the disk, mapped: int64[rows, 2] in memory, float16[rows, dim] read as it is touched."""

    state: State
    keys: NDArray[np.int64]
    matrix: NDArray[np.float16]


def folder_name(model: str) -> str:
    """A model's name as a folder's, on every system."""
    return quote(model, safe=" +,=@").rstrip(". ") or "%"


class Mirror:
    """The folder of one model's matrix. Nothing here raises: a cache that cannot be read or written is not there."""

    def __init__(self, folder: Path, dim: int) -> None:
        self._folder = folder
        self._dim = dim

    def state(self) -> State | None:
        """What counts now; None where there is nothing that can be used."""
        try:
            said = json.loads((self._folder / _STATE).read_text(encoding="utf-8"))
            state = State(**said)
        except (OSError, ValueError, TypeError):
            return None
        numbers = (state.rows, state.last_id)
        sound = all(isinstance(number, int) and number >= 0 for number in numbers)
        named = isinstance(state.generation, str) and state.generation.isalnum()
        return state if sound and named and (state.format, state.dim) == (_FORMAT, self._dim) else None

    def load(self) -> Mapped | None:
        """The matrix that counts, mapped; None where it is missing, damaged or of another format."""
        for _ in range(3):  # Another process may put a new generation in its place between two of our steps.
            state = self.state()
            if state is None:
                return None
            try:
                return self._map(state)
            except (OSError, ValueError) as error:
                _LOG.info("the vectors in %s cannot be used: %s", self._folder, error)
        return None

    @contextmanager
    def writing(self) -> Iterator[bool]:
        """Whether this process may write now: not while another does, nor where nothing can be written."""
        with writing_in(self._folder, "the vectors stay in memory") as may:
            yield may

    def append(self, state: State, chunk: Chunk) -> State | None:
        """Put rows behind those that ``state`` counts; the new state, or None where that cannot be.

        Only between ``writing``'s two ends, with the state of now.
        """
        keys, vectors = chunk
        matrix, contents = self._files(state.generation)
        grown = State(state.generation, state.dim, state.rows + len(keys), int(keys[-1, 0]))
        try:
            _write_at(matrix, state.rows * self._dim * 2, vectors)
            _write_at(contents, state.rows * 16, keys)
            self._publish(grown)
        except OSError as error:
            _LOG.warning("the vectors in %s could not be written: %s", self._folder, error)
            return None
        return grown

    def rewrite(self, chunks: Iterable[Chunk]) -> bool:
        """Write a new generation of all rows and let it count. Only between ``writing``'s two ends."""
        generation = secrets.token_hex(4)
        files = matrix, contents = self._files(generation)
        rows, last_id = 0, 0
        try:
            with matrix.open("xb") as of_vectors, contents.open("xb") as of_keys:
                for keys, vectors in chunks:
                    of_vectors.write(np.ascontiguousarray(vectors).data)
                    of_keys.write(np.ascontiguousarray(keys).data)
                    rows, last_id = rows + len(keys), int(keys[-1, 0])
                for file in (of_vectors, of_keys):
                    file.flush()
                    os.fsync(file.fileno())
            self._publish(State(generation, self._dim, rows, last_id))
        except OSError as error:
            _LOG.warning("the vectors in %s could not be written: %s", self._folder, error)
            for unfinished in files:
                forget(unfinished)
            return False
        self._clean(generation)
        return True

    def _map(self, state: State) -> Mapped:
        if not state.rows:
            return Mapped(state, np.empty((0, 2), np.int64), np.empty((0, self._dim), np.float16))
        matrix, contents = self._files(state.generation)
        keys = np.fromfile(contents, np.int64, count=2 * state.rows).reshape(state.rows, 2)
        mapped = np.memmap(matrix, np.float16, "r", shape=(state.rows, self._dim))
        if int(keys[-1, 0]) != state.last_id or np.any(np.diff(keys[:, 0]) <= 0):
            raise ValueError("its ids are out of order")
        # A plain array over the same memory: slices of a memmap are slow to make.
        return Mapped(state, keys, np.asarray(mapped))

    def _files(self, generation: str) -> tuple[Path, Path]:
        return self._folder / f"matrix-{generation}.f16", self._folder / f"contents-{generation}.i64"

    def _publish(self, state: State) -> None:
        unfinished = self._folder / f"{_STATE}.{secrets.token_hex(4)}"
        try:
            unfinished.write_text(json.dumps(asdict(state)), encoding="utf-8")
            unfinished.replace(self._folder / _STATE)
        finally:
            forget(unfinished)

    def _clean(self, generation: str) -> None:
        """Delete other generations. Who has one mapped goes on reading it; Windows keeps it until the next time."""
        kept = {*self._files(generation)}
        for pattern in ("matrix-*.f16", "contents-*.i64", f"{_STATE}.*"):
            for file in self._folder.glob(pattern):
                if file not in kept:
                    forget(file)


@contextmanager
def writing_in(folder: Path, otherwise: str) -> Iterator[bool]:
    """Whether this process may write a cache's folder now, which is made: not while another does, nor where nothing can
    be written. ``otherwise`` is what comes of that, for the log."""
    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(IndexLock(folder))
        except (OSError, RetrouveError) as error:
            _LOG.info("%s: %s", otherwise, error)
            yield False
            return
        yield True


def _write_at(file: Path, offset: int, rows: NDArray[np.generic]) -> None:
    """Write at a place in a file, over what may lie there, and see it on the disk before the state speaks of it."""
    with file.open("r+b") as out:
        out.seek(offset)
        out.write(np.ascontiguousarray(rows).data)
        out.flush()
        os.fsync(out.fileno())


def forget(file: Path) -> None:
    """Delete a file of a cache; one that somebody holds stays until the next time."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        _LOG.info("%s stays for now: %s", file, error)
