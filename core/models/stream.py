"""Photos through the worker, and who is to blame when it dies.

A worker that crashes takes innocent files with it. What it had in its hands is tried again one by one in a fresh
worker, with nothing beside it; the file that brings it down again is listed as failed, and the others go on.
"""

from __future__ import annotations

import queue
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

from core.errors import WorkerError
from core.models.process import WorkerProcess
from core.models.wire import Drop, Finished, Message, Outcome, PhotoFailed, PhotoJob, Read, Started, WasDecoded

_TICK_S = 0.1
_UNEXPLAINED = 5
"""How many workers in a row may die with nothing in their hands that could be to blame."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``look_ahead``: photos that the worker holds at most, if its encoder wants no more. ``file_s``: how long one file
    may take to decode.

    ``silence_s``: how long a worker may say nothing at all while it loads the model or holds photos.
    """

    look_ahead: int = 48
    file_s: float = 60.0
    silence_s: float = 300.0


def look_ahead(limits: Limits, batch: int) -> int:
    """How many photos a worker holds at most whose encoder takes so many at once: that many in its hands and that many
    waiting, while the next are decoded; no fewer than ``limits`` say."""
    return max(limits.look_ahead, 3 * batch)


@dataclass(frozen=True, slots=True)
class Ended:
    """This worker ended. ``error`` is set when there is no way on."""

    process: WorkerProcess
    error: Exception | None


Event = tuple[float, Message | Ended]
"""When it arrived (``time.monotonic`` seconds), and what."""


class PhotoStream:
    """One run of photos. All of its state belongs to the thread that iterates; ``events`` alone is shared.

    ``obtain`` gives the worker of now, started when there is none. Photos go to that one until its ``Ended`` arrives:
    what is sent to a dead worker is lost, and sent again then.
    """

    def __init__(self, run: int, obtain: Callable[[], WorkerProcess], limits: Limits) -> None:
        self.run = run
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._obtain = obtain
        self._limits = limits
        self._process: WorkerProcess | None = None
        self._waiting: deque[PhotoJob] = deque()
        self._suspects: deque[PhotoJob] = deque()
        self._alone: int | None = None
        self._sent: dict[int, PhotoJob] = {}
        self._decoding: dict[int, float] = {}
        self._encoding: set[int] = set()
        self._crashes: Counter[int] = Counter()
        self._hung: int | None = None
        self._careful = False
        self._unexplained = 0
        self._heard = time.monotonic()

    def outcomes(self, jobs: Iterable[PhotoJob | None]) -> Generator[Outcome | None]:
        """The outcome of each job, in any order. ``None`` in ``jobs``: none for now; in what comes back: still busy.

        Raises WorkerError, or the error that the model could not be loaded with.
        """
        source = iter(jobs)
        more = True
        try:
            while True:
                more = self._feed(source, more)
                if not (more or self._sent or self._waiting or self._suspects):
                    return
                yield from self._listen()
        finally:
            if self._sent and self._process is not None:
                self._process.send(Drop(self.run))

    def _feed(self, source: Iterator[PhotoJob | None], more: bool) -> bool:
        """Sends one suspect, or jobs until the look-ahead is full. False when there are no more to come.

        After a crash nothing is sent before the model is loaded, so that no file is blamed for the start.
        """
        if self._careful and not self._worker().ready:
            return more
        if self._suspects or self._alone is not None:
            if not self._sent:
                job = self._suspects.popleft()
                self._alone = job.key
                self._send(job)
            return more
        while len(self._sent) < self._look_ahead():
            if self._waiting:
                self._send(self._waiting.popleft())
                continue
            try:
                job_or_none = next(source) if more else None
            except StopIteration:
                return False
            if job_or_none is None:
                break
            self._send(job_or_none)
        return more

    def _look_ahead(self) -> int:
        return look_ahead(self._limits, self._process.batch if self._process is not None else 0)

    def _worker(self) -> WorkerProcess:
        if self._process is None:
            self._process = self._obtain()
            self._heard = time.monotonic()
        return self._process

    def _send(self, job: PhotoJob) -> None:
        if not self._sent:
            self._heard = time.monotonic()
        self._sent[job.key] = job
        self._worker().send(Read(self.run, job))

    def _listen(self) -> Iterator[Outcome | None]:
        """Takes in what has arrived; waits a moment when nothing has."""
        try:
            event = self.events.get(timeout=_TICK_S)
        except queue.Empty:
            self._look_for_hangs()
            yield None
            return
        while True:
            yield from self._take(*event)
            try:
                event = self.events.get_nowait()
            except queue.Empty:
                self._look_for_hangs()
                return

    def _take(self, when: float, message: Message | Ended) -> Iterator[Outcome]:
        self._heard = max(self._heard, when)
        match message:
            case Started(key=key):
                self._decoding[key] = when
            case WasDecoded(key=key):
                self._decoding.pop(key, None)
                self._encoding.add(key)
            case Finished(outcome=outcome):
                self._release(outcome.key)
                self._unexplained = 0
                yield outcome
            case Ended(process=process, error=error) if process is self._process:
                if error is not None:
                    raise error
                yield from self._blame(process.ready)

    def _release(self, key: int) -> None:
        self._sent.pop(key, None)
        self._decoding.pop(key, None)
        self._encoding.discard(key)
        self._crashes.pop(key, None)
        if self._alone == key:
            self._alone = None

    def _look_for_hangs(self) -> None:
        """Ends a worker that is stuck in one file, or that holds photos and says nothing at all."""
        now = time.monotonic()
        if self._process is None or self._hung is not None or not self.events.empty():
            return
        for key, since in self._decoding.items():
            if now - since > self._limits.file_s:
                self._hung = key
                self._process.kill()
                return
        if (self._sent or self._careful) and now - self._heard > self._limits.silence_s:
            self._heard = now
            self._process.kill()

    def _blame(self, loaded: bool) -> Iterator[PhotoFailed]:
        """The worker died. Sorts what it held into failed, to be tried alone, and to be sent again."""
        suspects = self._suspected(loaded)
        self._unexplained += loaded and not suspects
        if self._unexplained >= _UNEXPLAINED:
            raise WorkerError(f"The worker process stopped {_UNEXPLAINED} times, each time with no file in its hands.")
        again: list[PhotoJob] = []
        for key, job in list(self._sent.items()):
            if key not in suspects:
                again.append(job)
            elif key == self._alone:
                reason = self._reason(key)
                self._release(key)
                yield PhotoFailed(key, reason)
            else:
                self._suspects.append(job)
        self._waiting.extendleft(reversed(again))
        self._sent.clear()
        self._decoding.clear()
        self._encoding.clear()
        self._alone = self._hung = self._process = None
        self._careful = True

    def _suspected(self, loaded: bool) -> set[int]:
        if self._hung is not None:
            return {self._hung}
        if not loaded:
            return set()
        held = set(self._decoding) | self._encoding
        self._crashes.update(held)
        return (set(self._decoding) or self._encoding) | {key for key in held if self._crashes[key] > 1}

    def _reason(self, key: int) -> str:
        if self._hung == key:
            return f"Reading this file took longer than {self._limits.file_s:g} seconds."
        if key in self._decoding:
            return "Reading this file crashed the decoder."
        return "Encoding this picture crashed the model."
