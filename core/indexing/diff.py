"""What a run has to do, told from what the catalogue knows and what a scan found. Pure: it touches no disk, no table.

An unchanged file costs a stat. A file with the inode, size and time of one whose place is empty now is that file moved:
it keeps its row, its captions and its tags, and is not read. Everything else is read and named by its hash.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from core.catalog.photos import KnownFile
from core.types import FileStamp, FoundFile, Root

Key = tuple[int, int, int]
"""Inode, size and mtime in nanoseconds: what stays when a file is moved within its disk."""


class Kind(StrEnum):
    """What is to be done with a file that was found."""

    UNCHANGED = "unchanged"
    FAILED = "failed"  # as before, and unchanged since: not tried again
    METADATA = "metadata"  # only a sidecar changed
    READ = "read"  # new, changed, or without an embedding under this model


@dataclass(frozen=True, slots=True)
class Known:
    """A file that the catalogue knows, with its root."""

    root: Root
    file: KnownFile

    @property
    def path(self) -> Path:
        """Where it was when it was last seen."""
        return self.root.path / self.file.folder / self.file.name


@dataclass(frozen=True, slots=True)
class Task:
    """A file that needs work. ``known``: the row at its place, or the one that moved there."""

    root: Root
    found: FoundFile
    kind: Kind
    known: KnownFile | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """The photo ``source`` lies at ``found`` now, over what was known there. Hash and embedding are inherited."""

    source: Known
    root: Root
    found: FoundFile
    over: KnownFile | None = None


@dataclass(slots=True)
class Plan:
    """What is left to do after a scan, and what has gone."""

    moves: list[Move] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    gone: list[Known] = field(default_factory=list)


def key_of(stamp: FileStamp) -> Key | None:
    """None where the file system numbers no files."""
    return (stamp.inode, stamp.size, stamp.mtime_ns) if stamp.inode else None


def same_file(one: FileStamp, other: FileStamp) -> bool:
    """Whether two stamps are of one unchanged file, whatever its sidecars do."""
    return replace(one, sidecar_ns=0) == replace(other, sidecar_ns=0)


class Diff:
    """Ticks off what is known against what is found.

    ``lacking``: the content ids that have no embedding under the model. Memory: a row for each known file until it is
    found, and one for each file that needs work.
    """

    def __init__(self, known: Iterable[Known], lacking: Container[int] = frozenset()) -> None:
        self._left = {(entry.root.id, entry.file.folder, entry.file.name): entry for entry in known}
        self._lacking = lacking
        self._tasks: list[Task] = []
        self._replaced: list[Known] = []

    def meet(self, root: Root, found: FoundFile) -> Kind:
        """Takes in one file of a scan, and says what is to be done with it."""
        entry = self._left.pop((root.id, found.folder, found.name), None)
        known = entry.file if entry is not None else None
        kind = self._kind(known, found)
        if kind in (Kind.METADATA, Kind.READ):
            self._tasks.append(Task(root, found, kind, known))
            if entry is not None and known is not None and known.stamp.inode != found.stamp.inode:
                self._replaced.append(entry)
        return kind

    def _kind(self, known: KnownFile | None, found: FoundFile) -> Kind:
        if known is None or not same_file(known.stamp, found.stamp):
            return Kind.READ
        if known.failure:
            return Kind.FAILED if known.stamp == found.stamp else Kind.READ
        if known.content_id in self._lacking:
            return Kind.READ
        return Kind.UNCHANGED if known.stamp == found.stamp else Kind.METADATA

    def wanted(self) -> set[Key]:
        """The keys of files that may have been moved here from where this scan did not look."""
        keys = {key_of(task.found.stamp) for task in self._tasks if task.kind is Kind.READ}
        keys.discard(None)
        return {key for key in keys if key is not None}

    def finish(
        self,
        has_gone: Callable[[Known], bool],
        elsewhere: Iterable[Known] = (),
        renamed: Callable[[str, str], bool] = lambda _before, _after: False,
    ) -> Plan:
        """The plan, after every file was met.

        ``has_gone``: whether a file that was not found is truly away; asked of those of ``elsewhere`` too, which were
        not looked for: they may have moved, and are never forgotten. ``renamed``: whether two file names say different
        things, so that the metadata has to be read again.
        """
        plan = Plan()
        leftover = [entry for entry in self._left.values() if has_gone(entry)]
        sources = self._sources(self._replaced, leftover, (entry for entry in elsewhere if has_gone(entry)))
        taken: set[int] = set()
        for task in self._tasks:
            key = key_of(task.found.stamp)
            at_home = task.known is not None and same_file(task.known.stamp, task.found.stamp)
            candidates = sources.get(key) if key is not None and task.kind is Kind.READ and not at_home else None
            if not candidates:
                plan.tasks.append(task)
                continue
            source = candidates.pop()
            assert source.file.photo_id is not None
            taken.add(source.file.photo_id)
            plan.moves.append(Move(source, task.root, task.found, task.known))
            plan.tasks.extend(self._after_move(source.file, task, renamed))
        plan.gone = [entry for entry in leftover if entry.file.photo_id not in taken]
        return plan

    def _sources(self, *groups: Iterable[Known]) -> dict[Key, list[Known]]:
        sources: dict[Key, list[Known]] = {}
        for group in groups:
            for entry in group:
                key = key_of(entry.file.stamp)
                if key is not None and entry.file.photo_id is not None:
                    sources.setdefault(key, []).append(entry)
        return sources

    def _after_move(self, source: KnownFile, task: Task, renamed: Callable[[str, str], bool]) -> Iterator[Task]:
        """What a moved photo still needs: nothing, as a rule."""
        if source.content_id in self._lacking:
            yield Task(task.root, task.found, Kind.READ, source)
        elif source.stamp.sidecar_ns != task.found.stamp.sidecar_ns or renamed(source.name, task.found.name):
            yield Task(task.root, task.found, Kind.METADATA, source)
