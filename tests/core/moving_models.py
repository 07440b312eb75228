"""Small models for the tests of a move: real folders, and encoders whose embedding spaces have nothing in common."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.errors import PhotoError
from core.library import Library
from core.models.encoder import Encoder
from core.models.registry import ModelInfo
from core.models.wire import Outcome, PhotoDone, PhotoFailed, PhotoJob
from core.photos.decode import decode
from core.photos.metadata import read as read_metadata
from core.types import IndexProgress, Phase, SearchResult

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 170, 60),
    "blue": (30, 60, 210),
    "yellow": (235, 215, 40),
    "white": (245, 245, 245),
    "black": (12, 12, 12),
}
SPACES = {"one": (4, 0), "two": (4, 1), "three": (6, 2)}
"""Of each model the number of dimensions, and by how many of them its space is turned."""


def make_model(folder: Path, name: str) -> Path:
    """A model folder that the registry reads; its weights are a few bytes."""
    folder.mkdir(parents=True)
    header = json.dumps({"of": {"dtype": "U8", "shape": [len(name)], "data_offsets": [0, len(name)]}}).encode()
    weights = struct.pack("<Q", len(header)) + header + name.encode()
    (folder / "open_clip_model.safetensors").write_bytes(weights)
    dim, turn = SPACES[name]
    said = {
        "name": name,
        "version": turn,
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "calibration": {"slope": 20.0 + turn, "intercept": -16.0, "line": 0.5},
    }
    (folder / "model.json").write_text(json.dumps(said))
    config = {"model_cfg": {"embed_dim": dim, "vision_cfg": {"image_size": 32}}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return folder


class TurnedEncoder(Encoder):
    """A photo is its mean colour, a sentence the colour that it names, in a space of the model's own."""

    model_id, dim = "", 0

    def __init__(self, info: ModelInfo) -> None:
        self.model_id, self.dim = info.model_id, info.dim
        self._turn = SPACES[info.name][1]
        self.encoded: list[str] = []
        self.closed = False

    def start(self) -> None:
        """There is no worker to start."""

    def close(self) -> None:
        self.closed = True

    def encode_images(self, images: Sequence[Image.Image]) -> np.ndarray:
        return np.stack([self._unit(np.asarray(image.resize((4, 4))).reshape(-1, 3).mean(0)) for image in images])

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([self._unit(next((c for word, c in COLOURS.items() if word in text), None)) for text in texts])

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

    def _unit(self, colour: Any) -> np.ndarray:
        vector = np.zeros(self.dim, np.float32)
        if colour is None:
            vector[3] = 1
        else:
            vector[:3] = (np.asarray(colour, np.float32) - 127) / 127
        return np.roll(vector / np.linalg.norm(vector), self._turn)


class MovingLibrary(Library):
    """The real library, with the small encoders in place of those that its model folders would give."""

    def encoder_of(self, name: str) -> TurnedEncoder:
        """The encoder of a model by its name. Raises StopIteration for one that was never asked."""
        return next(found for id, found in self._encoders().items() if id.startswith(f"{name}-"))

    def _encoders(self) -> dict[str, TurnedEncoder]:
        known: dict[str, TurnedEncoder] = self.__dict__.setdefault("encoders", {})
        return known

    def _worker_of(self, model: ModelInfo) -> Any:
        return self._encoders().setdefault(model.model_id, TurnedEncoder(model))

    _local_of = _worker_of


def paint(path: Path, colour: str, number: int = 0) -> Path:
    """A picture of one colour; each number gives other bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (200, 150), COLOURS[colour])
    image.putpixel((number, 0), (0, 0, 0))
    image.save(path, quality=95)
    return path


def finish(library: Library, folders: Sequence[Path] | None = None) -> list[IndexProgress]:
    """Index to the end; what was told on the way."""
    told = list(library.index(folders))
    assert told[-1].phase is Phase.DONE
    report = told[-1].report
    assert report.scanned == report.encoded + report.reused + report.failed
    return told


def shown(result: SearchResult) -> list[tuple[str, float, float, bool]]:
    """What a person sees of an answer."""
    return [(hit.path.name, hit.score, hit.match, hit.strong) for hit in result.hits]
