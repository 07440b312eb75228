"""One life of the worker process, as the app sees it: started, spoken to, ended."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import secrets
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from core.models import worker
from core.models.wire import Message, Request, WorkerSetup

_END_S = 0.5
_LAST_WORDS = 2000


class WorkerProcess:
    """A spawned worker and the two threads that talk to it.

    ``on_message`` and ``on_end`` are called in the reading thread, ``on_end`` once and last. ``spawn`` is used on every
    system: a forked child would inherit locks, threads and descriptors of the app.
    """

    def __init__(
        self,
        setup: WorkerSetup,
        on_message: Callable[[WorkerProcess, Message], None],
        on_end: Callable[[WorkerProcess], None],
    ) -> None:
        self.ready = False
        """Whether the model is loaded. Kept by whoever reads the messages."""
        self.batch = 0
        """How many photos it encodes at once; 0 where it has not said. Kept as ``ready`` is."""
        self._on_message = on_message
        self._on_end = on_end
        self._log = Path(tempfile.gettempdir()) / f"retrouve-worker-{secrets.token_hex(8)}.log"
        self._outgoing: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        context = multiprocessing.get_context("spawn")
        child_inbox, self._to_child = context.Pipe(duplex=False)
        self._from_child, child_outbox = context.Pipe(duplex=False)
        # Daemonic: an app that forgets to close it takes it along at its exit.
        self._process = context.Process(
            target=worker.main,
            args=(replace(setup, log=self._log), child_inbox, child_outbox),
            name="retrouve-worker",
            daemon=True,
        )
        try:
            with _interrupts_held():
                self._process.start()
        except BaseException:
            self._forget_log()
            self._to_child.close()
            self._from_child.close()
            raise
        finally:
            child_inbox.close()
            child_outbox.close()
        self._sender = threading.Thread(target=self._send_loop, name="worker-send", daemon=True)
        self._reader = threading.Thread(target=self._read_loop, name="worker-read", daemon=True)
        self._sender.start()
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id of the worker."""
        return self._process.pid or 0

    @property
    def exit_code(self) -> int | None:
        """None while it lives; negative for the signal that ended it."""
        return self._process.exitcode

    def send(self, request: Request) -> None:
        """Hands over a request, without waiting: a stuck worker does not read, and its pipe is soon full."""
        self._outgoing.put(request)

    def kill(self) -> None:
        """Ends it at once. ``on_end`` follows."""
        self._process.kill()

    def stop(self) -> None:
        """Ends it, in good order if it is quick about it, and waits until it has gone. Takes under two seconds."""
        self._outgoing.put(None)
        self._reader.join(_END_S)
        if self._reader.is_alive():
            self._process.kill()
            self._reader.join()

    def last_words(self) -> str:
        """The end of what the worker and its native libraries printed."""
        try:
            with self._log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _LAST_WORDS))
                return file.read().decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def _send_loop(self) -> None:
        try:
            while (request := self._outgoing.get()) is not None:
                self._to_child.send(request)
        except OSError:
            pass  # it has gone: the reading thread sees the same and tells
        finally:
            self._to_child.close()

    def _read_loop(self) -> None:
        try:
            while True:
                self._on_message(self, self._from_child.recv())
        except (EOFError, OSError):
            pass
        finally:
            # The pipe is closed, so it is ending; what lingers is ended.
            self._process.join(_END_S)
            if self._process.exitcode is None:
                self._process.kill()
                self._process.join()
            self._outgoing.put(None)
            self._from_child.close()
            self._on_end(self)
            self._forget_log()

    def _forget_log(self) -> None:
        with contextlib.suppress(OSError):
            self._log.unlink()


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C in a terminal reaches the whole group of processes. One that begins with the signal held never sees it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
