"""A toolbox for the worker in tests: a real process, real pictures, and an encoder that is quick and always the same.

A file's name says what befalls whoever decodes it. The worker imports this module by its name: put its folder on
``sys.path`` before a worker starts (``pytest``'s ``monkeypatch.syspath_prepend``).
"""

from __future__ import annotations

import ctypes
import hashlib
import io
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.errors import ModelMissing, PhotoError
from core.models.encoder import EncoderSpec
from core.models.wire import Toolbox
from core.types import PhotoMetadata

DIM = 48
SIZE = 16


@dataclass
class Read:
    image: Image.Image
    thumbnail: bytes
    metadata: PhotoMetadata


class ColourEncoder:
    """Sees the colours of a picture in a 4 x 4 grid."""

    model_id = "colours"
    dim = DIM

    def __init__(self, slow: float = 0.0) -> None:
        self._slow = slow

    def encode_images(self, images):
        time.sleep(self._slow * len(images))
        if any(image.size == (7, 7) for image in images):
            os._exit(9)
        if any(image.size == (5, 5) for image in images):
            raise RuntimeError("five by five")
        rows = [np.asarray(image.resize((4, 4), Image.Resampling.BOX), np.float32).ravel() + 1 for image in images]
        found = np.stack(rows) if rows else np.zeros((0, DIM), np.float32)
        found = found / np.linalg.norm(found, axis=1, keepdims=True)
        found[[image.size == (3, 3) for image in images]] = np.nan
        return found

    def encode_texts(self, texts):
        if "poison" in texts:
            os._exit(12)
        rows = [np.random.default_rng(len(text)).normal(size=DIM) for text in texts]
        found = np.stack(rows).astype(np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def decode(path: Path, *, min_side: int, sidecars=(), thumbnail: bool = True) -> Read:
    act(path.name, path)
    try:
        image = Image.open(path)
        image.load()
    except OSError as error:
        raise PhotoError(path, "This is no picture.") from error
    image = image.convert("RGB")
    buffer = io.BytesIO()
    if thumbnail:
        image.save(buffer, "JPEG")
    return Read(image, buffer.getvalue(), read_metadata(path, sidecars))


def act(name: str, path: Path) -> None:
    """What a broken file does to its decoder."""
    if "crash" in name:
        os._exit(11)
    if "segfault" in name:
        ctypes.string_at(0)
    if "onetime" in name and not (mark := path.with_suffix(".mark")).exists():
        mark.touch()
        os._exit(13)
    if "hang" in name:
        threading.Event().wait()
    if "stuck" in name:
        path.with_suffix(".mark").touch()
        ctypes.PyDLL(None).sleep(600)  # with the interpreter's lock in its hands
    if "noise" in name:
        os.write(2, b"libtiff: a warning\n")
        os.write(1, b"and this on stdout\n")
        print("and Python's own")
    if "slow" in name:
        time.sleep(0.02)
    if "bug" in name:
        raise ZeroDivisionError
    if "touch" in name:
        os.utime(path, ns=(1, 1))
    if "vanish" in name:
        path.unlink()


def read_metadata(path: Path, sidecars=()) -> PhotoMetadata:
    with Image.open(path) as image:
        width, height = image.size
    keywords = tuple(sorted(side.read_text() for side in sidecars))
    return PhotoMetadata(width=width, height=height, format=path.suffix[1:], keywords=keywords)


def toolbox(spec: EncoderSpec) -> Toolbox:
    return Toolbox(SIZE, decode, read_metadata, ColourEncoder)


def slow_toolbox(spec: EncoderSpec) -> Toolbox:
    return Toolbox(SIZE, decode, read_metadata, lambda: ColourEncoder(slow=0.02))


class Measured(ColourEncoder):
    """From its first batch on, encodes large batches of what was prepared, each as slow as hardware that the next batch
    can be prepared beside: it waits for that, and raises where nobody prepares any."""

    remark = ""

    def __init__(self) -> None:
        super().__init__()
        self.prepared = self.taken = 0
        self.large = False
        self.more = threading.Condition()

    @property
    def preferred_batch(self) -> int:
        return 32 if self.large else 4

    def after_first(self) -> None:
        self.large = True

    def prepare(self, image):
        with self.more:
            self.prepared += 1
            self.more.notify_all()
        return np.asarray(image.resize((4, 4), Image.Resampling.BOX), np.float32)

    def encode_pixels(self, pixels):
        with self.more:
            self.taken += len(pixels)
            enough = min(self.taken + self.preferred_batch, 384)
            if self.large and not self.more.wait_for(lambda: self.prepared >= enough, 60):
                raise RuntimeError("it waits for photos")
        self.remark = f"{len(pixels)} at once." if len(pixels) == 32 else self.remark
        rows = np.stack([photo.ravel() + 1 for photo in pixels])
        self.after_first()
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class Gpu(Measured):
    """The same, from when it was tried."""

    def after_first(self) -> None:
        pass

    def try_gpu(self) -> None:
        self.large = True


def measured_toolbox(spec: EncoderSpec) -> Toolbox:
    measured = Measured()
    return Toolbox(SIZE, decode, read_metadata, lambda: measured, measured.prepare)


def gpu_toolbox(spec: EncoderSpec) -> Toolbox:
    gpu = Gpu()
    return Toolbox(SIZE, decode, read_metadata, lambda: gpu, gpu.prepare)


class DeadlyGpu(Gpu):
    """Two tries end the process; the third finds no GPU."""

    def __init__(self, mark: Path) -> None:
        super().__init__()
        self.mark = mark

    def try_gpu(self) -> None:
        tries = len(list(self.mark.glob("try-*")))
        if tries == 2:
            self.remark = "Each try ended its process."
            return
        (self.mark / f"try-{tries}").touch()
        ctypes.string_at(0)


def deadly_toolbox(spec: EncoderSpec) -> Toolbox:
    gpu = DeadlyGpu(spec.folder)
    return Toolbox(SIZE, decode, read_metadata, lambda: gpu, gpu.prepare)


def missing_toolbox(spec: EncoderSpec) -> Toolbox:
    raise ModelMissing("The model's folder is not there.")


def _dies():
    os.write(2, b"fatal: no such instruction\n")
    os._exit(4)


def dying_toolbox(spec: EncoderSpec) -> Toolbox:
    return Toolbox(SIZE, decode, read_metadata, _dies)


def _fails():
    raise ValueError("not a model")


def failing_toolbox(spec: EncoderSpec) -> Toolbox:
    return Toolbox(SIZE, decode, read_metadata, _fails)


def draw(path: Path, seed: int, side: int = 24) -> Path:
    """A small picture of noise, different for each seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.random.default_rng(seed).integers(0, 255, (side, side, 3), np.uint8)
    Image.fromarray(data).save(path, format="PNG" if path.suffix == ".png" else None)
    return path


def hash_of(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()[:16]
