"""XMP sidecars as files: which one is a photo's to write, and writing it whole or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from core.copying import Unfinished
from core.errors import SidecarError
from core.photos.sidecars import SIDECAR_SUFFIXES, index_of, sidecars_of
from core.photos.suffixes import is_photo_name
from core.photos.xmp_markup import LARGEST

CHANGED = "Another program changed it meanwhile. Try again."
NO_FOLDER = "Its folder is not there now."
WRITE_PROTECTED = "It is write-protected."


@dataclass(frozen=True, slots=True)
class Choice:
    """The name of the sidecar to write for a photo, and what a person should know of the choice."""

    name: str
    note: str = ""


class Beside:
    """What lies in one folder, as far as sidecars go. Raises SidecarError where the folder cannot be read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.photos: set[str] = set()
        self._by_subject: dict[str, list[str]] = {}
        self._sidecars: dict[str, list[str]] = {}
        self._index: dict[str, Path] = {}
        try:
            names = sorted(path.name for path in folder.iterdir())
        except FileNotFoundError as error:
            raise SidecarError(NO_FOLDER) from error
        except OSError as error:
            raise SidecarError(f"Its folder cannot be read ({error.strerror or error}).") from error
        for name in names:
            if is_photo_name(name):
                self.photos.add(name)
                for subject in {name.casefold(), _stem(name).casefold()}:
                    self._by_subject.setdefault(subject, []).append(name)
            elif name.lower().endswith(SIDECAR_SUFFIXES) and not name.startswith("."):
                self.has(name)

    def choose(self, photo: str) -> Choice:
        """The sidecar that a photo has, in either naming style; ``photo.jpg.xmp`` where it has none.

        That name is understood by darktable, digiKam and exiftool, and says which file it is about. ``photo.xmp`` says
        it of every file of that name, and so is written only where there is one: beside ``photo.jpg`` and
        ``photo.cr2`` each of them gets a sidecar of its own, since tags of one would be read as tags of the other.
        """
        full, stem = f"{photo}.xmp", f"{_stem(photo)}.xmp"
        for candidate in self._spelled(full):
            if not self._others(candidate, photo, stems=False):
                return Choice(candidate)
        for candidate in self._spelled(stem):
            others = self._others(candidate, photo, stems=True)
            if not others:
                return Choice(candidate)
            return Choice(full, f"{candidate} speaks of {others[0]} too, so {photo} gets a sidecar of its own.")
        return Choice(full)

    def newest_ns(self, photo: str) -> int:
        """The time of the newest of a photo's sidecars, as an index run notes it; 0 without any."""
        times = [0]
        for path in sidecars_of(photo, self._index):
            with suppress(OSError):  # gone by now
                times.append(path.stat().st_mtime_ns)
        return max(times)

    def has(self, name: str) -> None:
        """Learn of a sidecar."""
        path = self.folder / name
        self._index.update(index_of([path]))
        names = self._sidecars.setdefault(name.casefold(), [])
        if name not in names:
            names.append(name)

    def _spelled(self, name: str) -> list[str]:
        """The sidecars of this name, the one that is spelled alike first; `sidecars_of` makes no difference by case."""
        return sorted(self._sidecars.get(name.casefold(), ()), key=lambda found: found != name)

    def _others(self, sidecar: str, photo: str, *, stems: bool) -> list[str]:
        """The other photos here that a sidecar speaks of by their whole names, or with ``stems`` by those alone too."""
        subject = sidecar[: -len(".xmp")].casefold()
        exact = f"{photo}.xmp" == sidecar
        return [
            other
            for other in self._by_subject.get(subject, ())
            if other != photo
            and (stems or other.casefold() == subject)
            and not (exact and other.casefold() == photo.casefold())
        ]


def _stem(photo: str) -> str:
    return photo.rpartition(".")[0]


def read(path: Path) -> bytes | None:
    """The bytes of a sidecar; None where there is none. Raises SidecarError for what is not to be written."""
    try:
        info = path.lstat()
    except FileNotFoundError:
        _refuse_folder(path.parent)
        return None
    except OSError as error:
        raise _refused(error) from error
    if stat.S_ISLNK(info.st_mode):
        raise SidecarError("It is a link to another file, which Retrouve does not write through.")
    if not stat.S_ISREG(info.st_mode):
        raise SidecarError("It is no ordinary file.")
    if info.st_size > LARGEST:
        raise SidecarError(f"It is larger than {LARGEST >> 20} MiB, which no XMP is.")
    if not info.st_mode & 0o222 or not os.access(path, os.W_OK):
        raise SidecarError(WRITE_PROTECTED)
    _refuse_folder(path.parent)
    try:
        return path.read_bytes()
    except OSError as error:
        raise _refused(error) from error


def write(path: Path, before: bytes | None, after: bytes) -> None:
    """Put ``after`` in the place of ``before`` (None: there was no file): whole, or not at all.

    Raises SidecarError, and the file is as it was, where it holds something else by now or the disk refuses.
    """
    try:
        with Unfinished(path, overwrite=before is not None) as file:
            file.write(after)
            if before is not None:
                _like(file.path, path)
            file.finish(lambda: _refuse_change(path, before))
    except FileExistsError as error:
        raise SidecarError(CHANGED) from error
    except FileNotFoundError as error:
        raise SidecarError(CHANGED if path.parent.is_dir() else NO_FOLDER) from error
    except OSError as error:
        raise _refused(error) from error


def take_away(path: Path, after_hash: bytes) -> None:
    """Delete a sidecar that holds what this program wrote, and nothing else. Raises SidecarError otherwise."""
    raw = read(path)
    if raw is None:
        return
    if sha256(raw).digest() != after_hash:
        raise SidecarError(CHANGED)
    try:
        path.unlink()
    except OSError as error:
        raise _refused(error) from error


def _refuse_change(path: Path, before: bytes | None) -> None:
    if read(path) != before:
        raise SidecarError(CHANGED)


def _like(new: Path | None, old: Path) -> None:
    """Give a file the permissions, and where that is allowed the owner, of the one that it takes the place of."""
    if new is None:
        return
    info = old.stat()
    new.chmod(stat.S_IMODE(info.st_mode))
    if hasattr(os, "chown"):
        with suppress(OSError):  # only root may give files away; the content is the same without
            os.chown(new, info.st_uid, info.st_gid)


def _refuse_folder(folder: Path) -> None:
    try:
        mode = folder.stat().st_mode
    except OSError as error:
        raise SidecarError(NO_FOLDER) from error
    if not mode & 0o222 or not os.access(folder, os.W_OK):
        raise SidecarError("Its folder is write-protected.")


def _refused(error: OSError) -> SidecarError:
    import errno

    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return SidecarError("You have no permission to write it.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SidecarError("The disk is full.")
    if error.errno == errno.ENAMETOOLONG:
        return SidecarError("The photo's name is too long for a sidecar beside it.")
    return SidecarError(f"It cannot be written ({error.strerror or error}).")
