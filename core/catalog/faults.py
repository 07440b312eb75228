"""What SQLite and the system say when the catalogue cannot be used, in sentences that a person can act on."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import (
    CatalogDamaged,
    CatalogError,
    CatalogMissing,
    CatalogReadOnly,
    DiskFull,
    LibraryBusy,
    NoLibraryFolder,
    RetrouveError,
)

_FULL_DISK = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_NO_WRITING = {errno.EACCES, errno.EPERM, errno.EROFS}
_NEARLY_FULL = 1 << 20
"""Bytes. SQLite reports a full disk as a plain input/output error where it grows the shared-memory file."""


def damaged(path: Path, why: str) -> CatalogDamaged:
    """The sentence for a catalogue that cannot be read, with the ways out of it."""
    return CatalogDamaged(f"The catalogue {path} cannot be read ({why}). {way_out(path)}")


def way_out(path: Path) -> str:
    """What to do about a damaged catalogue. Its WAL has to go with it: SQLite would play it back over the copy."""
    return (
        f"Your photos are safe. Move it away, with {path.name}-wal if that is there; then put the newest copy from "
        f"{path.parent / 'backups'} in its place, or, where there is none, index your folders again."
    )


def read_only(folder: Path) -> CatalogReadOnly:
    """The sentence for a library where nothing can be written."""
    return CatalogReadOnly(
        f"The library {folder} can be searched but not changed: nothing can be written there. "
        "Give yourself the right to write in it, or use another with --library."
    )


def disk_full(folder: Path) -> DiskFull:
    """The sentence for a disk without room."""
    return DiskFull(
        f"The disk is full where the library {folder} lies. Make some room and start again: nothing is lost."
    )


def no_room(folder: Path) -> bool:
    """Whether the disk that a folder lies on has next to nothing left."""
    try:
        return shutil.disk_usage(folder).free < _NEARLY_FULL
    except OSError:
        return False


def told(error: sqlite3.Error, path: Path) -> RetrouveError | None:
    """The error of our tree that an error of SQLite's is, or None for a fault of ours (wrong SQL, a broken constraint).

    Codes: https://www.sqlite.org/rescode.html
    """
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            return disk_full(path.parent)
        case sqlite3.SQLITE_READONLY if code == sqlite3.SQLITE_READONLY_DBMOVED:
            return CatalogMissing(f"The catalogue {path} was moved or deleted while it was in use. Start again.")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return read_only(path.parent)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return damaged(path, str(error))
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return LibraryBusy(f"Another process holds the library {path.parent}. Try again when it is done.")
        case sqlite3.SQLITE_CANTOPEN:
            return CatalogError(f"The catalogue {path} cannot be opened: look at who may read it.")
        case sqlite3.SQLITE_IOERR:
            if no_room(path.parent):
                return disk_full(path.parent)
            return CatalogError(f"The disk did not answer as it should for the catalogue {path} ({error}).")
    return None


@contextmanager
def in_plain_words(path: Path) -> Iterator[None]:
    """Turn what SQLite says of the catalogue at ``path`` into errors of our tree; let faults of ours through."""
    try:
        yield
    except sqlite3.Error as error:
        sentence = told(error, path)
        if sentence is None:
            raise
        raise sentence from error


@contextmanager
def files_in_plain_words(folder: Path) -> Iterator[None]:
    """Turn what the system says of the library's files into errors of our tree."""
    try:
        yield
    except OSError as error:
        raise from_os(error, folder) from error


def from_os(error: OSError, folder: Path) -> CatalogError:
    """The error of our tree for what the system said about a file of the library in ``folder``."""
    if error.errno in _FULL_DISK:
        return disk_full(folder)
    if error.errno in _NO_WRITING:
        return read_only(folder)
    if isinstance(error, FileExistsError | NotADirectoryError):
        return NoLibraryFolder(f"{folder} cannot be a library: it, or a part of its path, is a file.")
    return CatalogError(f"The library {folder} cannot be used: {error.strerror or error}.")
