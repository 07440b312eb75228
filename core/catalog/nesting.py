"""Where a folder lies among the roots, by whatever way it is named.

A root keeps the path that the user gave it, absolute and without ``..``, but with its symbolic links: that is the name
that they know, and a link may point elsewhere tomorrow. So the same folder can come under several names (a link,
another case on Windows and macOS, a disk that is mounted twice), and only the file system can tell that they are one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.types import Root


@dataclass(frozen=True, slots=True)
class Place:
    """A path as its root has it: ``inner`` is relative to the root, in POSIX form; ``""`` is the root itself."""

    root: Root
    inner: str

    @property
    def path(self) -> Path:
        """The path as the catalogue names it."""
        return self.root.path / self.inner


def absolute(path: Path) -> Path:
    """A path from the top and without ``..``; symbolic links stay as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links


def inner_path(path: Path, outer: Path) -> str | None:
    """How a path is called from a folder that it lies in (``""`` when it is that folder), or None when it does not.

    By the names first, then by what the links lead to, then by what the file system holds for one folder. Neither path
    needs to be there.
    """
    if path.is_relative_to(outer):
        return _relative(path, outer)
    real, real_outer = Path(os.path.realpath(path)), Path(os.path.realpath(outer))
    if real.is_relative_to(real_outer):
        return _relative(real, real_outer)
    wanted = _identity(real_outer)
    if wanted is not None:
        for folder in (real, *real.parents):
            if _identity(folder) == wanted:
                return _relative(real, folder)
    return None


def place_of(path: Path, roots: Iterable[Root]) -> Place | None:
    """The innermost root that a path lies in, or is."""
    places = [Place(root, inner) for root in roots if (inner := inner_path(path, root.path)) is not None]
    return min(places, key=lambda place: (len(Path(place.inner).parts), place.root.id), default=None)


def roots_inside(path: Path, roots: Iterable[Root]) -> list[Place]:
    """The roots that lie inside a folder that is none itself; ``inner`` is relative to that folder."""
    return [Place(root, inner) for root in roots if (inner := inner_path(root.path, path))]


def _relative(path: Path, outer: Path) -> str:
    inner = path.relative_to(outer).as_posix()
    return "" if inner == "." else inner


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status.st_ino else None
