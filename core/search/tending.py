"""Keeps the graphs of a library in step with its vectors: which are made anew, which grow, and when.

Adding stays cheap: new vectors are in no graph, and are compared exactly, until there are `WORTH_TAKING` of them. Then
a copy of the last graph takes them in, up to `ROWS`, and new graphs the rest. What is removed is marked, and a graph of
which a third is gone is made anew, with the one behind it where both fit into one. Each that is done is written and
counts at once, so that whoever is stopped or killed loses one at the most.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.search.graph_files import Entry, GraphFiles
from core.search.shard import ROWS, Names, Shard, Span

_LOG = logging.getLogger(__name__)

WORTH_TAKING = 8192
"""Vectors in no graph are compared exactly until they are this many: 0.7 milliseconds of two cores."""
_SPOTS = 4


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large a graph becomes, and how many vectors are worth taking in. Others than these are for tests."""

    rows: int = ROWS
    worth: int = WORTH_TAKING


@dataclass(frozen=True, slots=True)
class Stored:
    """The vectors that graphs are made of: ``names[n]``, ascending, ``matrix[n, dim]``, ``alive``: bool[n]."""

    names: Names
    matrix: NDArray[np.float16]
    alive: NDArray[np.bool_]

    @property
    def left(self) -> Names:
        """Those that are not gone."""
        return self.names[self.alive]


@dataclass(frozen=True, slots=True)
class Task:
    """A graph to make for ``span`` in the place of some others; of a copy of ``base``, where that is one of them."""

    span: Span
    replaces: tuple[Entry, ...] = ()
    base: Entry | None = None


def plan(left: Names, entries: Sequence[Entry], sizes: Sizes) -> list[Task]:
    """What is to be done for the embeddings ``left`` with the graphs that there are, by their spans."""
    tasks, kept = _compacted(left, entries, sizes)
    covered = sorted((*tasks, *(Task(one.span, (one,), one) for one in kept)), key=lambda task: task.span.after)
    at = 0
    before: Task | None = None
    end = Task(Span(int(left[-1]) if len(left) else 0, 0))
    for task in (*covered, end):
        some = left[slice(*np.searchsorted(left, (at, task.span.after), side="right"))]
        if len(some) >= sizes.worth:
            tasks += _taken_in(some, at, None if before is None else before.base, sizes)
        at, before = task.span.last, task
    return tasks


def _compacted(left: Names, entries: Sequence[Entry], sizes: Sizes) -> tuple[list[Task], list[Entry]]:
    """The graphs of which a third is gone are made anew, the others kept."""
    tasks: list[Task] = []
    kept: list[Entry] = []
    waiting = list(entries)
    while waiting:
        entry = waiting.pop(0)
        alive = _within(left, entry.after, entry.last)
        if 3 * (entry.rows - alive) < entry.rows:
            kept.append(entry)
            continue
        gone, last = [entry], entry.last
        if alive and waiting and _within(left, entry.after, waiting[0].last) <= sizes.rows:
            gone.append(waiting.pop(0))
            last = gone[-1].last
        tasks.append(Task(Span(entry.after, last), tuple(gone)))
    return tasks, kept


def _taken_in(some: Names, after: int, before: Entry | None, sizes: Sizes) -> Iterator[Task]:
    """Graphs for embeddings that are in none, behind ``after``; the one before them grows, where it has room."""
    if before is not None and sizes.rows - before.rows >= min(len(some), sizes.worth):
        room = sizes.rows - before.rows
        last = int(some[:room][-1])
        yield Task(Span(before.after, last), (before,), before)
        some, after = some[room:], last
    while len(some) >= sizes.worth:
        last = int(some[: sizes.rows][-1])
        yield Task(Span(after, last))
        some, after = some[sizes.rows :], last


def _within(left: Names, after: int, last: int) -> int:
    first, stop = np.searchsorted(left, (after, last), side="right").tolist()
    return int(stop - first)


