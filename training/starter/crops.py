"""Photos as training sees them while the towers are tuned: a fresh crop of each, every time, decoded ahead of the step.

A crop's proportions differ from the photo's own by up to a quarter and it is pressed into a square: in use the whole
photo is, whatever its proportions are, and most photos of ``flickr8k`` come squashed already.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps
from torch import Tensor

from training.starter.data import Example

SMALLEST = 0.45
"""The least share of a photo's area that a crop keeps. Sentences speak of the whole photo: a small crop would lie."""
SKEW = 1.25
"""How far a crop's proportions may differ from the photo's, as a factor."""
COLOUR = 0.25
"""How far brightness, contrast and saturation may move. Sentences name colours, so that hues stay."""
AHEAD = 3


def crop(image: Image.Image, size: int, random: np.random.Generator) -> NDArray[np.uint8]:
    """uint8[size, size, 3]: a random part of a photo, mirrored half of the time, in slightly other light."""
    width, height = image.size
    area, skew = random.uniform(SMALLEST, 1.0), math.exp(random.uniform(-1, 1) * math.log(SKEW))
    across = min(width, round(width * math.sqrt(area * skew)))
    down = min(height, round(height * math.sqrt(area / skew)))
    left, top = int(random.integers(width - across + 1)), int(random.integers(height - down + 1))
    part = image.resize(
        (size, size),
        Image.Resampling.BICUBIC if random.random() < 0.5 else Image.Resampling.BILINEAR,
        box=(left, top, left + across, top + down),
    )
    if random.random() < 0.5:
        part = ImageOps.mirror(part)
    for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        part = change(part).enhance(random.uniform(1 - COLOUR, 1 + COLOUR))
    return np.asarray(part)


def to_pixels(photos: NDArray[np.uint8]) -> Tensor:
    """uint8[n, h, w, 3] -> float32[n, 3, h, w] from -1 to 1, channels last in memory."""
    values = torch.from_numpy(photos).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)
    return values.contiguous(memory_format=torch.channels_last)


def batches(
    examples: Sequence[Example], choose: Callable[[int], NDArray[np.int64]], steps: range, size: int, seed: int
) -> Iterator[tuple[NDArray[np.int64], Tensor]]:
    """For each step the photos that ``choose`` names and their crops, a few steps being decoded ahead by two threads.

    A crop depends on seed, step and place alone, so that a run that was interrupted sees the same ones.
    """

    def load(step: int, place: int, photo: int) -> NDArray[np.uint8]:
        with Image.open(examples[photo].path) as image:
            return crop(image.convert("RGB"), size, np.random.default_rng((seed, step, place)))

    waiting: deque[tuple[NDArray[np.int64], list[Future[NDArray[np.uint8]]]]] = deque()
    with ThreadPoolExecutor(2) as pool:
        for step in [*steps, *([None] * AHEAD)]:
            if step is not None:
                photos = choose(step)
                waiting.append((photos, [pool.submit(load, step, n, int(p)) for n, p in enumerate(photos)]))
            if waiting and (step is None or len(waiting) > AHEAD):
                photos, futures = waiting.popleft()
                yield photos, to_pixels(np.stack([future.result() for future in futures]))
