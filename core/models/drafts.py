"""Folders that a model is made in before it gets its name: gone when the work ends, or once its process is dead.

Each is held by a lock beside it that dies with its process (`core.catalog.lock`): it is taken before the folder is
made, so that a folder whose lock is free belongs to nobody.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.catalog.lock import FileLock
from core.errors import LibraryBusy, RetrouveError

DRAFT = ".draft-"
_LOCK = ".lock"
_SOON = 60.0
"""Seconds after which a lock without a folder is not one whose folder is made this moment."""


@contextmanager
def draft_in(folder: Path) -> Iterator[Path]:
    """An empty folder in ``folder``, which is made too; to be renamed by who is done with it. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{DRAFT}{secrets.token_hex(4)}"
    lock = FileLock(_lock_of(place), "")
    try:
        lock.__enter__()
    except RetrouveError as error:  # which speaks of a library
        raise error.__cause__ or error from None
    try:
        place.mkdir()
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        lock.__exit__(None, None, None)
        with suppress(OSError):
            _lock_of(place).unlink()


def clear(folder: Path, unlocked: float = 0.0) -> None:
    """Remove what dead processes left half made in ``folder``. What has no lock, of an earlier version of the program,
    goes when nobody wrote to it for so many seconds."""
    for path in folder.glob(f"{DRAFT}*"):
        with suppress(OSError, RetrouveError):
            if path.suffix == _LOCK:
                if not path.with_suffix("").exists() and time.time() - path.stat().st_mtime > _SOON:
                    path.unlink()
            elif _lock_of(path).exists():
                _clear_dead(path)
            elif not unlocked or idle(path) > unlocked:
                shutil.rmtree(path, ignore_errors=True)


def _clear_dead(draft: Path) -> None:
    try:
        with FileLock(_lock_of(draft), ""):
            shutil.rmtree(draft, ignore_errors=True)
    except LibraryBusy:
        return  # it is being made
    _lock_of(draft).unlink()


def _lock_of(draft: Path) -> Path:
    return draft.with_name(draft.name + _LOCK)


def idle(folder: Path) -> float:
    """Seconds since anything was written there. Raises OSError."""
    return time.time() - max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
