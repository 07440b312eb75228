"""How a connection to a catalogue is made: its address, and the settings that every one of ours has."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from enum import StrEnum
from pathlib import Path


class Mode(StrEnum):
    """What a connection may do, in the words of SQLite's addresses (https://www.sqlite.org/uri.html)."""

    CREATE = "mode=rwc"
    WRITE = "mode=rw"
    READ = "mode=ro"
    IMMUTABLE = "immutable=1"
    """For a place where nothing can be written, not even the shared memory that readers of a WAL file agree by."""


PAGE_SIZE = 16384
"""Bytes. A row with a vector of 512 float16 has a little over 1 KiB: 15 of them fill a page of 16 KiB to 95 %."""

_CACHE_KIB = {Mode.CREATE: 16384, Mode.WRITE: 16384, Mode.READ: 4096, Mode.IMMUTABLE: 4096}
_WAL_LEFT_BYTES = 64 << 20
"""What a WAL that grew in a long write shrinks to again."""


def connect(path: Path, mode: Mode, busy_seconds: float) -> sqlite3.Connection:
    """A connection in autocommit mode with `sqlite3.Row` rows, which any thread may use and close.

    It waits ``busy_seconds`` for a lock that another process holds. Raises what SQLite says of a file that is missing,
    damaged or out of reach.
    """
    connection = sqlite3.connect(
        address(path, mode), uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    try:
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB[mode]}")
        if mode in (Mode.CREATE, Mode.WRITE):
            connection.execute("PRAGMA foreign_keys = ON")
            # With a WAL, NORMAL loses at most the last commits to a power cut; a kill loses nothing.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA journal_size_limit = {_WAL_LEFT_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def address(path: Path, mode: Mode) -> str:
    """SQLite's address of a file. A Windows share (``file://server/share``) needs two more slashes."""
    uri = path.absolute().as_uri()
    if not uri.startswith("file:///"):
        uri = uri.replace("file://", "file:////", 1)
    return f"{uri}?{mode.value}"


def is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder. Asks the system where it answers truly, and tries on Windows."""
    if os.name != "nt":
        return os.access(folder, os.W_OK | os.X_OK)
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