class Graphs:
    """The graphs of one model that this process holds. Its methods may be called from any thread.

    Searches read ``shards``, which is never changed, only replaced as a whole: hnswlib must not be searched while it
    grows, so what grows is a copy, of one small graph at a time. One thread of all processes makes graphs at a time.
    """

    def __init__(self, folder: Path, dim: int, sizes: Sizes | None = None) -> None:
        self._files = GraphFiles(folder, dim)
        self._sizes = sizes or Sizes()
        self._guard = threading.Lock()
        self._held: dict[Entry, Shard] = {}
        self._refused: set[Entry] = set()

    @property
    def shards(self) -> tuple[Shard, ...]:
        """What a search asks, by span."""
        return tuple(self._held.values())

    def forget(self) -> None:
        """Let go of all of them: they may be of other vectors than those that count now."""
        self._held = {}

    def load(self, stored: Stored) -> None:
        """Hold what is published, whichever process made it, and no other. Waits for nobody who makes one."""
        with self._guard:
            for _ in range(3):  # Another process may put others in their place meanwhile.
                entries = self._files.entries()
                self._held = self._loaded(entries, stored)
                if entries == self._files.entries():
                    return

    def _loaded(self, entries: Sequence[Entry], stored: Stored) -> dict[Entry, Shard]:
        held: dict[Entry, Shard] = {}
        for entry in entries:
            shard = self._held.get(entry) or self._files.load(entry)
            if shard is not None and entry not in self._held and not _is_of(shard, stored):
                _LOG.warning("a graph is of another catalogue: it is made again")
                shard = None
            if shard is None:
                self._refused.add(entry)
            else:
                held[entry] = shard
        return held

    def tend(
        self,
        stored: Stored,
        *,
        hold: bool = True,
        threads: int = 1,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Do all that is to be done. False when it was cancelled, could not be kept, or another process is at it.

        Without ``hold``, for a process that does not stay, only what has to be read is: most often nothing.
        """
        with self._files.writing() as mine:
            if hold:
                self.load(stored)
            entries = tuple(one for one in self._files.entries() if one not in self._refused)
            left = stored.left
            tasks = plan(left, entries, self._sizes)
            if not mine:
                return not tasks
            for task in tasks:
                shard = self._make(task, stored, threads, cancelled)
                if shard is None and _within(left, task.span.after, task.span.last):
                    return False
                kept = self._put(task, shard, entries, hold)
                if kept is None:
                    return False
                entries = kept
            return True

    def _make(self, task: Task, stored: Stored, threads: int, cancelled: Callable[[], bool]) -> Shard | None:
        """The graph of a task; None when cancelled, and where nothing is left to be in one."""
        base = None if task.base is None else self._files.load(task.base)
        after = task.span.after if base is None else base.span.last
        first, stop = np.searchsorted(stored.names, (after, task.span.last), side="right")
        rows = np.arange(first, stop)[stored.alive[first:stop]]
        names, matrix = stored.names[rows], stored.matrix[rows]
        if base is not None:
            return base.extended(task.span.last, names, matrix, threads=threads, cancelled=cancelled)
        if not len(rows):
            return None
        return Shard.build(task.span, names, matrix, threads=threads, cancelled=cancelled)

    def _put(self, task: Task, shard: Shard | None, entries: tuple[Entry, ...], hold: bool) -> tuple[Entry, ...] | None:
        """Write a graph, and let it count in the place of those that it replaces: what counts then; None where that
        cannot be."""
        counting = [one for one in entries if one not in task.replaces]
        saved = None if shard is None else self._files.save(shard)
        if saved is not None:
            counting.append(saved)
        elif shard is not None:
            return None
        counting.sort(key=lambda one: one.after)
        with self._guard:
            if not self._files.publish(counting):
                return None
            held = {entry: one for entry, one in self._held.items() if entry not in task.replaces}
            if shard is not None and saved is not None and (hold or self._held):
                held[saved] = shard
            self._held = dict(sorted(held.items(), key=lambda item: item[0].after))
        return tuple(counting)


def _is_of(shard: Shard, stored: Stored) -> bool:
    """Whether a graph was made of these vectors: those of its embeddings that are stored still tell."""
    place = np.minimum(np.searchsorted(stored.names, shard.names), max(len(stored.names) - 1, 0))
    rows = place[stored.names[place] == shard.names] if len(stored.names) else place[:0]
    if not len(rows):
        return True
    some = rows[np.unique(np.linspace(0, len(rows) - 1, _SPOTS).astype(np.int64))]
    return shard.is_of(stored.names[some], stored.matrix[some])
