"""Locks that let one process do something at a time, and that die with their holder."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from core.catalog.faults import from_os
from core.errors import LibraryBusy

FILE_NAME = "index.lock"
_BYTE = 1 << 30
"""On Windows a locked byte cannot be read by others: ours lies far behind the process id that the file holds."""


class FileLock:
    """An operating-system lock on a file, which is made; held between ``with``'s two ends.

    The system drops it when the process ends, however it ends; the file itself stays and means nothing. Two of them in
    one process exclude each other too. Entering raises `LibraryBusy` at once where another holds it, with the sentence
    ``busy``, in which ``{holder}`` becomes its process id in brackets; and `CatalogReadOnly` or `DiskFull` where the
    file cannot be made.
    """

    def __init__(self, path: Path, busy: str) -> None:
        self._path = path
        self._busy = busy
        self._file: int | None = None

    def __enter__(self) -> Self:
        if self._file is not None:
            raise RuntimeError("this lock is held already")
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise from_os(error, self._path.parent) from error
        try:
            held = _lock(file)
        except OSError as error:
            os.close(file)
            raise from_os(error, self._path.parent) from error
        if not held:
            os.close(file)
            raise LibraryBusy(self._busy.replace("{holder}", self._holder()))
        try:
            os.ftruncate(file, 0)
            os.write(file, f"{os.getpid()}\n".encode())
        except OSError:
            # Who holds it is a courtesy to the next one: a full disk does not make the lock any looser.
            pass
        self._file = file
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        file, self._file = self._file, None
        if file is not None:
            _unlock(file)
            os.close(file)

    def _holder(self) -> str:
        try:
            number = self._path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""
        return f" ({number})" if number.isdigit() else ""


class IndexLock(FileLock):
    """Lets one process index a library at a time, by ``<library>/index.lock``."""

    def __init__(self, folder: Path) -> None:
        busy = f"Another process{{holder}} is indexing the library {folder}. Wait until it is done."
        super().__init__(folder / FILE_NAME, busy)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        os.lseek(file, _BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True

    def _unlock(file: int) -> None:
        os.lseek(file, _BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> bool:
        # flock belongs to the open file, not to the process (as lockf does, which any close() in the process drops).
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
