"""One index run: scan, diff, decode, encode, store; a generator that tells its progress and may be closed anywhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

from core.catalog import embeddings, photos
from core.catalog import roots as root_rows
from core.catalog.connection import Catalog
from core.catalog.lock import IndexLock
from core.catalog.thumbnails import ThumbnailCache
from core.errors import CatalogError
from core.indexing import scope
from core.indexing.diff import Diff, Key, Kind, Known, Plan, key_of
from core.indexing.progress import Meter
from core.indexing.reading import Reading
from core.indexing.scope import Scope
from core.indexing.store import Place, Store, UnreadFile
from core.models.wire import Outcome, PhotoJob
from core.photos.names import date_in_name
from core.photos.scan import mount_of
from core.types import FileStamp, IndexProgress, Phase, Root

_NO_STAMP = FileStamp(0, -1, 0)
"""No file has it: what is recorded with it is tried again each time."""


class PhotoProcessor(Protocol):
    """What a run needs of the encoder: see ``RemoteEncoder.process``."""

    def process(self, jobs: Iterator[PhotoJob | None]) -> Generator[Outcome | None]:
        """The outcome of each job, in any order; None while nothing happens."""
        ...


class Model(Protocol):
    """What a run needs to know of the model: see ``registry.ModelInfo``."""

    @property
    def model_id(self) -> str:
        """Names the embedding space."""
        ...

    @property
    def dim(self) -> int:
        """The number of dimensions of an embedding."""
        ...


class Indexer:
    """Brings the catalogue in step with the folders. Belongs to one library and one model."""

    def __init__(self, catalog: Catalog, thumbnails: ThumbnailCache, encoder: PhotoProcessor, model: Model) -> None:
        self._catalog = catalog
        self._thumbnails = thumbnails
        self._encoder = encoder
        self._model = model

    def run(
        self,
        roots: Sequence[Root] | None = None,
        *,
        folders: Sequence[Path] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[IndexProgress]:
        """Indexes all roots, or only ``roots``, or only what lies below ``folders``; the last progress is ``DONE``.

        Closing the generator, or ``cancelled()``, ends the run early: what was read is stored, nothing is forgotten.
        A root that is offline is named in the report. Raises LibraryBusy while another process indexes, FolderError
        for a folder in no root, what the catalogue raises (DiskFull ...), WorkerError and what a model raises.
        """
        with IndexLock(self._catalog.path.parent):
            yield from self.steps(roots, folders=folders, cancelled=cancelled)

    def steps(
        self,
        roots: Sequence[Root] | None = None,
        *,
        folders: Sequence[Path] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        most: int | None = None,
    ) -> Generator[IndexProgress, None, None]:
        """As `run`, for who holds the index lock already. With more than ``most`` files to read, nothing is done."""
        run = _Run(self._catalog, self._thumbnails, self._encoder, self._model, cancelled)
        yield from run.steps(roots, folders, most)


class _Run:
    """What one run knows, from its scan to its report."""

    def __init__(
        self,
        catalog: Catalog,
        thumbnails: ThumbnailCache,
        encoder: PhotoProcessor,
        model: Model,
        cancelled: Callable[[], bool],
    ) -> None:
        self._catalog = catalog
        self._encoder = encoder
        self._cancelled = cancelled
        self._meter = Meter()
        self._model_id = catalog.write(lambda db: embeddings.model_id(db, model.model_id, model.dim))
        self._store = Store(catalog, thumbnails, self._model_id)
        self._scopes: list[Scope] = []
        self._online: dict[int, Scope] = {}
        self._photos: dict[int, int] = {}

    def steps(
        self, roots: Sequence[Root] | None, folders: Sequence[Path] | None, most: int | None
    ) -> Iterator[IndexProgress]:
        yield self._meter.enter(Phase.SCANNING)
        self._look_around(roots, folders)
        diff = Diff(self._known(), self._lacking())
        yield from self._scan(diff)
        if not self._cancelled():
            yield self._meter.enter(Phase.READING)
            plan = self._plan(diff)
            if most is not None and len(plan.tasks) > most:
                yield self._meter.enter(Phase.DONE)
                return
            # What is known already comes first: a move to another model is whole when it has been encoded.
            plan.tasks.sort(key=lambda task: task.known is None)
            self._meter.count(forgotten=self._store.move(plan.moves))
            self._settle_moves(plan)
            reading = Reading(
                self._catalog, self._store, self._meter, self._model_id, gone=plan.gone, cancelled=self._cancelled
            )
            yield self._meter.enter(Phase.ENCODING, len(plan.tasks))
            yield from self._read(reading, plan)
            if not self._cancelled():
                yield self._meter.enter(Phase.FINISHING)
                self._forget(plan, reading, whole=roots is None and folders is None)
        yield self._meter.enter(Phase.DONE)

    def _look_around(self, roots: Sequence[Root] | None, folders: Sequence[Path] | None) -> None:
        """Which roots there are, which of them can be read, and where to look."""
        with self._catalog.read() as db:
            everything = root_rows.all(db)
            self._photos = {root_id: photos for root_id, (photos, _) in root_rows.counts(db).items()}
        away = scope.offline(everything, lambda root: self._photos.get(root.id, 0))
        self._online = {root.id: Scope(root, ()) for root in everything if root not in away}
        scopes = scope.scopes_of(everything if roots is None else roots, folders)
        self._meter.offline(entry.root.path for entry in scopes if entry.root.id not in self._online)
        self._scopes = [entry for entry in scopes if entry.root.id in self._online]
        self._online.update((entry.root.id, entry) for entry in self._scopes)
        for entry in self._scopes:
            self._learn_mount(entry.root)

    def _learn_mount(self, root: Root) -> None:
        mount = mount_of(Path(os.path.realpath(root.path)))
        if mount != root.mount:
            self._catalog.write(lambda db: root_rows.add(db, root.path, mount))

    def _known(self) -> Iterator[Known]:
        with self._catalog.read() as db:
            for entry in self._scopes:
                for file in photos.known(db, entry.root.id):
                    if entry.covers(file.folder):
                        yield Known(entry.root, file)

    def _elsewhere(self, wanted: set[Key]) -> Iterator[Known]:
        """Photos where this run does not look that may have been moved to where it does."""
        if not wanted:
            return
        with self._catalog.read() as db:
            for entry in self._online.values():
                for file in photos.known(db, entry.root.id):
                    if key_of(file.stamp) in wanted and not file.failure and not entry.covers(file.folder):
                        yield Known(entry.root, file)

    def _lacking(self) -> set[int]:
        with self._catalog.read() as db:
            return set(embeddings.missing(db, self._model_id))

    def _scan(self, diff: Diff) -> Iterator[IndexProgress]:
        for entry in self._scopes:
            for found in entry.scan(self._cancelled):
                kind = diff.meet(entry.root, found)
                self._meter.count(scanned=1, reused=kind is Kind.UNCHANGED, failed=kind is Kind.FAILED)
                if progress := self._meter.due():
                    yield progress
            for folder in entry.unreadable:
                # Listed and counted as one failure: what lies in it cannot even be counted.
                self._meter.count(scanned=1, failed=1)
                self._store.add(UnreadFile(Place(entry.root.id, folder.folder, ""), _NO_STAMP, folder.reason))

    def _plan(self, diff: Diff) -> Plan:
        def has_gone(known: Known) -> bool:
            return self._online[known.root.id].has_gone(known)

        return diff.finish(
            has_gone, self._elsewhere(diff.wanted()), lambda old, new: date_in_name(old) != date_in_name(new)
        )

    def _settle_moves(self, plan: Plan) -> None:
        """Moved photos are done with, except those that are read nevertheless."""
        places = {(task.root.id, task.found.folder, task.found.name) for task in plan.tasks}
        moved = sum((move.root.id, move.found.folder, move.found.name) not in places for move in plan.moves)
        self._meter.count(reused=moved)

    def _read(self, reading: Reading, plan: Plan) -> Iterator[IndexProgress]:
        """Stores what is ready also when the run is closed or fails here; not when storing is what failed."""
        try:
            if plan.tasks:
                with closing(reading.run(plan.tasks, self._encoder.process)) as steps:
                    for _ in steps:
                        if progress := self._meter.due():
                            yield progress
        except CatalogError:
            raise
        except BaseException:
            reading.commit()
            raise
        reading.commit()

    def _forget(self, plan: Plan, reading: Reading, *, whole: bool) -> None:
        """Forgets last, and only under roots that are still there: a disk may have been pulled during the run."""
        away = scope.offline([entry.root for entry in self._scopes], lambda root: self._photos.get(root.id, 0))
        self._meter.offline(root.path for root in away)
        gone = [entry for entry in plan.gone if entry.root not in away and entry.file.photo_id not in reading.returned]
        changed = bool(gone or plan.moves or plan.tasks)
        self._meter.count(forgotten=self._store.forget(gone, purge=whole or changed))
