"""The thumbnails that were made before: a cache beside the catalogue, in an SQLite file of its own."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from core.catalog.batches import batches, marks
from core.catalog.linking import PAGE_SIZE, Mode, connect, is_writable
from core.types import ContentHash

FILE_NAME = "thumbnails.sqlite"
_BUSY_SECONDS = 2.0
_LOG = logging.getLogger(__name__)


class ThumbnailCache:
    """JPEG thumbnails by content hash, in ``folder`` (the library's ``cache/``). Safe from any thread.

    It is a cache and behaves like one: what cannot be read is not there, what cannot be written is not kept, and a
    damaged file is thrown away and begun anew; each is logged, none is an error. Where nothing can be written,
    those that are there can still be read.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None

    def get(self, hash: ContentHash) -> bytes | None:
        """The JPEG of a content, or None when there is none yet."""
        rows = self._read("SELECT jpeg FROM thumbnail WHERE hash = ?", [hash])
        return bytes(rows[0][0]) if rows else None

    def put_many(self, thumbnails: Sequence[tuple[ContentHash, bytes]]) -> None:
        """Keep thumbnails, in place of older ones of the same content."""
        if thumbnails:
            self._write(lambda db: db.executemany("INSERT OR REPLACE INTO thumbnail VALUES (?, ?)", thumbnails))

    def remove(self, hashes: Iterable[ContentHash]) -> None:
        """Throw away the thumbnails of contents that are forgotten, and give their room back to the disk."""
        gone = list(hashes)
        if not gone or not self._path.exists():
            return

        def work(db: sqlite3.Connection) -> None:
            for batch in batches(gone):
                db.execute(f"DELETE FROM thumbnail WHERE hash IN ({marks(len(batch))})", batch)

        self._write(work)
        # It frees a page at each step without giving a row, and execute() takes but one step.
        self._write(lambda db: db.executescript("PRAGMA incremental_vacuum"), transaction=False)

    def state(self) -> tuple[int, int] | None:
        """How many thumbnails there are, and the bytes of their file; None when it cannot be read."""
        if not self._path.exists():
            return 0, 0
        rows = self._read("SELECT count(*) FROM thumbnail")
        return (int(rows[0][0]), self._path.stat().st_size) if rows else None

    def close(self) -> None:
        """Close the file. The cache may be used again afterwards, and opens it anew."""
        with self._writing, self._reading:
            self._drop_reader()
            self._drop_writer()

    def __enter__(self) -> ThumbnailCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, statement: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        with self._reading:
            try:
                if self._reader is None:
                    if not self._path.exists():
                        return []
                    mode = Mode.READ if is_writable(self._path.parent) else Mode.IMMUTABLE
                    self._reader = connect(self._path, mode, _BUSY_SECONDS)
                return self._reader.execute(statement, parameters).fetchall()
            except sqlite3.Error as error:
                self._drop_reader()
                _LOG.warning("thumbnails could not be read from %s: %s", self._path, error)
                broken = _is_broken(error)
        if broken:
            with self._writing:
                self._discard()
        return []

    def _write(self, work: Callable[[sqlite3.Connection], object], *, transaction: bool = True) -> None:
        with self._writing:
            # A file that turns out to be damaged is begun anew, once.
            for last in (False, True):
                try:
                    writer = self._open_writer()
                    if writer is None:
                        return
                    if transaction:
                        writer.execute("BEGIN IMMEDIATE")
                    work(writer)
                    if transaction:
                        writer.execute("COMMIT")
                    return
                except (sqlite3.Error, OSError) as error:
                    # Closing undoes what was begun.
                    self._drop_writer()
                    _LOG.warning("thumbnails could not be kept in %s: %s", self._path, error)
                    if last or not _is_broken(error):
                        return
                    self._discard()

    def _open_writer(self) -> sqlite3.Connection | None:
        there = self._path.exists()
        if self._writer is not None and there:
            return self._writer
        self._drop_writer()
        if not there:
            # Somebody emptied the cache: a reader of the deleted file would never see the new one.
            with self._reading:
                self._drop_reader()
            if not is_writable(self._path.parent.parent):
                return None
            self._path.parent.mkdir(exist_ok=True)
        if not is_writable(self._path.parent):
            return None
        connection = connect(self._path, Mode.CREATE, _BUSY_SECONDS)
        self._writer = connection
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS thumbnail (hash BLOB PRIMARY KEY, jpeg BLOB NOT NULL)")
        return connection

    def _discard(self) -> None:
        self._drop_writer()
        with self._reading:
            self._drop_reader()
            for file in self._path.parent.glob(f"{FILE_NAME}*"):
                try:
                    file.unlink()
                except OSError as error:
                    _LOG.warning("%s is damaged and could not be thrown away: %s", file, error)

    def _drop_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _drop_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _is_broken(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
