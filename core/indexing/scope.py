"""Where a run looks: whole roots or some of their folders; what could be read there, and what has truly gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import FolderError
from core.indexing.diff import Known
from core.photos.scan import UnreadableFolder, scan, why_offline
from core.types import FoundFile, Root


@dataclass(slots=True)
class Scope:
    """One root of a run. ``folders`` are POSIX paths relative to it; the root itself is ``""``."""

    root: Root
    folders: tuple[str, ...] = ("",)
    unreadable: list[UnreadableFolder] = field(default_factory=list)

    def scan(self, cancelled: Callable[[], bool]) -> Iterator[FoundFile]:
        """Every file that may be a photo. Folders that cannot be read are noted in ``unreadable``."""
        for entry in scan(self.root, below=self._below(), cancelled=cancelled):
            if not self.covers(entry.folder):
                continue
            if isinstance(entry, FoundFile):
                yield entry
            elif _exists(entry.path) is not False:
                self.unreadable.append(entry)

    def _below(self) -> tuple[str, ...]:
        """Where to walk: the whole root when a link leads to a folder, since that alone tells which way is read."""
        for folder in self.folders:
            steps = [self.root.path / folder, *(self.root.path / folder).parents]
            if any(step.is_symlink() for step in steps if step != self.root.path and self.root.path in step.parents):
                return ("",)
        return self.folders

    def covers(self, folder: str) -> bool:
        """Whether the run looks into a folder of this root."""
        return _is_below(folder, self.folders)

    def has_gone(self, known: Known) -> bool:
        """Whether a file that was not found is truly away.

        Not when its folder could not be read, and not when the system cannot say. A file that is there and still was
        not found is left out now (a new ignore pattern, another spelling of its name); a file in a folder that nobody
        looked into has gone when its place is empty.
        """
        if _is_below(known.file.folder, [entry.folder for entry in self.unreadable]):
            return False
        exists = _exists(known.path)
        return exists is False or (exists is True and self.covers(known.file.folder))


def scopes_of(roots: Sequence[Root], folders: Sequence[Path] | None) -> list[Scope]:
    """The roots whole, or only those of ``folders``. Raises FolderError for a folder that lies in no root."""
    if folders is None:
        return [Scope(root) for root in roots]
    chosen: dict[int, list[str]] = {}
    for folder in folders:
        path = Path(folder).absolute()
        root = max(
            (root for root in roots if path.is_relative_to(root.path)),
            key=lambda root: len(root.path.parts),
            default=None,
        )
        if root is None:
            raise FolderError(f"{path} lies in none of the library's folders.")
        inner = path.relative_to(root.path)
        chosen.setdefault(root.id, []).append("" if inner == Path() else inner.as_posix())
    return [Scope(root, _outermost(chosen[root.id])) for root in roots if root.id in chosen]


def offline(roots: Iterable[Root], photos: Callable[[Root], int]) -> list[Root]:
    """Those that cannot be read now; ``photos`` is how many the catalogue knows under one."""
    return [root for root in roots if why_offline(root, photos(root)) is not None]


def _outermost(folders: Iterable[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for folder in sorted(set(folders)):
        if not _is_below(folder, kept):
            kept.append(folder)
    return tuple(kept)


def _is_below(folder: str, above: Iterable[str]) -> bool:
    return any(not top or folder == top or folder.startswith(f"{top}/") for top in above)


def _exists(path: Path) -> bool | None:
    """None when the system cannot say: no permission, a disk that does not answer."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return None
    return True
