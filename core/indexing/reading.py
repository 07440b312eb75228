"""Files through the worker: named by their hash, read once for each content, and compared with the scan afterwards."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from contextlib import closing
from dataclasses import dataclass, field, replace

from core.catalog import contents, embeddings
from core.catalog.connection import Catalog
from core.errors import PhotoError
from core.indexing.diff import Kind, Known, Task, same_file
from core.indexing.progress import Meter
from core.indexing.store import Place, ReadPhoto, Store, UnreadFile
from core.models.wire import Outcome, PhotoDone, PhotoFailed, PhotoJob
from core.models.worker import stamp_of
from core.photos.hashing import content_hash
from core.types import ContentHash, FileStamp

_HASH_THREADS = 2
_HASH_AHEAD = 16
_PATIENCE_S = 0.05


@dataclass(slots=True)
class _Errand:
    """A task with the worker. ``hash`` is None where the content is known by its id; ``encode``: pixels are wanted."""

    task: Task
    hash: ContentHash | None
    encode: bool


@dataclass(slots=True)
class _Claim:
    """A content that is being encoded, or waits for its commit; copies of it wait here for its embedding."""

    done: bool = False
    copies: deque[Task] = field(default_factory=deque)


class Reading:
    """Brings each task to its end: encoded, reused, failed, or skipped because the file changed under our hands."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        meter: Meter,
        model_id: int,
        *,
        gone: Iterable[Known] = (),
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._meter = meter
        self._model_id = model_id
        self._cancelled = cancelled
        self._gone: dict[int, list[Known]] = {}
        for known in gone:
            if known.file.content_id is not None:
                self._gone.setdefault(known.file.content_id, []).append(known)
        self.returned: set[int] = set()
        """Photos that were thought gone and came back elsewhere, on another disk: their rows moved with them."""
        self._tasks: deque[Task] = deque()
        self._hashing: deque[tuple[Task, Future[ContentHash]]] = deque()
        self._errands: deque[_Errand] = deque()
        self._away: dict[int, _Errand] = {}
        self._claims: dict[ContentHash, _Claim] = {}
        self._keys = itertools.count()

    def run(
        self, tasks: Sequence[Task], process: Callable[[Iterator[PhotoJob | None]], Generator[Outcome | None]]
    ) -> Generator[None]:
        """Works through the tasks; yields often, so that its caller can tell the progress, or stop here."""
        self._tasks.extend(task for task in tasks if task.kind is Kind.READ)
        self._errands.extend(_Errand(task, None, False) for task in tasks if task.kind is Kind.METADATA)
        hashers = ThreadPoolExecutor(_HASH_THREADS, thread_name_prefix="hash")
        try:
            with closing(process(self._jobs(hashers))) as outcomes:
                for outcome in outcomes:
                    if outcome is not None:
                        self._take(outcome)
                    if self._store.due:
                        self.commit()
                    if self._cancelled():
                        break
                    yield
        finally:
            hashers.shutdown(wait=False, cancel_futures=True)

    def commit(self) -> None:
        """Commits what is ready. Contents whose embedding is in the catalogue need no claim any more."""
        self._meter.stored(self._store.flush())
        self._claims = {name: claim for name, claim in self._claims.items() if not claim.done}

    # Jobs

    def _jobs(self, hashers: ThreadPoolExecutor) -> Iterator[PhotoJob | None]:
        while not self._cancelled():
            while len(self._hashing) < _HASH_AHEAD and self._tasks:
                task = self._tasks.popleft()
                self._hashing.append((task, hashers.submit(content_hash, task.found.path)))
            if self._errands:
                yield self._send(self._errands.popleft())
            elif self._hashing:
                if not self._take_hash():
                    yield None
            elif self._away:
                yield None
            else:
                return

    def _send(self, errand: _Errand) -> PhotoJob:
        key = next(self._keys)
        self._away[key] = errand
        found = errand.task.found
        return PhotoJob(key, found.path, found.stamp, found.sidecars, errand.encode, errand.encode)

    def _take_hash(self) -> bool:
        """Takes the next hash. False when it is not there yet; without anything else to do it is waited for."""
        task, future = self._hashing[0]
        try:
            name = future.result(timeout=0 if self._away else _PATIENCE_S)
        except Late:
            return False
        except PhotoError as error:
            self._hashing.popleft()
            self._fail(task, error.reason, passing=isinstance(error.__cause__, OSError))
            return True
        self._hashing.popleft()
        self._sort(task, name)
        return True

    def _sort(self, task: Task, name: ContentHash) -> None:
        """A content is encoded once: a second file of it waits for the first, or needs its metadata alone."""
        claim = self._claims.get(name)
        if claim is not None and not claim.done:
            claim.copies.append(task)
        elif claim is not None or self._is_encoded(name):
            self._errands.append(_Errand(task, name, False))
        else:
            self._claims[name] = _Claim()
            self._errands.append(_Errand(task, name, True))

    def _is_encoded(self, name: ContentHash) -> bool:
        with self._catalog.read() as db:
            content_id = contents.id_of(db, name)
            return content_id is not None and bool(embeddings.have(db, self._model_id, [content_id]))

    # Outcomes

    def _take(self, outcome: Outcome) -> None:
        errand = self._away.pop(outcome.key)
        stamp = outcome.stamp if isinstance(outcome, PhotoDone) else _stamp_now(errand.task)
        succeeded = False
        if not same_file(stamp, errand.task.found.stamp):
            self._skip(errand.task)
        elif isinstance(outcome, PhotoFailed):
            self._take_failed(errand, outcome)
        else:
            self._keep(errand, outcome)
            self._finish(encoded=errand.encode, reused=not errand.encode)
            succeeded = True
        if errand.encode:
            self._hand_on(errand, succeeded=succeeded)

    def _take_failed(self, errand: _Errand, outcome: PhotoFailed) -> None:
        if errand.hash is None:
            # A known photo whose sidecar changed stays what it was; its sidecar is tried again next time.
            self._finish(reused=1)
        else:
            self._fail(errand.task, outcome.reason)

    def _hand_on(self, errand: _Errand, *, succeeded: bool) -> None:
        """Copies of what was encoded need their metadata alone; without an embedding the next of them is tried."""
        assert errand.hash is not None
        claim = self._claims[errand.hash]
        claim.done = succeeded
        if succeeded:
            self._errands.extend(_Errand(task, errand.hash, False) for task in claim.copies)
            claim.copies.clear()
        elif claim.copies:
            self._errands.append(_Errand(claim.copies.popleft(), errand.hash, True))
        else:
            del self._claims[errand.hash]

    def _keep(self, errand: _Errand, done: PhotoDone) -> None:
        task = errand.task
        known = task.known
        row = ReadPhoto(
            _place(task),
            task.found.stamp,
            errand.hash,
            done.metadata,
            content_id=known.content_id if known is not None and errand.hash is None else None,
            embedding=done.embedding,
            thumbnail=done.thumbnail,
            moved_from=self._return(errand),
        )
        self._store.add(row)

    def _return(self, errand: _Errand) -> int | None:
        """The row of a photo that has gone and whose bytes turned up here: it came from another disk."""
        if errand.hash is None or not self._gone or _is_photo(errand.task):
            return None
        with self._catalog.read() as db:
            content_id = contents.id_of(db, errand.hash)
        candidates = self._gone.get(content_id) if content_id is not None else None
        if not candidates:
            return None
        photo_id = candidates.pop().file.photo_id
        assert photo_id is not None
        self.returned.add(photo_id)
        return photo_id

    def _fail(self, task: Task, reason: str, *, passing: bool = False) -> None:
        """Records a failure. One of the disk or of permissions may pass without a trace in the file's stamp: it is
        kept with a time that no file has, and so is tried each run."""
        found = task.found.stamp
        if not same_file(_stamp_now(task), found):
            self._skip(task)
            return
        self._store.add(UnreadFile(_place(task), replace(found, mtime_ns=-1) if passing else found, reason))
        self._finish(failed=1)

    def _skip(self, task: Task) -> None:
        """The file changed or went while it was read: no part of this run. The next one finds it as it is then."""
        self._meter.count(scanned=-1)
        self._meter.did()

    def _finish(self, *, encoded: int = 0, reused: int = 0, failed: int = 0) -> None:
        self._meter.count(encoded=encoded, reused=reused, failed=failed)
        self._meter.did()


def _place(task: Task) -> Place:
    return Place(task.root.id, task.found.folder, task.found.name)


def _is_photo(task: Task) -> bool:
    return task.known is not None and not task.known.failure


def _stamp_now(task: Task) -> FileStamp:
    return stamp_of(task.found.path, task.found.sidecars)
