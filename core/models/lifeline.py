"""How a worker process begins and ends: silent in the person's terminal, and never there without its app."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
import threading
from multiprocessing import connection, parent_process
from pathlib import Path
from typing import NoReturn

from core.models.wire import WorkerSetup

_LOG_BYTES = 1 << 20


def begin(setup: WorkerSetup) -> None:
    """To be called first in the process, by its main thread."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_quiet(setup.log)
    # So ends a worker whose app forgot to close it. The main thread only ever waits, and so can answer.
    signal.signal(signal.SIGTERM, lambda *_: leave(setup.log))
    threading.Thread(target=_watch, args=(setup,), name="watch", daemon=True).start()


def leave(log: Path | None) -> NoReturn:
    """Ends the process at once: threads in native code would hold up an orderly end."""
    if log is not None:
        with contextlib.suppress(OSError):
            log.unlink()
    os._exit(0)


def keep_quiet(log: Path | None) -> None:
    """Native libraries print their warnings: into the log, never into the person's terminal or a JSON document.

    Without a log nobody reads them."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
    try:
        target = os.open(log or os.devnull, flags if log else os.O_WRONLY, 0o600)
    except OSError:  # a full disk does not keep the worker from working
        target = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(target, number)
    if target > 2:
        os.close(target)
    # Under pythonw and in a window without a console there are no streams at all.
    sys.stdout = sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="replace", closefd=False, buffering=1)
    faulthandler.enable(sys.stderr)


def _watch(setup: WorkerSetup) -> None:
    """Ends the worker when the app has gone, or native code holds the interpreter for good; keeps the log short."""
    turn = min(1.0, setup.stuck_s / 3)
    parent = parent_process()
    assert parent is not None
    while True:
        # Runs out in a thread without the interpreter's lock, so that it works when no Python code can.
        faulthandler.dump_traceback_later(setup.stuck_s, exit=True)
        if connection.wait([parent.sentinel], timeout=turn):
            leave(setup.log)
        with contextlib.suppress(OSError):
            if os.fstat(2).st_size > _LOG_BYTES:
                os.ftruncate(2, 0)
