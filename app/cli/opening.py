"""Opening the library that a call works on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import CatalogMissing

if TYPE_CHECKING:
    from core.library import Library


def open_library(folder: Path, *, create: bool = False) -> Library:
    """The library in ``folder``. Raises CatalogMissing, with what makes one, unless it may be created."""
    from core.library import Library

    try:
        return Library.open(folder, create=create)
    except CatalogMissing as error:
        raise CatalogMissing(
            f"There is no library in {folder} yet. `retrouve index FOLDER` makes one and adds the photos in FOLDER."
        ) from error


@contextmanager
def any_library(folder: Path) -> Iterator[Library]:
    """The library, or where there is none yet, an empty one that goes away again: what needs none works anyway."""
    from core.library import Library

    try:
        library = open_library(folder)
    except CatalogMissing:
        with tempfile.TemporaryDirectory(prefix="retrouve-") as place, Library.open(Path(place)) as empty:
            yield empty
        return
    with library:
        yield library


def root_paths(library: Library) -> list[Path]:
    """The folders of the library as the catalogue names them; no disk is asked, since one may be slow to answer."""
    from core.catalog import roots

    with library.catalog.read() as db:
        return [root.path for root in roots.all(db)]
