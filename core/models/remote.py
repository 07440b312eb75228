"""The encoder that the app uses: a proxy to a worker process that decodes and encodes."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from core.errors import WorkerError
from core.models.encoder import Embeddings, EncoderSpec
from core.models.process import WorkerProcess
from core.models.stream import Ended, Limits, PhotoStream
from core.models.wire import (
    Answer,
    Broken,
    EncodeImages,
    EncodeTexts,
    Finished,
    Message,
    Outcome,
    PhotoDone,
    PhotoFailed,
    PhotoJob,
    Ready,
    Refused,
    Remarked,
    Started,
    Toolbox,
    Trying,
    WasDecoded,
    Work,
    WorkerSetup,
)
from core.models.worker import standard_toolbox

if TYPE_CHECKING:
    from PIL.Image import Image

    from core.models.registry import ModelInfo

__all__ = ["Limits", "PhotoDone", "PhotoFailed", "PhotoJob", "RemoteEncoder"]

_STARTS = 3
"""How many workers in a row may die while they load the model."""
_DEATHS = 5
"""How many workers may die while they hold the same sentence or image."""
_IMAGES = 8
_BATCH = 8


@dataclass(slots=True)
class _Pending:
    """A request of sentences or images that somebody waits for."""

    request: EncodeTexts | EncodeImages
    future: Future[Embeddings] = field(default_factory=Future)
    deaths: int = 0


class RemoteEncoder:
    """An encoder in another process; see DESIGN section 4. Its calls may come from any thread.

    The worker starts with the first call, or with ``start``. ``info`` saves reading the model's description again;
    ``toolbox`` (a function of a module) is what the worker decodes and encodes with. Every call may raise WorkerError,
    or what kept the model from being loaded: ModelMissing, ModelDamaged, TorchMissing.
    """

    def __init__(
        self,
        spec: EncoderSpec,
        *,
        info: ModelInfo | None = None,
        toolbox: Callable[[EncoderSpec], Toolbox] = standard_toolbox,
        limits: Limits | None = None,
    ) -> None:
        self.spec = spec
        self._limits = limits or Limits()
        self._setup = WorkerSetup(
            spec, toolbox, _cores(), _BATCH, 1.5 * self._limits.file_s, info.model_id if info else None
        )
        self._known = info
        self._lock = threading.RLock()
        self._process: WorkerProcess | None = None
        self._pending: dict[int, _Pending] = {}
        self._tickets = itertools.count(1)
        self._runs = itertools.count(1)
        self._stream: PhotoStream | None = None
        self._closed = False
        self._broken: Exception | None = None
        self._failed_starts = 0
        self._gentle = False
        self.remark = ""
        """What the worker has to say of what encodes the photos, for the person: why a GPU is not used."""

    @property
    def model_id(self) -> str:
        """Names the embedding space."""
        return self._info().model_id

    @property
    def dim(self) -> int:
        """The number of dimensions of an embedding."""
        return self._info().dim

    @property
    def worker_pid(self) -> int | None:
        """The process id of the worker; None while there is none."""
        with self._lock:
            return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Starts the worker without waiting for it: its model loads while the app does other things."""
        self._obtain()

    @property
    def gentle(self) -> bool:
        """Whether photos are read and encoded with half of the machine, more or less (see `core.models.pace`)."""
        return self._gentle

    @gentle.setter
    def gentle(self, on: bool) -> None:
        with self._lock:
            self._gentle = on
            if self._process is not None:
                self._process.send(Work(on))

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """float32[n, dim]. Answered before photos, also while photos are being processed."""
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        return self._wait(self._ask(lambda ticket: EncodeTexts(ticket, tuple(texts))))

    def encode_images(self, images: Sequence[Image]) -> Embeddings:
        """float32[n, dim] of upright RGB images."""
        if not images:
            return np.zeros((0, self.dim), np.float32)
        found = []
        for begin in range(0, len(images), _IMAGES):
            found.append(self._encode_few(tuple(images[begin : begin + _IMAGES])))
        return np.concatenate(found)

    def _encode_few(self, images: tuple[Image, ...]) -> Embeddings:
        return self._wait(self._ask(lambda ticket: EncodeImages(ticket, images)))

    def process(self, jobs: Iterable[PhotoJob | None]) -> Generator[Outcome | None]:
        """Reads and encodes files with bounded look-ahead; the outcome of each, in any order. One run at a time.

        ``jobs`` is asked in the caller's thread; it gives None when it has none for now, and is asked again. None comes
        back about ten times a second while nothing happens, so that the caller can show that it is alive, or stop.
        A worker that crashes or hangs costs the one file that is to blame. Closing the iterator drops what is left.
        """
        with self._lock:
            if self._stream is not None:
                raise WorkerError("Photos are already being processed by this worker.")
            stream = self._stream = PhotoStream(next(self._runs), self._obtain, self._limits)
        try:
            with closing(stream.outcomes(jobs)) as outcomes:
                yield from outcomes
        finally:
            with self._lock:
                self._stream = None

    def close(self) -> None:
        """Ends the worker, also in the middle of a job. Whoever waits gets a WorkerError. Takes under two seconds."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        if process is not None:
            process.stop()
        self._fail_pending(_closed())

    def __enter__(self) -> RemoteEncoder:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _info(self) -> ModelInfo:
        if self._known is None:
            from core.models.registry import load_info

            self._known = load_info(self.spec.folder)
        return self._known

    def _obtain(self) -> WorkerProcess:
        with self._lock:
            if self._closed:
                raise _closed()
            if self._process is None:
                try:
                    self._process = WorkerProcess(self._setup, self._on_message, self._on_end)
                except OSError as error:
                    raise WorkerError(f"The worker process could not be started: {error}.") from error
                if self._gentle:
                    self._process.send(Work(True))
            return self._process

    # Sentences and images

    def _ask(self, make: Callable[[int], EncodeTexts | EncodeImages]) -> Future[Embeddings]:
        with self._lock:
            process = self._obtain()
            ticket = next(self._tickets)
            pending = self._pending[ticket] = _Pending(make(ticket))
            process.send(pending.request)
            return pending.future

    def _wait(self, future: Future[Embeddings]) -> Embeddings:
        try:
            return future.result(timeout=self._limits.silence_s)
        except TimeoutError:
            with self._lock:
                if self._process is not None:
                    self._process.kill()
            message = f"The worker process did not answer within {self._limits.silence_s:g} seconds."
            raise WorkerError(message) from None

    def _fail_pending(self, error: Exception) -> None:
        with self._lock:
            pending, self._pending = self._pending, {}
        for entry in pending.values():
            _settle(entry.future, error)

    # What the worker says, in its reading thread

    def _on_message(self, process: WorkerProcess, message: Message) -> None:
        match message:
            case Ready(batch=batch):
                process.batch = batch
                process.ready = True
                self._failed_starts = 0
            case Trying():
                process.ready = False
            case Remarked(words=words):
                self.remark = words
            case Broken(error=error):
                self._broken = error
            case Answer(ticket=ticket) | Refused(ticket=ticket):
                with self._lock:
                    entry = self._pending.pop(ticket, None)
                if entry is not None:
                    _settle(entry.future, message.embeddings if isinstance(message, Answer) else message.error)
            case Started(run=run) | WasDecoded(run=run) | Finished(run=run):
                with self._lock:
                    if self._stream is not None and self._stream.run == run:
                        self._stream.events.put((time.monotonic(), message))

    def _on_end(self, process: WorkerProcess) -> None:
        """The worker has gone. Another takes its place when somebody waits, and the budget is not spent."""
        with self._lock:
            if self._process is process:
                self._process = None
            error = self._verdict(process)
            if self._stream is not None:
                self._stream.events.put((time.monotonic(), Ended(process, error)))
            if error is None:
                error = self._ask_again()
        if error is not None:
            self._fail_pending(error)

    def _verdict(self, process: WorkerProcess) -> Exception | None:
        """Why there is no way on; None when a new worker may try."""
        if self._closed:
            return _closed()
        if self._broken is not None:
            error, self._broken = self._broken, None
            return _as_worker_error(error)
        self._failed_starts += not process.ready
        if self._failed_starts < _STARTS:
            return None
        self._failed_starts = 0
        words = process.last_words().splitlines()
        last = f" Its last words: {words[-1][:200]}" if words else ""
        code = f"exit code {process.exit_code}"
        return WorkerError(f"The worker process stopped {_STARTS} times while it loaded the model ({code}).{last}")

    def _ask_again(self) -> Exception | None:
        """Sends pending requests to a new worker, except what so many workers died of that it may be the cause."""
        for ticket, entry in list(self._pending.items()):
            entry.deaths += 1
            if entry.deaths >= _DEATHS:
                del self._pending[ticket]
                _settle(entry.future, WorkerError("The worker process stopped while it worked on this request."))
        if not self._pending:
            return None
        try:
            process = self._obtain()
        except WorkerError as error:
            return error
        for entry in self._pending.values():
            process.send(entry.request)
        return None


def _settle(future: Future[Embeddings], outcome: Embeddings | Exception) -> None:
    with suppress(Exception):  # its owner may have given up waiting
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _closed() -> WorkerError:
    return WorkerError("The worker process was closed.")


def _as_worker_error(error: Exception) -> Exception:
    from core.errors import RetrouveError

    if isinstance(error, RetrouveError):
        return error
    return WorkerError(f"The model could not be loaded. {error}")


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
