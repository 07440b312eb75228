"""Which folders belong to a library: adding one, taking one out, and how each stands."""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from core.catalog import contents, roots, rules_rows
from core.catalog.connection import Catalog
from core.catalog.lock import IndexLock
from core.catalog.nesting import Place, absolute, inner_path, place_of, roots_inside
from core.errors import CallError, FileNamed, FolderError
from core.types import ContentHash, Root, RootStatus


def add(catalog: Catalog, path: Path) -> Root:
    """Add a folder, and give back the root that it belongs to now.

    A folder inside a root is that root's already. One that holds roots takes them over, with all that is known of their
    photos, so that nothing is read again; but those that are offline, or on another disk, stay roots of their own, so
    that a disk that is unplugged is never taken for files that were deleted. The library's own folder is no root, nor
    is one inside it, and a root that holds it leaves it out. Raises `FolderError`, and `LibraryBusy` when roots would
    be taken over while an index run goes on.
    """
    from core.photos.scan import mount_of, why_offline

    path = absolute(path)
    _require_readable(path)
    own = catalog.path.parent
    if inner_path(path, own) is not None:
        raise FolderError(f"{path} is where Retrouve keeps its own library. Choose a folder of your photos.")
    mount = mount_of(Path(os.path.realpath(path)))
    known, counts = _known(catalog)
    place = place_of(path, known)
    if place is not None:
        return place.root
    inside = roots_inside(path, known)
    taken = [
        child
        for child in inside
        if mount_of(Path(os.path.realpath(child.root.path))) == mount
        and why_offline(child.root, counts[child.root.id][0]) is None
    ]

    def work(db: sqlite3.Connection) -> Root:
        root = roots.add(db, path, mount)
        if (inner := inner_path(own, path)) is not None:
            roots.ignore(db, root.id, [glob.escape(inner)])
        for child in inside:
            if child in taken:
                roots.swallow(db, root.id, child.root, child.inner)
            else:
                roots.ignore(db, root.id, [glob.escape(child.inner)])
        return roots.get(db, path) or root

    alone: AbstractContextManager[object] = IndexLock(catalog.path.parent) if taken else nullcontext()
    with alone:
        return catalog.write(work)


def statuses(catalog: Catalog) -> list[RootStatus]:
    """Every root, whether it can be read now, and what is known under it. Looks at the disks."""
    from core.photos.scan import why_offline

    known, counts = _known(catalog)
    found = []
    for root in known:
        photos, failures = counts[root.id]
        why = why_offline(root, photos)
        found.append(RootStatus(root, why is None, photos, failures, why))
    return found


def forget(catalog: Catalog, path: Path) -> tuple[int, list[ContentHash]]:
    """Take a root out of the library, with its photos and with the embeddings that no other photo has.

    Gives back how many photos that were, and the contents that are gone with them. Raises `CallError` for a folder that
    is no root, `LibraryBusy` while an index run goes on, `CatalogReadOnly`.
    """
    place = locate(catalog, path)
    if place.inner:
        raise CallError(
            f"{absolute(path)} was not added by itself: it lies in {place.root.path}, "
            "which can be forgotten as a whole."
        )

    def work(db: sqlite3.Connection) -> tuple[int, list[ContentHash]]:
        count = roots.forget(db, place.root.id)
        return count, contents.purge_orphans(db)

    with IndexLock(catalog.path.parent):
        return catalog.write(work)


def locate(catalog: Catalog, path: Path) -> Place:
    """Where a folder lies in the library. Raises `CallError`, with what there is, for one that lies in no root."""
    known, _ = _known(catalog)
    place = place_of(absolute(path), known)
    if place is None:
        raise CallError(f"{absolute(path)} is not in the library. {_listed(known)}")
    return place


def locate_known(catalog: Catalog, path: Path) -> Place:
    """As `locate`, for a folder that is there, or that photos are known in while its disk is away.

    Raises `FileNamed` for a file too, and `FolderError` for what is not there and was not before.
    """
    place = locate(catalog, path)
    if place.path.is_dir():
        return place
    if place.path.exists():
        raise FileNamed(place.path)
    with catalog.read() as db:
        known = rules_rows.knows_folder(db, place.root.id, place.inner)
    if not known:
        raise FolderError(f"{place.path} is not there.")
    return place


def _known(catalog: Catalog) -> tuple[list[Root], dict[int, tuple[int, int]]]:
    with catalog.read() as db:
        db.execute("BEGIN")
        return roots.all(db), roots.counts(db)


def _listed(known: Sequence[Root]) -> str:
    if not known:
        return "It has no folder yet."
    return f"It has: {', '.join(str(root.path) for root in known)}."


def _require_readable(path: Path) -> None:
    try:
        with os.scandir(path) as listing:
            next(listing, None)
    except FileNotFoundError as error:
        raise FolderError(f"{path} is not there.") from error
    except NotADirectoryError as error:
        raise FileNamed(path) from error
    except PermissionError as error:
        raise FolderError(f"You have no permission to read the folder {path}.") from error
    except (OSError, ValueError) as error:
        raise FolderError(f"The folder {path} cannot be read ({error}).") from error
