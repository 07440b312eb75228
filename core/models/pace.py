"""How hard the worker works: as hard as it can, or gently, for a computer that is in use."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Pace:
    """What decoding and encoding ask before each piece of work. May be switched over at any time, from any thread.

    Gently, one thread works at a time, and after a batch was encoded, which takes all cores, it rests for as long as
    that took: about half of two cores, and less of more. (The threads' priority is left alone: a process that lowered
    it may not raise it again, and sentences are encoded by the same threads of OpenVINO.)
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._change = threading.Condition()
        self._gentle = False

    @property
    def gentle(self) -> bool:
        """Whether to leave half of the machine to others."""
        return self._gentle

    @gentle.setter
    def gentle(self, on: bool) -> None:
        with self._change:
            self._gentle = on
            self._change.notify_all()

    @contextmanager
    def decoding(self) -> Iterator[None]:
        """Decode one file inside."""
        if not self._gentle:
            yield
            return
        with self._turn:
            yield

    @contextmanager
    def encoding(self) -> Iterator[None]:
        """Encode one batch inside; on the way out a gentle worker rests."""
        if not self._gentle:
            yield
            return
        with self._turn:
            began = time.monotonic()
            yield
        until = 2 * time.monotonic() - began
        with self._change:
            while self._gentle and (left := until - time.monotonic()) > 0:
                self._change.wait(left)
