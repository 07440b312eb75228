"""A real catalogue to search, filled by hand, and an encoder small enough to foresee."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.catalog import contents, embeddings, folders, photos, roots
from core.catalog.connection import Catalog
from core.models.encoder import Embeddings, Encoder
from core.types import FileStamp, PhotoMetadata

DIM = 64


@dataclass(frozen=True)
class Curve:
    slope: float
    intercept: float
    line: float


@dataclass(frozen=True)
class Model:
    """What search asks of a model. A cosine of 0.5 lies on the line."""

    model_id: str = "small-1"
    dim: int = DIM
    image_size: int = 32
    calibration: Curve = Curve(20.0, -10.0, 0.5)
    photo_calibration: Curve = Curve(15.0, -9.7, 0.4)


class WordEncoder(Encoder):
    """Each word is a direction of its own, a sentence their sum; a picture is the word that its colour stands for."""

    COLOURS: ClassVar = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}

    def __init__(self, dim: int = DIM) -> None:
        self._dim = dim
        self.asked: list[str] = []
        self.pictures = 0

    @property
    def model_id(self) -> str:
        return "small-1"

    @property
    def dim(self) -> int:
        return self._dim

    def word(self, word: str) -> NDArray[np.float32]:
        seed = int.from_bytes(hashlib.sha256(word.casefold().encode()).digest()[:8])
        found = np.random.default_rng(seed).standard_normal(self._dim).astype(np.float32)
        return found / np.linalg.norm(found)

    def sentence(self, text: str) -> NDArray[np.float32]:
        words = [word for word in text.split() if word not in ("a", "photo", "of")]
        found = np.sum([self.word(word) for word in words or [""]], axis=0)
        return found / np.linalg.norm(found)

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        self.asked.extend(texts)
        return np.array([self.sentence(text) for text in texts], np.float32).reshape(-1, self._dim)

    def encode_images(self, images: Sequence[Image.Image]) -> Embeddings:
        self.pictures += len(images)
        found = []
        for image in images:
            colour = np.asarray(image.convert("RGB"), np.float32).mean(axis=(0, 1))
            name = min(self.COLOURS, key=lambda name: float(np.abs(colour - self.COLOURS[name]).sum()))
            found.append(self.word(name))
        return np.array(found, np.float32).reshape(-1, self._dim)


@dataclass
class World:
    """A library's catalogue, written through the catalogue's own functions."""

    folder: Path
    model: Model
    encoder: WordEncoder
    catalog: Catalog = field(init=False)

    def __post_init__(self) -> None:
        self.catalog = Catalog.open(self.folder)

    def add(
        self,
        path: str,
        words: str | NDArray[np.float32] | None,
        *,
        root: Path = Path("/photos"),
        taken: str | None = "2020-01-01T12:00:00",
        content: bytes | None = None,
    ) -> Path:
        """A photo at root/path that shows what the words say; its bytes are its path, unless ``content`` is given."""
        inner = Path(path)
        vector = self.encoder.sentence(words) if isinstance(words, str) else words

        def work(db):
            place = roots.get(db, root) or roots.add(db, root, None)
            inside = "" if inner.parent == Path() else inner.parent.as_posix()
            folder = folders.ensure(db, place.id, inside)
            hash = hashlib.sha256(content or str(root / path).encode("utf-8", "surrogateescape")).digest()[:16]
            id = contents.ensure(db, hash)
            photos.upsert(db, folder, inner.name, FileStamp(1, 2, 3), id, PhotoMetadata(taken=taken))
            if vector is not None:
                model = embeddings.model_id(db, self.model.model_id, self.model.dim)
                embeddings.add(db, model, [(id, vector)])

        self.catalog.write(work)
        return root / path

    def add_many(self, vectors: NDArray[np.float32], start: int = 0) -> None:
        """Contents with embeddings and a photo each, in one transaction."""

        def work(db):
            root = roots.get(db, Path("/many")) or roots.add(db, Path("/many"), None)
            folder = folders.ensure(db, root.id, "")
            model = embeddings.model_id(db, self.model.model_id, self.model.dim)
            for number, vector in enumerate(vectors, start):
                id = contents.ensure(db, hashlib.sha256(f"many {number}".encode()).digest()[:16])
                photos.upsert(db, folder, f"{number:06}.jpg", FileStamp(1, 2, 3), id, PhotoMetadata())
                embeddings.add(db, model, [(id, vector)])

        self.catalog.write(work)

    def remove(self, paths: Sequence[Path]) -> None:
        """Forget photos, and the contents that nobody has any more."""

        def work(db):
            known = [photos.by_path(db, path) for path in paths]
            photos.remove(db, [photo.id for photo in known if photo is not None])
            contents.purge_orphans(db)

        self.catalog.write(work)

    def stored(self) -> dict[int, NDArray[np.float16]]:
        """The truth: each content's vector."""
        with self.catalog.read() as db:
            known = embeddings.find_model(db, self.model.model_id)
            if known is None:
                return {}
            return {
                content: np.frombuffer(vector, embeddings.STORED)
                for _, content, vector in embeddings.after(db, known.id, 0)
            }


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "library", Model(), WordEncoder())
    yield made
    made.catalog.close()
