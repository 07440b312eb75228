"""Walks a root and yields each file that may be a photo, with its stamp and its sidecars."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from core.photos.sidecars import SIDECAR_SUFFIXES, index_of, sidecars_of
from core.photos.suffixes import SUFFIXES, is_photo_name
from core.types import FileStamp, FoundFile, Root

__all__ = ["SUFFIXES", "UnreadableFolder", "is_photo_name", "mount_of", "scan", "why_offline"]

# fmt: off
_LEFT_OUT = frozenset((
    "@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "$recycle.bin", "recycler", "recycled",
    "system volume information", "lost+found", "__macosx",
))
# fmt: on
"""Folders of thumbnails, trash and snapshots that file managers and NAS make, in lower case."""
_LEFT_OUT_ENDINGS = (".lrdata", ".app", ".lrlibrary", ".cocatalogdb")
_LIBRARY_ENDINGS = (".photoslibrary", ".photolibrary", ".migratedphotolibrary", ".aplibrary")
_LIBRARY_ORIGINALS = ("originals", "masters")
NO_PERMISSION = "You have no permission to read this folder."
_LARGEST_INODE = (1 << 63) - 1
"""What SQLite can hold; Windows' file ids have all 64 bits."""


@dataclass(frozen=True, slots=True)
class UnreadableFolder:
    """A folder that could not be listed, or not be entered. What the catalogue knows under it must be kept."""

    path: Path
    folder: str
    reason: str


def _is_hidden(info: os.stat_result) -> bool:
    """Hidden by an attribute rather than by a dot, as on Windows and macOS."""
    windows = getattr(info, "st_file_attributes", 0) & 0x2  # FILE_ATTRIBUTE_HIDDEN
    return bool(windows or getattr(info, "st_flags", 0) & 0x8000)  # UF_HIDDEN


def _is_left_out(name: str, inside: str) -> bool:
    """Whether the folder ``name`` inside a folder named ``inside`` never holds photos of a person's own."""
    lowered = name.casefold()
    if inside.casefold().endswith(_LIBRARY_ENDINGS):
        return lowered not in _LIBRARY_ORIGINALS
    return name.startswith(".") or lowered in _LEFT_OUT or lowered.endswith(_LEFT_OUT_ENDINGS)


