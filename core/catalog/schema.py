"""Brings a catalogue file to the schema of this version: makes it, judges it, copies it, migrates it."""

from __future__ import annotations

import glob
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from core.catalog.faults import damaged, files_in_plain_words, in_plain_words
from core.catalog.linking import PAGE_SIZE, Mode, connect, is_writable
from core.catalog.lock import IndexLock
from core.catalog.migrations import NAMES, SET_NAME, migrations
from core.errors import CatalogNewer, CatalogReadOnly, LibraryBusy

APPLICATION_ID = 0x52747276
"""`Rtrv`, in the place of the file's header that says whose it is."""

BACKUPS = "backups"
KEPT_BACKUPS = 3


def examine(path: Path, busy_seconds: float) -> tuple[sqlite3.Connection, Mode, bool]:
    """Open a catalogue for reading, and judge it: the connection, how it reads, and whether migrations are pending.

    Changes no byte of the file. Raises `CatalogDamaged`, `CatalogNewer`, `CatalogError`, `LibraryBusy`.
    """
    with files_in_plain_words(path.parent), in_plain_words(path):
        # The file is not opened here to look into it: closing it would drop the locks that this process' other
        # connections hold (https://www.sqlite.org/howtocorrupt.html, 2.2). SQLite takes an empty file for a new one.
        if path.stat().st_size == 0:
            raise damaged(path, "it is empty")
        connection, mode = _reader(path, busy_seconds)
        try:
            applied = _applied(connection, path)
        except BaseException:
            connection.close()
            raise
    unknown = [name for name in applied if name not in NAMES]
    if unknown:
        connection.close()
        raise CatalogNewer(
            f"The library {path.parent} was last used by a newer version of Retrouve ({', '.join(unknown)}). "
            "Update Retrouve to open it; nothing in it was changed."
        )
    return connection, mode, len(applied) < len(NAMES)


def _reader(path: Path, busy_seconds: float) -> tuple[sqlite3.Connection, Mode]:
    try:
        connection = connect(path, Mode.READ, busy_seconds)
    except sqlite3.OperationalError as error:
        refused = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
        if not refused or is_writable(path.parent):
            raise
        return connect(path, Mode.IMMUTABLE, busy_seconds), Mode.IMMUTABLE
    return connection, Mode.READ


def _applied(connection: sqlite3.Connection, path: Path) -> list[str]:
    [number] = connection.execute("PRAGMA application_id").fetchone()
    if number != APPLICATION_ID:
        raise damaged(path, "it is an SQLite file of another program")
    rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY id", [SET_NAME])
    return [row["name"] for row in rows]


def create(path: Path, busy_seconds: float) -> None:
    """Make a new catalogue, whole or not at all. Does nothing where another process was faster.

    It is built under another name and renamed, so that a process killed meanwhile leaves no half of one.
    Raises `CatalogReadOnly`, `DiskFull`, `CatalogError`.
    """
    folder = path.parent
    try:
        with files_in_plain_words(folder), in_plain_words(path):
            folder.mkdir(parents=True, exist_ok=True)
            _alone(folder, lambda: not path.exists(), lambda: _build(path, busy_seconds), busy_seconds)
    except CatalogReadOnly as error:
        raise CatalogReadOnly(
            f"No library can be made in {folder}: nothing can be written there. Name another with --library."
        ) from error


def _build(path: Path, busy_seconds: float) -> None:
    from sqlite_utils import Database

    unborn = path.with_name(path.name + ".new")
    _clear(unborn)
    try:
        with closing(connect(unborn, Mode.CREATE, busy_seconds)) as connection:
            # Both have to come before the first table; the page size before the WAL.
            connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            migrations().apply(Database(connection, execute_plugins=False))
            # Closing does this too, but says nothing when the disk is full; the log would then be left behind.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        unborn.replace(path)
    except BaseException:
        _clear(unborn)
        raise


def _clear(unfinished: Path) -> None:
    """Delete a file that was not finished, and what SQLite may have left beside it."""
    for leftover in unfinished.parent.glob(glob.escape(unfinished.name) + "*"):
        leftover.unlink(missing_ok=True)


def migrate(path: Path, busy_seconds: float) -> None:
    """Run what migrations are pending, after a copy of the file went to ``backups/``.

    Waits for another process that is at it. Raises `LibraryBusy` while another process is indexing,
    `CatalogReadOnly`, `DiskFull`; the catalogue is then as it was.
    """

    def pending() -> bool:
        connection, _, behind = examine(path, busy_seconds)
        connection.close()
        return behind

    def run() -> None:
        from sqlite_utils import Database

        with closing(connect(path, Mode.WRITE, busy_seconds)) as connection:
            _back_up(connection, path)
            # Rebuilding a table drops the old one, which must not take the rows that point at it along.
            connection.execute("PRAGMA foreign_keys = OFF")
            migrations().apply(Database(connection, execute_plugins=False))

    with files_in_plain_words(path.parent), in_plain_words(path):
        _alone(path.parent, pending, run, busy_seconds)


def _back_up(connection: sqlite3.Connection, path: Path) -> None:
    folder = path.parent / BACKUPS
    folder.mkdir(exist_ok=True)
    when = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    copy = folder / f"{path.stem}-{when}{path.suffix}"
    unfinished = copy.with_name(copy.name + ".part")
    try:
        with closing(sqlite3.connect(unfinished)) as target:
            connection.backup(target)
        unfinished.replace(copy)
    except BaseException:
        _clear(unfinished)
        raise
    for old in sorted(folder.glob(f"{path.stem}-*{path.suffix}"))[:-KEPT_BACKUPS]:
        old.unlink()


def _alone(folder: Path, needed: Callable[[], bool], work: Callable[[], None], seconds: float) -> None:
    """Do ``work`` while no other process does the same, or find that it did."""
    deadline = time.monotonic() + seconds
    while needed():
        try:
            with IndexLock(folder):
                if needed():
                    work()
            return
        except LibraryBusy:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.02)
