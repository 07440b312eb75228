"""Batches for training from scratch: photos decoded and cut at random, sentences as tokens, in threads, in order."""

from __future__ import annotations

import io
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from core.errors import PhotoError, TrainingError
from core.photos.faults import as_photo_error
from training.shards import Pair, Position, Stream

AREA = (0.9, 1.0)
"""The share of a photo that a random cut keeps: open_clip's own, which hardly harms what a sentence says of it."""
RATIO = (3 / 4, 4 / 3)
LARGEST = 200_000_000
"""Pixels of a photo that is decoded at the most."""


@dataclass(frozen=True, slots=True)
class Batch:
    """uint8[n, 3, side, side] and int64[n, context] of one process, and the position after them."""

    photos: Tensor
    tokens: Tensor
    position: Position

    def split(self, parts: int) -> list[Batch]:
        """In parts of equal size."""
        both = zip(self.photos.chunk(parts), self.tokens.chunk(parts), strict=True)
        return [Batch(photos, tokens, self.position) for photos, tokens in both]


def open_photo(content: bytes, side: int) -> Image.Image:
    """An upright RGB picture, a JPEG decoded at the smallest size that has ``side`` pixels. Raises `PhotoError`."""
    with as_photo_error(Path("photo")), Image.open(io.BytesIO(content)) as image:
        if image.width * image.height > LARGEST:
            raise PhotoError(Path("photo"), "The picture is too large.")
        image.draft("RGB", (side * 5 // 4, side * 5 // 4))
        return ImageOps.exif_transpose(image).convert("RGB")


def random_cut(image: Image.Image, side: int, chance: np.random.Generator) -> NDArray[np.uint8]:
    """A random part of a picture (`AREA`, `RATIO`), scaled to uint8[side, side, 3], as torchvision's RandomResizedCrop
    draws it."""
    width, height = image.size
    for _ in range(10):
        area = chance.uniform(*AREA) * width * height
        ratio = float(np.exp(chance.uniform(*np.log(RATIO))))
        wide, high = round((area * ratio) ** 0.5), round((area / ratio) ** 0.5)
        if 0 < wide <= width and 0 < high <= height:
            break
    else:
        wide, high = min(width, round(height * RATIO[1])), min(height, round(width / RATIO[0]))
    left, top = int(chance.integers(0, width - wide + 1)), int(chance.integers(0, height - high + 1))
    box = (left, top, left + wide, top + high)
    return np.asarray(image.resize((side, side), Image.Resampling.BICUBIC, box=box), np.uint8)


class Batches:
    """Makes batches of ``size`` of a `Stream`, with ``workers`` threads that run ahead by two of them.

    A photo that cannot be read is passed over, and counted in ``faults``. What is drawn for a pair follows from its
    place in the stream, so that threads change nothing.
    """

    def __init__(
        self, stream: Stream, size: int, side: int, tokenize: Callable[[list[str]], Tensor], workers: int
    ) -> None:
        self._stream, self._size, self._side, self._tokenize = stream, size, side, tokenize
        self._workers = max(workers, 1)
        self.faults: Counter[str] = Counter()

    def after(self, start: Position) -> Iterator[Batch]:
        """Batches without end from a position on."""
        made: list[tuple[NDArray[np.uint8], Tensor]] = []
        pool = ThreadPoolExecutor(self._workers, "retrouve-photos")
        waiting: deque[tuple[Future[tuple[NDArray[np.uint8], Tensor] | str], Position]] = deque()
        failed = 0
        try:
            with closing(self._stream.after(start)) as pairs:  # type: ignore[type-var]
                for pair, after, seed in pairs:
                    waiting.append((pool.submit(self._prepare, pair, seed), after))
                    if len(waiting) < 2 * self._size:
                        continue
                    future, position = waiting.popleft()
                    found = future.result()
                    if isinstance(found, str):
                        self.faults[found] += 1
                        failed += 1
                        if failed > 1000 + 10 * self._size:
                            raise TrainingError(f"No photo can be read any more: {found}")
                        continue
                    made.append(found)
                    failed = 0
                    if len(made) == self._size:
                        photos = np.stack([photo for photo, _ in made]).transpose(0, 3, 1, 2)
                        tokens = torch.stack([sentence for _, sentence in made])
                        yield Batch(torch.from_numpy(np.ascontiguousarray(photos)), tokens, position)
                        made = []
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _prepare(self, pair: Pair, seed: list[int]) -> tuple[NDArray[np.uint8], Tensor] | str:
        """One pair as arrays, or why it cannot be used."""
        chance = np.random.default_rng(seed)
        try:
            image = open_photo(pair.read(), self._side)
        except PhotoError as error:
            return error.reason
        except OSError as error:
            return error.strerror or "The photo cannot be read."
        caption = pair.captions[int(chance.integers(len(pair.captions)))]
        return random_cut(image, self._side, chance), self._tokenize([caption])[0]
