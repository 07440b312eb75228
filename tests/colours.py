"""An encoder of a small world: a photo is its mean colour, a sentence the colour that it names."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.errors import PhotoError
from core.models.encoder import Encoder
from core.models.wire import Outcome, PhotoDone, PhotoFailed, PhotoJob
from core.photos.decode import decode
from core.photos.metadata import read as read_metadata

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 170, 60),
    "blue": (30, 60, 210),
    "yellow": (235, 215, 40),
    "white": (245, 245, 245),
    "black": (12, 12, 12),
}


class ColourEncoder(Encoder):
    """Keeps the promises of the worker too. ``encoded`` are the names of the files that it has encoded."""

    model_id, dim = "colours-1", 4

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def start(self) -> None:
        """There is no worker to start."""

    def close(self) -> None:
        """There is no worker to end."""

    def encode_images(self, images: Sequence[Image.Image]) -> np.ndarray:
        return np.stack([self.direction(np.asarray(image.resize((4, 4))).reshape(-1, 3).mean(0)) for image in images])

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        named = (next((colour for word, colour in COLOURS.items() if word in text), None) for text in texts)
        return np.stack([self.direction(colour) for colour in named])

    def process(self, jobs: Iterable[PhotoJob | None]) -> Generator[Outcome | None, None, None]:
        for job in jobs:
            if job is None:
                yield None
                continue
            try:
                if not (job.want_embedding or job.want_thumbnail):
                    yield PhotoDone(job.key, None, None, read_metadata(job.path, job.sidecars), job.stamp)
                    continue
                decoded = decode(job.path, min_side=32, sidecars=job.sidecars)
                self.encoded.append(job.path.name)
                vector = self.encode_images([decoded.image])[0].astype(np.float16)
                yield PhotoDone(job.key, vector, decoded.thumbnail, decoded.metadata, job.stamp)
            except PhotoError as error:
                yield PhotoFailed(job.key, error.reason)

    def direction(self, colour: Any) -> np.ndarray:
        """float32[dim] of a colour, or of none."""
        vector = np.zeros(self.dim, np.float32)
        if colour is None:
            vector[3] = 1
        else:
            vector[:3] = (np.asarray(colour, np.float32) - 127) / 127
        return vector / np.linalg.norm(vector)


def paint(path: Path, colour: str, number: int = 0) -> Path:
    """A picture of one colour; each number gives other bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (200, 150), COLOURS[colour])
    image.putpixel((number, 0), (0, 0, 0))
    image.save(path, quality=95)
    return path
