"""Work on models in a process of its own: imports of PyTorch, conversions and unknown files.

Whatever such work loads or holds up, and whatever a harmful file does to a native library, the app is free of it. The
process is told to stop in good order, so that it leaves nothing behind, and is ended when it does not; it ends by
itself when the app has gone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from multiprocessing import connection, parent_process
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from core.errors import RetrouveError, WorkerError
from core.models.lifeline import keep_quiet

Result = TypeVar("Result")
Tell = Callable[..., None]
GRACE = 10.0
"""Seconds that the process has to stop in good order: a step of a conversion takes some."""
_TURN = 0.1


class Stopped(Exception):
    """The work was stopped before its end, because somebody asked for it."""


class _Said(Enum):
    TOLD = auto()
    DONE = auto()
    FAILED = auto()
    BROKE = auto()


def run_apart(work: Callable[[Tell], Result], heard: Tell, stop: threading.Event) -> Result:
    """Call ``work(tell)`` in another process, and wait for what it returns.

    ``work``, and what it tells and returns, must be fit for pickle. ``heard`` is called here with what it tells; once
    ``stop`` is set, the next ``tell`` ends the work.

    Raises Stopped, the RetrouveError that the work raised, WorkerError where the process went away, or RuntimeError
    with the traceback of a fault of ours.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(work, theirs), name="retrouve-models", daemon=True)
    try:
        process.start()
        theirs.close()
        returned: Result = _listen(ours, heard, stop)
        return returned
    except (EOFError, OSError) as error:
        process.join(_TURN)
        if stop.is_set():
            raise Stopped from error
        raise WorkerError(
            "The process that works on the model went away. The model may be damaged, or larger than this computer's "
            "memory."
        ) from error
    finally:
        if process.pid is not None:
            process.kill()
            process.join()
            process.close()
        ours.close()


def _listen(ours: Connection, heard: Tell, stop: threading.Event) -> Any:
    asked: float | None = None
    while True:
        if asked is None and stop.is_set():
            asked = time.monotonic()
            ours.send(None)
        if asked is not None and time.monotonic() - asked > GRACE:
            raise Stopped
        if not ours.poll(_TURN):
            continue
        said, what = ours.recv()
        if said is _Said.TOLD:
            heard(*what)
        elif said is _Said.DONE:
            return what
        elif said is _Said.BROKE:
            raise RuntimeError(f"In the process that works on models:\n{what}")
        elif what is None:
            raise Stopped
        else:
            raise what


def _main(work: Callable[[Tell], object], pipe: Connection) -> None:
    """In the other process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the app decides
    keep_quiet(None)
    threading.Thread(target=_end_with_parent, name="watch", daemon=True).start()

    def tell(*what: object) -> None:
        if pipe.poll():
            raise Stopped
        pipe.send((_Said.TOLD, what))

    with suppress(OSError):  # the app has gone, or has closed its end
        try:
            pipe.send((_Said.DONE, work(tell)))
        except Stopped:
            pipe.send((_Said.FAILED, None))
        except RetrouveError as error:
            pipe.send((_Said.FAILED, error))
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - told to who waits
            pipe.send((_Said.BROKE, traceback.format_exc()))


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(0)