class _Ignored:
    """The user's ignore patterns: each matches a name, or a path relative to the root, whatever its case."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._patterns = [pattern.strip().rstrip("/").casefold() for pattern in patterns if pattern.strip("/ ")]

    def __call__(self, name: str, relative: str) -> bool:
        asked = (name.casefold(), relative.casefold())
        return any(fnmatchcase(text, pattern) for pattern in self._patterns for text in asked)


def _why(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return NO_PERMISSION
    if isinstance(error, FileNotFoundError):
        return "The folder is no longer there."
    return f"The folder could not be read ({error.strerror or 'unknown fault'})."


def _identity(path: str) -> tuple[int, int]:
    """Device and inode of a folder; the same for every link and junction that leads to it."""
    info = Path(path).stat()
    return info.st_dev, info.st_ino


def _above(path: Path) -> Iterator[tuple[int, int]]:
    """The identities of the folders that hold the folder at ``path``, up to the top."""
    for folder in Path(os.path.realpath(path)).parents:
        try:
            yield _identity(str(folder))
        except OSError:  # what may not be looked at cannot be walked either
            continue


def _is_denied(entry: os.DirEntry[str]) -> bool:
    """Whether nothing may be asked of an entry itself, wherever it leads: its folder may be listed, but not entered."""
    try:
        entry.stat(follow_symlinks=False)
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _stamp(entry: os.DirEntry[str], sidecars: tuple[Path, ...], times: dict[Path, int]) -> FileStamp:
    """Raises OSError for a link that leads nowhere."""
    info = entry.stat()
    if not info.st_ino:  # Windows lists folders without it
        info = Path(entry.path).stat()
    newest = max((times[path] for path in sidecars), default=0)
    return FileStamp(info.st_size, info.st_mtime_ns, info.st_ino & _LARGEST_INODE, newest)


class _Walk:
    """One scan of one root. Each folder is read once, by whatever way it is reached first."""

    def __init__(self, root: Root, cancelled: Callable[[], bool]) -> None:
        self._root = root
        self._ignored = _Ignored(root.ignore)
        self._cancelled = cancelled
        self._seen: set[tuple[int, int]] = set()
        self._links: list[tuple[str, str]] = []

    def run(self, below: Sequence[str]) -> Iterator[FoundFile | UnreadableFolder]:
        """Real folders first; then folders behind links, unless they were met already (loops, and links inside)."""
        # A link to what holds the root would bring in all that lies beside it.
        self._seen.update(_above(self._root.path))
        whole = "" in below
        for folder in below:
            path = self._reach(folder)
            if path is not None:
                yield from self._from(path, folder)
        while self._links and not self._cancelled():
            path, folder = self._links.pop(0)
            # Part of a root does not show what else it holds: what a link finds inside it, the whole scan finds there.
            if whole or not Path(path).resolve().is_relative_to(self._root.path.resolve()):
                yield from self._from(path, folder)

    def _reach(self, folder: str) -> str | None:
        """The path of a folder below the root, or None where a whole scan would not come by."""
        path = str(self._root.path)
        relative = ""
        for name in folder.split("/") if folder else ():
            relative = f"{relative}/{name}" if relative else name
            if _is_left_out(name, Path(path).name) or self._ignored(name, relative):
                return None
            path = os.path.join(path, name)  # noqa: PTH118 - names may be in no encoding
            try:
                if _is_hidden(os.lstat(path)):
                    return None
            except OSError:  # gone again: there is nothing to find
                return None
        return path

    def _from(self, path: str, folder: str) -> Iterator[FoundFile | UnreadableFolder]:
        waiting = [(path, folder)]
        while waiting and not self._cancelled():
            path, folder = waiting.pop()
            try:
                identity = _identity(path)
                if identity in self._seen:
                    continue
                self._seen.add(identity)
                with os.scandir(path) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError as error:
                yield UnreadableFolder(Path(path), folder, _why(error))
                continue
            if entries and all(map(_is_denied, entries)):
                yield UnreadableFolder(Path(path), folder, NO_PERMISSION)
                continue
            below = self._folders(entries, path, folder)
            waiting.extend(reversed(below))
            yield from self._files(entries, path, folder)

    def _folders(self, entries: list[os.DirEntry[str]], path: str, folder: str) -> list[tuple[str, str]]:
        below: list[tuple[str, str]] = []
        for entry in entries:
            relative = f"{folder}/{entry.name}" if folder else entry.name
            if not _is_folder(entry) or _is_left_out(entry.name, Path(path).name):
                continue
            if self._ignored(entry.name, relative) or _hidden_entry(entry):
                continue
            (self._links if entry.is_symlink() else below).append((entry.path, relative))
        return below

    def _files(self, entries: list[os.DirEntry[str]], path: str, folder: str) -> Iterator[FoundFile | UnreadableFolder]:
        photos = [entry for entry in entries if is_photo_name(entry.name)]
        if not photos:
            return
        times: dict[Path, int] = {}
        for entry in entries:
            if entry.name.lower().endswith(SIDECAR_SUFFIXES) and not entry.name.startswith("."):
                try:
                    times[Path(entry.path)] = entry.stat().st_mtime_ns
                except OSError:  # gone in between, or a link to nowhere: it says nothing
                    continue
        beside = index_of(times)
        denied = False
        for entry in photos:
            if self._cancelled():
                return
            relative = f"{folder}/{entry.name}" if folder else entry.name
            if self._ignored(entry.name, relative):
                continue
            sidecars = sidecars_of(entry.name, beside)
            try:
                if entry.is_file():
                    stamp = _stamp(entry, sidecars, times)
                    yield FoundFile(Path(entry.path), folder, entry.name, stamp, sidecars)
            except OSError as error:  # gone in between, or a link to nowhere: there is no photo
                if isinstance(error, PermissionError) and not denied and _is_denied(entry):
                    denied = True
                    yield UnreadableFolder(Path(path), folder, NO_PERMISSION)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _hidden_entry(entry: os.DirEntry[str]) -> bool:
    try:
        return _is_hidden(entry.stat(follow_symlinks=False))
    except OSError:
        return False


def scan(
    root: Root, *, below: Sequence[str] = ("",), cancelled: Callable[[], bool] = lambda: False
) -> Iterator[FoundFile | UnreadableFolder]:
    """Every file under the root that may be a photo, folder by folder, in the order of names.

    Left out: hidden files and folders, trash, thumbnails and snapshots of NAS, what lies inside a Photos library
    besides the originals, what matches the root's ignore patterns. A folder behind a link is read once, and not at
    all when the link leads back, or to a folder that holds the root. Names may hold anything that the file system
    allows: those in no encoding come with Python's surrogate escapes. Ends early when ``cancelled()`` says so.

    ``below`` names folders (POSIX paths relative to the root, none inside another) that alone are walked; one that a
    whole scan leaves out yields nothing.
    """
    yield from _Walk(root, cancelled).run(below)


def mount_of(path: Path) -> Path:
    """The mount point that a folder lies under: the drive, or the folder where a disk or a share hangs."""
    path = path.absolute()
    while not os.path.ismount(path) and path != path.parent:
        path = path.parent
    return path


def why_offline(root: Root, known: int) -> str | None:
    """Why the root cannot be read now, as a sentence, or None when it can.

    ``known`` is the number of photos that the catalogue has under it. A root is offline, and nothing under it may be
    forgotten, when it is missing or unreadable, when the disk that it was on is not mounted, or when it is suddenly
    empty: that is what the mount point of an unplugged disk looks like.
    """
    try:
        if not stat.S_ISDIR(root.path.stat().st_mode):
            return f"{root.path} is no longer a folder."
        with os.scandir(root.path) as listing:
            empty = next(listing, None) is None
    except FileNotFoundError:
        return f"The folder {root.path} is not there: perhaps its disk is not connected."
    except PermissionError:
        return f"You have no permission to read the folder {root.path}."
    except OSError as error:
        return f"The folder {root.path} cannot be read ({error.strerror or 'unknown fault'})."
    if root.mount is not None and not os.path.ismount(root.mount) and known > 0:
        return f"The disk that held {root.path} is not connected (it was at {root.mount})."
    if empty and known > 0:
        return (
            f"The folder {root.path} is empty, though it held photos: perhaps its disk is not connected. "
            "If you emptied it yourself, `retrouve forget` takes it out of the library."
        )
    return None
