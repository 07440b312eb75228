"""Libraries to measure on: real ones, made by the program's own index run in a folder that goes away again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from core.catalog import photos
from core.errors import FolderError
from core.library import Library
from core.models.encoder import Encoder
from core.search.exact import ExactIndex


@dataclass(frozen=True, slots=True)
class Item:
    """A photo to put into a library, and what is written beside it (None: nothing)."""

    path: Path
    sidecar: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """A library whose photos are the items, in their order: ``contents`` int64[n] are their content ids."""

    library: Library
    encoder: Encoder
    contents: NDArray[np.int64]

    @property
    def exact(self) -> ExactIndex:
        """Every photo's embedding."""
        return self.library.store.exact()


@contextmanager
def shelf(items: Sequence[Item]) -> Iterator[Shelf]:
    """A library of copies of these photos, indexed. Raises FolderError where one of them cannot be read."""
    with TemporaryDirectory(prefix="retrouve-quality-") as folder:
        root = Path(folder) / "photos"
        root.mkdir()
        places = []
        for number, item in enumerate(items):
            place = root / f"{number:05}{item.path.suffix}"
            shutil.copyfile(item.path, place)
            if item.sidecar is not None:
                place.with_suffix(".txt").write_text(item.sidecar, encoding="utf-8")
            places.append(place)
        with Library.open(Path(folder) / "library") as library:
            library.add_root(root)
            for _ in library.index():
                pass
            with library.catalog.read() as db:
                found = [photos.by_path(db, place) for place in places]
            missing = [str(item.path) for item, photo in zip(items, found, strict=True) if photo is None]
            if missing:
                raise FolderError(f"{len(missing)} photos cannot be read, {missing[0]} among them.")
            contents = np.array([photo.content_id for photo in found if photo is not None], np.int64)
            yield Shelf(library, library.local_encoder(), contents)


def rows(folder: Path) -> list[dict[str, object]]:
    """The lines of a ``captions.jsonl``. Raises FolderError where there is none."""
    file = folder / "captions.jsonl"
    if not file.is_file():
        raise FolderError(f"{file} is not there: docs/quality.md says what these figures are measured on.")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def strings(row: dict[str, object], key: str) -> list[str]:
    """The sentences that a row has under a key."""
    value = row.get(key) or []
    assert isinstance(value, list)
    return [str(one).strip() for one in value if str(one).strip()]
