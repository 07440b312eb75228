"""The catalogue as this process holds it: readers, and the one writer."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from core.catalog import faults, room, schema, word_index
from core.catalog.faults import files_in_plain_words, in_plain_words
from core.catalog.linking import Mode, connect, is_writable
from core.errors import CatalogMissing, CatalogReadOnly, DiskFull

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")

FILE_NAME = "catalog.sqlite"
BUSY_SECONDS = 10.0


def structural(found: Sequence[str]) -> list[str]:
    """What of the lines of ``PRAGMA quick_check`` is about the file's structure.

    From 3.44 on SQLite looks at the word index too, which `Catalog.check_words` does: it can be made anew, and is no
    reason to give up a catalogue.
    """
    return [line for line in found if line != "ok" and "inverted index for FTS5 table" not in line]


class Catalog:
    """One per process and library. All of its methods may be called from any thread.

    Reading happens on read-only connections, which are lent to one caller at a time and kept for the next; writing on
    one thread, inside ``BEGIN IMMEDIATE``. Made by `Catalog.open`; belongs to the process that opened it.
    """

    def __init__(self, path: Path, first: sqlite3.Connection, mode: Mode, writable: bool, busy_seconds: float) -> None:
        self.path = path
        """The catalogue's file."""
        self.read_only = not writable
        """Whether `write` refuses."""
        self._mode = mode
        self._busy_seconds = busy_seconds
        self._process = os.getpid()
        self._guard = threading.Lock()
        self._idle = [first]
        self._closed = False
        self._watch: sqlite3.Connection | None = None
        self._executor: ThreadPoolExecutor | None = None
        self._writer: sqlite3.Connection | None = None
        self._writer_thread: int | None = None

    @classmethod
    def open(
        cls, folder: Path, *, create: bool = True, read_only: bool = False, busy_seconds: float = BUSY_SECONDS
    ) -> Catalog:
        """Open the catalogue of the library in ``folder``, after the migrations that it needs.

        Waits up to ``busy_seconds`` for other processes. Raises `CatalogMissing` (nothing there, and ``create`` is
        false or ``read_only`` true), `CatalogNewer` and `CatalogDamaged` (the file is left as it is),
        `CatalogReadOnly` (opened to write, but nothing can be written there), `DiskFull`, `LibraryBusy`.
        """
        path = folder / FILE_NAME
        with files_in_plain_words(folder):
            there = path.exists()
            if not there and not next(place for place in (folder, *folder.parents) if place.exists()).is_dir():
                raise NotADirectoryError
        if not there:
            if read_only or not create:
                raise CatalogMissing(f"There is no library in {folder}: `retrouve index FOLDER` makes one.")
            schema.create(path, busy_seconds)
        if not read_only:
            room.make_room(folder)
        first, mode, behind = schema.examine(path, busy_seconds)
        if behind:
            first.close()
            if read_only:
                raise CatalogReadOnly(f"The library {folder} comes from an older version: open it once to write.")
            schema.migrate(path, busy_seconds)
            first, mode, _ = schema.examine(path, busy_seconds)
        if not read_only and not (is_writable(folder) and os.access(path, os.W_OK)):
            first.close()
            raise faults.read_only(folder)
        return cls(path, first, mode, not read_only, busy_seconds)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Lend a read-only connection (rows are `sqlite3.Row`) for a ``with`` block.

        Each statement sees what was committed when it began; ``BEGIN`` first for several that must agree. What SQLite
        says of a damaged or missing file, also inside the block, becomes an error of our tree.
        """
        with in_plain_words(self.path):
            connection = self._lend()
            try:
                yield connection
            finally:
                self._take_back(connection)

    def write(self, work: Callable[[sqlite3.Connection], T], *, row_by_row: bool = False) -> T:
        """Run ``work`` on the writer's thread inside a transaction, wait for it, and give back what it gave.

        ``row_by_row`` says that each of its statements changes a row or a few: what SQLite needs to undo one of them
        stays in memory then. Otherwise it goes to a temporary file, which a statement over a whole table needs, and
        which made 150 KB of writing of each photo that was added.

        The word index follows in the same transaction (see `core.catalog.word_index`).
        Whatever it raises undoes the transaction and is raised here, with its traceback. Raises `CatalogReadOnly`,
        `DiskFull`, `LibraryBusy` (another process has been writing for ``busy_seconds``), `CatalogDamaged`. To be
        called from within ``work`` would wait for itself, and is a `RuntimeError`.
        """
        self._belongs_here()
        if self.read_only:
            raise faults.read_only(self.path.parent)
        if threading.get_ident() == self._writer_thread:
            raise RuntimeError("Catalog.write was called inside Catalog.write: use the connection that is there")
        with self._guard:
            if self._closed:
                raise RuntimeError("the catalogue is closed")
            if self._executor is None:
                self._executor = self._hire()
            waiting = self._executor.submit(self._transact, work, row_by_row)
        try:
            with in_plain_words(self.path):
                return waiting.result()
        except DiskFull:  # of a quota, say, which no disk tells of: the next try finds room
            room.give_way(self.path.parent)
            raise

    def data_version(self) -> int:
        """A number that differs after anything was committed, by this process or another.

        All threads see the same one (SQLite counts for each connection, so one connection is kept for this alone).
        """
        self._belongs_here()
        with self._guard, in_plain_words(self.path):
            if self._closed:
                raise RuntimeError("the catalogue is closed")
            if self._watch is None:
                self._watch = connect(self.path, self._mode, self._busy_seconds)
            [version] = self._watch.execute("PRAGMA data_version").fetchone()
            return int(version)

    def check(self) -> list[str]:
        """What SQLite finds wrong with the file's structure: nothing, in a sound one. Reads all of it."""
        with self.read() as db:
            try:
                found = [str(row[0]) for row in db.execute("PRAGMA quick_check")]
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
                    raise
                found = [str(error)]
        return structural(found)

    def check_words(self) -> list[str]:
        """The tables of the word index whose words cannot be looked up as they stand in their rows; none, as a rule.

        FTS5 counts its check as writing, though it writes nothing: others wait meanwhile, a tenth of a second for
        300,000 photos. Raises `LibraryBusy`, and `CatalogReadOnly` where nothing can be written.
        """
        self._belongs_here()
        found = []
        with in_plain_words(self.path), closing(connect(self.path, Mode.WRITE, self._busy_seconds)) as db:
            for table in word_index.TABLES:
                try:
                    db.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")
                except sqlite3.DatabaseError as error:
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
                        raise
                    found.append(table)
        return found

    def close(self) -> None:
        """Let what is being written end, then close every connection. May be called twice."""
        with self._guard:
            self._closed = True
            executor, self._executor = self._executor, None
            idle, self._idle = self._idle, []
            watch, self._watch = self._watch, None
        for connection in idle:
            connection.close()
        if watch is not None:
            watch.close()
        # The writer goes last: it is the one that may fold the WAL into the file.
        if executor is not None:
            executor.submit(self._dismiss).result()
            executor.shutdown(wait=True)

    def __enter__(self) -> Catalog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _belongs_here(self) -> None:
        # A connection that crosses a fork damages the file (https://www.sqlite.org/howtocorrupt.html, 2.6).
        if os.getpid() != self._process:
            raise RuntimeError("the catalogue was opened by another process: open it again in this one")

    def _lend(self) -> sqlite3.Connection:
        self._belongs_here()
        with self._guard:
            if self._closed:
                raise RuntimeError("the catalogue is closed")
            if self._idle:
                return self._idle.pop()
        return connect(self.path, self._mode, self._busy_seconds)

    def _take_back(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            connection.rollback()
        with self._guard:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def _hire(self) -> ThreadPoolExecutor:
        from concurrent.futures import ThreadPoolExecutor

        def introduce() -> None:
            self._writer_thread = threading.get_ident()

        return ThreadPoolExecutor(max_workers=1, thread_name_prefix="catalog-writer", initializer=introduce)

    def _transact(self, work: Callable[[sqlite3.Connection], T], row_by_row: bool) -> T:
        if self._writer is None:
            self._writer = connect(self.path, Mode.WRITE, self._busy_seconds)
        db = self._writer
        room.make_room(self.path.parent)
        # SQLite looks at this where a transaction begins.
        db.execute(f"PRAGMA temp_store = {'MEMORY' if row_by_row else 'DEFAULT'}")
        db.execute("BEGIN IMMEDIATE")
        try:
            result = work(db)
            word_index.settle(db)
            db.execute("COMMIT")
        except BaseException:
            # SQLite undoes some failed transactions by itself (a full disk).
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return result

    def _dismiss(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
