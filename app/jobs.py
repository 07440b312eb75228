"""Work off the GUI thread: a lane of threads whose results come back by signal.

A callable is handed to a lane, runs in one of its threads, and its result is delivered in the thread that the lane
lives in (the GUI thread). Faults of the world (``RetrouveError``) go to the caller or to ``failed``; faults of ours go
to ``crashed``, where the window turns them into a crash dialog and a log entry.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from core.errors import RetrouveError

BROKE = "That did not come to its end: there is a fault in Retrouve itself, which the log tells of."
"""What is said, beside the crash dialog, where something waits for a job that a fault of ours ended."""


@dataclass(eq=False)
class Job:
    """One piece of work on a lane. Once cancelled, its result is never delivered, even when it is already made."""

    done: Callable[[Any], None] | None = None
    failed: Callable[[RetrouveError], None] | None = None
    broke: Callable[[], None] | None = None
    cancelled: bool = False
    future: Future[Any] | None = field(default=None, repr=False)

    def cancel(self) -> None:
        """Drop the result; work that has not started yet never starts."""
        self.cancelled = True
        if self.future is not None:
            self.future.cancel()


class Jobs(QObject):
    """A lane: ``threads`` threads that take jobs in order.

    Several lanes keep quick work from waiting behind slow work. Everything here is called from the GUI thread.
    """

    failed = Signal(object)
    """RetrouveError of a job whose caller did not ask for its failures."""
    crashed = Signal(object)
    """Any other exception: a fault of ours, with its traceback."""
    _ended = Signal(object, object)

    def __init__(self, name: str, threads: int = 1, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=f"retrouve-{name}")
        self._running: set[Future[Any]] = set()
        self._closed = False
        # Queued even when the job ended before the callback was attached, so that no result arrives inside submit().
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    def submit(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None] | None = None,
        failed: Callable[[RetrouveError], None] | None = None,
        broke: Callable[[], None] | None = None,
    ) -> Job:
        """Run ``work()`` in a thread of this lane, then ``done(result)`` or ``failed(error)`` in the GUI thread.

        A fault of ours goes to ``crashed``, and then ``broke()`` is called: whoever waits must not wait for ever.
        """
        job = Job(done, failed, broke)
        if self._closed:
            job.cancelled = True
            return job
        job.future = self._executor.submit(work)
        self._running.add(job.future)
        job.future.add_done_callback(partial(self._hand_over, job))
        return job

    def close(self) -> None:
        """Take no more work, drop what has not started, deliver nothing more. Does not wait."""
        self._closed = True
        self._executor.shutdown(wait=False, cancel_futures=True)

    def wait(self, seconds: float) -> bool:
        """Wait for the threads to end what they are at; whether they did within ``seconds``."""
        return not wait_for(list(self._running), timeout=seconds).not_done

    def _hand_over(self, job: Job, future: Future[Any]) -> None:
        """In the worker thread. An exception travels inside its future, with its traceback."""
        if self._closed or future.cancelled():
            self._running.discard(future)
            return
        self._ended.emit(job, future)

    @Slot(object, object)
    def _on_ended(self, job: Job, future: Future[Any]) -> None:
        self._running.discard(future)
        if self._closed:
            return
        error = future.exception()
        if error is None:
            if not job.cancelled and job.done is not None:
                job.done(future.result())
        elif not isinstance(error, RetrouveError):
            self.crashed.emit(error)
            if job.broke is not None and not job.cancelled:
                job.broke()
        elif not job.cancelled:
            if job.failed is not None:
                job.failed(error)
            else:
                self.failed.emit(error)


class Latest:
    """Only the newest of a row of jobs counts: each has an epoch, and results of an older epoch are dropped."""

    def __init__(self) -> None:
        self.epoch = 0
        self._job: Job | None = None

    def run(
        self,
        lane: Jobs,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[RetrouveError], None] | None = None,
    ) -> int:
        """Start ``work`` on ``lane`` in a new epoch; whatever ran before it is dropped. Returns the epoch."""
        self.drop()
        self._job = lane.submit(work, done, failed)
        return self.epoch

    def drop(self) -> None:
        """Forget what is under way, if anything."""
        self.epoch += 1
        if self._job is not None:
            self._job.cancel()
            self._job = None

    @property
    def waiting(self) -> bool:
        """Whether the newest job has not come back yet."""
        return self._job is not None and self._job.future is not None and not self._job.future.done()


@dataclass(frozen=True, slots=True)
class Lanes:
    """The lanes of a window, each for work that must not wait behind the others'."""

    search: Jobs
    general: Jobs
    thumbnails: Jobs
    viewer: Jobs
    indexing: Jobs
    watching: Jobs
    typing: Jobs
    exporting: Jobs
    tagging: Jobs
    """Decisions, in their order."""
    suggesting: Jobs
    """Runs of a label list, and what else of tagging takes long."""
    preview: Jobs
    models: Jobs
    """Fetching, importing and measuring models."""
    teaching: Jobs
    """Reading from a process that learns."""

    @classmethod
    def build(cls) -> Lanes:
        """Lanes with as many threads as each kind of work can use without crowding out the GUI thread."""
        return cls(
            search=Jobs("search"),
            general=Jobs("general", 2),
            thumbnails=Jobs("thumbnails", 2),
            viewer=Jobs("viewer", 2),
            indexing=Jobs("indexing"),
            watching=Jobs("watching"),
            typing=Jobs("typing"),
            exporting=Jobs("exporting"),
            tagging=Jobs("tagging"),
            suggesting=Jobs("suggesting"),
            preview=Jobs("preview"),
            models=Jobs("models"),
            teaching=Jobs("teaching"),
        )

    def each(self) -> tuple[Jobs, ...]:
        """All of them."""
        quick = (self.search, self.general, self.thumbnails, self.viewer, self.typing, self.tagging, self.preview)
        return (*quick, self.indexing, self.watching, self.exporting, self.suggesting, self.models, self.teaching)

    def close(self) -> None:
        """Close every lane; does not wait."""
        for lane in self.each():
            lane.close()

    def wait(self, seconds: float) -> bool:
        """Wait for every lane's threads; whether all of them ended within about ``seconds``."""
        return all(lane.wait(seconds) for lane in self.each())
