"""Opening the library that a call works on."""

from __future__ import annotations

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


def root_paths(library: Library) -> list[Path]:
    """The folders of the library as the catalogue names them; no disk is asked, since one may be slow to answer."""
    from core.catalog import roots

    with library.catalog.read() as db:
        return [root.path for root in roots.all(db)]
