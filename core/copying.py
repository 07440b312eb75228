"""Files that are written whole, under a name that nothing had before: what an export consists of."""

from __future__ import annotations

import errno
import filecmp
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from core.errors import ExportError, PhotoError
from core.photos.faults import as_photo_error, refuse_what_is_no_file

_CHUNK = 1 << 20
_NO_SUCH_NAME = {errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of one photo: copied (``made``), perhaps ``renamed``; not copied, ``why``; or there already."""

    made: bool
    renamed: bool = False
    why: str = ""


class Unfinished:
    """A file that is being written beside its place, and moved there when it is whole; a context manager.

    What is not finished is taken away again. A device or a pipe is written as it is.
    """

    def __init__(self, target: Path, *, overwrite: bool = True) -> None:
        self._target = Path(os.path.realpath(target))
        self._overwrite = overwrite
        self._path: Path | None = None
        if is_device(self._target):
            self._file: BinaryIO = self._target.open("wb")
        else:
            self._path = self._target.with_name(_hidden_name())
            self._file = _create(self._path)

    def write(self, data: bytes) -> None:
        """Append."""
        self._file.write(data)

    @property
    def path(self) -> Path | None:
        """Where it is written meanwhile; None for a device."""
        return self._path

    def finish(self, check: Callable[[], None] = lambda: None) -> None:
        """All is written: the file gets its name, after a last ``check``, which may raise. Raises FileExistsError
        where it must not overwrite and something has that name by now."""
        self._file.flush()
        if self._path is None:
            return
        os.fsync(self._file.fileno())
        self._file.close()
        check()
        if self._overwrite:
            self._path.replace(self._target)
        elif not place(self._path, self._target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(self._target))
        self._path = None

    def __enter__(self) -> Unfinished:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # What is still in the buffer of a file on a full disk cannot be written; it is thrown away with the file.
        with suppress(OSError):
            self._file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


class Copier:
    """Copies photos into one folder, each whole, none over something else."""

    def __init__(self, folder: Path, cancelled: Callable[[], bool] = lambda: False) -> None:
        self._folder, self._cancelled = folder, cancelled

    def copy(self, path: Path) -> Copied | None:
        """Copy one photo, with the time of its file. None when that was cancelled.

        A fault of the photo is told as ``why``; an OSError is a fault of the folder, or of its disk.
        """
        try:
            with as_photo_error(path):
                refuse_what_is_no_file(path)
                source = path.open("rb")
        except PhotoError as error:
            return Copied(False, why=error.reason)
        with source:
            unfinished = self._folder / _hidden_name()
            try:
                return self._place(path, source, unfinished)
            except PhotoError as error:
                return Copied(False, why=error.reason)
            finally:
                unfinished.unlink(missing_ok=True)

    def _place(self, path: Path, source: BinaryIO, unfinished: Path) -> Copied | None:
        whole = False
        for number in count(1):
            name = path.name if number == 1 else f"{path.stem} ({number}){path.suffix}"
            target = self._folder / name
            try:
                if os.path.lexists(target):
                    if _is_same(path, target):
                        return Copied(False)
                    continue
                if not whole:
                    if not self._fill(path, source, unfinished):
                        return None
                    whole = True
                if place(unfinished, target):
                    return Copied(True, renamed=number > 1)
            except OSError as error:
                if error.errno in _NO_SUCH_NAME:
                    return Copied(False, why="The folder cannot hold a file of this name.")
                if error.errno == errno.EFBIG:
                    return Copied(False, why="It is larger than a file can be in that folder.")
                raise
        raise AssertionError("numbers do not end")

    def _fill(self, path: Path, source: BinaryIO, unfinished: Path) -> bool:
        """Copy the bytes; whether it came to its end. Raises PhotoError where the photo cannot be read on."""
        with _create(unfinished) as file:
            while True:
                if self._cancelled():
                    return False
                with as_photo_error(path):
                    data = source.read(_CHUNK)
                if not data:
                    break
                file.write(data)
        status = os.fstat(source.fileno())
        # Some file systems keep no such times, and the copy is good without.
        with suppress(OSError):
            os.utime(unfinished, ns=(status.st_atime_ns, status.st_mtime_ns))
        return True


def place(path: Path, target: Path) -> bool:
    """Give a file a name that nothing has; False, and nothing changed, where something has it."""
    try:
        if os.name == "nt":
            path.rename(target)  # which fails there where the name is taken
            return True
        try:
            os.link(path, target)
        except FileExistsError:
            return False
        except OSError:
            # A file system without hard links (a memory card): the name is taken first, then filled.
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            path.replace(target)
            return True
        path.unlink()
    except FileExistsError:
        return False
    return True


def is_device(path: Path) -> bool:
    """Whether there is something that is neither a file nor a folder: a pipe, ``/dev/null``."""
    return path.exists() and not path.is_file() and not path.is_dir()


def refused(error: OSError, target: Path) -> ExportError:
    """The sentence for what the system says of a target."""
    if error.errno in _FULL:
        return ExportError(f"The disk is full where {target} was to go. Make some room and try again.")
    if error.errno in _FORBIDDEN:
        return ExportError(f"{target} cannot be written: you have no permission, or the disk is write-protected.")
    if isinstance(error, FileNotFoundError) and target.parent.is_dir():
        return ExportError(f"{target} cannot be written: the folder {target.parent} takes no new file.")
    if isinstance(error, FileNotFoundError):
        return ExportError(f"{target} cannot be written: the folder {target.parent} is not there.")
    if isinstance(error, FileExistsError | NotADirectoryError):
        return ExportError(f"{target} cannot be written: it, or a part of its path, is a file already.")
    return ExportError(f"{target} cannot be written: {error.strerror or error}.")


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o666), "wb")


def _hidden_name() -> str:
    """A name that nothing has, and that a scan passes over."""
    return f".retrouve-{secrets.token_hex(8)}.part"


def _is_same(path: Path, other: Path) -> bool:
    """Whether two files hold the same bytes. What cannot be read is something else."""
    try:
        return other.is_file() and filecmp.cmp(path, other, shallow=False)
    except OSError:
        return False
