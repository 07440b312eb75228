"""What a query asks for, as vectors: sentences through the text tower, photos from the catalogue or through the image
tower.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from core.catalog import contents, embeddings, photos
from core.catalog.connection import Catalog
from core.catalog.naming import readable
from core.errors import FolderNamed, PhotoError
from core.models.encoder import Encoder
from core.search.calibration import Calibration
from core.search.grammar import Part
from core.types import Photo

if TYPE_CHECKING:
    from PIL.Image import Image

Vector = NDArray[np.float32]
"""float32[dim] of unit length."""

LARGEST_SIDE = 4096
"""Pixels of the shorter side that a photo is decoded to, however small the part of it is."""

_REMEMBERED = 256
"""Sentences whose embeddings are kept: half a mebibyte at 512 dimensions, and all that a person types in an hour."""


class SearchedModel(Protocol):
    """What searching needs to know of a model."""

    @property
    def model_id(self) -> str:
        """Names the embedding space."""
        ...

    @property
    def dim(self) -> int:
        """The number of dimensions of an embedding."""
        ...

    @property
    def image_size(self) -> int:
        """The side in pixels of what the image tower looks at."""
        ...

    @property
    def calibration(self) -> Calibration:
        """From the cosine of a sentence and a photo to the probability of a match."""
        ...

    @property
    def photo_calibration(self) -> Calibration:
        """From the cosine of two photos to the probability that they show the same kind of thing."""
        ...


@dataclass(frozen=True, slots=True)
class Sample:
    """A photo to compare with. ``photo`` is what the catalogue knows of that very file, None for one from outside."""

    path: Path
    vector: Vector
    photo: Photo | None
    part: Part | None = None


class Sentences:
    """Embeddings of sentences, the latest remembered. May be called from any thread.

    ``encoder`` may be a function that builds one: it is called when the first sentence comes, so that a search for a
    date alone loads no model.
    """

    def __init__(self, encoder: Encoder | Callable[[], Encoder]) -> None:
        self._source = encoder
        self._built: Encoder | None = None
        self._guard = threading.Lock()
        self._known: OrderedDict[str, Vector] = OrderedDict()

    @property
    def encoder(self) -> Encoder:
        """The encoder, built now if it was not yet."""
        with self._guard:
            if self._built is None:
                # Not isinstance: on Python 3.11 that would ask a remote encoder for all of its properties.
                built = self._source if hasattr(self._source, "encode_texts") else self._source()
                self._built = cast(Encoder, built)
            return self._built

    def embed(self, sentences: Sequence[str]) -> list[Vector]:
        """The embedding of each sentence; those that are not remembered in one call to the encoder."""
        wanted = [readable(sentence) for sentence in sentences]
        with self._guard:
            found = {sentence: self._known[sentence] for sentence in wanted if sentence in self._known}
        new = [sentence for sentence in dict.fromkeys(wanted) if sentence not in found]
        if new:
            found.update(zip(new, self.encoder.encode_texts(new), strict=True))
        with self._guard:
            for sentence in wanted:
                self._known[sentence] = found[sentence]
                self._known.move_to_end(sentence)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return [found[sentence] for sentence in wanted]


class Samples:
    """The embeddings of photos that a person points at, in the library or outside it."""

    def __init__(self, catalog: Catalog, model: SearchedModel, sentences: Sentences) -> None:
        self._catalog = catalog
        self._model = model
        self._sentences = sentences

    def find(self, path: Path, part: Part | None = None) -> Sample:
        """A photo's embedding: the stored one where there is one, else its file is read and encoded. With ``part`` it
        is that of a rectangle of the photo, which is always read.

        Raises `PhotoError` where there is no such file, or it is no photo.
        """
        if "\0" in str(path):
            raise PhotoError(path, "no file has such a path")
        path = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - resolves "..", but no links, as roots do
        photo = self._known(path)
        if part is not None:
            return Sample(path, self._read_part(path, part), photo, part)
        if photo is not None:
            vector = self._stored(photo.content_id)
            if vector is not None:
                return Sample(path, vector, photo)
        return Sample(path, self._read(path), photo)

    def _known(self, path: Path) -> Photo | None:
        with self._catalog.read() as db:
            photo = photos.by_path(db, path)
            if photo is None:
                photo = photos.by_path(db, _resolved(path))
            return photo

    def _stored(self, content_id: int) -> Vector | None:
        with self._catalog.read() as db:
            model = embeddings.find_model(db, self._model.model_id)
            return None if model is None else embeddings.get(db, model.id, content_id)

    def _read_part(self, path: Path, part: Part) -> Vector:
        from core.photos.decode import decode

        _check_file(path)
        # So many pixels that the part alone is as large as what the image tower looks at.
        share = max(min(part.right - part.left, part.bottom - part.top), 1.0) / 100
        decoded = decode(path, min_side=min(int(self._model.image_size / share), LARGEST_SIDE), thumbnail=False)
        vector: Vector = self._sentences.encoder.encode_images([_cut(decoded.image, part)])[0]
        return vector

    def _read(self, path: Path) -> Vector:
        # Decoders are heavy to import, and most searches need none.
        from core.photos.decode import decode
        from core.photos.hashing import content_hash

        _check_file(path)
        with self._catalog.read() as db:
            copy = contents.id_of(db, content_hash(path))
        vector = None if copy is None else self._stored(copy)
        if vector is None:
            decoded = decode(path, min_side=self._model.image_size, thumbnail=False)
            vector = self._sentences.encoder.encode_images([decoded.image])[0]
        return vector


def _check_file(path: Path) -> None:
    """Raises `PhotoError`, `FolderNamed` among them, unless there is a file to read."""
    try:
        is_file, there = path.is_file(), path.exists()
    except OSError as error:  # A name that is too long, a folder that may not be entered.
        raise PhotoError(path, f"this path cannot be used ({error.strerror})") from error
    if there and not is_file:
        raise FolderNamed(path, "this is a folder, not a photo")
    if not is_file:
        raise PhotoError(path, "there is no such file")


def _cut(image: Image, part: Part) -> Image:
    """A rectangle of a photo, a pixel wide and high at the least."""
    left, top = int(image.width * part.left / 100), int(image.height * part.top / 100)
    right = max(left + 1, round(image.width * part.right / 100))
    bottom = max(top + 1, round(image.height * part.bottom / 100))
    return image.crop((left, top, right, bottom))


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # A loop of links.
        return path
